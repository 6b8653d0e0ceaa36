"""Reads of applications to join: each is seen by the firm, by the consortium's lead and by the framework's owner."""

from __future__ import annotations

from typing import Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.models import Joining, SupplierMember
from procurement.permissions import Action, Actor, can


class JoiningQuerySet(QuerySet[Joining]):
    """Applications, newest first. A draft is its firm's alone."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        own = [key for key in actor.organisations() if can(actor, Action.SEE_JOININGS, key)]
        led = SupplierMember.objects.filter(
            supplier=OuterRef("supplier"),
            role=SupplierMember.Role.LEAD,
            left_on=None,
            partner__organisation__in=own,
        )
        others = Q(lot__framework__owner__in=own) | Q(Exists(led))
        submitted = Q(submitted_at__isnull=False)
        return self.filter(Q(partner__organisation__in=own) | (submitted & others))

    def told(self) -> Self:
        """With firm, consortium, lot and framework."""
        return self.select_related(
            "partner__published", "partner__organisation", "supplier", "lot__framework"
        )

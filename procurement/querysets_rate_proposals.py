"""Reads of proposed rate cards: each is seen by the supplier's lead and by the framework's owner, and by operators."""

from __future__ import annotations

from typing import Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.models import RateCardVersion, RateProposal, SupplierMember
from procurement.permissions import Action, Actor, can


class RateProposalQuerySet(QuerySet[RateProposal]):
    """Proposals, newest first. A draft is its supplier's lead's alone."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        submitted = Q(submitted_at__isnull=False)
        own = [key for key in actor.organisations() if can(actor, Action.SEE_RATE_PROPOSALS, key)]
        led = SupplierMember.objects.filter(
            supplier=OuterRef("supplier"),
            role=SupplierMember.Role.LEAD,
            left_on=None,
            partner__organisation__in=own,
        )
        others = (
            submitted if can(actor, Action.SEE_RATE_PROPOSALS) else submitted & Q(framework__owner__in=own)
        )
        return self.filter(Q(Exists(led)) | others)

    def told(self) -> Self:
        """With supplier, framework and its owner, and the versions that it names."""
        return self.select_related("supplier", "framework__owner", "compared", "version")


def version_in_force(proposal: RateProposal) -> RateCardVersion | None:
    """The version of the card that the proposal would replace, None where there is none (one query)."""
    return RateCardVersion.objects.filter(
        status=RateCardVersion.Status.PUBLISHED,
        card__supplier=proposal.supplier_id,
        card__framework=proposal.framework_id,
        card__currency=proposal.currency,
        card__unit=proposal.unit,
    ).first()


def lead_organisation(supplier: int) -> int | None:
    """The organisation (primary key) of whoever leads a supplier (primary key) now; None where nobody does."""
    leads = SupplierMember.objects.filter(supplier=supplier, role=SupplierMember.Role.LEAD, left_on=None)
    return leads.values_list("partner__organisation", flat=True).first()

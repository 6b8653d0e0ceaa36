"""Reads of those who administer: frameworks that somebody runs, places on their lots, the people of an organisation,
and what a firm offers where.
"""

from __future__ import annotations

from typing import Self

from django.db.models import Exists, OuterRef, QuerySet

from procurement.models import (
    Application,
    Appointment,
    Framework,
    Membership,
    Offering,
    Partner,
    ProfileReview,
    ProfileVersion,
)
from procurement.permissions import Action, Actor, can


def frameworks_of(actor: Actor, action: Action) -> QuerySet[Framework]:
    """The frameworks for which the actor may do this: all of them for an operator, the own ones for an owner."""
    if can(actor, action):
        return Framework.objects.all()
    return Framework.objects.filter(
        owner__in=[key for key in actor.organisations() if can(actor, action, key)]
    )


class AppointmentQuerySet(QuerySet[Appointment]):
    """Suppliers' places on lots."""

    def managed_by(self, actor: Actor) -> Self:
        """Those on frameworks that the actor runs."""
        return self.filter(lot__framework__in=frameworks_of(actor, Action.MANAGE_SUPPLIERS))

    def told(self) -> Self:
        """With supplier, lot and framework, by supplier and lot."""
        return self.select_related("supplier", "lot__framework").order_by(
            "supplier__name", "lot__position", "pk"
        )


class MembershipQuerySet(QuerySet[Membership]):
    """Who belongs to an organisation, and in which role."""

    def seen_by(self, actor: Actor) -> Self:
        """Those of the own organisations: names and addresses of people, which no integration reads."""
        return (
            self.none() if actor.scopes is not None else self.filter(organisation__in=actor.organisations())
        )

    def told(self) -> Self:
        """With the person, by name."""
        return self.select_related("user", "organisation").order_by("user__full_name", "user__email")


class ProfileVersionQuerySet(QuerySet[ProfileVersion]):
    """Versions of firms' profiles, for whoever looks at what firms publish."""

    def of_firms(self) -> Self:
        """Those that somebody of the firm wrote, or an integration of it."""
        body = OuterRef("partner__organisation")
        by_person = Membership.objects.filter(user__reference=OuterRef("actor"), organisation=body)
        by_machine = Application.objects.filter(reference=OuterRef("actor"), organisation=body)
        return self.filter(Exists(by_person) | Exists(by_machine))

    def to_be_looked_at(self) -> Self:
        """What buyers read now, that a firm wrote and nobody has looked at; the oldest first."""
        waiting = self.of_firms().filter(status=ProfileVersion.Status.PUBLISHED, review=None)
        return waiting.select_related("partner").order_by("published_at", "pk")

    def before(self, version: ProfileVersion) -> ProfileVersion | None:
        """The last that stood before it: one that was looked at and left, or that the firm did not write."""
        earlier = self.filter(partner=version.partner_id, number__lt=version.number)
        unseen = ProfileVersionQuerySet(ProfileVersion).of_firms().filter(review=None)
        taken = earlier.filter(review__verdict=ProfileReview.Verdict.TAKEN_BACK)
        stood = earlier.exclude(pk__in=unseen.values("pk")).exclude(pk__in=taken.values("pk"))
        return stood.order_by("-number").first()


class OfferingQuerySet(QuerySet[Offering]):
    """What firms offer: a specialism, or one that is not stated, on a lot."""

    def of(self, partner: Partner) -> Self:
        """A firm's, with everything that names them, by framework, supplier, lot and specialism."""
        rows = self.filter(partner=partner).select_related(
            "appointment__supplier", "appointment__lot__framework", "specialism"
        )
        return rows.order_by(
            "appointment__lot__framework__number",
            "appointment__supplier__reference",
            "appointment__lot__position",
            "specialism__position",
            "pk",
        )

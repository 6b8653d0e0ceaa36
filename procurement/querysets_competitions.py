"""Reads of competitions: what each side may see, with what is shown fetched along.

A supplier sees its own invitation and tender and what all are told, nothing of who else is asked. The buyer sees no
tender before the deadline, not even that it exists: numbers of invited and declined are all that it is told.
"""

from __future__ import annotations

from typing import Self

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from procurement.fictional import led_by_fictional
from procurement.models import (
    Assessment,
    CallOffPerson,
    Clarification,
    Competition,
    Invitation,
    SupplierMember,
    Tender,
)
from procurement.permissions import Actor
from procurement.querysets_call_offs import buying, led, supplying, wanted


class CompetitionQuerySet(QuerySet[Competition]):
    """Competitions: of the buyer, and once published of those that they ask."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        asked = InvitationQuerySet(Invitation).of_supplier(actor).filter(competition=OuterRef("pk"))
        return self.filter(Q(call_off__organisation__in=buying(actor)) | Q(Exists(asked)))

    def told(self) -> Self:
        """With call-off, buyer, lot, framework and requirement."""
        return self.select_related(
            "call_off__organisation", "call_off__lot__framework", "call_off__requirement__requirement"
        )

    def counted(self) -> Self:
        """With `invited_count` and `declined_count`: before the deadline all that the buyer learns of tenders."""
        declined = Count("tenders", filter=Q(tenders__status=Tender.Status.DECLINED))
        return self.annotate(invited_count=Count("tenders"), declined_count=declined)


class InvitationQuerySet(QuerySet[Invitation]):
    """Invitations: of the buyer, the supplier's lead, the partners that are wanted or that the lead lets write."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        bought = Q(competition__call_off__organisation__in=buying(actor))
        return self.filter(bought | _of_supplier(actor, "asked", "asked__appointment__supplier", "tender"))

    def of_supplier(self, actor: Actor) -> Self:
        """Those of the actor's own side as a supplier."""
        return self.filter(_of_supplier(actor, "asked", "asked__appointment__supplier", "tender"))

    def told(self) -> Self:
        """With competition, call-off, buyer, lot, supplier (`fictional`: whether a made-up firm leads it), tender and
        wanted partners.
        """
        return (
            self.select_related(
                "competition__call_off__organisation",
                "competition__call_off__lot__framework",
                "asked__appointment__supplier",
                "tender",
            )
            .prefetch_related("asked__partners")
            .annotate(fictional=led_by_fictional("asked__appointment__supplier"))
        )


class TenderQuerySet(QuerySet[Tender]):
    """Tenders: of the lead and of the members that it lets write; of the buyer once the deadline has closed them."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        closed = Q(competition__call_off__organisation__in=buying(actor)) & ~Q(competition__closed_at=None)
        return self.filter(closed | _tendered(actor))

    def of_supplier(self, actor: Actor) -> Self:
        """Those that the actor's own firms write: as lead, or as members that their lead lets."""
        return self.filter(_tendered(actor))

    def told(self) -> Self:
        """With competition, call-off, buyer, lot, supplier (`fictional`: whether a made-up firm leads it), partners and
        what was submitted last.
        """
        return (
            self.select_related(
                "competition__call_off__organisation",
                "competition__call_off__lot__framework",
                "invitation__asked__appointment__supplier",
                "current",
            )
            .prefetch_related("invitation__asked__partners", "drafters")
            .annotate(fictional=led_by_fictional("invitation__asked__appointment__supplier"))
        )


class ClarificationQuerySet(QuerySet[Clarification]):
    """Questions: the answered by everybody that is asked, those without an answer by the buyer and by who asks."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        bought = Q(competition__call_off__organisation__in=buying(actor))
        asked = InvitationQuerySet(Invitation).of_supplier(actor)
        everybody = Q(~Q(answered_at=None), Exists(asked.filter(competition=OuterRef("competition"))))
        return self.filter(bought | everybody | Q(Exists(asked.filter(pk=OuterRef("invitation")))))


class AssessmentQuerySet(QuerySet[Assessment]):
    """Blind scores, for those who take part (sealing.py): one's own; a moderator's also those of others, where they
    assess too of a criterion by which they have scored every tender that stands; everybody's once all are agreed.
    """

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        bought = self.filter(tender__competition__call_off__organisation__in=buying(actor))
        call_off = OuterRef("tender__competition__call_off")
        parts = CallOffPerson.objects.filter(call_off=call_off, user__reference=actor.reference)
        moderates = Exists(parts.filter(part=CallOffPerson.Part.MODERATOR))
        assesses = Exists(parts.filter(part=CallOffPerson.Part.ASSESSOR))
        own = Assessment.objects.filter(
            tender=OuterRef("pk"),
            criterion=OuterRef(OuterRef("criterion")),
            assessor__reference=actor.reference,
        )
        standing = Tender.objects.filter(
            competition=OuterRef("tender__competition"), status=Tender.Status.SUBMITTED
        )
        unscored = Exists(standing.filter(~Exists(own)))
        return bought.filter(
            Q(assessor__reference=actor.reference)
            | ~Q(tender__competition__ranking=None)
            | (Q(moderates) & (~Q(assesses) | ~Q(unscored)))
        )


def _of_supplier(actor: Actor, asked: str, supplier: str, tender: str) -> Q:
    named = Q(Exists(wanted(actor, supplier, calloffsupplier=OuterRef(OuterRef(asked)))))
    writing = Q(Exists(_letting(actor, tender, supplier)))
    return Q(Exists(led(actor, supplier))) | named | writing


def _tendered(actor: Actor) -> Q:
    supplier = "invitation__asked__appointment__supplier"
    return Q(Exists(led(actor, supplier))) | Q(Exists(_letting(actor, "pk", supplier)))


def _letting(actor: Actor, tender: str, supplier: str) -> QuerySet[SupplierMember]:
    """Members of the row's supplier whom the lead lets write its tender, for which the actor sees."""
    let = Tender.drafters.through.objects.filter(tender=OuterRef(OuterRef(tender)))
    return SupplierMember.objects.filter(
        supplier=OuterRef(supplier),
        left_on=None,
        partner__in=let.values("partner"),
        partner__organisation__in=supplying(actor),
    )

"""Reads of call-offs, offers and contracts: what each side may see, with what is shown fetched along.

A buyer sees its own; a supplier's lead, and the partners of it that are wanted, see what their supplier was asked, and
nothing of who else was. Whoever has left a supplier sees nothing of that any more: what it holds changes still.
"""

from __future__ import annotations

from typing import Final, Self

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from procurement.errors import NotPermitted
from procurement.fictional import led_by_fictional
from procurement.models import CallOff, CallOffSupplier, Contract, Event, Offer, Partner, SupplierMember
from procurement.permissions import Action, Actor, can
from procurement.states import CALL_OFFS

_ASKED_FOR: Final = "call_off.approval_asked"
_ANSWERED: Final = ("call_off.approved", "call_off.sent_back", "call_off.edited", "call_off.awarded")


class CallOffQuerySet(QuerySet[CallOff]):
    """Call-offs are their own organisation's alone."""

    def seen_by(self, actor: Actor) -> Self:
        return self if actor.system else self.filter(organisation__in=buying(actor))

    def told(self) -> Self:
        """With organisation, lot, framework, requirement and shortlist."""
        return self.select_related(
            "organisation", "lot__framework", "requirement__requirement", "snapshot__shortlist"
        ).defer("snapshot__document")

    def waiting_for_approval(self) -> Self:
        """Those of which an approval was asked for that was neither given nor refused nor made void by an edit, and
        that have not ended.
        """
        about = Event.objects.filter(subject=OuterRef("reference"), type__in=(_ASKED_FOR, *_ANSWERED))
        last = Subquery(about.order_by("-position").values("type")[:1])
        return self.exclude(status__in=CALL_OFFS.last).annotate(last_said=last).filter(last_said=_ASKED_FOR)


class OfferQuerySet(QuerySet[Offer]):
    """Offers, newest first."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        bought = Q(call_off__organisation__in=buying(actor))
        return self.filter(bought | _asked(actor))

    def asked_of(self, actor: Actor) -> Self:
        """Those that the actor's own firms were asked."""
        return self.filter(_asked(actor))

    def told(self) -> Self:
        """With call-off, buyer, lot, supplier (`fictional`: whether a made-up firm leads it) and wanted partners."""
        wanted = Partner.objects.select_related("organisation", "published")
        return (
            self.select_related(
                "call_off__organisation", "call_off__lot__framework", "asked__appointment__supplier"
            )
            .prefetch_related(Prefetch("asked__partners", wanted))
            .annotate(fictional=led_by_fictional("asked__appointment__supplier"))
        )


class ContractQuerySet(QuerySet[Contract]):
    """Contracts, newest first: of the buyer, of the lead supplier and of the partners that were wanted."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        return self.filter(Q(call_off__organisation__in=buying(actor)) | _supplied(actor))

    def of_supplier(self, actor: Actor) -> Self:
        """Those of the actor's own side as a supplier."""
        return self.filter(_supplied(actor))

    def told(self) -> Self:
        """With call-off, buyer, requirement, lot and supplier; `fictional`: whether a made-up firm leads it."""
        return self.select_related(
            "call_off__organisation",
            "call_off__lot__framework",
            "call_off__requirement",
            "appointment__supplier",
        ).annotate(fictional=led_by_fictional("appointment__supplier"))


def require_either_side(actor: Actor) -> None:
    """Refuse with NotPermitted where the actor neither buys nor supplies: a list would be empty whatever is kept."""
    if not actor.system and not buying(actor) and not supplying(actor):
        raise NotPermitted("You act neither for a buyer nor for a supplier.")


def buying(actor: Actor) -> list[int]:
    """Organisations (primary keys) whose call-offs the actor sees."""
    return [key for key in actor.organisations() if can(actor, Action.SEE_CALL_OFFS, key)]


def supplying(actor: Actor) -> list[int]:
    """Organisations (primary keys) for which the actor sees what suppliers are asked."""
    return [key for key in actor.organisations() if can(actor, Action.SEE_ASKED, key)]


def _asked(actor: Actor) -> Q:
    """Offers whose supplier the actor's organisation leads, or of which it is a wanted partner."""
    supplier = "asked__appointment__supplier"
    named = wanted(actor, supplier, calloffsupplier=OuterRef(OuterRef("asked")))
    return Q(Exists(led(actor, supplier))) | Q(Exists(named))


def _supplied(actor: Actor) -> Q:
    """The same of contracts."""
    supplier = "appointment__supplier"
    named = wanted(
        actor,
        supplier,
        calloffsupplier__call_off=OuterRef(OuterRef("call_off")),
        calloffsupplier__appointment=OuterRef(OuterRef("appointment")),
    )
    return Q(Exists(led(actor, supplier))) | Q(Exists(named))


def led(actor: Actor, supplier: str) -> QuerySet[SupplierMember]:
    """Leads of the row's supplier (a path to it) for which the actor sees; for Exists."""
    return SupplierMember.objects.filter(
        supplier=OuterRef(supplier),
        role=SupplierMember.Role.LEAD,
        left_on=None,
        partner__organisation__in=supplying(actor),
    )


def wanted(actor: Actor, supplier: str, **asked: OuterRef) -> QuerySet[SupplierMember]:
    """Members of the row's supplier (a path to it) that are wanted of it, for which the actor sees; for Exists. `asked`
    says which CallOffSupplier it is, from the row.
    """
    named = CallOffSupplier.partners.through.objects.filter(**asked)
    return SupplierMember.objects.filter(
        supplier=OuterRef(supplier),
        left_on=None,
        partner__in=named.values("partner"),
        partner__organisation__in=supplying(actor),
    )

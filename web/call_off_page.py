"""What the page of one call-off shows, read from the database in a bounded number of queries.

Colleagues are named to each other; whoever else acted is told by the opaque reference that the event log holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.available import Purchase
from procurement.call_off_checks import DECIDING
from procurement.call_off_facts import facts_of
from procurement.errors import Fault
from procurement.event_types import EVENT_TYPES
from procurement.fictional import fictional_suppliers
from procurement.line import Line
from procurement.models import CallOff, Contract, Event, Offer, SupplierMember
from procurement.order_form import content_of, terms_of
from procurement.permissions import Actor
from procurement.public_notices import DueNotice
from web.buying import names_of
from web.saying import said

HAPPENINGS: Final = 100


@dataclass(frozen=True, slots=True)
class SupplierLine:
    """A supplier in its place: its price in pence without VAT (None with `why` there is none), and its offer; whether
    the next order form would go to it, or why that would pass over it.
    """

    position: int
    reference: str
    name: str
    fictional: bool
    partners: str
    price: int | None
    total: int | None
    why: str
    offer: Offer | None
    is_next: bool
    passed_over: str


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened: when, who, what."""

    at: datetime
    who: str
    told: str


@dataclass(frozen=True, slots=True)
class CallOffPage:
    """Everything that the template lays out. `blocking` is what keeps it from what is `ahead`; `actions` are names of
    steps that the reader may take now; `sent_back_by` who sent it back, by name, "" where nobody did.
    """

    call_off: CallOff
    content: dict[str, Any]
    suppliers: tuple[SupplierLine, ...]
    blocking: tuple[Fault, ...]
    ahead: str
    actions: frozenset[str]
    line: Line
    contract: Contract | None
    notices: tuple[DueNotice, ...]
    no_notices: str
    history: tuple[Happened, ...]
    sent_back_by: str

    @property
    def next_supplier(self) -> SupplierLine | None:
        """To whom the next order form would go."""
        return next((one for one in self.suppliers if one.is_next), None)


def call_off_page(call_off: CallOff, actor: Actor) -> CallOffPage:
    """The page of a call-off, as CallOffQuerySet.told reads one, that the actor may see."""
    facts = facts_of(call_off, timezone.localdate())
    offers = {one.asked_id: one for one in facts.offers}
    terms = terms_of(call_off)
    made_up = fictional_suppliers(row.appointment.supplier_id for row in facts.asked)
    lines = []
    for row in facts.asked:
        offer, price = offers.get(row.pk), facts.prices.get(row.pk)
        minor = offer.price_minor if offer else price.minor if price else None
        lines.append(
            SupplierLine(
                position=row.position,
                reference=row.appointment.supplier.reference,
                name=row.appointment.supplier.name,
                fictional=row.appointment.supplier_id in made_up,
                partners=", ".join(one.organisation.name for one in row.partners.all()),
                price=minor,
                total=None if minor is None else terms.total(minor),
                why=" ".join(one.message for one in price.faults) if price else "",
                offer=offer,
                is_next=facts.found.is_next(row),
                passed_over=" ".join(one.message for one in facts.found.passing(row)),
            )
        )
    return CallOffPage(
        call_off=call_off,
        content=content_of(call_off).to_json(),
        suppliers=tuple(lines),
        blocking=tuple(facts.blocking),
        ahead=ahead_of(facts.purchase),
        actions=frozenset(facts.steps(actor)),
        line=facts.line,
        contract=facts.contract,
        notices=facts.notices,
        no_notices=said(facts.no_notices),
        history=_history(call_off, offers.values()),
        sent_back_by=sent_back_by(call_off),
    )


def sent_back_by(call_off: CallOff) -> str:
    """Who sent it back, by name, "" where nobody did; a query or two where somebody did."""
    by = call_off.sent_back_by
    return names_of(call_off.organisation_id, {by})[by] if by else ""


def ahead_of(purchase: Purchase) -> str:
    """What a rule that is broken keeps a call-off from, as the heading of such rules."""
    if purchase.status == CallOff.Status.AWARDED:
        return _("Before it can be signed")
    if purchase.status in DECIDING or purchase.barred is not None:
        return _("Before it can be awarded")
    if purchase.route == CallOff.Route.COMPETITION and purchase.status == CallOff.Status.OUT:
        return _("Not told to the suppliers yet")
    if purchase.route == CallOff.Route.COMPETITION:
        return _("Before it can be published")
    if purchase.status == CallOff.Status.OUT:
        return _("Before the next order form can go out")
    return _("Before it can go out")


def _history(call_off: CallOff, offers: Iterable[Offer]) -> tuple[Happened, ...]:
    """What happened to it, its offers and its contracts, newest first."""
    contracts = list(call_off.contracts.values_list("reference", flat=True))
    about = (
        Q(subject_type="call_off", subject=call_off.reference)
        | Q(subject_type="offer", subject__in=[one.reference for one in offers])
        | Q(subject_type="contract", subject__in=contracts)
    )
    events = list(Event.objects.filter(about).order_by("-position")[:HAPPENINGS])
    asked = SupplierMember.objects.filter(
        supplier__appointments__in=call_off.suppliers.values("appointment"), left_on=None
    )
    parties = asked.values("partner__organisation")
    names = names_of(call_off.organisation_id, {one.actor for one in events}, parties)
    return tuple(Happened(one.at, names[one.actor], happened(one)) for one in events)


def meaning_of(kind: str) -> str:
    """As much of what a type of event means as people are told: not what its changes hold."""
    return EVENT_TYPES[kind].meaning.partition(";")[0].rstrip(".")


def happened(event: Event) -> str:
    """An event in words: its meaning, and the reason that was given."""
    told = said(meaning_of(event.type))
    reason = event.changes.get("reason")
    about = "" if event.subject_type == "call_off" else f"{event.subject}: "
    return f"{about}{told}{f': {reason}' if reason else ''}"

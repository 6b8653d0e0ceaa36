"""Which documents an event touches: first as requests of the outbox, later as partners and rate cards to read
again.

An event only says what it is about. What that reaches (a lead's new name stands in its members' listings) is
found when the request is answered, from the rows as they are then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from procurement.models import Event, Partner, RateCard, SupplierMember
from search.models import IndexRequest

Kind = IndexRequest.Kind
Touch = Callable[[Event], tuple[str, str]]


def _subject(kind: Kind) -> Touch:
    return lambda event: (kind.value, event.subject)


def _reference(kind: Kind) -> Touch:
    return lambda event: (kind.value, str(event.references[kind.value]))


TOUCHES: Final[dict[str, Touch]] = {
    # A partner bears its organisation's reference, and shows by whose identifier it is fictional.
    "organisation.changed": _subject(Kind.PARTNER),
    "partner.profile_published": _subject(Kind.PARTNER),
    "partner.profile_confirmed": _subject(Kind.PARTNER),
    "partner.suspended": _subject(Kind.PARTNER),
    "partner.reinstated": _subject(Kind.PARTNER),
    "supplier.changed": _subject(Kind.SUPPLIER),
    "supplier.member_joined": _subject(Kind.SUPPLIER),
    "supplier.member_left": _subject(Kind.SUPPLIER),
    "supplier.lead_changed": _subject(Kind.SUPPLIER),
    "appointment.made": _reference(Kind.SUPPLIER),
    "appointment.suspended": _reference(Kind.SUPPLIER),
    "appointment.reinstated": _reference(Kind.SUPPLIER),
    "appointment.withdrawn": _reference(Kind.SUPPLIER),
    "appointment.changed": _reference(Kind.SUPPLIER),
    "appointment.started": _reference(Kind.SUPPLIER),
    "appointment.ended": _reference(Kind.SUPPLIER),
    "offering.published": _subject(Kind.PARTNER),
    "rate_card.published": _subject(Kind.RATE_CARD),
    "rate_card.took_effect": _subject(Kind.RATE_CARD),
    "rate_card.expired": _subject(Kind.RATE_CARD),
    "rate_card.lines_changed": _subject(Kind.RATE_CARD),
    "framework.changed": _subject(Kind.FRAMEWORK),
    "framework.went_live": _subject(Kind.FRAMEWORK),
    "framework.expired": _subject(Kind.FRAMEWORK),
}
"""Types that no listing and no rate line shows (a new supplier without members, an operation) are not here.
"""

REBUILDS: Final = frozenset({"regions.published"})
"""Types that may touch every document."""


def requests_for(events: Iterable[Event]) -> list[IndexRequest]:
    """One request for each thing that the events touch, at the position of the first event that does."""
    positions: dict[tuple[str, str], int] = {}
    for event in events:
        touch = TOUCHES.get(event.type)
        if touch is not None:
            positions.setdefault(touch(event), event.position)
    return [
        IndexRequest(kind=kind, reference=reference, position=position)
        for (kind, reference), position in positions.items()
    ]


@dataclass(frozen=True, slots=True)
class Reached:
    """What some requests reach: primary keys to read again, and keys to remove where nothing stands behind
    them any more.
    """

    partners: list[int]
    cards: list[int]
    gone_listings: list[str]
    gone_cards: list[str]


def reached(requests: Iterable[IndexRequest]) -> Reached:
    """The partners and cards behind the requests, in at most nine queries."""
    asked: dict[str, set[str]] = {kind.value: set() for kind in Kind}
    for request in requests:
        asked[request.kind].add(request.reference)
    listings, cards = asked[Kind.LISTING], asked[Kind.RATE_CARD]
    named = asked[Kind.PARTNER] | {reference.rsplit("~", 1)[-1] for reference in listings}
    partners = set(Partner.objects.filter(reference__in=named).values_list("pk", flat=True))
    suppliers = set(
        SupplierMember.objects.filter(
            partner__in=partners, role=SupplierMember.Role.LEAD, left_on=None
        ).values_list("supplier_id", flat=True)
    )
    found = {
        reference: (pk, supplier)
        for reference, pk, supplier in RateCard.objects.filter(reference__in=cards).values_list(
            "reference", "pk", "supplier_id"
        )
    }
    keys = {pk for pk, _ in found.values()}
    if asked[Kind.PARTNER]:
        # A line whose source states no size bears that of the supplier's lead, and shows whether that is fictional;
        # where that is all of the supplier and suspended it is not shown.
        keys.update(RateCard.objects.filter(supplier__in=suppliers).values_list("pk", flat=True))
    suppliers.update(supplier for _, supplier in found.values())
    members = SupplierMember.objects.order_by()
    partners.update(members.filter(supplier__in=suppliers).values_list("partner_id", flat=True))
    if asked[Kind.SUPPLIER]:
        names = asked[Kind.SUPPLIER]
        partners.update(members.filter(supplier__reference__in=names).values_list("partner_id", flat=True))
        keys.update(RateCard.objects.filter(supplier__reference__in=names).values_list("pk", flat=True))
    if asked[Kind.FRAMEWORK]:
        names = asked[Kind.FRAMEWORK]
        on_them = members.filter(supplier__appointments__lot__framework__reference__in=names)
        partners.update(on_them.values_list("partner_id", flat=True).distinct())
        keys.update(RateCard.objects.filter(framework__reference__in=names).values_list("pk", flat=True))
    return Reached(sorted(partners), sorted(keys), sorted(listings), sorted(cards - found.keys()))

"""From what an event names to the organisations that it concerns: each way once, many events in one query a way.

event_types.py says by which ways a type may be read, notices.py by which it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from procurement.models import (
    CallOffSupplier,
    Event,
    Framework,
    Invitation,
    Offer,
    Operation,
    Organisation,
    Partner,
    SupplierMember,
    Tender,
)


class Party(NamedTuple):
    """An organisation: primary key and reference."""

    key: int
    reference: str


Pairs = Iterable[tuple[str, int, str]]
"""A reference that an event names, and an organisation behind it: primary key and reference."""


@dataclass(frozen=True, slots=True)
class Way:
    """`kind` is the kind of object that is followed: the event's subject or one of its references."""

    kind: str
    follow: Callable[[Collection[str]], Pairs]


def _itself(references: Collection[str]) -> Pairs:
    return Organisation.objects.filter(reference__in=references).values_list("reference", "pk", "reference")


def _firm(references: Collection[str]) -> Pairs:
    return Partner.objects.filter(reference__in=references).values_list(
        "reference", "organisation_id", "organisation__reference"
    )


def _of_today() -> QuerySet[SupplierMember]:
    """Who belongs today: `left_on` is the first day that a firm no longer does."""
    today = timezone.localdate()
    return SupplierMember.objects.filter(Q(left_on=None) | Q(left_on__gt=today), joined_on__lte=today)


def _members(references: Collection[str], **narrowed: str) -> Pairs:
    members = _of_today().filter(supplier__reference__in=references, **narrowed)
    return members.values_list(
        "supplier__reference", "partner__organisation_id", "partner__organisation__reference"
    )


def _lead(references: Collection[str]) -> Pairs:
    return _members(references, role=SupplierMember.Role.LEAD)


def _asker(references: Collection[str]) -> Pairs:
    asked = Operation.objects.filter(reference__in=references, organisation__isnull=False)
    return asked.values_list("reference", "organisation_id", "organisation__reference")


def _owner(references: Collection[str]) -> Pairs:
    return Framework.objects.filter(reference__in=references).values_list(
        "reference", "owner_id", "owner__reference"
    )


def _invited(references: Collection[str]) -> Pairs:
    """The leads of today of the suppliers that a competition has invited; while it asks for interest, and where that
    ended with nobody to invite, of all that it asks.
    """
    any_tender = Tender.objects.filter(competition=OuterRef("competition"))
    takes_part = Q(tender__isnull=False) | Q(competition__invited_at=None) | ~Q(Exists(any_tender))
    invited = Invitation.objects.filter(takes_part, asked__call_off__reference__in=references)
    return _leads(
        invited.values_list("asked__call_off__reference", "asked__appointment__supplier__reference")
    )


def _writers(references: Collection[str]) -> Pairs:
    """The members of today whom leads let write tenders for a competition."""
    return _let("tender__competition__call_off__reference", references)


def _drafters(references: Collection[str]) -> Pairs:
    """The same, of one tender."""
    return _let("tender__reference", references)


def _let(path: str, references: Collection[str]) -> Pairs:
    supplier = "tender__invitation__asked__appointment__supplier"
    return _belonging(Tender.drafters.through.objects.all(), supplier, path, references)


def _of_offer(references: Collection[str]) -> Pairs:
    """The firms that an offer wants of its supplier and that belong to it today."""
    return _wanted("calloffsupplier__offer__reference", references)


def _of_invitation(references: Collection[str]) -> Pairs:
    """The same, of an invitation."""
    return _wanted("calloffsupplier__invitation__reference", references)


def _wanted(path: str, references: Collection[str]) -> Pairs:
    supplier = "calloffsupplier__appointment__supplier"
    return _belonging(CallOffSupplier.partners.through.objects.all(), supplier, path, references)


def _belonging(rows: QuerySet[Any], supplier: str, path: str, references: Collection[str]) -> Pairs:
    """From references behind `path` to the firms that the rows name and that belong today to the row's supplier (a path
    to it): whoever has left is told nothing newer.
    """
    member = _of_today().filter(supplier=OuterRef(supplier), partner=OuterRef("partner"))
    named = rows.filter(Exists(member), **{f"{path}__in": references})
    return named.values_list(path, "partner__organisation_id", "partner__organisation__reference")


def _offered(references: Collection[str]) -> Pairs:
    """The leads of today of the suppliers that a direct award has sent an order form, whatever they answered."""
    sent = Offer.objects.filter(call_off__reference__in=references)
    return _leads(sent.values_list("call_off__reference", "asked__appointment__supplier__reference"))


def _leads(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """From call-offs and suppliers, by reference, to the leads of these."""
    call_offs: dict[str, set[str]] = {}
    for call_off, supplier in pairs:
        call_offs.setdefault(supplier, set()).add(call_off)
    return [
        (call_off, key, organisation)
        for supplier, key, organisation in _lead(call_offs)
        for call_off in call_offs[supplier]
    ]


WAYS: Final[dict[str, Way]] = {
    "organisation": Way("organisation", _itself),
    "partner": Way("partner", _firm),
    "supplier": Way("supplier", _members),
    "lead": Way("supplier", _lead),
    "operation": Way("operation", _asker),
    "owner": Way("framework", _owner),
    "payer": Way("payer", _itself),
    "investor": Way("investor", _itself),
    "dropped": Way("dropped", _itself),
    "invited": Way("call_off", _invited),
    "offered": Way("call_off", _offered),
    "writers": Way("call_off", _writers),
    "drafters": Way("tender", _drafters),
    "wanted_in_offer": Way("offer", _of_offer),
    "wanted_in_invitation": Way("invitation", _of_invitation),
}
"""`supplier` leads to all its members, `lead` to the one that submits and signs; `owner` to a framework's;
`payer` to bodies that pay with the buyer, `investor` to the social investor, `dropped` to those of them that a plan
names no longer; `invited` to the leads that compete, or are asked whether they would; `offered` to those that were sent
an order form; `writers` to the members whom leads let write tenders for a competition, `drafters` to those of one
tender; `wanted_in_offer` and `wanted_in_invitation` to the members that are wanted there.
"""


def named(event: Event, kind: str) -> set[str]:
    """What the event names of that kind, as its subject or beside it."""
    beside = event.references.get(kind, ())
    found = {beside} if isinstance(beside, str) else set(beside)
    return found | {event.subject} if event.subject_type == kind else found


class Concerned:
    """Which organisations some events lead to, looked up beforehand: one query for each way that is asked for."""

    def __init__(self, asked: Iterable[tuple[Event, str]]) -> None:
        wanted: dict[str, set[str]] = {}
        for event, way in asked:
            wanted.setdefault(way, set()).update(named(event, WAYS[way].kind))
        self._found: dict[str, Mapping[str, set[Party]]] = {
            way: _followed(way, references) for way, references in wanted.items() if references
        }

    def by(self, event: Event, way: str) -> set[Party]:
        """The organisations that this event concerns by that way."""
        known = self._found.get(way, {})
        return {party for one in named(event, WAYS[way].kind) for party in known.get(one, ())}


def _followed(way: str, references: Collection[str]) -> dict[str, set[Party]]:
    found: dict[str, set[Party]] = {}
    for reference, key, organisation in WAYS[way].follow(references):
        found.setdefault(reference, set()).add(Party(key, organisation))
    return found

"""From what an event names to the organisations that it concerns: each way once, many events in one query a way.

event_types.py says by which ways a type may be read, notices.py by which it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from procurement.models import (
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


def _members(references: Collection[str], **narrowed: str) -> Pairs:
    """Those of today: `left_on` is the first day that a firm no longer belongs."""
    today = timezone.localdate()
    staying = Q(left_on=None) | Q(left_on__gt=today)
    members = SupplierMember.objects.filter(
        staying, supplier__reference__in=references, joined_on__lte=today, **narrowed
    )
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
    today = timezone.localdate()
    member = SupplierMember.objects.filter(
        Q(left_on=None) | Q(left_on__gt=today),
        supplier=OuterRef("tender__invitation__asked__appointment__supplier"),
        partner=OuterRef("partner"),
        joined_on__lte=today,
    )
    rows = Tender.drafters.through.objects.filter(Exists(member), **{f"{path}__in": references})
    return rows.values_list(path, "partner__organisation_id", "partner__organisation__reference")


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
}
"""`supplier` leads to all its members, `lead` to the one that submits and signs; `owner` to a framework's;
`payer` to bodies that pay with the buyer, `investor` to the social investor, `dropped` to those of them that a plan
names no longer; `invited` to the leads that compete, or are asked whether they would; `offered` to those that were sent
an order form; `writers` to the members whom leads let write tenders for a competition, `drafters` to those of one
tender.
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

"""What a run must have left, worked out from its events and compared with what was received on the other side.

The events are read from the log, the rows of procurement/notices.py and event_types.py say who is told of what; which
organisations a supplier leads to is the market's own knowledge (market.py), not the service's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.lifecycles.client import Client, Who
from benchmarks.lifecycles.market import OWNER, Market
from benchmarks.lifecycles.purchase import Purchase
from procurement.actions.events import verify
from procurement.concerned import named
from procurement.event_names import names_for
from procurement.event_types import known_type
from procurement.models import Delivery, Event
from procurement.notice import USER
from procurement.notices import notices_of, worded
from procurement.states import CALL_OFFS, CLAIMS, CONTRACTS, OFFERS, PLANS, TENDERS

SENT: Final = "invitation.sent"
ASKED: Final = "invitation.interest_asked"
OFFERED: Final = "offer.sent"
LET: Final = "tender.drafters_named"
KINDS: Final = {
    "lead": "supplier",
    "owner": "framework",
    # Nobody leaves a supplier of this market.
    "wanted_in_offer": "partner",
    "wanted_in_invitation": "partner",
}
"""What an event names by which a way leads on, where it is not called as the way is."""
BY_THE_CLOCK: Final = frozenset(
    {
        "tender.reminded",
        "invitation.reminded",
        "call_off.standstill_ended",
        "tender.price_unanswered",
        "contract.notice_reminded",
        *(f"contract.{what}_reminded" for what in ("signature", "option", "end")),
    }
)
"""Left out of the plan of one call-off: whether the clock stands at such a moment is up to what the others wait for.
That each was told as it should be is checked all the same.
"""
SHOWN: Final = 5
"""Differences of a kind that are told one by one."""


@dataclass
class Owed:
    """What was to be told: inbox by organisation, title and text; e-mail by address and subject; webhooks by
    organisation and position; the positions that each organisation may read.
    """

    inbox: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    mail: Counter[tuple[str, str]] = field(default_factory=Counter)
    hooks: Counter[tuple[str, int]] = field(default_factory=Counter)
    readable: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def count(self) -> int:
        return self.inbox.total() + self.mail.total() + self.hooks.total()


class Parties:
    """Which organisations an event leads to, by the market's own knowledge and the events before it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.until: dict[str, datetime] = {}
        self.invited: dict[str, set[str]] = defaultdict(set)
        self.offered: dict[str, set[str]] = defaultdict(set)
        self.let: dict[str, dict[str, set[str]]] = defaultdict(dict)
        """By call-off and tender, the members whom its lead lets write."""

    def note(self, event: Event) -> None:
        """Takes in who is asked and invited; once interest has ended, only those that are invited compete. Where nobody
        was, all that were asked hear of its end.
        """
        if event.type in (SENT, ASKED):
            kept = self.invited if event.type == SENT else self.asked
            kept[event.references["call_off"]].add(event.references["supplier"])
        if event.type == OFFERED:
            self.offered[event.references["call_off"]].add(event.references["supplier"])
        if event.type == LET:
            self.let[event.references["call_off"]][event.subject] = set(event.changes["drafters"])
        if event.type == ASKED:
            self.until[event.references["call_off"]] = datetime.fromisoformat(event.changes["interest_until"])
        ended = event.at >= self.until.get(event.subject, event.at + timedelta(days=1))
        if ended and self.invited[event.subject]:
            self.asked.pop(event.subject, None)

    def by(self, event: Event, way: str) -> set[str]:
        """The organisations by one way of procurement/concerned.py."""
        call_off = event.subject if event.subject_type == "call_off" else event.references.get("call_off", "")
        if way == "invited":
            return self.asked[call_off] | self.invited[call_off]
        if way == "writers":
            return {one for several in self.let[call_off].values() for one in several}
        if way == "drafters":
            return self.let[call_off].get(event.subject, set())
        if way == "offered":
            return self.offered[event.subject]
        kind = KINDS.get(way, way)
        beside = event.references.get(kind, ())
        found = {beside} if isinstance(beside, str) else set(beside)
        if event.subject_type == kind:
            found.add(event.subject)
        if way == "supplier":
            return {firm for one in found for firm in self.market.firms(one)}
        if way == "owner":
            return {OWNER} if found else set()
        return found


def owed(market: Market, events: Iterable[Event], after: int, endpoints: dict[str, list[str]]) -> Owed:
    """Everything that the events after a position owe; `endpoints` are the types that each organisation asks for."""
    due, parties = Owed(), Parties(market)
    for event in events:
        if event.position <= after:
            continue
        parties.note(event)
        known = known_type(event.type)
        concerned = {one for way in known.concerns for one in parties.by(event, way)}
        for organisation in market.machines if known.public else concerned:
            due.readable[organisation].append(event.position)
        for organisation, patterns in endpoints.items():
            wanted = any(event.type.startswith(one) for one in patterns)
            if wanted and (known.public or organisation in concerned):
                due.hooks[organisation, event.position] += 1
        told: set[tuple[str, str]] = set()
        for notice in notices_of(event):
            message = worded(event, notice, names_for(notice, event))
            if notice.whom == USER:
                for person in sorted(named(event, USER)):
                    due.inbox[person, message.title, message.text] += 1
                continue
            for organisation in parties.by(event, notice.whom):
                if ("", organisation) not in told:
                    told.add(("", organisation))
                    due.inbox[organisation, message.title, message.text] += 1
                if Delivery.Channel.EMAIL not in notice.channels:
                    continue
                for address, role in market.emails.get(organisation, []):
                    if role in notice.roles and (address, organisation) not in told:
                        told.add((address, organisation))
                        due.mail[address, f"Calloff: {message.title}"] += 1
    return due


def inboxes(client: Client, market: Market) -> tuple[Counter[tuple[str, str, str]], Counter[str]]:
    """What stands in the inboxes, as each organisation's own integration reads it, and each person what is to them
    alone (by their reference); and by message's reference.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    references: Counter[str] = Counter()
    readers = [(of, who, False) for of, who in market.machines.items() if "inbox" in who.scopes]
    readers += [(market.users[of], who, True) for of, who in market.people.items()]
    for reader, who, personal in readers:
        path: str | None = "/api/v1/inbox/?page_size=100"
        while path:
            answer = client.ask(who, "GET", path).body
            for one in answer["results"]:
                if one["personal"] is personal:
                    found[reader, one["title"], one["text"]] += 1
                    references[one["reference"]] += 1
            path = answer["next"] and "/api/v1/" + answer["next"].partition("/api/v1/")[2]
    return found, references


def feed(client: Client, who: Who, after: int) -> list[int]:
    """The positions that the change feed tells somebody from there on."""
    read: list[int] = []
    path = f"/api/v1/events/?after={after}&page_size=500"
    while True:
        answer = client.ask(who, "GET", path).body
        read += [one["position"] for one in answer["results"]]
        if not answer["more"]:
            return read
        path = "/api/v1/" + answer["next"].partition("/api/v1/")[2]


def differences(what: str, wanted: Counter[Any], found: Counter[Any]) -> list[str]:
    """In sentences what is lacking and what is too much."""
    told = []
    for said, left in (("is lacking", wanted - found), ("is too much", found - wanted)):
        some = [f"{what}: {one} {said} ({number})" for one, number in list(left.items())[:SHOWN]]
        if left.total() > SHOWN:
            some.append(f"{what}: {left.total():,} in all {said}")
        told += some
    return told


def doubled(what: str, ids: Counter[str]) -> list[str]:
    """Which ids came more than once."""
    twice = [one for one, number in ids.items() if number > 1]
    return [f"{what}: {len(twice):,} came twice, such as {twice[0]}"] if twice else []


def ended(purchases: Sequence[Purchase], events: Sequence[Event]) -> list[str]:
    """Where a call-off is not what was planned: its status, its contract, its history event by event but for those
    BY_THE_CLOCK.
    """
    history: dict[str, list[str]] = defaultdict(list)
    for event in events:
        call_off = event.subject if event.subject_type == "call_off" else event.references.get("call_off")
        if call_off and event.type not in BY_THE_CLOCK:
            history[call_off].append(event.type)
    told = []
    for it in purchases:
        name = f"{it.reference or 'a call-off'} ({it.ending.name})"
        if it.fault:
            told.append(f"{name}: {it.fault}")
            continue
        shown = it.get(it.owner, it.own)
        contract = shown["contract"]["status"] if shown["contract"] else ""
        # A contract that was voided stands for none.
        standing = contract if it.ending.contract or contract != "terminated" else ""
        if (shown["status"], standing) != (it.ending.status, it.ending.contract):
            told.append(f"{name}: it is {shown['status']} {contract}")
        if history[it.reference] != it.happened:
            told.append(f"{name}: {first_difference(it.happened, history[it.reference])}")
    return told


def first_difference(planned: Sequence[str], found: Sequence[str]) -> str:
    """Where two histories part."""
    for at, (one, other) in enumerate(zip(planned, found, strict=False)):
        if one != other:
            return f"after {at} events {other} stands where {one} was planned"
    more = list(planned[len(found):]) or list(found[len(planned):])  # fmt: skip
    return f"it ends {'before' if len(planned) > len(found) else 'after'} {more[:4]}"


def untaken(events: Sequence[Event]) -> list[str]:
    """Which steps of the tables that a call-off moves by left no event."""
    tables = (CALL_OFFS, OFFERS, TENDERS, CONTRACTS, PLANS, CLAIMS)
    steps = {(table.kind, step.name, step.event) for table in tables for step in table.transitions}
    # Contracts are assessed where they are of more than £5 million, which none of these comes to.
    happened = {event.type for event in events} | {"contract.assessed"}
    return [
        f"nobody took the step {name} of {of}" for of, name, kind in sorted(steps) if kind not in happened
    ]


def chain() -> list[str]:
    """Where the log does not hold, by the service's own walk (manage.py verify_events)."""
    broken = verify()
    return [f"the log: {broken.reason} at {broken.position}"] if broken else []

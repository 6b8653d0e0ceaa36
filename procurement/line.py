"""The route of a call-off as a line: its stations, where it stands, who acts next and by when.

Pure, computed from the tables of states.py for both routes; the API and the pages draw the same line. The stations
of a route are the statuses that lie between its first and the contract; one that can be passed by (an approval, an
intention to award) is left out where it is not asked for or was passed by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from procurement.available import DIRECT, NOT_OUT, WAITING, Bar, Purchase, Turn
from procurement.models.call_offs import CallOff
from procurement.states import CALL_OFFS, CONTRACTS, OFFERS, PLANS, Machine, Part, Transition

Status = CallOff.Status
GOAL: Final = Status.CONTRACTED
ANSWERS: Final = ("accept", "decline")
TENDERING: Final = ("draft", "submit")
ASKED_FIRST: Final = ("express_interest",)
"""What suppliers are waited for while a competition is out; how far any of them is stays sealed. Interest stands in no
table, as it moves no status.
"""
ANOTHER: Final = {
    Status.OUT: ((Part.OWNER,), ("withdraw", "cancel")),
    Status.EVALUATED: ((Part.OWNER,), ("disqualify", "cancel", "fail")),
    Status.INTENTION: ((Part.APPROVER,), ("undo",)),
    Status.AWARDED: ((Part.APPROVER,), ("undo",)),
}
"""What makes room for another supplier where a rule bars the one that it would be awarded to or signed with."""


class Place(StrEnum):
    """Where a station lies: behind, at hand, before, or where the line ended without a contract."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Station:
    status: str
    label: str
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """`ended` is the status in which it ended, well or not; None while a station is at hand."""

    stations: tuple[Station, ...]
    ended: str | None
    next: Turn


@lru_cache(maxsize=8)
def path(route: str) -> tuple[str, ...]:
    """The stations of a route in their order, those that can be passed by among them."""
    found = _reached(CALL_OFFS.first, route) & {
        status for status in CALL_OFFS.labels if GOAL in _reached(status, route)
    }
    return tuple(status for status in CALL_OFFS.labels if status in found)


@lru_cache(maxsize=8)
def optional(route: str) -> frozenset[str]:
    """The stations of a route without which the contract can be reached."""
    return frozenset(
        status
        for status in path(route)
        if status not in (CALL_OFFS.first, GOAL) and GOAL in _reached(CALL_OFFS.first, route, without=status)
    )


def way(kinds: Iterable[str], route: str) -> tuple[str, ...]:
    """The statuses on the way to where a call-off stands, by the types of its events in their order (those of its
    offers may be among them). A step back takes what came after out again.
    """
    order = list(CALL_OFFS.labels)
    found = [CALL_OFFS.first]
    for kind in kinds:
        step = next((one for one in _out_of(found[-1], route) if one.event == kind), None)
        if step is not None and step.target:
            at = order.index(step.target)
            found = [*(one for one in found if order.index(one) < at), step.target]
    return tuple(found)


def line_of(purchase: Purchase) -> Line:
    """The line of a call-off."""
    stations, status = path(purchase.route), purchase.status
    if status in stations and status not in CALL_OFFS.last:
        shown = tuple(_stations(purchase, status, Place.HERE))
        return Line(shown, None, _turn(purchase))
    if status == GOAL:
        published = _to_publish(purchase) if purchase.to_publish else Turn()
        return Line(tuple(_stations(purchase, status, Place.DONE)), status, published)
    at = next((one for one in reversed(purchase.passed) if one in stations), CALL_OFFS.first)
    ended = tuple(one for one in _stations(purchase, at, Place.ENDED) if one.place != Place.AHEAD)
    return Line(ended, status, Turn())


def _stations(purchase: Purchase, at: str, place: Place) -> Iterator[Station]:
    stations, free = path(purchase.route), optional(purchase.route)
    here = stations.index(at)
    for number, status in enumerate(stations):
        if number < here and status in free and status not in purchase.passed:
            continue
        if number > here and status == Status.APPROVED and not purchase.approval_asked:
            continue
        kind = Place.DONE if number < here else place if number == here else Place.AHEAD
        yield Station(status, CALL_OFFS.labels[status], kind)


def _turn(purchase: Purchase) -> Turn:
    status, direct = purchase.status, purchase.route == DIRECT
    nobody = direct and purchase.offer is None and not purchase.left
    if status == Status.DRAFT and purchase.sent_back and purchase.approval_asked:
        ready = not (purchase.plan or purchase.mending or nobody)
        asks = ("ask_approval",) if ready else ()
        return _turn_of({Part.OWNER}, (*(purchase.mending or ("edit",)), *asks), None)
    if status in NOT_OUT and purchase.plan:
        # Neither an approval nor an order form comes before the word of whoever pays for its outcomes.
        words = {part for one in PLANS.transitions if one.name in purchase.plan for part in one.who}
        return _turn_of(words, purchase.plan, None)
    # What was approved and comes to more since is said anew, which asks for its approval again.
    dearer = status == Status.APPROVED and purchase.approval_missing
    if status in NOT_OUT and (purchase.mending or nobody or dearer):
        # Neither an approval nor an order form is taken while a rule is broken.
        return _turn_of({Part.OWNER}, purchase.mending or ("edit",), None)
    if status == Status.OUT and direct and purchase.offer is None and (purchase.mending or nobody):
        return _given_up(purchase)
    if status == Status.OUT and purchase.past:
        # Too late for an answer: the clock ends the window as soon as it looks.
        return _turn_of({Part.SYSTEM}, (), purchase.due)
    if status == Status.OUT and direct and purchase.offer in WAITING:
        who = {part for one in OFFERS.transitions if one.name in ANSWERS for part in one.who}
        return _turn_of(who, ANSWERS, purchase.due)
    return _kept_back(purchase) or _brought_on(purchase)


def _kept_back(purchase: Purchase) -> Turn | None:
    """Who acts where what would come next is not taken yet, or never: scores, low prices, rules that are broken, a
    notice that comes first, an approval, a standstill. None where nothing keeps it back.
    """
    status = purchase.status
    if purchase.barred == Bar.OF_NOTICE:
        return _to_publish(purchase)
    if status == Status.EVALUATING and purchase.unscored is not None:
        return purchase.unscored
    if purchase.uncounted and status == Status.EVALUATED:
        return _stepped("evaluate_again", purchase)
    if purchase.uncounted and status == Status.INTENTION:
        # What was told is taken back first.
        return _stepped("undo", purchase)
    if status == Status.EVALUATED and purchase.unranked:
        return _given_up(purchase)
    if status == Status.EVALUATED and purchase.low_unsettled is not None:
        return purchase.low_unsettled
    if purchase.barred is not None and status in ANOTHER:
        return Turn(*ANOTHER[Status(status)]) if purchase.barred == Bar.OF_SUPPLIER else _given_up(purchase)
    outcome = CALL_OFFS.step("approve", status, purchase.route)
    if purchase.approval_missing and outcome is not None and not outcome.target:
        # What ranks first needs an approval before it is told or awarded.
        if purchase.sent_back:
            return _stepped("ask_approval", purchase)
        return _turn_of(outcome.who, (outcome.name,), purchase.due)
    if status == Status.INTENTION and purchase.held:
        if purchase.held_until is None and purchase.to_publish:
            # It begins with the day of publication.
            return _stepped("publish_notice", purchase)
        # Nobody may award before; from then on the owner does.
        return Turn((Part.SYSTEM,), (), purchase.held_until)
    return None


def _stepped(name: str, purchase: Purchase) -> Turn:
    step = CALL_OFFS.step(name, purchase.status, purchase.route)
    assert step is not None
    return _turn_of(step.who, (name,), None)


def _brought_on(purchase: Purchase) -> Turn:
    """Who takes the next step of its route, or of its contract."""
    if purchase.status == Status.AWARDED:
        sides = {part for one in CONTRACTS.transitions if one.name == "sign" for part in one.who}
        return _turn_of(sides - purchase.signed, ("sign",), None)
    steps = list(_forward(purchase))
    who = {part for one in steps for part in one.who}
    if who == {Part.SYSTEM}:
        # The clock moves it; until then the suppliers are waited for.
        return _turn_of({Part.LEAD}, ASKED_FIRST if purchase.asking else TENDERING, purchase.due)
    return _turn_of(who, tuple(dict.fromkeys(one.name for one in steps)), purchase.due)


def _given_up(purchase: Purchase) -> Turn:
    """What the buyer can do where nobody is left, or the rules let nothing more come of it: it ends."""
    owned = [
        one
        for one in _out_of(purchase.status, purchase.route)
        if Part.OWNER in one.who and one.target in CALL_OFFS.last
    ]
    # No supplier failed to answer or to win while one holds an offer.
    names = [one.name for one in owned if not (one.name == "fail" and purchase.offer)]
    return _turn_of({Part.OWNER}, tuple(names), None)


def _to_publish(purchase: Purchase) -> Turn:
    who = {part for one in CONTRACTS.transitions if one.name in purchase.telling for part in one.who}
    return _turn_of(who, purchase.telling, purchase.publish_by)


def _turn_of(who: Iterable[Part], steps: tuple[str, ...], by: datetime | None) -> Turn:
    return Turn(tuple(part for part in Part if part in frozenset(who)), steps, by)


def _forward(purchase: Purchase) -> Iterator[Transition]:
    """The steps that bring it on from where it stands."""
    stations, status = path(purchase.route), purchase.status
    approves = status == Status.DRAFT and purchase.approval_asked
    for one in _out_of(status, purchase.route):
        if one.target not in stations:
            continue
        if status == Status.OUT and purchase.route == DIRECT:
            if one.name == ("award" if purchase.offer else "send_offer"):
                yield one
        elif (
            stations.index(one.target) > stations.index(status)
            and approves is (one.target == Status.APPROVED)
            # While a standstill that was promised holds the award, it is told of first.
            and not (one.name == "award" and purchase.held and status == Status.EVALUATED)
        ):
            yield one


def _out_of(status: str, route: str) -> Iterator[Transition]:
    for one in CALL_OFFS.transitions:
        if status in one.sources and one.route in (None, route):
            yield one


def _reached(start: str, route: str, without: str = "") -> set[str]:
    return reached(start, lambda status: (one for one in _out_of(status, route) if one.target != without))


def reached(start: str, out_of: Callable[[str], Iterable[Transition]]) -> set[str]:
    """The statuses that one comes to from `start` by the steps that lead out of each, itself among them."""
    found, todo = {start}, [start]
    while todo:
        for one in out_of(todo.pop()):
            if one.target and one.target not in found:
                found.add(one.target)
                todo.append(one.target)
    return found


def drawn(machine: Machine, stations: Sequence[str], here: int, place: Place) -> tuple[Station, ...]:
    """The stations by number `here`: what is before it is done, what is after it ahead, and it lies at `place`."""
    return tuple(
        Station(
            status,
            machine.labels[status],
            Place.DONE if number < here else place if number == here else Place.AHEAD,
        )
        for number, status in enumerate(stations)
    )

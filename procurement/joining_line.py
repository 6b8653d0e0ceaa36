"""An application to join as a line: its stations, where it stands, who acts next, and which steps may be taken now.

Pure, computed from JOININGS of states.py, as line.py does it for call-offs; the API and the pages draw the same line.
A firm that applies by itself meets no lead: what only a lead brings about is no station of its line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from procurement.available import Turn
from procurement.line import Line, Place, Station, drawn, reached
from procurement.models.joining import Joining
from procurement.states import JOININGS, Part, Transition

Status = Joining.Status
GOAL: Final = Status.JOINED
LEAD_ALONE: Final = frozenset({Part.LEAD})


@dataclass(frozen=True, slots=True)
class Application:
    """What of an application decides who does what next. `alone`: for a lot by the firm itself, in no consortium.
    `passed` are the statuses on its way, first to last.
    """

    status: str
    alone: bool
    passed: tuple[str, ...] = (Status.DRAFT,)


def application_of(joining: Joining) -> Application:
    """What of the row decides."""
    reached = {
        Status.SUBMITTED: joining.submitted_at,
        Status.AGREED: joining.agreed_at,
        Status.CHECKED: joining.checked_at,
    }
    passed = (Status.DRAFT, *(status for status, at in reached.items() if at is not None))
    return Application(joining.status, joining.supplier_id is None, passed)


@lru_cache(maxsize=2)
def stations(alone: bool) -> tuple[str, ...]:
    """The stations in their order: the statuses from which the firm still comes to belong."""
    found = _reached(JOININGS.first, alone) & {
        status for status in JOININGS.labels if GOAL in _reached(status, alone)
    }
    return tuple(status for status in JOININGS.labels if status in found)


def joining_steps(application: Application, parts: Collection[Part]) -> list[str]:
    """The steps that somebody with these parts may take now, in the table's order."""
    return list(
        dict.fromkeys(
            one.name
            for one in _out_of(application.status, application.alone)
            if not one.who.isdisjoint(parts)
        )
    )


def joining_line(application: Application) -> Line:
    """The line of an application."""
    route, status = stations(application.alone), application.status
    if status == GOAL:
        return Line(_drawn(route, GOAL, Place.DONE), status, Turn())
    if status in route:
        return Line(_drawn(route, status, Place.HERE), None, _turn(application))
    at = next((one for one in reversed(application.passed) if one in route), JOININGS.first)
    ended = tuple(one for one in _drawn(route, at, Place.ENDED) if one.place != Place.AHEAD)
    return Line(ended, status, Turn())


def _drawn(route: tuple[str, ...], at: str, place: Place) -> tuple[Station, ...]:
    return drawn(JOININGS, route, route.index(at), place)


def _turn(application: Application) -> Turn:
    route = stations(application.alone)
    here = route.index(application.status)
    steps = [one for one in _out_of(application.status, application.alone) if one.target in route[here + 1 :]]
    who = {part for one in steps for part in one.who}
    return Turn(tuple(part for part in Part if part in who), tuple(dict.fromkeys(one.name for one in steps)))


def _out_of(status: str, alone: bool) -> Iterator[Transition]:
    """The steps out of a status. A firm by itself has no lead to agree; in a consortium nobody passes the lead by."""
    for one in JOININGS.transitions:
        if status not in one.sources:
            continue
        if alone and one.who == LEAD_ALONE:
            continue
        if not alone and one.target == Status.CHECKED and status == Status.SUBMITTED:
            continue
        yield one


def _reached(start: str, alone: bool) -> set[str]:
    return reached(start, lambda status: _out_of(status, alone))

"""On which days a line of a rate card holds on which lots. Pure; days in Europe/London, both ends included.

A line holds where its supplier has a place, while it has it, and one for every lot gives way on a lot that has its own
(procurement/team_rates.py). Where the lots change from one day to the next the line is told in several stretches, of
which none shares a day with another: a question about a day finds the lots of that day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from procurement.models import Appointment, Framework
from procurement.team_lines import folded

Days = tuple[date, date]
"""The first and the last; `date.min` and `date.max` do not bound."""
DaysByLot = Mapping[int, Sequence[Days]]
Asked = tuple[str | int | None, ...]


class Stretch(NamedTuple):
    """Days on which a line holds on these lots (primary keys)."""

    first: date
    last: date
    lots: frozenset[int]


class Line(Protocol):
    """What is looked at of a line. Keys are primary keys."""

    @property
    def lot_id(self) -> int | None: ...

    @property
    def grade_id(self) -> int | None: ...

    @property
    def role_title(self) -> str: ...

    @property
    def min_experience(self) -> int | None: ...

    @property
    def qualification(self) -> str: ...

    @property
    def site(self) -> str: ...

    @property
    def valid_from(self) -> date | None: ...

    @property
    def valid_to(self) -> date | None: ...


def days_placed(appointments: Iterable[Appointment], framework: Framework) -> DaysByLot:
    """The days of a supplier's places under a framework, as procurement/on_day.py reads them: what held on its first
    day held before, what held on its last holds after it.
    """
    found: dict[int, list[Days]] = defaultdict(list)
    for one in appointments:
        last = one.ends_on or framework.ends_on
        held = one.starts_on <= framework.ends_on and last >= framework.starts_on
        if one.status == Appointment.Status.ACTIVE and held:
            found[one.lot_id].append(
                (
                    date.min if one.starts_on <= framework.starts_on else one.starts_on,
                    date.max if last >= framework.ends_on else last,
                )
            )
    return found


def own_days(lines: Sequence[Line], grades: Mapping[int, tuple[str, str, int]]) -> Mapping[Asked, DaysByLot]:
    """By what a line is asked for by, the days on which lots have lines of their own; empty where no line of these is
    for every lot.
    """
    found: dict[Asked, dict[int, list[Days]]] = defaultdict(lambda: defaultdict(list))
    if any(line.lot_id is None for line in lines):
        for line in lines:
            if line.lot_id is not None and (asked := _asked(line, grades)):
                found[asked][line.lot_id].append((line.valid_from or date.min, line.valid_to or date.max))
    return found


def stretches(
    line: Line,
    placed: DaysByLot,
    own: Mapping[Asked, DaysByLot],
    grades: Mapping[int, tuple[str, str, int]],
) -> Iterator[Stretch]:
    """The days on which the line holds on lots, with those, in order; its own first and last day do not count."""
    gone: DaysByLot = {}
    if line.lot_id is None:
        lots: Iterable[int] = placed
        gone = own.get(_asked(line, grades), {}) if own else {}
    else:
        lots = (line.lot_id,) if line.lot_id in placed else ()
    begins = {date.min}
    for lot in lots:
        for first, last in (*placed[lot], *gone.get(lot, ())):
            begins |= {first} if last == date.max else {first, last + timedelta(days=1)}
    days = sorted(begins)
    held = [
        frozenset(lot for lot in lots if _within(placed[lot], day) and not _within(gone.get(lot, ()), day))
        for day in days
    ]
    at = 0
    for to in range(1, len(days) + 1):
        if to == len(days) or held[to] != held[at]:
            if held[at]:
                last = date.max if to == len(days) else days[to] - timedelta(days=1)
                yield Stretch(days[at], last, held[at])
            at = to


def _within(spans: Iterable[Days], day: date) -> bool:
    return any(first <= day <= last for first, last in spans)


def _asked(line: Line, grades: Mapping[int, tuple[str, str, int]]) -> Asked:
    """What is the same of two lines of which one always stands before the other: the grade that they state alone, or
    the title with all that a person is asked for. Nothing of a line that is of both a grade and a role.
    """
    if line.grade_id is not None:
        return () if line.role_title else (grades[line.grade_id][0].upper(),)
    return folded(line.role_title), line.min_experience, line.qualification, line.site

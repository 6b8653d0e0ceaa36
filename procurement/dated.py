"""Facts with a first and a last day, and terms of months. Pure: days in Europe/London, both ends included."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, Protocol

MONTHS: Final = 12


class Dated(Protocol):
    """Whatever has a first and a last day, None where it is not known."""

    @property
    def valid_from(self) -> date | None: ...

    @property
    def valid_to(self) -> date | None: ...


def in_force(dated: Dated, day: date) -> bool:
    """Whether its days include this one; an unknown first or last day does not bound it."""
    return (dated.valid_from is None or dated.valid_from <= day) and (
        dated.valid_to is None or dated.valid_to >= day
    )


def last_day(starts_on: date, months: int) -> date:
    """The last day of `months` (1 or more) that begin on `starts_on`: three from 1 March end on 31 May.

    Where the month of the end has no such day, its last one ends the term: one month from 31 January ends on 28 or 29
    February.
    """
    year, month = divmod(starts_on.year * MONTHS + starts_on.month - 1 + months, MONTHS)
    longest = monthrange(year, month + 1)[1]
    if starts_on.day > longest:
        return date(year, month + 1, longest)
    return date(year, month + 1, starts_on.day) - timedelta(days=1)

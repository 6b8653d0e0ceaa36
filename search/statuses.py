"""The status of a framework on a day, from what a document holds of it: the rule of Framework.status_on."""

from __future__ import annotations

from datetime import date
from typing import Final, TypeVar

COMING: Final = "coming"
LIVE: Final = "live"
EXPIRED: Final = "expired"

Day = TypeVar("Day", date, int, str)


def status_on(status: str, starts_on: Day | None, ends_on: Day | None, on: Day) -> str:
    """A framework stored as live is coming before its first day and expired after its last; None does not bound it.
    Days are all of one kind: dates, their numbers, or ISO 8601.
    """
    if status != LIVE:
        return status
    if ends_on is not None and ends_on < on:
        return EXPIRED
    return COMING if starts_on is not None and starts_on > on else status

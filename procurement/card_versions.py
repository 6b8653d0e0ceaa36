"""Which version of a rate card holds on a day: the one reading for prices, listings, the rate explorer and the card.

A version holds from its first day, where it names one, until its last or the day before the next one begins. Once
that has begun, all that began before it are over for good, also when it ends itself. Of two that claim the same days
the one published later has them; one that ends before another begins claims nothing of it, whichever was published
first. Days are days in Europe/London.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from procurement.dated import Dated, in_force
from procurement.models.frameworks import Framework
from procurement.models.rates import RateCardVersion


@dataclass(frozen=True, slots=True)
class Spell:
    """A version and the days on which it is the one to look at: `since` the first, None for that which begins first,
    `until` the last, None for that which begins last. On some of them it may not be in force itself.
    """

    version: RateCardVersion
    since: date | None
    until: date | None

    @property
    def last(self) -> date | None:
        """The last day that the version names or the next one leaves it; None for neither."""
        return min(filter(None, (self.version.valid_to, self.until)), default=None)

    def holds(self, day: date) -> bool:
        """Whether the version is in force on the day."""
        return in_force(self.version, day) and (self.until is None or day <= self.until)

    def days(self, framework: Framework) -> tuple[date, date]:
        """The first and the last day on which the version is in force under its framework, which bounds those that it
        names itself or leaves open; the last is before the first where there is none.
        """
        first = max(filter(None, (framework.starts_on, self.version.valid_from, self.since)))
        return first, min(filter(None, (framework.ends_on, self.last)))


@dataclass(frozen=True, slots=True)
class Gap:
    """That a card holds on no day around this one: `ended_on` is the last day before on which it has held, `begins_on`
    the first after on which it will; None for none.
    """

    ended_on: date | None
    begins_on: date | None


def ends_before(version: Dated, other: Dated) -> bool:
    """Whether a version is over before another begins."""
    return (
        version.valid_to is not None and other.valid_from is not None and version.valid_to < other.valid_from
    )


def leaves(newer: Dated, older: Dated) -> bool:
    """Whether a version leaves one that was published before it its first day, and with it some days to hold."""
    if ends_before(newer, older):
        return True
    return newer.valid_from is not None and (older.valid_from is None or older.valid_from < newer.valid_from)


def spells(versions: Iterable[RateCardVersion]) -> list[Spell]:
    """Those of one card that is or was published, that which begins last first; `versions` are the newest first. A
    version that later ones leave no day is left out. Every day is within exactly one.
    """
    held: list[RateCardVersion] = []
    for version in versions:
        if all(leaves(newer, version) for newer in held):
            held.append(version)
    held.sort(key=lambda version: version.valid_from or date.min, reverse=True)
    starts = [version.valid_from for version in held]
    ends = [None, *(start - timedelta(days=1) for start in starts if start is not None)]
    return [
        Spell(version, None if version is held[-1] else start, until)
        for version, start, until in zip(held, starts, ends, strict=False)
    ]


def spells_by_card(versions: Iterable[RateCardVersion]) -> Iterator[tuple[int, list[Spell]]]:
    """The same of several cards, each with its primary key: `versions` stand by card, the newest of each first."""
    for card, of_card in groupby(versions, key=attrgetter("card_id")):
        yield card, spells(of_card)


def spell_on(found: Iterable[Spell], day: date) -> Spell | None:
    """That of the version in force on a day, None where none is."""
    return next((spell for spell in found if spell.holds(day)), None)


def version_on(found: Iterable[Spell], day: date) -> RateCardVersion | None:
    """The version in force on a day, None where none is."""
    spell = spell_on(found, day)
    return None if spell is None else spell.version


def gap_on(found: Iterable[Spell], day: date) -> Gap:
    """What is before and after a day on which none of the versions is in force."""
    known = list(found)
    lasts = [spell.last for spell in known]
    firsts = [spell.version.valid_from for spell in known]
    return Gap(
        max((last for last in lasts if last is not None and last < day), default=None),
        min((first for first in firsts if first is not None and first > day), default=None),
    )

"""Which version of a rate card holds on a day: the one reading for prices, listings, the rate explorer and the card.

A version holds from its first day, where it names one, until its last or the day before a later version begins. Once
that has begun, all before it are over for good, also when it ends itself. Days are days in Europe/London.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from procurement.dated import in_force
from procurement.models.rates import RateCardVersion


@dataclass(frozen=True, slots=True)
class Spell:
    """A version and the days on which it is the one to look at: `since` the first, None for the oldest of its card,
    `until` the last, None for the newest. On some of them it may not be in force itself.
    """

    version: RateCardVersion
    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether the version is in force on the day."""
        return in_force(self.version, day) and (self.until is None or day <= self.until)


def spells(versions: Iterable[RateCardVersion]) -> list[Spell]:
    """Those of one card that is or was published, the newest first as `versions` are; a version that later ones leave
    no day is left out. Every day is within exactly one.
    """
    held: list[RateCardVersion] = []
    for version in versions:
        begins = held[-1].valid_from if held else None
        if held and (begins is None or (version.valid_from is not None and version.valid_from >= begins)):
            continue
        held.append(version)
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

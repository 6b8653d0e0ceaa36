"""The days of a card that an import makes, and which prices that stand its rows would end before others hold.

Between rate_imports.py, which has read the rows, and rates.py, which publishes cards. Days are days in Europe/London.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils import timezone

from procurement.actions.rate_checks import slices
from procurement.actions.rate_lines import Days, LineDraft, dated, undated
from procurement.actions.rates import lines_of_version
from procurement.card_versions import Spell, spells_by_card
from procurement.dated import in_force
from procurement.models import RateCardVersion
from procurement.pricing import money
from procurement.querysets import RateCardVersionQuerySet
from procurement.team_lines import folded


@dataclass(frozen=True, slots=True)
class Ended:
    """A line of a file that would end a price that stands, and why: `wrong` where the file has another for later and
    none until then, else it is odd.
    """

    line: LineDraft
    message: str
    wrong: bool


def days_of(lines: Sequence[LineDraft]) -> tuple[date | None, date | None, tuple[LineDraft, ...]]:
    """The days of a card of these lines: from the earliest first day to the latest last one, None where a line states
    none. Lines then state no day of their own that is the card's.
    """
    firsts, lasts = {line.valid_from for line in lines}, {line.valid_to for line in lines}
    first = min(filter(None, firsts), default=None) if None not in firsts else None
    last = max(filter(None, lasts), default=None) if None not in lasts else None
    return first, last, tuple(undated(line, (first, last)) for line in lines)


def standing(cards: Iterable[str]) -> dict[str, list[Spell]]:
    """The versions of each of these cards (references) that hold on any day; one query for each 500."""
    found: dict[str, list[Spell]] = {}
    for references in slices(list(cards)):
        versions = (
            RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card__reference__in=references)
        )
        for _, held in spells_by_card(versions.select_related("card").order_by("card_id", "-number")):
            found[held[0].version.card.reference] = held
    return found


def uneven(lines: Sequence[LineDraft]) -> bool:
    """Whether some of the lines do not hold on the day on which a card of them takes the place of another."""
    day = _replaces_on(lines)
    return any(not in_force(line, day) for line in lines)


def ended_prices(lines: Sequence[LineDraft], found: Sequence[Spell]) -> Iterator[Ended]:
    """The lines that would end a price of the versions that stand (`found`) before another holds for the very same."""
    day = _replaces_on(lines)
    before: dict[LineDraft, list[tuple[LineDraft, Days]]] = defaultdict(list)
    for spell in found:
        for line, days in _of_spell(spell, day):
            before[_same(line)].append((line, days))
    held = {
        thing: line for thing, stood in before.items() for line, days in stood if _overlap(days, day, day)
    }
    by_thing: dict[LineDraft, list[LineDraft]] = defaultdict(list)
    for line in lines:
        by_thing[_same(line)].append(line)
    nothing_holds = bool(held) and not any(in_force(line, day) for line in lines)
    for thing, alike in by_thing.items():
        if any(in_force(line, day) for line in alike):
            continue
        later = min(
            (line for line in alike if line.valid_from is not None and line.valid_from > day),
            key=lambda line: line.valid_from or day,
            default=None,
        )
        lapsed = [line for line in alike if line.valid_to is not None and line.valid_to < day]
        if nothing_holds:
            for line in lapsed:
                why = f"without a rate that holds, the {_rates(len(held))} in force would be gone"
                yield Ended(line, f"ended on {line.valid_to}: {why}", wrong=False)
        elif later is None and thing in held:
            for line in lapsed:
                price = money(held[thing].price_minor)
                yield Ended(
                    line, f"ended on {line.valid_to}: the rate in force, {price}, would be gone", wrong=False
                )
        if later is None:
            continue
        assert later.valid_from is not None
        until = later.valid_from - timedelta(days=1)
        gone = next((line for line, days in before.get(thing, ()) if _overlap(days, day, until)), None)
        if gone is not None:
            why = (
                f"begins after the card's {day}, from which the rate that stands until then, "
                f"{money(gone.price_minor)}, would be gone; add a row that keeps it until {until}"
            )
            yield Ended(later, why, wrong=True)


def _replaces_on(lines: Sequence[LineDraft]) -> date:
    """The day on which a card of these lines takes the place of what stands: its first one, or today."""
    first, today = days_of(lines)[0], timezone.localdate()
    return today if first is None else max(first, today)


def _of_spell(spell: Spell, day: date) -> Iterator[tuple[LineDraft, Days]]:
    """The lines of a version that may hold on or after a day, each with its first and last day of holding."""
    version = spell.version
    if spell.until is not None and spell.until < day:
        return
    for line in lines_of_version(version.pk):
        first = max(filter(None, (line.valid_from, version.valid_from, spell.since)), default=None)
        last = min(filter(None, (line.valid_to, spell.last)), default=None)
        yield line, (first, last)


def _overlap(days: Days, first: date, last: date) -> bool:
    return (days[0] is None or days[0] <= last) and (days[1] is None or days[1] >= first)


def _same(line: LineDraft) -> LineDraft:
    """What a line is a rate for, without its key, price and days."""
    return replace(
        line, key="", price_minor=0, role_title=folded(line.role_title), valid_from=None, valid_to=None
    )


def _rates(many: int) -> str:
    return "rate" if many == 1 else f"{many} rates"


def lines_kept(found: Sequence[Spell], last: date | None, keys: Collection[str]) -> tuple[LineDraft, ...]:
    """The lines that bear these keys, dated and in their order, of the version whose place a card of this last day
    takes (`found` stand). They end before the next version begins, so that the card still leaves that as it is.
    """
    stands = reached(found, last)
    if not stands:
        return ()
    version = stands[0].version
    days = version.valid_from, stands[0].last
    kept = [dated(line, days) for line in lines_of_version(version.pk) if line.key in keys]
    return tuple(
        line
        for line in kept
        if line.valid_from is None or line.valid_to is None or line.valid_from <= line.valid_to
    )


def apart(found: Sequence[Spell], days: Days, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """The lines that bear these keys and that a card of these days could not keep as they are, each with why: it would
    take the place of two versions that stand (`found`), and a line of a card is at one price. By key.
    """
    stands = reached(found, days[1])
    if len(stands) < 2:
        return
    today = timezone.localdate()
    from_day = today if days[0] is None else max(days[0], today)
    later = {line.key: line for line in lines_of_version(stands[0].version.pk) if line.key in keys}
    for spell in stands[1:]:
        for line, (first, last) in _of_spell(spell, from_day):
            if line.key not in keys or last is None or last < max(first or from_day, from_day):
                continue
            after = later.get(line.key)
            then = f"is at {money(after.price_minor)} afterwards" if after else "is withdrawn then"
            why = (
                f"is refused, but its line, at {money(line.price_minor)} until {last}, {then}: a card that reaches "
                "past that day cannot leave both as they are, so none of its rows is loaded; mend this row, or have "
                "the card end by then"
            )
            yield line.key, why


def reached(found: Sequence[Spell], last: date | None) -> list[Spell]:
    """Those of the versions that stand (`found`) that have begun by the last day of a card (None: it names none), in
    their order: it is over before the others begin, and ends nothing of them.
    """
    return [
        spell
        for spell in found
        if last is None or spell.version.valid_from is None or spell.version.valid_from <= last
    ]

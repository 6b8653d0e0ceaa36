"""A proposed card beside the one in force: line by line what was, what is to be, the difference, and which rule it
breaks or what is odd about it. Pure.

Asked by rate_proposals.py before a proposal is submitted and again before it is approved; shown by API and pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from procurement.actions.rate_lines import LineChange, LineDraft, LinesDiff, compare_lines
from procurement.pricing import implausible

HUNDRED: Final = 100
TENTH: Final = Decimal("0.1")
RULES: Final[dict[str, str]] = {
    "above_rise_ceiling": "Raised by more than the framework allows.",
    "raised": "Raised, and the framework states no ceiling of rises: its indexation rule decides.",
    "withdrawn": "Withdrawn: who asks for it can no longer be priced.",
    "implausible": "So far from other rates that it may be a slip.",
}
"""What may be said of a line, by rule; the first alone stops a proposal."""
STOPS: Final = frozenset({"above_rise_ceiling"})


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line that does not stay as it is. `place` is where it stands in the proposal, None for one that goes; rates in
    minor units of the card's currency for one of its units, VAT excluded; `per_cent` to a tenth.
    """

    change: LineChange
    place: int | None
    rules: tuple[str, ...]

    @property
    def old(self) -> int | None:
        return self.change.before.price_minor if self.change.before else None

    @property
    def new(self) -> int | None:
        return self.change.after.price_minor if self.change.after else None

    @property
    def difference(self) -> int | None:
        """New less old; None for a line that is added or goes."""
        return None if self.old is None or self.new is None else self.new - self.old

    @property
    def per_cent(self) -> Decimal | None:
        if self.old is None or self.difference is None:
            return None
        return (Decimal(self.difference) * HUNDRED / self.old).quantize(TENTH, ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the lines compare: counts, and every line that is withdrawn, changed or added, in that order."""

    diff: LinesDiff
    lines: tuple[ComparedLine, ...]

    @property
    def stopped(self) -> Iterator[tuple[ComparedLine, str]]:
        """The lines that no card may hold, each with the rule."""
        return ((line, rule) for line in self.lines for rule in line.rules if rule in STOPS)

    @property
    def counts(self) -> dict[str, int]:
        """So many lines are added, changed, unchanged, withdrawn; of the changed so many raised and lowered."""
        moves = [line.difference for line in self.lines if line.difference]
        return {
            **self.diff.counts(),
            "raised": sum(one > 0 for one in moves),
            "lowered": sum(one < 0 for one in moves),
        }


def compare_cards_lines(
    before: Iterable[LineDraft],
    after: Iterable[LineDraft],
    currency: str,
    unit: str,
    rise_ceiling: Decimal | None,
) -> Comparison:
    """Compares the lines in force with those proposed, by key. `rise_ceiling` in per cent of the rate in force, None
    where the framework states none.
    """
    proposed = list(after)
    places = {line.key: place for place, line in enumerate(proposed)}
    diff = compare_lines(before, proposed)
    return Comparison(
        diff,
        tuple(
            ComparedLine(
                one,
                places[one.line.key] if one.after else None,
                tuple(_rules(one, currency, unit, rise_ceiling)),
            )
            for one in diff.changes
        ),
    )


def _rules(change: LineChange, currency: str, unit: str, rise_ceiling: Decimal | None) -> Iterator[str]:
    before, after = change.before, change.after
    if after is None:
        yield "withdrawn"
        return
    if before is not None and after.price_minor > before.price_minor:
        if rise_ceiling is None:
            yield "raised"
        elif after.price_minor * HUNDRED > before.price_minor * (HUNDRED + rise_ceiling):
            yield "above_rise_ceiling"
    if (before is None or before.price_minor != after.price_minor) and implausible(
        after.price_minor, currency, unit
    ):
        yield "implausible"

"""The geometry of a histogram that the server draws: bars, axes and marks in the units of the drawing's view
box.

The rates journey's last step before its template: numbers in, coordinates out. Colours and fonts stand in the
style sheet;
the same numbers stand in the table beside the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from procurement.pricing import Bin
from web.formats import money

WIDTH: Final = 640
HEIGHT: Final = 320
LEFT: Final = 56
RIGHT: Final = 624
TOP: Final = 48
BOTTOM: Final = 272
GAP: Final = 2
"""Between two bars."""
_NARROWEST: Final = 1
"""Of a bar, where a price far off leaves the others next to no room."""
_EQUAL: Final = 40
"""Of the one bar of prices that are all equal, so that it can be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what is written there; `anchor` is where the text hangs (start, middle, end)."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Histogram:
    """What the template draws. `marks` are upright lines through the plot: the median, a proposed price."""

    bars: tuple[Bar, ...]
    prices: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    median: Tick
    proposed: Tick | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


def histogram(bins: Sequence[Bin], median: int, proposed: int | None, currency: str) -> Histogram:
    """Lays out the bins (not empty, adjoining, prices in minor units) with the median and a proposed price,
    if any.

    The axis of prices reaches from the lowest to the highest price, further where the proposed one lies
    outside.
    """
    low = min(bins[0].lower, proposed if proposed is not None else bins[0].lower)
    high = max(bins[-1].upper, proposed if proposed is not None else bins[-1].upper)
    equal = bins[0].lower == bins[-1].upper
    steps = count_steps(max(bin_.count for bin_ in bins))

    def across(price: float) -> float:
        if high == low:
            return (LEFT + RIGHT) / 2
        return round(LEFT + (price - low) / (high - low) * (RIGHT - LEFT), 1)

    def up(count: int) -> float:
        return round(BOTTOM - count / steps[-1] * (BOTTOM - TOP), 1)

    return Histogram(
        bars=tuple(
            _bar(across(one.lower), across(one.upper), up(one.count), _EQUAL if equal else _NARROWEST)
            for one in bins
        ),
        prices=tuple(
            Tick(across(price), money(price, currency), anchor) for price, anchor in _price_ticks(low, high)
        ),
        counts=tuple(Tick(up(step), f"{step:,}", "end") for step in steps),
        median=_mark(across(median), _("Median %(amount)s") % {"amount": money(median, currency)}),
        proposed=_mark(across(proposed), _("Proposed %(amount)s") % {"amount": money(proposed, currency)})
        if proposed is not None
        else None,
    )


def count_steps(most: int) -> list[int]:
    """Round numbers from 0 up to at least `most` (1 or more), three to six of them: 0, 20, 40, 60."""
    rough = max(most / 4, 1)
    magnitude: int = 10 ** int(math.log10(rough))
    step = next(size * magnitude for size in (1, 2, 5, 10) if size * magnitude >= rough)
    return [step * number for number in range(-(-most // step) + 1)]


def _price_ticks(low: int, high: int) -> list[tuple[int, str]]:
    """Five places from `low` to `high`, in whole pounds between; the outer texts stay inside the drawing."""
    if low == high:
        return [(low, "middle")]
    inner = [round((low + (high - low) * quarter / 4) / 100) * 100 for quarter in (1, 2, 3)]
    return [(low, "start"), *((price, "middle") for price in inner), (high, "end")]


def _bar(left: float, right: float, top: float, least: int) -> Bar:
    """At least so wide, and within the plot."""
    if right - left < least:
        left = min(max((left + right - least) / 2, LEFT), RIGHT - least)
        right = left + least
    gap = GAP if right - left > 3 * GAP else 0
    return Bar(round(left, 1), top, round(right - left - gap, 1), round(BOTTOM - top, 1))


def _mark(at: float, label: str) -> Tick:
    return Tick(at, label, "end" if at > (LEFT + RIGHT) / 2 else "start")

"""Deep pages of everything: where page 50 of all lines begins, without the service sorting all lines before it.

A sort's first values (prices, folded titles, years) are counted once for a generation, unit and day. From the counts it
follows between which two values a page lies, and how many lines there come before it; only those are then asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

FIRST: Final = {"price": "price", "-price": "price", "role": "folded", "experience": "min_experience"}
"""The field that each sort looks at first."""

DEEP: Final = 1_000
"""Lines before a page from which on this is worth its while."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A page as the lines within `bounds`, of which `skipped` come before it."""

    bounds: Mapping[str, Any]
    skipped: int


class Spread:
    """How often each first value of a sort stands among all lines, in the sort's order."""

    def __init__(self, sort: str, counts: Mapping[Any, int]) -> None:
        self._sort = sort
        self._values = list(reversed(counts)) if sort == "-price" else list(counts)
        ordered = [counts[value] for value in self._values]
        self._ends = list(accumulate(ordered))

    def cut(self, start: int, size: int) -> Cut | None:
        """The page that begins behind `start` lines; None if it does not lie within the values known."""
        if not self._ends or start + size > self._ends[-1]:
            return None
        first, last = bisect_right(self._ends, start), bisect_right(self._ends, start + size - 1)
        lower, upper = self._values[first], self._values[last]
        if self._sort == "-price":
            lower, upper = upper, lower
        before = self._ends[first - 1] if first else 0
        return Cut({"range": {FIRST[self._sort]: {"gte": lower, "lte": upper}}}, start - before)

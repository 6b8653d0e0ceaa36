"""What a listing is worth by all parts of the score at once, in whole numbers that every engine adds up exactly:
candidates are those who are worth most.

It comes near the score of search/ranks.py without reading a text, whose part is taken for 0.3 of the share of the
need's words that a listing holds and 0.2 of how near its nearest text is (least squares over the best 300 of each need:
0.35 and 0.22 of 60 judged needs, 0.24 and 0.18 of 25 needs over the fictional market). Freshness is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.meaning import LENGTH
from search.need import Need

WORDS: Final = 0.3
MEANING: Final = 0.2
PRICE_STEPS: Final = 32
"""The price's part is told in so many steps."""
PAIRS: Final = 50
"""Of a need so many pairs are looked at: a service refuses too large a question."""
_WHOLE: Final = 1 << 22
"""What all parts together may be worth: 32 bits add up whole numbers to four times as much exactly."""


@dataclass(frozen=True, slots=True)
class Worths:
    """What is added for: each 64th of what a word tells; each unit of the product with the nearest text's vector; a
    pair that is not stated (twice as much where it is met); each step of the price; each kind of preference met.
    """

    word: int
    near: int
    pair: int
    price: int
    liked: int


def worths_of(need: Need) -> Worths:
    """What counts for a need, by the weights of the parts that it says something about."""
    stated = {
        "text": bool(need.terms) or need.vector is not None,
        "coverage": bool(need.pairs),
        "price": bool(need.days) and need.framework is not None,
        "preferences": bool(need.preferences),
    }
    weights = {part: need.weights.get(part, 0) for part, said in stated.items() if said}
    pairs = len(need.pairs[:PAIRS])
    if need.order == "coverage" and pairs:
        # Half a pair more stands before everything else.
        weights["coverage"] = 2 * pairs * max(sum(weights.values()), 1)
    one = _WHOLE / (sum(weights.values()) or 1)

    def worth(part: str, share: float, count: int) -> int:
        """Of one of so many, who together are that share of the part."""
        return round(one * weights.get(part, 0) * share / max(count, 1))

    return Worths(
        worth("text", WORDS, sum(term.steps for term in need.terms)),
        worth("text", MEANING, LENGTH * LENGTH),
        worth("coverage", 1.0, 2 * pairs),
        worth("price", 1.0, PRICE_STEPS),
        worth("preferences", 1.0, len(need.preferences)),
    )


def price_steps(totals: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many steps of the price's part each total has, among the sorted prices of its kind."""
    steps: NDArray[np.int64] = (len(among) - np.searchsorted(among, totals)) * PRICE_STEPS // len(among)
    return steps

"""The order of a match: five parts, each from 0 to 1, weighed as the answer shows.

- text: how well the listing's texts answer the need (relevance.py);
- coverage: the share of what is asked for (each specialism in each region) that an offering meets; what a partner
  does not state counts half, since unknown is not no;
- price: the share of suppliers that are not cheaper for the team, among cards of the same currency, unit and basis;
  nothing without a price;
- preferences: the share of the kinds of preference (ownership, size, sector, accreditation) that the partner meets;
- freshness: whether the partner stood by its profile within FRESH months, falling to nothing at STALE.

A part that the requirement says nothing about is left out, and freshness too where no other is left: when a firm last
wrote answers no need. Then nobody scores. Equal scores (to four decimals) stand in the seed's fair order. `coverage`,
`price` and `name` rank by that first; `shuffle` by the seed's order alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from procurement.pricing import position, share_of
from procurement.requirements import RequirementContent
from search.engines.matching_base import NO_TOTAL, Candidates, CardKind, Covered, Gathered, Prices
from search.need import Mode, Need
from search.relevance import Scores
from search.ties import hashes_of, ties

WEIGHTS: Final[Mapping[str, int]] = {
    "text": 50,
    "coverage": 25,
    "price": 15,
    "preferences": 5,
    "freshness": 5,
}
"""What the parts weigh unless the buyer says otherwise."""

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "text": (0, 100),
    "coverage": (0, 100),
    "price": (0, 100),
    "preferences": (0, 20),
    "freshness": (0, 20),
}
"""Between what a weight may be set: who owns a firm, how large it is and when it last wrote help to browse, they do
not decide (design, section 7).
"""

MODES: Final[Mapping[Mode, str]] = {
    "balanced": "All parts, weighed",
    "coverage": "Most of what is asked for",
    "price": "Lowest price for the team",
    "name": "Name",
    "shuffle": "A fair shuffle",
}

POUNDS: Final = "GBP"
FRESH: Final = 6
STALE: Final = 24
"""Months since a partner confirmed its profile."""
_EPOCH: Final = date(1970, 1, 1).toordinal()

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place in Gathered.candidates, its score and the parts that made it."""

    place: int
    score: float
    parts: Mapping[str, float]
    words: float
    meaning: float


def ranked(gathered: Gathered, scores: Scores | None, need: Need, size: int) -> list[Ranked]:
    """The first `size` of the candidates, in order."""
    candidates = gathered.candidates
    if not candidates.keys:
        return []
    parts = _parts(gathered, scores, need)
    weighed = _weighed(parts, need.weights, len(candidates))
    # Candidates stand in the order of their keys, and sorting keeps that among equals.
    by: list[NDArray[Any]] = [ties(hashes_of(candidates.keys), need.seed)]
    if need.order != "shuffle":
        by += [-weighed, *_first(need.order, candidates, parts)]
    shown = np.lexsort(by)[:size].tolist()
    return [
        Ranked(
            place,
            float(weighed[place]),
            {part: float(values[place]) for part, values in parts.items()},
            0.0 if scores is None else float(scores.words[place]),
            0.0 if scores is None else float(scores.meaning[place]),
        )
        for place in shown
    ]


def _first(mode: Mode, candidates: Candidates, parts: Mapping[str, Floats]) -> list[NDArray[Any]]:
    """What a mode ranks by before the balanced score, the most important last."""
    if mode == "coverage" and "coverage" in parts:
        return [-parts["coverage"]]
    if mode == "price":
        # Amounts of two currencies are not compared: pounds come first, then each other one by itself.
        currencies = ["" if currency == POUNDS else currency for currency, _, _ in candidates.cards]
        apart = np.unique(np.array(currencies), return_inverse=True)[1]
        return [candidates.totals, apart, candidates.totals == NO_TOTAL]
    if mode == "name":
        return [np.unique(np.array(candidates.names), return_inverse=True)[1]]
    return []


def _parts(gathered: Gathered, scores: Scores | None, need: Need) -> dict[str, Floats]:
    candidates = gathered.candidates
    parts: dict[str, Floats] = {}
    if scores is not None:
        parts["text"] = scores.text
    if need.pairs:
        parts["coverage"] = candidates.covered.sum(axis=1) / (Covered.MET * len(need.pairs))
    if need.priced:
        parts["price"] = _price(candidates, gathered.prices)
    if need.preferences:
        parts["preferences"] = np.mean(candidates.preferred, axis=1)
    if parts:
        parts["freshness"] = _freshness(candidates.confirmed_on, need.on)
    return parts


def _price(candidates: Candidates, prices: Prices) -> Floats:
    places: dict[CardKind, list[int]] = {}
    for place, (card, total) in enumerate(zip(candidates.cards, candidates.totals.tolist(), strict=True)):
        if total != NO_TOTAL:
            places.setdefault(card, []).append(place)
    part = np.zeros(len(candidates))
    for card, some in places.items():
        totals = prices.totals[card]
        part[some] = 1.0 - np.searchsorted(totals, candidates.totals[some]) / len(totals)
    return part


def _freshness(confirmed_on: NDArray[np.int64], on: date) -> Floats:
    days = (confirmed_on - _EPOCH).astype("datetime64[D]")
    since = days.astype("datetime64[M]")
    day = (days - since.astype("datetime64[D]")).astype(np.int64) + 1
    months = (np.datetime64(on, "M") - since).astype(np.int64) - (on.day < day)
    fresh = np.clip((STALE - np.maximum(months, 0)) / (STALE - FRESH), 0.0, 1.0)
    return np.where(confirmed_on > 0, fresh, 0.0)


def percentile_of(place: int, gathered: Gathered) -> tuple[float, int] | None:
    """The share of suppliers, in per cent, whose team costs as much or less than a candidate's, and among how many
    cards of its kind.
    """
    total = int(gathered.candidates.totals[place])
    if total == NO_TOTAL:
        return None
    totals = gathered.prices.totals[gathered.candidates.cards[place]]
    return share_of(position(totals, total, "right"), len(totals)), len(totals)


def _weighed(parts: Mapping[str, Floats], weights: Mapping[str, int], count: int) -> Floats:
    total = sum(weights[part] for part in parts)
    summed = np.zeros(count)
    for part, values in parts.items():
        summed += weights[part] * values
    return np.round(summed / (total or 1), 4)


def preferred(content: RequirementContent) -> dict[str, tuple[str, ...]]:
    """The kinds of preference that a requirement states, with their values."""
    kinds = ("ownership", "size", "sector", "accreditation")
    return {kind: values for kind in kinds if (values := getattr(content.preferences, kind))}

"""The order of a match: five parts, each from 0 to 1, weighed as the answer shows.

- text: how well the listing's texts answer the need (relevance.py);
- coverage: the share of what is asked for (each specialism in each region) that an offering meets; what a partner
  does not state counts half, since unknown is not no;
- price: the share of suppliers that are not cheaper for the team, among cards of the same currency, unit and basis;
  nothing without a price;
- preferences: the share of the kinds of preference (ownership, size, sector, accreditation) that the partner meets;
- freshness: whether the partner stood by its profile within FRESH months, falling to nothing at STALE.

A part that the requirement says nothing about is left out. Equal scores (to four decimals) stand in the seed's fair
order. `coverage`, `price` and `name` rank by that first; `shuffle` by the seed's order alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from procurement.pricing import position
from procurement.requirements import RequirementContent
from search.engines.matching_base import Candidate, Covered, Gathered
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

FRESH: Final = 6
STALE: Final = 24
"""Months since a partner confirmed its profile."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place in Gathered.candidates, its score and the parts that made it."""

    place: int
    score: float
    parts: Mapping[str, float]
    words: float
    meaning: float


def ranked(gathered: Gathered, scores: Scores | None, need: Need, weights: Mapping[str, int]) -> list[Ranked]:
    """Every candidate, in order."""
    texts = None if scores is None else scores.text
    made = []
    for place, one in enumerate(gathered.candidates):
        parts = _parts(one, None if texts is None else float(texts[place]), gathered, need)
        made.append(
            Ranked(
                place,
                _weighed(parts, weights),
                parts,
                0.0 if scores is None else float(scores.words[place]),
                0.0 if scores is None else float(scores.meaning[place]),
            )
        )
    keys = [one.key for one in gathered.candidates]
    fair = ties(hashes_of(keys), need.seed).tolist() if keys else []
    if need.order == "shuffle":
        return sorted(made, key=lambda one: (fair[one.place], keys[one.place]))
    first = _first(need.order, gathered.candidates)
    return sorted(made, key=lambda one: (*first(one), -one.score, fair[one.place], keys[one.place]))


def _first(mode: Mode, candidates: Sequence[Candidate]) -> Callable[[Ranked], tuple[Any, ...]]:
    """What a mode ranks by before the balanced score."""
    if mode == "coverage":
        return lambda one: (-one.parts.get("coverage", 0.0),)
    if mode == "price":
        return lambda one: (candidates[one.place].total is None, candidates[one.place].total or 0)
    if mode == "name":
        return lambda one: (candidates[one.place].name,)
    return lambda _: ()


def _parts(one: Candidate, text: float | None, gathered: Gathered, need: Need) -> dict[str, float]:
    parts: dict[str, float] = {}
    if text is not None:
        parts["text"] = text
    if one.covered:
        met = sum(each == Covered.MET for each in one.covered)
        half = sum(each == Covered.NOT_STATED for each in one.covered)
        parts["coverage"] = (met + half / 2) / len(one.covered)
    if need.days:
        parts["price"] = _price(one, gathered)
    if one.preferred:
        parts["preferences"] = sum(one.preferred) / len(one.preferred)
    parts["freshness"] = _freshness(one, need.on)
    return parts


def _price(one: Candidate, gathered: Gathered) -> float:
    totals = gathered.prices.totals.get(one.card)
    if one.total is None or totals is None:
        return 0.0
    return 1.0 - position(totals, one.total) / len(totals)


def _freshness(one: Candidate, on: date) -> float:
    if not one.confirmed_on:
        return 0.0
    then = date.fromordinal(one.confirmed_on)
    months = max((on.year - then.year) * 12 + on.month - then.month - (on.day < then.day), 0)
    return min(max((STALE - months) / (STALE - FRESH), 0.0), 1.0)


def percentile_of(one: Candidate, gathered: Gathered) -> tuple[float, int] | None:
    """The share of suppliers, in per cent, whose team costs as much or less, and among how many cards of its kind."""
    totals = gathered.prices.totals.get(one.card)
    if one.total is None or totals is None:
        return None
    return round(100 * position(totals, one.total, "right") / len(totals), 1), len(totals)


def _weighed(parts: Mapping[str, float], weights: Mapping[str, int]) -> float:
    total = sum(weights[part] for part in parts)
    if not total:
        return 0.0
    return round(sum(weights[part] * value for part, value in parts.items()) / total, 4)


def preferred(content: RequirementContent) -> dict[str, tuple[str, ...]]:
    """The kinds of preference that a requirement states, with their values."""
    kinds = ("ownership", "size", "sector", "accreditation")
    return {kind: values for kind in kinds if (values := getattr(content.preferences, kind))}

"""The order of a match: five parts, each from 0 to 1, weighed as the answer shows.

- text: how well the listing's texts answer the need (relevance.py);
- coverage: the share of what is asked for (each specialism in each region) that an offering meets; what a partner
  does not state counts half, since unknown is not no;
- price: the share of suppliers that are not cheaper for the team, among cards of the same currency, unit and basis;
  nothing without a price;
- preferences: the share of the kinds of preference (ownership, size, sector, accreditation) that the partner meets;
- freshness: whether the partner stood by its profile within FRESH months, falling to nothing at STALE.

A part that the requirement says nothing about is left out. Equal scores (to four decimals) stand in the seed's fair
order. `coverage`, `price` and `name` rank by that alone first; `shuffle` by the seed's order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from procurement.requirements import RequirementContent
from search.engines.matching_base import Candidate, Covered, Gathered
from search.need import Mode
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

CardKind = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """A candidate's stored result, and what is ranked by."""

    stored: Mapping[str, Any]
    candidate: Candidate

    @classmethod
    def of(cls, stored: Mapping[str, Any], candidate: Candidate) -> Facts:
        return cls(stored, candidate)

    @property
    def name(self) -> str:
        return str(self.stored["partner"]["name"])

    @property
    def card_kind(self) -> CardKind:
        """Currency, unit and basis of the card; what is not of one kind is not compared."""
        card = self.stored["rates"] or {}
        return card.get("currency", ""), card.get("unit", ""), card.get("basis", "")

    def months_unconfirmed(self, on: date) -> int | None:
        """Whole months since the partner stood by its profile, None if it never did."""
        if self.stored["confirmed_on"] is None:
            return None
        then = date.fromisoformat(self.stored["confirmed_on"])
        return max((on.year - then.year) * 12 + on.month - then.month - (on.day < then.day), 0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place in Gathered.candidates, its score and the parts that made it."""

    place: int
    score: float
    parts: Mapping[str, float]
    words: float
    meaning: float


def ranked(
    facts: Sequence[Facts],
    scores: Scores | None,
    gathered: Gathered,
    content: RequirementContent,
    mode: Mode,
    weights: Mapping[str, int],
    seed: int,
    on: date,
) -> list[Ranked]:
    """Every candidate, in order."""
    texts = None if scores is None else scores.text
    made = []
    for place, one in enumerate(facts):
        parts = _parts(one, None if texts is None else float(texts[place]), gathered, content, on)
        made.append(
            Ranked(
                place,
                _weighed(parts, weights),
                parts,
                0.0 if scores is None else float(scores.words[place]),
                0.0 if scores is None else float(scores.meaning[place]),
            )
        )
    fair = ties(hashes_of([one.candidate.key for one in facts]), seed).tolist() if facts else []
    first = _first(mode, facts)

    def key(one: Ranked) -> tuple[Any, ...]:
        return (*first(one), -one.score, fair[one.place], facts[one.place].candidate.key)

    if mode == "shuffle":
        return sorted(made, key=lambda one: (fair[one.place], facts[one.place].candidate.key))
    return sorted(made, key=key)


def _first(mode: Mode, facts: Sequence[Facts]) -> Callable[[Ranked], tuple[Any, ...]]:
    """What a mode ranks by before the balanced score."""
    if mode == "coverage":
        return lambda one: (-one.parts.get("coverage", 0.0),)
    if mode == "price":
        return lambda one: (
            facts[one.place].candidate.total is None,
            facts[one.place].candidate.total or 0,
        )
    if mode == "name":
        return lambda one: (facts[one.place].name.casefold(),)
    return lambda _: ()


def _parts(
    one: Facts, text: float | None, gathered: Gathered, content: RequirementContent, on: date
) -> dict[str, float]:
    parts: dict[str, float] = {}
    if text is not None:
        parts["text"] = text
    if one.candidate.covered:
        met = sum(each == Covered.MET for each in one.candidate.covered)
        half = sum(each == Covered.NOT_STATED for each in one.candidate.covered)
        parts["coverage"] = (met + half / 2) / len(one.candidate.covered)
    if content.team:
        parts["price"] = _price(one, gathered)
    if wanted := preferred(content):
        parts["preferences"] = sum(meets(one.stored, kind, content) for kind in wanted) / len(wanted)
    months = one.months_unconfirmed(on)
    if months is None:
        parts["freshness"] = 0.0
    else:
        parts["freshness"] = min(max((STALE - months) / (STALE - FRESH), 0.0), 1.0)
    return parts


def _price(one: Facts, gathered: Gathered) -> float:
    totals = gathered.prices.totals.get(one.card_kind)
    if one.candidate.total is None or totals is None:
        return 0.0
    return 1.0 - float(np.searchsorted(totals, one.candidate.total)) / len(totals)


def percentile_of(one: Facts, gathered: Gathered) -> tuple[float, int] | None:
    """The share of suppliers, in per cent, whose team costs as much or less, and among how many cards of its kind."""
    totals = gathered.prices.totals.get(one.card_kind)
    if one.candidate.total is None or totals is None:
        return None
    at_most = int(np.searchsorted(totals, one.candidate.total, side="right"))
    return round(100 * at_most / len(totals), 1), len(totals)


def preferred(content: RequirementContent) -> tuple[str, ...]:
    """The kinds of preference that a requirement states."""
    kinds = ("ownership", "size", "sector", "accreditation")
    return tuple(kind for kind in kinds if getattr(content.preferences, kind))


def meets(stored: Mapping[str, Any], kind: str, content: RequirementContent) -> bool:
    """Whether a listing has any of the values preferred of a kind."""
    wanted = getattr(content.preferences, kind)
    held = {"sector": "sectors", "accreditation": "accreditations"}.get(kind)
    return not set(wanted).isdisjoint(stored[held]) if held else stored[kind] in wanted


def _weighed(parts: Mapping[str, float], weights: Mapping[str, int]) -> float:
    total = sum(weights[part] for part in parts)
    if not total:
        return 0.0
    return round(sum(weights[part] * value for part, value in parts.items()) / total, 4)

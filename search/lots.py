"""Which specialisms and lots a need seems to be about, by their names: what a buyer who named none is offered.

A name is scored as a text is (search/relevance.py): how much of what the need's words tell stands in it, and how near
its meaning is. A lot is as good as its specialisms, the best counting fully, the second half, the third a third.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from search.analysis import terms_of
from search.engines.meanings import products
from search.engines.suggestions import Labels
from search.meaning import Model, Vectors, likeness
from search.need import NeedTerm
from search.relevance import MEANING_WEIGHT

SUGGESTED: Final = 8
RECOMMENDED: Final = 3
LEAST: Final = 0.2
"""Below this a name has too little to do with a need to be offered."""
WEAK: Final = 0.6
"""Below this a lot is a guess. Of 51 needs that public bodies published 36 reach it on the demonstration's lots; the
others are mostly for what no lot here names (buildings, vehicles, dictation, software). What has nothing to do with a
lot ("laptops for a school", "buy cars", letters in a row) stays below it, by whatever single word or likeness it came.
"""
_FOR_A_LOT: Final = 3
_NAMES: Final = 20_000
"""So many names are remembered with their terms."""

_vectors: dict[tuple[str, int], tuple[tuple[str, ...], Vectors]] = {}


@dataclass(frozen=True, slots=True)
class Named:
    """A specialism or lot that fits, with the words of the need that its name holds. `score` from 0."""

    reference: str
    name: str
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FittingLot:
    """A lot that fits, and the specialisms for which it does."""

    reference: str
    name: str
    number: str
    framework: str
    score: float
    because: tuple[Named, ...]

    @property
    def weak(self) -> bool:
        """Whether it is no more than the nearest of those that there are."""
        return self.score < WEAK


def fitting(
    terms: Sequence[NeedTerm],
    vector: Vectors | None,
    labels: Labels,
    model: Model | None,
    lots: Collection[str],
) -> tuple[list[Named], list[FittingLot]]:
    """The specialisms and lots that fit best, among those of `lots`."""
    known = labels.facts["specialism"]
    among = sorted(one for one in known if one.rpartition("~")[0] in lots)
    names = [known[one]["name"] for one in among]
    near = _near(names, vector, model)
    told = sum(term.told for term in terms) or 1.0
    scored = [
        _named(reference, name, close, terms, told)
        for reference, name, close in zip(among, names, near, strict=True)
    ]
    best = sorted((one for one in scored if one.score >= LEAST), key=lambda one: (-one.score, one.reference))
    by_lot: dict[str, list[Named]] = {}
    for one in best:
        by_lot.setdefault(one.reference.rpartition("~")[0], []).append(one)
    found = [_lot(reference, several, labels) for reference, several in by_lot.items()]
    found.sort(key=lambda one: (-one.score, one.reference))
    return _distinct(best)[:SUGGESTED], found[:RECOMMENDED]


def _near(names: list[str], vector: Vectors | None, model: Model | None) -> list[float]:
    if vector is None or model is None or not names:
        return [0.0] * len(names)
    key = model.digest, hash(tuple(names))
    held = _vectors.get(key)
    if held is None or held[0] != tuple(names):
        if len(_vectors) > 20:
            _vectors.clear()
        held = _vectors[key] = tuple(names), model.encode(names)
    near: list[float] = likeness(products(vector, held[1])).tolist()
    return near


@functools.lru_cache(_NAMES)
def _terms(name: str) -> frozenset[str]:
    return frozenset(terms_of(name))


def _named(reference: str, name: str, near: float, terms: Sequence[NeedTerm], told: float) -> Named:
    held = _terms(name)
    shared = [term for term in terms if term.term in held]
    score = sum(term.told for term in shared) / told + MEANING_WEIGHT * near
    return Named(reference, name, score, tuple(term.word for term in shared))


def _lot(reference: str, several: list[Named], labels: Labels) -> FittingLot:
    facts = labels.facts["lot"].get(reference, {})
    score = sum(one.score / rank for rank, one in enumerate(several[:_FOR_A_LOT], start=1))
    return FittingLot(
        reference,
        facts.get("name", reference),
        facts.get("number", ""),
        facts.get("framework", reference.partition("~")[0]),
        score,
        tuple(several[:_FOR_A_LOT]),
    )


def _distinct(best: list[Named]) -> list[Named]:
    """Each name once: the same stands in several lots."""
    first: dict[str, Named] = {}
    for one in best:
        first.setdefault(one.name, one)
    return list(first.values())

"""Which specialisms and lots a need seems to be about, by their names: what a buyer who named none is offered.

Of a long need a name is scored as a text is (search/relevance.py): how much of what the need's words tell stands in it,
and how near its meaning is. A lot is as good as its specialisms, the best counting fully, the second half, the third a
third. Of a short one (search/short_needs.py) a name that holds its very words stands before one that is only near: a
word counts once in a lot, by the name of which it is the greatest part, and meaning alone is never more than a guess.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from search.analysis import terms_of
from search.engines.matching_base import Reading
from search.engines.meanings import products
from search.engines.suggestions import Labels
from search.meaning import Model, Vectors, likeness
from search.need import NeedTerm
from search.relevance import MEANING_WEIGHT
from search.short_needs import Names, ShortNeed, short_need

SUGGESTED: Final = 8
RECOMMENDED: Final = 3
LEAST: Final = 0.2
"""Below this a name has too little to do with a long need to be offered."""
LEAST_SHORT: Final = 0.12
"""The same of a short one."""
NEARNESS: Final = 0.3
"""What likeness of meaning adds where a need is short."""
WEAK_SHORT: Final = 0.3
WEAK_WORDS: Final = 0.2
"""A lot is a guess for a short need below this score, where the words alone come to less, and where all of them are
common ones: judged on the needs of tests/search/needs.yaml.
"""
WEAK: Final = 0.6
"""Below this a lot is a guess for a long need. Of 51 needs that public bodies published 34 reach it on the
demonstration's lots; the others are mostly for what no lot here names (buildings, vehicles, dictation, software).
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
    """A lot that fits, and the specialisms for which it does; `weak` if it is no more than the nearest of those that
    there are.
    """

    reference: str
    name: str
    number: str
    framework: str
    score: float
    because: tuple[Named, ...]
    weak: bool


def fitting(
    text: str,
    terms: Sequence[NeedTerm],
    vector: Vectors | None,
    reading: Reading,
    model: Model | None,
    lots: Collection[str],
) -> tuple[list[Named], list[FittingLot]]:
    """The specialisms and lots that fit best, among those of `lots`."""
    labels = reading.labels
    known = labels.facts["specialism"]
    among = sorted(one for one in known if one.rpartition("~")[0] in lots)
    names = [known[one]["name"] for one in among]
    near = _near(names, vector, model)
    every = Names(one["name"] for one in known.values())
    need = short_need(text, every, reading.lexicon)
    if need is not None:
        return _for_short(need, every, list(zip(among, names, near, strict=True)), labels)
    told = sum(term.told for term in terms) or 1.0
    scored = [
        _named(reference, name, close, terms, told)
        for reference, name, close in zip(among, names, near, strict=True)
    ]
    best, by_lot = _ranked(scored, LEAST)
    found = [_lot(reference, several, labels) for reference, several in by_lot.items()]
    found.sort(key=lambda one: (-one.score, one.reference))
    return _distinct(best)[:SUGGESTED], found[:RECOMMENDED]


def _ranked(scored: Sequence[Named], least: float) -> tuple[list[Named], dict[str, list[Named]]]:
    """Those of at least this score, best first, and the same by lot."""
    best = sorted((one for one in scored if one.score >= least), key=lambda one: (-one.score, one.reference))
    by_lot: dict[str, list[Named]] = {}
    for one in best:
        by_lot.setdefault(one.reference.rpartition("~")[0], []).append(one)
    return best, by_lot


def _for_short(
    need: ShortNeed, every: Names, among: Sequence[tuple[str, str, float]], labels: Labels
) -> tuple[list[Named], list[FittingLot]]:
    """The same for a short need; `among` are references, names and how near each is."""
    parts: dict[str, tuple[tuple[str, ...], float, float]] = {}
    scored = []
    for reference, name, close in among:
        shared, part = every.share(name, need.told)
        parts[reference] = shared, part, close
        score = sum(need.told[term] for term in shared) * part / need.whole + NEARNESS * close
        scored.append(Named(reference, name, score, tuple(need.words[term] for term in shared)))
    best, by_lot = _ranked(scored, LEAST_SHORT)
    found = []
    for reference, several in by_lot.items():
        # Beside names that hold words, those that are only near say nothing.
        because = ([one for one in several if one.words] or several)[:_FOR_A_LOT]
        counted: dict[str, float] = {}
        for one in because:
            shared, part, _close = parts[one.reference]
            for term in shared:
                counted[term] = max(counted.get(term, 0.0), part)
        words = min(1.0, sum(need.told[term] * counted[term] for term in sorted(counted)) / need.whole)
        score = words + NEARNESS * parts[because[0].reference][2]
        weak = score < WEAK_SHORT or words < WEAK_WORDS or all(map(every.common, counted))
        found.append(_fitting_lot(reference, score, because, labels, weak))
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
    score = sum(one.score / rank for rank, one in enumerate(several[:_FOR_A_LOT], start=1))
    return _fitting_lot(reference, score, several[:_FOR_A_LOT], labels, score < WEAK)


def _fitting_lot(
    reference: str, score: float, because: list[Named], labels: Labels, weak: bool
) -> FittingLot:
    facts = labels.facts["lot"].get(reference, {})
    return FittingLot(
        reference,
        facts.get("name", reference),
        facts.get("number", ""),
        facts.get("framework", reference.partition("~")[0]),
        score,
        tuple(because),
        weak,
    )


def _distinct(best: list[Named]) -> list[Named]:
    """Each name once: the same stands in several lots."""
    first: dict[str, Named] = {}
    for one in best:
        first.setdefault(one.name, one)
    return list(first.values())

"""A need in the terms of an index: its words and what each tells, its meaning, and what must be offered where.

Journey: search/matching.py makes one of a requirement, an engine gathers the listings that may answer it
(search/engines/matching_base.py), search/relevance.py scores their texts.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from search.analysis import normalise, tells, term_of, words_of
from search.fields import TEXT_FIELDS
from search.meaning import Vectors
from search.planner import Lexicon

Mode = Literal["balanced", "coverage", "price", "name", "shuffle"]

MEANT: Final = ("specialisms", "summary", "evidence")
"""The fields of a listing that say what a firm does: each of their texts is scored by itself and gets a vector.
Names, lots and labels say who and where.
"""
MEANT_NUMBERS: Final = tuple(number for number, one in enumerate(TEXT_FIELDS) if one.name in MEANT)

MOST_TERMS: Final = 120
"""So many different words of a need count: those that tell most."""
HEADING_BONUS: Final = 1.0
"""What it adds to a word's weight that it stands in the need's heading (its first sentence)."""
_HEADING: Final = re.compile(r"\s[-\u2013\u2014]\s|[.!?:;]\s|\n")
_STEP: Final = 64
"""Candidates are chosen by sums of whole 64ths, which every engine adds up exactly."""


@dataclass(frozen=True, slots=True)
class NeedTerm:
    """A word of a need. `word` as it is written; `weight` how often and where it stands; `idf` how rare it is among
    the listings.
    """

    term: str
    word: str
    weight: float
    idf: float

    @property
    def told(self) -> float:
        """How much it tells."""
        return self.weight * self.idf

    @property
    def steps(self) -> int:
        """The same in whole 64ths, never nothing."""
        return max(round(self.told * _STEP), 1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A specialism in a region; either may be None: any, as long as the other is met."""

    specialism: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class Need:
    """What an engine gathers candidates by.

    `framework` None: every framework that is live on `on`. `pairs` is what one offering each must meet; those in
    `must` (places in `pairs`) rule out who certainly does not. `days` are the hundredths of a day of each grade of
    the team by its code in capitals, none where it names a role, which `by_role` says; `preferences` maps a filter
    (ownership, size, sector, accreditation) to the values preferred. `order` is the rank mode and `weights` what each
    part weighs: candidates are gathered by them, too.
    """

    on: date
    framework: str | None = None
    lot: str | None = None
    pairs: tuple[Pair, ...] = ()
    must: frozenset[int] = frozenset()
    terms: tuple[NeedTerm, ...] = ()
    vector: Vectors | None = None
    days: Mapping[str, int] = field(default_factory=dict)
    work_type: str = ""
    preferences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: Mode = "balanced"
    weights: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0
    by_role: bool = False

    @property
    def priced(self) -> bool:
        """Whether a team is to be priced."""
        return bool(self.days) or self.by_role


def terms_of_need(text: str, lexicon: Lexicon) -> tuple[NeedTerm, ...]:
    """The words of a need that some listing holds, those that tell most first.

    Stop words, and words with a digit (dates, reference numbers), tell nothing of what is needed. The weight is
    1 + log(how often), and HEADING_BONUS in the heading; `idf` is BM25's, log(1 + (N - n + 0.5) / (n + 0.5)).
    """
    normal = normalise(text)
    found = _HEADING.search(normal.strip())
    heading = {term_of(word) for word in words_of(normal.strip()[: found.start()])} if found else set()
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for word in words_of(normal):
        if tells(word):
            term = term_of(word)
            counts[term] += 1
            written.setdefault(term, word)
    terms = []
    for term, count in counts.items():
        holders = lexicon.frequency(term)
        if holders:
            idf = math.log(1 + (lexicon.documents - holders + 0.5) / (holders + 0.5))
            weight = 1 + math.log(count) + (HEADING_BONUS if term in heading else 0.0)
            terms.append(NeedTerm(term, written[term], weight, idf))
    return tuple(sorted(terms, key=lambda one: (-one.told, one.term))[:MOST_TERMS])


def says_something(text: str) -> bool:
    """Whether a text has a word that says what is needed: stop words and numbers do not."""
    return any(map(tells, words_of(normalise(text))))


def pairs_of(specialisms: tuple[str, ...], regions: tuple[str, ...]) -> tuple[Pair, ...]:
    """Every specialism asked for in every region asked for."""
    if not specialisms:
        return tuple(Pair(None, region) for region in regions)
    if not regions:
        return tuple(Pair(specialism, None) for specialism in specialisms)
    return tuple(Pair(specialism, region) for specialism in specialisms for region in regions)

"""What a short need asks for, and how well names answer it: a few words are weighed by what they tell among names.

A need of a sentence has few words to go by. How rare a word is among the names of specialisms says what it tells there
("cyber" much, "services" hardly anything); words that stand in no name are what no name answers, and count against all
of them. What is asked for stands before the first small word ("an evaluation of a service", "laptops for a school") and
counts more; its last word, where it follows others ("security guards"), counts more again if no name has it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from search.analysis import GAP, fold, normalise, tells, term_of, terms_of, words_of
from search.planner import LONG_QUESTION

MOST_TELLING: Final = 6
"""So many of a need's words, those that tell most, are what a name can answer in full."""
ASKED_FOR: Final = 2.0
"""How many times a word counts that stands where a need says what is asked for."""
NAMED_NOWHERE: Final = 2.0
"""How many times more its last word counts where no name has it."""
RARE: Final = 3.0
"""A word of no name tells in full from this inverse frequency among listings on: of "new" or "our" nothing follows."""
COMMON: Final = 0.05
SEVERAL: Final = 5
"""A word in more than this share of the names, and in more than so many of them ("review", "advice"), says nothing of
which lot by itself.
"""
PARTLY: Final = 0.4
"""What a word counts at least in a name of which it is only a small part; in a name of its own it counts fully."""
_LINKS: Final = frozenset(("and", "or"))


@dataclass(frozen=True, slots=True)
class ShortNeed:
    """What each word of a need tells, by term, as `words` it is written in; `whole` is what a name can answer."""

    told: Mapping[str, float]
    words: Mapping[str, str]
    whole: float


class Frequencies(Protocol):
    """How often words stand in the listings: a part of the planner's Lexicon."""

    @property
    def documents(self) -> int:
        """How many listings there are."""

    def frequency(self, term: str) -> int:
        """How many of them hold a term."""


class Names:
    """The terms of names, and how rare each is among them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._terms = {
            name: tuple(dict.fromkeys(one for one in terms_of(name) if one != GAP)) for name in names
        }
        self._holders = Counter(term for terms in self._terms.values() for term in terms)

    def rarity(self, term: str) -> float:
        """log(1 + (N - n + 0.5) / (n + 0.5)) of N names of which n hold it."""
        holders = self._holders[term]
        return math.log(1 + (len(self._terms) - holders + 0.5) / (holders + 0.5))

    def known(self, term: str) -> bool:
        """Whether any name holds it."""
        return term in self._holders

    def common(self, term: str) -> bool:
        """Whether so many hold it that it tells none apart."""
        return self._holders[term] > max(COMMON * len(self._terms), SEVERAL)

    def share(self, name: str, told: Mapping[str, float]) -> tuple[tuple[str, ...], float]:
        """The terms that a name shares with a need, in the name's order, and what a word of it counts: PARTLY to 1, by
        how much of the name they are.
        """
        terms = self._terms[name]
        shared = tuple(term for term in terms if term in told)
        if not shared:
            return (), 0.0
        part = sum(map(self.rarity, shared)) / sum(map(self.rarity, terms))
        return shared, PARTLY + (1 - PARTLY) * part


def short_need(text: str, names: Names, lexicon: Frequencies) -> ShortNeed | None:
    """What a need of at most LONG_QUESTION different words that tell asks for; None for a longer one, or of nothing."""
    words = words_of(normalise(text))
    telling = [word for word in words if tells(word)]
    counts = Counter(map(term_of, telling))
    if not 0 < len(counts) <= LONG_QUESTION:
        return None
    asked = _asked_for(words)
    told = {}
    for term, count in counts.items():
        weight = (1 + math.log(count)) * (ASKED_FOR if term in asked else 1.0)
        if names.known(term):
            told[term] = weight * names.rarity(term)
            continue
        if len(asked) > 1 and term == asked[-1]:
            weight *= NAMED_NOWHERE
        told[term] = weight * names.rarity(term) * min(1.0, _among_listings(term, lexicon) / RARE)
    written: dict[str, str] = {}
    for word in telling:
        written.setdefault(term_of(word), word)
    return ShortNeed(told, written, sum(sorted(told.values(), reverse=True)[:MOST_TELLING]))


def _asked_for(words: list[str]) -> list[str]:
    """The terms from the first word that tells up to the first that does not, but for "and" and "or"."""
    found: list[str] = []
    for word in words:
        if tells(word):
            found.append(term_of(word))
        elif found and fold(word) not in _LINKS:
            break
    return found


def _among_listings(term: str, lexicon: Frequencies) -> float:
    holders = lexicon.frequency(term)
    return math.log(1 + (lexicon.documents - holders + 0.5) / (holders + 0.5))

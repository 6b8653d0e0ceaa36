"""The words of role titles and on how many lines each stands: what a word that stands nowhere is taken for.

Shared by the engines, which come by the words each in its own way: the embedded one from a generation's files
(rates_titles.py), the one over Elasticsearch from an aggregation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.engines.columns import Array

AFTER_Z: Final = "\U0010ffff"
REMEMBERED: Final = 5_000
NEAR_WORDS: Final = 10
SHORTEST_CORRECTED: Final = 3
TWO_SLIPS_FROM: Final = 6
"""Letters from which on a word may be two slips away."""


class Words:
    """Folded words in alphabetical order with the number of lines that bear each. Safe for many threads: what
    it remembers is only added to.
    """

    def __init__(self, words: list[str], lines: Sequence[int] | Array) -> None:
        self._words = words
        self._lines = lines
        self._near: dict[str, tuple[int, ...]] = {}

    def __getitem__(self, place: int) -> str:
        return self._words[place]

    def stretch(self, prefix: str) -> tuple[int, int]:
        """The places of the words that begin so."""
        return bisect_left(self._words, prefix), bisect_left(self._words, prefix + AFTER_Z)

    def near(self, word: str) -> tuple[int, ...]:
        """Places of the word itself, or else of the nearest words: a slip away, two from six letters on."""
        known = self._near.get(word)
        if known is None:
            if len(self._near) > REMEMBERED:
                self._near.clear()
            known = self._near[word] = self._find_near(word)
        return known

    def _find_near(self, word: str) -> tuple[int, ...]:
        place = bisect_left(self._words, word)
        if place < len(self._words) and self._words[place] == word and self._lines[place]:
            return (place,)
        if len(word) < SHORTEST_CORRECTED or word.isdigit():
            return ()
        slips = 1 if len(word) < TWO_SLIPS_FROM else 2
        close = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=slips, limit=None)
        ranked = sorted((distance, -int(self._lines[at]), at) for _, distance, at in close if self._lines[at])
        return tuple(at for distance, _, at in ranked if distance == ranked[0][0])[:NEAR_WORDS]

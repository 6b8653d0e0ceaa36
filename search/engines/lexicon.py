"""The words of an index and how many documents hold them: what the planner completes and corrects words by.

Kept exactly through every update. Words are folded but not stemmed: they are what people read and mistype.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from search.analysis import GAP, each_term, term_of
from search.engines.columns import Array, Columns, Strings

_REMEMBERED: Final = 10_000
"""Answers about words that are remembered before all are forgotten: anybody may ask for any word."""

Words = Sequence[str] | Strings
"""Sorted words, in memory or in a mapped file."""


class WordCounts:
    """The writer's side: in how many documents each word, and each term, stands."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.terms: Counter[str] = Counter()
        self.name_words: Counter[str] = Counter()

    def add(
        self, words: Mapping[str, int], terms: Mapping[str, int], name_words: Iterable[Iterable[str]]
    ) -> None:
        """Adds in how many documents words and terms stand, and the words of each document's name."""
        self.words.update(words)
        self.terms.update(terms)
        self.name_words.update(chain.from_iterable(map(set, name_words)))

    def remove(self, words: frozenset[str], name_words: Iterable[str]) -> None:
        """Takes a document's words off again."""
        for counts, gone in (
            (self.words, words),
            (self.terms, set(each_term(words)) - {GAP}),
            (self.name_words, set(name_words)),
        ):
            counts.subtract(gone)
            for word in gone:
                if counts[word] <= 0:
                    del counts[word]

    def parts(self) -> dict[str, Array]:
        """The arrays of a generation."""
        parts: dict[str, Array] = {}
        for name, counts in (("words", self.words), ("terms", self.terms), ("name_words", self.name_words)):
            ordered, parts[f"{name}_counts"] = sorted_counts(counts)
            parts[f"{name}_data"], parts[f"{name}_ends"] = Strings.pack(ordered)
        return parts

    @classmethod
    def load(cls, columns: Columns) -> WordCounts:
        loaded = cls()
        for name, counts in (
            ("words", loaded.words),
            ("terms", loaded.terms),
            ("name_words", loaded.name_words),
        ):
            words = Strings(columns.array(f"{name}_data"), columns.array(f"{name}_ends"))
            counts.update(dict(zip(words, columns.array(f"{name}_counts").tolist(), strict=True)))
        return loaded


class Lexicon:
    """The readers' side, of any engine: sorted words, looked up by bisection; only correcting a word reads them
    all.
    """

    def __init__(
        self,
        documents: int,
        words: Words,
        word_counts: Array,
        terms: Words,
        term_counts: Array,
        names: Words,
    ) -> None:
        self.documents = documents
        self._words, self._word_counts = words, word_counts
        self._terms, self._term_counts = terms, term_counts
        self._names = names
        self._frequencies: dict[str, int] = {}
        self._near: dict[tuple[str, int], tuple[str, ...]] = {}
        self._by_length: dict[int, tuple[list[str], Array]] | None = None

    @classmethod
    def load(cls, columns: Columns, documents: int) -> Lexicon:
        """From the mapped files of a generation."""
        held = {
            name: Strings(columns.array(f"{name}_data"), columns.array(f"{name}_ends"))
            for name in ("words", "terms", "name_words")
        }
        return cls(
            documents,
            held["words"],
            columns.array("words_counts"),
            held["terms"],
            columns.array("terms_counts"),
            held["name_words"],
        )

    def with_words(
        self, words: Mapping[str, int], terms: Mapping[str, int], names: Mapping[str, int]
    ) -> Lexicon:
        """The same with some more words."""
        more = Counter(dict(zip(self._words, self._word_counts.tolist(), strict=True))) | Counter(words)
        more_terms = Counter(dict(zip(self._terms, self._term_counts.tolist(), strict=True))) | Counter(terms)
        return Lexicon(
            self.documents,
            *sorted_counts(more),
            *sorted_counts(more_terms),
            sorted({*self._names, *names}),
        )

    def knows(self, word: str) -> bool:
        """Whether a folded word stands anywhere."""
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def frequency(self, term: str) -> int:
        """In how many documents a term stands."""
        known = self._frequencies.get(term)
        if known is None:
            at = bisect_left(self._terms, term)
            known = int(self._term_counts[at]) if at < len(self._terms) and self._terms[at] == term else 0
            if len(self._frequencies) > _REMEMBERED:
                self._frequencies.clear()
            self._frequencies[term] = known
        return known

    def beginning(self, start: str) -> list[str]:
        """The terms of all words that begin so, in order and once each."""
        return _terms_of(_range(self._words, start))

    def names_beginning(self, start: str) -> list[str]:
        """The same among the words of names."""
        return _terms_of(_range(self._names, start))

    def near(self, word: str, distance: int) -> tuple[str, ...]:
        """The words of the index fewest letters away, at most `distance`; those in most documents first, then
        by letter.

        A letter more, less or other, or two neighbours swapped, count as one. At most ten words.
        """
        known = self._near.get((word, distance))
        if known is None:
            if len(self._near) > _REMEMBERED:
                self._near.clear()
            known = self._near[word, distance] = self._find_near(word, distance)
        return known

    def _find_near(self, word: str, distance: int) -> tuple[str, ...]:
        if self._by_length is None:
            self._by_length = _group_by_length(self._words, self._word_counts)
        found: list[tuple[int, bool, int, str]] = []
        for length in range(len(word) - distance, len(word) + distance + 1):
            words, counts = self._by_length.get(length, ([], np.zeros(0, dtype=np.int32)))
            if words:
                (away,) = cdist([word], words, scorer=OSA.distance, score_cutoff=distance, dtype=np.uint8)
                close = np.flatnonzero(away <= distance).tolist()
                # People seldom mistype the first letter.
                found.extend(
                    (int(away[at]), words[at][0] != word[0], -int(counts[at]), words[at]) for at in close
                )
        found.sort()
        return tuple(candidate for far, *_, candidate in found if far == found[0][0])[:10]


def sorted_counts(counts: Mapping[str, int]) -> tuple[list[str], Array]:
    """The words in order, and their counts beside them."""
    ordered = sorted(counts)
    return ordered, np.array([counts[word] for word in ordered], dtype=np.int32)


def _range(words: Words, start: str) -> Iterator[str]:
    for at in range(bisect_left(words, start), len(words)):
        word = words[at]
        if not word.startswith(start):
            return
        yield word


def _terms_of(words: Iterable[str]) -> list[str]:
    return sorted({term_of(word) for word in words} - {GAP})


def _group_by_length(words: Words, counts: Array) -> dict[int, tuple[list[str], Array]]:
    groups: dict[int, tuple[list[str], list[int]]] = {}
    for word, count in zip(words, counts.tolist(), strict=True):
        # A number is no misspelling of another, and a stop word no correction.
        if term_of(word) != GAP and not any(letter.isdigit() for letter in word):
            group = groups.setdefault(len(word), ([], []))
            group[0].append(word)
            group[1].append(count)
    return {
        length: (members, np.array(tallies, dtype=np.int32)) for length, (members, tallies) in groups.items()
    }

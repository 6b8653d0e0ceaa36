"""Completing role titles as somebody types: which titles the lines in force bear, the most frequent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.analysis import fold, normalise, words_of
from search.engines.columns import Array
from search.engines.rates_titles import TitleSearch
from search.rate_query import RoleSuggestion


@dataclass(frozen=True, slots=True)
class Roles:
    """The titles of some lines. Titles that differ in case or punctuation are one: the most frequent writing
    stands.

    `places` (T,) says for each title where its writing stands by frequency; `titles` and `counts` are in that
    order.
    """

    places: Array
    titles: Array
    counts: Array

    @classmethod
    def of(cls, titles: TitleSearch, lines: Array) -> Roles:
        """The titles that some lines bear; `lines` (T,) counts those of each title."""
        labels, rank = titles.label, titles.rank
        counts = np.bincount(labels, weights=lines, minlength=int(labels.max(initial=-1)) + 1).astype(
            np.int64
        )
        # Of each label its most frequent title, then the labels by frequency and alphabet.
        order = np.lexsort((rank, -lines, labels))
        firsts = order[np.flatnonzero(np.diff(labels[order], prepend=-1))]
        by_frequency = np.lexsort((rank[firsts], -counts))
        by_frequency = by_frequency[counts[by_frequency] > 0]
        place_of_label = np.full(len(counts), len(by_frequency))
        place_of_label[by_frequency] = np.arange(len(by_frequency))
        return cls(place_of_label[labels], firsts[by_frequency], counts[by_frequency])

    def beginning(self, known: TitleSearch, typed: Sequence[str], limit: int) -> list[RoleSuggestion]:
        """The first `limit` titles of which each word typed begins a word."""
        found: Array | None = None
        for titles in known.begins(typed):
            mask = np.zeros(len(self.titles) + 1, bool)
            mask[self.places[titles]] = True
            found = mask if found is None else found & mask
        if found is None:
            return []
        places = np.flatnonzero(found[:-1])[:limit]
        return [
            RoleSuggestion(known.titles[title], count)
            for title, count in zip(self.titles[places].tolist(), self.counts[places].tolist(), strict=True)
        ]


def typed_words(q: str) -> list[str]:
    """What somebody has typed so far, as the beginnings of words."""
    return [folded for word in words_of(normalise(q)) if (folded := fold(word))]

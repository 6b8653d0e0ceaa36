"""The text of rate lines: an inverted index over distinct titles, scored as Lucene scores (BM25, k1 1.2, b
0.75).

Numbers of documents and lengths count lines, not titles, so that an engine which indexes each line by itself
agrees. rates_rows.py has these arrays made when a generation is saved; rates_titles.py reads them.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from search.analysis import GAP, fold, normalise, term_of, words_of
from search.engines.columns import Array, Codes, Columns, starts_of

K1: Final = 1.2
B: Final = 0.75


class TitleTokens:
    """The terms and words of every title, one after the other; grows with the titles."""

    def __init__(self) -> None:
        self.terms, self.words = Codes(), Codes()
        self.term_codes, self.word_codes, self.ends = array("i"), array("i"), array("i")

    def __len__(self) -> int:
        return len(self.ends)

    def add(self, title: str) -> None:
        """Analyses one more title. A stop word has no term, a word of strange letters no word: code -1."""
        for word in words_of(normalise(title)):
            term, folded = term_of(word), fold(word)
            self.term_codes.append(-1 if term == GAP else self.terms.add(term))
            self.word_codes.append(self.words.add(folded) if folded else -1)
        self.ends.append(len(self.term_codes))

    @classmethod
    def load(cls, columns: Columns) -> TitleTokens:
        tokens = cls()
        tokens.terms, tokens.words = Codes.load(columns.data("terms")), Codes.load(columns.data("words"))
        tokens.term_codes = array("i", columns.array("token_terms").tobytes())
        tokens.word_codes = array("i", columns.array("token_words").tobytes())
        tokens.ends = array("i", columns.array("token_ends").tobytes())
        return tokens


def lucene_length(length: int) -> int:
    """A field's length as Lucene remembers it in one byte (SmallFloat.intToByte4): exact below 40, then
    coarse.
    """
    if length < 40:
        return length
    shift = (length - 24).bit_length() - 4
    return ((length - 24) >> shift << shift) + 24


def title_parts(titles: Sequence[str], tokens: TitleTokens, lines: Array) -> Mapping[str, Array | bytes]:
    """The arrays of a generation. `lines` (T,) says how many lines bear each of the T titles."""
    terms = np.frombuffer(tokens.term_codes, np.int32) if tokens.term_codes else np.zeros(0, np.int32)
    words = np.frombuffer(tokens.word_codes, np.int32) if tokens.word_codes else np.zeros(0, np.int32)
    ends = np.frombuffer(tokens.ends, np.int32) if tokens.ends else np.zeros(0, np.int32)
    owners = np.repeat(np.arange(len(titles)), np.diff(ends, prepend=np.int32(0)))
    rank = np.empty(len(titles), np.int64)
    alphabet = sorted(range(len(titles)), key=lambda title: (titles[title].casefold(), titles[title]))
    rank[alphabet] = np.arange(len(titles))
    return {
        "terms": tokens.terms.dump(),
        "words": tokens.words.dump(),
        "token_terms": terms,
        "token_words": words,
        "token_ends": ends,
        "token_titles": owners,
        "title_rank": rank,
        "title_label": _labels(words, ends),
        **_term_parts(terms, owners, lines, len(tokens.terms)),
        **_word_parts(words, owners, lines, tokens.words.values),
    }


def _labels(words: Array, ends: Array) -> Array:
    """Titles of the same words in whatever case and punctuation share a number, for suggestions."""
    numbers: dict[bytes, int] = {}
    starts = [0, *ends.tolist()]
    return np.array(
        [
            numbers.setdefault(words[start:end].tobytes() or b"%d" % i, len(numbers))
            for i, (start, end) in enumerate(pairwise(starts))
        ],
        np.int64,
    )


def _term_parts(terms: Array, owners: Array, lines: Array, count: int) -> dict[str, Array]:
    """Postings by term: titles with what one occurrence more or less is worth, and places for phrases."""
    places = np.argsort(terms, kind="stable")[np.count_nonzero(terms < 0) :]
    lengths = np.bincount(owners[terms >= 0], minlength=len(lines))
    # As Lucene counts: lines whose text holds no term at all (a lone stop word) are none.
    total = int(lines[lengths > 0].sum())
    mean = float((lengths * lines).sum()) / max(total, 1)
    remembered = np.array([lucene_length(length) for length in range(int(lengths.max(initial=0)) + 1)])
    norms = K1 * (1 - B + B * remembered[lengths] / max(mean, 1e-9))
    pairs, frequencies = np.unique(
        terms[places].astype(np.int64) * len(lines) + owners[places], return_counts=True
    )
    pair_terms, pair_titles = np.divmod(pairs, max(len(lines), 1))
    holders = np.bincount(pair_terms, weights=lines[pair_titles], minlength=count)
    return {
        "term_starts": starts_of(pair_terms, count),
        "term_titles": pair_titles,
        "term_weights": (frequencies / (frequencies + norms[pair_titles])).astype(np.float32),
        "term_rarity": np.log1p((total - holders + 0.5) / (holders + 0.5)),
        "term_places_starts": starts_of(terms[places], count),
        "term_places": places,
        "title_norms": norms,
    }


def _word_parts(words: Array, owners: Array, lines: Array, values: Sequence[str]) -> dict[str, Array]:
    """Postings by word in alphabetical order, so that all words with one beginning are one stretch."""
    alphabet = sorted(range(len(values)), key=values.__getitem__)
    place = np.empty(len(values), np.int64)
    place[alphabet] = np.arange(len(values))
    known = words >= 0
    pairs = np.unique(place[words[known]] * len(lines) + owners[known])
    pair_words, pair_titles = np.divmod(pairs, max(len(lines), 1))
    return {
        "word_order": np.array(alphabet, np.int64),
        "word_starts": starts_of(pair_words, len(values)),
        "word_titles": pair_titles,
        "word_lines": np.bincount(pair_words, weights=lines[pair_titles], minlength=len(values)).astype(
            np.int64
        ),
    }

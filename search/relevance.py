"""How well the texts of listings answer a need, by words and by meaning: the arithmetic, the same on every engine.

Every text that says what a firm does (its summary, each specialism, each piece of evidence) is scored by itself:

- by words: BM25 of all its texts as one (k1 0.9, b 0.4), and BM25 of each (k1 1.2, b 0.75), of which the best counts
  fully, the second by 1 / 2^1.5, the third by 1 / 3^1.5 and so on; their sum is divided by what the need's words tell
  altogether, so that scores of different needs compare;
- by meaning: the cosine of the need's vector with each text's, damped likewise.

Text = words + 0.75 x meaning, told as text / (1 + text), from 0 to 1. A score depends on the listing, the need and the
statistics of the index alone, never on who else was found. The figures were chosen on judged needs
(benchmarks/relevance.py); docs/matching.md says how they were validated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis import mark_of
from search.engines.columns import rows_of
from search.engines.matching_base import Candidates, Lengths, Likeness
from search.engines.spots import FIELDS, PageWords
from search.meaning import likeness
from search.need import MEANT_NUMBERS, NeedTerm

WHOLE_K1: Final = 0.9
WHOLE_B: Final = 0.4
PIECE_K1: Final = 1.2
PIECE_B: Final = 0.75
DAMPING: Final = 1.5
MEANING_WEIGHT: Final = 0.75
_MEANT: Final = np.isin(np.arange(FIELDS), MEANT_NUMBERS)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pieces:
    """The meant texts of some listings, side by side. `piece`, `term` and `count` say where a term of the need stands
    in one, and how often, in the order of the pieces; `lengths` how many terms each piece has; `dots` the products of
    their vectors with the need's, None without the model; `starts` where each listing's pieces begin, with the end of
    the last.
    """

    piece: Ints
    term: Ints
    count: Floats
    lengths: Floats
    dots: NDArray[np.int32] | None
    starts: Ints

    def of(self, listing: int) -> slice:
        """Where a listing's pieces stand."""
        return slice(int(self.starts[listing]), int(self.starts[listing + 1]))

    def taken(self, listings: Ints) -> Pieces:
        """Those of some listings, one of which may stand there several times."""
        rows = rows_of(self.starts, listings)
        begins = np.searchsorted(self.piece, np.arange(len(self.lengths) + 1))
        held = rows_of(begins, rows)
        return Pieces(
            np.repeat(np.arange(len(rows)), np.diff(begins)[rows]),
            self.term[held],
            self.count[held],
            self.lengths[rows],
            None if self.dots is None else self.dots[rows],
            np.concatenate([[0], np.cumsum(np.diff(self.starts)[listings])]),
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """Of each listing. `terms` is what each term adds to `words` (listings by terms), `pieces` what each piece adds to
    the text's score, with `meaning` already weighted.
    """

    words: Floats
    meaning: Floats
    terms: Floats
    pieces: Floats

    @property
    def text(self) -> Floats:
        """0 to 1."""
        both = self.words + self.meaning
        return both / (1.0 + both)


def pieces_of(candidates: Candidates, terms: Sequence[NeedTerm]) -> Pieces:
    """The pieces of the candidates. Of one there must be at least one."""
    page = PageWords(candidates.records)
    meant = _MEANT[page.field]
    number = np.cumsum(meant) - 1
    kept = np.flatnonzero(meant)
    starts = np.searchsorted(page.record[kept], np.arange(len(candidates) + 1))
    held = np.zeros(0, dtype=np.int64)
    if terms:
        marks = np.array([mark_of(one.term) for one in terms], dtype=np.uint32)
        order = np.argsort(marks)
        at, which = page.spots(marks[order])
        part = page.part(at)
        inside = meant[part]
        held = number[part[inside]] * len(terms) + order[which[inside]]
    places, count = np.unique(held, return_counts=True)
    piece, term = np.divmod(places, max(len(terms), 1))
    dots = None if candidates.likeness is None else _spread(candidates.likeness, np.diff(starts))
    lengths = page.part_lengths()[kept].astype(np.float64)
    return Pieces(piece, term, count.astype(np.float64), lengths, dots, starts)


def _spread(near: Likeness, pieces: Ints) -> NDArray[np.int32]:
    """The product of every piece: nothing of a listing that was written while another model was at hand, which has
    no vectors until the next rebuild.
    """
    own = near.counts == pieces
    if own.all():
        return near.dots
    dots = np.zeros(int(pieces.sum()), dtype=np.int32)
    dots[np.repeat(own, pieces)] = near.dots[np.repeat(own, near.counts)]
    return dots


def score(pieces: Pieces, terms: Sequence[NeedTerm], lengths: Lengths) -> Scores:
    """See the module."""
    told = np.array([one.told for one in terms])
    told = told / (told.sum() or 1.0)
    listings = len(pieces.starts) - 1
    owner = np.repeat(np.arange(listings), np.diff(pieces.starts))
    cell = owner[pieces.piece] * len(terms) + pieces.term

    def by_listing(worth: Floats) -> Floats:
        """Listings by terms, from what stands in pieces."""
        return _sums(worth, cell, listings * len(terms)).reshape(listings, len(terms))

    whole_lengths = _sums(pieces.lengths, owner, listings)
    by_term = _bm25(by_listing(pieces.count), whole_lengths[:, None], lengths.whole, WHOLE_K1, WHOLE_B) * told
    own_lengths = pieces.lengths[pieces.piece]
    worth = _bm25(pieces.count, own_lengths, lengths.piece, PIECE_K1, PIECE_B) * told[pieces.term]
    share = _sums(worth, pieces.piece, len(pieces.lengths))
    damping = _damping(share, owner, pieces.starts)
    # What all its texts together are worth is shared among them by what each holds of it.
    summed = _sums(share, owner, listings)
    whole = by_term.sum(axis=1) / np.where(summed > 0, summed, 1.0)
    of_pieces = share * (damping + whole[owner])
    by_term = by_term + by_listing(worth * damping[pieces.piece])
    meaning = np.zeros(listings)
    if pieces.dots is not None:
        near = likeness(pieces.dots)
        near = MEANING_WEIGHT * near * _damping(near, owner, pieces.starts)
        of_pieces = of_pieces + near
        meaning = _sums(near, owner, listings)
    return Scores(by_term.sum(axis=1), meaning, by_term, of_pieces)


def _bm25(counts: Floats, lengths: Floats, mean: float, k1: float, b: float) -> Floats:
    """BM25 without its idf: what so many of a term are worth in a text so long."""
    norm = k1 * (1.0 - b + b * lengths / max(mean, 1e-9))
    worth: Floats = counts * (k1 + 1.0) / (counts + norm)
    return worth


def _damping(worth: Floats, owner: Ints, starts: Ints) -> Floats:
    """1 / rank^DAMPING of every piece among its listing's, the best first; of equals the earlier one."""
    damping = np.empty(len(worth))
    damping[np.lexsort((-worth, owner))] = (np.arange(len(worth)) - starts[owner] + 1.0) ** -DAMPING
    return damping


def _sums(worth: Floats, of: Ints, count: int) -> Floats:
    """What belongs to each of `count`, added up."""
    return np.bincount(of, worth, count).astype(np.float64, copy=False)

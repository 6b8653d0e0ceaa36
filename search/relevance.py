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
from search.engines.matching_base import Candidate, Lengths
from search.engines.spots import PageWords
from search.meaning import likeness
from search.need import MEANT_NUMBERS, NeedTerm

WHOLE_K1: Final = 0.9
WHOLE_B: Final = 0.4
PIECE_K1: Final = 1.2
PIECE_B: Final = 0.75
DAMPING: Final = 1.5
MEANING_WEIGHT: Final = 0.75

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pieces:
    """The meant texts of some listings, side by side. `counts` says how often each term of the need stands in each
    (pieces by terms); `lengths` how many terms they have; `dots` the products of their vectors with the need's, None
    without the model; `starts` where each listing's pieces begin, with the end of the last.
    """

    counts: Floats
    lengths: Floats
    dots: NDArray[np.int32] | None
    starts: Ints

    def of(self, listing: int) -> slice:
        """Where a listing's pieces stand."""
        return slice(int(self.starts[listing]), int(self.starts[listing + 1]))


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


def pieces_of(candidates: Sequence[Candidate], terms: Sequence[NeedTerm]) -> Pieces:
    """The pieces of the candidates. Of one there must be at least one."""
    page = PageWords([one.record for one in candidates])
    meant = np.isin(page.field, MEANT_NUMBERS)
    number = np.cumsum(meant) - 1
    kept = np.flatnonzero(meant)
    counts = np.zeros((len(kept), len(terms)))
    if terms:
        marks = np.array([mark_of(one.term) for one in terms], dtype=np.uint32)
        order = np.argsort(marks)
        at, which = page.spots(marks[order])
        part = page.part(at)
        inside = meant[part]
        places = number[part[inside]] * len(terms) + order[which[inside]]
        counts = np.bincount(places, minlength=counts.size).astype(np.float64).reshape(counts.shape)
    starts = np.searchsorted(page.record[kept], np.arange(len(candidates) + 1))
    dots = None
    if all(one.likeness is not None for one in candidates):
        dots = np.concatenate([one.likeness for one in candidates if one.likeness is not None])
    if dots is not None and len(dots) != len(kept):
        # A listing that was written while another model was at hand has no vectors until the next rebuild.
        dots = _spread(candidates, starts, len(kept))
    return Pieces(counts, page.part_lengths()[kept].astype(np.float64), dots, starts)


def _spread(candidates: Sequence[Candidate], starts: Ints, pieces: int) -> NDArray[np.int32]:
    dots = np.zeros(pieces, dtype=np.int32)
    for one, first, last in zip(candidates, starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if one.likeness is not None and len(one.likeness) == last - first:
            dots[first:last] = one.likeness
    return dots


def score(pieces: Pieces, terms: Sequence[NeedTerm], lengths: Lengths) -> Scores:
    """See the module."""
    told = np.array([one.told for one in terms])
    whole_told = float(told.sum()) or 1.0
    listings = len(pieces.starts) - 1
    owner = np.repeat(np.arange(listings), np.diff(pieces.starts))
    whole_counts = _sums(pieces.counts, pieces.starts)
    whole_lengths = _sums(pieces.lengths[:, None], pieces.starts)[:, 0]
    by_term = _bm25(whole_counts, whole_lengths, lengths.whole, WHOLE_K1, WHOLE_B) * told / whole_told
    by_piece = _bm25(pieces.counts, pieces.lengths, lengths.piece, PIECE_K1, PIECE_B) * told / whole_told
    # What all its texts together are worth is shared among them by what each holds of it.
    share = by_piece.sum(axis=1)
    damped = by_piece * _damping(share, owner)[:, None]
    summed = _sums(share[:, None], pieces.starts)[owner, 0]
    whole = by_term.sum(axis=1)
    of_pieces = damped.sum(axis=1) + whole[owner] * share / np.where(summed > 0, summed, 1.0)
    by_term = by_term + _sums(damped, pieces.starts)
    meaning = np.zeros(listings)
    if pieces.dots is not None:
        near = likeness(pieces.dots)
        near = MEANING_WEIGHT * near * _damping(near, owner)
        of_pieces = of_pieces + near
        meaning = _sums(near[:, None], pieces.starts)[:, 0]
    return Scores(by_term.sum(axis=1), meaning, by_term, of_pieces)


def _bm25(counts: Floats, lengths: Floats, mean: float, k1: float, b: float) -> Floats:
    """BM25 without its idf: what so many of a term are worth in a text so long."""
    norm = k1 * (1.0 - b + b * lengths / max(mean, 1e-9))
    worth: Floats = counts * (k1 + 1.0) / (counts + norm[:, None])
    return worth


def _damping(worth: Floats, owner: Ints) -> Floats:
    """1 / rank^DAMPING of every piece among its listing's, the best first; of equals the earlier one."""
    order = np.lexsort((np.arange(len(worth)), -worth, owner))
    starts = np.searchsorted(owner[order], owner[order])
    ranks = np.empty(len(worth))
    ranks[order] = np.arange(len(worth)) - starts + 1
    return ranks**-DAMPING


def _sums(rows: Floats, starts: Ints) -> Floats:
    """The sum of each listing's rows; nothing where it has none."""
    sums = np.zeros((len(starts) - 1, rows.shape[1]))
    having = np.flatnonzero(np.diff(starts))
    if len(having):
        sums[having] = np.add.reduceat(rows, starts[having], axis=0)
    return sums

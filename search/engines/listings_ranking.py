"""The order of the hits: every sort as one whole number a hit, so that a page is a partition and pages never
shuffle.

Best match: score to four decimals, then the seed's fair order, then the key. Rate: the lowest first, those
without a rate last, then the same. Name: folded, then the key.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engines.bits import mask_of
from search.engines.columns import Array
from search.engines.listings_filters import Narrowed
from search.engines.listings_view import ListingsView
from search.engines.words import Question, among
from search.query import Cursor, ListingQuery
from search.ties import key_hash, ties

_RANK_BITS: Final = 31
_HIGHEST_SCORE: Final = 1 << 31
_NO_RATE: Final = (1 << 32) - 1
_FEW: Final = 200
"""So many are scored by themselves, however many the words found."""
_SPARE: Final = 50
"""How many more hits than should be enough are asked for."""

Places = NDArray[np.int64]


def whole_scores(scores: NDArray[np.float64]) -> Places:
    """Scores times 10,000, rounded: what hits are compared by."""
    return np.rint(scores * 10_000).astype(np.int64)


def places_of(
    view: ListingsView, query: ListingQuery, slots: Array, scores: Places | None, rates: Array | None
) -> Places:
    """Each hit's place as a number: the smaller comes first, no two are equal. `scores` and `rates` are by
    hit.
    """
    if query.sort == "name":
        return view.name_rank()[slots]
    ranks = view.tie_rank(query.seed)[slots]
    if query.sort == "rate" and rates is not None:
        return (np.where(rates < 0, _NO_RATE, rates) << _RANK_BITS) + ranks
    return ranks if scores is None else (_HIGHEST_SCORE - scores << _RANK_BITS) + ranks


@dataclass(frozen=True, slots=True)
class Page:
    """The slots of a page in order, their scores (times 10,000; 0 without words), and whether more follow."""

    slots: list[int]
    scores: list[int]
    more: bool


def page_of(view: ListingsView, query: ListingQuery, narrowed: Narrowed, asked: Question | None) -> Page:
    """The page of those who pass every filter. `asked` is what scores them, None if no words were asked."""
    passing = narrowed.all_but()
    passed = narrowed.slots[passing]
    if asked is None or query.sort != "relevance":
        rates = None if narrowed.rates is None else narrowed.rates[passing]
        page, more = _in_order(places_of(view, query, passed, None, rates), query, view, len(passed))
        slots = passed[page].tolist()
        return Page(slots, [0] * len(slots) if asked is None else _scores_of(view, asked, slots), more)
    best, scores = _best(view, query, asked, passed, len(narrowed.slots))
    page, more = _in_order(places_of(view, query, best, scores, None), query, view, len(passed))
    return Page(best[page].tolist(), scores[page].tolist(), more)


def _in_order(places: Places, query: ListingQuery, view: ListingsView, total: int) -> tuple[list[int], bool]:
    """Which hits stand on the page, in order (as indexes into `places`), and whether more follow of the total."""
    if query.after is not None:
        later = np.flatnonzero(places > _place_after(view, query.after))
        return _smallest(places, later, query.page_size), len(later) > query.page_size
    first = (query.page - 1) * query.page_size
    every = np.arange(len(places))
    return _smallest(places, every, first + query.page_size)[first:], total > first + query.page_size


def _best(
    view: ListingsView, query: ListingQuery, asked: Question, passed: Array, matched: int
) -> tuple[Array, Places]:
    """So many of those who pass, with their scores, that the page's hits are among them.

    tantivy is asked for the best of all matches until enough of them pass; whoever it did not tell of scores no
    better than the last it told of.
    """
    if len(passed) <= _FEW:
        slots, exact = view.words.search(among(asked, passed.tolist()), max(len(passed), 1))
        return slots, whole_scores(exact)
    needed = query.page * query.page_size
    limit = matched if query.after is not None else int(needed * matched / len(passed) * 1.5) + _SPARE
    passes = mask_of(passed, view.size)
    while True:
        found, exact = view.words.search(asked, limit)
        told = whole_scores(exact)
        kept = passes[found]
        slots, scores = found[kept], told[kept]
        if limit >= matched or (len(slots) >= needed and scores[needed - 1] > told[-1]):
            return slots, scores
        limit *= 4


def _scores_of(view: ListingsView, asked: Question, slots: list[int]) -> list[int]:
    found, exact = view.words.search(among(asked, slots), max(len(slots), 1))
    scores = dict(zip(found.tolist(), whole_scores(exact).tolist(), strict=True))
    return [scores[slot] for slot in slots]


def _smallest(places: Places, among: Array, count: int) -> list[int]:
    if len(among) > count:
        among = among[np.argpartition(places[among], count - 1)[:count]]
    ordered: list[int] = among[np.argsort(places[among])].tolist()
    return ordered


def _place_after(view: ListingsView, cursor: Cursor) -> int:
    """The place of the cursor's hit, or the last place before where it would stand, were it still there."""
    if cursor.sort == "name":
        order = view.columns.array("name_order")
        wanted = (str(cursor.value), cursor.key)
        at = bisect_left(order, wanted, key=lambda slot: (view.sort_names[slot], view.keys[slot]))
        there = at < len(order) and view.keys[int(order[at])] == cursor.key
        return at if there else at - 1
    tie = ties(np.array([key_hash(cursor.key)], dtype=np.uint64), cursor.seed)[0]
    # One key to a tie but for a chance of one in 2^64: the last place whose tie is not greater.
    rank = int(np.searchsorted(view.tie_values(cursor.seed), tie, side="right")) - 1
    value = int(cursor.value)
    if cursor.sort == "rate":
        return ((_NO_RATE if value < 0 else value) << _RANK_BITS) + rank
    if value < 0:
        return rank
    return (_HIGHEST_SCORE - value << _RANK_BITS) + rank


def cursor_of(
    view: ListingsView, query: ListingQuery, slot: int, score: int | None, rate: int | None
) -> Cursor:
    """The cursor of the page after this hit. Without words the score is -1."""
    if query.sort == "name":
        return Cursor("name", query.seed, view.sort_names[slot], view.keys[slot])
    if query.sort == "rate":
        return Cursor("rate", query.seed, -1 if rate is None else rate, view.keys[slot])
    return Cursor("relevance", query.seed, -1 if score is None else score, view.keys[slot])

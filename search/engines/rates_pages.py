"""Order and pages of rate lines: which rows stand on a page, and where a cursor left off.

Every sort ends in the price and the key, in which rows already stand, but relevance: there equal scores are
put in the seed's fair order and then by key.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from procurement.pricing import position
from search.engines.columns import Array
from search.engines.rates_rows import UNKNOWN
from search.engines.rates_view import Hits, RatesView
from search.rate_query import RateCursor
from search.ties import hashes_of, ties

RANKED: Final = {"-price": "price_down", "role": "role", "experience": "experience"}
"""Sorts for which rates_rows.py keeps where each row stands."""

LAST: Final = 10**6
"""Unknown experience stands behind any that is known."""


def page_rows(view: RatesView, hits: Hits, sort: str, seed: int, start: int, stop: int) -> Array:
    """The rows from place `start` to before `stop` (at most the number of hits) in the order of `sort`."""
    if start >= stop:
        return hits.rows[:0]
    if sort == "relevance" and hits.scores is not None:
        return _best(view, hits.rows, hits.scores, seed, start, stop)
    if sort not in RANKED:
        return hits.rows[start:stop]
    order = view.data.array(f"{RANKED[sort]}_order")
    if hits.whole:
        return _whole(hits, RANKED[sort], order)[start:stop]
    ranks = view.data.array(f"{RANKED[sort]}_rank")[hits.rows]
    if stop - start < len(ranks):
        ranks = np.partition(ranks, sorted({start, stop - 1}))[start:stop]
    page: Array = order[np.sort(ranks)]
    return page


def _whole(hits: Hits, name: str, order: Array) -> Array:
    """All lines of the base in an order, remembered with it."""
    base = hits.base
    ordered = base.orders.get(name)
    if ordered is None:
        ordered = order[base.start : base.stop]
        if base.mask is not None:
            ordered = ordered[base.mask[ordered - base.start]]
        base.orders[name] = ordered
    return ordered


def _best(view: RatesView, rows: Array, scores: NDArray[np.int32], seed: int, start: int, stop: int) -> Array:
    """Rows by score, the greatest first; equals by the seed's order, then by key."""
    if stop < len(rows):
        # The score that the page's last line has: what is better surely comes before, what is worse after.
        edge = np.partition(scores, len(rows) - stop)[len(rows) - stop]
        better = np.flatnonzero(scores > edge)
        equal = np.flatnonzero(scores == edge)
        needed = stop - len(better)
        if len(equal) > needed:
            drawn = ties(view.columns["hash"][rows[equal]], seed)
            equal = equal[drawn <= np.partition(drawn, needed - 1)[needed - 1]]
        chosen = np.concatenate([better, equal])
        rows, scores = rows[chosen], scores[chosen]
    drawn = ties(view.columns["hash"][rows], seed)
    ordered: Array = rows[np.lexsort((view.keys[rows], drawn, -scores))][start:stop]
    return ordered


def cursor(view: RatesView, hits: Hits, sort: str, seed: int, row: int) -> RateCursor:
    """Where a page ends whose last line is `row`."""
    price = int(view.columns["price"][row])
    values: tuple[int | str, ...]
    if sort == "relevance" and hits.scores is not None:
        values = (int(hits.scores[np.searchsorted(hits.rows, row)]),)
    elif sort == "role":
        values = (_title(view, row), price)
    elif sort == "experience":
        values = (int(view.columns["min_experience"][row]), price)
    else:
        values = (price,)
    return RateCursor(sort, seed, values, view.key(row))


def after(view: RatesView, hits: Hits, left: RateCursor) -> int:
    """How many of the hits stand at or before the cursor, whether its line is still there or not."""
    key = left.key.encode()
    if left.sort == "relevance" and hits.scores is not None:
        score = _score_now(view, hits, left)
        better = int(np.count_nonzero(hits.scores > score))
        equal = hits.rows[hits.scores == score]
        drawn, own = ties(view.columns["hash"][equal], left.seed), ties(hashes_of([left.key]), left.seed)[0]
        return better + int(np.count_nonzero((drawn < own) | ((drawn == own) & (view.keys[equal] <= key))))
    if left.sort in RANKED:
        return _after_ranked(view, hits, left, key)
    price = int(left.values[0])
    low, high = position(hits.prices, price), position(hits.prices, price, "right")
    return bisect_right(range(high), key, lo=low, key=lambda place: bytes(view.keys[hits.rows[place]]))


def _score_now(view: RatesView, hits: Hits, left: RateCursor) -> int:
    """The score that the cursor's line has now, or had if it is gone: scores move a little with every
    update.
    """
    assert hits.scores is not None
    for row in view.rows_of_keys([left.key], hashes_of([left.key])):
        place = int(np.searchsorted(hits.rows, row))
        if place < len(hits.rows) and hits.rows[place] == row:
            return int(hits.scores[place])
    return int(left.values[0])


def _after_ranked(view: RatesView, hits: Hits, left: RateCursor, key: bytes) -> int:
    base, name = hits.base, RANKED[left.sort]
    order = view.data.array(f"{name}_order")
    columns = view.columns

    def standing(place: int) -> tuple[Any, ...]:
        row = int(order[place])
        price, own = int(columns["price"][row]), bytes(view.keys[row])
        if left.sort == "role":
            title = _title(view, row)
            return title.casefold(), title, price, own
        if left.sort == "experience":
            return _experience(int(columns["min_experience"][row])), price, own
        return -price, own

    wanted: tuple[Any, ...]
    if left.sort == "role":
        title = str(left.values[0])
        wanted = title.casefold(), title, left.values[1], key
    elif left.sort == "experience":
        wanted = _experience(int(left.values[0])), left.values[1], key
    else:
        wanted = -int(left.values[0]), key
    place = bisect_right(range(base.stop), wanted, lo=base.start, key=standing)
    return int(np.count_nonzero(view.data.array(f"{name}_rank")[hits.rows] < place))


def _title(view: RatesView, row: int) -> str:
    return view.titles.titles[int(view.columns["title"][row])]


def _experience(years: int) -> int:
    return LAST if years == UNKNOWN else years

"""What a need's team costs at each listing of the embedded index: the shared card's rates times the days.

The rules of procurement/team_price.py, for all listings at once: a rate of the lot stands before one for every lot,
one of the work type before one for all; where several rates are left there is no price, none is chosen by us. A card
by the hour has none, since hours a day are not among what a need says.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from procurement.team_price import team_totals
from search.engines.columns import Array, Mask
from search.engines.listings_filters import allowed_codes
from search.engines.listings_rows import UNSTATED
from search.engines.listings_view import ListingsView
from search.engines.matching_base import NO_TOTAL
from search.need import Need
from search.query import grade_name

_KEPT: Final = 60
"""Columns of rates that are kept before all are forgotten: anybody may ask for any lot and kind of work."""


def totals_of(view: ListingsView, need: Need) -> Array:
    """The total in minor units without VAT by slot; NO_TOTAL where it cannot be told."""
    totals = np.full(view.size, NO_TOTAL, dtype=np.int64)
    if not need.days or need.framework is None:
        return totals
    rates = [_rates(view, need, grade) for grade in need.days]
    priced: Mask = np.logical_and.reduce([rate != NO_TOTAL for rate in rates])
    priced &= allowed_codes(view.codes["unit"], ["day"])[view.columns.array("unit")]
    days = np.array(list(need.days.values()), dtype=np.int64)
    totals[priced] = team_totals(np.stack(rates, axis=1)[priced], days)
    return totals


def _rates(view: ListingsView, need: Need, grade: str) -> Array:
    """The one rate of a grade by slot; NO_TOTAL where there is none, or more than one."""
    known = need.lot, need.work_type, grade_name(need.framework or "", grade)
    if known in view.team_rates:
        return view.team_rates[known]
    found = np.full(view.size, NO_TOTAL, dtype=np.int64)
    code = view.codes["grade"].get(known[-1])
    if code is not None:
        rates = view.grade_rates(code)
        rows = np.arange(len(rates.slots))
        if need.lot is not None:
            lot = view.codes["lot"].get(need.lot)
            rows = _preferred(rates.slots, rows, rates.lots == lot, rates.lots == UNSTATED)
        if need.work_type:
            kinds = view.codes["work_type"]
            rows = _preferred(
                rates.slots,
                rows,
                rates.work_types == kinds.get(need.work_type),
                rates.work_types == kinds.get(""),
            )
        slots, prices = rates.slots[rows], rates.prices[rows]
        begins = np.flatnonzero(np.diff(slots, prepend=-1))
        if len(begins):
            lowest, highest = np.minimum.reduceat(prices, begins), np.maximum.reduceat(prices, begins)
            found[slots[begins]] = np.where(lowest == highest, lowest, NO_TOTAL)
    if len(view.team_rates) >= _KEPT:
        view.team_rates.clear()
    view.team_rates[known] = found
    return found


def _preferred(slots: Array, rows: Array, first: Mask, second: Mask) -> Array:
    """Of the rows those that meet the first condition; where a slot has none, those that meet the second."""
    own = rows[first[rows]]
    other = rows[second[rows] & ~first[rows]]
    other = other[~np.isin(slots[other], slots[own])]
    kept: Array = np.sort(np.concatenate([own, other]))
    return kept

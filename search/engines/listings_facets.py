"""Counting the listings of each facet's values: every facet ignores its own filter and obeys all the others.

Exact, from columns. Values whose filter was not asked for are counted all at once among the listings found; each of
the others for itself, among those who pass the other filters.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np

from search.engines.bits import counts_among, mask_of
from search.engines.columns import Array, Mask, rows_of
from search.engines.facet_table import label_of
from search.engines.listings_filters import (
    OFFERED,
    OFFERING,
    RATE,
    Narrowed,
    column_of,
    lowest_in_lots,
    offers_meeting,
    within,
)
from search.engines.listings_view import ListingsView, fresh
from search.fields import FILTERS, REGION_SCHEMES, FilterField
from search.query import Facet, FacetValue, ListingQuery

_FEW: Final = 8
"""Up to one listing in so many, what is borne is counted listing by listing; of more, by the bits of each value."""


def count_facets(
    view: ListingsView, query: ListingQuery, narrowed: Narrowed, everything: bool
) -> tuple[Facet, ...]:
    """All facets in the order of search/fields.py. `everything`: neither words nor filters, kept by
    generation and day.
    """
    if not everything:
        return _count(view, query, narrowed)
    name = f"facets {query.on} {query.facet_size}"
    kept = view.kept.get(name)
    if not isinstance(kept, tuple):
        kept = view.kept[name] = _count(view, query, narrowed)
    return kept


def _count(view: ListingsView, query: ListingQuery, narrowed: Narrowed) -> tuple[Facet, ...]:
    table = view.facets
    counts = _Asker(view, query, narrowed).counts()
    first, last = table.stretches["region"]
    counts[first:last] *= _shown_regions(view, query)
    ordered = table.ordered(counts)
    return tuple(_facet(view, query, facet, counts, ordered[facet.name]) for facet in FILTERS)


class _Asker:
    """Counts the values of each facet; what several facets have in common is worked out once."""

    def __init__(self, view: ListingsView, query: ListingQuery, narrowed: Narrowed) -> None:
        self._view, self._query, self._narrowed = view, query, narrowed
        self._found = narrowed.slots[narrowed.all_but()]

    def counts(self) -> Array:
        """How many listings have each value, by its number in the table of facets."""
        view, stretches = self._view, self._view.facets.stretches
        counts = np.zeros(view.facets.size, dtype=np.int64)
        counts[: len(view.all_bearers)] = self._of_found()
        counts[slice(*stretches["region"])] = self._regions(self._found)
        statuses = view.statuses(self._query.on)[self._found]
        counts[slice(*stretches["status"])] = np.bincount(statuses, minlength=len(view.codes["status"]))
        for facet in FILTERS:
            own = OFFERING if facet.by_offering else facet.name
            if own in self._narrowed.passes or self._query.priced_by_value(facet.name):
                counts[slice(*stretches[facet.name])] = self._without_own_filter(facet)
        return counts

    @cached_property
    def _priced(self) -> Mask:
        """Of each listing and lot in which it offers something, whether the listing passes all but what is asked of an
        offering, with a rate for that lot within the bounds.
        """
        view, offered = self._view, self._view.offered_lots
        slots = self._narrowed.slots[self._narrowed.all_but(OFFERING, RATE)]
        passed = mask_of(slots, view.size)[offered.slots]
        rates = lowest_in_lots(view, self._query, offered.slots[passed], offered.lots[passed])
        passed[passed] = within(rates, self._query)
        return passed

    def _of_found(self) -> Array:
        """Of the values that stand as bits, among those who pass every filter."""
        view, found = self._view, self._found
        if len(found) * _FEW < view.size:
            starts, numbers = view.all_borne
            return np.bincount(numbers[rows_of(starts, found)], minlength=len(view.all_bearers))
        return counts_among(view.all_bearers, mask_of(found, view.size))

    def _without_own_filter(self, facet: FilterField) -> Array:
        view, name, narrowed = self._view, facet.name, self._narrowed
        if facet.by_offering:
            return self._of_offerings(name)
        slots = narrowed.slots[narrowed.all_but(name)]
        if facet.several:
            return counts_among(view.bearers(name), mask_of(slots, view.size))
        return np.bincount(column_of(view, name, self._query)[slots], minlength=len(view.codes[name]))

    def _regions(self, slots: Array) -> Array:
        view = self._view
        sets = np.bincount(view.columns.array("slot_regions")[slots], minlength=len(view.region_bits))
        counts: Array = (sets @ view.region_weights).astype(np.int64)
        return counts

    def _of_offerings(self, name: str) -> Array:
        """How many listings have an offering with each lot, specialism or region that meets what else was
        asked of it.
        """
        view, query, narrowed = self._view, self._query, self._narrowed
        priced = query.priced_by_value(name)
        alone = not any(query.filters.get(other) for other in OFFERED if other != name)
        if priced and alone and name == "lot":
            return np.bincount(view.offered_lots.lots[self._priced], minlength=len(view.codes["lot"]))
        if alone and not priced:
            slots = narrowed.slots[narrowed.all_but(OFFERING)]
            if name == "region":
                return self._regions(slots)
            return counts_among(view.bearers(name), mask_of(slots, view.size))
        left_out = name if query.filters.get(name) else ""
        rows, owners = offers_meeting(view, query, narrowed, left_out)
        if priced:
            kept = self._priced[view.offered_lots.of_row[rows]]
        else:
            kept = mask_of(narrowed.slots[narrowed.all_but(OFFERING)], view.size)[owners]
        rows, owners = rows[kept], owners[kept]
        if name == "region":
            return _count_regions(view, owners, view.columns.array("offer_regions")[rows])
        codes = view.columns.array(f"offer_{name}")[rows]
        if name == "lot":
            # Rows are sorted by listing and lot: each pair counts once.
            codes = codes[fresh(owners, codes)]
        return np.bincount(codes[codes >= 0], minlength=len(view.codes[name]))


def _count_regions(view: ListingsView, owners: Array, sets: Array) -> Array:
    """How many owners have each region in any of their sets; the rows are sorted by owner."""
    if not len(owners):
        return np.zeros(view.region_bits.shape[1], dtype=np.int64)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    # Most have one set of regions for all that they offer; only the others' sets must be put together.
    alike = np.minimum.reduceat(sets, begins) == np.maximum.reduceat(sets, begins)
    alone = np.bincount(sets[begins[alike]], minlength=len(view.region_bits))
    counts: Array = (alone @ view.region_weights).astype(np.int64)
    if not alike.all():
        lengths = np.diff(begins, append=len(owners))
        mixed = ~np.repeat(alike, lengths)
        starts = np.cumsum(lengths[~alike]) - lengths[~alike]
        counts += np.logical_or.reduceat(view.region_bits[sets[mixed]], starts, axis=0).sum(axis=0)
    return counts


def _facet(
    view: ListingsView, query: ListingQuery, facet: FilterField, counts: Array, order: list[int]
) -> Facet:
    """A facet of the numbers in `order`: the first of them, and whatever was asked for."""
    table, selected = view.facets, query.filters.get(facet.name, ())
    shown = order[: query.facet_size]
    values, labels = table.values, table.labels
    told = [
        FacetValue(values[number], labels[number], count, values[number] in selected)
        for number, count in zip(shown, counts[shown].tolist(), strict=True)
    ]
    hidden = len(order) - len(shown)
    listed = {one.value for one in told if one.selected}
    later = []
    for value in selected:
        if value not in listed:
            code = view.codes[facet.name].get(value)
            count = 0 if code is None else int(counts[table.stretches[facet.name][0] + code])
            later.append(FacetValue(value, label_of(facet, value, view.labels), count, True))
            hidden -= count > 0
    later.sort(key=lambda one: (-one.count, one.value))
    return Facet(facet.name, facet.label, (*told, *later), hidden)


def _shown_regions(view: ListingsView, query: ListingQuery) -> Mask:
    """The region codes that the facet counts: of the framework's own scheme if there is just one framework,
    else ITL.

    A code that is asked for is counted whatever its scheme.
    """
    frameworks = query.filters.get("framework", ())
    own = view.labels.scheme("framework", frameworks[0]) if len(frameworks) == 1 else ""
    codes = view.codes["region"]
    kept = view.kept.get(f"regions {own}")
    if not isinstance(kept, np.ndarray) or len(kept) != len(codes):
        schemes = {own, "UK", ""} if own else {*REGION_SCHEMES, ""}
        kept = np.array([view.labels.scheme("region", value) in schemes for value in codes.values], np.bool_)
        view.kept[f"regions {own}"] = kept
    if not (asked := codes.find(query.filters.get("region", ()))):
        return kept
    shown = kept.copy()
    shown[asked] = True
    return shown

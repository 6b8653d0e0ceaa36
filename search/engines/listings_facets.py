"""Counting the listings of each facet's values: every facet ignores its own filter and obeys all the others.

Exact, from columns: a facet is one bincount over the listings (or rows) that pass the other filters.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from search.engines.bits import counts_among, mask_of
from search.engines.columns import Array, Codes, Mask
from search.engines.listings_filters import (
    OFFERED,
    OFFERING,
    RATE,
    Narrowed,
    column_of,
    lowest_rates,
    offer_rows,
    within,
)
from search.engines.listings_view import ListingsView
from search.fields import FILTERS, REGION_SCHEMES, FilterField
from search.query import Facet, FacetValue, ListingQuery


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
    asker = _Asker(view, query, narrowed)
    return tuple(_facet(view, query, facet, asker.counts(facet)) for facet in FILTERS)


class _Asker:
    """Counts the values of each facet; what several facets have in common is worked out once."""

    def __init__(self, view: ListingsView, query: ListingQuery, narrowed: Narrowed) -> None:
        self._view, self._query, self._narrowed = view, query, narrowed
        self._found = narrowed.slots[narrowed.all_but()]
        self._met: dict[str, tuple[Array, Array]] = {}

    def counts(self, facet: FilterField) -> Array:
        """How many listings have each value, by code."""
        name, view, narrowed = facet.name, self._view, self._narrowed
        if facet.by_offering:
            if OFFERING in narrowed.passes:
                return self._of_offerings(name)
            return self._regions(self._found) if name == "region" else self._borne[name]
        if name not in narrowed.passes:
            if name == "status":
                return np.bincount(
                    view.statuses(self._query.on)[self._found], minlength=len(view.codes[name])
                )
            return self._borne[name]
        slots = narrowed.slots[narrowed.all_but(name)]
        if facet.several:
            return counts_among(view.bearers(name), mask_of(slots, view.size))
        return np.bincount(column_of(view, name, self._query)[slots], minlength=len(view.codes[name]))

    @cached_property
    def _borne(self) -> dict[str, Array]:
        """The counts of all values that stand as bits, among those who pass every filter."""
        bits, stretches = self._view.all_bearers()
        counts = counts_among(bits, mask_of(self._found, self._view.size))
        return {name: counts[first:last] for name, (first, last) in stretches.items()}

    def _kept(self, name: str, slots: Array) -> tuple[Array, Array]:
        """The offerings of the slots that meet all but this filter, and their owners; the same for every filter
        that was not asked for.
        """
        offers = offer_rows(self._view, self._query, self._narrowed)
        left_out = name if self._query.filters.get(name) else ""
        if left_out not in self._met:
            kept = np.flatnonzero(offers.but(left_out, mask_of(slots, self._view.size)))
            rows = kept if isinstance(offers.rows, slice) else offers.rows[kept]
            self._met[left_out] = rows, offers.owners[kept]
        return self._met[left_out]

    def _regions(self, slots: Array) -> Array:
        view = self._view
        sets = np.bincount(view.columns.array("slot_regions")[slots], minlength=len(view.region_bits))
        counts: Array = sets @ view.region_bits
        return counts

    def _of_offerings(self, name: str) -> Array:
        """How many listings have an offering with each lot, specialism or region that meets what else was
        asked of it.
        """
        view, query, narrowed = self._view, self._query, self._narrowed
        slots = narrowed.slots[_base_of(view, query, narrowed, name)]
        if not any(query.filters.get(other) for other in OFFERED if other != name):
            if name == "region":
                return self._regions(slots)
            return counts_among(view.bearers(name), mask_of(slots, view.size))
        rows, owners = self._kept(name, slots)
        codes = view.columns.array("offer_regions" if name == "region" else f"offer_{name}")[rows]
        if name == "region":
            return _count_regions(view, owners, codes)
        if name == "lot":
            # Rows are sorted by listing and lot: each pair counts once.
            codes = codes[_fresh(owners, codes)]
        return np.bincount(codes[codes >= 0], minlength=len(view.codes[name]))


def _base_of(view: ListingsView, query: ListingQuery, narrowed: Narrowed, name: str) -> Mask:
    """Who passes all filters but those of offerings."""
    if name == "lot" and RATE in narrowed.passes and query.filters.get("lot"):
        # Without the lot filter a rate of any lot will do.
        base = narrowed.all_but(OFFERING, RATE)
        base &= within(lowest_rates(view, query, ())[narrowed.slots], query)
        return base
    return narrowed.all_but(OFFERING)


def _fresh(owners: Array, codes: Array) -> Mask:
    """Where a pair of owner and code is not the one before; equal pairs stand side by side."""
    fresh = np.ones(len(codes), dtype=np.bool_)
    fresh[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    return fresh


def _count_regions(view: ListingsView, owners: Array, sets: Array) -> Array:
    """How many owners have each region in any of their sets; the rows are sorted by owner."""
    if not len(owners):
        return np.zeros(view.region_bits.shape[1], dtype=np.int64)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    # Most have one set of regions for all that they offer; only the others' sets must be put together.
    alike = np.minimum.reduceat(sets, begins) == np.maximum.reduceat(sets, begins)
    alone = np.bincount(sets[begins[alike]], minlength=len(view.region_bits))
    counts: Array = alone @ view.region_bits
    if not alike.all():
        lengths = np.diff(begins, append=len(owners))
        mixed = ~np.repeat(alike, lengths)
        starts = np.cumsum(lengths[~alike]) - lengths[~alike]
        counts += np.logical_or.reduceat(view.region_bits[sets[mixed]], starts, axis=0).sum(axis=0)
    return counts


def _facet(view: ListingsView, query: ListingQuery, facet: FilterField, counts: Array) -> Facet:
    codes, name = view.codes[facet.name], facet.name
    selected = query.filters.get(name, ())
    if name == "region":
        counts = np.where(_shown_regions(view, query), counts, 0)
    present = np.flatnonzero(counts)
    # The most first, equals by the alphabet.
    order = present[np.argsort(_alphabet(view, name, codes)[present] - counts[present] * len(codes))]
    shown = order[: query.facet_size]
    labels = _labels(view, facet, codes)
    listed = [codes.values[code] for code in shown.tolist()]
    values = [
        FacetValue(value, labels[code], count, value in selected)
        for code, value, count in zip(shown.tolist(), listed, counts[shown].tolist(), strict=True)
    ]
    later = [value for value in selected if value not in listed]
    values.extend(
        FacetValue(value, _label(view, facet, value), _count_of(codes, counts, value), True)
        for value in sorted(later, key=lambda value: (-_count_of(codes, counts, value), value))
    )
    hidden = len(order) - len(shown) - sum(1 for value in later if _count_of(codes, counts, value))
    return Facet(name, facet.label, tuple(values), hidden)


def _count_of(codes: Codes, counts: Array, value: str) -> int:
    code = codes.get(value)
    return 0 if code is None else int(counts[code])


def _label(view: ListingsView, facet: FilterField, value: str) -> str:
    if facet.one_of is not None:
        return facet.one_of.get(value, value)
    return view.labels.label(facet.name, value)


def _labels(view: ListingsView, facet: FilterField, codes: Codes) -> list[str]:
    """The label of each code's value."""
    kept = view.kept.get(f"labels {facet.name}")
    if not isinstance(kept, list) or len(kept) != len(codes):
        kept = view.kept[f"labels {facet.name}"] = [_label(view, facet, value) for value in codes.values]
    return kept


def _alphabet(view: ListingsView, name: str, codes: Codes) -> Array:
    """The place of each code's value in alphabetical order."""
    kept = view.kept.get(f"alphabet {name}")
    if not isinstance(kept, np.ndarray) or len(kept) != len(codes):
        kept = np.empty(len(codes), dtype=np.int64)
        kept[sorted(range(len(codes)), key=codes.values.__getitem__)] = np.arange(len(codes))
        view.kept[f"alphabet {name}"] = kept
    return kept


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

"""Counting the listings of each facet's values: every facet ignores its own filter and obeys all the others.

Exact, from columns: a facet is one bincount over the listings (or rows) that pass the other filters.
"""

from __future__ import annotations

import numpy as np

from search.engines.columns import Array, Codes, Mask, rows_of
from search.engines.listings_filters import (
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
    found = narrowed.slots[narrowed.all_but()]
    facets = []
    for facet in FILTERS:
        if facet.by_offering:
            counts = _count_offers(view, query, narrowed, found, facet.name)
        else:
            slots = narrowed.slots[narrowed.all_but(facet.name)] if facet.name in narrowed.passes else found
            if facet.several:
                rows = rows_of(view.columns.array(f"{facet.name}_starts"), slots)
                codes = view.columns.array(f"{facet.name}_code")[rows]
            else:
                codes = column_of(view, facet.name, query)[slots]
            counts = np.bincount(codes, minlength=len(view.codes[facet.name]))
        facets.append(_facet(view, query, facet, counts))
    return tuple(facets)


def _count_offers(
    view: ListingsView, query: ListingQuery, narrowed: Narrowed, found: Array, name: str
) -> Array:
    """How many listings have an offering with each lot, specialism or region that meets what else was asked
    of it.
    """
    size = len(view.codes[name])
    if OFFERING not in narrowed.passes:
        slots = found
    else:
        base = narrowed.all_but(OFFERING)
        if name == "lot" and RATE in narrowed.passes and query.filters.get("lot"):
            # Without the lot filter a rate of any lot will do.
            base = narrowed.all_but(OFFERING, RATE)
            base &= within(lowest_rates(view, query, ())[narrowed.slots], query)
        slots = narrowed.slots[base]
    others = {
        other: query.filters.get(other, ()) for other in ("lot", "specialism", "region") if other != name
    }
    if name == "region":
        if not any(others.values()):
            sets = np.bincount(view.columns.array("slot_regions")[slots], minlength=len(view.region_bits))
            counts: Array = sets @ view.region_bits
            return counts
        offers = offer_rows(view, others, slots)
        kept = offers.but(name, np.ones(len(slots), dtype=np.bool_))
        return _count_regions(
            view, offers.owners[kept], view.columns.array("offer_regions")[offers.rows[kept]]
        )
    offers = offer_rows(view, others, slots)
    kept = offers.but(name, np.ones(len(slots), dtype=np.bool_))
    codes, owners = view.columns.array(f"offer_{name}")[offers.rows[kept]], offers.owners[kept]
    if name == "lot":
        # Rows are sorted by listing and lot: each pair counts once.
        fresh = np.ones(len(codes), dtype=np.bool_)
        fresh[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
        return np.bincount(codes[fresh], minlength=size)
    return np.bincount(codes[codes >= 0], minlength=size)


def _count_regions(view: ListingsView, owners: Array, sets: Array) -> Array:
    """How many owners have each region in any of their sets; the rows are sorted by owner."""
    if not len(owners):
        return np.zeros(view.region_bits.shape[1], dtype=np.int64)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    either: Mask = np.logical_or.reduceat(view.region_bits[sets], begins, axis=0)
    counts: Array = either.sum(axis=0)
    return counts


def _facet(view: ListingsView, query: ListingQuery, facet: FilterField, counts: Array) -> Facet:
    codes, name = view.codes[facet.name], facet.name
    selected = query.filters.get(name, ())
    if name == "region":
        counts = np.where(_shown_regions(view, query), counts, 0)
    present = np.flatnonzero(counts)
    order = present[np.lexsort((_alphabet(view, name, codes)[present], -counts[present]))]
    shown = order[: query.facet_size].tolist()
    listed = [codes.values[code] for code in shown]
    later = [value for value in selected if value not in listed]
    values = [
        FacetValue(value, _label(view, facet, value), int(counts[code]), value in selected)
        for code, value in zip(shown, listed, strict=True)
    ]
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
    schemes = {own, "UK", ""} if own else {*REGION_SCHEMES, ""}
    asked = query.filters.get("region", ())
    return np.array(
        [
            view.labels.scheme("region", value) in schemes or value in asked
            for value in view.codes["region"].values
        ],
        dtype=np.bool_,
    )

"""Counting the listings of each facet's values: every facet ignores its own filter and obeys all the others.

Exact, from columns: a facet is one bincount over the listings (or rows) that pass the other filters.
"""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np

from search.engines.bits import counts_among, mask_of
from search.engines.columns import Array, Codes, Mask
from search.engines.listings_filters import (
    OFFERED,
    OFFERING,
    RATE,
    Narrowed,
    OfferRows,
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
    offers = _Offers(view, query, narrowed)
    facets = []
    for facet in FILTERS:
        if facet.by_offering:
            counts = _count_offers(view, query, narrowed, found, offers, facet.name)
        else:
            slots = narrowed.slots[narrowed.all_but(facet.name)] if facet.name in narrowed.passes else found
            if facet.several:
                counts = _count_bearers(view, slots, facet.name)
            else:
                codes = column_of(view, facet.name, query)[slots]
                counts = np.bincount(codes, minlength=len(view.codes[facet.name]))
        facets.append(_facet(view, query, facet, counts))
    return tuple(facets)


def _count_offers(
    view: ListingsView, query: ListingQuery, narrowed: Narrowed, found: Array, offers: _Offers, name: str
) -> Array:
    """How many listings have an offering with each lot, specialism or region that meets what else was asked
    of it.
    """
    others = {other: query.filters.get(other, ()) for other in OFFERED if other != name}
    if not any(others.values()):
        if OFFERING in narrowed.passes:
            found = narrowed.slots[_base_of(view, query, narrowed, name)]
        return _count_all(view, found, name)
    kept = offers.rows.but(name, mask_of(narrowed.slots[_base_of(view, query, narrowed, name)], view.size))
    owners = offers.rows.owners[kept]
    codes = view.columns.array("offer_regions" if name == "region" else f"offer_{name}")[offers.rows.rows][
        kept
    ]
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


class _Offers:
    """The offerings of the candidates, looked up once for the three facets that may want them."""

    def __init__(self, view: ListingsView, query: ListingQuery, narrowed: Narrowed) -> None:
        self._ask = partial(offer_rows, view, query.filters, narrowed.slots)

    @cached_property
    def rows(self) -> OfferRows:
        return self._ask()


def _count_all(view: ListingsView, slots: Array, name: str) -> Array:
    """How many of the listings have any offering with each lot, specialism or region."""
    if name == "region":
        sets = np.bincount(view.columns.array("slot_regions")[slots], minlength=len(view.region_bits))
        counts: Array = sets @ view.region_bits
        return counts
    return _count_bearers(view, slots, name)


def _count_bearers(view: ListingsView, slots: Array, name: str) -> Array:
    return counts_among(view.bearers(name), mask_of(slots, view.size))


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
    either: Mask = np.logical_or.reduceat(view.region_bits[sets], begins, axis=0)
    counts: Array = either.sum(axis=0)
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

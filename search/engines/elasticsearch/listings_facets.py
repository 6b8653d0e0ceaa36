"""Counting the listings of each facet's values: every facet ignores its own filter and obeys all the others.

Facets that obey the same conditions share one filter. Lots, specialisms and regions are counted over the
offerings that meet what else was asked of one offering; under a bound of rates each lot and specialism by
the rates that hold for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from search.engines.elasticsearch.listings_filters import (
    BY_OFFERING,
    OFFERING,
    RATE,
    ahead,
    all_of,
    offer_rows,
    offering,
    over,
    rate_within,
)
from search.engines.elasticsearch.listings_shape import filter_name
from search.engines.suggestions import Labels
from search.fields import FILTERS, REGION_SCHEMES, FilterField
from search.query import Facet, FacetValue, ListingQuery
from search.statuses import COMING, EXPIRED, LIVE

Json = dict[str, Any]

MOST_VALUES: Final = 10_000
"""So many values of one facet are counted exactly."""

_ALL: Final = "all"


def facet_aggregations(query: ListingQuery, conditions: Mapping[str, Json], lots: Sequence[str] = ()) -> Json:
    """The aggregations of all facets. `conditions` are those that the query itself does not obey yet, `lots` what
    there is to choose where rates are bounded.
    """
    aggregations: Json = {}
    shared: Json = {}
    for facet in FILTERS:
        own = OFFERING if facet.by_offering else facet.name
        if lots and query.priced_by_value(facet.name):
            others = [one for name, one in conditions.items() if name not in (OFFERING, RATE)]
            aggregations[facet.name] = _filtered(others, {facet.name: _priced(query, facet, lots)})
            continue
        if own not in conditions:
            shared[facet.name] = _values(query, facet)
            continue
        obeyed = {name: one for name, one in conditions.items() if name != own}
        aggregations[facet.name] = _filtered(list(obeyed.values()), {facet.name: _met(query, facet)})
    if shared:
        aggregations[_ALL] = _filtered(list(conditions.values()), shared)
    return aggregations


def _filtered(conditions: list[Json], inner: Json) -> Json:
    return {"filter": all_of(conditions) if conditions else {"match_all": {}}, "aggs": inner}


def _values(query: ListingQuery, facet: FilterField) -> Json:
    terms: Json = {"terms": {"field": filter_name(facet.name), "size": MOST_VALUES}}
    if facet.name == "status":
        terms["aggs"] = {EXPIRED: {"filter": over(query.on)}, COMING: {"filter": ahead(query.on)}}
    return terms


def _met(query: ListingQuery, facet: FilterField) -> Json:
    """The values of a facet whose own filter is left out."""
    others = {
        name: query.filters[name] for name in BY_OFFERING if name != facet.name and query.filters.get(name)
    }
    if not facet.by_offering or not others:
        return _values(query, facet)
    values: Json = {"terms": {"field": f"offers.{facet.name}", "size": MOST_VALUES}}
    if facet.name != "specialism":
        # A specialism stands in one offering of a listing; a lot or region may stand in several.
        values["aggs"] = {"listings": {"reverse_nested": {}}}
    met = {"filter": all_of(offer_rows(others)), "aggs": {"values": values}}
    return {"nested": {"path": "offers"}, "aggs": {"met": met}}


def _priced(query: ListingQuery, facet: FilterField, lots: Sequence[str]) -> Json:
    """Who would be found by each of the lots or of their specialisms: once one is chosen the rates of its lot count."""
    if facet.name == "specialism":
        within = {lot: rate_within(query, (lot,)) for lot in lots}
        return {"filters": {"filters": within}, "aggs": {facet.name: _met(query, facet)}}
    asked = {name: query.filters.get(name, ()) for name in BY_OFFERING}
    chosen = {
        lot: all_of(
            [
                offering({name: one for name, one in {**asked, "lot": (lot,)}.items() if one}),
                rate_within(query, (lot,)),
            ]
        )
        for lot in lots
    }
    return {"filters": {"filters": chosen}}


def lots_to_choose(query: ListingQuery, labels: Labels) -> tuple[str, ...]:
    """The lots that are counted one by one, since rates are bounded; a bound is within one framework."""
    if not query.priced_by_value("lot"):
        return ()
    return tuple(lot for name in query.filters.get("framework", ()) for lot in labels.lots_of(name))


def facets_of(query: ListingQuery, answered: Json, labels: Labels) -> tuple[Facet, ...]:
    """The facets in the order of search/fields.py."""
    return tuple(_facet(query, facet, _counts(facet, answered), labels) for facet in FILTERS)


def _counts(facet: FilterField, answered: Json) -> dict[str, int]:
    found = answered.get(facet.name) or answered[_ALL]
    buckets = _buckets(found[facet.name])
    if isinstance(buckets, dict):
        return _by_lot(facet, buckets)
    counts = {
        bucket["key"]: bucket["listings"]["doc_count"] if "listings" in bucket else bucket["doc_count"]
        for bucket in buckets
    }
    if facet.name == "status":
        for stored in [bucket for bucket in buckets if bucket["key"] == LIVE]:
            for status in (EXPIRED, COMING):
                counts[LIVE] -= stored[status]["doc_count"]
                counts[status] = counts.get(status, 0) + stored[status]["doc_count"]
    return {value: count for value, count in counts.items() if count}


def _buckets(values: Json) -> Any:
    return (values["met"]["values"] if "met" in values else values)["buckets"]


def _by_lot(facet: FilterField, buckets: Mapping[str, Json]) -> dict[str, int]:
    """Lots as they were counted; of each lot's bucket the specialisms that are of it."""
    if facet.name == "lot":
        return {lot: bucket["doc_count"] for lot, bucket in buckets.items() if bucket["doc_count"]}
    return {
        one["key"]: one["doc_count"]
        for lot, bucket in buckets.items()
        for one in _buckets(bucket[facet.name])
        if one["key"].rpartition("~")[0] == lot
    }


def _facet(query: ListingQuery, facet: FilterField, counts: dict[str, int], labels: Labels) -> Facet:
    selected = query.filters.get(facet.name, ())
    if facet.name == "region":
        counts = _shown_regions(query, counts, labels)

    def place(value: str) -> tuple[int, str]:
        return -counts.get(value, 0), value

    order = sorted(counts, key=place)
    shown = order[: query.facet_size]
    listed = set(shown)
    later = sorted({value for value in selected if value not in listed}, key=place)
    values = [
        FacetValue(value, _label(labels, facet, value), counts.get(value, 0), value in selected)
        for value in (*shown, *later)
    ]
    hidden = len(order) - len(shown) - sum(1 for value in later if value in counts)
    return Facet(facet.name, facet.label, tuple(values), hidden)


def _label(labels: Labels, facet: FilterField, value: str) -> str:
    return labels.label(facet.name, value) if facet.one_of is None else facet.one_of.get(value, value)


def _shown_regions(query: ListingQuery, counts: dict[str, int], labels: Labels) -> dict[str, int]:
    """Of the framework's own scheme if there is just one framework, else ITL; one that is asked for anyway."""
    frameworks = query.filters.get("framework", ())
    own = labels.scheme("framework", frameworks[0]) if len(frameworks) == 1 else ""
    schemes = {own, "UK", ""} if own else {*REGION_SCHEMES, ""}
    asked = query.filters.get("region", ())
    return {
        value: count
        for value, count in counts.items()
        if value in asked or labels.scheme("region", value) in schemes
    }

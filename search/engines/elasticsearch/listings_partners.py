"""Counting partners rather than listings: one partner has a listing on each framework that it stands on.

Elasticsearch's own count of distinct values is an estimate. Here each shard gathers the partners that it sees, with
their ownership form, and they are put together and counted exactly; what is sent back are the counts alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from search.engines.elasticsearch.listings_filters import (
    BY_OFFERING,
    OFFERING,
    all_of,
    conditions_of,
    offering,
)
from search.engines.elasticsearch.listings_shape import filter_name
from search.query import ListingQuery, PartnerCount, PartnerCounts

Json = dict[str, Any]

_ANYWHERE: Final = "anywhere"
_ALL: Final = ""
_SEEN: Final = f"state.seen.add(doc['{filter_name('ownership')}'].value + ' ' + doc['partner'].value)"
_COUNTED: Final = """
Set seen = new HashSet();
for (one in states) { if (one != null) { seen.addAll(one); } }
Set partners = new HashSet();
Map counts = new HashMap();
for (one in seen) {
  int cut = one.indexOf(' ');
  partners.add(one.substring(cut + 1));
  String form = one.substring(0, cut);
  counts.put(form, counts.getOrDefault(form, 0) + 1);
}
counts.put('', partners.size());
return counts;
"""
_DISTINCT: Final[Json] = {
    "scripted_metric": {
        "init_script": "state.seen = new HashSet()",
        "map_script": _SEEN,
        "combine_script": "return new ArrayList(state.seen)",
        "reduce_script": _COUNTED,
    }
}


def partner_aggregations(query: ListingQuery, regions: Sequence[str]) -> Json:
    """The partners that answer the question, and by region those that answer all of it but its own regions."""
    conditions = conditions_of(query)
    asked = {
        name: query.filters[name] for name in BY_OFFERING if name != "region" and query.filters.get(name)
    }
    others = [one for name, one in conditions.items() if name != OFFERING]
    within = {region: all_of([*others, offering(asked | {"region": (region,)})]) for region in regions}
    everywhere = all_of(list(conditions.values())) if conditions else {"match_all": {}}
    counted: dict[str, Json] = {_ANYWHERE: {"filter": everywhere, "aggs": {"partners": _DISTINCT}}}
    # The service refuses to count in no buckets.
    if within:
        counted["regions"] = {"filters": {"filters": within}, "aggs": {"partners": _DISTINCT}}
    return counted


def partners_counted(answered: Json, regions: Sequence[str]) -> PartnerCounts:
    """What the aggregations found."""
    buckets: Mapping[str, Json] = answered["regions"]["buckets"] if regions else {}
    return PartnerCounts(_count(answered[_ANYWHERE]), {region: _count(buckets[region]) for region in regions})


def _count(bucket: Json) -> PartnerCount:
    counts: dict[str, int] = dict(bucket["partners"]["value"] or {})
    return PartnerCount(counts.pop(_ALL, 0), dict(sorted(counts.items())))

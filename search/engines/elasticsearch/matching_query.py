"""A need as Elasticsearch's JSON: pure, one body for each way in which candidates are gathered, and one for what is
told of them.

Bodies that find are answered by sort values alone, the key last: nothing stored is read until it is known whom it is
wanted of. Scores are whole numbers below 2^24 (together.py), which 32 bits hold exactly, and ties stand in the seed's
fair order, so the edges of these lists are those of the embedded engine. That is why the nearest are found
by a script over every vector and not by kNN, which would drop some of equals as it likes. What is stored is asked for
whole: taking parts out of it costs the service more than sending it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from search.engines.elasticsearch.listings_facets import MOST_VALUES
from search.engines.elasticsearch.listings_filters import all_of, nested, status_on
from search.engines.elasticsearch.listings_shape import NAME_KEY, filter_name
from search.engines.elasticsearch.meta import NO_RESULTS, SUGGEST
from search.engines.matching_base import (
    AT_LEAST,
    IN_ORDER,
    RULED_OUT_SHOWN,
    TOGETHER,
)
from search.engines.together import PAIRS, Worths, worths_of
from search.meaning import Vectors
from search.need import Need, Pair

Json = dict[str, Any]

EVERYBODY: Final = "everybody"
RULED_OUT: Final = "ruled out"

MOST_PRICED: Final = 50_000
"""So many different cards of eligible listings are told apart: the service gives no more than 65,535 values."""
PAIRS_AT_ONCE: Final = 100
"""Pairs in one body: of more the service would refuse so large a question."""
MET, STATED, LIKED = "met", "not stated", "liked"
"""What a condition is named by, before its number or kind, where an answer says which conditions a listing meets."""

_NEAREST: Final = "Math.max(dotProduct(params.need, 'meanings.vector'), 0)"
_UNREAD: Final[Json] = {"_source": False, "stored_fields": "_none_"}


def universe_of(need: Need) -> list[Json]:
    """The listings of the framework and lot; without one, of every framework that is live on the day."""
    if need.framework is None:
        found = [status_on("live", need.on)]
    else:
        found = [{"term": {filter_name("framework"): need.framework}}]
    if need.lot is not None:
        found.append({"term": {filter_name("lot"): need.lot}})
    return found


def eligible_of(need: Need) -> Json:
    """Whoever certainly lacks no must-have."""
    return all_of([*universe_of(need), *(_open(need, need.pairs[at]) for at in sorted(need.must))])


def counting_bodies(need: Need) -> dict[str, Json]:
    """The bodies that count, by what they are for."""
    found = {EVERYBODY: _everybody(need, eligible_of(need))}
    if need.must:
        found[RULED_OUT] = _ruled_out(need)
    return found


def together_body(need: Need, priced: Mapping[int, Sequence[str]]) -> Json | None:
    """Those worth most by all that is asked for (together.py); of equals the first in the fair order. `priced` has the
    names of rates by their steps of the price's part. None where nothing is asked for.
    """
    worths = worths_of(need)
    scores = [_constant({"term": {"terms": one.term}}, one.steps * worths.word) for one in need.terms]
    if need.vector is not None:
        scores.append(_nearness(need.vector, worths.near))
    scores += [_covers(need, pair, worths) for pair in need.pairs[:PAIRS]]
    if worths.price:
        scores += [_constant(_priced(names), steps * worths.price) for steps, names in priced.items()]
    scores += [
        _constant({"terms": {filter_name(kind): list(values)}}, worths.liked)
        for kind, values in need.preferences.items()
    ]
    if not scores:
        return None
    return {
        "size": TOGETHER,
        "track_total_hits": False,
        "min_score": 1,
        "query": {
            "bool": {"filter": [eligible_of(need)], "should": scores, "minimum_should_match": 1},
        },
        "sort": [{"_score": "desc"}, *_fair(need.seed)],
        **_UNREAD,
    }


def lengths_body() -> Json:
    """Sums over all listings."""
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"must_not": [dict(NO_RESULTS)]}},
        "aggs": {name: {"sum": {"field": name}} for name in ("meant_terms", "meant_parts")},
    }


def meta_body() -> Json:
    """What the index says of itself."""
    return {"size": 0, "query": {"match_none": {}}, "suggest": SUGGEST}


def told_bodies(need: Need, keys: Sequence[str]) -> list[Json]:
    """What is wanted of the listings of these keys: the first body reads what is stored, and tells which pairs and
    preferences they meet; more are needed for more pairs.
    """
    bodies: list[Json] = []
    for part in _parts(range(len(need.pairs))) if need.pairs else [range(0)]:
        named = [one for at in part for one in _states(need, at)]
        if not bodies:
            named += [
                {"terms": {filter_name(kind): list(values), "_name": f"{LIKED} {kind}"}}
                for kind, values in need.preferences.items()
            ]
        bodies.append(
            {
                "size": len(keys),
                "track_total_hits": False,
                "query": {"bool": {"filter": [{"terms": {"key": list(keys)}}], **_optional(named)}},
                "sort": _by_key(),
                **(_UNREAD if bodies else {}),
            }
        )
    return bodies


def priced_body(need: Need, names: Iterable[str], size: int) -> Json:
    """The first eligible listings, in the seed's order, that show these rates."""
    return {
        "size": size,
        "track_total_hits": False,
        "query": {"bool": {"filter": [eligible_of(need), _priced(names)]}},
        "sort": _fair(need.seed),
        **_UNREAD,
    }


def rates_body(names: Sequence[str]) -> Json:
    """One listing for each name of rates."""
    return {
        "size": len(names),
        "track_total_hits": False,
        "query": {"bool": {"filter": [_priced(names)]}},
        "collapse": {"field": "priced_by"},
        "sort": _by_key(),
    }


def _priced(names: Iterable[str]) -> Json:
    return {"terms": {"priced_by": sorted(names)}}


def _by_key() -> list[Json]:
    return [{"key": "asc"}]


def _fair(seed: int) -> list[Json]:
    """The seed's order."""
    return [{f"tie_{seed}": "asc"}, *_by_key()]


def _everybody(need: Need, eligible: Json) -> Json:
    """How many are eligible, on which lots they stand, what they charge; the first in the order asked for."""
    counted: Json = {"lots": {"terms": {"field": filter_name("lot"), "size": MOST_VALUES}}}
    if need.days and need.framework is not None:
        counted["rates"] = {"terms": {"field": "priced_by", "size": MOST_PRICED}}
    return {
        "size": max(IN_ORDER, AT_LEAST),
        "track_total_hits": True,
        "query": {"bool": {"filter": [eligible]}},
        "sort": [{NAME_KEY: "asc"}, *_by_key()] if need.order == "name" else _fair(need.seed),
        "aggs": counted,
        **_UNREAD,
    }


def _nearness(vector: Vectors, worth: int) -> Json:
    """The product of the need's vector with the nearest of a listing's, nothing where it is below."""
    script = {"source": _NEAREST, "params": {"need": vector.tobytes().hex()}}
    every = {"exists": {"field": "meanings.vector"}}
    return {
        "nested": {
            "path": "meanings",
            "score_mode": "max",
            "query": {"script_score": {"query": every, "script": script}},
            "boost": worth,
        }
    }


def _covers(need: Need, pair: Pair, worths: Worths) -> Json:
    """A pair that is met counts twice one that is not stated."""
    found = [_constant(_met(need, pair), 2 * worths.pair)]
    if pair.specialism is not None:
        found.append(_constant(_unstated(pair), worths.pair))
    return {"dis_max": {"queries": found}}


def _states(need: Need, at: int) -> list[Json]:
    pair = need.pairs[at]
    found = [_named(_met(need, pair), MET, at)]
    if pair.specialism is not None:
        found.append(_named(_unstated(pair), STATED, at))
    return found


def _named(condition: Json, state: str, at: int) -> Json:
    return {"bool": {"filter": [condition], "_name": f"{state} {at}"}}


def _ruled_out(need: Need) -> Json:
    """Who lacks a must-have: the first by key with their records, all of them counted."""
    lacks_none = {at: _open(need, need.pairs[at]) for at in sorted(need.must)}
    return {
        "size": RULED_OUT_SHOWN,
        "track_total_hits": True,
        "query": {
            "bool": {
                "filter": universe_of(need),
                "must_not": [all_of(list(lacks_none.values()))],
                **_optional([_named(one, MET, at) for at, one in lacks_none.items()]),
            }
        },
        "sort": _by_key(),
        "aggs": {str(at): {"filter": {"bool": {"must_not": [one]}}} for at, one in lacks_none.items()},
    }


def _met(need: Need, pair: Pair) -> Json:
    rows = _here(pair)
    if pair.specialism is not None:
        rows.append({"term": {"offers.specialism": pair.specialism}})
    elif need.lot is not None:
        rows.append({"term": {"offers.lot": need.lot}})
    return nested("offers", rows)


def _unstated(pair: Pair) -> Json:
    return nested("offers", [*_here(pair), _no_specialism(pair)])


def _open(need: Need, pair: Pair) -> Json:
    """That a pair is met, or may be since it is not stated."""
    if pair.specialism is None:
        return _met(need, pair)
    either = [{"term": {"offers.specialism": pair.specialism}}, _no_specialism(pair)]
    return nested("offers", [*_here(pair), {"bool": {"should": either}}])


def _here(pair: Pair) -> list[Json]:
    return [] if pair.region is None else [{"term": {"offers.region": pair.region}}]


def _no_specialism(pair: Pair) -> Json:
    """That none is stated on the lot of the pair's specialism."""
    lot = str(pair.specialism).rpartition("~")[0]
    return {
        "bool": {
            "filter": [{"term": {"offers.lot": lot}}],
            "must_not": [{"exists": {"field": "offers.specialism"}}],
        }
    }


def _constant(found: Json, score: int) -> Json:
    return {"constant_score": {"filter": found, "boost": score}}


def _optional(named: Sequence[Json]) -> Mapping[str, Any]:
    return {"should": list(named), "minimum_should_match": 0} if named else {}


def _parts(every: range) -> list[range]:
    return [every[start : start + PAIRS_AT_ONCE] for start in range(0, len(every), PAIRS_AT_ONCE)]

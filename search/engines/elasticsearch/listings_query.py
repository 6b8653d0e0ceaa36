"""A question over the listings as Elasticsearch's JSON: pure, one body for hits, facets and freshness.

The plan becomes the same tree as engines/words.py makes for tantivy. Filters that a facet ignores stand in the
post filter and in each facet's own filter; all else narrows the query itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from search.engines.elasticsearch.listings_facets import facet_aggregations
from search.engines.elasticsearch.listings_filters import all_of, conditions_of, rate_rows
from search.engines.elasticsearch.listings_partners import partner_aggregations
from search.engines.elasticsearch.listings_shape import NAME_KEY, tie_of
from search.engines.elasticsearch.meta import NO_RESULTS, SUGGEST
from search.fields import (
    ALL_WORDS_SCORE,
    CONSTANT_SCORE,
    NAME_START_SCORE,
    TEXT_FIELDS,
    TIE_BREAKER,
    WHOLE_NAME_SCORE,
)
from search.planner import Clause, Plan, Terms
from search.query import Cursor, ListingQuery

Json = dict[str, Any]

NO_RATE: Final = (1 << 63) - 1
"""What Elasticsearch sorts a listing without a rate by."""

SCORE: Final = "Math.rint(_score * 10000)"
"""Hits are compared by whole ten-thousandths, as on every engine."""

BEYOND_ALL: Final = 3.0e38
"""A score above every other."""


def search_body(query: ListingQuery, plan: Plan, facets: bool, lots: Sequence[str] = ()) -> Json:
    """The whole request; `facets` whether they are to be counted, `lots` those that there are to choose where rates
    are bounded. Every condition is ignored by some facet: a filter by its own, a rate's bounds where lots are counted.
    """
    conditions = conditions_of(query)
    body: Json = {
        "query": _query(plan, [] if facets else list(conditions.values())),
        "sort": _sort(query, scored=plan.asked),
        "track_total_hits": True,
        "suggest": SUGGEST,
    }
    if facets:
        if conditions:
            body["post_filter"] = all_of(list(conditions.values()))
        body["aggs"] = facet_aggregations(query, conditions, lots)
    return body | _page(query, scored=plan.asked)


def answering_query(query: ListingQuery, plan: Plan, among: Sequence[str] | None) -> Json:
    """Who answers the question, of `among` if given, without a score."""
    always = list(conditions_of(query).values())
    if among is not None:
        always.append({"ids": {"values": list(among)}})
    if plan.asked:
        always.append(words_query(plan))
    return {"bool": _given(filter=always, must_not=[dict(NO_RESULTS), *_excluded(plan)])}


def partners_question(query: ListingQuery, plan: Plan, regions: Sequence[str]) -> Json:
    """The request that counts partners: no listing is told, every condition stands in what is counted."""
    words = answering_query(replace(query, filters={}, grade=None), plan, None)
    counted = partner_aggregations(query, regions)
    return {"query": words, "size": 0, "track_total_hits": False, "suggest": SUGGEST, "aggs": counted}


def everything(query: ListingQuery, plan: Plan) -> bool:
    """Whether neither words nor filters narrow the question: then its facets are the same for everybody."""
    return not plan.asked and not plan.excluded and not conditions_of(query)


def words_query(plan: Plan) -> Json:
    """A plan as a query that scores as tantivy does. Each clause scores by its best field."""
    wanted = [(clause.required, _clause(clause)) for clause in plan.clauses]
    must = [clause for required, clause in wanted if required]
    should = [clause for required, clause in wanted if not required]
    if plan.whole_name:
        should.append(_constant({"term": {NAME_KEY: plan.whole_name}}, WHOLE_NAME_SCORE))
    if plan.together:
        every = {"bool": {"filter": [wanted[at][1] for at in plan.together]}}
        should.append(_constant(every, ALL_WORDS_SCORE))
    if not must and not should:
        return {"match_none": {}}
    return {"bool": _given(must=must, should=should, must_not=_excluded(plan))}


def _query(plan: Plan, always: list[Json]) -> Json:
    if plan.asked:
        scored = {"script_score": {"query": words_query(plan), "script": {"source": SCORE}}}
        return {"bool": _given(must=[scored], filter=always)}
    return {"bool": _given(filter=always, must_not=[dict(NO_RESULTS), *_excluded(plan)])}


def _clause(clause: Clause) -> Json:
    found = [
        _terms(field.name, alternative.terms, field.weight * alternative.weight)
        for alternative in clause.alternatives
        for field in TEXT_FIELDS
    ]
    if clause.constants:
        found.extend(
            _constant({"terms": {field.name: list(clause.constants)}}, field.weight * CONSTANT_SCORE)
            for field in TEXT_FIELDS
        )
    if clause.name_starts:
        found.append(_constant({"terms": {"name": list(clause.name_starts)}}, NAME_START_SCORE))
    return {"dis_max": {"queries": found, "tie_breaker": TIE_BREAKER}}


def _terms(field: str, terms: Terms, boost: float = 1.0) -> Json:
    """A term, or several as a phrase that keeps the places of its stop words."""
    if len(terms) == 1:
        return {"term": {field: {"value": terms[0], "boost": boost}}}
    return {"match_phrase": {field: {"query": " ".join(terms), "boost": boost}}}


def _excluded(plan: Plan) -> list[Json]:
    return [_terms(field.name, terms) for terms in plan.excluded for field in TEXT_FIELDS]


def _constant(found: Json, score: float) -> Json:
    return {"constant_score": {"filter": found, "boost": score}}


def _given(**parts: list[Json]) -> Json:
    return {name: part for name, part in parts.items() if part}


def _sort(query: ListingQuery, scored: bool) -> list[Json]:
    """Every order is decided by the key at last. Words rank by score, then by the seed's fair order.

    A score that does not rank stands behind the key: there it is told and changes nothing.
    """
    score: list[Json] = [{"_score": "desc"}] if scored else []
    ties: list[Json] = [{f"tie_{query.seed}": "asc"}, {"key": "asc"}]
    if query.sort == "name":
        return [{NAME_KEY: "asc"}, {"key": "asc"}, *score]
    if by_rate(query):
        rows = all_of(rate_rows(query, query.rate_lots))
        nested = {"path": "rates", "filter": rows}
        return [
            {"rates.price": {"order": "asc", "mode": "min", "missing": "_last", "nested": nested}},
            *ties,
            *score,
        ]
    return [*score, *ties]


def score_at(query: ListingQuery) -> int:
    """Where the score of a hit stands among its sort values."""
    return -1 if query.sort == "name" or by_rate(query) else 0


def by_rate(query: ListingQuery) -> bool:
    """Whether hits are in the order of their rates."""
    return query.sort == "rate" and query.grade is not None


def _page(query: ListingQuery, scored: bool) -> Json:
    if query.after is None:
        return {"from": (query.page - 1) * query.page_size, "size": query.page_size}
    place = _place(query.after, query, scored)
    if place is None:
        return {"size": 0}
    # One more than is shown tells whether a page follows.
    return {"size": query.page_size + 1, "search_after": place}


def _place(cursor: Cursor, query: ListingQuery, scored: bool) -> list[Any] | None:
    """Where the page before ended, in the terms of the sort; None if nothing can follow."""
    told = [0] if scored else []
    if query.sort == "name":
        return [str(cursor.value), cursor.key, *told]
    value, tie = int(cursor.value), tie_of(cursor.key, cursor.seed)
    if by_rate(query):
        return [NO_RATE if value < 0 else value, tie, cursor.key, *told]
    if scored:
        return [BEYOND_ALL if value < 0 else value, tie, cursor.key]
    return [tie, cursor.key] if value < 0 else None

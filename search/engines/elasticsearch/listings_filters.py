"""The filters of a question as conditions, one by one, so that facets can leave one out.

Lot, specialism and region asked together are one condition on one offering; alone each of them is a plain field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from search.engines.elasticsearch.listings_shape import filter_name, place_of
from search.fields import FILTERS
from search.query import ListingQuery, grade_name, lot_of_specialism
from search.statuses import COMING, EXPIRED, LIVE

Json = dict[str, Any]

OFFERING: Final = "offering"
RATE: Final = "rate"
BY_OFFERING: Final = tuple(field.name for field in FILTERS if field.by_offering)


def conditions_of(query: ListingQuery) -> dict[str, Json]:
    """Every condition of a question by the name of its filter, OFFERING for its three together, RATE for the
    bounds.
    """
    conditions: dict[str, Json] = {}
    for field in FILTERS:
        wanted = query.filters.get(field.name)
        if not wanted or field.by_offering:
            continue
        if field.name == "status":
            conditions["status"] = any_of([status_on(value, query.on) for value in wanted])
        else:
            conditions[field.name] = {"terms": {filter_name(field.name): list(wanted)}}
    asked = {name: query.filters[name] for name in BY_OFFERING if query.filters.get(name)}
    if asked:
        conditions[OFFERING] = offering(asked)
    if query.grade is not None and (query.min_rate is not None or query.max_rate is not None):
        conditions[RATE] = rate_within(query, query.rate_lots)
    return conditions


def all_of(conditions: Sequence[Json]) -> Json:
    """All conditions together, without a score."""
    return conditions[0] if len(conditions) == 1 else {"bool": {"filter": list(conditions)}}


def any_of(conditions: Sequence[Json]) -> Json:
    """Any of the conditions, without a score."""
    return conditions[0] if len(conditions) == 1 else {"bool": {"should": list(conditions)}}


def offer_rows(asked: Mapping[str, Sequence[str]]) -> list[Json]:
    """The conditions that one offering must meet."""
    return [{"terms": {f"offers.{name}": list(wanted)}} for name, wanted in asked.items()]


def rate_rows(query: ListingQuery, lots: Sequence[str]) -> list[Json]:
    """The rates that count: of the grade, of every lot or of these, of several lots with specialisms asked for of those
    in which the listing offers one of them.
    """
    frameworks = query.filters.get("framework", ())
    if len(frameworks) != 1 or query.grade is None:
        return [{"match_none": {}}]
    rows: list[Json] = [{"term": {"rates.grade": grade_name(frameworks[0], query.grade)}}]
    specialisms = query.filters.get("specialism", ())
    if len(lots) > 1 and specialisms:
        rows.append({"bool": {"should": [{"term": {"rates.lot": ""}}, *_offered(lots, specialisms)]}})
    elif lots:
        rows.append({"terms": {"rates.lot": [*lots, ""]}})
    return rows


def _offered(lots: Sequence[str], specialisms: Sequence[str]) -> list[Json]:
    """For each lot, that a rate is of it and its listing offers one of these specialisms there."""
    within = {lot: [place_of(one) for one in specialisms if lot_of_specialism(one) == lot] for lot in lots}
    return [
        all_of([{"term": {"rates.lot": lot}}, {"terms": {"rates.offered": places}}])
        for lot, places in within.items()
    ]


def rate_within(query: ListingQuery, lots: Sequence[str]) -> Json:
    """That the lowest rate lies between the bounds, both included; who has none does not."""
    rows = rate_rows(query, lots)
    low_enough = rows if query.max_rate is None else [*rows, _price(lte=query.max_rate)]
    within: Json = {"filter": [nested("rates", low_enough)]}
    if query.min_rate is not None and query.min_rate > 0:
        within["must_not"] = [nested("rates", [*rows, _price(lt=query.min_rate)])]
    return {"bool": within} if "must_not" in within else within["filter"][0]


def over(on: date) -> Json:
    """That a framework's last day has passed."""
    return {"range": {"ends_on": {"lt": on.toordinal()}}}


def ahead(on: date) -> Json:
    """That a framework's first day is yet to come."""
    return {"range": {"starts_on": {"gt": on.toordinal()}}}


def status_on(value: str, on: date) -> Json:
    """The status on a day, by the rule of search/statuses.py."""
    stored, live = ({"term": {filter_name("status"): one}} for one in (value, LIVE))
    if value == LIVE:
        return {"bool": {"filter": [live], "must_not": [over(on), ahead(on)]}}
    if value not in (COMING, EXPIRED):
        return stored
    outside = over(on) if value == EXPIRED else ahead(on)
    return {"bool": {"should": [stored, {"bool": {"filter": [live, outside]}}]}}


def offering(asked: Mapping[str, Sequence[str]]) -> Json:
    """That one offering meets all that is asked of one."""
    if len(asked) == 1:
        ((name, wanted),) = asked.items()
        return {"terms": {filter_name(name): list(wanted)}}
    return nested("offers", offer_rows(asked))


def nested(path: str, rows: Sequence[Json]) -> Json:
    """That one object of a list meets all these conditions."""
    return {"nested": {"path": path, "score_mode": "none", "query": {"bool": {"filter": list(rows)}}}}


def _price(**bounds: int) -> Json:
    return {"range": {"rates.price": bounds}}

"""Completing names: partners from the listings themselves, lots and specialisms from their names, in the order of
engines/suggestions.py.

A partner is found by the folded beginnings of its name that stand in each listing. Lots and specialisms are few:
their names are held in the process, and the index is asked which of them is still offered. One request.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from search.engines.elasticsearch.listings_filters import any_of
from search.engines.elasticsearch.listings_shape import NAME_KEY, filter_name
from search.engines.elasticsearch.meta import SUGGEST
from search.engines.records import whole_name
from search.engines.suggestions import AFTER_ALL, KINDS, Labels, beginnings, lot_beginnings
from search.query import Suggestion, SuggestionKind, SuggestionQuery

Json = dict[str, Any]

_NAMED: Final[tuple[SuggestionKind, ...]] = ("specialism", "lot")
Place = tuple[int, int, str, str]
"""Names that begin so before names that go on so; then kind, folded name, reference."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A suggestion and its place."""

    place: Place
    suggestion: Suggestion


class Names:
    """The names of lots and specialisms, by the beginning of each of their words."""

    def __init__(self, labels: Labels) -> None:
        begins: list[tuple[str, int, Candidate]] = []
        for kind in _NAMED:
            for reference, facts in labels.facts.get(kind, {}).items():
                folded = whole_name(facts["name"])
                shown = Suggestion(kind, reference, facts["name"], facts["framework"], facts["of"])
                for begin, at in lot_beginnings(facts) if kind == "lot" else beginnings(folded):
                    place = (min(at, 1), KINDS.index(kind), folded, reference)
                    begins.append((begin, len(begins), Candidate(place, shown)))
        begins.sort(key=lambda one: one[:2])
        self._begins = [begin for begin, _, _ in begins]
        self._candidates = [candidate for _, _, candidate in begins]

    def find(self, query: SuggestionQuery, typed: str) -> list[Candidate]:
        """What begins so, best first, each once, whether it is still offered or not."""
        first = bisect_left(self._begins, typed)
        last = bisect_left(self._begins, typed + AFTER_ALL, lo=first)
        found: dict[tuple[str, str], Candidate] = {}
        for candidate in sorted(self._candidates[first:last], key=lambda one: one.place):
            shown = candidate.suggestion
            if query.kinds and shown.kind not in query.kinds:
                continue
            if query.frameworks and shown.framework not in query.frameworks:
                continue
            found.setdefault((shown.kind, shown.reference), candidate)
        return list(found.values())


def partners_body(query: SuggestionQuery, typed: str) -> Json:
    """Asks for the partners whose names hold what was typed at the beginning of a word."""
    filters: list[Json] = [{"prefix": {"begins": typed}}]
    if query.frameworks:
        filters.append({"terms": {filter_name("framework"): list(query.frameworks)}})
    first = {"constant_score": {"filter": {"prefix": {NAME_KEY: typed}}, "boost": 1.0}}
    wanted = not query.kinds or "partner" in query.kinds
    return {
        "query": {"bool": {"filter": filters, "should": [first]}} if wanted else {"match_none": {}},
        "collapse": {"field": "partner"},
        "sort": [{"_score": "desc"}, {NAME_KEY: "asc"}, {"partner": "asc"}],
        "size": query.limit,
        "_source": ["meta"],
        "docvalue_fields": ["partner", "shown_name"],
        "track_total_hits": False,
        "suggest": SUGGEST,
    }


def offered_body(candidates: list[Candidate]) -> Json:
    """Asks which of the lots and specialisms some listing offers."""
    wanted = {
        kind: [one.suggestion.reference for one in candidates if one.suggestion.kind == kind]
        for kind in _NAMED
    }
    wanted = {kind: references for kind, references in wanted.items() if references}
    conditions: list[Json] = [
        {"terms": {filter_name(kind): references}} for kind, references in wanted.items()
    ]
    return {
        "size": 0,
        "track_total_hits": False,
        "query": any_of(conditions) if conditions else {"match_none": {}},
        "aggs": {
            kind: {"terms": {"field": filter_name(kind), "include": references, "size": len(references)}}
            for kind, references in wanted.items()
        },
    }


def partners_of(answer: Mapping[str, Any]) -> list[Candidate]:
    """The partners found."""
    found = []
    for hit in answer["hits"]["hits"]:
        first, folded, partner = hit["sort"]
        shown = Suggestion("partner", partner, hit["fields"]["shown_name"][0], None, None)
        found.append(Candidate((0 if first else 1, KINDS.index("partner"), folded, partner), shown))
    return found


def offered_of(answer: Mapping[str, Any], candidates: list[Candidate]) -> list[Candidate]:
    """Those of the candidates that are offered."""
    offered = {
        (kind, bucket["key"])
        for kind, told in answer.get("aggregations", {}).items()
        for bucket in told["buckets"]
    }
    return [one for one in candidates if (one.suggestion.kind, one.suggestion.reference) in offered]

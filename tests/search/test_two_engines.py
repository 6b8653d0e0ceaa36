"""The embedded engine and Elasticsearch side by side over the whole demonstration: the same answers, to the last count.

The stated measure of order: two hits whose scores differ by more than a thousandth stand in the same order on both;
in every other sort, and without words, all of them do.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from search.engines.elasticsearch.connection import Connection, hosts_of
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine
from search.query import Hit, ListingQuery, ListingResult, SuggestionQuery
from tests.search.test_scenarios import SCENARIOS

pytestmark = [pytest.mark.elasticsearch, pytest.mark.django_db]

TODAY = date(2026, 11, 22)
CLOSE = 0.001
WORDS = sorted({scenario["ask"]["q"] for scenario in SCENARIOS})
NARROWED: list[dict[str, Any]] = [
    {},
    {"framework": ("rm3745",)},
    {"lot": ("rm3745~5",), "region": ("TLC", "TLD")},
    {"lot": ("rm3745~5", "rm3745~8"), "sector": ("health",), "ownership": ("charity", "employee-owned")},
    {"status": ("live",), "size": ("small",)},
    {"status": ("expired",)},
    {"framework": ("rm3745",), "grade": "G3", "max_rate": 90_000, "sort": "rate"},
    {"framework": ("rm3745",), "lot": ("rm3745~5",), "grade": "G1", "min_rate": 30_000, "max_rate": 120_000},
    {"supplier": ("ppl",), "sort": "name"},
]


@pytest.fixture(scope="module")
def both(
    demonstration_service: dict[str, str], demonstration_index: Path
) -> tuple[EmbeddedEngine, ElasticsearchEngine]:
    service = Connection(
        hosts_of(demonstration_service["SEARCH_URL"]), prefix=demonstration_service["SEARCH_PREFIX"]
    )
    return EmbeddedEngine(demonstration_index), ElasticsearchEngine(service)


def question(q: str, narrowed: dict[str, Any]) -> ListingQuery:
    filters = {name: values for name, values in narrowed.items() if isinstance(values, tuple)}
    others = {name: value for name, value in narrowed.items() if name not in filters}
    return ListingQuery(q=q, filters=filters, on=TODAY, seed=5, page_size=100, **others)


@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
def test_every_answer_is_the_same(
    both: tuple[EmbeddedEngine, ElasticsearchEngine], narrowed: dict[str, Any]
) -> None:
    for q in ("", "-health", *WORDS):
        query = question(q, narrowed)
        ours, theirs = (engine.search_listings(query) for engine in both)
        assert_same(query, ours, theirs)


def assert_same(query: ListingQuery, ours: ListingResult, theirs: ListingResult) -> None:
    assert theirs.count == ours.count, query
    assert theirs.facets == ours.facets, query
    assert theirs.did_you_mean == ours.did_you_mean, query
    assert (theirs.after is None) == (ours.after is None), query
    if query.q and query.sort == "relevance":
        # A page may end among hits that are as good as equal: which of them it shows is a matter of the last bit.
        scores = {hit.reference: hit.score for hit in ours.hits}
        edge = ours.hits[-1].score + CLOSE if ours.after and ours.hits else -1.0
        sure = {key for key, score in scores.items() if score > edge}
        assert sure <= {hit.reference for hit in theirs.hits}, query
        if not ours.after:
            assert {hit.reference for hit in theirs.hits} == set(scores), query
        in_order(scores, [hit.reference for hit in theirs.hits if hit.reference in scores])
    else:
        assert [hit.reference for hit in theirs.hits] == [hit.reference for hit in ours.hits], query
        assert theirs.after == ours.after
    shown = {hit.reference: hit for hit in ours.hits}
    for hit in theirs.hits:
        if hit.reference in shown:
            assert_alike(shown[hit.reference], hit)


def in_order(scores: dict[str, float], order: list[str]) -> None:
    lowest = float("inf")
    for key in order:
        assert scores[key] <= lowest + CLOSE
        lowest = min(lowest, scores[key])


def assert_alike(ours: Hit, theirs: Hit) -> None:
    assert theirs.score == pytest.approx(ours.score, abs=CLOSE)
    assert replace(theirs, score=0.0, why=()) == replace(ours, score=0.0, why=())
    reasons = [
        sorted((reason.field, tuple(sorted(reason.words)), reason.score) for reason in hit.why)
        for hit in (ours, theirs)
    ]
    for (field, words, score), (other_field, other_words, other_score) in zip(*reasons, strict=True):
        assert (field, words) == (other_field, other_words)
        assert score == pytest.approx(other_score, abs=2 * CLOSE)


def test_every_page_by_cursor_is_the_same(both: tuple[EmbeddedEngine, ElasticsearchEngine]) -> None:
    for sort in ("relevance", "rate", "name"):
        query = question("", {"framework": ("rm3745",), "grade": "G2", "sort": sort})
        ours, theirs = (engine.search_listings(replace(query, page_size=7)) for engine in both)
        while ours.after is not None:
            assert_same(query, ours, theirs)
            query = replace(query, page_size=7, after=ours.after)
            ours, theirs = (engine.search_listings(query) for engine in both)
        assert_same(query, ours, theirs)


def test_suggestions_are_the_same(both: tuple[EmbeddedEngine, ElasticsearchEngine]) -> None:
    starts = {word[:length] for q in WORDS for word in q.split() for length in (1, 2, 3, 5)} | {
        "é",
        "&",
        "opm g",
        "5",
        "lot",
        "lot 5",
        "RM3745/5",
    }
    for start in sorted(starts):
        for query in (
            SuggestionQuery(start),
            SuggestionQuery(start, frameworks=("rm3745",), limit=25),
            SuggestionQuery(start, kinds=("specialism", "lot"), limit=3),
        ):
            ours, theirs = (engine.suggest(query) for engine in both)
            assert theirs == ours, query


def test_the_drift_check_would_see_the_same(both: tuple[EmbeddedEngine, ElasticsearchEngine]) -> None:
    ours, theirs = (dict(engine.listing_keys()) for engine in both)
    assert theirs.keys() == ours.keys()
    for key in sorted(ours)[::50]:
        assert both[0].listing(key) == both[1].listing(key)
    assert both[1].listing("nobody") is None


def test_a_search_is_one_request(both: tuple[EmbeddedEngine, ElasticsearchEngine]) -> None:
    """Once the process has met the words: their frequencies are asked for once and kept while the index stands."""
    engine = both[1]
    for q in ("", "vision rehabilitation", '"social impact bond" alcohol', "vis*", "-health"):
        for narrowed in NARROWED:
            query = question(q, narrowed)
            engine.search_listings(query)
            before = engine.client.calls
            engine.search_listings(query)
            assert engine.client.calls - before == 1, (q, narrowed)
    before = engine.client.calls
    engine.suggest(SuggestionQuery("dig"))
    assert engine.client.calls - before == 1

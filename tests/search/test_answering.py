"""Whether listings answer a question, without ranking them: the same ones that a search finds, on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engines.base import Engine
from search.query import ListingQuery
from tests.examples import examples
from tests.search.engines import Indexing, index
from tests.search.listing_documents import listing, offering, rate, specialism

TODAY = date(2026, 11, 22)
NAMES = ("alder", "birch", "cedar", "dogwood", "elder")
KEYS = tuple(f"rm3745~ppl~{name}" for name in NAMES)
WORDS = (
    "",
    "evaluation",
    '"vision rehabilitation"',
    "evaluation -schools",
    "evaluatoin",
    "vis*",
    "the",
    "-schools",
)
FILTERS = {
    "status": ("live", "expired"),
    "framework": ("rm3745",),
    "lot": ("rm3745~5", "rm3745~6"),
    "specialism": ("rm3745~5~1",),
    "region": ("UKC", "TLD"),
    "ownership": ("charity", "private-company"),
    "size": ("small",),
}


@pytest.fixture(scope="module")
def market(indexing: Indexing) -> Engine:
    """Five partners that differ in whatever can be asked of them."""
    sight = specialism("rm3745~5", "1", "Vision rehabilitation")
    return index(
        indexing,
        [
            listing("alder", summary="Evaluation of vision rehabilitation.", ownership="charity"),
            listing("birch", summary="Evaluation in schools.", ends_on="2026-11-21"),
            listing("cedar", summary="Rehabilitation of vision.", specialisms=[sight],
                    offerings=[offering("rm3745~5", "rm3745~5~1", "UKC", "TLC")]),
            listing("dogwood", summary="Visible work.", rates=[rate("G3", 650, "rm3745~5")], size="large"),
            listing("elder", framework="rm3745", summary="An evaluation.", status="expired"),
        ],
    )  # fmt: skip


def answering(engine: Engine, query: ListingQuery, among: Sequence[str] | None = None) -> dict[str, bytes]:
    found = list(engine.answering(query, among))
    assert len(dict(found)) == len(found)
    return dict(found)


def searched(engine: Engine, query: ListingQuery) -> dict[str, bytes]:
    return {hit.reference: hit.stored for hit in engine.search_listings(replace(query, page_size=100)).hits}


@given(
    q=st.sampled_from(WORDS),
    filters=st.fixed_dictionaries(
        {},
        optional={name: st.sampled_from(values).map(lambda one: (one,)) for name, values in FILTERS.items()},
    ),
    bounds=st.sampled_from(
        [(None, None, None), ("G3", 60_000, 70_000), ("G3", None, 10_000), ("G3", None, None)]
    ),
    among=st.none() | st.lists(st.sampled_from([*KEYS, "rm3745~ppl~nobody"]), unique=True),
)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_those_answer_that_a_search_finds(
    market: Engine,
    q: str,
    filters: dict[str, tuple[str, ...]],
    bounds: tuple[str | None, int | None, int | None],
    among: list[str] | None,
) -> None:
    grade, least, most = bounds
    if grade:
        filters = {**filters, "framework": ("rm3745",)}
    query = ListingQuery(q, filters, grade=grade, min_rate=least, max_rate=most, on=TODAY, seed=1)
    expected = searched(market, query)
    if among is not None:
        expected = {key: stored for key, stored in expected.items() if key in among}
    assert answering(market, query, among) == expected


def test_neither_the_page_nor_the_sort_narrows_who_answers(market: Engine) -> None:
    query = ListingQuery(on=TODAY, page=3, page_size=1, sort="name", seed=9)
    assert sorted(answering(market, query)) == sorted(KEYS)


def test_nobody_is_asked_about(market: Engine) -> None:
    assert answering(market, ListingQuery(on=TODAY), []) == {}


def test_an_answer_is_of_the_index_as_it_is_now(market: Engine) -> None:
    query = ListingQuery("quaternary", on=TODAY)
    assert answering(market, query) == {}
    with market.writer() as writer:
        writer.apply("listings", [listing("birch", version=2, summary="Quaternary evaluation.")])
        changed = answering(market, query, list(KEYS))
        assert [orjson.loads(stored)["version"] for stored in changed.values()] == [2]
        writer.apply("listings", [], [(KEYS[1], 3)])
    assert answering(market, query, list(KEYS)) == {}
    assert KEYS[1] not in answering(market, ListingQuery(on=TODAY))
    with market.writer() as writer:
        writer.apply(
            "listings", [listing("birch", version=4, summary="Evaluation in schools.", ends_on="2026-11-21")]
        )

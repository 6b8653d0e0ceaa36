"""Rates on both engines at once: the same answers to the last digit; and the requests as they are sent."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings

from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.elasticsearch.rates import RatesReader
from search.engines.elasticsearch.rates_query import (
    Vocabulary,
    export_body,
    page_body,
    score_body,
    standing,
    take_apart,
    units_body,
)
from search.engines.embedded import EmbeddedEngine
from search.rate_query import OtherUnits, RateCursor, RateQuery, RateResult, RoleQuery
from tests.examples import examples
from tests.search.engines import ElasticsearchIndexing
from tests.search.rate_market import USD, build, drawn_cards, queries

GOLDEN = Path(__file__).with_name("golden")
WORDS = {"analyst": 40, "director": 7, "it": 3, "manager": 90, "of": 7, "project": 60, "senior": 20}


@pytest.fixture(scope="module")
def both(
    over_node: ElasticsearchIndexing, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EmbeddedEngine, ElasticsearchEngine]:
    """Both engines over the same cards."""
    embedded = EmbeddedEngine(tmp_path_factory.mktemp("both"))
    elastic = over_node.empty()
    build(embedded, drawn_cards())
    build(elastic, drawn_cards())
    return embedded, elastic


def asked(engine: EmbeddedEngine | ElasticsearchEngine, query: RateQuery) -> RateResult | OtherUnits:
    try:
        return replace(engine.search_rates(query), generation=0)
    except OtherUnits as other:
        return other


@pytest.mark.elasticsearch
@settings(max_examples=examples(200))
@given(query=queries)
def test_both_engines_give_the_same_answer_to_the_last_digit(
    both: tuple[EmbeddedEngine, ElasticsearchEngine], query: RateQuery
) -> None:
    embedded, elastic = (asked(engine, query) for engine in both)

    assert embedded == elastic
    if isinstance(embedded, RateResult) and embedded.after is not None:
        following = replace(query, after=embedded.after)
        assert asked(both[0], following) == asked(both[1], following)


@pytest.mark.elasticsearch
@pytest.mark.parametrize(
    "q", ["anlyst", "manger", "proyect managr", "sneior, enginer", "zzzz, analyst", "princpal*"]
)
@pytest.mark.parametrize("stated", [True, False])
def test_both_engines_correct_alike(
    both: tuple[EmbeddedEngine, ElasticsearchEngine], q: str, stated: bool
) -> None:
    query = RateQuery(q=q, sort="relevance", page_size=50, **({**USD, "stated_unit": True} if stated else {}))
    embedded, elastic = (asked(engine, query) for engine in both)

    if isinstance(embedded, OtherUnits):
        assert isinstance(elastic, OtherUnits)
        assert embedded.units == elastic.units
    else:
        assert embedded == elastic


@pytest.mark.elasticsearch
@pytest.mark.parametrize(
    "typed", ["man", "sen", "s e", "proj man", "o", "it", "caf", "consultant principal", "zz"]
)
@pytest.mark.parametrize("frameworks", [(), ("calc",), ("calc", "other"), ("none",)])
@pytest.mark.parametrize("include_expired", [True, False])
@pytest.mark.parametrize("currency", ["USD", "GBP"])
def test_both_engines_complete_alike(
    both: tuple[EmbeddedEngine, ElasticsearchEngine],
    typed: str,
    frameworks: tuple[str, ...],
    include_expired: bool,
    currency: str,
) -> None:
    query = RoleQuery(typed, frameworks, currency, "hour", date(2026, 6, 1), include_expired, 5)

    assert both[0].suggest_roles(query) == both[1].suggest_roles(query)


@pytest.mark.elasticsearch
@pytest.mark.parametrize("sort", ["price", "-price", "role", "experience", "relevance"])
def test_both_engines_export_alike(both: tuple[EmbeddedEngine, ElasticsearchEngine], sort: str) -> None:
    query = RateQuery(q="manager, senior", sort=sort, include_expired=True, seed=5, **USD)
    exported = [list(engine.rate_lines(query)) for engine in both]

    assert exported[0] == exported[1]
    assert len(exported[0]) > 50


@pytest.mark.elasticsearch
def test_both_engines_hold_the_same_cards(both: tuple[EmbeddedEngine, ElasticsearchEngine]) -> None:
    assert sorted(both[0].rate_cards()) == sorted(both[1].rate_cards())


@pytest.mark.elasticsearch
@pytest.mark.parametrize("sort", ["price", "-price", "role", "experience"])
@pytest.mark.parametrize("include_expired", [True, False])
def test_deep_pages_of_everything_are_the_same_however_they_are_found(
    both: tuple[EmbeddedEngine, ElasticsearchEngine], sort: str, include_expired: bool
) -> None:
    deep = RatesReader(both[1].client, deep=1)
    query = RateQuery(sort=sort, include_expired=include_expired, page_size=7, as_of=date(2026, 6, 1), **USD)
    pages = both[0].search_rates(query).count // 7 + 2
    deep.search_rates(query)

    assert pages > 15
    for page in range(1, pages + 1):
        asked_for = replace(query, page=page)
        assert replace(deep.search_rates(asked_for), generation=0) == asked(both[0], asked_for)


GOLDENS = {
    "everything": RateQuery(as_of=date(2026, 6, 1)),
    "words": RateQuery(q="manager anlyst of it", sort="relevance", seed=3, as_of=date(2026, 6, 1), **USD),
    "phrases": RateQuery(
        q='"director of project" senior -"project manager", man*', sort="relevance", as_of=date(2026, 6, 1)
    ),
    "filters": RateQuery(
        q="manager", sort="price", frameworks=("rm6309",), lots=("rm6309~1", "rm6309~2"), suppliers=("oak",),
        grades=("G3",), qualifications=("bachelors",), sites=("both",), sizes=("small",),
        work_types=("advice",), bases=("published",), min_experience=2, max_experience=9, min_rate=40_000,
        max_rate=90_000, exclude=("wr1~oak~x",), include_expired=True, page=3, page_size=20,
        as_of=date(2026, 6, 1),
    ),
    "role": RateQuery(
        sort="role", as_of=date(2026, 6, 1), after=RateCursor("role", 0, ("Project Manager", 65_000), "wr1~oak~x")
    ),
    "experience": RateQuery(
        sort="experience", as_of=date(2026, 6, 1), after=RateCursor("experience", 0, (-1, 65_000), "wr1~oak~x")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDENS)
def test_requests_are_sent_as_they_stand_in_the_golden_files(name: str) -> None:
    """Written anew with GOLDEN=write, for a change that is meant."""
    apart = take_apart(GOLDENS[name], Vocabulary(list(WORDS), list(WORDS.values())))
    left = GOLDENS[name].after
    bodies = {
        "page": page_body(apart, standing(apart, left) if left else None),
        "export": export_body(apart, 2_000),
        "units": units_body(apart),
        "score": score_body(apart, "wr1~oak~x"),
    }
    path = GOLDEN / f"rates_{name}.json"
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(orjson.dumps(bodies, option=orjson.OPT_INDENT_2) + b"\n")

    assert orjson.loads(orjson.dumps(bodies)) == orjson.loads(path.read_bytes())

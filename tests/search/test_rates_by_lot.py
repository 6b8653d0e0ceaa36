"""Which lots' rates count for a listing, where those of several lots could."""

from __future__ import annotations

from typing import Any

import pytest

from search.engines.base import Engine
from search.query import HitRate
from tests.search.engines import Indexing, index
from tests.search.listing_documents import listing, lots, offering, rate, specialism
from tests.search.test_listings_search import ask, counts, found

FIRST, SECOND = ("f1~1~a", "f1~1~b"), ("f1~2~a", "f1~2~b")
OFFERS: dict[str, tuple[str, ...]] = {
    "one": (FIRST[0], SECOND[1]),
    "other": (SECOND[0],),
    "both": (FIRST[0], SECOND[0]),
    "neither": (FIRST[1],),
}
ASKED: dict[str, Any] = {"framework": ("f1",), "grade": "G1", "specialism": (FIRST[0], SECOND[0])}
DEAR = HitRate("G1", 50_000, "GBP", "day", "published", "f1~1", "")
CHEAP = HitRate("G1", 40_000, "GBP", "day", "published", "f1~2", "")


@pytest.fixture(scope="module")
def apart(indexing: Indexing) -> Engine:
    """Everybody is on both lots, whose prices differ, and offers what OFFERS says."""
    named = {one: specialism(one.rpartition("~")[0], one[-1], one) for one in (*FIRST, *SECOND)}
    return index(
        indexing,
        [
            listing(
                key,
                framework="f1",
                lots=lots("f1", "1", "2"),
                specialisms=[named[one] for one in offered],
                offerings=[
                    *(offering("f1~1", None, "UK"), offering("f1~2", None, "UK")),
                    *(offering(one.rpartition("~")[0], one, "UK") for one in offered),
                ],
                rates=[rate("G1", 500, "f1~1"), rate("G1", 450, "f1~2", "delivery"), rate("G1", 400, "f1~2")],
            )
            for key, offered in OFFERS.items()
        ],
    )


def rates(engine: Engine, **asked: Any) -> dict[str, HitRate | None]:
    return {hit.reference.rpartition("~")[2]: hit.rate for hit in ask(engine, **asked).hits}


def test_with_specialisms_of_two_lots_a_listing_shows_the_rate_of_the_one_that_it_offers(
    apart: Engine,
) -> None:
    assert rates(apart, **ASKED) == {"one": DEAR, "other": CHEAP, "both": CHEAP}


def test_and_is_ordered_and_bounded_by_it(apart: Engine) -> None:
    for narrowed in ({}, {"lot": ("f1~1", "f1~2")}, {"lot": ("f1~2", "f1~1"), "region": ("UK",)}):
        asked = ASKED | narrowed
        assert found(apart, sort="rate", **asked)[2:] == ["one"]
        assert sorted(found(apart, max_rate=40_000, **asked)) == ["both", "other"]
        assert found(apart, min_rate=40_001, **asked) == ["one"]
        assert found(apart, max_rate=39_999, **asked) == []


def test_and_facets_count_by_it(apart: Engine) -> None:
    told = ask(apart, max_rate=40_000, **ASKED)
    assert counts(told, "lot") == {"f1~2": 2}
    assert counts(told, "specialism") == {"f1~2~a": 2, "f1~2~b": 1, "f1~1~a": 0}
    assert counts(told, "region") == {"UK": 2}
    told = ask(apart, min_rate=40_001, **ASKED)
    assert counts(told, "lot") == {"f1~1": 2}
    assert counts(told, "specialism") == {"f1~1~a": 2, "f1~1~b": 1, "f1~2~a": 0}
    assert counts(told, "region") == {"UK": 1}


def test_of_two_lots_those_count_in_which_the_specialism_is(apart: Engine) -> None:
    asked = ASKED | {"lot": ("f1~1", "f1~2"), "specialism": FIRST[:1]}
    assert rates(apart, **asked) == {"one": DEAR, "both": DEAR}
    assert found(apart, max_rate=49_999, **asked) == []
    told = counts(ask(apart, max_rate=49_999, **asked), "specialism")
    assert told == {"f1~2~a": 2, "f1~2~b": 1, "f1~1~a": 0}


def test_pages_by_rate_follow_each_other(apart: Engine) -> None:
    for seed in range(5):
        asked = ASKED | {"sort": "rate", "seed": seed}
        whole = found(apart, **asked)
        first = ask(apart, page_size=2, **asked)
        assert [hit.reference.rpartition("~")[2] for hit in first.hits] == whole[:2]
        assert found(apart, page_size=2, after=first.after, **asked) == whole[2:] == ["one"]

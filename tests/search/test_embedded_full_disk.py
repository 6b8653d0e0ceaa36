"""The embedded index where there is no room: what could not be written is raised, and once there is room again the
same writer goes on as if it had begun anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from search.engines.embedded import EmbeddedEngine
from search.query import ListingQuery
from search.rate_query import RateQuery
from tests.search.full import room_for
from tests.search.listing_documents import fill, listing
from tests.search.rate_market import USD, build, card, keys, line

FIRMS = 40
ROOMS = [0, 500]
"""Bytes of a file that still find room: nothing; some of the columns."""


def long_text(seed: int) -> str:
    """More than 60 kB of words, so that the records of FIRMS are more than a file's buffer."""
    drawn = random.Random(seed)
    return " ".join(f"w{drawn.randrange(300)}" for _ in range(16_000))


def firms(version: int, word: str, text: Callable[[int], str]) -> list[dict[str, Any]]:
    return [
        listing(f"p{at}", version=version, summary=f"{word} {text(at)}", sectors=["health"])
        for at in range(FIRMS)
    ]


def found(engine: EmbeddedEngine, word: str) -> list[tuple[str, int]]:
    result = engine.search_listings(ListingQuery(q=word, page_size=100))
    assert result.count == len(result.hits)
    return sorted(
        (told["reference"], told["version"]) for told in (orjson.loads(hit.stored) for hit in result.hits)
    )


@pytest.mark.whole
@pytest.mark.parametrize("text", [str, long_text])
@pytest.mark.parametrize("room", ROOMS)
def test_listings_go_on_once_there_is_room_again(
    tmp_path: Path, room: int, text: Callable[[int], str]
) -> None:
    engine = EmbeddedEngine(tmp_path)
    fill(engine, firms(1, "apples", text))
    all_keys = sorted(listing(f"p{at}")["key"] for at in range(FIRMS))
    with engine.writer() as writer:
        with room_for(room), pytest.raises((OSError, ValueError)):
            writer.apply("listings", firms(2, "pears", text))
        assert found(engine, "apples") == [(key, 1) for key in all_keys]
        assert found(engine, "pears") == []
        writer.apply("listings", [listing("p0", version=3, summary="plums")])
        assert found(engine, "apples") == [(key, 1) for key in all_keys if key != "rm3745~ppl~p0"]
        assert found(engine, "plums") == [("rm3745~ppl~p0", 3)]
        writer.apply("listings", firms(4, "pears", text))
    again = EmbeddedEngine(tmp_path)
    for reader in (engine, again):
        assert found(reader, "pears") == [(key, 4) for key in all_keys]
        assert found(reader, "apples") == found(reader, "plums") == []
    assert dict(again.listing_keys()) == dict.fromkeys(all_keys, 4)


@pytest.mark.parametrize("room", [0, 2_000])
def test_rates_go_on_once_there_is_room_again(tmp_path: Path, room: int) -> None:
    engine = EmbeddedEngine(tmp_path)

    def cards(version: int, title: str) -> list[dict[str, Any]]:
        return [
            card(f"card-{at}", [line(f"card-{at}", number, text=title) for number in range(200)], version)
            for at in range(10)
        ]

    build(engine, cards(1, "Engineer"))
    with engine.writer() as writer:
        with room_for(room), pytest.raises(OSError, match="File too large"):
            writer.apply("rates", cards(2, "Analyst"))
        assert engine.search_rates(RateQuery(**USD, q="Engineer")).count == 2_000
        writer.apply("rates", [card("card-0", [line("card-0", 1, text="Director")], 3)])
        assert keys(engine.search_rates(RateQuery(**USD, q="Director"))) == ["card-0~1"]
        assert engine.search_rates(RateQuery(**USD, q="Engineer")).count == 1_800
        assert engine.search_rates(RateQuery(**USD, q="Analyst")).count == 0
        writer.apply("rates", cards(4, "Analyst"))
    again = EmbeddedEngine(tmp_path)
    assert again.search_rates(RateQuery(**USD, q="Analyst")).count == 2_000
    assert again.search_rates(RateQuery(**USD, q="Director")).count == 0

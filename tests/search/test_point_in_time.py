"""Reading on and on: what comes although the service has let the moment go at which the reading began."""

from __future__ import annotations

from typing import Any

import pytest

from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.client import Client
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.point_in_time import PointInTime
from search.engines.elasticsearch.rates_mapping import SHAPE
from tests.search.engines import ElasticsearchIndexing
from tests.search.rate_market import build, card, line

pytestmark = pytest.mark.elasticsearch

LINES = {
    "query": {"exists": {"field": "unit"}},
    "sort": [{"price": "asc"}, {"key": "asc"}],
    "size": 5,
    "_source": False,
    "docvalue_fields": ["price", "key"],
}


class Slow(Client):
    """As if more time than the service waits for went by after each batch: the point in time is gone."""

    lost = 0

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = super().call(method, path, body, **more)
        if path == "/_search" and body and "pit" in body:
            self.lost += 1
            super().call("DELETE", "/_pit", {"id": answer.get("pit_id", body["pit"]["id"])})
        return answer


@pytest.fixture
def engine(over_node: ElasticsearchIndexing) -> ElasticsearchEngine:
    """An engine over one card of twelve lines."""
    made = over_node.empty()
    build(made, [card("a", [line("a", i, price_minor=1_000 + i) for i in range(12)])])
    return made


def prices(hits: Any) -> list[int]:
    return [hit["fields"]["price"][0] for hit in hits]


def test_a_slow_reader_is_told_everything_once(engine: ElasticsearchEngine) -> None:
    slow = Slow(engine.client.connection)
    moment = PointInTime(Indices(slow, SHAPE))
    try:
        assert prices(moment.every(LINES)) == [1_000 + i for i in range(12)]
        assert slow.lost == 3
    finally:
        slow.close()


def test_a_quick_reader_is_told_of_one_moment_and_a_slow_one_of_what_has_become(
    engine: ElasticsearchEngine,
) -> None:
    slow = Slow(engine.client.connection)
    told = {}
    try:
        for client in (engine.client, slow):
            moment = PointInTime(Indices(client, SHAPE))
            rest = moment.every(LINES)
            first = prices(next(rest) for _ in range(5))
            with engine.writer() as writer:
                version = 10 + len(told)
                lines = [line("a", i, price_minor=1_000 * version + i) for i in range(12)]
                writer.apply("rates", [card("a", lines, version=version)])
            told[client] = first + prices(rest)
    finally:
        slow.close()
    assert told[engine.client] == [1_000 + i for i in range(12)]
    assert told[slow] == [10_000 + i for i in range(5)] + [11_000 + i for i in range(12)]


def test_an_index_that_is_gone_is_told_as_that(engine: ElasticsearchEngine) -> None:
    slow = Slow(engine.client.connection)
    try:
        moment = PointInTime(Indices(slow, SHAPE))
        rest = moment.every(LINES)
        assert len([next(rest) for _ in range(5)]) == 5
        names = engine.client.call("GET", f"/{Indices(engine.client, SHAPE).read}/_alias")
        engine.client.call("DELETE", "/" + ",".join(names))
        with pytest.raises(EngineUnavailable, match="there is no rates index"):
            next(rest)
    finally:
        slow.close()

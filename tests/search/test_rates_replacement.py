"""Replacing rate cards on Elasticsearch: what an older version, a kill or a second index may not do; and what a
process remembers of the index.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from search.engines.elasticsearch.bulk import write
from search.engines.elasticsearch.engine import ElasticsearchEngine, ElasticsearchWriter
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.rates import RatesReader
from search.engines.elasticsearch.rates_maker import RatesMaker
from search.engines.elasticsearch.rates_mapping import SHAPE
from search.rate_query import RateQuery, RoleQuery
from tests.search.engines import ElasticsearchIndexing
from tests.search.rate_market import USD, build, card, line

pytestmark = pytest.mark.elasticsearch

HAMMER = Path(__file__).with_name("rate_processes.py")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(over_node: ElasticsearchIndexing) -> ElasticsearchEngine:
    """An engine over one card of twelve lines."""
    made = over_node.empty()
    build(made, [card("a", [line("a", i, price_minor=1_000 + i) for i in range(12)])])
    return made


@pytest.fixture
def writer(engine: ElasticsearchEngine) -> Iterator[ElasticsearchWriter]:
    """Its writer."""
    with engine.writer() as opened:
        yield opened


def indices(engine: ElasticsearchEngine) -> Indices:
    return Indices(engine.client, SHAPE)


def refresh(engine: ElasticsearchEngine) -> None:
    """Shows what has been written, as a restart of the service would."""
    engine.client.call("POST", f"/{indices(engine).read}/_refresh")


def prices(engine: ElasticsearchEngine) -> list[int]:
    result = engine.search_rates(RateQuery(page_size=200, **USD))
    return [orjson.loads(stored)["amount"] for stored in result.lines]


def version(number: int, lines: int) -> dict[str, Any]:
    """A version of the card: so many lines, each priced by the version."""
    return card("a", [line("a", i, price_minor=1_000 * number + i) for i in range(lines)], version=number)


def wanted(number: int, lines: int) -> list[int]:
    return [1_000 * number + i for i in range(lines)]


def leave_a_part(engine: ElasticsearchEngine, put: dict[str, Any], documents: int) -> None:
    """Writes the first documents of a replacement, as a writer does that is killed then."""
    maker = RatesMaker(indices(engine))
    write(engine.client, [indices(engine).write], maker.changes([put], ())[:documents])


def test_a_shorter_version_leaves_no_line_behind(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter
) -> None:
    writer.apply("rates", [version(2, 5)])

    assert prices(engine) == wanted(2, 5)
    assert list(engine.rate_cards()) == [("a", 2, 5)]


def test_an_older_version_with_more_lines_is_refused_whole(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter
) -> None:
    writer.apply("rates", [version(5, 3)])
    generation = engine.freshness("rates").generation
    writer.apply("rates", [version(4, 40)])
    writer.apply("rates", [], [("a", 4)])

    assert prices(engine) == wanted(5, 3)
    assert engine.freshness("rates").generation == generation


def test_an_older_version_goes_to_the_index_being_built_and_not_to_the_one_in_use(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter
) -> None:
    writer.apply("rates", [version(5, 3)])
    rebuild = writer.begin_rebuild("rates")
    writer.apply("rates", [version(4, 40)])
    assert prices(engine) == wanted(5, 3)
    assert list(engine.rate_cards()) == [("a", 5, 3)]

    rebuild.put([version(6, 7)])
    rebuild.commit(1)
    assert prices(engine) == wanted(6, 7)


def test_a_version_that_comes_while_an_older_one_is_still_sent_to_the_new_index_leaves_none_of_its_lines(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter
) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([version(2, 800)])
    writer.apply("rates", [version(3, 1)])
    rebuild.commit(1)
    assert prices(engine) == wanted(3, 1)


def test_a_removed_card_stays_away_from_an_older_version(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter
) -> None:
    writer.apply("rates", [], [("a", 5)])
    writer.apply("rates", [version(4, 40)])

    assert prices(engine) == []
    assert list(engine.rate_cards()) == []
    assert engine.state("rates").documents == 0


def test_one_step_may_bring_a_card_twice(engine: ElasticsearchEngine, writer: ElasticsearchWriter) -> None:
    writer.apply("rates", [version(2, 30), version(3, 4)])

    assert prices(engine) == wanted(3, 4)


@pytest.mark.parametrize("lines", [12, 20])
@pytest.mark.parametrize("documents", [1, 2, 8, 12, 13, 21])
def test_a_writer_killed_in_the_middle_shows_nothing_and_the_next_version_repairs(
    engine: ElasticsearchEngine, documents: int, lines: int
) -> None:
    leave_a_part(engine, version(2, lines), documents)
    assert prices(engine) == wanted(1, 12)

    # Whoever refreshes shows the part: the drift check must see that it is none.
    refresh(engine)
    ((_, _, told),) = engine.rate_cards()
    assert (told == lines) == (documents > lines)

    with engine.writer() as writer:
        writer.apply("rates", [version(3, 5)])
    assert prices(engine) == wanted(3, 5)
    assert list(engine.rate_cards()) == [("a", 3, 5)]


def test_of_what_several_killed_writers_left_nothing_remains(engine: ElasticsearchEngine) -> None:
    for number, lines in ((2, 40), (3, 9), (4, 25)):
        leave_a_part(engine, version(number, lines), lines)
        refresh(engine)

    with engine.writer() as writer:
        writer.apply("rates", [version(5, 2)])

    assert prices(engine) == wanted(5, 2)


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_writers_killed_at_any_moment_leave_whole_cards_or_what_the_next_repairs(
    over_node: ElasticsearchIndexing,
) -> None:
    """Six writers are killed after a moment drawn by a seed while they replace a card of 3 or 3,000 lines."""
    rng = random.Random(5)
    engine = over_node.empty()
    build(engine, [version(1, 3)])
    for number in range(1, 7):
        hammer = subprocess.Popen(
            [sys.executable, str(HAMMER), str(number * 1_000), *over_node.where()],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert hammer.stdout is not None
        hammer.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.8))
        os.kill(hammer.pid, signal.SIGKILL)
        hammer.wait()
        hammer.stdout.close()
        over_node.settle()

        before = {price // 1_000_000 for price in all_prices(engine)}
        assert len(before) == 1, "lines of several versions were shown together"
        with engine.writer() as writer:
            writer.apply("rates", [version(number * 1_000 + 999, 4)])
        assert prices(engine) == wanted(number * 1_000 + 999, 4)
        assert list(engine.rate_cards()) == [("a", number * 1_000 + 999, 4)]


def all_prices(engine: ElasticsearchEngine) -> list[int]:
    return [orjson.loads(stored)["amount"] for stored in engine.rate_lines(RateQuery(**USD))]


def test_a_word_that_another_process_brought_is_found_at_once(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter, over_node: ElasticsearchIndexing
) -> None:
    reader = over_node.again()
    query = RateQuery(q="enginear", sort="relevance", **USD)
    assert reader.search_rates(query).corrections == (("enginear", "engineer"),)

    writer.apply("rates", [card("b", [line("b", 1, text="Enginear")], version=2)])
    result = reader.search_rates(query)
    assert (result.count, result.corrections) == (1, ())

    writer.apply("rates", [], [("b", 3)])
    assert reader.search_rates(query).count == 12


def test_figures_over_everything_are_remembered_only_for_their_generation(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter, over_node: ElasticsearchIndexing
) -> None:
    reader = over_node.again()
    query = RateQuery(bins=3, **USD)
    before = [reader.search_rates(query).statistics for _ in range(2)]
    assert before[0] == before[1]

    writer.apply("rates", [version(2, 30)])
    after = reader.search_rates(query)
    assert after.statistics is not None
    assert (after.count, after.statistics.count, after.statistics.minimum) == (30, 30, 2_000)


def test_more_prices_than_fit_one_answer_are_counted_all_the_same(engine: ElasticsearchEngine) -> None:
    query = RateQuery(q="engineer", proposed=1_004, bins=4, **USD)
    whole = engine.search_rates(query)

    # 12 distinct prices, told 5, 5 and 2 at a time.
    assert RatesReader(engine.client, most_prices=5).search_rates(query) == whole
    assert whole.statistics is not None
    assert (whole.statistics.count, whole.statistics.percentiles[50]) == (12, 1_005)


def test_completions_follow_the_index_within_a_second(
    engine: ElasticsearchEngine, writer: ElasticsearchWriter
) -> None:
    now = [100.0]
    reader = RatesReader(engine.client, clock=lambda: now[0])
    assert [one.count for one in reader.suggest_roles(RoleQuery("eng", currency="USD", unit="hour"))] == [12]

    writer.apply("rates", [version(2, 30)])
    now[0] += 0.9
    assert [one.count for one in reader.suggest_roles(RoleQuery("eng", currency="USD", unit="hour"))] == [12]
    now[0] += 0.2
    assert [one.count for one in reader.suggest_roles(RoleQuery("eng", currency="USD", unit="hour"))] == [30]

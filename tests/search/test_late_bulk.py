"""A writer that was killed may have a bulk still under way: it reaches the node after its successor has written, and
neither puts an old document over a newer one nor brings back what was removed, nor lets the index say again what it
said before. Lines of a card that was never as long are seen by the drift check, and buried by whatever is written of
the card next.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from search.engines.base import EngineUnavailable, Label
from search.engines.elasticsearch.bulk import Change, write
from search.engines.elasticsearch.engine import ElasticsearchEngine, ElasticsearchWriter
from search.engines.elasticsearch.life import Maker
from search.engines.elasticsearch.listings_labels import read_labels
from search.engines.elasticsearch.meta import META_ID
from search.query import ListingQuery
from search.rate_query import RateQuery
from tests.search.engines import ElasticsearchIndexing, index
from tests.search.listing_documents import listing
from tests.search.rate_market import USD, build, card, line

pytestmark = [pytest.mark.elasticsearch]


def version(number: int, lines: int) -> dict[str, Any]:
    """A version of a card: so many lines, each priced by the version."""
    return card("a", [line("a", at, price_minor=1_000 * number + at) for at in range(lines)], version=number)


def prices(engine: ElasticsearchEngine) -> list[int]:
    return [orjson.loads(stored)["amount"] for stored in engine.rate_lines(RateQuery(**USD))]


def arrives_late(engine: ElasticsearchEngine, alias: str, changes: list[Change]) -> list[str]:
    """What the node then still writes of a bulk that was made before; shown, as a restart of the node would."""
    written = write(engine.client, [alias], changes).written[alias]
    engine.client.call("POST", f"/{alias}/_refresh")
    return written


@pytest.fixture
def rates(over_node: ElasticsearchIndexing) -> ElasticsearchEngine:
    """An engine over a card of twelve lines."""
    made = over_node.empty()
    build(made, [version(1, 12)])
    return made


def of_rates(engine: ElasticsearchEngine) -> tuple[Maker, str]:
    return engine._rates.maker, engine._rates.indices.write


def test_a_late_bulk_of_listings_changes_and_brings_back_nothing(over_node: ElasticsearchIndexing) -> None:
    engine: Any = index(over_node, [listing("kept"), listing("gone")])
    half = engine._listings
    late = half.maker.changes(
        [listing(name, version=5, summary="zebra") for name in ("kept", "gone", "unheard")],
        [("rm3745~ppl~new", 5)],
    )
    with engine.writer() as writer:
        writer.apply(
            "listings",
            [listing("kept", version=6), listing("new", version=6)],
            [("rm3745~ppl~gone", 6), ("rm3745~ppl~unheard", 6)],
        )
    assert arrives_late(engine, half.indices.write, late) == []
    assert sorted(engine.listing_keys()) == [("rm3745~ppl~kept", 6), ("rm3745~ppl~new", 6)]
    assert engine.search_listings(ListingQuery(q="zebra")).count == 0


@pytest.mark.parametrize("lines", [1, 4, 12])
def test_a_late_bulk_of_a_card_that_was_as_long_before_changes_nothing(
    rates: ElasticsearchEngine, lines: int
) -> None:
    maker, alias = of_rates(rates)
    late = maker.changes([version(2, 12)], ())
    with rates.writer() as writer:
        writer.apply("rates", [version(3, lines)])
    assert arrives_late(rates, alias, late) == []
    assert prices(rates) == [3_000 + at for at in range(lines)]


def test_a_late_bulk_brings_no_removed_card_back(rates: ElasticsearchEngine) -> None:
    maker, alias = of_rates(rates)
    late = maker.changes([version(2, 12)], ())
    with rates.writer() as writer:
        writer.apply("rates", [], [("a", 3)])
    assert arrives_late(rates, alias, late) == []
    assert (prices(rates), list(rates.rate_cards())) == ([], [])


@pytest.mark.parametrize("after", [0, 4])
def test_lines_beyond_any_that_a_card_had_are_seen_and_buried_by_the_next_version(
    rates: ElasticsearchEngine, after: int
) -> None:
    maker, alias = of_rates(rates)
    late = maker.changes([version(2, 20)], ())
    with rates.writer() as writer:
        writer.apply("rates", [version(3, 4)])
        assert arrives_late(rates, alias, late) == [f"a#{at}" for at in range(12, 20)]
        ((_, _, told),) = rates.rate_cards()
        assert told != 4
        if after:
            writer.apply("rates", [version(4, after)])
        else:
            writer.apply("rates", [], [("a", 4)])
    assert prices(rates) == [4_000 + at for at in range(after)]
    assert list(rates.rate_cards()) == ([("a", 4, after)] if after else [])


def heartbeat_under_way(writer: ElasticsearchWriter, position: int) -> list[Change]:
    """What a heartbeat of now would write of the listings' index."""
    meta = writer._listings.meta()
    return [Change(META_ID, meta.version + 1, meta.beaten(position, caught_up=True).document())]


def test_a_late_heartbeat_does_not_put_back_what_an_index_said_of_itself(
    over_node: ElasticsearchIndexing,
) -> None:
    engine: Any = index(over_node, [listing("a")])
    alias = engine._listings.indices.write
    with engine.writer() as writer:
        late = heartbeat_under_way(writer, 7)
        writer.heartbeat(8, caught_up=True)
        generation = writer.apply("listings", [listing("a", version=6)])
    assert arrives_late(engine, alias, late) == []
    said = engine.freshness("listings")
    assert (said.generation, said.position) == (generation, 8)


def names_under_way(writer: ElasticsearchWriter, alias: str, name: str) -> list[Change]:
    """What a step of now would write of the listings' index, were a region called so."""
    half = writer._listings
    meta, notes = half.meta(), half._maker.notes(alias)
    notes.label("region", [Label("TLC", name, "ITL")])
    version = meta.version + 1
    return [
        *(Change(one.id, version, one.source) for one in notes.pending()),
        Change(META_ID, version, meta.document()),
    ]


def test_late_names_of_values_do_not_put_back_what_they_were_called(over_node: ElasticsearchIndexing) -> None:
    engine: Any = index(over_node, [listing("a")])
    half = engine._listings
    with engine.writer() as writer:
        late = names_under_way(writer, half.indices.write, "as it was called")
        writer.label("region", [Label("TLC", "as it is called", "ITL")])
        writer.apply("listings", [listing("a", version=6)])
    assert arrives_late(engine, half.indices.write, late) == []
    assert read_labels(half.indices, half.indices.write).label("region", "TLC") == "as it is called"


def test_names_of_values_that_were_written_without_a_version_are_gone_on_from(
    over_node: ElasticsearchIndexing,
) -> None:
    """As earlier releases wrote them, beside what the index says of itself."""
    engine: Any = index(over_node, [listing("a")])
    half = engine._listings
    with engine.writer() as writer:
        *names, said = names_under_way(writer, half.indices.write, "as it was called")
        plain = [Change(one.id, None, one.source) for one in names]
        assert len(arrives_late(engine, half.indices.write, [*plain, said])) == len(names) + 1
        writer.label("region", [Label("TLC", "as it is called", "ITL")])
        writer.apply("listings", [listing("a", version=6)])
    assert read_labels(half.indices, half.indices.write).label("region", "TLC") == "as it is called"


def test_a_step_that_a_late_one_overtakes_is_said_to_be_taken_again(
    over_node: ElasticsearchIndexing,
) -> None:
    engine: Any = index(over_node, [listing("a")])
    half = engine._listings
    with engine.writer() as writer:
        before, late = writer._listings.meta(), heartbeat_under_way(writer, 7)
        assert arrives_late(engine, half.indices.write, late) == [META_ID]
        with pytest.raises(EngineUnavailable, match="taken again"):
            writer._listings._save(half.indices.write, before, [])
        assert engine.freshness("listings").position == 7
        writer.heartbeat(8, caught_up=True)
    assert engine.freshness("listings").position == 8


def test_an_index_whose_notes_were_written_without_a_version_goes_on(
    over_node: ElasticsearchIndexing,
) -> None:
    """As earlier releases wrote them: the versions that a node counted by itself are gone on from."""
    engine: Any = index(over_node, [listing("a")])
    alias = engine._listings.indices.write
    with engine.writer() as writer:
        for _ in range(3):
            arrives_late(engine, alias, [Change(META_ID, None, writer._listings.meta().document())])
        writer.heartbeat(9, caught_up=True)
    assert engine.freshness("listings").position == 9

"""What only Elasticsearch has: aliases, the lease, tombstones that outlast a restart, refused documents, another
mapping, words that are newer than the process's snapshot.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from search.engines.base import DocumentsRefused, EngineUnavailable, WriterBusy
from search.engines.elasticsearch import vocabulary
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.elasticsearch.indices import Indices, Standing
from search.engines.elasticsearch.meta import META_ID
from search.query import ListingQuery
from tests.search.engines import ElasticsearchIndexing
from tests.search.listing_documents import fill, listing

pytestmark = pytest.mark.elasticsearch

KEY = "rm3745~ppl~opm-group"


@pytest.fixture
def engine(over_node: ElasticsearchIndexing) -> ElasticsearchEngine:
    made = over_node.empty()
    fill(made, [listing("opm-group", summary="apples"), listing("ase", summary="pears")])
    return made


def count(engine: ElasticsearchEngine, q: str) -> int:
    return engine.search_listings(ListingQuery(q=q)).count


def indices(engine: ElasticsearchEngine) -> Indices:
    return engine._listings.indices


def test_an_index_is_named_by_its_mapping_and_known_by_its_aliases(engine: ElasticsearchEngine) -> None:
    first = indices(engine).standing().current
    assert first is not None
    assert indices(engine).mapping_of(first) == indices(engine).shape.mapping
    with engine.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        building = indices(engine).standing().building
        assert indices(engine).standing() == Standing(first, building, None)
        rebuild.put([listing("opm-group")])
        rebuild.commit(1)
        assert indices(engine).standing() == Standing(building, None, first)
    fill(engine, [])
    assert indices(engine).standing().previous == building
    assert first not in engine.client.call("GET", f"/{indices(engine).read}-*/_alias")


def test_indices_that_are_there_get_as_many_copies_as_are_asked_for_when_the_writer_is_taken(
    engine: ElasticsearchEngine,
) -> None:
    fill(engine, [listing("opm-group")])
    prefix = engine.client.connection.prefix

    def copies() -> dict[str, str]:
        told = engine.client.call("GET", f"/{prefix}*/_settings/index.number_of_replicas", flat_settings=True)
        return {index: facts["settings"]["index.number_of_replicas"] for index, facts in told.items()}

    standing = indices(engine).standing()
    assert copies().keys() >= {f"{prefix}writer", standing.current, standing.previous}
    assert set(copies().values()) == {"0"}
    later = ElasticsearchEngine(replace(engine.client.connection, replicas=1))
    later.writer().close()
    assert set(copies().values()) == {"1"}
    later.close()
    engine.writer().close()
    assert set(copies().values()) == {"0"}


def test_generations_grow_over_rebuilds_and_the_way_back(engine: ElasticsearchEngine) -> None:
    seen = [engine.freshness("listings").generation]
    with engine.writer() as writer:
        writer.heartbeat(9, caught_up=True)
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("new")])
        rebuild.commit(1)
        seen.append(engine.freshness("listings").generation)
        writer.rollback("listings")
        seen.append(engine.freshness("listings").generation)
    assert seen == sorted(set(seen))
    assert engine.freshness("listings").position == 9


def test_a_removed_listing_stays_removed_over_a_restart_of_its_shard(engine: ElasticsearchEngine) -> None:
    """Elasticsearch forgets its own deletions when a shard starts; the tombstone is a document."""
    with engine.writer() as writer:
        writer.apply("listings", [], [(KEY, 7)])
        current = indices(engine).standing().current
        engine.client.call("POST", f"/{current}/_close", timeout=60.0)
        engine.client.call("POST", f"/{current}/_open", wait_for_active_shards=1, timeout=60.0)
        writer.apply("listings", [listing("opm-group", version=6)])
    assert engine.listing(KEY) is None
    assert count(engine, "") == 1


def test_refused_documents_are_told_and_all_else_of_the_step_is_found(engine: ElasticsearchEngine) -> None:
    long = listing("ase", version=2, summary="plums", sectors=["x" * 40_000])
    with (
        engine.writer() as writer,
        pytest.raises(DocumentsRefused, match="1 documents were refused: rm3745~ppl~ase"),
    ):
        writer.apply("listings", [listing("opm-group", version=2, summary="plums"), long])
    assert (count(engine, "plums"), count(engine, "pears")) == (1, 1)


def test_a_rebuild_names_a_refused_document_and_takes_the_others(engine: ElasticsearchEngine) -> None:
    with engine.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm-group", sectors=["x" * 40_000])])
        rebuild.put([listing("ase", summary="apples")])
        assert list(rebuild.refused()) == ["rm3745~ppl~opm-group"]
        assert rebuild.commit(2) == 1
    assert (count(engine, ""), count(engine, "apples")) == (1, 1)
    assert indices(engine).standing().building is None


def test_nothing_is_written_where_no_index_is_meant_to_be(engine: ElasticsearchEngine) -> None:
    with engine.writer() as writer:
        for name in engine.client.call("GET", f"/{indices(engine).read}-*/_alias"):
            engine.client.call("DELETE", f"/{name}")
        with pytest.raises(EngineUnavailable, match="there is no listings index yet"):
            writer.apply("listings", [listing("opm-group", version=2)])
    assert engine.state("listings").rebuild_because == "there is no listings index yet"
    with pytest.raises(EngineUnavailable, match="there is no listings index yet"):
        engine.search_listings(ListingQuery(q="apples"))


def test_an_index_of_another_mapping_is_told(engine: ElasticsearchEngine) -> None:
    found = engine.client.call("GET", f"/{indices(engine).read}/_doc/{META_ID}")["_source"]
    found["meta"]["mapping"] = "older"
    body = {"special": True, "meta_key": "meta", **found}
    engine.client.call("PUT", f"/{indices(engine).write}/_doc/{META_ID}", body, refresh=True)
    assert engine.state("listings").rebuild_because == "the listings index is of another mapping"
    with pytest.raises(EngineUnavailable, match="another mapping"):
        engine.search_listings(ListingQuery(q="apples"))
    with engine.writer() as writer:
        with pytest.raises(EngineUnavailable, match="another mapping"):
            writer.apply("listings", [])
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm-group", summary="apples")])
        rebuild.commit(1)
    assert count(engine, "apples") == 1


# The lease.


def hold(engine: ElasticsearchEngine, who: str, milliseconds: int) -> None:
    """Writes the lease as somebody else would."""
    body = {
        "script": {
            "source": "ctx._source.token = 'other'; ctx._source.who = params.who; "
            "ctx._source.until = ctx._now + params.millis",
            "params": {"who": who, "millis": milliseconds},
        }
    }
    engine.client.call("POST", f"/{engine.client.connection.prefix}writer/_update/lease", body)


def test_a_living_writer_elsewhere_is_respected_and_an_expired_one_succeeded(
    engine: ElasticsearchEngine,
) -> None:
    hold(engine, "elsewhere 1 2", 60_000)
    with pytest.raises(WriterBusy):
        engine.writer()
    hold(engine, "elsewhere 1 2", -1)
    engine.writer().close()


def test_a_writer_that_was_taken_over_writes_no_more(engine: ElasticsearchEngine) -> None:
    with engine.writer() as writer:
        hold(engine, "elsewhere 1 2", 60_000)
        writer._lease._lost = True
        with pytest.raises(EngineUnavailable, match="another process has taken over"):
            writer.apply("listings", [listing("opm-group", version=2, summary="plums")])
        hold(engine, "elsewhere 1 2", -1)
        writer.apply("listings", [listing("opm-group", version=2, summary="plums")])
    assert count(engine, "plums") == 1


# Words newer than the snapshot.


def test_a_new_word_is_found_at_once_where_reading_all_words_is_dear(
    engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "SMALL", 0)
    words = engine._listings.vocabulary
    words._snapshot = replace(words.snapshot(), took=9.0)
    with engine.writer() as writer:
        writer.apply("listings", [listing("new", summary="quinces")])
    result = engine.search_listings(ListingQuery(q="quinces"))
    assert (result.count, result.did_you_mean) == (1, None)
    assert len(result.hits[0].why) == 1


def test_what_a_process_remembers_follows_every_change(engine: ElasticsearchEngine) -> None:
    everything = ListingQuery()
    before = engine.search_listings(everything)
    with engine.writer() as writer:
        writer.apply("listings", [listing("new", ownership="charity")])
    after = engine.search_listings(everything)
    ownership = next(facet for facet in after.facets if facet.name == "ownership")
    assert (before.count, after.count) == (2, 3)
    assert {value.value: value.count for value in ownership.values} == {"private-company": 2, "charity": 1}

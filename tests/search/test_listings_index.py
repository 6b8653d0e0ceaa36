"""The life of the listings' index: versions, removals, rebuilds, rollback, damage, and readers while a writer
works or dies.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from search.engines import listings_store, listings_view, listings_writer
from search.engines.base import Engine, EngineUnavailable, WriterBusy
from search.query import ListingQuery, Suggestion, SuggestionQuery
from tests.search.engines import EmbeddedIndexing, Indexing, index
from tests.search.listing_documents import fill, listing

HAMMER = Path(__file__).with_name("index_processes.py")


def stored(engine: Engine, key: str) -> dict[str, object] | None:
    found = engine.listing(key)
    return None if found is None else orjson.loads(found)


def count(engine: Engine, q: str) -> int:
    return engine.search_listings(ListingQuery(q=q)).count


KEY = "rm3745~ppl~opm-group"


@pytest.fixture
def engine(indexing: Indexing) -> Engine:
    return index(indexing, [listing("opm-group", summary="apples"), listing("ase", summary="pears")])


def test_an_update_is_seen_by_an_engine_that_is_open(engine: Engine) -> None:
    assert count(engine, "apples") == 1
    with engine.writer() as writer:
        generation = writer.apply("listings", [listing("opm-group", version=2, summary="plums")])
    assert engine.freshness("listings").generation == generation
    assert (count(engine, "apples"), count(engine, "plums")) == (0, 1)
    assert stored(engine, KEY) == {"reference": KEY, "name": "Opm Group", "version": 2}


def test_an_older_version_never_overwrites_a_newer_one(engine: Engine) -> None:
    with engine.writer() as writer:
        before = writer.apply("listings", [listing("opm-group", version=5, summary="plums")])
        after = writer.apply("listings", [listing("opm-group", version=4, summary="late")], [(KEY, 3)])
    assert before == after
    assert (count(engine, "plums"), count(engine, "late")) == (1, 0)
    assert dict(engine.listing_keys())[KEY] == 5


def test_a_removed_listing_is_gone_and_does_not_come_back_by_an_older_put(engine: Engine) -> None:
    with engine.writer() as writer:
        writer.apply("listings", [], [(KEY, 7)])
        writer.apply("listings", [listing("opm-group", version=6)])
    assert stored(engine, KEY) is None
    assert count(engine, "") == 1
    assert engine.suggest(SuggestionQuery("opm")) == []
    with engine.writer() as writer:
        writer.apply("listings", [listing("opm-group", version=8)])
    assert count(engine, "") == 2


def test_a_removal_that_arrives_before_its_listing_holds(engine: Engine) -> None:
    with engine.writer() as writer:
        writer.apply("listings", [], [("rm3745~ppl~new", 5)])
        writer.apply("listings", [listing("new", version=4)])
    assert stored(engine, "rm3745~ppl~new") is None


def test_of_one_listing_given_twice_the_newer_stands(engine: Engine) -> None:
    with engine.writer() as writer:
        writer.apply(
            "listings",
            [listing("opm-group", version=3, summary="new"), listing("opm-group", version=2, summary="old")],
        )
        writer.apply(
            "listings", [listing("ase", version=2, summary="old"), listing("ase", version=3, summary="new")]
        )
    assert (count(engine, "new"), count(engine, "old")) == (2, 0)


def test_a_document_that_cannot_be_indexed_changes_nothing(engine: Engine) -> None:
    with engine.writer() as writer:
        with pytest.raises(KeyError):
            writer.apply("listings", [{"key": KEY, "version": 9}])
        assert dict(engine.listing_keys())[KEY] == 1
        writer.apply("listings", [listing("opm-group", version=2, summary="plums")])
    assert count(engine, "plums") == 1


def test_words_are_counted_as_documents_come_and_go(engine: Engine) -> None:
    """What is corrected to, and what is not, follows every update."""
    assert engine.search_listings(ListingQuery(q="aples")).did_you_mean == "apples"
    with engine.writer() as writer:
        writer.apply("listings", [listing("opm-group", version=2, summary="plums")])
    assert engine.search_listings(ListingQuery(q="aples")).did_you_mean is None


def test_without_an_index_a_search_is_unavailable(indexing: Indexing) -> None:
    engine = indexing.empty()
    with pytest.raises(EngineUnavailable):
        engine.search_listings(ListingQuery())
    assert engine.state("listings").rebuild_because == "there is no listings index yet"
    with engine.writer() as writer, pytest.raises(EngineUnavailable):
        writer.apply("listings", [listing("opm-group")])


def test_only_one_writer(engine: Engine) -> None:
    with engine.writer(), pytest.raises(WriterBusy):
        engine.writer()
    engine.writer().close()


def test_an_empty_index_answers(indexing: Indexing) -> None:
    engine = index(indexing, [])
    for q in ("", "vision", '"a phrase"', "x*"):
        assert engine.search_listings(ListingQuery(q=q)).count == 0
    assert engine.suggest(SuggestionQuery("a")) == []


def test_live_updates_during_a_rebuild_are_in_both_indexes(engine: Engine) -> None:
    with engine.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm-group", summary="apples")])
        writer.apply(
            "listings",
            [listing("opm-group", version=3, summary="plums"), listing("new", version=3)],
            [("rm3745~ppl~ase", 3)],
        )
        assert (count(engine, "plums"), count(engine, "")) == (1, 2)
        # The rebuild read these before the update: it comes late and changes nothing.
        rebuild.put([listing("opm-group", version=2, summary="apples"), listing("ase", version=2)])
        assert rebuild.commit(expected=2) == 2
        assert (count(engine, "plums"), count(engine, "apples"), count(engine, "")) == (1, 0, 2)
        writer.apply("listings", [listing("opm-group", version=4, summary="cherries")])
        assert count(engine, "cherries") == 1


def test_a_rebuild_that_does_not_verify_leaves_the_old_index(engine: Engine, indexing: Indexing) -> None:
    with engine.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm-group", version=2, summary="plums")])
        with pytest.raises(ValueError, match="holds 1 listings, not 2"):
            rebuild.commit(expected=2)
        rebuild.abandon()
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm-group", version=2, summary="plums")])
        with pytest.raises(ValueError, match="does not hold rm3745~ppl~opm-group"):
            rebuild.commit(expected=1, sample={KEY: {"reference": KEY}})
        assert (count(engine, "apples"), count(engine, "")) == (1, 2)
        writer.apply("listings", [listing("ase", version=2, summary="figs")])
    assert count(engine, "figs") == 1
    assert len(indexing.indices()) == 1


def test_an_abandoned_rebuild_is_forgotten(engine: Engine, indexing: Indexing) -> None:
    with engine.writer() as writer:
        writer.begin_rebuild("listings").put([listing("opm-group", version=2)])
        writer.begin_rebuild("listings").abandon()
    assert len(indexing.indices()) == 1
    assert count(engine, "") == 2


def test_rollback_brings_the_index_before_back(engine: Engine) -> None:
    with engine.writer() as writer:
        with pytest.raises(ValueError, match="no earlier index"):
            writer.rollback("listings")
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("new", summary="figs")])
        rebuild.commit()
        assert (count(engine, ""), count(engine, "figs")) == (1, 1)
        before = engine.freshness("listings").generation
        writer.rollback("listings")
        assert (count(engine, ""), count(engine, "apples")) == (2, 1)
        # No number of a generation ever stands for two contents.
        assert engine.freshness("listings").generation > before
        writer.apply("listings", [listing("opm-group", version=2, summary="plums")])
        assert count(engine, "plums") == 1
        writer.rollback("listings")
        assert (count(engine, ""), count(engine, "figs")) == (1, 1)


@pytest.fixture
def files(tmp_path: Path) -> EmbeddedIndexing:
    """The embedded engine over two listings, where its files can be got at."""
    made = EmbeddedIndexing(tmp_path)
    fill(made.empty(), [listing("opm-group", summary="apples"), listing("ase", summary="pears")])
    return made


def test_an_index_of_another_mapping_is_told(
    files: EmbeddedIndexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (listings_view, listings_writer):
        monkeypatch.setattr(module, "MAPPING", "changed")
    later = files.again()
    assert later.state("listings").rebuild_because == "the listings index is of another mapping"
    with later.writer() as writer, pytest.raises(EngineUnavailable):
        writer.apply("listings", [])


def test_there_is_no_way_back_to_an_index_of_another_mapping(
    files: EmbeddedIndexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (listings_store, listings_view, listings_writer):
        monkeypatch.setattr(module, "MAPPING", "changed")
    later = files.again()
    with later.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("new", summary="figs")])
        rebuild.commit()
        generation = later.freshness("listings").generation
        with pytest.raises(ValueError, match="the earlier index is of another mapping"):
            writer.rollback("listings")
        assert (count(later, "figs"), later.freshness("listings").generation) == (1, generation)
        writer.apply("listings", [listing("new", version=2, summary="plums")])
        assert count(later, "plums") == 1


@pytest.mark.parametrize(
    "what", ["CURRENT", "manifest-*.json", "files/*.npy", "files/*.bin", "records", "words/meta.json"]
)
@pytest.mark.parametrize("how", ["gone", "empty", "cut"])
def test_a_damaged_index_is_unavailable_and_told(files: EmbeddedIndexing, what: str, how: str) -> None:
    folder = files.root / "listings"
    directory = next(path for path in folder.iterdir() if path.is_dir())
    for path in list((folder if what == "CURRENT" else directory).glob(what)):
        content = path.read_bytes()
        path.unlink()
        if how != "gone":
            path.write_bytes(content[: len(content) // 2] if how == "cut" else b"")
    damaged = files.again()
    assert damaged.state("listings").rebuild_because
    with pytest.raises(EngineUnavailable):
        damaged.search_listings(ListingQuery(q="apples"))
    with damaged.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm-group", summary="apples")])
        rebuild.commit()
    assert count(damaged, "apples") == 1


def test_heartbeat_tells_how_current_the_index_is(engine: Engine) -> None:
    assert engine.freshness("listings").position is None
    with engine.writer() as writer:
        writer.heartbeat(41, caught_up=True)
        first = engine.freshness("listings")
        writer.heartbeat(42, caught_up=False)
    second = engine.search_listings(ListingQuery()).index
    assert (first.position, second.position) == (41, 42)
    assert first.applied_at == first.caught_up_at == second.caught_up_at
    assert (second.applied_at or "") >= (first.applied_at or "?")


def test_suggestions_by_any_word_in_a_stated_order(indexing: Indexing) -> None:
    lot = {"reference": "rm3745~8", "number": "8", "name": "ICT and digital"}
    engine = index(
        indexing,
        [
            listing(
                "digital-first",
                name="Digital First",
                lots=[lot],
                specialisms=[
                    {"reference": "rm3745~8~1", "number": "1", "name": "Digital strategy"},
                    {"reference": "rm3745~8~2", "number": "2", "name": "Café digital"},
                ],
                offerings=[
                    {"lot": "rm3745~8", "specialism": f"rm3745~8~{number}", "regions": []}
                    for number in (1, 2)
                ],
            ),
            listing("all-digital", name="All Digital", framework="f2", lots=[], offerings=[]),
            listing(
                "digital-first", name="Digital First", framework="f2", supplier="s2", lots=[], offerings=[]
            ),
        ],
    )
    assert engine.suggest(SuggestionQuery("digi")) == [
        Suggestion("partner", "digital-first", "Digital First", None, None),
        Suggestion("specialism", "rm3745~8~1", "Digital strategy", "rm3745", "RM3745"),
        Suggestion("partner", "all-digital", "All Digital", None, None),
        Suggestion("specialism", "rm3745~8~2", "Café digital", "rm3745", "RM3745"),
        Suggestion("lot", "rm3745~8", "ICT and digital", "rm3745", "RM3745"),
    ]
    assert [found.reference for found in engine.suggest(SuggestionQuery("CAFE DIG"))] == ["rm3745~8~2"]
    assert [found.reference for found in engine.suggest(SuggestionQuery("d", kinds=("lot",)))] == ["rm3745~8"]
    assert [found.reference for found in engine.suggest(SuggestionQuery("d", frameworks=("f2",)))] == [
        "digital-first",
        "all-digital",
    ]
    assert len(engine.suggest(SuggestionQuery("d", limit=2))) == 2
    assert engine.suggest(SuggestionQuery("gital")) == engine.suggest(SuggestionQuery("&")) == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("5", ["rm3745~5", "f2~5a"]),
        ("lot 5", ["rm3745~5", "f2~5a"]),
        ("Lot 5a", ["f2~5a"]),
        ("RM3745/5", ["rm3745~5"]),
        ("rm3745 lot 5", ["rm3745~5"]),
        ("lot 5 health", ["rm3745~5"]),
        ("lot 6", []),
        ("RM3745/5a", []),
    ],
)
def test_lots_are_suggested_by_their_number(indexing: Indexing, typed: str, found: list[str]) -> None:
    engine = index(
        indexing,
        [
            listing("opm-group"),
            listing("other", framework="f2", lots=[{"reference": "f2~5a", "number": "5a", "name": "Zest"}]),
        ],
    )
    assert [one.reference for one in engine.suggest(SuggestionQuery(typed))] == found
    assert all(one.kind == "lot" for one in engine.suggest(SuggestionQuery(typed)))


def test_a_name_that_begins_nothing_is_completed_as_it_was_meant(indexing: Indexing) -> None:
    engine = index(indexing, [listing("digital-first", name="Digital First"), listing("other", name="Other")])
    assert [found.name for found in engine.suggest(SuggestionQuery("digtial"))] == ["Digital First"]
    assert [found.name for found in engine.suggest(SuggestionQuery("digital frist"))] == ["Digital First"]
    assert engine.suggest(SuggestionQuery("digital quarry")) == []


# With real processes.


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_readers_see_whole_generations_while_a_writer_commits(indexing: Indexing, tmp_path: Path) -> None:
    """Every listing of a generation bears the same word: a reader that finds two words, or a part, saw a
    mixture.
    """
    index(indexing, _first_round())
    stop = tmp_path / "stop"
    readers = [_start(indexing, "read", str(stop)) for _ in range(2)]
    writer = _start(indexing, "write", "25")
    writer.communicate(timeout=600)
    assert writer.returncode == 0
    stop.touch()
    answers = [reader.communicate(timeout=300)[0] for reader in readers]
    assert all(reader.returncode == 0 for reader in readers), answers
    for answer in answers:
        searches, generations, wrong = map(int, answer.split())
        assert wrong == 0
        assert searches > 20
        assert generations > 3


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_a_writer_killed_at_any_moment_leaves_an_index_that_answers(indexing: Indexing) -> None:
    """Ten writers are killed after a moment drawn by a seed; each time what is read is one whole round, never
    an older one.
    """
    index(indexing, _first_round())
    moments = random.Random(7)
    last = 1
    for _ in range(10):
        writer = _start(indexing, "write", "1000")
        assert writer.stdout is not None
        assert writer.stdout.readline()
        time.sleep(moments.uniform(0, 0.4))
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate(timeout=60)
        indexing.settle()
        engine = indexing.again()
        rounds = {int(version) for _, version in engine.listing_keys()}
        assert len(rounds) == 1
        (now,) = rounds
        assert now >= last
        assert count(engine, f"round{now}") == count(engine, "") == 30
        assert all(
            stored(engine, f"rm3745~ppl~p{number}")
            == {"reference": f"rm3745~ppl~p{number}", "name": f"P{number}", "version": now}
            for number in range(30)
        )
        last = now


def _first_round() -> list[dict[str, object]]:
    return [listing(f"p{number}", version=1, summary="round1", sectors=["health"]) for number in range(30)]


def _start(indexing: Indexing, role: str, argument: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HAMMER), role, argument, *indexing.where()],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )

"""Aliases that somebody removed or put elsewhere by hand: the index worker and `rebuild_index` put them right, so that
searches read what updates are written to.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from procurement.actions.profiles import update_profile
from procurement.models import Partner
from search.engines.base import Writer
from search.engines.elasticsearch.indices import Indices
from search.index import engine, release_writer
from search.models import IndexRequest, IndexRun
from search.rebuild import rebuild
from search.sync import drain
from search.tasks import index_sync
from tests.search.engines import ElasticsearchIndexing
from tests.search.indexed import keys, listing
from tests.world import editor_of

pytestmark = [pytest.mark.elasticsearch, pytest.mark.django_db]

READ = "listings"
WRITE = "listings-write"


@pytest.fixture
def indices(at_node: ElasticsearchIndexing, writer: Writer) -> Indices:
    """The listings' indices of the world, of which there is one in use and one before."""
    rebuild(writer)
    return at_node.again()._listings.indices


def remove(indices: Indices, alias: str) -> None:
    """As a person with curl does."""
    indices.client.call("DELETE", f"/{indices.read}-*/_alias/{indices.client.connection.prefix}{alias}")


def put(indices: Indices, index: str | None, alias: str) -> None:
    assert index is not None
    indices.client.call("PUT", f"/{index}/_alias/{indices.client.connection.prefix}{alias}")


def rename_ash(name: str) -> None:
    partner = Partner.objects.get(reference="ash")
    update_profile(editor_of("ash"), "ash", partner.revision, {"name": name})


def is_in_order(indices: Indices) -> bool:
    """Searches read one index, which updates go to, and nothing stands half built."""
    standing = indices.standing()
    used = standing.on(indices.read)
    return len(used) == 1 and standing.on(indices.write) == used and standing.building is None


def put_right(indices: Indices) -> None:
    """Takes the read and the write alias from the index before the one in use."""
    previous = indices.standing().previous
    for alias in (indices.read, indices.write):
        indices.client.call("DELETE", f"/{previous}/_alias/{alias}")
    assert is_in_order(indices)


SPOILT: dict[str, tuple[list[str], list[str], list[str]]] = {
    "searches read none": ([READ], [], []),
    "updates go to two": ([], [], [WRITE]),
    "searches read two": ([], [], [READ]),
    "both stand on two": ([], [], [READ, WRITE]),
    "searches read the one before": ([READ], [], [READ]),
    "updates go to the one before": ([WRITE], [], [WRITE]),
    "updates go to none": ([WRITE], [], []),
    "both are gone": ([READ, WRITE], [], []),
}


MENDED = ["searches read none", "updates go to two", "searches read two", "updates go to none"]
"""Where one alias tells what the other is to stand on."""


def spoil(indices: Indices, how: str) -> None:
    removed, current, previous = SPOILT[how]
    standing = indices.standing()
    for alias in removed:
        remove(indices, alias)
    for alias in current:
        put(indices, standing.current, alias)
    for alias in previous:
        put(indices, standing.previous, alias)
    assert not is_in_order(indices)


@pytest.mark.parametrize("how", SPOILT)
def test_the_worker_puts_the_aliases_right_and_writes_what_waited(indices: Indices, how: str) -> None:
    spoil(indices, how)
    rename_ash("Ash & Daughters")
    index_sync()
    assert is_in_order(indices)
    assert len(keys()) == 6
    assert listing("wr1~oak~ash")["partner"]["name"] == "Ash & Daughters"
    assert not IndexRequest.objects.exists()


@pytest.mark.parametrize("how", SPOILT)
def test_rebuild_index_puts_the_aliases_right(indices: Indices, how: str) -> None:
    spoil(indices, how)
    rename_ash("Ash & Daughters")
    release_writer()
    out = StringIO()
    call_command("rebuild_index", stdout=out)
    assert out.getvalue() == "The index is new: 6 listings, 1 rate cards (6 compared with the database).\n"
    assert is_in_order(indices)
    assert listing("wr1~oak~ash")["partner"]["name"] == "Ash & Daughters"


def test_updates_go_on_after_the_read_alias_was_removed(indices: Indices, writer: Writer) -> None:
    remove(indices, READ)
    index_sync()
    rename_ash("Ash & Daughters")
    drain(writer)
    assert listing("wr1~oak~ash")["partner"]["name"] == "Ash & Daughters"
    assert engine().state("listings").rebuild_because is None


@pytest.mark.parametrize("how", MENDED)
def test_where_one_alias_tells_the_other_is_put_back_without_a_rebuild(
    indices: Indices, writer: Writer, how: str
) -> None:
    current = indices.standing().current
    runs = IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD).count()
    spoil(indices, how)
    release_writer()
    index_sync()
    assert is_in_order(indices)
    assert indices.standing().current == current
    assert IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD).count() == runs


def test_a_change_during_a_rebuild_that_began_without_a_write_alias_is_not_lost(
    indices: Indices, writer: Writer
) -> None:
    remove(indices, WRITE)
    rename_ash("Ash & Daughters")
    rebuild(writer)
    assert is_in_order(indices)
    assert listing("wr1~oak~ash")["partner"]["name"] == "Ash & Daughters"


@pytest.mark.parametrize("said", ["stands on no index", "stands on 2 indices: "])
def test_readiness_and_the_drift_check_say_what_is_wrong_with_the_aliases(
    indices: Indices, client: Any, said: str
) -> None:
    if "no index" in said:
        remove(indices, WRITE)
    else:
        put(indices, indices.standing().previous, WRITE)
        said += ", ".join(indices.standing().on(indices.write))
    why = f"the alias {indices.write} {said}"
    ready = client.get("/api/v1/health/ready/")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["index"] == {"status": "down", "detail": why}
    with pytest.raises(CommandError) as told:
        call_command("check_index", stdout=StringIO())
    assert str(told.value) == (
        f"Nothing was compared: {why}. The index worker mends it within a minute, rebuild_index at once."
    )
    index_sync()
    assert client.get("/api/v1/health/ready/").json()["index"]["status"] == "ok"
    out = StringIO()
    call_command("check_index", stdout=out)
    assert out.getvalue().splitlines()[-1] == "The index agrees with the database."


@pytest.mark.parametrize("how", MENDED)
def test_check_index_mends_aliases_when_it_is_asked_to_repair(indices: Indices, how: str) -> None:
    current = indices.standing().current
    spoil(indices, how)
    release_writer()
    out = StringIO()
    call_command("check_index", repair=True, stdout=out)
    assert out.getvalue().splitlines()[-1] == "The index agrees with the database."
    assert is_in_order(indices)
    assert indices.standing().current == current


def test_check_index_without_repair_leaves_aliases_as_they_are(indices: Indices) -> None:
    spoil(indices, "updates go to none")
    before = indices.standing().held
    release_writer()
    with pytest.raises(CommandError, match="stands on no index"):
        call_command("check_index", stdout=StringIO())
    assert indices.standing().held == before


def test_check_index_says_so_where_only_a_rebuild_puts_the_aliases_right(indices: Indices) -> None:
    spoil(indices, "both stand on two")
    before = indices.standing().held
    release_writer()
    with pytest.raises(CommandError, match="stands on 2 indices"):
        call_command("check_index", repair=True, stdout=StringIO())
    assert indices.standing().held == before


def test_aliases_that_were_mended_are_logged_with_their_index_and_no_others(
    indices: Indices, writer: Writer
) -> None:
    current = indices.standing().current
    spoil(indices, "both stand on two")
    with capture_logs() as told:
        writer.mend()
    assert told == []
    put_right(indices)
    spoil(indices, "updates go to none")
    with capture_logs() as told:
        writer.mend()
    assert [(line["event"], line["index"]) for line in told] == [("index_aliases_mended", current)]


def test_generations_grow_although_an_alias_was_removed(indices: Indices, writer: Writer) -> None:
    before = engine().freshness("listings")
    remove(indices, WRITE)
    rebuild(writer)
    after = engine().freshness("listings")
    assert after.generation > before.generation
    assert after.position == before.position


def test_an_index_in_use_that_was_named_as_half_built_is_not_thrown_away(
    indices: Indices, writer: Writer
) -> None:
    current = indices.standing().current
    put(indices, current, "listings-building")
    release_writer()
    index_sync()
    assert indices.standing().current == current
    assert len(keys()) == 6
    assert is_in_order(indices)

"""What a failing search service costs: searches wait or go on, nothing else notices, and nothing is lost or stale
afterwards.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from search.engines.base import EngineUnavailable, Writer
from search.engines.elasticsearch.breaker import REST_SECONDS
from search.engines.elasticsearch.making import NO_ROOM
from search.index import connection, engine
from search.models import IndexRequest, IndexRun
from search.query import ListingQuery
from search.rebuild import rebuild, request_rebuild, serve_requests
from search.sync import drain
from tests.platform.supervised import ROOT
from tests.search.faults import (
    LISTINGS,
    Killer,
    assert_agrees,
    assert_unavailable,
    edit,
    found,
    indexed,
    make_market,
    roles,
    tell_all,
    until,
)
from tests.search.test_service_security import stated_role
from tools.search_node import Cluster, Node, cluster

pytestmark = [
    pytest.mark.elasticsearch,
    pytest.mark.kill,
    pytest.mark.long,
    pytest.mark.django_db,
    # A database is migrated, a node started and a market written before the first of them begins.
    pytest.mark.timeout(1200),
]

CUT_OFF_SECONDS = float(os.environ.get("CUT_OFF_SECONDS", "10"))
"""By hand for a minute and longer."""
BACK = 180.0
"""Seconds in which searches must have come back, on a machine that does much else."""
SEARCHES_AFTER_THE_KILL = 300
MOST_FAILED = 5
SLOW = 1.0
"""Seconds."""


DEPLOYED: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
AS_DEPLOYED = {
    "cluster.name": "calloff",
    "xpack.license.self_generated.type": "basic",
    "xpack.ml.enabled": "false",
    "xpack.security.enabled": "true",
    "xpack.security.http.ssl.enabled": "true",
    "xpack.security.transport.ssl.enabled": "true",
    "xpack.security.transport.ssl.verification_mode": "full",
}
"""What compose.yaml sets that means the same on one machine."""


class Rolledback(Exception):  # noqa: N818
    """Ends the module's transaction."""


@pytest.fixture(scope="module")
def market(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The database of this module, and a folder for files."""
    folder = tmp_path_factory.mktemp("market")
    try:
        with django_db_blocker.unblock(), transaction.atomic():
            make_market(folder)
            yield folder
            raise Rolledback
    except Rolledback:
        pass


@pytest.fixture(scope="module")
def single(own_nodes: None) -> Iterator[Cluster]:
    """One node, which looks at its disk as often as it may."""
    with cluster(heap="512m", settings={"cluster.info.update.interval": "10s"}) as running:
        yield running


@pytest.fixture
def writer(single: Cluster, market: Path, db: None) -> Iterator[Writer]:
    """The writer of an index of this test's own; the node runs again afterwards, whatever became of it."""
    try:
        with indexed(single) as held:
            yield held
    finally:
        if single.nodes[0].paused:
            single.nodes[0].resume()
        if not single.nodes[0].running():
            single.nodes[0].start()


def prefix() -> str:
    place = connection()
    assert place is not None
    return place.prefix


def test_a_node_killed_in_the_middle_of_a_bulk_loses_nothing(
    single: Cluster, writer: Writer, market: Path, client: Client
) -> None:
    tell_all(market, "afterwards")
    waiting = IndexRequest.objects.count()
    with Killer(single.nodes[0], f"{prefix()}listings-write", 1) as killer, pytest.raises(EngineUnavailable):
        drain(writer)
    print(f"killed after {killer.given} documents had been given in all; {waiting} requests waited")
    assert not single.nodes[0].running()
    assert IndexRequest.objects.filter(claim="", failures=0).count() == IndexRequest.objects.count() > 0
    assert_unavailable(client)
    single.nodes[0].start()
    until(lambda: client.get("/api/v1/listings/").status_code == 200, BACK, "searches did not come back")
    drain(writer)
    assert IndexRequest.objects.count() == 0
    assert_agrees()
    assert client.get("/api/v1/listings/", {"q": "afterwards"}).json()["count"] == LISTINGS - 6
    assert client.get("/api/v1/listings/", {"q": "before"}).json()["count"] == 0


def test_a_node_killed_in_the_middle_of_a_rebuild_has_the_old_index_and_builds_the_new_one_later(
    single: Cluster, writer: Writer, client: Client
) -> None:
    before = engine().state("listings").generation
    asked = request_rebuild()
    with (
        Killer(single.nodes[0], f"{prefix()}listings-building", 1) as killer,
        pytest.raises(EngineUnavailable),
    ):
        serve_requests(writer)
    print(f"killed when {killer.given} documents of the new index had been given")
    asked.refresh_from_db()
    assert asked.status == IndexRun.Status.REQUESTED
    single.nodes[0].start()
    until(lambda: client.get("/api/v1/listings/").status_code == 200, BACK, "searches did not come back")
    assert client.get("/api/v1/listings/").json()["count"] == LISTINGS
    assert engine().state("listings").generation == before
    edit("meanwhile")
    drain(writer)
    assert found(client, "meanwhile") == ["wr1~yew~yew"]
    assert roles(single, prefix()) == [["listings", "listings-write"]]
    assert serve_requests(writer) is True
    asked.refresh_from_db()
    assert (asked.status, serve_requests(writer)) == (IndexRun.Status.SUCCEEDED, False)
    assert roles(single, prefix()) == [["listings", "listings-write"], ["listings-previous"]]
    assert_agrees()


def test_a_node_that_is_cut_off_stops_searches_alone_and_what_changed_meanwhile_is_found(
    single: Cluster, writer: Writer, client: Client
) -> None:
    asked = probes()
    single.nodes[0].pause()
    began = time.monotonic()
    searches = [assert_unavailable(client) for _ in range(2)]
    until_then = time.monotonic() + CUT_OFF_SECONDS
    while time.monotonic() < until_then:
        searches.append(assert_unavailable(client))
        answers = [client.get(f"/api/v1/{name}/") for name in ("frameworks", "partners", "suppliers")]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        time.sleep(0.05)
    edit("unheard")
    with pytest.raises(EngineUnavailable):
        drain(writer)
    spared = time.monotonic() - began
    assert probes() - asked <= 2 + spared / REST_SECONDS + 2
    runs = IndexRun.objects.filter(kind="rebuild").count()
    with pytest.raises(EngineUnavailable):
        serve_requests(writer)
    assert IndexRun.objects.filter(kind="rebuild").count() == runs
    single.nodes[0].resume()
    back = until(
        lambda: client.get("/api/v1/listings/").status_code == 200, BACK, "searches did not come back"
    )
    quick = sum(took < 0.5 for took in searches)
    print(
        f"cut off for {time.monotonic() - began - back:.0f} s: {len(searches)} searches answered 503, {quick} of them "
        f"within 0.5 s, slowest {max(searches):.2f} s; searches were back {back:.1f} s after it"
    )
    assert max(searches) < 3 * settings.SEARCH_TIMEOUT
    drain(writer)
    assert found(client, "unheard") == ["wr1~yew~yew"]
    assert_agrees()


def test_a_full_disk_stops_changes_alone_and_they_arrive_once_there_is_room(
    single: Cluster, writer: Writer, client: Client
) -> None:
    node = single.nodes[0]

    def blocked() -> bool:
        told = node.request("GET", f"/{prefix()}listings/_settings")[1]
        return all("blocks" in index["settings"]["index"] for index in told.values())

    with full_disk(node):
        stopped = until(blocked, 120, "the index was not blocked")
        edit("in vain")
        with pytest.raises(EngineUnavailable, match="disk is full"):
            drain(writer)
        with pytest.raises(CommandError, match=r"not rebuilt, any earlier one stays in use: .* disk is full"):
            call_command("rebuild_index")
        assert list(IndexRequest.objects.values_list("claim", "failures")) == [("", 0)]
        assert (found(client, "vain"), len(found(client, "yew"))) == ([], 1)
        assert client.get("/api/v1/partners/yew/").json()["summary"] == "in vain"
    lifted = until(lambda: not blocked(), 120, "the block was not lifted")
    print(f"blocked {stopped:.0f} s after the disk was full, lifted {lifted:.0f} s after there was room")
    drain(writer)
    assert found(client, "vain") == ["wr1~yew~yew"]
    assert IndexRequest.objects.count() == 0
    assert_agrees()


def test_a_first_build_on_a_full_disk_names_it_and_goes_on_once_there_is_room(
    single: Cluster, market: Path, db: None, client: Client
) -> None:
    node = single.nodes[0]
    where = {"SEARCH_URL": node.url, "SEARCH_PREFIX": f"test-{secrets.token_hex(4)}-"}
    with override_settings(**where):
        with full_disk(node):
            for _ in range(2):
                with pytest.raises(CommandError) as told:
                    call_command("rebuild_index")
                assert (
                    str(told.value) == f"The index was not rebuilt, any earlier one stays in use: {NO_ROOM}"
                )
            assert_unavailable(client)
        until(built, 120, "the index was not built")
        assert_agrees()
        assert len(found(client, "yew")) == 1


def test_three_nodes_are_set_as_a_deployment_sets_them() -> None:
    given = DEPLOYED["search1"]["environment"]
    assert {name: given[name] for name in given if name in AS_DEPLOYED} == AS_DEPLOYED
    assert given.keys() - AS_DEPLOYED.keys() == {
        # Where the files lie, who is who, and what a machine must allow.
        "ES_JAVA_OPTS", "bootstrap.memory_lock", "cluster.initial_master_nodes", "discovery.seed_hosts", "node.name",
        "network.publish_host",
        *(f"xpack.security.{layer}.ssl.{file}" for layer in ("http", "transport")
          for file in ("key", "certificate", "certificate_authorities")),
    }  # fmt: skip
    assert DEPLOYED["web"]["environment"]["SEARCH_REPLICAS"] == "1"


def test_searches_go_on_when_one_of_three_nodes_is_killed(
    own_nodes: None, market: Path, db: None, client: Client
) -> None:
    """300 searches after the kill, in one thread."""
    with three_nodes() as (writer, victim):
        killer = threading.Timer(1.0, victim.kill)
        killer.start()
        after = 0

        def goes_on() -> bool:
            nonlocal after
            after += not victim.running()
            return after <= SEARCHES_AFTER_THE_KILL

        told = searched(goes_on)
        killer.join()
        print(f"until {SEARCHES_AFTER_THE_KILL} searches after the kill: {told}")
        assert told.failed.total() <= MOST_FAILED
        edit("two of three")
        took = until(lambda: drained(writer), 120, "no change was written")
        print(f"the first change was written {took:.1f} s after the searches")
        assert found(client, "three") == ["wr1~yew~yew"]
        assert_agrees()
        with override_settings(SEARCH_REPLICAS=1):
            rebuild(writer)
        assert_agrees()


def test_searches_go_on_when_one_of_three_nodes_hangs_once_the_others_have_dropped_it(
    own_nodes: None, market: Path, db: None, client: Client
) -> None:
    """It holds the primary of what is searched: until the others drop it, they wait for it themselves. Then 300
    searches in one thread, and a change, while it still hangs.
    """
    with three_nodes() as (writer, victim):
        other = next(node for node in victim.owner.nodes if node is not victim)
        victim.pause()
        began = time.monotonic()
        told = searched(lambda: time.monotonic() < began + BACK and not dropped(other))
        print(f"dropped after {time.monotonic() - began:.0f} s: {told}")
        assert dropped(other)
        back = until(lambda: client.get("/api/v1/listings/").status_code == 200, BACK, "no search came back")
        print(f"searches were back {back:.1f} s after it")
        told = searched(iter(range(SEARCHES_AFTER_THE_KILL, -1, -1)).__next__)
        print(f"while it hangs: {told}")
        assert (told.answered, told.failed.total()) == (SEARCHES_AFTER_THE_KILL, 0)
        edit("two of three")
        took = until(lambda: drained(writer), 120, "no change was written")
        print(f"the first change was written {took:.1f} s after the searches")
        assert found(client, "three") == ["wr1~yew~yew"]
        assert_agrees()
        victim.resume()
        until(lambda: not dropped(other), BACK, "it did not come back")
        edit("three again")
        assert drained(writer)
        assert found(client, "again") == ["wr1~yew~yew"]
        assert_agrees()


@contextmanager
def three_nodes() -> Iterator[tuple[Writer, Node]]:
    """As compose.yaml sets them, with security and TLS between all, under a key like a deployment's: the writer of an
    index, and the node that has its primary.
    """
    with cluster(nodes=3, heap="512m", security=True, settings=AS_DEPLOYED) as three, indexed(
        three,
        SEARCH_REPLICAS=1,
        SEARCH_API_KEY=three.api_key("stated", {"calloff": stated_role()}),
        SEARCH_CA_CERT=str(three.access.authority),
        SEARCH_PREFIX=f"calloff-{secrets.token_hex(4)}-",
    ) as writer:  # fmt: skip
        health = three.request("GET", "/_cluster/health?wait_for_status=green&timeout=60s")[1]
        assert (health["status"], health["number_of_nodes"]) == ("green", 3)
        holder = shard_holder(three, f"{prefix()}listings-write")
        yield writer, next(node for node in three.nodes if node.name == holder)


@dataclass(slots=True)
class Searched:
    """How many searches were answered, what others failed of, how many took long, and the slowest, in seconds."""

    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    slow: int = 0
    slowest: float = 0.0


def searched(goes_on: Callable[[], object]) -> Searched:
    """Searches one after the other as long as that is so; each answer is exact."""
    told = Searched()
    while goes_on():
        began = time.monotonic()
        try:
            result = engine().search_listings(ListingQuery(q="before", seed=told.answered % 16))
            assert result.count == LISTINGS - 6
            told.answered += 1
        except EngineUnavailable as error:
            told.failed[str(error)] += 1
            time.sleep(0.1)
        took = time.monotonic() - began
        told.slow += took > SLOW
        told.slowest = max(told.slowest, took)
    return told


def dropped(other: Node) -> bool:
    """Whether another node counts two nodes of three."""
    with suppress(OSError):
        return other.request("GET", "/_cluster/health?timeout=1s", seconds=5)[1].get("number_of_nodes") == 2
    return False


def built() -> bool:
    """Whether there is room for the index by now; then it is built."""
    try:
        call_command("rebuild_index")
    except CommandError:
        return False
    return True


@contextmanager
def full_disk(node: Node) -> Iterator[None]:
    """A node whose disk is full by its watermarks, and has room again afterwards."""

    def watermarks(*values: str | None) -> None:
        names = ("low", "high", "flood_stage")
        settings = {
            f"cluster.routing.allocation.disk.watermark.{name}": value
            for name, value in zip(names, values, strict=True)
        }
        assert node.request("PUT", "/_cluster/settings", {"persistent": settings})[0] == 200

    watermarks("0.01%", "0.02%", "0.03%")
    try:
        yield
    finally:
        watermarks(None, None, None)


def probes() -> int:
    """How often this process has asked the service."""
    return engine().within.client.calls


def shard_holder(running: Cluster, alias: str) -> str:
    """The node that has the primary of an index."""
    shards = running.request("GET", f"/_cat/shards/{alias}?format=json")[1]
    return next(str(shard["node"]) for shard in shards if shard["prirep"] == "p")


def drained(writer: Writer) -> bool:
    try:
        drain(writer)
    except EngineUnavailable:
        return False
    return True

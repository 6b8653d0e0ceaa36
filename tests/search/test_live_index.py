"""The index with a real queue and a real worker: how fast a change is found, and what is left when
processes are killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prepared import Prepared
from tests.procurement.test_partner_imports import row
from tests.search.engines import KINDS, ElasticsearchIndexing
from tests.search.stage import Stage, until

pytestmark = [pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(900)]

EDIT = """
import time
from procurement.actions.profiles import update_profile
from procurement.models import Partner
from procurement.permissions import SYSTEM
from search.index import engine
def edit(reference, text):
    update_profile(SYSTEM, reference, Partner.objects.get(reference=reference).revision, {"summary": text})
def slowed():
    wall, own = time.monotonic(), time.process_time()
    while time.process_time() < own + 0.2:
        pass
    return (time.monotonic() - wall) / (time.process_time() - own)
def timed(what):
    Partner.objects.exists()
    before, began = slowed(), time.monotonic()
    what()
    took = time.monotonic() - began
    return [took, max(1.0, before, slowed())]
def wait(key, text, seconds=60):
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if text.encode() in (engine().listing(key) or b""):
            return time.monotonic() - began
        time.sleep(0.01)
    raise AssertionError(f"{text} was not found")
"""


WITHIN = 2.0
"""Seconds in which a change is to be found, on a machine that does nothing else."""


def late(told: list[list[float]]) -> list[float]:
    """Of things that took so many seconds while the machine made everything take so many times longer than its own
    processor time: those that took longer than they may, in seconds of a machine that does nothing else.
    """
    print(", ".join(f"{took:.2f} s (slowed {slowed:.1f} times)" for took, slowed in told))
    return [took / slowed for took, slowed in told if took / slowed >= WITHIN]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with 400 firms to load."""
    file = tmp_path_factory.mktemp("files") / "partners.jsonl"
    file.write_text("\n".join(json.dumps(row(f"firm-{number:03d}")) for number in range(400)))
    return file


@pytest.fixture(params=KINDS)
def stage(request: pytest.FixtureRequest, prepared: Prepared, tmp_path: Path) -> Iterator[Stage]:
    """The world, indexed by each kind of engine in turn; no queue and no worker yet."""
    service = (
        None if request.param == "embedded" else ElasticsearchIndexing(request.getfixturevalue("search_node"))
    )
    where = {} if service is None else {"SEARCH_URL": service.address, "SEARCH_PREFIX": service.prefix}
    with prepared.copied(tmp_path / "data") as environment:
        made = Stage(tmp_path / "data", {**environment, **where})
        try:
            made.run("from tests.world import make_world\nmake_world()")
            made.manage("rebuild_index")
            yield made
        finally:
            made.end()
            if service is not None:
                service.remove()


def test_a_profile_change_is_found_within_two_seconds_of_its_commit(stage: Stage) -> None:
    stage.start_queue()
    stage.start_worker()
    code = """
edit("yew", "warm"); wait("wr1~yew~yew", "warm")
def found(text):
    edit("yew", text); wait("wr1~yew~yew", text)
print([timed(lambda: found(f"change {number}")) for number in range(10)])
"""
    assert late(json.loads(stage.run(EDIT + code))) == []


def test_a_burst_of_changes_shares_engine_commits(stage: Stage) -> None:
    stage.start_queue()
    stage.start_worker()
    code = """
edit("yew", "warm"); wait("wr1~yew~yew", "warm")
before = engine().state("listings").generation
for number in range(60):
    edit(("ash", "elm", "oak", "yew")[number % 4], f"burst {number}")
wait("wr1~yew~yew", "burst 59")
print(engine().state("listings").generation - before)
"""
    commits = int(stage.run(EDIT + code))
    print(f"60 changes in {commits} commits")
    assert commits < 60


def test_a_killed_worker_loses_nothing(stage: Stage) -> None:
    stage.start_queue()
    stage.start_worker()
    stage.run(EDIT + 'edit("yew", "before"); wait("wr1~yew~yew", "before")')
    stage.kill(stage.worker)
    stage.run(
        EDIT + 'edit("yew", "while it was dead")\nfrom search.sync import claim\nassert claim() is not None'
    )
    stage.start_worker()
    stage.run(EDIT + 'wait("wr1~yew~yew", "while it was dead")')
    assert "agrees" in stage.manage("check_index").stdout


def test_a_dead_queue_neither_fails_nor_slows_a_change_and_the_sweep_finds_it(stage: Stage) -> None:
    stage.start_queue()
    stage.start_worker()
    stage.kill(stage.queue)
    assert late([json.loads(stage.run(EDIT + 'print(timed(lambda: edit("yew", "unheard")))'))]) == []
    stage.kill(stage.worker)
    stage.run(EDIT + 'from search.tasks import index_sweep\nindex_sweep()\nwait("wr1~yew~yew", "unheard")')


def test_changes_during_a_rebuild_are_found_before_and_after_the_swap(stage: Stage, built: Path) -> None:
    stage.manage("import_partners", str(built))
    stage.start_queue()
    stage.start_worker()
    rebuild = stage.begin("rebuild_index")
    code = """
from search.models import IndexRun
told = []
def found(text):
    edit("yew", text); wait("wr1~yew~yew", text)
while IndexRun.objects.filter(kind="rebuild", status__in=["requested", "running"]).exists() or len(told) < 5:
    told.append(timed(lambda: found(f"meanwhile {len(told)}")))
print(told)
"""
    assert late(json.loads(stage.run(EDIT + code))) == []
    assert rebuild.wait(120) == 0
    assert "agrees" in stage.manage("check_index").stdout


def test_two_rebuilds_at_once_both_end_well(stage: Stage, built: Path) -> None:
    stage.manage("import_partners", str(built))
    first, second = stage.begin("rebuild_index"), stage.begin("rebuild_index")
    for process in (first, second):
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert "agrees" in stage.manage("check_index").stdout


def test_a_rebuild_killed_on_its_way_leaves_the_index_in_use_and_can_be_begun_again(
    stage: Stage, built: Path
) -> None:
    stage.manage("import_partners", str(built))
    rebuild = stage.begin("rebuild_index")
    runs = (
        'from search.models import IndexRun\nruns = IndexRun.objects.filter(kind="rebuild", status="running")'
    )
    running = f"{runs}\nprint(runs.count())"
    until(lambda: stage.run(running) == "1" or rebuild.poll() is not None, 60, "no rebuild began")
    stage.kill(rebuild)
    assert "agrees" in stage.manage("check_index").stdout
    assert (
        "404 listings" in stage.manage("check_index").stdout
        or "406 listings" in stage.manage("check_index").stdout
    )
    stage.manage("rebuild_index")
    assert stage.run(running) == "0"


def test_a_killed_import_is_whole_when_it_is_run_again(stage: Stage, built: Path) -> None:
    loading = stage.begin("import_partners", str(built))
    firms = (
        'from procurement.models import Partner\nfirms = Partner.objects.filter(reference__startswith="firm")'
    )
    count = f"{firms}\nprint(firms.count())"
    until(lambda: int(stage.run(count)) >= 250 or loading.poll() is not None, 60, "nothing was loaded")
    stage.kill(loading)
    stage.manage("import_partners", str(built))
    assert stage.run(count) == "400"
    assert "agrees" in stage.manage("check_index").stdout
    again = json.loads(stage.manage("import_partners", str(built), "--json").stdout)
    assert (again["added"], again["unchanged"]) == (0, 400)


def test_other_writers_succeed_while_an_import_runs(stage: Stage, built: Path) -> None:
    loading = stage.begin("import_partners", str(built))
    told: list[list[float]] = []
    while loading.poll() is None:
        told.append(json.loads(stage.run(EDIT + f'print(timed(lambda: edit("yew", "turn {len(told)}")))')))
    assert loading.returncode == 0
    assert told
    assert late(told) == []

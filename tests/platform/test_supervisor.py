"""The real processes of `make run`: all start, all stop, a killed one comes back, nothing is left or lost.

One data folder is prepared once for all tests of this file: the first start is the longest.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.platform.supervised import PROCESSES, Supervised, processes_of, processor_seconds, until
from tools.run import GRACE

pytestmark = [pytest.mark.one_machine, pytest.mark.kill, pytest.mark.timeout(1800)]

FIRST_START_SECONDS = 900
GONE_WITHIN = 60


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after a first start that was stopped as by Ctrl-C."""
    data = tmp_path_factory.mktemp("calloff") / "data"
    first = Supervised(data)
    try:
        took = first.ready(FIRST_START_SECONDS)
        print(f"\nfirst start: ready after {took:.1f} s")
        assert first.get("/api/v1/health/ready/")[0] == 200
        assert first.stop(signal.SIGINT) == 0
        assert processes_of(data) == {}
    finally:
        first.end()
    return data


@pytest.fixture(scope="module")
def running(prepared: Path) -> Iterator[Supervised]:
    """The second start on that folder, running for all tests that leave it running."""
    before, secret = events(prepared), (prepared / "secret-key").read_text()
    supervised = Supervised(prepared)
    try:
        took = supervised.ready(600)
        used = processor_seconds(prepared)
        print(f"\nsecond start: ready after {took:.1f} s, {used:.1f} s of processor time")
        assert events(prepared) == before > 0
        assert (prepared / "secret-key").read_text() == secret
        yield supervised
        assert supervised.stop() == 0
        assert processes_of(prepared) == {}
    finally:
        supervised.end()


@pytest.fixture
def another(prepared: Path, tmp_path: Path) -> Iterator[Supervised]:
    """One on a copy of that folder, for a test that ends it."""
    data = tmp_path / "data"
    shutil.copytree(prepared, data, ignore=shutil.ignore_patterns("*.sock"))
    supervised = Supervised(data)
    try:
        supervised.ready(600)
        yield supervised
    finally:
        supervised.end()


def events(data: Path) -> int:
    with sqlite3.connect(data / "calloff.sqlite3") as database:
        return int(database.execute("select count(*) from procurement_event").fetchone()[0])


def queue_of(data: Path) -> redis.Redis:
    socket = data / "broker" / "valkey.sock"
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=5)


def test_a_second_start_answers_a_search_with_what_the_first_loaded(running: Supervised) -> None:
    status, found = running.get("/api/v1/listings/?q=vision+rehabilitation+evaluation")
    assert status == 200
    assert found["results"][0]["partner"]["name"] == "OPM Group"
    assert [name for name in PROCESSES if not running.running(name)] == []


def test_it_says_where_it_is_and_who_may_sign_in(running: Supervised) -> None:
    said = running.said()
    assert f"Calloff is ready at http://127.0.0.1:{running.port}\n" in said
    assert f"http://127.0.0.1:{running.port}/api/v1/docs/" in said
    assert "buyer@example.org" in said
    assert "password for all: " in said


@pytest.mark.parametrize("name", ["web", "worker", "index", "beat"])
def test_a_killed_process_comes_back(running: Supervised, name: str) -> None:
    killed = running.number(name)
    os.kill(killed, signal.SIGKILL)
    until(lambda: running.came_back(name, killed), 90, f"{name} did not come back")
    assert f"{name} ended (-9); it starts again" in running.said()
    until(running.answers, 120, "the web did not come back")


def test_the_web_refuses_nobody_while_it_restarts(running: Supervised) -> None:
    killed = running.number("web")
    os.kill(killed, signal.SIGKILL)
    assert running.get("/api/v1/health/ready/")[0] == 200
    # What comes next finds all processes running.
    until(lambda: running.came_back("web", killed), 90, "the web did not come back")


def test_a_killed_queue_comes_back_with_its_messages(running: Supervised) -> None:
    queue_of(running.data).rpush("nobody-reads-this", "one", "two")
    # The queue writes to disk each second.
    time.sleep(1.5)
    killed = running.number("queue")
    os.kill(killed, signal.SIGKILL)
    until(lambda: running.came_back("queue", killed), 90, "it did not come back")
    until((running.data / "broker" / "valkey.sock").exists, 60, "it does not listen")
    assert queue_of(running.data).lrange("nobody-reads-this", 0, -1) == [b"one", b"two"]
    queue_of(running.data).delete("nobody-reads-this")
    # The workers find it again by themselves.
    until(lambda: len(queue_of(running.data).client_list()) >= 3, 120, "the workers did not come back to it")
    assert running.running("worker")
    assert running.running("index")


def test_an_installation_under_a_name_of_its_own_starts(prepared: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(prepared, data, ignore=shutil.ignore_patterns("*.sock"))
    own = {"DEMO": "0", "ALLOWED_HOSTS": "calloff.example.org", "SECRET_KEY": secrets.token_hex(40)}
    supervised = Supervised(data, **own)
    try:
        supervised.ready(300)
        assert supervised.stop() == 0
    finally:
        supervised.end()


def test_a_killed_supervisor_leaves_no_process(another: Supervised) -> None:
    assert len(processes_of(another.data)) > len(PROCESSES)
    another.process.kill()
    another.process.wait()
    until(lambda: not processes_of(another.data), GONE_WITHIN, f"left: {processes_of(another.data)}")


def test_a_second_signal_stops_at_once(another: Supervised) -> None:
    began = time.monotonic()
    another.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert another.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < GRACE
    assert processes_of(another.data) == {}

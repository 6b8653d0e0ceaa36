"""Counts of failed sign-ins in a file: shared, bounded, and the highest kept the longest."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.attempts_cache import AttemptsCache
from config.connections import attempts_settings


@pytest.fixture
def counts(tmp_path: Path) -> AttemptsCache:
    return AttemptsCache(str(tmp_path / "data" / "attempts.sqlite3"), {"OPTIONS": {"MAX_ENTRIES": 20}})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: made[0])
    return made


def kept(counts: AttemptsCache, *names: str) -> list[int | None]:
    return [counts.get(one) for one in names]


def test_a_count_is_added_once_raised_and_ends(counts: AttemptsCache, clock: list[float]) -> None:
    assert [counts.add("a", 1, 900), counts.add("a", 5, 900), counts.incr("a"), counts.get("a")] == [
        True,
        False,
        2,
        2,
    ]
    clock[0] += 800
    assert counts.touch("a", 900)
    clock[0] += 899
    assert counts.get("a") == 2
    clock[0] += 1
    assert (counts.get("a", 0), counts.touch("a", 900), counts.has_key("a")) == (0, False, False)
    with pytest.raises(ValueError, match="no such count"):
        counts.incr("a")
    assert counts.add("a", True, 900)
    assert [counts.get("a"), counts.delete("a"), counts.delete("a"), counts.get("a")] == [
        1,
        True,
        False,
        None,
    ]
    counts.set("a", 3, None)
    clock[0] += 1e9
    assert counts.get("a") == 3
    counts.clear()
    assert counts.get("a") is None


def test_what_has_ended_goes_first_then_the_lowest(counts: AttemptsCache, clock: list[float]) -> None:
    counts.set("locked", 10, 900)
    counts.set("ended", 50, 10)
    for number in range(18):
        counts.set(f"once{number}", 1, 900 + number)
    clock[0] += 11
    counts.set("last", 2, 900)
    assert kept(counts, "locked", "ended", "once0", "once17", "last") == [10, None, 1, 1, 2]
    counts.set("more", 1, 900)
    assert kept(counts, "locked", "once5", "once6", "once17", "last", "more") == [10, None, 1, 1, 2, 1]
    for number in range(500):
        counts.add(f"other{number}", 1, 900)
    assert kept(counts, "locked", "last") == [10, 2]
    assert sum(counts.get(f"other{number}") is not None for number in range(500)) < 20


def test_of_many_at_once_one_adds_and_each_counts(counts: AttemptsCache) -> None:
    with ThreadPoolExecutor(4) as threads:
        added = list(threads.map(lambda _: counts.add("a", 1, 900) or counts.incr("a"), range(20)))
    assert sorted(added) == list(range(1, 21))
    assert counts.get("a") == 20


def test_the_file_is_for_whoever_runs_the_service_and_says_when_it_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "attempts.sqlite3"
    counts = AttemptsCache(str(file), {})
    counts.set("a", 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("This is no file of counts, and long enough to be taken for one. " * 20)
    with pytest.raises(OSError, match="cannot be used"):
        counts.get("a")
    file.unlink()
    assert counts.get("a") is None


def test_a_redis_counts_where_there_is_one_and_else_the_file(tmp_path: Path) -> None:
    redis = attempts_settings("redis://cache.example.org", tmp_path, seconds=0.5)
    assert redis["BACKEND"] == "config.resting_cache.RestingCache"
    for url in ("locmemcache://", "filecache:///srv/cache"):
        assert attempts_settings(url, tmp_path, seconds=0.5) == {
            "BACKEND": "config.attempts_cache.AttemptsCache",
            "LOCATION": str(tmp_path),
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }

"""What fills a new index is written beside the making of what comes next, in bounds, in order where it matters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.bulk import Change
from search.engines.elasticsearch.sending import Sending

WITHIN = 10.0
"""Seconds after which a test that hangs fails."""


class Service:
    """Takes batches that are one change each, and holds back those whose name is in `held` until they are let go."""

    def __init__(self, *held: str) -> None:
        self.held = {name: threading.Event() for name in held}
        self.begun = {name: threading.Event() for name in "abcd"}
        self.written: list[str] = []

    def write(self, changes: Sequence[Change]) -> None:
        (change,) = changes
        name = change.id
        self.begun[name].set()
        if name in self.held:
            assert self.held[name].wait(WITHIN)
        if change.version == 0:
            raise EngineUnavailable(f"{name} was not taken")
        self.written.append(name)


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """A thread in which something may have to wait."""
    with ThreadPoolExecutor(1) as threads:
        yield threads


def put(sending: Sending, name: str, version: int = 1) -> None:
    sending.put({name}, [Change(name, version)])


def waits(elsewhere: ThreadPoolExecutor, call: Callable[[], None], until: threading.Event) -> None:
    """Whether a call returns only once something was let go."""
    done = elsewhere.submit(call)
    with pytest.raises(TimeoutError):
        done.result(0.05)
    until.set()
    done.result(WITHIN)


def test_two_batches_are_under_way_and_a_third_waits_for_one_of_them(elsewhere: ThreadPoolExecutor) -> None:
    service = Service("a", "b")
    sending = Sending(service.write)
    put(sending, "a")
    put(sending, "b")
    assert service.begun["a"].wait(WITHIN)
    assert service.begun["b"].wait(WITHIN)
    waits(elsewhere, lambda: put(sending, "c"), service.held["b"])
    service.held["a"].set()
    sending.finish()
    assert sorted(service.written) == ["a", "b", "c"]


def test_whoever_writes_a_key_waits_until_it_is_under_way_no_more(elsewhere: ThreadPoolExecutor) -> None:
    service = Service("a")
    sending = Sending(service.write)
    put(sending, "a")
    sending.wait_for({"b", "c"})
    waits(elsewhere, lambda: sending.wait_for({"c", "a"}), service.held["a"])
    assert service.written == ["a"]
    sending.finish()


def test_a_failure_is_told_to_the_next_batch_or_at_the_end_and_not_to_who_waits_for_a_key() -> None:
    service = Service()
    sending = Sending(service.write)
    put(sending, "a", version=0)
    sending.wait_for({"a"})
    put(sending, "b")
    with pytest.raises(EngineUnavailable, match="a was not taken"):
        put(sending, "c")
    sending.finish()
    last = Sending(service.write)
    put(last, "d", version=0)
    with pytest.raises(EngineUnavailable, match="d was not taken"):
        last.finish()


def test_once_it_is_closed_nothing_is_under_way(elsewhere: ThreadPoolExecutor) -> None:
    service = Service("a")
    sending = Sending(service.write)
    put(sending, "a", version=0)
    waits(elsewhere, sending.close, service.held["a"])
    with pytest.raises(RuntimeError):
        put(sending, "b")
    assert not service.begun["b"].is_set()

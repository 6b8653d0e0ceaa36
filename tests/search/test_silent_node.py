"""Several nodes of which one is silent: what is asked of it is asked of another, and it costs its caller once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.breaker import Breaker
from search.engines.elasticsearch.bulk import Change, write
from search.engines.elasticsearch.client import SHARE, Client, NoAnswerInTime
from search.engines.elasticsearch.connection import Connection, hosts_of
from tests.search.service import Answer, BadDay, Silent, Slow

THREADS = 4
SECONDS = 4.0
"""Of a call; a silent node is left for another after a share of them."""
FOUND: Answer = (200, {"hits": {"hits": []}})
WRITTEN: Answer = (200, {"items": [{"index": {"status": 201}}]})


@contextmanager
def client_of(*nodes: BadDay | Silent | Slow, failures: int = 1) -> Iterator[Client]:
    """A client of these nodes; it leaves the service alone after so many failures in a row."""
    addresses = hosts_of(",".join(node.url for node in nodes))
    client = Client(Connection(addresses, timeout=SECONDS), Breaker(failures))
    try:
        yield client
    finally:
        client.close()


def searches(node: BadDay | Slow) -> list[bytes]:
    """What a node was asked but whether it is there."""
    return [body for body in node.asked if body]


def search(client: Client, word: str = "word") -> Any:
    return client.call("POST", "/listings/_search", {"query": word})


def test_searches_of_several_threads_go_on_beside_a_silent_node_and_each_thread_waits_for_it_once() -> None:
    """Until the silent node has been looked at again, some hundreds."""
    answered: list[float] = []
    failed: list[EngineUnavailable] = []
    with BadDay([FOUND]) as one, BadDay([FOUND]) as two, Silent() as silent:
        with client_of(one, two, silent) as client:

            def searcher() -> None:
                # Whoever waited for it looks once; one look more is that after its rest.
                while silent.asked.count("HEAD") <= silent.asked.count("POST"):
                    began = time.monotonic()
                    try:
                        assert search(client) == FOUND[1]
                        answered.append(time.monotonic() - began)
                    except EngineUnavailable as error:
                        failed.append(error)

            threads = [threading.Thread(target=searcher) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert client.breaker.allows()
        assert failed == []
        assert len(searches(one)) + len(searches(two)) == len(answered) > THREADS
        assert 1 <= silent.asked.count("POST") <= THREADS
        # The breaker would have refused all after one failure: none was counted.
        assert silent.asked.count("HEAD") == silent.asked.count("POST") + 1
        assert max(answered) < SECONDS


def test_a_bulk_for_a_silent_node_is_written_at_another() -> None:
    changes = [Change(str(number), 1, {"text": "x"}) for number in range(6)]
    with BadDay([WRITTEN]) as one, BadDay([WRITTEN]) as two, Silent() as silent:
        with client_of(one, two, silent) as client:
            outcome = write(client, ["write"], changes, most_bytes=1, seconds=SECONDS)
        assert (outcome.written, outcome.refused) == ({"write": ["0", "1", "2", "3", "4", "5"]}, {})
        assert len(searches(one)) + len(searches(two)) == len(changes)
        assert silent.asked.count("POST") == 1


def test_a_hung_node_that_answers_again_is_used_again() -> None:
    hung = BadDay([FOUND])
    with BadDay([FOUND]) as other, client_of(hung, other) as client:
        for _ in range(4):
            search(client, "before")
        assert len(searches(other)) == 4
        with hung:
            end = time.monotonic() + 60
            while not any(b"afterwards" in body for body in hung.asked):
                assert time.monotonic() < end
                search(client, "afterwards")


@pytest.mark.whole
def test_where_all_are_silent_a_search_asks_each_in_its_time_and_counts_as_one() -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(Silent()) for _ in range(3)]
        client = stack.enter_context(client_of(*silent, failures=5))
        for asked in (1, 2):
            assert client.breaker.allows()
            began = time.monotonic()
            with pytest.raises(NoAnswerInTime):
                search(client)
            assert SECONDS - 0.1 < time.monotonic() - began < 1.5 * SECONDS
            assert [node.asked.count("POST") for node in silent] == [asked] * 3
        assert not client.breaker.allows()


@pytest.mark.whole
@pytest.mark.parametrize("slow_for", [0.5, 0.8], ids=["within its time", "too slow"])
def test_slow_nodes_are_not_taken_for_silent_and_are_asked_no_more_than_is_needed(slow_for: float) -> None:
    """Three that answer after so much of a call's time: one search is asked twice, those after it once."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(Slow(slow_for * SECONDS)) for _ in range(3)]
        client = stack.enter_context(client_of(*nodes, failures=5))
        answers = slow_for < 1 - SHARE
        for asked in (2, 3, 4):
            began = time.monotonic()
            if answers or asked > 2:
                assert search(client) == FOUND[1]
            else:
                with pytest.raises(NoAnswerInTime):
                    search(client)
            assert time.monotonic() - began < 1.5 * SECONDS
            assert sum(len(searches(node)) for node in nodes) == asked


@pytest.mark.whole
def test_a_silent_node_beside_slow_ones_is_left_alone_and_they_answer() -> None:
    with Slow(0.5 * SECONDS) as one, Slow(0.5 * SECONDS) as two, Silent() as silent:
        with client_of(one, two, silent, failures=5) as client:
            for _ in range(6):
                try:
                    assert search(client) == FOUND[1]
                except NoAnswerInTime:
                    # What was given to the silent one with all the time of a call.
                    assert silent.asked.count("POST") == 1
        assert silent.asked.count("POST") == 1
        assert len(searches(one)) + len(searches(two)) >= 5


def test_what_would_be_refused_when_it_is_done_twice_is_asked_of_one_node() -> None:
    with Silent() as one, Silent() as two, client_of(one, two) as client:
        with pytest.raises(NoAnswerInTime):
            client.call("POST", "/_aliases", {"actions": []}, timeout=SECONDS * SHARE)
        assert [*one.asked, *two.asked] == ["POST"]


def test_the_call_that_tries_a_service_that_was_left_alone_is_bounded_however_long_it_might_take() -> None:
    now = [0.0]
    with Silent() as one, Silent() as two, client_of(one, two) as client:
        client.breaker = Breaker(failures=1, rest=2.0, clock=lambda: now[0])
        client.breaker.failed()
        now[0] += 2.0
        began = time.monotonic()
        with pytest.raises(NoAnswerInTime):
            client.call("POST", "/_bulk", lines=[b"{}"], timeout=60.0)
        assert time.monotonic() - began < 1.5 * SECONDS

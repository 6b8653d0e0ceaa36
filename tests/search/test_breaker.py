"""The breaker before a search service: when it opens, who may try, and when it closes."""

from __future__ import annotations

from search.engines.elasticsearch.breaker import SILENCE, Breaker


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_five_failures_in_a_row_open_it_for_its_rest() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    for _ in range(4):
        breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.now += 2.9
    assert not breaker.allows()
    clock.now += 0.1
    assert breaker.allows()


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(clock=Clock())
    for _ in range(10):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_two_calls_that_were_waited_for_in_vain_open_it() -> None:
    breaker = Breaker(clock=Clock())
    breaker.failed(SILENCE)
    assert breaker.allows()
    breaker.failed(SILENCE)
    assert not breaker.allows()


def test_one_tries_after_the_rest_and_however_long_it_waits_no_other_does() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, clock=clock)
    breaker.failed()
    clock.now += 3
    assert [breaker.allows(), breaker.allows()] == [True, False]
    clock.now += 60
    assert not breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.now += 3
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]

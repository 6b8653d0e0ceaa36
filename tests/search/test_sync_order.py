"""The order claim, stamp, read, write leaves the newest row in the index, however two workers and an
editor interleave.

Every interleaving of two workers with one edit is walked through on the real database and the real engine;
other orders are shown to fail, so that the walk is known to see a fault. More workers, edits and deaths are
drawn by hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.actions.profiles import update_profile
from procurement.models import Partner
from procurement.permissions import SYSTEM
from search.engines.base import Writer
from search.models import IndexRequest, IndexRun
from search.sync import Batch, Claim, claim, drain, finish, read, stamp, write
from tests.examples import examples
from tests.search.indexed import listing

pytestmark = pytest.mark.django_db

RIGHT = ("claim", "stamp", "read", "write")
SCHEDULES = [
    tuple("A" if step in first else "B" for step in range(8))
    for first in combinations(range(8), 4)
    if 0 in first
]
"""Ways in which eight steps of two workers may follow each other; which worker is called A makes no
difference.
"""


class Worker:
    """One worker that goes through its steps one at a time, in a given order."""

    def __init__(self, writer: Writer, order: tuple[str, ...] = RIGHT) -> None:
        self.writer, self.order, self.at = writer, order, 0
        self.claim: Claim | None = None
        self.run: IndexRun | None = None
        self.batches: list[Batch] = []

    def step(self) -> None:
        """The next step; nothing once it has ended or has found nothing to claim."""
        if self.at < len(self.order):
            self.at += 1
            getattr(self, self.order[self.at - 1])()

    def claim_(self) -> None:
        self.claim = claim()

    def stamp(self) -> None:
        self.run = stamp()

    def read(self) -> None:
        if self.claim is not None:
            self.batches = list(read(self.claim.requests, self.run.pk if self.run else 0))

    def write(self) -> None:
        if self.claim is None or self.run is None:
            return
        for batch in self.batches:
            for document in batch.listings:
                document["version"] = self.run.pk
            write(self.writer, batch, {})
        finish(self.claim, self.run, {})


def edits(reference: str = "yew") -> Iterator[str]:
    """Each step publishes another summary and tells it."""
    number = 0
    while True:
        number += 1
        partner = Partner.objects.get(reference=reference)
        update_profile(SYSTEM, reference, partner.revision, {"summary": f"Edit {number}."})
        yield f"Edit {number}."


def walk(
    writer: Writer, order: tuple[str, ...], places: Any = range(9), schedules: Any = SCHEDULES
) -> Iterator[bool]:
    """Walks through the schedules with one edit at each of the places; yields whether the index ended up
    stale.
    """
    steps = tuple("claim_" if step == "claim" else step for step in order)
    editing = edits()
    for schedule in schedules:
        for place in places:
            newest = next(editing)
            workers = {"A": Worker(writer, steps), "B": Worker(writer, steps)}
            for number, name in enumerate(schedule):
                if number == place:
                    newest = next(editing)
                workers[name].step()
            if place == len(schedule):
                newest = next(editing)
            drain(writer)
            assert not IndexRequest.objects.exists()
            yield listing("wr1~yew~yew")["summary"] != newest


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_interleaving_of_two_workers_and_an_edit_leaves_an_old_document(writer: Writer) -> None:
    print(f"{len(SCHEDULES) * 9} interleavings")
    assert sum(walk(writer, RIGHT)) == 0


def test_some_interleavings_with_an_edit_in_the_middle_leave_no_old_document(writer: Writer) -> None:
    assert sum(walk(writer, RIGHT, places=(4,), schedules=SCHEDULES[::4])) == 0


@pytest.mark.parametrize("order", [("claim", "read", "stamp", "write"), ("stamp", "claim", "read", "write")])
@pytest.mark.long
@pytest.mark.timeout(600)
def test_another_order_leaves_an_old_document_in_some_interleaving(
    writer: Writer, order: tuple[str, ...]
) -> None:
    assert any(walk(writer, order, places=(4, 2, 6)))


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(["edit", "0", "1", "2", "die 0", "die 1", "lease"]), min_size=8, max_size=24))
def test_three_workers_that_may_die_leave_no_old_document(writer: Writer, schedule: list[str]) -> None:
    steps = ("claim_", "stamp", "read", "write")
    editing = edits("yew")
    newest = next(editing)
    workers = {name: Worker(writer, steps) for name in "012"}
    for move in schedule:
        if move == "edit":
            newest = next(editing)
        elif move == "lease":
            IndexRequest.objects.exclude(claim="").update(claimed_at="2020-01-01T00:00:00Z")
        elif move.startswith("die"):
            workers[move[-1]] = Worker(writer, steps)
        else:
            if workers[move].at == len(steps):
                workers[move] = Worker(writer, steps)
            workers[move].step()
    IndexRequest.objects.exclude(claim="").update(claimed_at="2020-01-01T00:00:00Z")
    drain(writer)
    assert not IndexRequest.objects.exists()
    assert listing("wr1~yew~yew")["summary"] == newest

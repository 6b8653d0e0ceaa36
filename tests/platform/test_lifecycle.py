"""Every ending of both routes once, through the API of a running service: benchmarks/lifecycle.py at its least."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from benchmarks.lifecycles.checks import differences, doubled, first_difference
from benchmarks.lifecycles.report import ENDINGS
from procurement.states import CALL_OFFS
from tests.given import ROOT, broker, fresh_database, own_queue

ENDED = "Every call-off ended as planned; every message came exactly once."


def test_the_plan_ends_each_route_in_every_status_that_ends_a_call_off() -> None:
    assert len({(one.route, one.name) for one in ENDINGS}) == len(ENDINGS)
    for route in ("direct_award", "competition"):
        assert {one.status for one in ENDINGS if one.route == route} == CALL_OFFS.last


def test_what_came_twice_or_not_at_all_is_told() -> None:
    owed, came = Counter({"a": 1, "b": 1, "c": 1}), Counter({"a": 1, "b": 2})
    assert differences("e-mail", owed, came) == ["e-mail: c is lacking (1)", "e-mail: b is too much (1)"]
    assert differences("e-mail", owed, owed) == []
    assert doubled("webhook", Counter({"msg_1": 1, "msg_2": 2})) == ["webhook: 1 came twice, such as msg_2"]
    assert first_difference(["x", "y"], ["x"]) == "it ends before ['y']"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_ending_comes_as_planned_and_every_message_comes_once() -> None:
    dropped = {"DATABASE_URL", "BROKER_URL", "DJANGO_SETTINGS_MODULE", "CALLOFF_DATA"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    given = broker()
    queue = {"BROKER_URL": own_queue(given).geturl()} if given else {}
    with fresh_database() as environment:
        done = subprocess.run(
            [sys.executable, "benchmarks/lifecycle.py", "--call-offs", str(len(ENDINGS)), "--clients", "4"],
            cwd=ROOT, env=kept | environment | queue, capture_output=True, text=True, check=False,
        )  # fmt: skip
    print(f"{len(ENDINGS)} call-offs\n{done.stdout}")
    assert done.stdout.splitlines()[-1:] == [ENDED], done.stdout + done.stderr[-3000:]
    assert f"{len(ENDINGS)} call-offs of {len(ENDINGS)} endings" in done.stdout
    assert done.returncode == 0

"""Every ending of both routes once, through the API of a running service: benchmarks/lifecycle.py at its least."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.given import ROOT, fresh_database

CALL_OFFS = 39
"""As many as there are endings."""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_ending_comes_as_planned_and_every_message_comes_once() -> None:
    dropped = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "CALLOFF_DATA"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    with fresh_database() as environment:
        done = subprocess.run(
            [sys.executable, "benchmarks/lifecycle.py", "--call-offs", str(CALL_OFFS), "--clients", "4"],
            cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    print(f"{CALL_OFFS} call-offs\n{done.stdout}")
    assert done.stdout.splitlines()[-1:] == [
        "Every call-off ended as planned; every message came exactly once."
    ], done.stdout + done.stderr[-3000:]
    assert f"{CALL_OFFS} call-offs of {CALL_OFFS} endings" in done.stdout
    assert done.returncode == 0

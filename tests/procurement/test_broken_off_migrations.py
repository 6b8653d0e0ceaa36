"""An upgrade that was broken off is run again, wherever it was: what docs/operations.md says of `manage.py migrate`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.given import ROOT, fresh_database


def migrated(data: Path, *words: str) -> Any:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with fresh_database() as environment:
        done = subprocess.run(
            [sys.executable, "-m", "tests.broken_off", *words],
            cwd=ROOT,
            env=kept | environment | {"CALLOFF_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_migration_that_broke_off_after_any_of_its_operations_is_run_again(tmp_path: Path) -> None:
    again, straight = migrated(tmp_path / "again"), migrated(tmp_path / "straight", "straight")
    assert straight["broken"] == {}
    # The others have one, which is done twice.
    assert {name: count for name, count in again["broken"].items() if count > 1} == {
        "0015_tender_reminder": 4,
        "0018_reminders": 4,
        "0039_told_that_it_has_passed": 7,
    }
    assert again["guards"] == straight["guards"]
    assert again["tables"] == straight["tables"]

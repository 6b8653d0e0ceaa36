"""The data steps of migrations on a database that is filled: the clock looks at every live contract, competitions that
are out are reminded half-way, tenders of ended call-offs end, and no guard or event is lost on the way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.given import ROOT, fresh_database


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_filled_database_goes_forward_from_before_the_reminders(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with fresh_database() as environment:
        done = subprocess.run(
            [sys.executable, "-m", "tests.filled"],
            cwd=ROOT,
            env=kept
            | environment
            | {"CALLOFF_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    first, second, swept = told["first"], told["second"], told["swept"]
    print(f"\n{len(second['contracts'])} contracts, {len(second['competitions'])} competitions")
    for name in ("holds", "guards", "light_touch", "work_types"):
        assert second[name] == first[name], name
    assert second["holds"] is True
    assert [one["status"] for one in second["contracts"]] == ["unsigned", "active", "complete"]
    # What was submitted for a call-off that ended gets its end, each with an event.
    standing = [one for one in first["tenders"] if one[0] == "submitted"]
    gone = [one for one in second["tenders"] if one == ["unsuccessful", "The money has gone."]]
    assert (len(standing), len(gone), second["events"] - first["events"]) == (2, 2, 2)
    assert [one for one in second["tenders"] if one not in gone] == [
        one for one in first["tenders"] if one not in standing
    ]
    # Whatever is live is looked at once; what has ended has notices alone.
    looked = {one["notice_on"] for one in second["contracts"]}
    assert len(looked) == 1
    assert [one["remind_on"] for one in second["contracts"]] == [*looked, *looked, None]
    _, draft, out, asking = second["competitions"]
    assert draft["remind_at"] is None
    for one, begins, ends in (
        (out, out["invited_at"], out["deadline"]),
        (asking, asking["published_at"], asking["interest_until"]),
    ):
        start, end, remind = (datetime.fromisoformat(each) for each in (begins, ends, one["remind_at"]))
        assert remind == start + (end - start) / 2
    # The look itself puts each to its own day.
    assert [one["remind_on"] for one in swept["contracts"]] == [
        one["remind_on"] for one in first["contracts"]
    ]
    assert [one["notice_on"] for one in swept["contracts"]] == [
        one["notice_on"] for one in first["contracts"]
    ]
    assert all(date.fromisoformat(one) for one in looked)

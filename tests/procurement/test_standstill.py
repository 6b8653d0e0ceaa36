"""When a standstill ends, by regime and by the nation's working days."""

from __future__ import annotations

from datetime import datetime

import pytest

from procurement.deadlines import standstill_end
from procurement.working_days import LONDON


def london(day: str, hour: int = 0) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("told", "act", "nation", "ends"),
    [
        # Ten calendar days; the tenth is a working day, a Saturday, and Boxing Day before a weekend.
        ("2026-03-02", False, "england", "2026-03-13"),
        ("2026-03-04", False, "england", "2026-03-17"),
        ("2025-12-16", False, "england", "2025-12-30"),
        # Eight working days that begin with the day itself; told on a Saturday, and over Easter.
        ("2026-03-02", True, "england", "2026-03-12"),
        ("2026-03-07", True, "england", "2026-03-19"),
        ("2026-04-01", True, "england", "2026-04-15"),
        # Easter Monday is a working day in Scotland.
        ("2026-04-01", True, "scotland", "2026-04-14"),
    ],
)
def test_a_standstill_ends_at_midnight_after_its_last_day(
    told: str, act: bool, nation: str, ends: str
) -> None:
    assert standstill_end(london(told, 15), act_of_2023=act, nation=nation) == london(ends)

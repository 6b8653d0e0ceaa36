"""A supplier that an import makes or joins has a lead on every day on which it has a member or a place."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from procurement.models import Appointment, Framework, SupplierMember
from tests.procurement.test_partner_imports import counts, faults, row, run
from tests.world import LIVE_FROM, OLD_FROM, make_frameworks

pytestmark = pytest.mark.django_db

ON_WR0 = [{"framework": "wr0", "lot": "5", "regions": ["UK"]}]


def times(supplier: str) -> list[tuple[str, str, date]]:
    members = SupplierMember.objects.filter(supplier__reference=supplier).order_by("role")
    return list(members.values_list("role", "partner__reference", "joined_on"))


def starts(supplier: str) -> dict[str, date]:
    places = Appointment.objects.filter(supplier__reference=supplier)
    return dict(places.values_list("lot__reference", "starts_on"))


@pytest.mark.parametrize("turned", [False, True])
def test_the_lead_leads_from_the_first_day_that_a_row_of_the_file_needs(tmp_path: Path, turned: bool) -> None:
    make_frameworks()
    rows: list[dict[str, Any]] = [
        row("one", offerings=None),
        row("two", supplier="one"),
        row("three", supplier="one", offerings=ON_WR0),
    ]
    del rows[0]["offerings"]
    report = run(tmp_path, rows[::-1] if turned else rows)
    assert (report.loaded, faults(report)) == (3, [])
    assert sorted(times("one")) == [
        ("lead", "one", OLD_FROM),
        ("member", "three", OLD_FROM),
        ("member", "two", LIVE_FROM),
    ]
    assert starts("one") == {"wr1~1": LIVE_FROM, "wr0~5": OLD_FROM}


def test_a_refused_row_does_not_move_the_lead(tmp_path: Path) -> None:
    make_frameworks()
    rows = [row("one"), row("two", supplier="one", offerings=ON_WR0, size="vast")]
    report = run(tmp_path, rows, partial=True)
    assert (report.loaded, report.refused) == (1, 1)
    assert times("one") == [("lead", "one", LIVE_FROM)]


def test_who_joins_later_joins_when_somebody_leads_and_the_place_begins_then(tmp_path: Path) -> None:
    make_frameworks()
    # It runs on, whenever this test does.
    Framework.objects.filter(reference="wr1").update(ends_on=timezone.localdate() + timedelta(days=400))
    first = row("one")
    del first["offerings"]
    run(tmp_path, [first])
    today = timezone.localdate()
    assert times("one") == [("lead", "one", today)]
    assert run(tmp_path, [row("two", supplier="one")]).loaded == 1
    assert times("one") == [("lead", "one", today), ("member", "two", today)]
    assert starts("one") == {"wr1~1": today}


def test_no_place_begins_on_a_framework_that_ended_before_anybody_led(tmp_path: Path) -> None:
    make_frameworks()
    first = row("one")
    del first["offerings"]
    run(tmp_path, [first])
    before = counts()
    for late in (row("one", offerings=ON_WR0), row("two", supplier="one", offerings=ON_WR0)):
        report = run(tmp_path, [late])
        assert faults(report) == [(1, late["reference"], "/offerings/0/framework", "lead")]
        assert report.faults[0].fault.message == (
            f"one has a lead since {timezone.localdate()} alone, after wr0 ended on 2021-09-03: it had no place there."
        )
        assert counts() == before

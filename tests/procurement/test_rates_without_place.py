"""Rates of a supplier that holds no place on the lot or the framework are told by row and cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from procurement.models import Appointment, Event, Lot, RateLine
from tests.procurement.test_rate_imports import run, sheet
from tests.world import make_frameworks, make_world

pytestmark = pytest.mark.django_db

HEADINGS = "supplier,lot,role,price"
ELSEWHERE = "is a lot on which oak holds no place"


def loaded(tmp_path: Path, *rows: str, **options: Any) -> Any:
    return run(tmp_path, sheet(*rows, headings=HEADINGS), headings={}, **options)


def odd(report: Any) -> list[tuple[int, str, str, str]]:
    return [(one.row, one.heading, one.cell, one.message) for one in report.warnings]


def second_lot() -> None:
    first = Lot.objects.get(reference="wr1~1")
    Lot.objects.create(framework=first.framework, reference="wr1~22", number="22", position=22, name="Later")


def test_a_rate_for_a_lot_without_a_place_is_odd_and_loaded(tmp_path: Path) -> None:
    make_world()
    second_lot()
    report = loaded(tmp_path, "oak,1,Adviser,400", "oak,22,Adviser,410", "oak,,Director,900")
    assert odd(report) == [(3, "lot", "22", ELSEWHERE)]
    assert (report.loaded, report.refused, report.applied) == (3, 0, True)


def test_it_is_refused_under_strict_and_by_itself_under_partial(tmp_path: Path) -> None:
    make_world()
    second_lot()
    rows = ("oak,1,Adviser,400", "oak,22,Adviser,410")
    lines, events = RateLine.objects.count(), Event.objects.count()
    report = loaded(tmp_path, *rows, strict=True)
    assert [(one.row, one.heading, one.message) for one in report.faults] == [(3, "lot", ELSEWHERE)]
    assert (report.loaded, report.applied) == (0, False)
    assert (RateLine.objects.count(), Event.objects.count()) == (lines, events)
    report = loaded(tmp_path, *rows, strict=True, partial=True)
    assert (report.loaded, report.refused, report.applied) == (1, 1, True)
    held = RateLine.objects.filter(version__card__reference="wr1~oak", version__status="published")
    assert list(held.values_list("lot__reference", flat=True)) == ["wr1~1"]


def test_rates_of_a_supplier_without_any_place_are_odd_row_by_row(tmp_path: Path) -> None:
    make_world()
    rows = ("Birch Ltd,1,Adviser,400", "Birch Ltd,,Director,900", "oak,1,Adviser,400")
    report = loaded(tmp_path, *rows, create_suppliers=True, dry_run=True)
    assert odd(report) == [
        (2, "supplier", "Birch Ltd", "holds no place on WR1"),
        (3, "supplier", "Birch Ltd", "holds no place on WR1"),
    ]


def test_suppliers_that_strict_is_to_make_are_made_and_told_also_when_the_sheet_comes_again(
    tmp_path: Path,
) -> None:
    make_world()
    rows = ("Birch Ltd,1,Adviser,400", "Birch Ltd,,Director,900", "oak,1,Adviser,400")
    told = [(row, "supplier", "Birch Ltd", "holds no place on WR1") for row in (2, 3)]
    for made in (["Birch Ltd"], []):
        report = loaded(tmp_path, *rows, create_suppliers=True, strict=True)
        assert (odd(report), report.faults, report.new_suppliers) == (told, [], made)
        assert (report.loaded, report.refused) == (3, 0)
    report = loaded(tmp_path, *rows, strict=True)
    assert [(one.row, one.heading, one.cell, one.message) for one in report.faults] == told
    assert (odd(report), report.loaded, report.applied) == ([], 0, False)


def test_strict_refuses_who_has_lost_its_place_also_where_suppliers_are_made(tmp_path: Path) -> None:
    make_world()
    Appointment.objects.filter(supplier__reference="oak").update(status="withdrawn")
    lines, events = RateLine.objects.count(), Event.objects.count()
    report = loaded(tmp_path, "oak,1,Adviser,400", create_suppliers=True, strict=True)
    assert [(one.row, one.message) for one in report.faults] == [(2, "holds no place on WR1")]
    assert (odd(report), report.loaded, report.applied) == ([], 0, False)
    assert (RateLine.objects.count(), Event.objects.count()) == (lines, events)


def test_a_place_that_is_suspended_is_one_and_one_that_is_withdrawn_none(tmp_path: Path) -> None:
    make_world()
    place = Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~1")
    for status, told in (("suspended", []), ("withdrawn", [(2, "supplier", "oak", "holds no place on WR1")])):
        place.update(status=status)
        assert odd(loaded(tmp_path, "oak,1,Adviser,400", dry_run=True)) == told


def test_where_a_framework_has_given_no_place_nothing_is_odd(tmp_path: Path) -> None:
    make_frameworks()
    report = loaded(tmp_path, "Birch Ltd,1,Adviser,400", create_suppliers=True, strict=True)
    assert (odd(report), report.faults, report.loaded) == ([], [], 1)

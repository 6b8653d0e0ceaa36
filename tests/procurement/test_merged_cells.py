"""Merged cells of a workbook: each row has what a spreadsheet shows beside it, or is refused by the range."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from procurement.actions import merged_cells
from procurement.actions.merged_cells import merged_ranges
from procurement.actions.rate_cells import MERGED_CELL, NOT_CALCULATED
from procurement.errors import Invalid
from procurement.models import RateLine
from tests.procurement.test_rate_import_reports import book
from tests.procurement.test_rate_imports import MAP, counts, faults, run
from tests.world import make_world

pytestmark = pytest.mark.django_db

HEADINGS = {
    **MAP,
    "lot": "Lot",
    "work_type": "Work",
    "valid_from": "From",
    "min_experience": "Least",
    "max_experience": "Most",
}


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def merged(rows: list[list[Any]], *ranges: str) -> bytes:
    """A workbook of one sheet with these ranges merged; what stands in their further cells is lost."""
    made = openpyxl.load_workbook(io.BytesIO(book(Rates=rows)))
    for one in ranges:
        made["Rates"].merge_cells(one)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def test_cells_merged_down_a_column_are_read_in_every_row(tmp_path: Path) -> None:
    rows = [
        ["Firm", "Title", "Rate", "Lot", "Work", "From", "Least"],
        ["Yew Digital", "Analyst", 650, "2a", "delivery", date(2026, 11, 1), 5],
        [None, "Lead", 700],
        [None, "Partner", 800],
        [None, "Clerk", 400, "wr1~2a", "advice"],
        ["Yew Digital", "Trainee", 300],
    ]
    content = merged(rows, "A2:A5", "D2:D4", "E2:E4", "F2:F5", "G2:G3")
    headings = {name: heading for name, heading in HEADINGS.items() if name != "max_experience"}

    report = run(tmp_path, content, name="rates.xlsx", headings=headings, strict=True)

    assert (faults(report), report.warnings, report.loaded) == ([], [], 5)
    first = date(2026, 11, 1)
    assert list(
        RateLine.objects.filter(version__card__reference="wr1~yew")
        .order_by("ordinal")
        .values_list("role_title", "lot__reference", "work_type", "valid_from", "min_experience")
    ) == [
        ("Analyst", "wr1~2a", "delivery", first, 5),
        ("Lead", "wr1~2a", "delivery", first, 5),
        ("Partner", "wr1~2a", "delivery", first, None),
        ("Clerk", "wr1~2a", "advice", first, None),
        ("Trainee", None, "", None, None),
    ]


def test_rows_that_hold_nothing_but_merged_cells_are_blank(tmp_path: Path) -> None:
    rows = [["Firm", "Title", "Rate", "Lot"], ["Yew Digital", "Analyst", 650, "2a"], [], []]

    report = run(tmp_path, merged(rows, "A2:A9", "D2:D9"), name="rates.xlsx", headings={**MAP, "lot": "Lot"})

    assert (report.rows, report.loaded, faults(report)) == (1, 1, [])


def test_cells_merged_across_columns_are_refused_by_their_range(tmp_path: Path) -> None:
    rows = [
        ["Firm", "Title", "Rate", "Lot", "Least", "Most"],
        ["Yew Digital", "Analyst", 650, "2a", 5],
        ["Yew Digital", "Lead", 700, None, 5],
    ]
    headings = {
        name: heading for name, heading in HEADINGS.items() if name not in ("work_type", "valid_from")
    }
    before = counts()

    report = run(tmp_path, merged(rows, "E2:F3", "D1:D2"), name="rates.xlsx", headings=headings)

    assert faults(report) == [(2, "Lot", MERGED_CELL), (2, "Most", MERGED_CELL), (3, "Most", MERGED_CELL)]
    assert {fault.cell for fault in report.faults} == {"D1:D2", "E2:F3"}
    assert (report.loaded, counts()) == (0, before)


def test_cells_merged_over_columns_that_are_not_used_refuse_nothing(tmp_path: Path) -> None:
    rows = [["Firm", "Title", "Rate", "Notes", "More"], ["Yew Digital", "Analyst", 650, "Held", None, None]]
    headings = {name: heading for name, heading in HEADINGS.items() if name in MAP}

    report = run(tmp_path, merged(rows, "D2:F2"), name="rates.xlsx", headings=headings)

    assert (faults(report), report.loaded) == ([], 1)
    assert [(one.row, one.heading) for one in report.warnings if not one.heading] == []


def test_a_formula_that_nobody_has_calculated_is_none_in_any_merged_row(tmp_path: Path) -> None:
    rows = [["Firm", "Title", "Rate"], ["Yew Digital", "Analyst", "=600+50"], ["Yew Digital", "Lead", None]]

    report = run(tmp_path, merged(rows, "C2:C3"), name="rates.xlsx")

    assert faults(report) == [(2, "Rate", NOT_CALCULATED), (3, "Rate", NOT_CALCULATED)]


def test_ranges_are_found_wherever_a_part_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    part = (
        b'<x:mergeCells count="3">' + b'<x:mergeCell ref="b2:B5"/>' * 40 + b"<mergeCell a='1' ref = 'A1:A1'/>"
    )
    part += b'<mergeCell ref="D2:F3" />'
    monkeypatch.setattr(merged_cells, "_CHUNK", 7)

    found = [(one.name, one.left, one.top, one.right, one.bottom) for one in merged_ranges(io.BytesIO(part))]

    assert found == [("B2:B5", 2, 2, 2, 5), ("D2:F3", 4, 2, 6, 3)]


def test_a_sheet_of_too_many_merged_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged_cells, "MOST_MERGED", 1)
    rows = [["Firm", "Title", "Rate"], ["Yew Digital", "Analyst", 650], [None, "Lead"]]
    before = counts()

    with pytest.raises(Invalid, match="merged ranges of cells; unmerge them"):
        run(tmp_path, merged(rows, "A2:A3", "C2:C3"), name="rates.xlsx")

    assert counts() == before

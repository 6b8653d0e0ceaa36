"""What a spreadsheet writes where a calculation has failed is no word: it is refused by cell."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from procurement.actions.rate_cells import SHEET_ERROR
from procurement.models import Supplier
from tests.procurement.test_rate_import_reports import book
from tests.procurement.test_rate_imports import MAP, counts, faults, published, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def test_errors_of_a_workbook_are_refused_by_cell_and_make_no_supplier(tmp_path: Path) -> None:
    rows = [
        ["Firm", "Title", "Rate", "Notes"],
        ["Yew Digital", "#N/A", 650, "#N/A"],
        ["#REF!", "Lead", 700, ""],
        ["Yew Digital", "Analyst", "#DIV/0!", ""],
    ]
    content = book(Rates=rows)
    (tmp_path / "kinds.xlsx").write_bytes(content)
    assert openpyxl.load_workbook(tmp_path / "kinds.xlsx")["Rates"]["B2"].data_type == "e"
    before = counts()

    report = run(tmp_path, content, name="rates.xlsx", create_suppliers=True)

    assert faults(report) == [(2, "Title", SHEET_ERROR), (3, "Firm", SHEET_ERROR), (4, "Rate", SHEET_ERROR)]
    assert [fault.cell for fault in report.faults] == ["#N/A", "#REF!", "#DIV/0!"]
    assert (report.loaded, report.wrong, report.new_suppliers) == (0, 3, [])
    assert counts() == before


@pytest.mark.parametrize(
    "error", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "Err:502"]
)
@pytest.mark.parametrize("heading", ["Firm", "Title", "Rate", "min_experience", "qualification", "key"])
def test_an_error_in_a_text_file_is_one_fault_of_its_cell(tmp_path: Path, error: str, heading: str) -> None:
    cells = {"Firm": "Yew Digital", "Title": "Analyst", "Rate": "650", "min_experience": "5", "qualification": "BA",
             "key": "one"}  # fmt: skip
    cells[heading] = error
    before = counts()

    text = sheet(",".join(cells.values()), headings=",".join(cells))
    report = run(tmp_path, text, create_suppliers=True)

    assert [(one.row, one.heading, one.cell, one.message) for one in report.faults] == [
        (2, heading, error, SHEET_ERROR)
    ]
    assert report.warnings == []
    assert counts() == before


def test_rows_beside_an_error_are_loaded_where_that_is_asked(tmp_path: Path) -> None:
    report = run(
        tmp_path, sheet("#REF!,Lead,700", "Cedar,Lead,700", "Cedar,# 1,600"), headings=MAP,
        partial=True, create_suppliers=True,
    )  # fmt: skip
    assert (report.loaded, report.refused, report.new_suppliers) == (2, 1, ["Cedar"])
    assert not Supplier.objects.filter(name__startswith="#").exists()


@pytest.mark.parametrize("name", ["rates.csv", "rates.xlsx"])
def test_a_cell_that_an_export_guards_is_read_without_its_apostrophe(tmp_path: Path, name: str) -> None:
    rows = [["Yew Digital", "'-Lead", 650], ["Yew Digital", "'Tis", 651], ["Yew Digital", "a '-b", 652]]
    text = sheet(*(",".join(map(str, row)) for row in rows))
    saved = book(Rates=[["Firm", "Title", "Rate"], *rows])

    report = run(tmp_path, text if name == "rates.csv" else saved, name=name)

    assert report.refused == 0
    assert [role for _, role, _ in published("wr1~yew")] == ["-Lead", "'Tis", "a '-b"]

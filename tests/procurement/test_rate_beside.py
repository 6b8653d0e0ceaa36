"""What stands beside the rates of a sheet and is no rate: columns that say another currency, unit or VAT, rows that
come twice, fields that there are not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from procurement.actions.rate_import_report import RateImportReport
from procurement.errors import Invalid
from tests.procurement.test_rate_imports import counts, faults, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def warnings(report: RateImportReport) -> list[tuple[int, str, str]]:
    return [(one.row, one.heading, one.message) for one in report.warnings]


@pytest.mark.parametrize(
    ("heading", "same", "other", "taken"),
    [
        ("Currency", ("GBP", "£", "", "Pounds"), "EUR", "in GBP"),
        ("Unit", ("day", "Per day", "", "-"), "hour", "for a day"),
        ("VAT", ("Excluded", "ex VAT", "", "20%"), "included", "without VAT"),
        ("VAT included", ("no", "No", "", "n/a"), "yes", "without VAT"),
    ],
)
def test_a_column_that_is_not_read_and_says_something_else_is_odd(
    tmp_path: Path, heading: str, same: tuple[str, ...], other: str, taken: str
) -> None:
    rows = [f"Yew Digital,Role {number},650,{cell}" for number, cell in enumerate((*same, other))]
    text = sheet(*rows, headings=f"Firm,Title,Rate,{heading}")
    before = counts()

    report, strict = run(tmp_path, text, dry_run=True), run(tmp_path, text, strict=True)

    odd = (6, heading, f"is not read, and the rate is taken {taken}")
    assert warnings(report) == [odd, (1, heading, f"column {heading!r} is not used")]
    assert (faults(strict), counts()) == ([odd], before)


@pytest.mark.parametrize("twin", ["Analyst,650,b", "Analyst,650.00,b"])
def test_a_row_that_says_what_another_has_said_is_odd(tmp_path: Path, twin: str) -> None:
    rows = ("Yew Digital,Analyst,650,a", f"Yew Digital,{twin}", "Yew Digital,Analyst,700,c")

    report = run(tmp_path, sheet(*rows, headings="Firm,Title,Rate,Key"))

    assert warnings(report) == [(3, "Rate", "is the very same rate as row 2")]
    assert report.loaded == 3


def test_a_field_that_there_is_not_is_told_as_that_alone(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        run(tmp_path, sheet("Yew Digital,Analyst,650"), headings={"supplier": "Firm", "cost": "Rate"})

    assert [fault.pointer for fault in refused.value.faults] == ["/map/cost"]

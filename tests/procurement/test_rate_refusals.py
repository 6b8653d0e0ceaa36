"""What an import of rates refuses by row and cell before anything is written: long names, unprintable characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from procurement.actions.rate_suppliers import make_suppliers
from procurement.errors import Invalid
from procurement.permissions import SYSTEM
from tests.procurement.test_rate_imports import counts, faults, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_name_that_no_supplier_can_have_is_named_before_anybody_is_made(
    tmp_path: Path, dry_run: bool
) -> None:
    before, long = counts(), "x" * 251
    text = sheet(*(f"Beech {number} Ltd,A,650" for number in range(201)), f"{long},A,650")

    report = run(tmp_path, text, create_suppliers=True, dry_run=dry_run)

    assert faults(report) == [(203, "Firm", "has 251 characters; a name has at most 250")]
    assert (report.loaded, report.refused, report.applied) == (0, 202, False)
    assert report.faults[0].cell == "x" * 200
    assert counts() == before


def test_suppliers_are_all_made_or_none() -> None:
    before = counts()
    names = [f"Beech {number} Ltd" for number in range(201)]
    references = {name: f"beech-{number}" for number, name in enumerate(names)} | {names[-1]: "No Reference"}

    with pytest.raises(Invalid):
        make_suppliers(SYSTEM, names, references)

    assert counts() == before


def test_a_price_beyond_any_rate_is_named_by_row_and_cell(tmp_path: Path) -> None:
    before = counts()

    report = run(tmp_path, sheet("Yew Digital,A,650", "Yew Digital,B,22000000.00"))

    said = "'22000000.00' is beyond any rate; the most is 1000000.00"
    assert faults(report) == [(3, "Rate", said)]
    assert counts() == before

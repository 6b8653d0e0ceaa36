"""What an import of partners tells though it refuses nothing: idle places, offerings that name nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from procurement.models import Appointment, Offering, Partner
from tests.procurement.test_partner_imports import row, run
from tests.world import make_frameworks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def firm(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a")])


@pytest.mark.parametrize("status", ["suspended", "withdrawn"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_offerings_on_a_place_that_is_not_active_are_kept_and_told(
    tmp_path: Path, status: str, dry_run: bool
) -> None:
    Appointment.objects.update(status=status)
    offered = {"framework": "wr1", "lot": "1", "specialisms": ["1"], "regions": ["TLD"]}
    report = run(tmp_path, [row("a", offerings=[offered])], dry_run=dry_run)
    assert report.shown()["notes"] == [
        {
            "reference": "a",
            "code": "place_not_active",
            "message": f"a has no active place on wr1~1 ({status}): what is offered there is kept, and nobody "
            "finds it until the place is active again.",
        }
    ]
    assert Offering.objects.get().regions == (["TLC"] if dry_run else ["TLD"])
    assert [one.status for one in Appointment.objects.all()] == [status]


def test_an_empty_list_of_offerings_is_told_to_change_none(tmp_path: Path) -> None:
    report = run(tmp_path, [row("a", offerings=[])])
    assert [one["code"] for one in report.shown()["notes"]] == ["offerings_kept"]
    assert report.unchanged == 1
    assert Offering.objects.count() == 1
    # Of a firm that offers nothing there is nothing to tell.
    assert run(tmp_path, [row("b", offerings=[])]).shown()["notes"] == []


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_new_firm_of_a_name_that_another_bears_is_made_and_told(tmp_path: Path, dry_run: bool) -> None:
    known = row("a")
    report = run(tmp_path, [row("b", name=known["name"]), known], dry_run=dry_run)
    assert report.shown()["notes"] == [
        {
            "reference": "b",
            "code": "same_name",
            "message": f"a is called {known['name']}, too: this row makes another firm of that name.",
        }
    ]
    assert Partner.objects.filter(reference="b").exists() is not dry_run
    if not dry_run:
        assert run(tmp_path, [row("b", name=known["name"])]).shown()["notes"] == []

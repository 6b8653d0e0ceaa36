"""A lot states which types of work its rates are for, and takes none for another."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from procurement.actions.framework_edits import edit_lot
from procurement.actions.rate_proposals import RateProposalDraft, draft_rate_proposal
from procurement.errors import Invalid
from procurement.fixtures import read_framework
from procurement.models import Event, Lot, RateLine, RateProposal
from procurement.permissions import SYSTEM
from tests.procurement.test_rate_imports import run, sheet
from tests.world import FIXTURES, make_world

pytestmark = pytest.mark.django_db

HEADINGS = "supplier,lot,grade,price,work type"
KINDS = "is no type of work of lot wr1~1, which has advice, delivery"
STATED = import_module("procurement.migrations.0034_work_types")


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    make_world()


def stated(lot: str, *kinds: str) -> None:
    Lot.objects.filter(reference=lot).update(work_types=list(kinds))


def loaded(tmp_path: Path, *rows: str, **options: Any) -> Any:
    return run(tmp_path, sheet(*rows, headings=HEADINGS), headings={}, **options)


def test_the_fixtures_say_what_each_lot_of_rm6309_has() -> None:
    lots = read_framework(FIXTURES / "frameworks", "rm6309").lots
    found = {f"rm6309~{lot.number}": lot.work_types for lot in lots}
    assert found == STATED.RM6309
    for other in ("rm3745", "rm6187", "cx-demo-01"):
        assert {tuple(lot.work_types) for lot in read_framework(FIXTURES / "frameworks", other).lots} == {()}


def test_an_upgrade_states_them_where_the_lots_stand_already() -> None:
    lot = Lot.objects.get(reference="wr1~1")
    Lot.objects.create(framework=lot.framework, reference="rm6309~7", number="77", position=77, name="Seven")
    STATED.state(apps, connection.schema_editor())
    assert Lot.objects.get(reference="rm6309~7").work_types == ["advice", "delivery"]
    assert Lot.objects.get(reference="wr1~1").work_types == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_rate_for_work_that_the_lot_has_not_is_refused_by_its_cell(tmp_path: Path, dry_run: bool) -> None:
    stated("wr1~1", "advice", "delivery")
    lines, events = RateLine.objects.count(), Event.objects.count()
    rows = ["oak,1,G1,400,Advice", "oak,1,G2,500,Complex", "oak,1,G3,600,"]
    report = loaded(tmp_path, *rows, dry_run=dry_run)
    assert [(one.row, one.heading, one.cell, one.message) for one in report.faults] == [
        (3, "work type", "Complex", KINDS)
    ]
    assert (report.loaded, report.applied) == (0, False)
    assert (RateLine.objects.count(), Event.objects.count()) == (lines, events)
    assert loaded(tmp_path, rows[0], rows[2]).applied
    held = RateLine.objects.filter(version__card__reference="wr1~oak", version__status="published")
    assert list(held.order_by("ordinal").values_list("work_type", flat=True)) == ["advice", ""]


def test_a_lot_that_states_none_takes_any_as_before(tmp_path: Path) -> None:
    assert loaded(tmp_path, "oak,1,G1,400,Complex").applied


def test_a_rate_for_every_lot_is_for_work_that_one_of_them_has(tmp_path: Path) -> None:
    for lot in Lot.objects.filter(framework__reference="wr1"):
        stated(lot.reference, "advice")
    [fault] = loaded(tmp_path, "oak,,G1,400,Complex", dry_run=True).faults
    assert fault.message == "is no type of work of any lot of the framework, which has advice"
    assert loaded(tmp_path, "oak,,G1,400,Advice", dry_run=True).faults == []
    # While one lot states none, a rate for every lot may be for anything.
    stated("wr1~1")
    assert loaded(tmp_path, "oak,,G1,400,Complex", dry_run=True).faults == []


def test_nothing_is_said_of_the_work_where_the_lot_is_none(tmp_path: Path) -> None:
    stated("wr1~1", "advice")
    [fault] = loaded(tmp_path, "oak,99,G1,400,Complex", dry_run=True).faults
    assert (fault.heading, fault.message) == ("lot", "is no lot of the framework")


def test_a_proposed_line_is_refused_by_its_field() -> None:
    stated("wr1~1", "advice", "delivery")
    line = {"lot": "wr1~1", "grade": "wr1~1~g1", "amount": "390.00", "work_type": "complex"}
    with pytest.raises(Invalid) as refusal:
        draft_rate_proposal(SYSTEM, RateProposalDraft("oak", "wr1", lines=[line]))
    assert not RateProposal.objects.exists()
    [fault] = refusal.value.faults
    assert (fault.pointer, fault.message) == ("/lines/0/work_type", f"'complex' {KINDS}.")


def test_types_are_stated_by_an_edit_of_the_lot_and_not_against_rates_in_force(tmp_path: Path) -> None:
    loaded(tmp_path, "oak,1,G1,400,Complex", "oak,1,G2,500,Advice", "oak,1,G3,600,")
    revision, events = Lot.objects.get(reference="wr1~1").framework.revision, Event.objects.count()
    for wrong, pointer, code in (
        (["advice", "delivery"], "/work_types", "in_use"),
        (["talk"], "/work_types/0", "unknown_value"),
    ):
        with pytest.raises(Invalid) as refusal:
            edit_lot(SYSTEM, "wr1~1", revision, {"work_types": wrong})
        assert [(one.pointer, one.code) for one in refusal.value.faults] == [(pointer, code)]
        assert (Lot.objects.get(reference="wr1~1").work_types, Event.objects.count()) == ([], events)
    edit_lot(SYSTEM, "wr1~1", revision, {"work_types": ["advice", "complex"]})
    assert Lot.objects.get(reference="wr1~1").work_types == ["advice", "complex"]
    assert Event.objects.latest("position").changes == {"object": "wr1~1", "fields": ["work_types"]}

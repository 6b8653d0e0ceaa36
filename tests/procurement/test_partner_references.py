"""Whom a row of a file of partners is about: a reference as searches ask for it, and no body that is somebody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from procurement.actions.organisations import OrganisationDraft, save_organisations
from procurement.actions.partner_imports import ImportReport, import_partners
from procurement.models import Capability, Event, Organisation, Partner, Supplier, SupplierMember
from procurement.permissions import SYSTEM
from tests.world import LIVE_FROM, make_frameworks, profile

pytestmark = pytest.mark.django_db


class Nobody:
    """Follows an import without a word."""

    def begun(self, rows: int) -> None: ...

    def judged(self, rows: int) -> None: ...

    def writing(self, rows: int) -> None: ...

    def written(self, rows: int) -> None: ...


def row(reference: str, **changes: Any) -> dict[str, Any]:
    return {"reference": reference, **profile(f"Firm {reference.strip()}"), **changes}


def run(tmp_path: Path, rows: list[dict[str, Any]], **options: bool) -> ImportReport:
    file = tmp_path / "partners.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in rows))
    return import_partners(SYSTEM, file, Nobody(), **options)


def everything() -> list[list[dict[str, Any]]]:
    tables = (Organisation, Partner, Supplier, Event)
    return [list(table._base_manager.order_by("pk").values()) for table in tables]


def refused(tmp_path: Path, rows: list[dict[str, Any]]) -> list[tuple[int, str, str, str]]:
    before = everything()
    report = run(tmp_path, rows)
    assert (report.applied, report.loaded) == (False, 0)
    assert everything() == before
    return [(one.line, one.fault.pointer, one.fault.code, one.fault.message) for one in report.faults]


def test_a_new_reference_with_capitals_is_refused_with_what_to_write(tmp_path: Path) -> None:
    make_frameworks()
    told = "A reference has no capitals: write quux.upper_1, not Quux.Upper_1."
    assert refused(tmp_path, [row("Quux.Upper_1"), row("quux.upper_1")]) == [(1, "/reference", "shape", told)]


def test_a_supplier_with_capitals_is_none_that_a_row_makes(tmp_path: Path) -> None:
    make_frameworks()
    assert refused(tmp_path, [row("lead", supplier="Lead")]) == [
        (1, "/supplier", "unknown_supplier", "There is no supplier Lead, and no row of this file makes it.")
    ]


def test_a_firm_that_was_given_capitals_before_is_changed_as_any_other(tmp_path: Path) -> None:
    make_frameworks()
    body = Organisation.objects.create(reference="Old.One", name="Old One")
    firm = Partner.objects.create(reference="Old.One", organisation=body)
    with transaction.atomic():
        supplier = Supplier.objects.create(reference="Old.One", name="Old One", form="alone")
        SupplierMember.objects.create(supplier=supplier, partner=firm, role="lead", joined_on=LIVE_FROM)
    run(tmp_path, [{"reference": "Old.One", "name": "Old One"}])
    report = run(tmp_path, [{"reference": "Old.One", "size": "large"}])
    assert (report.changed, report.faults) == ([("Old.One", ("size",))], [])


def test_a_new_reference_differs_from_one_that_stands_in_more_than_capitals(tmp_path: Path) -> None:
    make_frameworks()
    Organisation.objects.create(reference="Old.One", name="Old One")
    told = "Old.One stands already, and no two differ in capitals alone: write it so, or give another."
    assert refused(tmp_path, [row("old.one")]) == [(1, "/reference", "taken", told)]
    assert (Organisation.objects.count(), Partner.objects.count()) == (2, 0)


def test_a_reference_with_a_line_end_is_none(tmp_path: Path) -> None:
    make_frameworks()
    told = "A reference holds letters, digits, dots, hyphens and underscores, at most 60."
    assert refused(tmp_path, [row("line\n")]) == [(1, "/reference", "shape", told)]


def test_a_key_of_a_case_study_with_a_line_end_is_none(tmp_path: Path) -> None:
    make_frameworks()
    study = {"key": "one\n", "title": "One", "text": "What it achieved."}
    told = "A key holds small letters, digits and hyphens, at most 90."
    assert refused(tmp_path, [row("firm", case_studies=[study])]) == [
        (1, "/case_studies/0/key", "shape", told)
    ]


@pytest.mark.parametrize(
    ("kinds", "what"),
    [
        (["buyer"], "a buyer"),
        (["operator"], "an operator"),
        (["framework_owner"], "a framework owner"),
        (["partner", "buyer", "operator"], "a buyer and operator"),
    ],
)
def test_a_body_that_is_something_else_is_made_no_partner(
    tmp_path: Path, kinds: list[str], what: str
) -> None:
    make_frameworks()
    save_organisations(
        SYSTEM, [OrganisationDraft("leeds", "Leeds City Council", capabilities=frozenset(kinds))]
    )
    told = f"leeds is Leeds City Council, {what}: no import makes it a partner."
    for name in ("Leeds Clone", "Leeds City Council"):
        assert refused(tmp_path, [row("leeds", name=name), row("fine")]) == [(1, "/reference", "taken", told)]
    report = run(tmp_path, [row("leeds"), row("fine")], partial=True)
    assert (report.added, report.wrong) == (["fine"], 1)
    assert not Partner.objects.filter(reference="leeds").exists()


def test_a_body_of_another_name_or_number_is_made_no_partner(tmp_path: Path) -> None:
    make_frameworks()
    save_organisations(SYSTEM, [OrganisationDraft("quux", "Quux Holdings", "GB-COH", "01234567")])
    told = "quux is Quux Holdings, and no partner yet: give that name, or another reference."
    assert refused(tmp_path, [row("quux", name="Quux Clone")]) == [(1, "/name", "differs", told)]
    number = {"name": "Quux Holdings", "scheme": "GB-COH", "identifier": "07654321"}
    told = "quux is GB-COH 01234567; another number is another legal body."
    assert refused(tmp_path, [row("quux", **number)]) == [(1, "/identifier", "differs", told)]
    report = run(tmp_path, [row("quux", name="QUUX Holdings", scheme="GB-COH", identifier="01234567")])
    assert (report.added, report.faults) == (["quux"], [])
    assert Organisation.objects.get(reference="quux").name == "Quux Holdings"
    assert set(Capability.objects.values_list("organisation__reference", "kind")) == {
        ("owner", "framework_owner"),
        ("quux", "partner"),
    }


def test_a_number_that_is_no_text_is_told_how_to_be_written(tmp_path: Path) -> None:
    make_frameworks()
    offered = [
        {"framework": "wr1", "lot": 1, "regions": ["UK"]},
        {"framework": "wr1", "lot": "1", "specialisms": [1, 2.5, True, ["1"], "9"], "regions": ["UK"]},
        {"framework": 7, "lot": "1"},
        {"framework": "wr1", "lot": False},
    ]
    told = [
        (where, code, message) for _, where, code, message in refused(tmp_path, [row("a", offerings=offered)])
    ]
    assert told == [
        ("/offerings/0/lot", "type", 'This must be text: "1", in quotation marks.'),
        ("/offerings/1/specialisms/0", "type", 'This must be text: "1", in quotation marks.'),
        ("/offerings/1/specialisms/1", "type", 'This must be text: "2.5", in quotation marks.'),
        ("/offerings/1/specialisms/2", "type", "This must be text."),
        ("/offerings/1/specialisms/3", "type", "This must be text."),
        ("/offerings/1/specialisms/4", "unknown_specialism", "There is no specialism “9” in lot wr1~1."),
        ("/offerings/2/framework", "type", 'This must be text: "7", in quotation marks.'),
        ("/offerings/3/lot", "type", "This must be text."),
    ]

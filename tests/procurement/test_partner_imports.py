"""Importing partners: nothing dropped, every fault named by row and cell, upsert by reference, all or
nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from procurement.actions.partner_imports import ImportReport, import_partners, publish
from procurement.actions.partner_rows import catalogue, lines, read_row
from procurement.actions.profiles import update_profile
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import NotPermitted
from procurement.models import (
    Appointment,
    Event,
    Offering,
    Organisation,
    Partner,
    ProfileVersion,
    Supplier,
    SupplierMember,
)
from procurement.permissions import SYSTEM
from tests.world import FIXTURES, LIVE_FROM, editor_of, make_frameworks, make_world, profile

pytestmark = pytest.mark.django_db
TABLES = (Organisation, Partner, ProfileVersion, Supplier, SupplierMember, Appointment, Offering, Event)


class Nobody:
    """Follows an import without a word."""

    def begun(self, rows: int) -> None: ...

    def judged(self, rows: int) -> None: ...

    def writing(self, rows: int) -> None: ...

    def written(self, rows: int) -> None: ...


def row(reference: str, **changes: Any) -> dict[str, Any]:
    """A whole row of a file."""
    offered = {"framework": "wr1", "lot": "1", "specialisms": ["1"], "regions": ["TLC"]}
    return {"reference": reference, **profile(f"Firm {reference}"), "offerings": [offered], **changes}


def run(tmp_path: Path, rows: list[Any] | bytes, **options: bool) -> ImportReport:
    """Imports rows, or a file's bytes as they are."""
    file = tmp_path / "partners.jsonl"
    text = rows if isinstance(rows, bytes) else "\n".join(json.dumps(one) for one in rows).encode()
    file.write_bytes(text)
    report = import_partners(SYSTEM, file, Nobody(), **options)
    assert report.rows == report.loaded + report.refused
    return report


def counts() -> list[int]:
    return [table.objects.count() for table in TABLES]


def faults(report: ImportReport) -> list[tuple[int, str, str, str]]:
    return [(one.line, one.reference, one.fault.pointer, one.fault.code) for one in report.faults]


def test_new_rows_make_firms_alone_under_their_own_reference(tmp_path: Path) -> None:
    make_frameworks()
    report = run(tmp_path, [row("a"), row("b")])
    assert (report.added, report.changed, report.unchanged, report.refused) == (["a", "b"], [], 0, 0)
    supplier = Supplier.objects.get(reference="a")
    assert (supplier.form, supplier.name) == ("alone", "Firm a")
    assert [member.role for member in supplier.members.all()] == ["lead"]
    offering = Offering.objects.get(partner__reference="a")
    assert offering.specialism is not None
    assert (offering.specialism.reference, offering.regions) == ("wr1~1~1", ["TLC"])
    assert Appointment.objects.get(supplier=supplier).lot.reference == "wr1~1"


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a"), row("b")])
    before = counts()
    report = run(tmp_path, [row("a"), row("b")])
    assert (report.added, report.changed, report.unchanged) == ([], [], 2)
    assert counts() == before


def test_an_absent_field_keeps_its_value_and_a_hand_edit_survives(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a")])
    partner = Partner.objects.get(reference="a")
    update_profile(SYSTEM, "a", partner.revision, {"summary": "Written by hand."})
    report = run(tmp_path, [{"reference": "a", "size": "large"}])
    assert report.changed == [("a", ("size",))]
    after = Partner.objects.select_related("published").get(reference="a")
    assert after.published is not None
    assert (after.pk, after.published.summary, after.published.size) == (
        partner.pk,
        "Written by hand.",
        "large",
    )
    assert Offering.objects.filter(partner=after).count() == 1


def test_offerings_replace_those_of_the_framework_they_name_and_keep_evidence(tmp_path: Path) -> None:
    make_world()
    Offering.objects.filter(partner__reference="ash", specialism__reference="wr1~1~1").update(
        evidence=["a-first-case"]
    )
    offered = [
        {"framework": "WR1", "lot": "wr1~1", "specialisms": ["evaluation", "wr1~1~3"], "regions": ["UK"]}
    ]
    report = run(tmp_path, [{"reference": "ash", "offerings": offered}])
    assert report.changed == [("ash", ("offerings",))]
    held = Offering.objects.filter(partner__reference="ash").order_by(
        "appointment__reference", "specialism__reference"
    )
    assert [(one.specialism and one.specialism.reference, one.regions, one.evidence) for one in held] == [
        (None, ["UK"], []),
        ("wr1~1~1", ["UK"], ["a-first-case"]),
        ("wr1~1~3", ["UK"], []),
    ]


def test_specialisms_that_are_not_named_are_not_stated(tmp_path: Path) -> None:
    make_frameworks()
    offered = [{"framework": "wr1", "lot": "1", "regions": ["UK"]}]
    run(tmp_path, [row("a", offerings=offered)])
    assert Offering.objects.get(partner__reference="a").specialism is None


def test_a_member_joins_the_supplier_that_another_row_leads_wherever_it_stands(tmp_path: Path) -> None:
    make_frameworks()
    report = run(tmp_path, [row("member", supplier="lead"), row("lead", supplier="lead")])
    assert report.added == ["member", "lead"]
    supplier = Supplier.objects.get(reference="lead")
    members = {member.partner.reference: member.role for member in supplier.members.select_related("partner")}
    assert members == {"lead": "lead", "member": "member"}
    assert supplier.form == "not_stated"
    assert not Supplier.objects.filter(reference="member").exists()


def test_a_row_that_names_no_supplier_stays_where_it_belongs(tmp_path: Path) -> None:
    make_world()
    run(tmp_path, [row("ash")])
    assert not Supplier.objects.filter(reference="ash").exists()
    assert Offering.objects.filter(partner__reference="ash", appointment__supplier__reference="oak").exists()


def test_a_firm_of_several_suppliers_says_which_only_where_it_offers_something(tmp_path: Path) -> None:
    make_world()
    joined = (MemberDraft("yew", "lead", LIVE_FROM), MemberDraft("ash", "member", LIVE_FROM))
    save_suppliers(SYSTEM, [SupplierDraft("yew", "Yew Digital", "prime", joined)])
    report = run(tmp_path, [{"reference": "ash", "size": "large"}])
    assert (report.changed, report.faults) == ([("ash", ("size",))], [])
    before = counts()
    assert faults(run(tmp_path, [row("ash")])) == [(1, "ash", "/supplier", "ambiguous")]
    assert counts() == before


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"reference": None}, "/reference", "required"),
        ({"reference": "a~b"}, "/reference", "shape"),
        ({"reference": "a" * 61}, "/reference", "shape"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        ({"size": "huge"}, "/size", "unknown_value"),
        ({"sectors": ["magic"]}, "/sectors/0", "unknown_value"),
        ({"regions": ["ZZ"]}, "/regions/0", "unknown_value"),
        ({"summary": "a\x00b"}, "/summary", "control_character"),
        ({"summary": "a\u202eb"}, "/summary", "control_character"),
        ({"name": "a\u2067b"}, "/name", "control_character"),
        ({"summary": "a\x1bb"}, "/summary", "control_character"),
        ({"name": "n" * 251}, "/name", "too_long"),
        ({"supplier": "nobody"}, "/supplier", "unknown_supplier"),
        ({"supplier": 5}, "/supplier", "shape"),
        ({"offerings": {}}, "/offerings", "type"),
        ({"offerings": [{"framework": "wr9", "lot": "1"}]}, "/offerings/0/framework", "unknown_framework"),
        ({"offerings": [{"framework": "wr1", "lot": "7"}]}, "/offerings/0/lot", "unknown_lot"),
        ({"offerings": [{"lot": "1"}]}, "/offerings/0/framework", "required"),
        (
            {"offerings": [{"framework": "wr1", "lot": "1", "specialisms": ["Juggling"], "regions": ["UK"]}]},
            "/offerings/0/specialisms/0",
            "unknown_specialism",
        ),
        (
            {
                "offerings": [
                    {"framework": "wr1", "lot": "1", "specialisms": ["1", "Evaluation"], "regions": ["UK"]}
                ]
            },
            "/offerings/0/specialisms/1",
            "duplicate",
        ),
        (
            {"offerings": [{"framework": "wr1", "lot": "1", "regions": ["UKC"]}]},
            "/offerings/0/regions/0",
            "unknown_value",
        ),
        ({"offerings": [{"framework": "wr1", "lot": "1"}]}, "/offerings/0/regions", "required"),
        ({"offerings": [{"framework": "wr1", "lot": "1", "x": 1}]}, "/offerings/0/x", "unknown_field"),
        (
            {"offerings": [{"framework": "wr1", "lot": "1", "regions": ["UK"]}] * 2},
            "/offerings/1/lot",
            "duplicate",
        ),
    ],
)
def test_one_wrong_cell_refuses_the_whole_file_and_is_named(
    tmp_path: Path, changes: dict[str, Any], pointer: str, code: str
) -> None:
    make_frameworks()
    before = counts()
    report = run(tmp_path, [row("good"), {**row("bad"), **changes}])
    assert [(line, where, what) for line, _, where, what in faults(report)] == [(2, pointer, code)]
    assert (report.loaded, report.refused) == (0, 2)
    assert counts() == before


def test_everything_wrong_with_a_row_is_told_at_once(tmp_path: Path) -> None:
    make_frameworks()
    offered = [{"framework": "wr1", "lot": "7"}]
    report = run(tmp_path, [row("a", colour="red", size="huge", offerings=offered)])
    assert {(where, what) for _, _, where, what in faults(report)} == {
        ("/colour", "unknown_field"),
        ("/size", "unknown_value"),
        ("/offerings/0/lot", "unknown_lot"),
    }


def test_with_partial_the_right_rows_are_loaded_and_the_others_refused(tmp_path: Path) -> None:
    make_frameworks()
    report = run(tmp_path, [row("good"), row("bad", size="huge"), row("fine")], partial=True)
    assert (report.loaded, report.refused, report.added) == (2, 1, ["good", "fine"])
    assert sorted(Partner.objects.values_list("reference", flat=True)) == ["fine", "good"]


def test_a_member_of_a_refused_lead_is_refused_too(tmp_path: Path) -> None:
    make_frameworks()
    report = run(tmp_path, [row("lead", size="huge"), row("member", supplier="lead")], partial=True)
    assert [(line, code) for line, _, _, code in faults(report)] == [
        (1, "unknown_value"),
        (2, "unknown_supplier"),
    ]
    assert not Partner.objects.exists()


def test_a_reference_that_comes_twice_refuses_both_rows(tmp_path: Path) -> None:
    make_frameworks()
    report = run(tmp_path, [row("a"), row("b"), row("a", size="large")], partial=True)
    assert faults(report) == [(1, "a", "/reference", "duplicate"), (3, "a", "/reference", "duplicate")]
    assert report.added == ["b"]


def test_a_dry_run_tells_the_diff_and_writes_nothing(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a"), row("b")])
    before = counts()
    report = run(tmp_path, [row("a"), row("b", size="large", name="B"), row("c")], dry_run=True)
    assert (report.added, report.changed, report.unchanged) == (["c"], [("b", ("name", "size"))], 1)
    assert counts() == before


def test_a_diff_tells_what_short_values_were_and_will_be_and_never_contacts(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a")])
    offered = [{"framework": "wr1", "lot": "1", "specialisms": ["1", "2"], "regions": ["TLD"]}]
    changed = {
        "reference": "a", "size": "large", "sectors": [], "summary": "x" * 500, "offerings": offered,
        "contacts": {"email": "new@example.org"},
    }  # fmt: skip
    report = run(tmp_path, [changed], dry_run=True)
    assert report.changed == [("a", ("summary", "size", "sectors", "contacts", "offerings"))]
    assert report.shown()["changed_fields"] == [
        {
            "reference": "a",
            "fields": ["summary", "size", "sectors", "contacts", "offerings"],
            "values": {
                "size": {"before": "small", "after": "large"},
                "sectors": {"before": ["health"], "after": []},
                "offerings": {
                    "before": ["wr1~1~1 in TLC"],
                    "after": ["wr1~1~1 in TLD", "wr1~1~2 in TLD"],
                },
            },
        }
    ]


def test_a_place_that_an_offering_gives_its_supplier_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_world()
    offered = [{"framework": "wr1", "lot": "2a", "specialisms": ["1"], "regions": ["UK"]}]
    told = run(tmp_path, [{"reference": "ash", "offerings": offered}, row("new")], dry_run=True).shown()
    places = [{"supplier": "oak", "lot": "wr1~2a"}, {"supplier": "new", "lot": "wr1~1"}]
    assert (told["appointed"], told["appointments"]) == (2, places)
    assert not Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~2a").exists()
    call_command("import_partners", str(tmp_path / "partners.jsonl"), dry_run=True)
    said = capsys.readouterr().out
    assert "oak would be appointed to wr1~2a, on which it had no place." in said
    assert "new would be appointed to wr1~1, on which it had no place." in said
    assert run(tmp_path, [{"reference": "ash", "offerings": offered}]).shown()["appointed"] == 1
    assert Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~2a").exists()
    assert run(tmp_path, [{"reference": "ash", "offerings": offered}]).shown()["appointments"] == []


def test_a_new_firm_s_place_is_told_when_it_is_made(tmp_path: Path) -> None:
    make_world()
    told = run(tmp_path, [row("new")]).shown()
    assert (told["appointed"], told["appointments"]) == (1, [{"supplier": "new", "lot": "wr1~1"}])


def test_a_region_of_the_other_scheme_is_refused_with_the_codes_that_share_its_ground(tmp_path: Path) -> None:
    make_world()
    before = counts()
    offered = [
        {"framework": "wr1", "lot": "1", "specialisms": ["1"], "regions": ["UKC", "ZZ", "TLD"]},
        {"framework": "wr0", "lot": "5", "regions": ["TLI"]},
    ]
    faults = run(tmp_path, [{"reference": "ash", "offerings": offered}]).faults
    assert [(one.fault.pointer, one.fault.message) for one in faults] == [
        ("/offerings/0/regions/0", "“UKC” is no ITL2025 code, as wr1 takes; TLC shares its ground."),
        ("/offerings/0/regions/1", "“ZZ” is not one of the known values."),
        ("/offerings/1/regions/0", "“TLI” is no NUTS2013 code, as wr0 takes; UKI shares its ground."),
    ]
    assert counts() == before


def test_a_refusal_tells_what_would_have_been_and_that_nothing_was(tmp_path: Path) -> None:
    make_frameworks()
    before = counts()
    report = run(tmp_path, [row("good"), row("bad", size="huge")])
    told = report.shown()
    assert (told["applied"], told["loaded"], told["wrong"], told["added_references"]) == (
        False,
        0,
        1,
        ["good"],
    )
    assert told["outcome"] == "Nothing was changed: 1 of 2 rows is wrong, and it was all or nothing."
    assert counts() == before


def test_the_command_says_plainly_what_became_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_frameworks()
    run(tmp_path, [row("a")])
    before = counts()
    file = tmp_path / "partners.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in (row("a", size="large"), row("b", size="huge"))))
    with pytest.raises(SystemExit) as left:
        call_command("import_partners", str(file))
    assert left.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        "line 2 b /size: “huge” is not one of the known values: large, medium, micro, not-stated, small.",
        "a: size small to large",
        "2 rows: 0 loaded, 2 refused.",
        "The right rows by themselves would be 0 new, 1 changed, 0 as they were.",
        "Nothing was changed: 1 of 2 rows is wrong, and it was all or nothing.",
    ]
    assert counts() == before


def test_a_row_gives_a_new_firm_its_number_and_one_that_had_none(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a")])
    numbered = [
        row("a", scheme="XX-DEMO", identifier="40000001"),
        row("b", scheme="GB-COH", identifier="01234567"),
    ]
    report = run(tmp_path, numbered)
    assert (report.added, report.changed) == (["b"], [("a", ("identifier",))])
    assert report.values == {"a": {"identifier": ("", "XX-DEMO 40000001")}}
    held = Organisation.objects.filter(reference__in="ab").order_by("reference")
    assert list(held.values_list("scheme", "identifier")) == [
        ("XX-DEMO", "40000001"), ("GB-COH", "01234567"),
    ]  # fmt: skip
    before = counts()
    assert run(tmp_path, [*numbered, row("c")], dry_run=True).unchanged == 2
    assert run(tmp_path, [{"reference": "a", "scheme": None, "identifier": None}]).unchanged == 1
    assert counts() == before


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"scheme": "XX-DEMO", "identifier": "4"}, "/identifier", "identifier"),
        ({"scheme": "XX-DEMO"}, "/identifier", "identifier"),
        ({"identifier": "40000001"}, "/scheme", "identifier"),
        ({"scheme": "ZZ", "identifier": "40000001"}, "/scheme", "identifier"),
        ({"scheme": "XX-DEMO", "identifier": 40000001}, "/identifier", "type"),
        ({"scheme": "XX-DEMO", "identifier": "40000009"}, "/identifier", "taken"),
        ({"reference": "a", "scheme": "XX-DEMO", "identifier": "40000002"}, "/identifier", "differs"),
    ],
)
def test_a_number_that_cannot_be_the_firms_is_refused(
    tmp_path: Path, changes: dict[str, Any], pointer: str, code: str
) -> None:
    make_frameworks()
    run(
        tmp_path,
        [
            row("a", scheme="XX-DEMO", identifier="40000001"),
            row("z", scheme="XX-DEMO", identifier="40000009"),
        ],
    )
    before = counts()
    report = run(tmp_path, [row("good"), {**row("new"), **changes}])
    assert [(line, where, what) for line, _, where, what in faults(report)] == [(2, pointer, code)]
    assert counts() == before


def test_a_number_that_two_firms_give_is_nobodys(tmp_path: Path) -> None:
    make_frameworks()
    number = {"scheme": "XX-DEMO", "identifier": "40000001"}
    report = run(tmp_path, [row("a", **number), row("b"), row("c", **number)], partial=True)
    assert faults(report) == [(1, "a", "/identifier", "duplicate"), (3, "c", "/identifier", "duplicate")]
    assert report.added == ["b"]


def test_the_demonstrations_firms_are_in_the_form_that_is_read(tmp_path: Path) -> None:
    make_frameworks()
    content = (FIXTURES / "market" / "partners.jsonl").read_bytes()
    report = run(tmp_path, content, dry_run=True)
    assert (report.rows, len(report.added), report.faults) == (304, 304, [])


def test_blank_lines_a_byte_order_mark_and_carriage_returns_are_no_rows(tmp_path: Path) -> None:
    make_frameworks()
    first, second = json.dumps(row("a")).encode(), json.dumps(row("b")).encode()
    report = run(tmp_path, b"\xef\xbb\xbf" + first + b"\r\n\r\n   \r\n" + second + b"\r\n\r\n")
    assert (report.rows, report.added) == (2, ["a", "b"])


@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        (b"{", "", "json"),
        (b"[1]", "", "json"),
        (b"null", "", "json"),
        (b'{"reference": NaN}', "", "json"),
        (b'{"reference": "a", "reference": "b"}', "/reference", "duplicate_field"),
        (b'{"reference": "\xff"}', "", "encoding"),
        (b"[" * 100_000, "", "json"),
        (b'{"name": "' + b"x" * 1_000_001 + b'"}', "", "too_long"),
    ],
)
def test_a_row_that_is_no_object_is_refused_by_its_line(
    tmp_path: Path, content: bytes, pointer: str, code: str
) -> None:
    make_frameworks()
    report = run(tmp_path, b"\n" + json.dumps(row("a")).encode() + b"\n" + content)
    assert faults(report) == [(3, "", pointer, code)]
    assert not Partner.objects.exists()


def test_a_number_without_end_is_told_in_words_for_whoever_sent_it(tmp_path: Path) -> None:
    report = run(tmp_path, b'{"reference": "a", "regions": ' + b"9" * 5_000 + b"}")
    assert [one.fault.message for one in report.faults] == [
        "The row is not a JSON object: a number of 5000 digits is none that a row holds."
    ]


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    make_frameworks()
    assert run(tmp_path, b"\n\n").rows == 0


def test_whoever_may_not_import_is_refused(tmp_path: Path) -> None:
    make_world()
    file = tmp_path / "partners.jsonl"
    file.write_text(json.dumps(row("a")))
    with pytest.raises(NotPermitted):
        import_partners(editor_of("ash", "administrator"), file, Nobody())


def test_a_step_takes_as_many_queries_for_sixty_rows_as_for_two(
    tmp_path: Path, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_frameworks()
    file = tmp_path / "partners.jsonl"
    file.write_text("\n".join(json.dumps(row(f"firm-{number}")) for number in range(60)))
    known = catalogue()
    rows = [read for number, line in lines(file) if (read := read_row(number, line, known)[0]) is not None]
    with django_assert_max_num_queries(110):
        assert not any(one.faults for one in publish(SYSTEM, rows, known))
    assert Partner.objects.count() == 60

"""What an import of rates refuses by row and cell before anything is written: long names, unprintable characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rate_proposal_lines import LineReader
from procurement.actions.rate_suppliers import make_suppliers
from procurement.actions.rates import CardDraft, publish_cards
from procurement.errors import Invalid
from procurement.models import Framework, Supplier
from procurement.permissions import SYSTEM
from tests.procurement.test_rate_imports import counts, faults, published, run, sheet
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


def test_firms_without_latin_letters_have_references_that_do_not_rest_on_their_order(tmp_path: Path) -> None:
    names = ["Лаборатория услуг", "株式会社", "Beech Ltd"]
    report = run(tmp_path, sheet(*(f"{name},A,650" for name in names)), create_suppliers=True)
    assert report.new_suppliers == names
    made = dict(Supplier.objects.filter(name__in=names).values_list("name", "reference"))
    assert made == dict(zip(names, ["firm-722208d0", "firm-9b8d0ee8", "beech-ltd"], strict=True))


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

    said = "is beyond any rate; the most is 1000000.00"
    assert faults(report) == [(3, "Rate", said)]
    assert counts() == before


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\x07", "0007"),
        ("\x1b", "001B"),
        ("\x7f", "007F"),
        ("\u202e", "202E"),
        ("\u2066", "2066"),
    ],
    ids=["bell", "escape", "delete", "override", "isolate"],
)
def test_a_character_that_no_text_has_is_named_by_row_and_cell(
    tmp_path: Path, character: str, code: str
) -> None:
    before, why = counts(), f"holds U+{code}, a character that no text has"
    bad = f"A{character}B"
    text = sheet(
        f"Nova {bad} Ltd,Lead,650,1,BSc",
        f"Yew Digital,{bad},650,2,BSc",
        f"Yew Digital,Lead,650,{bad},BSc",
        f"Yew Digital,Lead,650,4,BSc {bad}",
        headings="Firm,Title,Rate,Key,Qualification",
    )

    report = run(tmp_path, text, create_suppliers=True)

    assert sorted(faults(report)) == [
        (2, "Firm", why),
        (3, "Title", why),
        (4, "Key", why),
        (5, "Qualification", why),
    ]
    assert (report.loaded, report.refused) == (0, 4)
    assert counts() == before


def test_what_a_wrong_charset_left_in_a_real_sheet_is_kept_and_escaped_where_it_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sheet("Yew Digital,Architect \x90\x9b Senior,650")
    file = tmp_path / "printed.csv"
    file.write_text(text)
    words = ["import_rates", str(file), "--framework", "wr1", "--dry-run", "--create-suppliers"]
    call_command(*words, "--map", "supplier=Firm", "role=Title", "price=Rate")
    printed = capsys.readouterr().out
    assert "Architect \\x90\\x9b Senior" in printed
    assert not {"\x90", "\x9b"} & set(printed)

    report = run(tmp_path, text, create_suppliers=True)
    assert (report.loaded, faults(report)) == (1, [])


def test_a_heading_with_a_character_that_no_text_has_is_refused(tmp_path: Path) -> None:
    before = counts()

    with pytest.raises(Invalid, match=r"the heading 'A\\x1bB' holds U\+001B, a character that no text has"):
        run(tmp_path, sheet("Yew Digital,Lead,650,x", headings="Firm,Title,Rate,A\x1bB"))

    assert counts() == before


def test_a_role_has_at_most_five_thousand_characters(tmp_path: Path) -> None:
    before = counts()

    report = run(tmp_path, sheet(f"Yew Digital,{'x' * 5_001},650"))

    assert faults(report) == [(2, "Title", "has 5,001 characters; the most is 5,000")]
    assert counts() == before
    assert run(tmp_path, sheet(f"Yew Digital,{'x' * 5_000},650")).loaded == 1


def test_tabs_and_line_ends_stand_in_a_role_as_a_sheet_has_them(tmp_path: Path) -> None:
    assert run(tmp_path, sheet('Yew Digital,"Lead\n\tof work",650')).loaded == 1
    assert published("wr1~yew") == [("1", "Lead\n\tof work", 65_000)]


def test_one_heading_is_not_read_as_two_fields(tmp_path: Path) -> None:
    before = counts()

    with pytest.raises(Invalid) as refused:
        run(
            tmp_path,
            sheet("Yew Digital,Lead,650"),
            headings={"supplier": "Firm", "price": "Rate", "role": "rate"},
        )

    assert [(one.pointer, one.code, one.message) for one in refused.value.faults] == [
        ("/map/role", "taken", "'Rate' is mapped as the price, too.")
    ]
    assert counts() == before


KEYED = "Firm,Title,Rate,Key"
NOT_PLAIN = (
    'holds something else than the letters a to z, digits and "-._~", which an address takes as they are'
)


@pytest.mark.parametrize("key", ["a/b", "c?d", "e#f", "g h", "50%", "Rôle"])
def test_a_new_key_that_no_address_takes_as_it_is_is_refused(tmp_path: Path, key: str) -> None:
    before = counts()

    report = run(
        tmp_path, sheet("Yew Digital,Lead,650,A-1_b.c~2", f"Yew Digital,Head,750,{key}", headings=KEYED)
    )

    assert [(one.row, one.heading, one.cell, one.message) for one in report.faults] == [
        (3, "Key", key, NOT_PLAIN)
    ]
    assert (report.rows, report.loaded, report.refused) == (2, 0, 2)
    assert counts() == before


def test_a_key_that_a_card_bears_already_stays_what_it_is(tmp_path: Path) -> None:
    publish_cards(SYSTEM, [CardDraft("yew", "wr1", (LineDraft("a/b", 65_000, "Lead"),))])

    report = run(tmp_path, sheet("Yew Digital,Lead,700,a/b", headings=KEYED))

    assert (report.faults, report.lines.changed) == ([], 1)
    assert published("wr1~yew") == [("a/b", "Lead", 70_000)]
    partly = run(
        tmp_path, sheet("Yew Digital,Lead,710,a/b", "Yew Digital,Head,750,c/d", headings=KEYED), partial=True
    )
    assert (partly.loaded, partly.refused, published("wr1~yew")) == (1, 1, [("a/b", "Lead", 71_000)])


def test_a_proposal_says_no_new_key_that_no_address_takes_as_it_is() -> None:
    supplier, framework = Supplier.objects.get(reference="yew"), Framework.objects.get(reference="wr1")
    reader = LineReader(supplier, framework, "GBP", "day", [LineDraft("a/b", 65_000, "Lead")])

    with pytest.raises(Invalid) as refused:
        reader.from_objects([{"key": "c/d", "role_title": "Head", "amount": "750.00"}])

    assert [(one.pointer, one.message) for one in refused.value.faults] == [
        ("/lines/0/key", f"'c/d' {NOT_PLAIN}.")
    ]
    [line] = reader.from_objects([{"key": "a/b", "role_title": "Lead", "amount": "700.00"}])
    assert (line.key, line.price_minor) == ("a/b", 70_000)

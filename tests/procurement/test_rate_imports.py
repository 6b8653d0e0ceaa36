"""Rate cards from sheets: every cell read exactly or refused by name, nothing dropped, upsert by a stable
key.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from procurement.actions.rate_import_report import RateImport, RateImportReport
from procurement.actions.rate_imports import import_rates
from procurement.actions.rates import CardDraft, LineDraft, publish_cards
from procurement.errors import Invalid, NotFound, NotPermitted
from procurement.models import Event, Partner, RateCard, RateCardVersion, RateLine, Supplier
from procurement.permissions import ANONYMOUS, SYSTEM
from tests.world import make_world

pytestmark = pytest.mark.django_db

HEADINGS = "Firm,Title,Rate"
MAP = {"supplier": "Firm", "role": "Title", "price": "Rate"}


class Unwatched:
    """Shows no progress."""

    def judged(self, rows: int) -> None: ...

    def writing(self) -> None: ...

    def written(self, lines: int, total: int) -> None: ...


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def run(tmp_path: Path, text: str | bytes, **options: Any) -> RateImportReport:
    path = tmp_path / options.pop("name", "rates.csv")
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    wanted = RateImport(**{"framework": "wr1", "headings": MAP, **options})
    return import_rates(SYSTEM, path, wanted, Unwatched())


def sheet(*rows: str, headings: str = HEADINGS) -> str:
    return "\n".join([headings, *rows]) + "\n"


def published(card: str) -> list[tuple[str, str, int]]:
    lines = RateLine.objects.filter(version__card__reference=card, version__status="published")
    return list(lines.order_by("ordinal").values_list("key", "role_title", "price_minor"))


def faults(report: RateImportReport) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.heading, fault.message) for fault in report.faults]


def counts() -> list[int]:
    return [
        model.objects.count() for model in (RateCard, RateCardVersion, RateLine, Supplier, Partner, Event)
    ]


def test_a_sheet_is_read_by_heading_and_to_the_penny(tmp_path: Path) -> None:
    rows = ("£650,x,Analyst,Yew Digital", "650.50,,Lead,Yew Digital", '"1,250.00",,Partner,Yew Digital')
    text = sheet(*rows, headings="Rate,Notes,Title,Firm")

    report = run(tmp_path, text)

    assert (report.rows, report.loaded, report.refused, report.faults) == (3, 3, 0, [])
    assert published("wr1~yew") == [
        ("1", "Analyst", 65_000),
        ("2", "Lead", 65_050),
        ("3", "Partner", 125_000),
    ]
    assert Event.objects.filter(type="rate_card.published", subject="wr1~yew").count() == 1


@pytest.mark.parametrize("cell", ["", "tbc", "-650", "0", "650.505", "$650"])
def test_a_cell_that_is_no_price_refuses_everything_and_names_row_and_cell(tmp_path: Path, cell: str) -> None:
    before = counts()

    report = run(tmp_path, sheet("Yew Digital,Analyst,650", f"Yew Digital,Lead,{cell}"))

    assert [(fault.row, fault.heading, fault.cell) for fault in report.faults] == [(3, "Rate", cell)]
    assert (report.rows, report.loaded, report.refused) == (2, 0, 2)
    assert counts() == before


def test_an_unquoted_comma_names_the_row(tmp_path: Path) -> None:
    before = counts()

    report = run(
        tmp_path, sheet("Yew Digital,Analyst,650", "Yew Digital,Analyst, senior,700", "Yew Digital,Lead")
    )

    assert faults(report) == [
        (3, "", "has 4 cells and not 3: a comma outside quotes?"),
        (4, "", "has 2 cells and not 3: a part is missing"),
    ]
    assert counts() == before


@pytest.mark.parametrize(
    ("sign", "name"),
    [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")],
    ids=["semicolon", "tab", "bar"],
)
def test_cells_may_be_parted_by_another_sign_than_a_comma(tmp_path: Path, sign: str, name: str) -> None:
    rows = ["Firm,Title,Rate", "Yew Digital,Analyst,650", 'Yew Digital,"Lead, senior",700']
    text = "\n".join(row.replace(",", sign).replace(f"{sign} senior", ", senior") for row in rows)

    report = run(tmp_path, text)

    assert (report.loaded, report.faults) == (2, [])
    assert published("wr1~yew") == [("1", "Analyst", 65_000), ("2", "Lead, senior", 70_000)]
    report = run(tmp_path, f"{text}\nYew Digital{sign}A{sign}b{sign}1")
    assert faults(report) == [(4, "", f"has 4 cells and not 3: a {name} outside quotes?")]


@pytest.mark.parametrize(
    "text",
    [
        "Firm,Title | level | site | size,Rate\nYew Digital,Analyst,650\n",
        'Firm;Title, level, site;"Rate; a day"\nYew Digital;Analyst;650\n',
    ],
    ids=["comma", "semicolon"],
)
def test_a_sign_inside_a_heading_does_not_part_the_cells(tmp_path: Path, text: str) -> None:
    title, price = text.splitlines()[0].replace('"', "").split("," if "|" in text else ";", 2)[1:]

    report = run(tmp_path, text, headings={"supplier": "Firm", "role": title, "price": price})

    assert (report.loaded, report.faults) == (1, [])
    assert published("wr1~yew") == [("1", "Analyst", 65_000)]


def test_headings_that_are_none_of_the_fields_are_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        run(tmp_path, "Who:What:Sum\nYew Digital:Analyst:650\n", headings={})
    assert [one.message for one in refused.value.faults] == [
        "Which heading is the supplier? There is Who:What:Sum. Map it: supplier=…",
        "Which heading is the price? There is Who:What:Sum. Map it: price=…",
        "Which heading is the role or the grade? There is Who:What:Sum. Map it: role=…",
    ]


def test_quoted_commas_are_part_of_the_cell(tmp_path: Path) -> None:
    run(tmp_path, sheet('Yew Digital,"Analyst, senior",700'))

    assert published("wr1~yew") == [("1", "Analyst, senior", 70_000)]


def test_an_unknown_supplier_is_named_and_made_only_when_asked(tmp_path: Path) -> None:
    text = sheet("Beech Ltd,Analyst,650", "Yew Digital,Analyst,640", "Beech Ltd,Lead,750")
    before = counts()

    report = run(tmp_path, text)

    assert faults(report) == [(2, "Firm", "is no supplier; create suppliers to have it made")]
    assert (report.rows, report.loaded, report.refused) == (3, 0, 3)
    assert counts() == before

    report = run(tmp_path, text, create_suppliers=True)

    assert (report.loaded, report.new_suppliers) == (3, ["Beech Ltd"])
    assert Supplier.objects.get(name="Beech Ltd").members.get().partner.reference == "beech-ltd"
    assert len(published("wr1~beech-ltd")) == 2


def test_names_that_differ_in_case_or_ltd_are_flagged_and_the_same_name_is_one_supplier(
    tmp_path: Path,
) -> None:
    text = sheet(
        "Beech Ltd,Analyst,650", "BEECH LIMITED,Lead,750", "Beech Ltd,Chief,850", "yew digital,Lead,700"
    )

    report = run(tmp_path, text, create_suppliers=True)

    alike = [warning for warning in report.warnings if warning.message != "holds no place on WR1"]
    assert [(warning.row, warning.cell) for warning in alike] == [(3, "BEECH LIMITED"), (5, "yew digital")]
    assert [warning.row for warning in report.warnings if warning not in alike] == [2, 3, 4, 5]
    assert "'Beech Ltd'" in alike[0].message
    assert report.new_suppliers == ["Beech Ltd", "BEECH LIMITED", "yew digital"]
    assert len(published("wr1~beech-ltd")) == 2


def test_a_supplier_named_once_by_reference_and_once_by_name_has_one_card(tmp_path: Path) -> None:
    report = run(tmp_path, sheet("yew,Analyst,650", "Yew Digital,Lead,750", "yew,Chief,850"), strict=True)

    assert (report.loaded, report.refused, report.faults, report.warnings) == (3, 0, [], [])
    assert list(report.cards) == ["wr1~yew"]
    assert published("wr1~yew") == [("1", "Analyst", 65_000), ("2", "Lead", 75_000), ("3", "Chief", 85_000)]


def test_a_line_named_twice_under_two_names_of_one_supplier_is_refused_by_row(tmp_path: Path) -> None:
    before = counts()

    rows = ("yew,Analyst,650,a", "Yew Digital,Lead,750,a")
    report = run(tmp_path, sheet(*rows, headings="Firm,Title,Rate,key"))

    assert faults(report) == [(3, "key", "names a line that row 2 has named")]
    assert counts() == before


def test_a_supplier_named_by_a_reference_like_its_name_is_not_taken_for_another(tmp_path: Path) -> None:
    Supplier.objects.filter(reference="yew").update(name="YEW")

    report = run(tmp_path, sheet("yew,Analyst,650"), strict=True)

    assert (report.loaded, report.faults, report.warnings) == (1, [], [])
    assert published("wr1~yew") == [("1", "Analyst", 65_000)]


def test_a_second_run_changes_nothing_and_keeps_every_id(tmp_path: Path) -> None:
    text = sheet("Yew Digital,Analyst,650", "Yew Digital,Lead,750")
    run(tmp_path, text)
    before, lines = counts(), set(RateLine.objects.values_list("pk", flat=True))

    report = run(tmp_path, text)

    assert (report.lines.unchanged, report.lines.added, report.cards) == (2, 0, {})
    assert counts() == before
    assert set(RateLine.objects.values_list("pk", flat=True)) == lines


def test_a_stated_key_tells_added_changed_unchanged_and_withdrawn(tmp_path: Path) -> None:
    headings = "Firm,Title,Rate,Id"
    mapped = MAP | {"key": "Id"}
    rows = ("Yew Digital,Analyst,650,a", "Yew Digital,Lead,750,b", "Yew Digital,Chief,850,c")
    run(tmp_path, sheet(*rows, headings=headings), headings=mapped)

    again = ("Yew Digital,Chief,850,c", "Yew Digital,Lead,760,b", "Yew Digital,Head,950,d")
    report = run(tmp_path, sheet(*again, headings=headings), headings=mapped)

    diff = report.lines
    assert (diff.added, diff.changed, diff.unchanged, diff.withdrawn) == (1, 1, 1, 1)
    assert sorted(published("wr1~yew")) == [
        ("b", "Lead", 76_000),
        ("c", "Chief", 85_000),
        ("d", "Head", 95_000),
    ]
    versions = RateCardVersion.objects.filter(card__reference="wr1~yew").order_by("number")
    assert [version.status for version in versions] == ["superseded", "published"]
    assert versions[0].lines.count() == 3


def test_a_key_that_comes_twice_or_is_blank_is_refused(tmp_path: Path) -> None:
    text = sheet(
        "Yew Digital,A,650,x", "Yew Digital,B,660,x", "Yew Digital,C,670,", headings="Firm,Title,Rate,Id"
    )
    before = counts()

    report = run(tmp_path, text, headings=MAP | {"key": "Id"})

    assert faults(report) == [(3, "Id", "names a line that row 2 has named"), (4, "Id", "is blank")]
    assert counts() == before


def test_blank_cells_stay_unknown(tmp_path: Path) -> None:
    headings = "Firm,Title,Rate,qualification,min_experience,site,size,valid_from,valid_to"
    run(tmp_path, sheet("Yew Digital,A,650,,,,,,", "Yew Digital,B,650,N/A,N/A,N/A,,,", headings=headings))

    for line in RateLine.objects.filter(version__card__reference="wr1~yew"):
        assert (line.qualification, line.min_experience, line.site, line.size) == ("", None, "", "")
        assert (line.valid_from, line.valid_to) == (None, None)


def test_cells_of_closed_lists_years_and_days_are_read_or_refused(tmp_path: Path) -> None:
    headings = "Firm,Title,Rate,qualification,min_experience,max_experience,site,size,valid_to"
    good = "Yew Digital,A,650,Bachelor's Degree,5.0,7 years,Customer,S,2030-01-31"
    bad = "Yew Digital,B,650,Bachelors,five,3,Moon,XL,31/01/2030"

    report = run(tmp_path, sheet(good, bad, headings=headings), partial=True)

    line = RateLine.objects.get(version__card__reference="wr1~yew", version__status="published")
    assert (line.qualification, line.qualification_text) == ("bachelors", "")
    assert (line.min_experience, line.max_experience, line.site, line.size) == (5, 7, "customer", "small")
    assert line.version.valid_to == date(2030, 1, 31)
    assert [(fault.row, fault.heading) for fault in report.faults] == [
        (3, "min_experience"), (3, "site"), (3, "size"), (3, "valid_to"),
    ]  # fmt: skip


def test_an_implausible_price_warns_and_strict_refuses(tmp_path: Path) -> None:
    text = sheet("Yew Digital,Analyst,650", "Yew Digital,Lead,6")

    report = run(tmp_path, text, strict=True, dry_run=True)
    assert [(fault.row, fault.message) for fault in report.faults] == [(3, "6.00 GBP a day is below 80")]
    assert report.warnings == []
    assert (report.rows, report.loaded, report.refused) == (2, 0, 2)

    report = run(tmp_path, text)
    assert [(warning.row, warning.cell) for warning in report.warnings] == [(3, "6")]
    assert published("wr1~yew")[1] == ("2", "Lead", 600)


def test_dates_in_the_wrong_order_are_told_and_the_last_day_kept(tmp_path: Path) -> None:
    headings = "Firm,Title,Rate,valid_from,valid_to"

    report = run(tmp_path, sheet("Yew Digital,A,650,2030-12-12,2030-12-11", headings=headings))

    assert [(warning.row, warning.heading) for warning in report.warnings] == [(2, "valid_to")]
    version = RateCardVersion.objects.get(card__reference="wr1~yew")
    assert (version.valid_from, version.valid_to) == (None, date(2030, 12, 11))


def test_experience_out_of_order_is_refused(tmp_path: Path) -> None:
    headings = "Firm,Title,Rate,min_experience,max_experience"

    report = run(tmp_path, sheet("Yew Digital,A,650,5,3", headings=headings))

    assert faults(report) == [(2, "max_experience", "is below the least experience, 5")]


def test_a_dry_run_tells_the_diff_and_changes_nothing(tmp_path: Path) -> None:
    before = counts()

    report = run(tmp_path, sheet("Beech Ltd,A,650", "Yew Digital,B,700"), create_suppliers=True, dry_run=True)

    assert (report.rows, report.loaded, report.lines.added) == (2, 2, 2)
    assert report.new_suppliers == ["Beech Ltd"]
    assert counts() == before


def test_partial_loads_the_right_rows_and_keeps_what_a_wrong_row_named(tmp_path: Path) -> None:
    run(tmp_path, sheet("Yew Digital,A,650", "Yew Digital,B,700", "Yew Digital,C,750"))

    report = run(
        tmp_path, sheet("Yew Digital,A,660", "Yew Digital,B,oops", "Yew Digital,C,750"), partial=True
    )

    assert (report.rows, report.loaded, report.refused) == (3, 2, 1)
    assert sorted(published("wr1~yew")) == [("1", "A", 66_000), ("2", "B", 70_000), ("3", "C", 75_000)]


def test_lots_and_grades_are_those_of_the_framework(tmp_path: Path) -> None:
    headings = "Firm,grade,Rate,lot"
    mapped = {"supplier": "Firm", "price": "Rate"}
    rows = (
        "Yew Digital,G2,650,2a",
        "Yew Digital,Grade 3,700,",
        "Yew Digital,G9,700,",
        "Yew Digital,G1,700,7",
    )

    report = run(tmp_path, sheet(*rows, headings=headings), headings=mapped, partial=True)

    assert faults(report) == [
        (4, "grade", "is no grade of the framework"), (5, "lot", "is no lot of the framework"),
    ]  # fmt: skip
    lines = RateLine.objects.filter(version__card__reference="wr1~yew", version__status="published")
    assert [(line.lot and line.lot.reference, line.grade and line.grade.code) for line in lines] == [
        ("wr1~2a", "G2"), (None, "G3"),
    ]  # fmt: skip


def test_long_titles_are_never_cut(tmp_path: Path) -> None:
    title = "Active Data Exchange" * 200

    run(tmp_path, sheet(f"Yew Digital,{title},650"))

    assert published("wr1~yew") == [("1", title, 65_000)]


@pytest.mark.parametrize(
    ("text", "mapped", "why"),
    [
        ("", MAP, "the file is empty"),
        ("Firm,Title,Rate,Rate\n", MAP, "'Rate' stands twice"),
        ("Firm,Title,Price\nx,y,1\n", MAP, "There is no heading 'Rate'"),
        ("Firm,Title,Rate\nx,y,1\n", {"supplier": "Firm"}, "Which heading is the price"),
        ("Firm,Title,Rate\nx,y,1\n", {**MAP, "colour": "Title"}, "There is no field colour"),
        (b"Firm,Title,Rate\nx,\xff\xfe,1\n", MAP, "not UTF-8"),
        ('Firm,Title,Rate\nx,"y"z,1\n', MAP, "row 2 cannot be read as CSV"),
    ],
)
def test_a_file_or_mapping_that_cannot_be_used_is_refused_whole(
    tmp_path: Path, text: str | bytes, mapped: dict[str, str], why: str
) -> None:
    before = counts()

    with pytest.raises(Invalid, match=why):
        run(tmp_path, text, headings=mapped)

    assert counts() == before


@pytest.mark.parametrize("named", ["WR1", " wr1 "])
def test_a_framework_is_named_as_people_write_it(tmp_path: Path, named: str) -> None:
    run(tmp_path, sheet("Yew Digital,Lead,650"), framework=named)
    assert published("wr1~yew") == [("1", "Lead", 65_000)]


def test_only_who_may_import_imports_and_only_into_a_framework(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no framework wr9"):
        run(tmp_path, sheet("Yew Digital,A,650"), framework="wr9")
    with pytest.raises(NotPermitted):
        import_rates(ANONYMOUS, tmp_path / "rates.csv", RateImport("wr1"), Unwatched())


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_is_read_as_a_text_file_is(tmp_path: Path) -> None:
    content = workbook(
        ["Firm", "Title", "Rate", "valid_to", "min_experience"],
        ["Yew Digital", "Analyst", 650.55, date(2030, 1, 31), 5],
        [None, None, None, None, None],
        ["Yew Digital", "Lead", "£700", None, None],
    )

    report = run(tmp_path, content, name="rates.xlsx")

    assert (report.rows, report.loaded) == (2, 2)
    assert published("wr1~yew") == [("1", "Analyst", 65_055), ("2", "Lead", 70_000)]
    lines = RateLine.objects.filter(version__card__reference="wr1~yew").order_by("ordinal")
    assert [(line.valid_to, line.min_experience) for line in lines] == [(date(2030, 1, 31), 5), (None, None)]


def packed(content: bytes, changes: dict[str, bytes]) -> bytes:
    """A workbook with some parts replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, changes.pop(part, old.read(part)))
        for part, text in changes.items():
            new.writestr(part, text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"xl/bomb.xml": b" " * 80_000_000}, "times its size"),
        ({"xl/styles.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'}, "document type"),
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/worksheets/sheet1.xml": b"<worksheet"}, "damaged"),
    ],
)
def test_a_dangerous_workbook_is_refused(tmp_path: Path, changes: dict[str, bytes], why: str) -> None:
    content = packed(workbook(["Firm", "Title", "Rate"], ["Yew Digital", "A", 650]), dict(changes))
    before = counts()

    with pytest.raises(Invalid, match=why):
        run(tmp_path, content, name="rates.xlsx")

    assert counts() == before


@pytest.mark.parametrize("content", [b"PK\x03\x04nonsense", b"\xd0\xcf\x11\xe0old"])
def test_what_only_looks_like_a_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match=r"damaged|workbook"):
        run(tmp_path, content, name="rates.xlsx")


@pytest.mark.parametrize(
    ("lot", "grade", "pointer"),
    [
        ("wr0~5", None, "/0/lines/0/lot"),
        (None, "wr0~5~g1", "/0/lines/0/grade"),
        ("wr1~1", "wr1~2a~g1", "/0/lines/0/grade"),
    ],
)
def test_a_card_has_lots_and_grades_of_its_own_framework(
    lot: str | None, grade: str | None, pointer: str
) -> None:
    other = CardDraft("oak", "wr0", (LineDraft("1", 100, role_title="Adviser"),))
    line = LineDraft("1", 100, role_title="Adviser", lot=lot, grade=grade)
    with pytest.raises(Invalid) as refusal:
        publish_cards(SYSTEM, [CardDraft("yew", "wr1", (line,)), other])
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [(pointer, "unknown")]

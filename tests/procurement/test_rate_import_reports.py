"""What the import of rates tells: columns and sheets that it does not read, every line that changes, and that
a refusal changed nothing.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from procurement.actions.rate_suppliers import likeness
from procurement.errors import Invalid
from procurement.models import RateLine, Supplier
from tests.procurement.test_rate_imports import MAP, counts, faults, packed, published, run, sheet
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def warnings(report: Any) -> list[tuple[int, str, str]]:
    return [(one.row, one.heading, one.message) for one in report.warnings]


def book(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.remove(made.active)
    for name, rows in sheets.items():
        worksheet = made.create_sheet(name.replace("_", " "))
        for row in rows:
            worksheet.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


ROWS: list[list[Any]] = [["Firm", "Title", "Rate"], ["Yew Digital", "Analyst", 650]]


def test_standard_headings_are_known_whatever_their_case_and_spacing(tmp_path: Path) -> None:
    text = sheet(
        "Yew Digital,Analyst,650,BSc,Customer,5,7",
        headings="SUPPLIER,Role,price,Qualification,Site,Min Experience,max-experience",
    )

    report = run(tmp_path, text, headings={})

    line = RateLine.objects.get(version__card__reference="wr1~yew")
    assert (line.qualification, line.site, line.min_experience, line.max_experience) == (
        "bachelors", "customer", 5, 7,
    )  # fmt: skip
    assert report.warnings == []


def test_a_second_rate_for_one_grade_is_odd_and_a_second_for_one_role_is_not(tmp_path: Path) -> None:
    headings = "Firm,Grade,Lot,Kind,Rate"
    kinds = ("advice,500", "delivery,480", "advice,510", "delivery,480")
    rows = [f"Oak Consortium,G1,1,{kind}" for kind in kinds]
    how = {"headings": {"supplier": "Firm", "price": "Rate", "work_type": "Kind"}}

    report = run(tmp_path, sheet(*rows, headings=headings), **how)
    told = (4, "Rate", "is a second rate for the grade of row 2; a team can be priced by neither")
    same = (5, "Rate", "is the very same rate as row 3")
    assert (warnings(report), report.loaded) == ([told, same], 4)
    report = run(tmp_path, sheet(*rows, headings=headings), strict=True, **how)
    assert (faults(report), report.applied) == ([told, same], False)

    report = run(tmp_path, sheet("Yew Digital,Analyst,650", "Yew Digital,Analyst,700"))
    assert warnings(report) == []


def test_a_mapped_heading_is_found_whatever_its_case(tmp_path: Path) -> None:
    run(tmp_path, sheet("Yew Digital,Analyst,650", headings="FIRM,title,Rate "))

    assert published("wr1~yew") == [("1", "Analyst", 65_000)]


def test_two_headings_that_could_be_one_field_are_refused(tmp_path: Path) -> None:
    before = counts()

    with pytest.raises(Invalid, match=r"The site could be 'Site' or 'SITE'\. Map it: site="):
        run(tmp_path, sheet("Yew Digital,A,650,both,both", headings="Firm,Title,Rate,Site,SITE"))

    assert counts() == before


@pytest.mark.parametrize("strict", [False, True])
def test_columns_that_are_not_used_are_named_and_refuse_nothing(tmp_path: Path, strict: bool) -> None:
    text = sheet(
        "Yew Digital,A,650,x,,y", "Yew Digital,B,700,,,", "Yew Digital,C,750,,,z",
        headings="Firm,Title,Rate,Notes,Colour,",
    )  # fmt: skip

    report = run(tmp_path, text, strict=strict)

    assert warnings(report) == [
        (1, "Notes", "column 'Notes' is not used"),
        (1, "Colour", "column 'Colour' is not used"),
        (2, "", "column F has no heading and is not used; it holds 2 values from row 2 on"),
    ]
    assert (report.loaded, report.refused) == (3, 0)


def test_a_mapped_field_leaves_its_own_heading_unused_and_says_so(tmp_path: Path) -> None:
    text = sheet("Yew Digital,A,650,both,Customer", headings="Firm,Title,Rate,site,Place")

    report = run(tmp_path, text, headings=MAP | {"site": "Place"})

    assert warnings(report) == [(1, "site", "column 'site' is not used")]


def test_values_beside_a_worksheets_headings_are_told(tmp_path: Path) -> None:
    rows = [ROWS[0], [*ROWS[1], None, "beside"]]

    report = run(tmp_path, book(Rates=rows), name="rates.xlsx")

    assert warnings(report) == [
        (2, "", "column E has no heading and is not used; it holds 1 value from row 2 on")
    ]
    assert published("wr1~yew") == [("1", "Analyst", 65_000)]


def test_a_workbook_with_several_filled_sheets_is_refused_until_one_is_named(tmp_path: Path) -> None:
    more = [ROWS[0], ["Yew Digital", "Lead", 700]]
    content = book(Rates=ROWS, More_rates=more, Empty=[])
    before = counts()

    with pytest.raises(
        Invalid, match="2 sheets hold something, 'Rates', 'More rates'; say which sheet to read"
    ):
        run(tmp_path, content, name="rates.xlsx")
    with pytest.raises(Invalid, match="there is no sheet 'Prices'; there are 'Rates', 'More rates', 'Empty'"):
        run(tmp_path, content, name="rates.xlsx", sheet="Prices")
    assert counts() == before

    report = run(tmp_path, content, name="rates.xlsx", sheet="more rates")

    assert warnings(report) == [(0, "", "sheet 'Rates' holds something and is not read")]
    assert published("wr1~yew") == [("1", "Lead", 70_000)]


def test_the_only_filled_sheet_is_read_wherever_it_stands(tmp_path: Path) -> None:
    run(tmp_path, book(Cover=[], Rates=ROWS), name="rates.xlsx")

    assert published("wr1~yew") == [("1", "Analyst", 65_000)]


def test_a_text_file_has_no_sheets(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="it is a text file, which has no sheet 'Rates'"):
        run(tmp_path, sheet("Yew Digital,A,650"), sheet="Rates")


def test_a_worksheet_that_lies_about_its_size_is_read_whole(tmp_path: Path) -> None:
    honest = book(Rates=[*ROWS, ["Yew Digital", "Lead", 700]])
    text = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<dimension ref="A1:B2"/><sheetData>'
    )
    rows = [["Firm", "Title", "Rate"], ["Yew Digital", "Analyst", "650"], ["Yew Digital", "Lead", "700"]]
    for number, row in enumerate(rows, start=1):
        cells = (
            f'<c r="{"ABC"[place]}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for place, cell in enumerate(row)
        )
        text += f'<row r="{number}">{"".join(cells)}</row>'
    text += "</sheetData></worksheet>"

    run(tmp_path, packed(honest, {"xl/worksheets/sheet1.xml": text.encode()}), name="rates.xlsx")

    assert published("wr1~yew") == [("1", "Analyst", 65_000), ("2", "Lead", 70_000)]


def test_a_formula_without_a_value_is_told_as_such_and_not_as_a_blank(tmp_path: Path) -> None:
    rows = [
        ["Firm", "Title", "Rate", "site"],
        ["Yew Digital", "Analyst", "=600+50", None],
        ["=A2", "Lead", 700, "=D2"],
    ]
    before = counts()

    report = run(tmp_path, book(Rates=rows), name="rates.xlsx")

    why = "is a formula without a stored value; calculate and save the workbook in a spreadsheet program"
    assert faults(report) == [(2, "Rate", why), (3, "Firm", why), (3, "site", why)]
    assert counts() == before


def test_a_formula_with_a_stored_value_or_an_empty_text_is_read(tmp_path: Path) -> None:
    text = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>Firm</t></is></c><c r="B1" t="inlineStr"><is><t>Title</t></is></c>'
        '<c r="C1" t="inlineStr"><is><t>Rate</t></is></c><c r="D1" t="inlineStr"><is><t>site</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>"Yew "&amp;"Digital"</f><v>Yew Digital</v></c>'
        '<c r="B2" t="inlineStr"><is><t>Analyst</t></is></c><c r="C2"><f>600+50</f><v>650</v></c>'
        '<c r="D2" t="str"><f>""</f><v></v></c></row></sheetData></worksheet>'
    )

    report = run(
        tmp_path, packed(book(Rates=ROWS), {"xl/worksheets/sheet1.xml": text.encode()}), name="r.xlsx"
    )

    assert (report.faults, published("wr1~yew")) == ([], [("1", "Analyst", 65_000)])


def test_a_text_file_may_begin_as_archives_do(tmp_path: Path) -> None:
    text = sheet("a,Yew Digital,Analyst,650", headings="PKey,Firm,Title,Rate")

    report = run(tmp_path, text, headings=MAP | {"key": "PKey"})

    assert (report.faults, published("wr1~yew")) == ([], [("a", "Analyst", 65_000)])


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (
            ["EncryptionInfo", "EncryptedPackage"],
            "the workbook is protected by a password; save it without one",
        ),
        (["Workbook"], "it is an old Excel workbook (.xls); save it as .xlsx or CSV"),
        (
            ["WordDocument"],
            "it is a file in Office's older format without a workbook; save the sheet as .xlsx or CSV",
        ),
    ],
    ids=["password", "xls", "doc"],
)
def test_files_in_the_older_format_are_told_apart(tmp_path: Path, parts: list[str], why: str) -> None:
    before = counts()
    # Across the end of what is read at once, too.
    padding = b"\x00" * ((1 << 20) - 20)
    named = b"\x00".join(one.encode("utf-16-le") for one in parts)
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + padding + named

    with pytest.raises(Invalid) as refused:
        run(tmp_path, content, name="rates.xlsx")

    assert refused.value.message == f"rates.xlsx: {why}."
    assert counts() == before


def test_prices_that_a_spreadsheet_has_worked_out_are_read_as_it_shows_them(tmp_path: Path) -> None:
    worked_out = [650 * 1.15, 1.1 * 1.1 * 600, 0.1 + 0.2, 800.0]
    rows = [
        ["Firm", "Title", "Rate"],
        *(["Yew Digital", f"R{i}", price] for i, price in enumerate(worked_out)),
    ]

    report = run(tmp_path, book(Rates=rows), name="rates.xlsx")

    assert report.faults == []
    assert [price for _, _, price in published("wr1~yew")] == [74_750, 72_600, 30, 80_000]


def test_a_price_that_has_three_decimals_in_a_spreadsheet_is_still_refused(tmp_path: Path) -> None:
    before = counts()

    report = run(
        tmp_path,
        book(Rates=[["Firm", "Title", "Rate"], ["Yew Digital", "Analyst", 650.505]]),
        name="rates.xlsx",
    )

    assert faults(report) == [(2, "Rate", "has more than two decimals")]
    assert counts() == before


def test_a_refusal_says_that_nothing_was_changed_and_what_would_have_been(tmp_path: Path) -> None:
    before = counts()

    report = run(
        tmp_path, sheet("Beech Ltd,A,650", "Yew Digital,B,700", "Yew Digital,C,oops"), create_suppliers=True
    )

    told = report.shown()
    assert {name: told[name] for name in ("outcome", "applied", "rows", "loaded", "refused", "wrong")} == {
        "outcome": "Nothing was changed: 1 of 3 rows is wrong, and it was all or nothing.",
        "applied": False, "rows": 3, "loaded": 0, "refused": 3, "wrong": 1,
    }  # fmt: skip
    assert (told["lines"]["added"], told["new_suppliers"]) == (2, ["Beech Ltd"])
    assert counts() == before


@pytest.mark.parametrize("strict", [False, True])
def test_nobody_becomes_a_supplier_by_a_refused_row(tmp_path: Path, strict: bool) -> None:
    rows = ("Beech Ltd,A,6" if strict else "Beech Ltd,A,oops", "Yew Digital,B,700")

    report = run(tmp_path, sheet(*rows), create_suppliers=True, partial=True, strict=strict)

    assert (report.loaded, report.wrong, report.new_suppliers, report.applied) == (1, 1, [], True)
    assert not Supplier.objects.filter(name="Beech Ltd").exists()


@pytest.mark.parametrize(
    "name",
    ["Acme Sons and Daughters ltd", "ACME, SONS & DAUGHTERS LIMITED", "Acme Sons & Daughters P.L.C."],
)
def test_names_of_one_firm_in_several_spellings_are_flagged(tmp_path: Path, name: str) -> None:
    text = sheet('"Acme, Sons & Daughters",A,650', f'"{name}",B,700')

    report = run(tmp_path, text, create_suppliers=True)

    assert warnings(report) == [
        (3, "Firm", "is much like 'Acme, Sons & Daughters': one firm or two? It is taken for another"),
        (2, "Firm", "holds no place on WR1"),
        (3, "Firm", "holds no place on WR1"),
    ]


def test_names_of_different_firms_are_not_alike() -> None:
    names = ["Acme and Sons", "Acme and Daughters", "Ltd", "Limited", "Ακμή", "Κορυφή", "!", "?"]
    assert len({likeness(name) for name in names}) == len(names)
    assert likeness("St. John’s Café Ltd") == likeness("St Johns Cafe")


HEADINGS = "Firm,Title,Rate,Id,Qualification"
KEYED = MAP | {"key": "Id"}
FIRST = ("Yew Digital,Analyst,650,a,", "Yew Digital,Lead,750,b,", "Yew Digital,Chief,850,c,")
AGAIN = ("Yew Digital,Chief,850,c,", "Yew Digital,Lead,760,b,MSc", "Yew Digital,Head,950,d,")


def test_every_line_that_changes_is_told_with_what_was_and_will_be(tmp_path: Path) -> None:
    run(tmp_path, sheet(*FIRST, headings=HEADINGS), headings=KEYED)
    before = counts()

    report = run(
        tmp_path, sheet(*AGAIN, headings=HEADINGS), headings=KEYED, basis="illustrative", dry_run=True
    )

    place = {"grade": None, "lot": None}
    assert report.shown()["cards"]["wr1~yew"] == {
        "begins_on": None, "added": 1, "changed": 1, "unchanged": 1, "withdrawn": 1,
        "card": {"basis": {"before": "published", "after": "illustrative"}},
        "lines": [
            {"change": "withdrawn", "begins_on": None, "key": "a", "role": "Analyst", **place,
             "values": {"price": {"before": "650.00", "after": None}}},
            {"change": "changed", "begins_on": None, "key": "b", "role": "Lead", **place,
             "values": {
                 "price": {"before": "750.00", "after": "760.00"},
                 "qualification": {"before": "", "after": "masters"},
                 "qualification_text": {"before": "", "after": "MSc"},
             }},
            {"change": "added", "begins_on": None, "key": "d", "role": "Head", **place,
             "values": {"price": {"before": None, "after": "950.00"}}},
        ],
    }  # fmt: skip
    assert counts() == before


def test_the_command_tells_withdrawn_lines_before_and_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, sheet(*FIRST, headings=HEADINGS), headings=KEYED)
    path = tmp_path / "rates.csv"
    path.write_text(sheet(*AGAIN, headings=HEADINGS))
    words = ["import_rates", "--framework", "wr1", "--map", *(f"{name}={at}" for name, at in KEYED.items())]

    call_command(*words, str(path), "--dry-run")

    lines = [
        "wr1~yew line a Analyst: withdrawn, was 650.00",
        (
            "wr1~yew line b Lead: price 750.00 to 760.00, qualification unknown to masters, "
            "qualification_text unknown to MSc"
        ),
        "wr1~yew line d Head: added at 950.00",
    ]
    assert capsys.readouterr().out.splitlines() == [
        "wr1~yew would have: 1 added, 1 changed, 1 as they were, 1 withdrawn",
        "  1 line is not in the file and would be withdrawn: a",
        *lines,
        "3 rows: 3 would be loaded (1 new, 1 changed, 1 as they were), 0 refused; 1 lines would be withdrawn.",
        "Nothing was changed: this was a dry run. 3 of 3 rows would be loaded.",
    ]

    call_command(*words, str(path))

    assert capsys.readouterr().out.splitlines()[:-1] == [
        "wr1~yew: 1 added, 1 changed, 1 as they were, 1 withdrawn",
        "  1 line is not in the file and thereby withdrawn: a",
        *lines,
        "3 rows: 3 loaded (1 new, 1 changed, 1 as they were), 0 refused; 1 lines withdrawn.",
        "3 of 3 rows were loaded.",
    ]
    assert sorted(key for key, _, _ in published("wr1~yew")) == ["b", "c", "d"]


def test_the_command_tells_the_first_twenty_lines_and_all_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("Supplier,Role,Price\n" + "".join(f"Yew Digital,Role {n},650\n" for n in range(30)))

    call_command("import_rates", str(path), "--framework", "wr1", "--dry-run")
    said = capsys.readouterr().out
    call_command("import_rates", str(path), "--framework", "wr1", "--dry-run", "--json")
    told = json.loads(capsys.readouterr().out)

    assert said.count("added at") == 20
    assert "… and 10 more lines; --json tells all" in said
    assert len(told["cards"]["wr1~yew"]["lines"]) == 30


def test_the_command_says_plainly_that_a_refusal_changed_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("supplier,role,price\nYew Digital,A,650\nBeech,B,700\nYew Digital,C,oops\n")
    before = counts()

    with pytest.raises(SystemExit):
        call_command("import_rates", str(path), "--framework", "wr1", "--create-suppliers")

    said = capsys.readouterr().out
    assert "2 rows: " not in said
    assert said.splitlines()[-4:] == [
        "1 suppliers would be made.",
        "3 rows: 0 loaded, 3 refused.",
        "The right rows by themselves would be 2 new, 0 changed, 0 as they were; 0 lines would be withdrawn.",
        "Nothing was changed: 1 of 3 rows is wrong, and it was all or nothing.",
    ]
    assert counts() == before


PAIRS = ["supplier=Firm", "role=Title", "price=Rate"]


@pytest.mark.parametrize(
    "words",
    [
        ["FILE", "--map", *PAIRS],
        ["--map", *PAIRS, "FILE"],
        ["--map", PAIRS[0], "--map", PAIRS[1], "--map", PAIRS[2], "FILE"],
        ["--map", *PAIRS[:2], "FILE", "--map", PAIRS[2]],
        ["--map", *PAIRS, "FILE", "--strict"],
    ],
)
def test_pairs_and_the_file_stand_in_any_order(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(sheet("Yew Digital,Analyst,650"))

    call_command(
        "import_rates", "--framework", "wr1", *(str(path) if one == "FILE" else one for one in words)
    )

    assert published("wr1~yew") == [("1", "Analyst", 65_000)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--map", "price=Rate"], "Say which file"),
        (["--map", "a.csv", "b.csv"], "Say which file"),
        (["a.csv", "--map", "price"], "'price' is not FIELD=HEADING"),
        (["a.csv", "--map", "price="], "'price=' is not FIELD=HEADING"),
    ],
)
def test_a_mapping_without_a_file_or_a_heading_is_refused(words: list[str], why: str) -> None:
    before = counts()

    with pytest.raises(CommandError, match=why):
        call_command("import_rates", "--framework", "wr1", *words)

    assert counts() == before

"""A file that is no workbook, or a broken one, is refused by a sentence that says what it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from procurement.errors import Invalid
from tests.procurement.test_rate_import_reports import book
from tests.procurement.test_rate_imports import counts, run
from tests.world import make_world

pytestmark = pytest.mark.django_db

SHEET = "xl/worksheets/sheet1.xml"
CUT_OFF = "the workbook is cut off: its end is missing; download it again, or save it anew"
DAMAGED = "the workbook is damaged; open it in a spreadsheet program and save it anew"
PASSWORD = "the workbook is protected by a password; save it without one"
NO_WORKBOOK = "it is a zip archive without a workbook; send the .xlsx or CSV file itself"


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def zipped(parts: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return made.getvalue()


def workbook() -> bytes:
    return book(
        Rates=[["Firm", "Title", "Rate"], *(["Yew Digital", f"Role {row}", 650] for row in range(99))]
    )


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def without(part: str) -> bytes:
    return zipped({name: content for name, content in parts_of(workbook()).items() if name != part})


def spoilt() -> bytes:
    """Bytes of the worksheet that nobody can unpack."""
    content = bytearray(workbook())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        place = package.getinfo(SHEET).header_offset + 30 + len(SHEET)
    content[place : place + 40] = bytes(byte ^ 0xFF for byte in content[place : place + 40])
    return bytes(content)


def locked() -> bytes:
    """A package whose parts are read with a password alone."""
    content = bytearray(workbook())
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := content.find(sign, place + 1)) >= 0:
            content[place + flags] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (workbook()[:-10], CUT_OFF),
        (workbook()[:900], CUT_OFF),
        (spoilt(), DAMAGED),
        (without("[Content_Types].xml"), DAMAGED),
        (without("xl/workbook.xml"), NO_WORKBOOK),
        (zipped({}), NO_WORKBOOK),
        (zipped({"rates.csv": b"supplier,role,price\n"}), NO_WORKBOOK),
        (zipped({"word/document.xml": b"<a/>"}), "it is a Word document; save the sheet as .xlsx or CSV"),
        (
            zipped({"mimetype": b"a", "content.xml": b"<a/>"}),
            "it is an OpenDocument file, such as .ods; save the sheet as .xlsx or CSV",
        ),
        (
            zipped({"xl/workbook.bin": b"a"}),
            "it is a binary workbook (.xlsb); save the sheet as .xlsx or CSV",
        ),
        (locked(), PASSWORD),
        (
            b"<HTML><table><tr><td>Firm</td></tr></table>",
            "it is a web page or XML, whatever its name ends with; save it as .xlsx or CSV",
        ),
    ],
    ids=["end", "half", "spoilt", "types", "part", "empty", "csv", "word", "ods", "xlsb", "locked", "html"],
)
def test_what_is_no_whole_workbook_is_refused_by_what_it_is(tmp_path: Path, content: bytes, why: str) -> None:
    before = counts()

    with pytest.raises(Invalid) as refused:
        run(tmp_path, content, name="rates.xlsx")

    assert (refused.value.message, counts()) == (f"rates.xlsx: {why}.", before)


def test_the_command_says_what_is_wrong_with_the_file_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rates.xlsx"
    path.write_bytes(workbook()[:-10])

    with pytest.raises(CommandError) as refused:
        call_command("import_rates", str(path), "--framework", "wr1")

    assert str(refused.value) == f"rates.xlsx: {CUT_OFF}."

"""The records of an XLSX workbook: one worksheet of it, cell by cell as text, the others named, the package
never trusted.

Under rate_sheets.py, which makes rows of the records.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import repeat, zip_longest
from pathlib import Path
from typing import Any, Final

import openpyxl
import puremagic

from procurement.actions.merged_cells import MOST_MERGED, TooManyMerged, filled, merged_ranges
from procurement.packages import BROKEN

LARGEST_UNPACKED: Final = 2_000_000_000
HIGHEST_RATIO: Final = 200
MOST_PARTS: Final = 2_000
MOST_ROWS: Final = 1_048_576
DOCTYPE_WITHIN: Final = 4_096
"""An XML part that declares a document type does so in its first bytes, before its root element."""
ENCRYPTED: Final = 1
"""The flag of a part of a zip that is read with a password alone."""
LARGEST_WHOLE: Final = 1e15
"""Below it a number of fifteen digits is exact to the last."""
UNCALCULATED: Final = "\x00formula"
"""A cell with a formula that nobody has calculated; no text holds that first character."""

_OLDER: Final = {
    "EncryptedPackage": "the workbook is protected by a password; save it without one",
    "Workbook": "it is an old Excel workbook (.xls); save it as .xlsx or CSV",
}
"""Part of a file in Office's older format to what such a file is; the first that is there counts."""
_NO_SHEET: Final = "it is a file in Office's older format without a workbook; save the sheet as .xlsx or CSV"
_OTHER_PACKAGES: Final = {
    "xl/workbook.bin": "it is a binary workbook (.xlsb)",
    "word/": "it is a Word document",
    "ppt/": "it is a presentation",
    "content.xml": "it is an OpenDocument file, such as .ods",
    "Index/": "it is a file of Numbers or Pages",
}
"""The beginning of a part's name to what a zip without a workbook is that has it; the first that fits counts."""
_FORMULA: Final = re.compile(rb"<(?:\w{1,20}:)?f[\s/>]")
_CHUNK: Final = 1 << 20


class BadSheet(Exception):  # noqa: N818 - it names what the file is
    """The file as a whole cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """The records of the worksheet that was chosen, and the names of others that hold something."""

    records: Iterator[list[str]]
    unread: tuple[str, ...]


def open_workbook(path: Path, sheet: str) -> Workbook:
    """The worksheet of that name; for "" the only one that holds anything. Raises BadSheet."""
    formulas = _check_package(path)
    try:
        name, unread = _chosen(path, sheet)
    except BROKEN as error:
        raise _damaged() from error
    return Workbook(_records(path, name, formulas), unread)


def compound_file(path: Path) -> str:
    """What a file in Office's older format is, by the parts that its directory names, and what to do about it."""
    found: set[str] = set()
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(_CHUNK):
            found |= {said for name, said in _OLDER.items() if name.encode("utf-16-le") in tail + chunk}
            tail = chunk[-64:]
    return next((said for said in _OLDER.values() if said in found), _NO_SHEET)


def _other(names: Collection[str]) -> str:
    """What a zip is that holds no workbook, by the names of its parts, and what to do about it."""
    for beginning, said in _OTHER_PACKAGES.items():
        if any(name.startswith(beginning) for name in names):
            return f"{said}; save the sheet as .xlsx or CSV"
    return "it is a zip archive without a workbook; send the .xlsx or CSV file itself"


def _damaged() -> BadSheet:
    return BadSheet("the workbook is damaged; open it in a spreadsheet program and save it anew")


def _chosen(path: Path, wanted: str) -> tuple[str, tuple[str, ...]]:
    with path.open("rb") as file, closing(openpyxl.load_workbook(file, read_only=True)) as book:
        if not book.worksheets:
            raise BadSheet("the workbook has no worksheet")
        names = [worksheet.title for worksheet in book.worksheets]
        if len(names) == 1 and not wanted:
            return names[0], ()
        filled = [worksheet.title for worksheet in book.worksheets if _holds_something(worksheet)]
    if wanted:
        alike = [name for name in names if name.casefold() == wanted.casefold()]
        if not alike:
            raise BadSheet(f"there is no sheet {wanted!r}; there are {', '.join(map(repr, names))}")
        return alike[0], tuple(name for name in filled if name != alike[0])
    if len(filled) > 1:
        there = ", ".join(map(repr, filled))
        raise BadSheet(f"{len(filled)} sheets hold something, {there}; say which sheet to read")
    return (filled or names)[0], ()


def _holds_something(worksheet: Any) -> bool:
    worksheet.reset_dimensions()
    return any(cell not in (None, "") for row in worksheet.iter_rows(values_only=True) for cell in row)


def _records(path: Path, name: str, formulas: bool) -> Iterator[list[str]]:
    """The records of one worksheet. Formulas give the values that were last calculated, or UNCALCULATED; merged cells
    what merged_cells.py says.
    """
    try:
        with ExitStack() as opened:
            values = _worksheet(opened, path, name, calculated=True)
            written = _worksheet(opened, path, name, calculated=False) if formulas else None
            width = 0
            # openpyxl tells merged ranges of a worksheet that it holds whole, never of one that it streams.
            with zipfile.ZipFile(path) as package, package.open(values._worksheet_path) as content:
                merged = merged_ranges(content)
            read = _read(values, written)
            for number, record in enumerate(filled(read, merged) if merged else read, start=1):
                if number > MOST_ROWS:
                    raise BadSheet(f"the sheet has more than {MOST_ROWS:,} rows")
                while record and not record[-1]:
                    record.pop()
                # Worksheets leave out empty cells at the end of a row; text files must not.
                width = width or len(record)
                yield [cell for cell, _ in zip_longest(record, range(width), fillvalue="")]
    except TooManyMerged as error:
        raise BadSheet(
            f"the sheet has more than {MOST_MERGED:,} merged ranges of cells; unmerge them"
        ) from error
    except BROKEN as error:
        raise _damaged() from error


def _worksheet(opened: ExitStack, path: Path, name: str, *, calculated: bool) -> Any:
    file = opened.enter_context(path.open("rb"))
    book = openpyxl.load_workbook(file, read_only=True, data_only=calculated)
    opened.enter_context(closing(book))
    worksheet = next(one for one in book.worksheets if one.title == name)
    # What a worksheet says of its own size may be wrong, and would cut it.
    worksheet.reset_dimensions()
    return worksheet


def _read(values: Any, written: Any) -> Iterator[list[str]]:
    """Rows as text; `written` is the same worksheet with its formulas, read beside it where it has any."""
    if written is None:
        for record in values.iter_rows(values_only=True):
            yield [_cell(value) for value in record]
        return
    for row, formulas in zip_longest(values.iter_rows(), written.iter_rows(), fillvalue=()):
        cells = zip(row, (*formulas, *repeat(None, len(row) - len(formulas))), strict=False)
        yield [UNCALCULATED if _lacks_value(cell, formula) else _cell(cell.value) for cell, formula in cells]


def _lacks_value(cell: Any, formula: Any) -> bool:
    """A formula with neither a value nor an empty text as its result."""
    return (
        cell.value is None
        and formula is not None
        and formula.data_type == "f"
        and cell.data_type not in ("str", "s")
    )


def _check_package(path: Path) -> bool:
    """Whether its worksheets hold formulas. Raises BadSheet for what is no plain workbook: a bomb, macros,
    document types, anything else in a zip.
    """
    try:
        if not zipfile.is_zipfile(path):
            raise BadSheet("the workbook is cut off: its end is missing; download it again, or save it anew")
        kinds = {match.extension for match in puremagic.magic_file(path)}
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            if len(parts) > MOST_PARTS:
                raise BadSheet("the workbook has too many parts")
            unpacked = sum(part.file_size for part in parts)
            packed = max(sum(part.compress_size for part in parts), 1)
            if unpacked > LARGEST_UNPACKED or unpacked > HIGHEST_RATIO * packed:
                raise BadSheet(f"the workbook unpacks to {unpacked / packed:.0f} times its size")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise BadSheet(_other(names))
            if not kinds & {".xlsx", ".zip"}:
                raise BadSheet("it is not a workbook (.xlsx)")
            if any(part.flag_bits & ENCRYPTED for part in parts):
                raise BadSheet(_OLDER["EncryptedPackage"])
            if any(name.endswith("vbaProject.bin") for name in names):
                raise BadSheet("the workbook holds macros; save it as .xlsx")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with package.open(part) as content:
                        if b"<!doctype" in content.read(DOCTYPE_WITHIN).lower().replace(b"\x00", b""):
                            raise BadSheet("the workbook declares a document type, which none needs")
            return any(
                _has_formula(package, part) for part in parts if part.filename.startswith("xl/worksheets/")
            )
    except (*BROKEN, puremagic.PureError) as error:
        raise _damaged() from error


def _has_formula(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with package.open(part) as content:
        tail = b""
        while chunk := content.read(_CHUNK):
            if _FORMULA.search(tail + chunk):
                return True
            tail = chunk[-30:]
    return False


def _cell(value: Any) -> str:
    """A cell as text: numbers as spreadsheets show them, to fifteen digits, whole ones without a point; dates as ISO
    days, nothing as "".
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # What 650 * 1.15 leaves behind the fifteenth digit (747.4999999999999) is binary arithmetic, which nobody sees.
        value = float(f"{value:.15g}")
        if value.is_integer() and abs(value) < LARGEST_WHOLE:
            return str(int(value))
    return str(value)

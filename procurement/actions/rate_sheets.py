"""Tables from files that people send: CSV and XLSX read by heading, never by position, and never trusted.

First step of a rate-card import. Every record of the file becomes a SheetRow or a fault that names its row:
nothing is padded, cut or skipped without a word.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import openpyxl
import puremagic

LARGEST_FILE: Final = 500_000_000
LARGEST_UNPACKED: Final = 2_000_000_000
HIGHEST_RATIO: Final = 200
MOST_PARTS: Final = 2_000
LONGEST_CELL: Final = 100_000
DOCTYPE_WITHIN: Final = 4_096
"""An XML part that declares a document type does so in its first bytes, before its root element."""


class BadSheet(Exception):  # noqa: N818 - it names what the file is
    """The file as a whole cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One record: `number` as a spreadsheet counts (the headings are 1), `cells` by heading, or the
    `fault`.
    """

    number: int
    cells: dict[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's headings and its records, read as they are asked for; a record without any content is not
    one.
    """

    headings: tuple[str, ...]
    rows: Iterator[SheetRow]


def open_sheet(path: Path) -> Sheet:
    """The table in a CSV or XLSX file, told by its content. Raises BadSheet."""
    size = path.stat().st_size
    if size == 0:
        raise BadSheet("the file is empty")
    if size > LARGEST_FILE:
        raise BadSheet(f"the file is larger than {LARGEST_FILE:,} bytes")
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        records = _workbook(path)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadSheet("it is an old Excel workbook (.xls); save it as .xlsx or CSV")
    else:
        records = _text(path)
    first = next(records, None)
    if first is None:
        raise BadSheet("the file has no headings")
    headings = tuple(heading.strip() for heading in first)
    named = [heading for heading in headings if heading]
    doubled = sorted({heading for heading in named if named.count(heading) > 1})
    if doubled:
        raise BadSheet(f"the heading {doubled[0]!r} stands twice")
    if not named:
        raise BadSheet("the first row has no headings")
    return Sheet(headings, _rows(headings, records))


def _rows(headings: Sequence[str], records: Iterator[list[str]]) -> Iterator[SheetRow]:
    number = 1
    while True:
        number += 1
        try:
            record = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadSheet(f"row {number} cannot be read as CSV ({error})") from error
        if not any(cell.strip() for cell in record):
            continue
        yield _row(number, headings, record)


def _row(number: int, headings: Sequence[str], record: Sequence[str]) -> SheetRow:
    if len(record) != len(headings):
        why = "a comma outside quotes?" if len(record) > len(headings) else "a part is missing"
        return SheetRow(number, {}, f"has {len(record)} cells and not {len(headings)}: {why}")
    cells = {heading: cell.strip() for heading, cell in zip(headings, record, strict=True) if heading}
    for heading, cell in cells.items():
        if len(cell) > LONGEST_CELL:
            return SheetRow(number, cells, f"{heading} has {len(cell):,} characters")
        if "\x00" in cell:
            return SheetRow(number, cells, f"{heading} holds a character that no text has")
    return SheetRow(number, cells)


def _text(path: Path) -> Iterator[list[str]]:
    """The records of a CSV file in UTF-8, with or without a byte order mark."""
    csv.field_size_limit(LONGEST_CELL * 10)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file, strict=True)
    except UnicodeDecodeError as error:
        raise BadSheet("it is not UTF-8 text; save it as CSV UTF-8") from error


def _workbook(path: Path) -> Iterator[list[str]]:
    """The records of the first worksheet. Formulas give the values that were last calculated."""
    _check_package(path)
    try:
        with (
            path.open("rb") as file,
            closing(openpyxl.load_workbook(file, read_only=True, data_only=True)) as book,
        ):
            width = 0
            for record in book.worksheets[0].iter_rows(values_only=True):
                cells = [_cell(value) for value in record]
                while cells and not cells[-1]:
                    cells.pop()
                # Worksheets leave out empty cells at the end of a row; text files must not.
                width = width or len(cells)
                yield [cell for cell, _ in zip_longest(cells, range(width), fillvalue="")]
    except (KeyError, ValueError, IndexError, OSError, zipfile.BadZipFile, SyntaxError) as error:
        raise BadSheet(f"the workbook is damaged ({type(error).__name__})") from error


def _check_package(path: Path) -> None:
    """Raises BadSheet for what is no plain workbook: a bomb, macros, document types, anything else in a
    zip.
    """
    try:
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
            if "xl/workbook.xml" not in names or not kinds & {".xlsx", ".zip"}:
                raise BadSheet("it is not a workbook (.xlsx)")
            if any(name.endswith("vbaProject.bin") for name in names):
                raise BadSheet("the workbook holds macros; save it as .xlsx")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with package.open(part) as content:
                        if b"<!doctype" in content.read(DOCTYPE_WITHIN).lower().replace(b"\x00", b""):
                            raise BadSheet("the workbook declares a document type, which none needs")
    except (zipfile.BadZipFile, OSError, RuntimeError, puremagic.PureError) as error:
        raise BadSheet(f"the workbook is damaged ({type(error).__name__})") from error


def _cell(value: Any) -> str:
    """A cell as text: whole numbers without a point, dates as ISO days, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)

"""Tables from files that people send: CSV and XLSX read by heading, never by position, and never trusted.

First step of a rate-card import. Every record of the file becomes a SheetRow or a fault that names its row:
nothing is padded, cut or skipped without a word.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from openpyxl.utils import get_column_letter

from procurement.actions.merged_cells import MERGED
from procurement.actions.rate_workbooks import UNCALCULATED, BadSheet, compound_file, open_workbook

LARGEST_FILE: Final = 500_000_000
LONGEST_CELL: Final = 100_000
MOST_COLUMNS: Final = 16_384
DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
"""What may stand between the cells of a text file; the comma where its headings have none of them."""
MARKED_UP: Final = (b"<html", b"<table", b"<?xml", b"<!doctyp")
"""How a text begins that is no sheet, though some programs give it out for an .xls; as much as is looked at."""
QUOTED: Final = {
    "unexpected end of data": "a quotation mark opens a cell and none closes it",
    "expected after": "something follows a cell's closing quotation mark; one within a cell is written twice",
}
"""Python's words for what is wrong with a text file to those of a person who has it open."""
SHEET_ERRORS: Final = frozenset(
    [
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#UNKNOWN!",
        "#GETTING_DATA",
    ]
) | {f"Err:{number}" for number in range(501, 541)}
"""What spreadsheet programs write, into text files too, where a calculation has failed."""
_VALUELESS: Final = SHEET_ERRORS | {UNCALCULATED}
UNPRINTABLE: Final = re.compile(
    # Controls but for tabs and line ends, marks that turn the direction of what follows, halves of a surrogate pair:
    # on a terminal or page they show something else than what is stored. U+0080 to U+009F stand in real sheets that
    # were once read in the wrong charset: they are kept, and escaped where a command prints them.
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
GUARD: Final = re.compile(r"\A'(?=[=+\-@])")
"""An apostrophe by which an export keeps a spreadsheet from taking a text for a formula; it is none of the text's,
also where the spreadsheet has saved it into a workbook."""
LONGEST_HEADINGS: Final = 1 << 16
"""Characters of a text file within which its headings are looked for, to see what parts them."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One record: `number` as a spreadsheet counts (the headings are 1), `cells` by heading, or the
    `fault`. `valueless` has the headings whose cell is one of SHEET_ERRORS, and which; of a cell that is merged so that
    nobody can tell its value the range ("A2:B5"); "" for a formula that nobody has calculated. Such a cell is blank
    in `cells`.
    """

    number: int
    cells: dict[str, str]
    fault: str = ""
    valueless: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Nameless:
    """What a column without a heading holds: its letter, its first filled row, how many are filled."""

    letter: str
    first: int
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's headings and its records, read as they are asked for; a record without any content is not
    one. `nameless` fills as they are read. `unread` are the workbook's other sheets that hold something.
    """

    headings: tuple[str, ...]
    rows: Iterator[SheetRow]
    nameless: dict[int, Nameless]
    unread: tuple[str, ...]


def open_sheet(path: Path, sheet: str = "") -> Sheet:
    """The table in a CSV or XLSX file, told by its content; `sheet` names the worksheet. Raises BadSheet."""
    size = path.stat().st_size
    if size == 0:
        raise BadSheet("the file is empty")
    if size > LARGEST_FILE:
        raise BadSheet(f"the file is larger than {LARGEST_FILE:,} bytes")
    with path.open("rb") as file:
        start = file.read(8)
    unread: tuple[str, ...] = ()
    parted = ","
    # Two letters begin many a heading (PKey); these are a zip's, of which a workbook is one.
    ragged = start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))
    if ragged:
        book = open_workbook(path, sheet)
        records, unread = book.records, book.unread
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadSheet(compound_file(path))
    elif start.lower().startswith(MARKED_UP):
        raise BadSheet("it is a web page or XML, whatever its name ends with; save it as .xlsx or CSV")
    elif sheet:
        raise BadSheet(f"it is a text file, which has no sheet {sheet!r}")
    else:
        parted = _delimiter(path)
        records = _text(path, parted)
    first = _record(records, 1)
    if first is None:
        raise BadSheet("the file has no headings")
    headings = tuple("" if heading == UNCALCULATED else heading.strip() for heading in first)
    named = [heading for heading in headings if heading]
    doubled = sorted({heading for heading in named if named.count(heading) > 1})
    if doubled:
        raise BadSheet(f"the heading {doubled[0]!r} stands twice")
    if not named:
        raise BadSheet("the first row has no headings")
    for heading in named:
        if bad := unprintable(heading):
            raise BadSheet(f"the heading {heading[:200]!r} holds {bad}")
    table = _Table(headings, ragged, DELIMITERS[parted])
    return Sheet(headings, table.rows(records), table.nameless, unread)


def _record(records: Iterator[list[str]], number: int) -> list[str] | None:
    """The next record, None after the last. Raises BadSheet where row `number` is no CSV."""
    try:
        return next(records, None)
    except csv.Error as error:
        why = next((said for words, said in QUOTED.items() if words in str(error)), str(error))
        raise BadSheet(f"row {number} cannot be read as CSV: {why}") from error


def unprintable(cell: str) -> str:
    """Which character a cell holds that no text has, "" if none."""
    bad = UNPRINTABLE.search(cell)
    return f"U+{ord(bad.group()):04X}, a character that no text has" if bad else ""


@dataclass(slots=True)
class _Table:
    """Makes rows of records. `ragged`: a record may be longer than the headings, as worksheets are; `parted` names the
    sign between the cells of a text.
    """

    headings: Sequence[str]
    ragged: bool
    parted: str
    nameless: dict[int, Nameless] = field(default_factory=dict)

    def rows(self, records: Iterator[list[str]]) -> Iterator[SheetRow]:
        number = 1
        bare = self.ragged or "" in self.headings
        while True:
            number += 1
            record = _record(records, number)
            if record is None:
                return
            if not any(cell.strip() for cell in record):
                continue
            row = self._row(number, record)
            if bare and not row.fault:
                self._note_nameless(number, record)
            yield row

    def _row(self, number: int, record: Sequence[str]) -> SheetRow:
        headings = self.headings
        if len(record) != len(headings) and not (self.ragged and len(record) > len(headings)):
            why = f"a {self.parted} outside quotes?" if len(record) > len(headings) else "a part is missing"
            return SheetRow(number, {}, f"has {len(record)} cells and not {len(headings)}: {why}")
        cells = {heading: cell.strip() for heading, cell in zip(headings, record, strict=False) if heading}
        # Hardly any cell has one: a quarter of a million rows are not put through an expression for it.
        for heading, cell in cells.items():
            if cell.startswith("'"):
                cells[heading] = GUARD.sub("", cell)
        valueless = {
            heading: cell for heading, cell in cells.items() if cell in _VALUELESS or cell.startswith(MERGED)
        }
        for heading, cell in valueless.items():
            cells[heading] = ""
            valueless[heading] = "" if cell == UNCALCULATED else cell.removeprefix(MERGED)
        for heading, cell in cells.items():
            if len(cell) > LONGEST_CELL:
                return SheetRow(number, cells, f"{heading} has {len(cell):,} characters")
            if "\x00" in cell:
                return SheetRow(number, cells, f"{heading} holds a character that no text has")
        return SheetRow(number, cells, valueless=valueless)

    def _note_nameless(self, number: int, record: Sequence[str]) -> None:
        for place, cell in enumerate(record):
            own = cell.strip() and not cell.startswith(MERGED)
            if own and (place >= len(self.headings) or not self.headings[place]):
                held = self.nameless.get(place)
                if held is None:
                    held = self.nameless[place] = Nameless(_letter(place + 1), number)
                held.filled += 1


def _letter(column: int) -> str:
    """As spreadsheets name a column, as far as they do."""
    return get_column_letter(column) if column <= MOST_COLUMNS else str(column)


def _delimiter(path: Path) -> str:
    """What parts the headings of a text file: of the signs that may, the one that makes most of them, among those by
    which the first record has as many cells.
    """
    # Not csv.Sniffer: it guesses by what recurs, and for a short file it may take a blank or a letter.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        start = file.read(LONGEST_HEADINGS)
    widths = {sign: _widths(start, sign) for sign in DELIMITERS}
    # A sign inside the headings alone (Role | level) parts nothing.
    even = [sign for sign, (first, second) in widths.items() if first == second > 1]
    return max(even or DELIMITERS, key=lambda sign: widths[sign][0])


def _widths(start: str, sign: str) -> tuple[int, int]:
    """How many cells the headings have, and the first record, if this sign parts them."""
    records = (
        record for record in csv.reader(io.StringIO(start, ""), delimiter=sign) if any(map(str.strip, record))
    )
    return len(next(records, [])), len(next(records, []))


def _text(path: Path, delimiter: str) -> Iterator[list[str]]:
    """The records of a CSV file in UTF-8, with or without a byte order mark."""
    csv.field_size_limit(LONGEST_CELL * 10)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file, delimiter=delimiter, strict=True)
    except UnicodeDecodeError as error:
        raise BadSheet("it is not UTF-8 text; save it as CSV UTF-8") from error

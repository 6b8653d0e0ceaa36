"""The evidence pack as a workbook: a sheet for each table, the audit first. Every cell is text or empty, and none is
taken for a formula.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from procurement.evidence.content import Pack, Table

LONGEST_CELL: Final = 32_000
"""Characters; a spreadsheet holds 32,767."""
CUT: Final = " … (cut here; the pack as JSON has all of it)"
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
WIDEST: Final = 60

_HEADING: Final = Font(bold=True)
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")


def workbook(pack: Pack) -> bytes:
    """The pack as XLSX. Its properties say when the snapshot was taken, not when the file was made."""
    book = Workbook(write_only=True)
    taken = datetime.fromisoformat(pack.taken_at).replace(tzinfo=None)
    book.properties.title = pack.title
    book.properties.creator = "Calloff"
    book.properties.created = book.properties.modified = taken
    for table in pack.tables:
        _write(book, table)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def guarded(text: str) -> str:
    """The text as a cell holds it: without characters that a workbook cannot hold, an apostrophe before what a
    spreadsheet would take for a formula, cut where it is too long.
    """
    clean = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)
    safe = f"'{clean}" if clean.startswith(DANGEROUS) else clean
    return safe if len(safe) <= LONGEST_CELL else safe[: LONGEST_CELL - len(CUT)] + CUT


def _write(book: Workbook, table: Table) -> None:
    sheet = book.create_sheet(table.title)
    sheet.freeze_panes = "A2"
    for number, column in enumerate(table.columns, start=1):
        longest = max((len(row[number - 1]) for row in table.rows), default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(max(longest, len(column)) + 2, WIDEST)
    sheet.append([_cell(sheet, column, _HEADING) for column in table.columns])
    for row in table.rows:
        sheet.append([_cell(sheet, text) for text in row])
    if table.note:
        sheet.append([])
        sheet.append([_cell(sheet, table.note)])


def _cell(sheet: Any, text: str, font: Font | None = None) -> Any:
    if not text:
        return None
    cell = WriteOnlyCell(sheet, guarded(text))
    cell.data_type = "s"
    cell.alignment = _WRAPPED
    if font is not None:
        cell.font = font
    return cell

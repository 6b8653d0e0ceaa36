"""A comparison as a file: CSV or a workbook, with the rows of the page; cells guarded against being read as formulas.

Amounts are plain numbers of the currency that the row "Rate card" names; each difference to the median has a row of its
own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final, TypeAlias

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from procurement.pricing import MINOR_PER_MAJOR, money
from search.comparing import Comparison
from search.comparison_table import Cell, Row, rows
from search.rate_export import guarded

Value: TypeAlias = str | int
"""Words, or an amount in minor units."""

LABEL_WIDTH: Final = 34
COLUMN_WIDTH: Final = 40
"""Characters."""


def csv_text(comparison: Comparison) -> str:
    """The whole file (CRLF, RFC 4180); amounts as decimal strings."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for line in _lines(comparison):
        writer.writerow([money(value) if isinstance(value, int) else guarded(value) for value in line])
    return buffer.getvalue()


def workbook(comparison: Comparison) -> bytes:
    """The same as an Office Open XML workbook of one sheet; amounts as numbers."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Comparison"
    for number, line in enumerate(_lines(comparison), start=1):
        for column, value in enumerate(line, start=1):
            cell = sheet.cell(number, column)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(value, int):
                cell.value, cell.number_format = value / MINOR_PER_MAJOR, "0.00"
            else:
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", guarded(value))
                # A text stays one whatever it begins with.
                cell.data_type = "s"
            if number == 1 or column == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for place, dimension in enumerate("ABCDEFGHIJK"[: len(comparison.listings) + 1]):
        sheet.column_dimensions[dimension].width = COLUMN_WIDTH if place else LABEL_WIDTH
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _lines(comparison: Comparison) -> Iterator[list[Value]]:
    yield ["", *(one.stored["partner"]["name"] for one in comparison.listings)]
    yield ["Listing", *(one.reference for one in comparison.listings)]
    for row in rows(comparison):
        yield [row.label, *map(_value, row.cells)]
        if row.money:
            yield _differences(row)
    if comparison.only_illustrative:
        yield ["Every card compared is illustrative: medians are of made-up rates."]


def _differences(row: Row) -> list[Value]:
    cells = ["" if cell.difference is None else cell.difference for cell in row.cells]
    return [f"{row.label}: difference to the median", *cells]


def _value(cell: Cell) -> Value:
    if cell.amount is not None:
        return cell.amount
    words = "; ".join(cell.texts)
    return f"{words}: {money(cell.span[0])} to {money(cell.span[1])}" if cell.span else words

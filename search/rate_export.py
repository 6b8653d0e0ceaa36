"""Rate lines as CSV, for a file or a spreadsheet: a row for each line, cells guarded against being read as
formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

HEADINGS: Final = (
    "reference", "supplier", "supplier_name", "framework", "lots", "role_title", "grade", "grade_name",
    "work_type", "min_experience", "max_experience", "qualification", "qualification_label", "site", "size",
    "amount", "currency", "unit", "vat", "basis", "fictional", "card", "version", "valid_from", "valid_to",
)  # fmt: skip

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
ROWS_AT_ONCE: Final = 500


def csv_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """The file piece by piece (CRLF, RFC 4180), headings first; `lines` are stored lines as the engine gives
    them.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEADINGS)
    for number, line in enumerate(lines, start=1):
        writer.writerow([guarded(cell) for cell in _cells(orjson.loads(line))])
        if number % ROWS_AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def guarded(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: text that starts like one gets an apostrophe. None is
    empty.
    """
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _cells(line: dict[str, Any]) -> tuple[object, ...]:
    grade = line["grade"] or {"code": None, "name": None}
    return (
        line["reference"], line["supplier"]["reference"], line["supplier"]["name"],
        line["framework"]["reference"], " ".join(lot["reference"] for lot in line["lots"]),
        line["role_title"], grade["code"], grade["name"], line["work_type"], line["min_experience"],
        line["max_experience"],
        line["qualification"], line["qualification_label"], line["site"], line["size"],
        line["amount"], line["currency"], line["unit"], line["vat"], line["basis"],
        str(line["fictional"]).lower(), line["card"],
        line["version"], line["valid_from"], line["valid_to"],
    )  # fmt: skip

"""Rate lines as CSV, for a file or a spreadsheet: a row for each line, cells guarded against being read as
formulas. The first columns are what an import of rates reads, under its own headings, so that a card that is exported
whole and imported again is the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

HEADINGS: Final = (
    "key", "supplier", "lot", "role", "grade", "work_type", "min_experience", "max_experience", "qualification",
    "site", "size", "price", "valid_from", "valid_to",
    "currency", "unit", "vat", "basis", "fictional", "reference", "supplier_name", "framework", "lots", "grade_name",
    "qualification_level", "supplier_size", "in_force_from", "in_force_to", "card", "version",
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
    grade, stated = line["grade"] or {"code": None, "name": None}, line["stated"]
    return (
        stated["key"], line["supplier"]["reference"], stated["lot"], line["role_title"], grade["code"],
        line["work_type"], line["min_experience"], line["max_experience"],
        stated["qualification"] or line["qualification"],
        line["site"], stated["size"], line["amount"], stated["valid_from"], stated["valid_to"],
        line["currency"], line["unit"], line["vat"], line["basis"], str(line["fictional"]).lower(),
        line["reference"], line["supplier"]["name"], line["framework"]["reference"],
        " ".join(lot["reference"] for lot in line["lots"]), grade["name"],
        line["qualification"], line["size"], line["valid_from"], line["valid_to"], line["card"], line["version"],
    )  # fmt: skip

"""The evidence pack on paper: a tagged PDF (PDF/UA-1) by typst, from paper.typ and the pack as JSON.

What buyers and firms wrote reaches typst as data and never as markup. The same pack gives the same bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from procurement.evidence.content import Pack, Table

TEMPLATE: Final = Path(__file__).with_name("paper.typ")
MOST_ROWS: Final = 1_000
"""Of one table; a rate card may have tens of thousands of lines, which nobody reads on paper."""
MOST_COLUMNS: Final = 5
"""Wider tables are told row by row."""

NOT_SHOWN: Final = "could not be displayed"
"""In typst's refusal of a character that no font has: PDF/UA forbids a blank in its place."""
SURE: Final = re.compile(r"[^\n\x20-\x7e\xa0-\u017f\u2010-\u2027\u2030-\u203a\u20ac\u2122]")
"""Whatever is not among the characters that the fonts in the wheel are sure to have."""


def paper(pack: Pack) -> bytes:
    """The pack as PDF. A character that no font has is told by its code point, such as [U+4E2D]."""
    try:
        return _compiled(pack)
    except typst.TypstError as refusal:
        if NOT_SHOWN not in str(refusal):
            raise
        return _compiled(_legible(pack))


def _compiled(pack: Pack) -> bytes:
    taken = datetime.fromisoformat(pack.taken_at)
    data = {
        "title": pack.title,
        "date": {"year": taken.year, "month": taken.month, "day": taken.day},
        "tables": [_shown(table) for table in pack.tables],
    }
    compiled = typst.compile(
        str(TEMPLATE),
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=int(taken.timestamp()),
    )
    if not isinstance(compiled, bytes):
        raise TypeError("typst answered no file.")
    return compiled


def _shown(table: Table) -> dict[str, Any]:
    note = table.note
    if len(table.rows) > MOST_ROWS:
        told = f"The first {MOST_ROWS:,} of {len(table.rows):,} rows; the workbook has all of them."
        note = f"{note} {told}".strip()
    held = asdict(table) | {"note": note, "rows": table.rows[:MOST_ROWS]}
    return held | {"wide": len(table.columns) > MOST_COLUMNS}


def _legible(pack: Pack) -> Pack:
    return Pack(
        _plain(pack.title),
        pack.taken_at,
        tuple(
            Table(
                table.title,
                table.columns,
                tuple(tuple(_plain(text) for text in row) for row in table.rows),
                table.note,
            )
            for table in pack.tables
        ),
    )


def _plain(text: str) -> str:
    return SURE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)

"""Merged cells of a worksheet: every row of a range that is merged down one column has what its first cell shows.

A package holds the content of a range in its first cell alone; without this, each further row would read as blank,
and a blank lot as every lot. Under rate_workbooks.py, which reads the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Final

from openpyxl.utils import range_boundaries

MERGED: Final = "\x00merged "
"""How a cell begins of which nobody can tell whether the merged range, named after it, gives it a value; no text
holds that first character."""
MOST_MERGED: Final = 200_000

_RANGE: Final = re.compile(
    rb"<(?:\w{1,20}:)?mergeCell\s[^<>]{0,200}?ref\s*=\s*[\"']([A-Za-z0-9:]{1,30})[\"']"
)
_LONGEST: Final = 300
"""No fewer bytes than _RANGE may match."""
_CHUNK: Final = 1 << 20


class TooManyMerged(Exception):  # noqa: N818 - it names what is wrong with the worksheet
    """A worksheet has more than MOST_MERGED merged ranges."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A range, rows and columns counted from 1, both ends within; `shown` is what its first cell holds."""

    left: int
    top: int
    right: int
    bottom: int
    name: str
    shown: str = ""


def merged_ranges(content: IO[bytes]) -> list[Merged]:
    """The merged ranges that a worksheet's part names, by their first row. Raises TooManyMerged, ValueError for what is
    no range.
    """
    found: dict[str, None] = {}
    tail = b""
    while chunk := content.read(_CHUNK):
        text = tail + chunk
        for match in _RANGE.finditer(text):
            found[match.group(1).decode().upper()] = None
        if len(found) > MOST_MERGED:
            raise TooManyMerged
        # The same range may be found in two chunks; it counts once.
        tail = text[-_LONGEST:]
    ranges = []
    for name in found:
        left, top, right, bottom = range_boundaries(name)
        if left is None or top is None or right is None or bottom is None:
            raise ValueError(name)
        ranges.append(Merged(left, top, right, bottom, name))
    return sorted(
        (one for one in ranges if one.top < one.bottom or one.left < one.right), key=lambda one: one.top
    )


def filled(records: Iterator[list[str]], ranges: list[Merged]) -> Iterator[list[str]]:
    """The records (the first is row 1, the headings) with what merged ranges show.

    Below the headings a row that holds something of its own has what each range shows in its first column; where a
    range that shows something covers further columns, or headings, its other cells are MERGED and its name. A row
    that holds nothing but covered cells is blank.
    """
    waiting = ranges[::-1]
    above: dict[int, Merged] = {}
    width = 0
    for number, record in enumerate(records, start=1):
        width = width or len(record)
        for column in [column for column, one in above.items() if one.bottom < number]:
            del above[column]
        begun: list[Merged] = []
        while waiting and waiting[-1].top <= number:
            one = waiting.pop()
            if one.left <= len(record):
                begun.append(replace(one, shown=record[one.left - 1].strip()))
        for one in begun:
            # Beyond the headings nothing is read of a row.
            above |= dict.fromkeys(range(one.left, min(one.right, width) + 1), one)
        if above and number > 1:
            _fill(record, number, above)
        yield record


def _fill(record: list[str], number: int, above: dict[int, Merged]) -> None:
    covered = {
        column: one for column, one in above.items() if (column, number) != (one.left, one.top) and one.shown
    }
    own = any(cell.strip() for column, cell in enumerate(record, start=1) if column not in covered)
    record += [""] * (max(covered, default=0) - len(record))
    for column, one in covered.items():
        if not own:
            record[column - 1] = ""
        elif column == one.left and one.top > 1:
            record[column - 1] = one.shown
        else:
            record[column - 1] = MERGED + one.name

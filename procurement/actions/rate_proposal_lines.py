"""The lines of a proposed rate card: read from JSON, from a form or from a CSV or XLSX file by the cells of an import,
kept as JSON, and told again as they can be sent back.

Between whoever proposes and rate_proposals.py, which keeps them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from procurement.actions.rate_cells import (
    FIELDS,
    LONGEST_WORDS,
    NO_PLAIN_KEY,
    CellFault,
    RowReader,
    plain_key,
)
from procurement.actions.rate_headings import headings_of
from procurement.actions.rate_imports import places_of
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rate_sheets import SheetRow, open_sheet
from procurement.actions.rate_workbooks import BadSheet
from procurement.errors import Fault, Invalid
from procurement.models import Framework, RateProposal, Supplier
from procurement.pricing import money
from procurement.profiles import Reader, escaped
from procurement.team_lines import folded

MOST_LINES: Final = 2_000
"""Larger cards come by import, which stages its lines."""
LARGEST_SHEET: Final = 5 * 1024 * 1024
REFUSED: Final = "The rates cannot be taken as they are."

NAMES: Final[dict[str, str]] = {
    "key": "key", "lot": "lot", "grade": "grade", "role": "role_title", "work_type": "work_type",
    "min_experience": "min_experience", "max_experience": "max_experience", "qualification": "qualification",
    "site": "site", "size": "size", "valid_from": "valid_from", "valid_to": "valid_to", "price": "amount",
}  # fmt: skip
"""Field of a sheet to field of a line in JSON."""
NUMBERS: Final = ("min_experience", "max_experience")


def kept(line: LineDraft) -> dict[str, Any]:
    """A line as JSON that is stored: what is unknown is left out."""
    values = {one.name: getattr(line, one.name) for one in fields(line)}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value not in (None, "")
    }


def lines_of(proposal: RateProposal) -> list[LineDraft]:
    """The lines that a proposal says, in their order."""
    return [_line_of(one) for one in proposal.lines]


def _line_of(stored: Mapping[str, Any]) -> LineDraft:
    days = {name: date.fromisoformat(stored[name]) for name in ("valid_from", "valid_to") if stored.get(name)}
    return LineDraft(**{**stored, **days})


def told(line: LineDraft) -> dict[str, Any]:
    """A line as the API sends and takes it: `amount` a decimal string in major units, VAT excluded; lot and grade by
    reference; None is unknown.
    """
    return {
        "key": line.key,
        "lot": line.lot,
        "grade": line.grade,
        "role_title": line.role_title or None,
        "work_type": line.work_type or None,
        "min_experience": line.min_experience,
        "max_experience": line.max_experience,
        "qualification": line.qualification_text or line.qualification or None,
        "site": line.site or None,
        "size": line.size or None,
        "valid_from": line.valid_from.isoformat() if line.valid_from else None,
        "valid_to": line.valid_to.isoformat() if line.valid_to else None,
        "amount": money(line.price_minor),
    }


class LineReader:
    """Reads the lines proposed for a card of a supplier on a framework (two queries). `before` are those in force:
    a line without a key, or with a new one, that says the same as one of them but for its rate is that line.
    """

    def __init__(
        self, supplier: Supplier, framework: Framework, currency: str, unit: str, before: Sequence[LineDraft]
    ) -> None:
        self._supplier, self._before = supplier, before
        self._currency, self._unit, self._places = currency, unit, places_of(framework)

    def from_objects(self, sent: object) -> list[LineDraft]:
        """Lines from a list of objects with fields of NAMES. Raises Invalid naming each that is wrong
        (`/lines/3/amount`).
        """
        if not isinstance(sent, list | tuple):
            raise Invalid(REFUSED, (Fault("/lines", "type", "This must be a list of lines."),))
        if len(sent) > MOST_LINES:
            told_most = f"A proposal has at most {MOST_LINES:,} lines; larger cards come by import."
            raise Invalid(REFUSED, (Fault("/lines", "length", told_most),))
        faults: list[Fault] = []
        rows: list[tuple[int, dict[str, str]]] = []
        for place, one in enumerate(sent):
            cells = _cells(one, f"/lines/{place}", faults)
            if cells is not None:
                rows.append((place, cells))
        if faults:
            raise Invalid(REFUSED, tuple(faults))
        return self._read([(place, cells, {}) for place, cells in rows], NAMES, "/lines/{row}/{heading}")

    def from_file(self, name: str, chunks: Iterable[bytes]) -> list[LineDraft]:
        """Lines from a CSV or XLSX file, under headings as an import takes them; a column `supplier` need not be there.
        Raises Invalid: at /file where it cannot be read as a whole, else naming each cell (`/file/rows/12/price`, rows
        counted as a spreadsheet does, the headings being row 1).
        """
        try:
            with _received(chunks) as path:
                sheet = open_sheet(path)
                headings = headings_of(sheet.headings, {}, ("price",))
                rows = list(_bounded(sheet.rows))
        except BadSheet as error:
            raise Invalid(REFUSED, (Fault("/file", "unreadable", f"{name[:200]}: {error}."),)) from error
        broken = [
            Fault(f"/file/rows/{row.number}", "row", f"Row {row.number} {row.fault}.")
            for row in rows
            if row.fault
        ]
        whose = headings.pop("supplier", "")
        for row in rows if whose else ():
            if not row.fault and folded(row.cells[whose]) not in self._own_names():
                message = f"{row.cells[whose][:200]!r} is not {self._supplier.name}."
                broken.append(Fault(f"/file/rows/{row.number}/{escaped(whose)}", "supplier", message))
        if broken:
            raise Invalid(REFUSED, tuple(broken))
        found = [(row.number, row.cells, row.valueless) for row in rows]
        return self._read(found, headings, "/file/rows/{row}/{heading}")

    def _own_names(self) -> set[str]:
        return {folded(self._supplier.name), folded(self._supplier.reference)}

    def _read(
        self,
        rows: Sequence[tuple[int, Mapping[str, str], Mapping[str, str]]],
        headings: Mapping[str, str],
        pointer: str,
    ) -> list[LineDraft]:
        keyed = RowReader(headings, self._currency, self._unit, self._places)
        bare = {name: heading for name, heading in headings.items() if name != "key"}
        unkeyed = RowReader(bare, self._currency, self._unit, self._places)
        wrong: list[CellFault] = []
        known = {line.key for line in self._before}
        lines: list[LineDraft] = []
        standing: list[int] = []
        for row, cells, valueless in rows:
            stated = "key" in headings and (headings["key"] in valueless or bool(cells[headings["key"]]))
            line, faults, _ = (keyed if stated else unkeyed).line(row, cells, 0, valueless)
            wrong += faults
            if stated and not faults and not plain_key(line.key) and line.key not in known:
                wrong.append(CellFault(row, headings["key"], line.key, NO_PLAIN_KEY))
            lines.append(line if stated else replace(line, key=""))
            standing.append(row)
        found = [
            Fault(pointer.format(row=one.row, heading=escaped(one.heading)), "cell", _sentence(one))
            for one in wrong
        ]
        if not found:
            found = list(_repeated(lines, standing, headings, pointer))
        if found:
            raise Invalid(REFUSED, tuple(found))
        return _with_keys(lines, self._before)


def _cells(sent: object, at: str, faults: list[Fault]) -> dict[str, str] | None:
    """An object as the cells of a sheet; None, and faults, where it is no line."""
    if not isinstance(sent, Mapping):
        faults.append(Fault(at, "type", "This must be an object."))
        return None
    known = set(NAMES.values())
    wrong = [
        Fault(f"{at}/{escaped(str(name))}", "unknown_field", "A line has no such field.")
        for name in sent
        if name not in known
    ]
    cells: dict[str, str] = {}
    for field, name in NAMES.items():
        value = sent.get(name)
        if field in NUMBERS and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        reader = Reader(f"{at}/{name}", wrong)
        cells[name] = "" if value is None else reader.text(value, LONGEST_WORDS)
    faults += wrong
    return None if wrong else cells


def _sentence(fault: CellFault) -> str:
    given = repr(fault.cell)
    shown = (
        f"{given} {fault.message}" if fault.cell and not fault.message.startswith(given) else fault.message
    )
    return f"{shown[0].upper()}{shown[1:]}."


def _repeated(
    lines: Sequence[LineDraft], standing: Sequence[int], headings: Mapping[str, str], pointer: str
) -> Iterator[Fault]:
    """Two lines under one key, and two rates for one grade: a team could be priced by neither."""
    keys: dict[str, int] = {}
    grades: dict[LineDraft, int] = {}
    for row, line in zip(standing, lines, strict=True):
        if line.key and keys.setdefault(line.key, row) != row:
            at = pointer.format(row=row, heading=escaped(headings["key"]))
            yield Fault(at, "duplicate", f"{line.key} names a line that stands before it.")
        if line.grade and not line.role_title:
            same = replace(line, key="", price_minor=0)
            if grades.setdefault(same, row) != row:
                at = pointer.format(row=row, heading=escaped(headings["price"]))
                yield Fault(at, "duplicate", "This is a second rate for the same grade.")


def _with_keys(lines: Sequence[LineDraft], before: Sequence[LineDraft]) -> list[LineDraft]:
    """Each line with a key of its own: that of the line in force which says the same but for its rate, else a new one.
    So no rise can hide as one line that goes and another that comes.
    """
    known = {line.key for line in before}
    stated = {line.key for line in lines}
    free: dict[LineDraft, list[str]] = {}
    for line in before:
        if line.key not in stated:
            free.setdefault(replace(line, key="", price_minor=0), []).append(line.key)
    taken, number, found = known | stated, 0, []
    for line in lines:
        key = line.key
        if key not in known:
            same = free.get(replace(line, key="", price_minor=0))
            if same:
                key = same.pop(0)
        while not key:
            number += 1
            if str(number) not in taken:
                key = str(number)
        taken.add(key)
        found.append(replace(line, key=key))
    return found


def _bounded(rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
    for number, row in enumerate(rows, start=1):
        if number > MOST_LINES:
            raise BadSheet(f"it has more than {MOST_LINES:,} lines; larger cards come by import")
        yield row


@contextmanager
def _received(chunks: Iterable[bytes]) -> Iterator[Path]:
    """The file on disk, gone at the end. Raises BadSheet beyond the most that a sheet of rates may hold."""
    with tempfile.TemporaryDirectory() as folder:
        path, size = Path(folder) / "rates", 0
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > LARGEST_SHEET:
                    raise BadSheet(f"it is larger than {LARGEST_SHEET // 1024 // 1024} MB")
                file.write(chunk)
        yield path


SHEET_FIELDS: Final = tuple(name for name in FIELDS if name != "supplier")
"""The headings that a file may have, as its page tells them."""

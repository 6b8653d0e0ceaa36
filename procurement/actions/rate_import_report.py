"""What an import of rates is asked for, and what it tells: to the command as JSON, to the API and the page in short.

Beside rate_imports.py, which does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from procurement.actions.outcome import head_of, import_outcome
from procurement.actions.rate_cells import CellFault
from procurement.actions.rate_lines import LinesDiff
from procurement.actions.rates import CardChange
from procurement.visible import storable


@dataclass(frozen=True, slots=True)
class RateImport:
    """What to do with a file. `headings` maps fields of rate_cells.FIELDS to headings of the file.

    A field that is not mapped stands under a heading of its own name, if there is one. `unit` "" is the
    framework's, `sheet` "" the only worksheet that holds anything.
    """

    framework: str
    """By reference or number, in capitals or not."""
    headings: Mapping[str, str] = field(default_factory=dict)
    currency: str = "GBP"
    unit: str = ""
    basis: str = "published"
    sheet: str = ""
    create_suppliers: bool = False
    dry_run: bool = False
    strict: bool = False
    partial: bool = False
    name: str = ""
    """The file's own name, where it is not that of its path."""

    def named(self, path: Path) -> str:
        """What the file is called where it is told of."""
        # A command's argument need not be UTF-8.
        return storable(self.name or path.name)


@dataclass(slots=True)
class RateImportReport:
    """What an import did, or would do. `rows` are `loaded` and `refused` ones: nothing else becomes of a
    row; `wrong` ones are those that were refused for what they hold. Where `applied` is false, nothing was
    changed, and cards, lines and suppliers are what would have been; else they are what this import changed itself,
    whoever else published meanwhile.
    """

    rows: int = 0
    loaded: int = 0
    refused: int = 0
    wrong: int = 0
    dry_run: bool = False
    applied: bool = False
    faults: list[CellFault] = field(default_factory=list)
    warnings: list[CellFault] = field(default_factory=list)
    new_suppliers: list[str] = field(default_factory=list)
    cards: dict[str, CardChange] = field(default_factory=dict)
    lines: LinesDiff = field(default_factory=LinesDiff)

    @property
    def outcome(self) -> str:
        """In one sentence, whether anything was changed."""
        return import_outcome(self.rows, self.loaded, self.wrong, applied=self.applied, dry_run=self.dry_run)

    def shown(self) -> dict[str, Any]:
        """The report as JSON: every line that is new, changed or withdrawn, with what was and will be."""
        return {
            **head_of(self),
            "wrong": self.wrong,
            "lines": self.lines.counts(),
            "cards": {reference: _card(change) for reference, change in self.cards.items()},
            "new_suppliers": self.new_suppliers,
            "faults": [_fault(one) for one in self.faults],
            "warnings": [_fault(one) for one in self.warnings],
        }

    def told(self, most: int) -> dict[str, Any]:
        """The report as an operation keeps it: at most so many errors, warnings and lines that change, the rest counted
        in `more`. Rows are `line` and headings `pointer`, as an import of partners has them.
        """
        lines = [
            {"card": reference, **line.shown(change.line_begins_on(line))}
            for reference, change in self.cards.items()
            for line in change.diff.changes
        ]
        held = {
            "errors": list(map(_error, self.faults)),
            "warnings": list(map(_error, self.warnings)),
            "lines": lines,
        }
        return {
            **head_of(self),
            **self.lines.counts(),
            "cards": [
                {"reference": one, "begins_on": _day(change), **change.diff.counts(), "card": _head(change)}
                for one, change in self.cards.items()
            ][:most],
            "new_suppliers": self.new_suppliers[:most],
            **{name: rows[:most] for name, rows in held.items()},
            "more": {name: max(0, len(rows) - most) for name, rows in held.items()},
        }


def _card(change: CardChange) -> dict[str, Any]:
    return {
        "begins_on": _day(change),
        **change.diff.counts(),
        "card": _head(change),
        "lines": [line.shown(change.line_begins_on(line)) for line in change.diff.changes],
    }


def _head(change: CardChange) -> dict[str, dict[str, str | None]]:
    """What changes about the card itself, by field: basis and days (ISO, None for one that it does not name)."""
    return {name: {"before": old or None, "after": new or None} for name, (old, new) in change.head.items()}


def _day(change: CardChange) -> str | None:
    """The first day of a version that is yet to begin, as ISO; None for one that holds at once."""
    return change.begins_on.isoformat() if change.begins_on else None


def _fault(fault: CellFault) -> dict[str, Any]:
    return {"row": fault.row, "heading": fault.heading, "cell": fault.cell, "message": fault.message}


def _error(fault: CellFault) -> dict[str, Any]:
    pointer = f"/{fault.heading}" if fault.heading else ""
    cell = f"“{fault.cell[:200]}” " if fault.cell else ""
    return {"line": fault.row or "", "pointer": pointer, "code": "cell", "message": f"{cell}{fault.message}"}

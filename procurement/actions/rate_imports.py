"""Importing rate cards from a sheet: read, judge every cell, compare, and publish all of it or nothing.

Third step of the journey: rate_sheets.py reads records, rate_cells.py reads cells, this module makes cards of
them and rates.py publishes. Nothing is silently dropped: rows read are rows loaded and rows refused, each
refusal with its cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.rate_cells import FIELDS, CellFault, Places, RowReader, folded
from procurement.actions.rate_sheets import BadSheet, SheetRow, open_sheet
from procurement.actions.rates import (
    CardChange,
    CardDraft,
    LineDraft,
    LinesDiff,
    compare_cards,
    publish_changes,
    published_lines,
)
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Fault, Invalid, NotFound
from procurement.models import Framework, Grade, Organisation, Partner, Supplier, SupplierMember
from procurement.permissions import Action, Actor, require
from procurement.pricing import CURRENCIES, UNITS
from procurement.references import slug

LEGAL_FORMS: Final = frozenset(
    [
        "ltd",
        "limited",
        "llc",
        "inc",
        "incorporated",
        "plc",
        "llp",
        "lp",
        "corp",
        "corporation",
        "co",
        "company",
    ]
)
SUPPLIERS_AT_ONCE: Final = 200
"""Suppliers made in one transaction."""

_WORD: Final = re.compile(r"[a-z0-9]+")


class Watch(Protocol):
    """Whoever shows the progress."""

    def judged(self, rows: int) -> None:
        """So many rows have been read."""

    def written(self, lines: int, total: int) -> None:
        """So many of the lines to write have been written."""


@dataclass(frozen=True, slots=True)
class RateImport:
    """What to do with a file. `headings` maps fields of rate_cells.FIELDS to headings of the file.

    A field that is not mapped stands under a heading of its own name, if there is one. `unit` "" is the
    framework's.
    """

    framework: str
    headings: Mapping[str, str] = field(default_factory=dict)
    currency: str = "GBP"
    unit: str = ""
    basis: str = "published"
    create_suppliers: bool = False
    dry_run: bool = False
    strict: bool = False
    partial: bool = False


@dataclass(slots=True)
class RateImportReport:
    """What an import did, or would do. `rows` are `loaded` and `refused` ones: nothing else becomes of a
    row.
    """

    rows: int = 0
    loaded: int = 0
    refused: int = 0
    dry_run: bool = False
    faults: list[CellFault] = field(default_factory=list)
    warnings: list[CellFault] = field(default_factory=list)
    new_suppliers: list[str] = field(default_factory=list)
    cards: dict[str, LinesDiff] = field(default_factory=dict)
    lines: LinesDiff = field(default_factory=LinesDiff)

    def shown(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "rows": self.rows,
            "loaded": self.loaded,
            "refused": self.refused,
            "dry_run": self.dry_run,
            "lines": _diff(self.lines),
            "cards": {reference: _diff(diff) for reference, diff in self.cards.items()},
            "new_suppliers": self.new_suppliers,
            "faults": [_fault(one) for one in self.faults],
            "warnings": [_fault(one) for one in self.warnings],
        }


@dataclass(slots=True)
class _Card:
    """The rows of one supplier: its lines in order, and the keys of rows that were refused."""

    supplier: str
    rows: int = 0
    lines: list[LineDraft] = field(default_factory=list)
    row_of_key: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def import_rates(actor: Actor, path: Path, wanted: RateImport, watch: Watch) -> RateImportReport:
    """Load a sheet of rates into cards of a framework, one for each supplier, currency and unit.

    With faults nothing is loaded, unless `partial`: then rows with faults are left out, and a line that such
    a row named stays as it was published. Raises NotPermitted, NotFound (no such framework) and Invalid (the
    file or the mapping as a whole cannot be used).
    """
    require(actor, Action.IMPORT_RATES)
    framework = Framework.objects.filter(reference=wanted.framework).first()
    if framework is None:
        raise NotFound(f"There is no framework {wanted.framework}.")
    wanted = replace(wanted, unit=wanted.unit or framework.rate_unit)
    if wanted.currency not in CURRENCIES or wanted.unit not in UNITS:
        raise Invalid(f"Rates are in {', '.join(CURRENCIES)} for a {' or '.join(UNITS)}.")
    report = RateImportReport(dry_run=wanted.dry_run)
    try:
        sheet = open_sheet(path)
        headings = _headings(sheet.headings, wanted.headings)
        reader = RowReader(headings, wanted.currency, wanted.unit, _places(framework))
        cards = _read(sheet.rows, reader, report, watch)
    except BadSheet as error:
        raise Invalid(f"{path.name}: {error}.") from error
    suppliers = _suppliers(cards, wanted, headings["supplier"], report)
    if wanted.strict:
        report.faults += report.warnings
    _count(cards, report, wanted)
    changes = _compare(actor, cards, suppliers, wanted, path, report)
    if report.faults and not wanted.partial:
        report.loaded, report.refused = 0, report.rows
        return report
    if not wanted.dry_run:
        _create(actor, report.new_suppliers, suppliers)
        publish_changes(actor, changes, watch.written)
    return report


def _headings(standing: Sequence[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Which heading each field stands under. Raises Invalid for a field or heading that there is not."""
    faults = [
        Fault(f"/map/{name}", "unknown", f"There is no field {name}; there are {', '.join(FIELDS)}.")
        for name in mapped
        if name not in FIELDS
    ]
    faults += [
        Fault(f"/map/{name}", "unknown", f"There is no heading {heading!r}; there are {', '.join(standing)}.")
        for name, heading in mapped.items()
        if heading not in standing
    ]
    headings = {name: name for name in FIELDS if name in standing} | dict(mapped)
    for name in ("supplier", "price"):
        if name not in headings:
            faults.append(
                Fault(f"/map/{name}", "required", f"Which heading is the {name}? Say --map {name}=…")
            )
    if "role" not in headings and "grade" not in headings:
        faults.append(
            Fault("/map/role", "required", "Which heading is the role or the grade? Say --map role=…")
        )
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), tuple(faults))
    return headings


def _places(framework: Framework) -> Places:
    lots: dict[str, str] = {}
    for number, reference, name in framework.lots.values_list("number", "reference", "name"):
        lots |= {folded(number): reference, folded(f"lot {number}"): reference, folded(reference): reference}
        lots.setdefault(folded(name), reference)
    grades: dict[tuple[str | None, str], str] = {}
    for lot, code, name, reference in Grade.objects.filter(lot__framework=framework).values_list(
        "lot__reference", "code", "name", "reference"
    ):
        for word in (code, name, reference):
            grades[lot, folded(word)] = reference
            grades.setdefault((None, folded(word)), reference)
    return Places(lots, grades)


def _read(
    rows: Iterable[SheetRow], reader: RowReader, report: RateImportReport, watch: Watch
) -> dict[str, _Card]:
    """The cards by supplier name as the file spells it; faults and warnings go to the report."""
    cards: dict[str, _Card] = {}
    heading = reader.headings["supplier"]
    for row in rows:
        report.rows += 1
        if report.rows % 1_000 == 0:
            watch.judged(report.rows)
        if row.fault:
            report.faults.append(CellFault(row.number, "", "", row.fault))
            report.refused += 1
            continue
        name = " ".join(row.cells[heading].split())
        card = cards.setdefault(name, _Card(name))
        card.rows += 1
        line, faults, odd = reader.line(row.number, row.cells, card.rows)
        if not name:
            faults.append(CellFault(row.number, heading, "", "is blank; a rate is somebody's"))
        if (first := card.row_of_key.setdefault(line.key, row.number)) != row.number:
            key_heading = reader.headings.get("key", "")
            faults.append(
                CellFault(row.number, key_heading, line.key, f"names a line that row {first} has named")
            )
        report.warnings += odd
        report.faults += faults
        if faults:
            report.refused += 1
            card.refused.append(line.key)
        else:
            card.lines.append(line)
    watch.judged(report.rows)
    return cards


def _suppliers(
    cards: Mapping[str, _Card], wanted: RateImport, heading: str, report: RateImportReport
) -> dict[str, str]:
    """The reference of each supplier named, an old or a new one; the report gets those that there are not."""
    by_name: dict[str, list[str]] = defaultdict(list)
    taken = set(Partner.objects.values_list("reference", flat=True))
    taken.update(Organisation.objects.values_list("reference", flat=True))
    alike: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for reference, name in Supplier.objects.values_list("reference", "name"):
        taken.add(reference)
        by_name[name].append(reference)
        by_name[reference].append(reference)
        alike[_likeness(name)].add(name)
    references: dict[str, str] = {}
    for name, card in cards.items():
        if not name:
            continue
        row = min(card.row_of_key.values())
        found = sorted(set(by_name.get(name, ())))
        if len(found) > 1:
            message = f"is the name of several suppliers; give a reference: {', '.join(found)}"
            _refuse(card, CellFault(row, heading, name, message), report)
        elif found:
            references[name] = found[0]
        elif wanted.create_suppliers:
            references[name] = slug(name, taken)
            taken.add(references[name])
            report.new_suppliers.append(name)
        else:
            _refuse(
                card, CellFault(row, heading, name, "is no supplier; --create-suppliers makes it"), report
            )
        others = sorted(alike[_likeness(name)] - {name})
        if others:
            message = f"is much like {', '.join(map(repr, others))}: one firm or two? It is taken for another"
            report.warnings.append(CellFault(row, heading, name, message))
        alike[_likeness(name)].add(name)
    return references


def _likeness(name: str) -> tuple[str, ...]:
    """A name without case, punctuation and legal form."""
    words = _WORD.findall(name.casefold())
    kept = [word for word in words if word not in LEGAL_FORMS]
    return tuple(kept or words)


def _refuse(card: _Card, fault: CellFault, report: RateImportReport) -> None:
    """Refuses all rows of a card for one reason."""
    report.faults.append(fault)
    report.refused += len(card.lines)
    card.refused += [line.key for line in card.lines]
    card.lines.clear()


def _count(cards: Mapping[str, _Card], report: RateImportReport, wanted: RateImport) -> None:
    """How many rows are good; under `strict` what is odd is not."""
    if wanted.strict and report.warnings:
        odd = {warning.row for warning in report.warnings}
        for card in cards.values():
            held = {key for key, row in card.row_of_key.items() if row in odd}
            gone = [line.key for line in card.lines if line.key in held]
            card.lines = [line for line in card.lines if line.key not in held]
            card.refused += gone
            report.refused += len(gone)
    report.loaded = sum(len(card.lines) for card in cards.values())


def _compare(
    actor: Actor,
    cards: Mapping[str, _Card],
    suppliers: Mapping[str, str],
    wanted: RateImport,
    path: Path,
    report: RateImportReport,
) -> list[CardChange]:
    """What publishing would change, told to the report as well."""
    drafts = []
    for name, card in cards.items():
        if not card.lines or name not in suppliers:
            continue
        first, last, lines = _common_dates(card.lines)
        draft = CardDraft(
            supplier=suppliers[name],
            framework=wanted.framework,
            lines=lines,
            currency=wanted.currency,
            unit=wanted.unit,
            basis=wanted.basis,
            valid_from=first,
            valid_to=last,
            source=f"import of {path.name}"[:200],
        )
        if card.refused:
            kept = published_lines(draft.reference, set(card.refused) - {line.key for line in card.lines})
            draft = replace(draft, lines=(*draft.lines, *kept))
        drafts.append(draft)
    new = {suppliers[name] for name in report.new_suppliers}
    changes = compare_cards(actor, drafts, new)
    report.cards = {change.draft.reference: change.diff for change in changes if not change.same}
    report.lines = sum((change.diff for change in changes), LinesDiff())
    return changes


def _common_dates(lines: Sequence[LineDraft]) -> tuple[date | None, date | None, tuple[LineDraft, ...]]:
    """Dates that all lines share are the card's; lines then state none of their own."""
    firsts, lasts = {line.valid_from for line in lines}, {line.valid_to for line in lines}
    if len(firsts) > 1 or len(lasts) > 1:
        return None, None, tuple(lines)
    bare = tuple(replace(line, valid_from=None, valid_to=None) for line in lines)
    return firsts.pop(), lasts.pop(), bare


def _create(actor: Actor, names: Sequence[str], suppliers: Mapping[str, str]) -> None:
    """Makes suppliers that are firms alone, each with its partner and organisation, some hundreds at a
    time.
    """
    today = date.today()  # noqa: DTZ011 - a day in the service's own time zone
    for start in range(0, len(names), SUPPLIERS_AT_ONCE):
        batch = names[start : start + SUPPLIERS_AT_ONCE]
        save_partners(actor, [PartnerDraft(suppliers[name], name) for name in batch])
        save_suppliers(
            actor,
            [
                SupplierDraft(
                    suppliers[name],
                    name,
                    Supplier.Form.ALONE,
                    (MemberDraft(suppliers[name], SupplierMember.Role.LEAD, today),),
                )
                for name in batch
            ],
        )


def _diff(diff: LinesDiff) -> dict[str, int]:
    return {
        "added": diff.added,
        "changed": diff.changed,
        "unchanged": diff.unchanged,
        "withdrawn": diff.withdrawn,
    }


def _fault(fault: CellFault) -> dict[str, Any]:
    return {"row": fault.row, "heading": fault.heading, "cell": fault.cell, "message": fault.message}

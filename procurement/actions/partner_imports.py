"""Loads partner profiles from a file of JSON Lines: judge every row, then publish set-wise in short steps.

Journey: `manage.py import_partners` or POST /api/v1/imports/ -> here -> the same actions as every other
change -> events -> index. Nothing is written before the whole file has been judged; unless part of it is
asked for, one wrong row refuses all. Each step is one transaction that holds the write lock well under two
seconds, and others get their turn in between. A run that dies between two steps is run again: what it had
loaded is then unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

from django.db import transaction

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.offerings import save_offerings
from procurement.actions.organisations import PartnerDraft, save_organisations, save_partners
from procurement.actions.outcome import head_of, import_outcome
from procurement.actions.partner_judging import Judged, judge, merged
from procurement.actions.partner_rows import Catalogue, PartnerRow, RowFault, catalogue, lines, read_row
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.suppliers import save_suppliers
from procurement.errors import Fault
from procurement.permissions import Action, Actor, require
from procurement.turns import take_turn

JUDGED_AT_ONCE: Final = 500
PUBLISHED_AT_ONCE: Final = 250
PAUSE: Final = 0.11
"""Seconds between two steps: SQLite's waiting writers look every tenth of a second whether the lock is free.
"""
SHOWN: Final = 1_000
"""How many rows of each kind a report names; its counts are always whole."""


class Watch(Protocol):
    """Who follows an import: a progress bar, or an operation that may be cancelled until it starts to
    write.
    """

    def begun(self, rows: int) -> None:
        """So many rows are in the file."""

    def judged(self, rows: int) -> None:
        """So many rows have been judged. May raise to stop: nothing has been written."""

    def writing(self, rows: int) -> None:
        """So many rows are about to be written. May raise to stop, for the last time."""

    def written(self, rows: int) -> None:
        """So many rows have been written."""


@dataclass(slots=True)
class ImportReport:
    """What became of every row: `rows` = `loaded` + `refused`, whichever way it went; `wrong` rows were
    refused for what they hold. Where `applied` is false nothing was changed, and what was added and changed
    is what would have been.
    """

    dry_run: bool
    rows: int = 0
    loaded: int = 0
    wrong: int = 0
    applied: bool = False
    added: list[str] = field(default_factory=list)
    changed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    values: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    """reference -> field -> (what was, what will be), where that is short"""
    appointed: dict[tuple[str, str], None] = field(default_factory=dict)
    """(supplier, lot) of every place that a supplier gets, an old or a new one, because somebody offers something there
    """
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """(reference, code, sentence) of what whoever imports should know, though nothing is refused for it"""
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return self.rows - self.loaded

    @property
    def outcome(self) -> str:
        """In one sentence, whether anything was changed."""
        return import_outcome(self.rows, self.loaded, self.wrong, applied=self.applied, dry_run=self.dry_run)

    def shown(self) -> dict[str, Any]:
        """JSON-able: the counts are whole, the lists name at most 1,000 each."""
        return {
            **head_of(self),
            "wrong": self.wrong,
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "appointed": len(self.appointed),
            "faults": len(self.faults),
            "added_references": self.added[:SHOWN],
            "changed_fields": [
                {
                    "reference": reference,
                    "fields": list(fields),
                    "values": {
                        name: {"before": before, "after": after}
                        for name, (before, after) in self.values.get(reference, {}).items()
                    },
                }
                for reference, fields in self.changed[:SHOWN]
            ],
            "appointments": [
                {"supplier": supplier, "lot": lot} for supplier, lot in list(self.appointed)[:SHOWN]
            ],
            "notes": [
                {"reference": reference, "code": code, "message": message}
                for reference, code, message in self.notes[:SHOWN]
            ],
            "errors": [fault.shown() for fault in self.faults[:SHOWN]],
        }


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row that can be loaded, and what it changes."""

    reference: str
    new: bool
    fields: tuple[str, ...]
    values: dict[str, tuple[Any, Any]]
    places: tuple[tuple[str, str], ...]
    notes: dict[str, str]


@dataclass(slots=True)
class _Judgement:
    """What the first reading of the file has found."""

    report: ImportReport
    lines_of: dict[str, list[int]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    """(scheme, identifier): the lines that give it, each with its reference"""
    leads: set[str] = field(default_factory=set)
    needed: dict[int, tuple[str, date]] = field(default_factory=dict)
    """by line, the supplier that is not there yet and the first day of what the row offers as one of it"""
    waiting: list[tuple[int, str, str]] = field(default_factory=list)
    kept: dict[int, _Kept] = field(default_factory=dict)
    wrong: set[int] = field(default_factory=set)

    def made_from(self) -> dict[str, date]:
        """By supplier that is not there yet, the first day on which a row that is loaded needs it."""
        first: dict[str, date] = {}
        for line, (supplier, day) in self.needed.items():
            if line in self.kept:
                first[supplier] = min(day, first.get(supplier, day))
        return first

    def keep(self, verdict: Judged) -> None:
        """Notes what a row that can be loaded changes, in place of what was noted of it before."""
        places = tuple((supplier, lot) for supplier, lot, _ in verdict.appointments)
        row = verdict.row
        self.kept[row.line] = _Kept(
            row.reference, verdict.new, verdict.fields, verdict.values, places, verdict.notes
        )

    def refuse(self, fault: RowFault) -> None:
        self.report.faults.append(fault)
        self.wrong.add(fault.line)
        self.kept.pop(fault.line, None)


def import_partners(
    actor: Actor, path: Path, watch: Watch, *, dry_run: bool = False, partial: bool = False
) -> ImportReport:
    """Loads the file, or says what is wrong with it; with `dry_run` it only says what it would do.

    Upserts by `reference`: a field that a row does not name keeps its value. `offerings` are the whole of
    what the firm offers on each framework that they name; frameworks they do not name are left alone. Raises
    NotPermitted.
    """
    require(actor, Action.IMPORT_PARTNERS)
    known = catalogue()
    watch.begun(sum(1 for _ in lines(path)))
    judgement = _judge_all(path, known, watch, ImportReport(dry_run))
    report = judgement.report
    refused = bool(report.faults) and not partial
    if not dry_run and not refused:
        watch.writing(len(judgement.kept))
        # The right to import covers every change that an import consists of.
        _publish_all(replace(actor, system=True), path, known, judgement, watch)
    for row in judgement.kept.values():
        if row.new:
            report.added.append(row.reference)
        elif row.fields:
            report.changed.append((row.reference, row.fields))
            report.values[row.reference] = row.values
        else:
            report.unchanged += 1
        report.appointed |= dict.fromkeys(row.places)
        report.notes += [(row.reference, code, message) for code, message in row.notes.items()]
    report.wrong = report.rows - len(judgement.kept)
    report.loaded = 0 if refused else len(judgement.kept)
    report.applied = not dry_run and not refused and bool(report.added or report.changed)
    return report


def batches(path: Path, size: int, wanted: Iterable[int] | None = None) -> Iterator[list[tuple[int, bytes]]]:
    """The file's rows (or those on the wanted lines) with their line numbers, so many at a time."""
    chosen = None if wanted is None else set(wanted)
    batch: list[tuple[int, bytes]] = []
    for number, content in lines(path):
        if chosen is None or number in chosen:
            batch.append((number, content))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _judge_all(path: Path, known: Catalogue, watch: Watch, report: ImportReport) -> _Judgement:
    found = _Judgement(report)
    for batch in batches(path, JUDGED_AT_ONCE):
        rows = []
        for number, content in batch:
            report.rows += 1
            row, faults = read_row(number, content, known)
            for fault in faults:
                found.refuse(fault)
            if row is not None:
                if row.reference:
                    found.lines_of.setdefault(row.reference, []).append(number)
                if row.identifier[1]:
                    found.numbers.setdefault(row.identifier, []).append((number, row.reference))
                rows.append(row)
        for verdict in judge(rows, known):
            _note(found, verdict, known)
        watch.judged(report.rows)
    _refuse_twins(found)
    _refuse_shared_numbers(found)
    _refuse_orphans(found)
    report.faults.sort(key=lambda fault: fault.line)
    return found


def _note(found: _Judgement, verdict: Judged, known: Catalogue) -> None:
    row = verdict.row
    for fault in verdict.faults:
        found.refuse(RowFault(row.line, row.reference, fault))
    if row.line in found.wrong:
        return
    found.keep(verdict)
    if row.alone and verdict.supplier == row.reference:
        found.leads.add(row.reference)
    if row.offerings and verdict.supplier and not verdict.supplier_known:
        first = min(known.starts[one.framework] for one in row.offerings)
        found.needed[row.line] = (verdict.supplier, first)
    # A firm of several suppliers whose row offers nothing is about none of them.
    if verdict.supplier and not verdict.supplier_known and verdict.supplier != row.reference:
        found.waiting.append((row.line, row.reference, verdict.supplier))


def _refuse_twins(found: _Judgement) -> None:
    """A reference that comes twice: neither row can be preferred, so both are refused."""
    for reference, numbers in found.lines_of.items():
        if len(numbers) > 1:
            found.leads.discard(reference)
            for number in numbers:
                others = ", ".join(str(other) for other in numbers if other != number)
                message = f"{reference} stands on line {others} too."
                found.refuse(RowFault(number, reference, Fault("/reference", "duplicate", message)))


def _refuse_shared_numbers(found: _Judgement) -> None:
    """A register number that two firms give: it is at most one's, and nobody can tell whose."""
    for (scheme, number), givers in found.numbers.items():
        if len({reference for _, reference in givers}) > 1:
            for line, reference in givers:
                found.leads.discard(reference)
                others = ", ".join(str(other) for other, _ in givers if other != line)
                message = f"{scheme} {number} stands on line {others} too."
                found.refuse(RowFault(line, reference, Fault("/identifier", "duplicate", message)))


def _refuse_orphans(found: _Judgement) -> None:
    """A row whose supplier neither exists nor is made by another row of the file."""
    for line, reference, supplier in found.waiting:
        if line in found.kept and supplier not in found.leads:
            message = f"There is no supplier {supplier}, and no row of this file makes it."
            found.refuse(RowFault(line, reference, Fault("/supplier", "unknown_supplier", message)))


def _publish_all(actor: Actor, path: Path, known: Catalogue, judgement: _Judgement, watch: Watch) -> None:
    """Leads first, so that a supplier stands before its members join it."""
    joining = {line for line, _, _ in judgement.waiting}
    made_from = judgement.made_from()
    done = 0
    for wanted in (judgement.kept.keys() - joining, judgement.kept.keys() & joining):
        if not wanted:
            continue
        for batch in batches(path, PUBLISHED_AT_ONCE, wanted):
            if done:
                time.sleep(PAUSE)
            rows = [
                row for number, content in batch if (row := read_row(number, content, known)[0]) is not None
            ]
            # Somebody else may have written since the first reading: told is what this import has changed itself.
            for verdict in publish(actor, rows, known, made_from):
                if not verdict.faults:
                    judgement.keep(verdict)
                for fault in verdict.faults:
                    judgement.refuse(RowFault(verdict.row.line, verdict.row.reference, fault))
            done += len(batch)
            watch.written(done)


def publish(
    actor: Actor, rows: list[PartnerRow], known: Catalogue, made_from: Mapping[str, date] | None = None
) -> list[Judged]:
    """One step: judges these rows again under the write lock and writes those that pass, in one transaction.

    `made_from` is as judge takes it.
    Returns the rows as they were judged under the lock, those with faults too: somebody else may have changed
    something since the first reading.
    """
    with transaction.atomic():
        take_turn("import")
        verdicts = judge(rows, known, made_from)
        good = [verdict for verdict in verdicts if not verdict.faults]
        changed = [verdict for verdict in good if verdict.new or verdict.fields]
        save_partners(
            actor,
            [PartnerDraft(one.row.reference, one.name, *one.row.identifier) for one in changed if one.new],
        )
        save_organisations(actor, [one.identifies for one in changed if one.identifies])
        save_suppliers(actor, merged(changed))
        publish_profiles(actor, [ProfileDraft(one.row.reference, one.row.changes) for one in changed])
        places = {(supplier, lot): first for one in changed for supplier, lot, first in one.appointments}
        save_appointments(
            actor, [AppointmentDraft(supplier, lot, first) for (supplier, lot), first in places.items()]
        )
        save_offerings(actor, [placement for one in changed for placement in one.placements])
    return verdicts

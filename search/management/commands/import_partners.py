"""`manage.py import_partners FILE.jsonl`: partner profiles from JSON Lines, loaded and indexed."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from procurement.actions.partner_imports import SHOWN, ImportReport, import_partners
from procurement.permissions import SYSTEM
from search.following import follow_index
from search.stopping import Stopping, because, status_of


class _Bars:
    """Progress on a terminal: one bar to judge, one to write. Between two steps it stops where a signal asks for that;
    `loaded` counts the rows that are in, None while nothing is written.
    """

    def __init__(self, stopping: Stopping) -> None:
        self._bar = tqdm(unit=" rows", desc="reading", disable=None)
        self._indexing = False
        self._stopping = stopping
        self._rows = self._wanted = 0
        self.loaded: int | None = None

    def begun(self, rows: int) -> None:
        self._bar.total = self._rows = rows

    def judged(self, rows: int) -> None:
        self._bar.update(rows - self._bar.n)
        self._stopping.look()

    def writing(self, rows: int) -> None:
        self._stopping.look()
        self._bar.close()
        self._bar = tqdm(total=rows, unit=" rows", desc="writing", disable=None)
        self.loaded, self._wanted = 0, rows

    def written(self, rows: int) -> None:
        self._bar.update(rows - self._bar.n)
        self.loaded = rows
        if rows < self._wanted:
            self._stopping.look()

    def left(self) -> str:
        """What an import that ends here leaves."""
        if self.loaded is None:
            return "nothing was changed; no row had been written."
        if self.loaded == self._wanted:
            return f"{self.loaded} of {self._rows} rows were loaded; the index follows by its worker."
        return (
            f"{self.loaded} of {self._rows} rows were loaded. The same file, run again, loads the rest and leaves "
            "what stands as it is."
        )

    def indexed(self, done: int, total: int) -> None:
        self._stopping.look()
        if not self._indexing:
            self._indexing = True
            self._bar.close()
            self._bar = tqdm(total=total, unit=" updates", desc="indexing", disable=None)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class Command(BaseCommand):
    """Exit status 0: loaded (or would be), 1: refused, wholly or, under --partial, in part, or broken off by an error;
    130: stopped by a signal.
    """

    help = "Loads partner profiles from JSON Lines: a wrong row refuses all of them, every fault by row and cell."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
        parser.add_argument(
            "--partial", action="store_true", help="load the rows that are right, refuse the others"
        )
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        began = time.monotonic()
        with Stopping() as stopping:
            bars = _Bars(stopping)
            try:
                report = import_partners(
                    SYSTEM, file, bars, dry_run=options["dry_run"], partial=options["partial"]
                )
                loaded = time.monotonic() - began
                if report.loaded and not report.dry_run:
                    follow_index(bars.indexed)
            except (Exception, KeyboardInterrupt) as error:
                if bars.loaded is None and status_of(error) == 1:
                    raise
                raise CommandError(f"{because(error)}: {bars.left()}", returncode=status_of(error)) from error
            finally:
                bars.close()
        took = {"loaded_seconds": round(loaded, 2), "indexed_seconds": round(time.monotonic() - began, 2)}
        if options["json"]:
            self.stdout.write(json.dumps({**report.shown(), **took}, indent=2, ensure_ascii=False))
        else:
            self._say(report, took)
        if report.refused:
            sys.exit(1)

    def _say(self, report: ImportReport, took: dict[str, float]) -> None:
        for fault in report.faults:
            at, wrong = fault.fault.pointer or "/", fault.fault.message
            self.stdout.write(f"line {fault.line} {fault.reference or '?'} {at}: {wrong}")
        for reference, fields in report.changed:
            told = report.values.get(reference, {})
            self.stdout.write(f"{reference}: {', '.join(_change(name, told.get(name)) for name in fields)}")
        for reference, _, message in report.notes[:SHOWN]:
            self.stdout.write(f"{reference}: {message}")
        would = "would be " if report.dry_run else ""
        for supplier, lot in list(report.appointed)[:SHOWN]:
            self.stdout.write(f"{supplier} {would or 'is '}appointed to {lot}, on which it had no place.")
        if len(report.appointed) > SHOWN:
            self.stdout.write(f"… and {len(report.appointed) - SHOWN} more places.")
        became = f"{len(report.added)} new, {len(report.changed)} changed, {report.unchanged} as they were"
        if report.loaded:
            self.stdout.write(
                f"{report.rows} rows: {report.loaded} {would}loaded, {report.refused} refused ({became})."
            )
        else:
            self.stdout.write(f"{report.rows} rows: 0 loaded, {report.refused} refused.")
            if report.wrong < report.rows:
                self.stdout.write(f"The right rows by themselves would be {became}.")
        self.stdout.write(report.outcome)
        if report.loaded and not report.dry_run:
            self.stdout.write(f"In the index after {took['indexed_seconds']} s.")


def _change(name: str, values: tuple[Any, Any] | None) -> str:
    if values is None:
        return name
    before, after = map(_word, values)
    return f"{name} {before} to {after}"


def _word(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "nothing"
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) or "nothing"

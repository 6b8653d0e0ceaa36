"""`manage.py import_rates FILE --framework REF`: rate cards from a CSV or XLSX sheet, loaded and indexed."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from procurement.actions.rate_cells import FIELDS, CellFault
from procurement.actions.rate_imports import RateImport, RateImportReport, import_rates
from procurement.errors import Refused
from procurement.permissions import SYSTEM
from procurement.pricing import CURRENCIES, UNITS
from search.following import follow_index

SHOWN: Final = 50
"""So many faults and warnings are printed; --json prints all."""


class _Bars:
    """Progress on a terminal: reading, writing, indexing; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._name = "reading"
        self._bar = tqdm(unit=" rows", desc=self._name, disable=None)

    def judged(self, rows: int) -> None:
        self._bar.update(rows - self._bar.n)

    def written(self, lines: int, total: int) -> None:
        self._stage("writing", " lines", total)
        self._bar.update(lines - self._bar.n)

    def indexed(self, done: int, total: int) -> None:
        self._stage("indexing", " cards", total)
        self._bar.update(done - self._bar.n)

    def _stage(self, name: str, unit: str, total: int) -> None:
        if self._name != name:
            self._bar.close()
            self._name = name
            self._bar = tqdm(total=total, unit=unit, desc=name, disable=None)

    def close(self) -> None:
        self._bar.close()


class Command(BaseCommand):
    """Exit status 0: loaded (or would be), 1: refused, wholly or, under --partial, in part."""

    help = (
        "Loads rate cards from CSV or XLSX: all or nothing, every fault by row and cell. Headings go by name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        fields = "; ".join(f"{name}: {meaning}" for name, meaning in FIELDS.items())
        parser.add_argument("file", type=Path)
        parser.add_argument("--framework", required=True, help="reference of the framework, such as rm3745")
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            type=_pair,
            default=[],
            metavar="FIELD=HEADING",
            help=f"under which heading a field stands, where they differ in name ({fields})",
        )
        parser.add_argument("--currency", choices=list(CURRENCIES), default="GBP")
        parser.add_argument("--unit", choices=list(UNITS), default="", help="default: the framework's")
        parser.add_argument("--basis", choices=["published", "illustrative"], default="published")
        parser.add_argument(
            "--create-suppliers", action="store_true", help="make suppliers that there are not"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
        parser.add_argument("--strict", action="store_true", help="refuse what is odd, such as £6 a day")
        parser.add_argument("--partial", action="store_true", help="load the right rows, refuse the others")
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        wanted = RateImport(
            framework=options["framework"],
            headings=dict(options["map"]),
            currency=options["currency"],
            unit=options["unit"],
            basis=options["basis"],
            create_suppliers=options["create_suppliers"],
            dry_run=options["dry_run"],
            strict=options["strict"],
            partial=options["partial"],
        )
        began, bars = time.monotonic(), _Bars()
        try:
            report = import_rates(SYSTEM, file, wanted, bars)
            loaded = time.monotonic() - began
            if report.loaded and not report.dry_run:
                follow_index(bars.indexed)
        except Refused as error:
            raise CommandError(error.message) from error
        finally:
            bars.close()
        took = {"loaded_seconds": round(loaded, 2), "indexed_seconds": round(time.monotonic() - began, 2)}
        if options["json"]:
            self.stdout.write(json.dumps({**report.shown(), **took}, indent=2, ensure_ascii=False))
        else:
            self._say(report, took)
        if report.refused:
            sys.exit(1)

    def _say(self, report: RateImportReport, took: dict[str, float]) -> None:
        self._list("wrong", report.faults)
        self._list("odd", report.warnings)
        would = "would be " if report.dry_run else ""
        for reference, diff in list(report.cards.items())[:SHOWN]:
            self.stdout.write(
                f"{reference}: {diff.added} added, {diff.changed} changed, {diff.unchanged} as they were, "
                f"{diff.withdrawn} withdrawn"
            )
        if len(report.cards) > SHOWN:
            self.stdout.write(f"… and {len(report.cards) - SHOWN} more cards")
        if report.new_suppliers:
            self.stdout.write(f"{len(report.new_suppliers)} suppliers {would}made.")
        lines = report.lines
        self.stdout.write(
            f"{report.rows} rows: {report.loaded} {would}loaded ({lines.added} new, {lines.changed} changed, "
            f"{lines.unchanged} as they were), {report.refused} refused; "
            f"{lines.withdrawn} lines {would}withdrawn."
        )
        if report.loaded and not report.dry_run:
            self.stdout.write(
                f"Loaded in {took['loaded_seconds']} s, in the index after {took['indexed_seconds']} s."
            )

    def _list(self, kind: str, faults: list[CellFault]) -> None:
        for fault in faults[:SHOWN]:
            at = f" {fault.heading} {fault.cell!r}" if fault.heading else ""
            self.stdout.write(f"row {fault.row}{at}: {fault.message} ({kind})")
        if len(faults) > SHOWN:
            self.stdout.write(f"… and {len(faults) - SHOWN} more that are {kind}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, heading = text.partition("=")
    if not equals or not heading.strip():
        raise ArgumentTypeError(f"{text!r} is not FIELD=HEADING")
    return name.strip(), heading.strip()

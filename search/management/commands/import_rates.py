"""`manage.py import_rates FILE --framework REF`: rate cards from a CSV or XLSX sheet, loaded and indexed."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from procurement.actions.rate_cells import FIELDS, CellFault
from procurement.actions.rate_import_report import RateImport, RateImportReport
from procurement.actions.rate_imports import import_rates
from procurement.actions.rates import CardChange
from procurement.errors import Refused
from procurement.permissions import SYSTEM
from procurement.pricing import CURRENCIES, UNITS
from search.following import follow_index
from search.models import IndexRequest
from search.stopping import Stopping, because, status_of

SHOWN: Final = 50
"""So many faults, warnings and cards are printed; --json prints all."""
ESCAPED: Final = {number: f"\\x{number:02x}" for number in range(0x80, 0xA0)}
"""Controls that a sheet may hold and a terminal would obey."""
LINES_SHOWN: Final = 20
"""So many lines that change are printed, and so many keys of a card's withdrawn lines; --json prints all."""


class _Bars:
    """Progress on a terminal: reading, writing, indexing; nothing where there is no terminal. Between two steps it
    stops where a signal asks for that; `writes` says whether it has begun to write, `loaded` whether all is published.
    """

    def __init__(self, stopping: Stopping, makes_suppliers: bool) -> None:
        self._name = "reading"
        self._bar = tqdm(unit=" rows", desc=self._name, disable=None)
        self._stopping, self._makes_suppliers, self._rows = stopping, makes_suppliers, 0
        self.writes = self.loaded = False

    def judged(self, rows: int) -> None:
        self._bar.update(rows - self._bar.n)
        self._rows = rows
        self._stopping.look()

    def writing(self) -> None:
        """The bar of writing begins with the first lines written."""
        self._stopping.look()
        self.writes = True

    def written(self, lines: int, total: int) -> None:
        self._stage("writing", " lines", total)
        self._bar.update(lines - self._bar.n)
        self._stopping.look()

    def left(self) -> str:
        """What an import that ends here leaves."""
        if not self.writes:
            return "nothing was changed; no row had been written."
        if self.loaded:
            return f"all that is right of {self._rows} rows was loaded; the index follows by its worker."
        made = " Suppliers that it had made stay." if self._makes_suppliers else ""
        return (
            f"0 of {self._rows} rows were loaded, since rates are published all at once, at the end.{made} The same "
            "file, run again, loads them and leaves what stands as it is."
        )

    def indexed(self, done: int, total: int) -> None:
        self._stopping.look()
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
    """Exit status 0: loaded (or would be), 1: refused, wholly or, under --partial, in part, or broken off by an error;
    130: stopped by a signal.
    """

    help = (
        "Loads rate cards from CSV or XLSX: all or nothing, every fault by row and cell. Headings go by name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        fields = "; ".join(f"{name}: {meaning}" for name, meaning in FIELDS.items())
        # Optional to the parser alone: `--map a=b FILE` hands the file to --map, and _untangled() takes it back.
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument("--framework", required=True, help="reference of the framework, such as rm3745")
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            default=[],
            metavar="FIELD=HEADING",
            help="under which heading a field stands, where they differ in name; one or several pairs, before "
            f"or after the file ({fields})",
        )
        parser.add_argument("--sheet", default="", help="which worksheet, where several hold something")
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
        file, headings = _untangled(options["file"], options["map"])
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        wanted = RateImport(
            framework=options["framework"],
            headings=headings,
            currency=options["currency"],
            unit=options["unit"],
            basis=options["basis"],
            sheet=options["sheet"],
            create_suppliers=options["create_suppliers"],
            dry_run=options["dry_run"],
            strict=options["strict"],
            partial=options["partial"],
        )
        began = time.monotonic()
        with Stopping() as stopping:
            bars = _Bars(stopping, wanted.create_suppliers)
            try:
                report = import_rates(SYSTEM, file, wanted, bars)
                loaded = time.monotonic() - began
                bars.loaded = True
                if report.loaded and not report.dry_run:
                    follow_index(bars.indexed)
            except (Exception, KeyboardInterrupt) as error:
                if status_of(error) == 1 and not bars.writes and not isinstance(error, Refused):
                    raise
                raise _ended(error, bars) from error
            finally:
                bars.close()
        took = {"loaded_seconds": round(loaded, 2), "indexed_seconds": round(time.monotonic() - began, 2)}
        if options["json"]:
            told = {**report.shown(), **took}
            self.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        else:
            self._say(report, took)
        if report.refused:
            sys.exit(1)

    def _say(self, report: RateImportReport, took: dict[str, float]) -> None:
        self._list("wrong", report.faults)
        self._list("odd", report.warnings)
        self._cards(report)
        undone = report.dry_run or not report.loaded
        would = "would be " if undone else ""
        if report.new_suppliers:
            self.stdout.write(f"{len(report.new_suppliers)} suppliers {would}made.")
        lines = report.lines
        became = f"{lines.added} new, {lines.changed} changed, {lines.unchanged} as they were"
        if report.loaded:
            self.stdout.write(
                f"{report.rows} rows: {report.loaded} {would}loaded ({became}), {report.refused} refused; "
                f"{lines.withdrawn} lines {would}withdrawn."
            )
        else:
            self.stdout.write(f"{report.rows} rows: 0 loaded, {report.refused} refused.")
            if report.wrong < report.rows:
                self.stdout.write(
                    f"The right rows by themselves would be {became}; {lines.withdrawn} lines would be withdrawn."
                )
        self.stdout.write(report.outcome)
        if report.applied:
            for reference in self._not_indexed(report):
                self.stdout.write(f"{reference} is not in the index, which cannot hold it: see check_index.")
            self.stdout.write(
                f"Loaded in {took['loaded_seconds']} s, in the index after {took['indexed_seconds']} s."
            )

    def _not_indexed(self, report: RateImportReport) -> list[str]:
        failed = IndexRequest.objects.filter(kind=IndexRequest.Kind.RATE_CARD, failures__gt=0)
        return [one for one in failed.values_list("reference", flat=True) if one in report.cards]

    def _cards(self, report: RateImportReport) -> None:
        """Each card's counts, which lines it loses, and the first of the lines that change."""
        undone = report.dry_run or not report.loaded
        for reference, change in list(report.cards.items())[:SHOWN]:
            diff = change.diff
            self.stdout.write(
                f"{reference}{' would have' if undone else ''}: {diff.added} added, {diff.changed} changed, "
                f"{diff.unchanged} as they were, {diff.withdrawn} withdrawn{_later(change)}"
            )
            for name, (old, new) in change.head.items():
                self.stdout.write(f"  {name} {old or 'unknown'} to {new or 'unknown'}")
            if diff.withdrawn:
                keys = [one.line.key for one in diff.changes[: diff.withdrawn]]
                more = ", …" if len(keys) > LINES_SHOWN else ""
                self.stdout.write(
                    f"  {diff.withdrawn} {'line is' if diff.withdrawn == 1 else 'lines are'} not in the file and "
                    f"{'would be' if undone else 'thereby'} withdrawn{_later(change)}: "
                    f"{', '.join(keys[:LINES_SHOWN])}{more}"
                )
        if len(report.cards) > SHOWN:
            self.stdout.write(f"… and {len(report.cards) - SHOWN} more cards")
        changes = [
            (name, line, change.line_begins_on(line))
            for name, change in report.cards.items()
            for line in change.diff.changes
        ]
        for reference, line, begins_on in changes[:LINES_SHOWN]:
            self.stdout.write(f"{reference} {line.told(begins_on)}".translate(ESCAPED))
        if len(changes) > LINES_SHOWN:
            self.stdout.write(f"… and {len(changes) - LINES_SHOWN} more lines; --json tells all")

    def _list(self, kind: str, faults: list[CellFault]) -> None:
        for fault in faults[:SHOWN]:
            at = f"row {fault.row}" if fault.row else "file"
            if fault.heading:
                at += f" {fault.heading} {fault.cell!r}"
            self.stdout.write(f"{at}: {fault.message} ({kind})")
        if len(faults) > SHOWN:
            self.stdout.write(f"… and {len(faults) - SHOWN} more that are {kind}")


def _later(change: CardChange) -> str:
    """From when that is so, where a card's new version begins on a later day: until then what stands holds."""
    return "" if change.begins_on is None else f" from {change.begins_on} on"


def _ended(error: BaseException, bars: _Bars) -> CommandError:
    """What the command ends with: a refusal in its words, a signal or an error while writing in one line that tells
    what is left.
    """
    if isinstance(error, Refused) and not bars.writes:
        faults = "".join(f"\n  {fault.pointer}: {fault.message}" for fault in error.faults)
        return CommandError(f"{error.message}{faults}")
    why = error.message.rstrip(".") if isinstance(error, Refused) else because(error)
    return CommandError(f"{why}: {bars.left()}", returncode=status_of(error))


def _untangled(file: Path | None, words: Sequence[str]) -> tuple[Path, dict[str, str]]:
    """The file and the mapping, where --map stood before the file and took it for one of its pairs."""
    rest = list(words)
    if file is None:
        files = [word for word in rest if "=" not in word]
        if len(files) != 1:
            raise CommandError("Say which file to read.")
        file = Path(files[0])
        rest.remove(files[0])
    headings: dict[str, str] = {}
    for word in rest:
        name, _, heading = word.partition("=")
        if not heading.strip():
            raise CommandError(f"{word!r} is not FIELD=HEADING.")
        headings[name.strip()] = heading.strip()
    return file, headings

"""`manage.py check_index`: what differs between the index and the database, and its repair."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search.drift import Drift, drift, repair
from search.engines.base import EngineUnavailable, WriterBusy
from search.following import LOOK_EVERY, follow_index
from search.index import borrowed_writer, index_fault, service_fault
from search.rights import rights_fault
from search.tasks import nudge

MENDED_WITHIN: Final = 5.0
"""Seconds for which the index worker, which was told, is waited for to put the aliases right."""


class Command(BaseCommand):
    """Exit status 0: alike (or repaired), 1: they differ, or there is no index."""

    help = "Compares every listing and rate card in the index with the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="write what differs again, then compare once more"
        )
        parser.add_argument("--json", action="store_true", help="print the comparison as JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["repair"]:
            self._mend()
        found = self._compare()
        repaired = 0
        if found.count and options["repair"]:
            repaired = self._repair(found)
            found = self._compare()
        if options["json"]:
            self.stdout.write(json.dumps({**found.shown(), "repaired": repaired}, indent=2))
        else:
            self._say(found, repaired)
        if found.count:
            sys.exit(1)

    def _mend(self) -> None:
        """Puts aliases right that somebody moved by hand, by this process, or by the index worker if it holds the
        index; whatever is still wrong is told by the comparison.
        """
        try:
            if index_fault():
                with borrowed_writer() as writer:
                    writer.mend()
        except WriterBusy:
            nudge()
            until = time.monotonic() + MENDED_WITHIN
            while index_fault() and time.monotonic() < until:
                time.sleep(LOOK_EVERY)
        except EngineUnavailable:
            return

    def _repair(self, found: Drift) -> int:
        """Has everything that differs written again; how much that was."""
        asked = repair(found)
        try:
            follow_index(lambda _done, _total: None)
        except EngineUnavailable as error:
            raise CommandError(f"{asked} wait to be written again: {rights_fault() or error}.") from error
        return asked

    def _compare(self) -> Drift:
        try:
            if fault := index_fault():
                raise CommandError(
                    f"Nothing was compared: {fault}. The index worker mends it within a minute, rebuild_index at once."
                )
            with tqdm(unit=" partners and cards", disable=None) as bar:

                def show(done: int, total: int) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                return drift(show)
        except EngineUnavailable as error:
            if fault := rights_fault() or service_fault():
                raise CommandError(f"Nothing was compared: {fault}.") from error
            raise CommandError(f"There is no index to compare with ({error}): run rebuild_index.") from error

    def _say(self, found: Drift, repaired: int) -> None:
        self.stdout.write(f"{found.compared} listings and {found.compared_cards} rate cards compared.")
        if repaired:
            self.stdout.write(f"{repaired} written again.")
        kinds = (
            ("not in the index", found.missing),
            ("different in the index", found.different),
            ("only in the index", found.orphaned),
            ("rate card differs", found.cards),
        )
        for said, keys in kinds:
            for key in keys:
                self.stdout.write(f"{said}: {key}")
        for key, failures in found.set_aside.items():
            times = "once" if failures == 1 else f"{failures} times"
            self.stdout.write(f"set aside, tried {times} in vain (the index worker's log says why): {key}")
        if not found.count:
            self.stdout.write("The index agrees with the database.")

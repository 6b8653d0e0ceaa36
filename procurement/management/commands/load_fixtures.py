"""The demonstration's market, loaded through the actions: `manage.py load_fixtures`, run by `make run`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from procurement.actions.demo import load_demo
from procurement.errors import Refused


class Command(BaseCommand):
    help = "Load the demonstration: frameworks, the founding consortium, the fictional market, buyers, users."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "fixtures")
        parser.add_argument(
            "--again",
            action="store_true",
            help="compare every object, even if these files were loaded before",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        began = time.monotonic()
        bars: dict[str, tqdm[Any]] = {}

        def progress(kind: str, done: int, total: int) -> None:
            bar = bars.get(kind)
            if bar is None:
                bar = bars[kind] = tqdm(
                    total=total, desc=f"{kind:>13}", disable=not sys.stderr.isatty(), leave=False
                )
            bar.update(done - bar.n)
            if done == total:
                bar.close()

        try:
            outcomes = load_demo(options["folder"], settings.DEMO_PASSWORD, progress, again=options["again"])
        except Refused as refusal:
            faults = "".join(f"\n  {fault.pointer}: {fault.message}" for fault in refusal.faults[:20])
            raise CommandError(f"{refusal.message}{faults}") from refusal
        if outcomes is None or not any(outcome.touched for outcome in outcomes.values()):
            self._say(options, "The demonstration is loaded: nothing to change.")
            return
        for kind, outcome in outcomes.items():
            self._say(
                options,
                f"{kind:>13}: {len(outcome.created):,} new, {len(outcome.changed):,} changed, "
                f"{outcome.unchanged:,} as they were",
            )
        self._say(options, f"Loaded in {time.monotonic() - began:.1f} s.")

    def _say(self, options: dict[str, Any], text: str) -> None:
        if options["verbosity"]:
            self.stdout.write(text)

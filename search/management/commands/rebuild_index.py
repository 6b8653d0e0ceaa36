"""`manage.py rebuild_index`: a new index beside the one in use, swapped in when it has verified."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from search.engines.base import EngineUnavailable, WorkerOutdated, WriterBusy
from search.following import NobodyWorks, follow_rebuild
from search.index import COLLECTIONS, borrowed_writer
from search.progress import RebuildShown
from search.rebuild import to_read
from search.sync import tell

COUNTED: Final[dict[str, str]] = {"listings": "listings", "rates": "rate cards"}
"""What is counted of each collection."""


class Command(BaseCommand):
    """Asks the index worker if one runs, else writes itself."""

    help = (
        "Builds the search index anew from the database while searches and updates go on, then swaps it in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rollback", action="store_true", help="go back to the index before the last rebuild"
        )

    def handle(self, *_: Any, rollback: bool, **__: Any) -> None:
        if rollback:
            self._roll_back()
            return
        try:
            with closing(RebuildShown(to_read(), sys.stderr)) as shown:
                run = follow_rebuild(shown.show, shown.say)
        except (NobodyWorks, EngineUnavailable, ValueError) as error:
            raise CommandError(f"The index was not rebuilt, any earlier one stays in use: {error}") from error
        except WorkerOutdated as error:
            raise CommandError(
                "The index worker of another version of Calloff holds the index and has built it as its own: "
                f"{error}. This version's builds its own as soon as it has taken that one's place."
            ) from error
        documents = run.detail["documents"]
        said = ", ".join(f"{count:,} {COUNTED[collection]}" for collection, count in documents.items())
        self.stdout.write(f"The index is new: {said} ({run.detail['sampled']} compared with the database).")
        for key, reason in run.detail.get("refused", {}).items():
            self.stdout.write(f"Set aside, since the index cannot hold it: {key} ({reason})")

    def _roll_back(self) -> None:
        """Each collection by itself: the worker rebuilds whichever is outdated, so one that was never replaced must
        not bar the way back of another.
        """
        back: list[str] = []
        stay: dict[str, str] = {}
        trying = ""
        try:
            with borrowed_writer() as writer:
                for collection in COLLECTIONS:
                    trying = COUNTED[collection]
                    try:
                        writer.rollback(collection)
                        back.append(trying)
                    except ValueError as error:
                        stay[trying] = str(error)
                if back:
                    tell(writer)
        except WriterBusy as error:
            raise CommandError(
                "Stop the index worker first: it writes to the index that you would leave."
            ) from error
        except EngineUnavailable as error:
            if trying:
                raise CommandError(_broken_off(error, back, trying)) from error
            raise CommandError(f"Nothing was changed: {error}.") from error
        if not back:
            raise CommandError(f"Nothing was changed: {_reasons(stay)}.")
        self.stdout.write(
            f"Of {' and '.join(back)} the index before the last rebuild is in use; "
            "run check_index --repair to bring it up to date."
        )
        if stay:
            self.stdout.write(f"Nothing else was changed: {_reasons(stay)}.")


def _reasons(stay: Mapping[str, str]) -> str:
    return "; ".join(f"{counted}: {reason}" for counted, reason in stay.items())


def _broken_off(error: EngineUnavailable, back: Sequence[str], trying: str) -> str:
    """What is known when the service went away in the middle: an answer that was lost may have been a yes."""
    known = [f"of {counted} the index before the last rebuild is in use" for counted in back]
    unknown = [] if trying in back else [f"of {trying} it may be"]
    return f"The way back broke off ({error}): {', '.join([*known, *unknown])}."

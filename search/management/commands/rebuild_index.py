"""`manage.py rebuild_index`: a new index beside the one in use, swapped in when it has verified."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search.engines.base import EngineUnavailable, WriterBusy
from search.following import NobodyWorks, follow_rebuild
from search.index import COLLECTIONS, borrowed_writer
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
            with tqdm(unit=" partners and cards", disable=None) as bar:

                def show(done: int, total: int) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                run = follow_rebuild(show)
        except (NobodyWorks, EngineUnavailable, ValueError) as error:
            raise CommandError(f"The index was not rebuilt, the old one is in use: {error}") from error
        documents = run.detail["documents"]
        said = ", ".join(f"{count:,} {COUNTED[collection]}" for collection, count in documents.items())
        self.stdout.write(f"The index is new: {said} ({run.detail['sampled']} compared with the database).")

    def _roll_back(self) -> None:
        try:
            with borrowed_writer() as writer:
                for collection in COLLECTIONS:
                    writer.rollback(collection)
                tell(writer)
        except WriterBusy as error:
            raise CommandError(
                "Stop the index worker first: it writes to the index that you would leave."
            ) from error
        except (EngineUnavailable, ValueError) as error:
            raise CommandError(f"Nothing was changed: {error}.") from error
        self.stdout.write(
            "The index before the last rebuild is in use; run check_index --repair to bring it up to date."
        )

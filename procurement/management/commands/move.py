"""manage.py move --from sqlite:///.data/calloff.sqlite3: everything into the database of DATABASE_URL."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

import environ
from django.core.management import BaseCommand, CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from procurement.moving import CannotMoveError, move

SOURCE: Final = "move_from"
SCHEMES: Final = ("sqlite://", "postgres://", "postgresql://")


class Command(BaseCommand):
    help = (
        "Copies every row into a database that nobody has used yet, keys, references and the event log's chain as they "
        "are, in one transaction. Stop Calloff first; the source is only read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", required=True, help="address of the database to copy")

    def handle(self, *, source: str, verbosity: int, **options: Any) -> None:
        connections.settings[SOURCE] = _settings(source)
        try:
            self._move(verbosity)
        finally:
            connections[SOURCE].close()
            del connections[SOURCE]
            del connections.settings[SOURCE]

    def _move(self, verbosity: int) -> None:
        for alias, named in ((SOURCE, "--from"), (DEFAULT_DB_ALIAS, "DATABASE_URL")):
            try:
                connections[alias].ensure_connection()
            except OperationalError as error:
                raise CommandError(f"{named}: the database cannot be reached ({error}).") from error
        call_command("migrate", interactive=False, verbosity=0)
        try:
            rows = move(
                SOURCE, DEFAULT_DB_ALIAS, lambda table, count: self._tell(f"  {table}: {count:,}", verbosity)
            )
        except CannotMoveError as error:
            raise CommandError(f"Nothing was moved. {error}") from error
        self._tell(
            f"{rows:,} rows moved; every table has its count, and the event log's chain holds.", verbosity
        )
        self._tell(
            "The index is made from the database: manage.py rebuild_index, before anybody is served. "
            "Copy uploads and media too.",
            verbosity,
        )

    def _tell(self, text: str, verbosity: int) -> None:
        if verbosity:
            self.stdout.write(text)


def _settings(url: str) -> dict[str, Any]:
    """The source's settings from its address; CommandError for one that is none, without repeating it."""
    if not url.startswith(SCHEMES):
        raise CommandError(f"--from must be an address that begins with {', '.join(SCHEMES)}.")
    found = environ.Env.db_url_config(url)
    if "sqlite" in found["ENGINE"] and not Path(found["NAME"]).is_file():
        raise CommandError(f"--from: there is no file {found['NAME']}.")
    complete: dict[str, Any] = connections.configure_settings({DEFAULT_DB_ALIAS: {}, SOURCE: found})[SOURCE]
    return complete

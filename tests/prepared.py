"""What tests with processes of their own begin with: made by the migrations once in a run, and copied for each of them,
since on two busy cores migrating takes a minute or two.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.given import database, fresh_database
from tests.search.stage import Stage


class Prepared:
    """An installation's data folder and its empty database, to be copied."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self._data = data
        self._environment = environment

    @contextmanager
    def copied(self, data: Path) -> Iterator[dict[str, str]]:
        """Makes a data folder with a copy of the database; yields the variable that names it where it is none of the
        folder's files. A copy on PostgreSQL is dropped afterwards.
        """
        shutil.copytree(self._data, data)
        if "DATABASE_URL" not in self._environment:
            yield {}
            return
        original, name = self._environment["DATABASE_URL"], f"calloff_{secrets.token_hex(6)}"
        place, _, made = original.rpartition("/")
        with psycopg.connect(database() or "", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {made}")
        try:
            yield {"DATABASE_URL": f"{place}/{name}"}
        finally:
            with psycopg.connect(database() or "", autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def prepared_in(folder: Path) -> Iterator[Prepared]:
    """Runs the migrations, in a folder that must exist and where DATABASE_URL says."""
    data = folder / "data"
    data.mkdir()
    with fresh_database() as environment:
        Stage(data, environment).manage("migrate", "-v0")
        yield Prepared(data, environment)

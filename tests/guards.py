"""The database's guards in tests: Django clears its tables between tests, and some tests play a vandal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection


def guards() -> dict[str, str]:
    """The guards that stand: by name, the statement that puts each up."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal")
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


CLEARED: Final = {
    "procurement_event_no_delete",
    "procurement_profileversion_no_published_delete",
    "procurement_ratecardversion_no_published_delete",
    "procurement_rateline_no_out_of_published_delete",
    "procurement_suppliermember_no_offering_left_delete",
}
"""Guards against DELETE, which is how Django empties tables of SQLite."""


def allow_clearing() -> None:
    """Takes down the guards that Django's clearing between tests meets: TRUNCATE, on SQLite DELETE. A database that
    is used again (--reuse-db) has lost them already.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%\\_no\\_truncate'"
            )
            for table, name in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
        else:
            for name in sorted(CLEARED):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


@contextmanager
def unguarded() -> Iterator[None]:
    """A moment without any guard, as its owner has who alters the database by hand."""
    found = guards()
    # A table with rows whose foreign keys wait to be checked cannot be altered.
    connection.check_constraints()
    with connection.cursor() as cursor:
        for name in found:
            table = name.partition("_no_")[0]
            cursor.execute(
                f"DROP TRIGGER {name} ON {table}"
                if connection.vendor == "postgresql"
                else f"DROP TRIGGER {name}"
            )
    yield
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in found.values():
            cursor.execute(statement)

"""The database's guards in tests: Django clears its tables between tests, and some tests play a vandal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def guards() -> dict[str, str]:
    """The guards that stand: by name, the statement that puts each up."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal")
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def allow_clearing() -> None:
    """Takes down the one guard that Django's clearing between tests meets: TRUNCATE, on SQLite DELETE. A database that
    is used again (--reuse-db) has lost it already.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER IF EXISTS procurement_event_no_truncate ON procurement_event")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS procurement_event_no_delete")


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

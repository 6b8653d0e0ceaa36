"""Every row of one database copied into an empty other one: from the SQLite file of one machine to PostgreSQL.

Rows keep their keys, so that nothing that points at them is written anew, and the numbers that were given out
are given to nobody else, whether their rows are still there or not. All of it is one transaction. Empty is also a
database that a deployment has prepared: what preparing alone writes gives way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    connections,
    models,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from procurement.actions.events import verify
from procurement.models import RateCardVersion
from procurement.signals import rows_moved

BATCH: Final = 2_000
MADE_BY_MIGRATING: Final = (Permission, ContentType)
"""Rows that migrating makes, under keys of its own."""

NOT_EMPTY: Final = (
    "The target is not empty: {table} has rows. Name a new database in DATABASE_URL, and move before anybody uses it: "
    "it may be prepared (migrations, index), and must have no person, operator or demonstration."
)
STATED: Final = 500
"""Keys in one IN (…), well under SQLite's limit on parameters."""
UNTIL_LATER: Final[dict[tuple[type[models.Model], str], str]] = {
    (RateCardVersion, "status"): RateCardVersion.Status.DRAFT
}
"""What a column says while rows are copied: no line goes into a version that is published."""

DOES_NOT_FIT: Final = (DataError, IntegrityError, InternalError)
"""A value that its column cannot hold, a constraint, and a trigger that has no other code."""

Progress = Callable[[str, int], None]


class CannotMoveError(Exception):
    """Why nothing was moved, as a sentence."""


def move(source: str, target: str, progress: Progress) -> int:
    """Copies everything between two aliases of connections, both migrated; answers how many rows.

    Raises CannotMoveError, having changed nothing, where the two are not of one version, the target has rows,
    something does not fit, or the copy does not hold. What it says repeats no row.
    """
    _same_version(source, target)
    tables = _tables()
    replaced: list[type[models.Model]] = [*MADE_BY_MIGRATING, *filter(_made_by_preparing, tables)]
    for model in tables:
        if model not in replaced and model._base_manager.using(target).exists():
            raise CannotMoveError(NOT_EMPTY.format(table=model._meta.db_table))
    try:
        with transaction.atomic(using=source), transaction.atomic(using=target):
            for made in replaced:
                made._base_manager.using(target).all().delete()
            moved = sum(_copy(model, source, target, progress) for model in tables)
            _publish_cards(source, target)
            connections[target].check_constraints()
            for model in tables:
                _carry_sequence(model, connections[source], connections[target])
            _verify(tables, source, target)
            rows_moved.send(None, using=target)
    except DOES_NOT_FIT as error:
        # What the target looks at when all is there, at the latest when it is to be kept.
        raise CannotMoveError(f"The rows do not fit together in the target: {_why(error)}.") from error
    return moved


def _tables() -> list[type[models.Model]]:
    """Every table, those of other apps and those between two models included."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def _made_by_preparing(model: type[models.Model]) -> bool:
    """Whether tools/prepare.py writes such rows where nobody has used the database: the model says so itself."""
    return getattr(model, "made_by_preparing", False)


def _same_version(source: str, target: str) -> None:
    applied = [set(MigrationRecorder(connections[alias]).applied_migrations()) for alias in (source, target)]
    if not applied[0]:
        raise CannotMoveError("The source is no database of Calloff: it has no migrations.")
    for app, name in sorted(applied[0] ^ applied[1]):
        place = "source" if (app, name) in applied[1] else "target"
        raise CannotMoveError(
            f"The {place} lacks the migration {app} {name}: migrate it with this version first."
        )


def _copy(model: type[models.Model], source: str, target: str, progress: Progress) -> int:
    options, connection = model._meta, connections[target]
    fields = options.local_concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Names of a table and its columns, from the model.
    statement = f"INSERT INTO {quote(options.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608
    rows = _rows(model, source)
    moved = 0
    with connection.cursor() as cursor:
        while batch := list(islice(rows, BATCH)):
            # Not through saving: that would stamp times anew and hash what is hashed.
            prepared = [
                [
                    field.get_db_prep_save(UNTIL_LATER.get((model, field.name), value), connection)
                    for field, value in zip(fields, row, strict=True)
                ]
                for row in batch
            ]
            try:
                with _driver_is_quiet(), transaction.atomic(using=target):
                    cursor.executemany(statement, prepared)
            except DOES_NOT_FIT:
                _name_the_row(model, statement, prepared, target)
                raise
            moved += len(batch)
    if moved:
        progress(options.db_table, moved)
    return moved


@contextmanager
def _driver_is_quiet() -> Iterator[None]:
    """PostgreSQL's driver logs what it meets while it leaves a batch that failed, and with it the row."""
    driver = logging.getLogger("psycopg")
    before, driver.disabled = driver.disabled, True
    try:
        yield
    finally:
        driver.disabled = before


def _name_the_row(model: type[models.Model], statement: str, prepared: list[list[Any]], target: str) -> None:
    """Raises CannotMoveError with the key of the first of these rows that the target refuses."""
    options, connection = model._meta, connections[target]
    place = options.local_concrete_fields.index(options.pk)
    for row in prepared:
        try:
            with transaction.atomic(using=target), connection.cursor() as cursor:
                cursor.execute(statement, row)
        except DOES_NOT_FIT as error:
            # A key that is no number may be one to somebody's session.
            named = f"the row with the key {row[place]}" if isinstance(row[place], int) else "a row"
            raise CannotMoveError(
                f"{options.db_table}: {named} does not fit the target: {_why(error)}. Mend it in the source."
            ) from error


def _why(error: DatabaseError) -> str:
    """What the database says of its own rule, which it names: the first line, and no value of a row."""
    said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or str(error)
    return str(said).partition("\n")[0].partition(': "')[0].rstrip(".")


def _publish_cards(source: str, target: str) -> None:
    """Each version of a rate card gets the status that it has, now that its lines are there."""
    found = RateCardVersion._base_manager
    for status in RateCardVersion.Status.values:
        keys = found.using(source).filter(status=status).values_list("pk", flat=True).order_by("pk")
        left = iter(keys)
        while batch := list(islice(left, STATED)):
            found.using(target).filter(pk__in=batch).update(status=status)


def _rows(model: type[models.Model], alias: str) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in model._meta.local_concrete_fields]
    found = model._base_manager.using(alias).order_by("pk").values_list(*names)
    return found.iterator(chunk_size=BATCH)


def _carry_sequence(
    model: type[models.Model], source: BaseDatabaseWrapper, target: BaseDatabaseWrapper
) -> None:
    """The next key that the target gives is above every one that either ever gave."""
    key = model._meta.pk
    if not isinstance(key, models.AutoField):
        return
    table, column = model._meta.db_table, str(key.column)
    last = max(_last_given(connection, table, column) for connection in (source, target))
    if not last:
        return
    with target.cursor() as cursor:
        if target.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [f'"{table}"', column, last])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])


def _last_given(connection: BaseDatabaseWrapper, table: str, column: str) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
            sequence = cursor.fetchone()[0]
            cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608
        else:
            cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        return int(cursor.fetchone()[0])


def _verify(tables: list[type[models.Model]], source: str, target: str) -> None:
    for model in tables:
        counts = [model._base_manager.using(alias).count() for alias in (source, target)]
        if counts[0] != counts[1]:
            raise CannotMoveError(f"{model._meta.db_table}: {counts[1]} of {counts[0]} rows arrived.")
    if broken := verify(using=target):
        raise CannotMoveError(
            f"The event log does not hold after the move, at position {broken.position}: {broken.reason}."
        )

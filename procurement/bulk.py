"""Inserting many rows at the database's own speed: for imports, which write tens of thousands in short
transactions.

Django's bulk_create prepares each value of each row through its field, which takes ten times as long as
inserting it. Primary keys are not read back: this is for rows that are found again by their reference, or
never.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models

Adapter = Callable[[Any], Any]


def insert(rows: Sequence[models.Model]) -> None:
    """Inserts unsaved rows of one model. They get no primary key and send no signal.

    For fields that hold texts, numbers, truth values, days, times, JSON and foreign keys. Raises
    IntegrityError as saving them would.
    """
    if not rows:
        return
    options = rows[0]._meta
    fields = [field for field in options.local_concrete_fields if not field.primary_key]
    stamped = [field for field in fields if getattr(field, "auto_now_add", False)]
    for row in rows:
        for field in stamped:
            field.pre_save(row, add=True)
    readers = [(field.attname, _adapter(field)) for field in fields]
    values = [tuple(_adapted(getattr(row, name), adapter) for name, adapter in readers) for row in rows]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Names of a table and its columns, from the model.
    statement = f"INSERT INTO {quote(options.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def _adapted(value: Any, adapter: Adapter | None) -> Any:
    return value if adapter is None or value is None else adapter(value)


def _adapter(field: models.Field[Any, Any]) -> Adapter | None:
    """How a Python value of the field becomes one that the driver takes; None if it already is."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    if isinstance(field, models.DecimalField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None

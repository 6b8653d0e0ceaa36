"""Migrations of tables that are in use: what may be done to them.

An operation that reads or rewrites a whole table while nobody else may use it is refused by a test
(tests/procurement/test_live_migrations.py), unless its migration says why that is short: `short_locks = "why"`.
An index is built beside the traffic. How long a migration waits for a lock is in procurement/apps.py.

A migration that builds one cannot be one transaction (`atomic = False`): what was done before it broke off stands. So
each of its operations is such that it can be done again, AddFieldOnce and CreateModelOnce in place of Django's own;
tests/procurement/test_broken_off_migrations.py tries it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import (
    AddField,
    AddIndex,
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveIndex,
    RunPython,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field

SHORT: Final = (CreateModel, DeleteModel, RemoveIndex, AlterModelOptions, AlterModelManagers, RunPython)


class AddFieldOnce(AddField):
    """Adds a column of its own, without an index, a key or a table beside it, unless an attempt that broke off has."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if column not in {one.name for one in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class CreateModelOnce(CreateModel):
    """Makes a table, anew where an attempt that broke off left it: its keys and indexes come last, and may be missing.

    Nothing has written to such a table. Raises ValueError for one that has rows.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        connection = schema_editor.connection
        if model._meta.db_table in connection.introspection.table_names():
            if model._base_manager.using(connection.alias).exists():
                raise ValueError(f"{model._meta.db_table} stands already and has rows")
            schema_editor.delete_model(model)
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddIndexLive(AddIndexConcurrently):
    """Builds an index while the table is read and written; SQLite, whose writers wait anyway, just builds it.

    For a migration with `atomic = False`. One that was broken off may leave an index, unusable or whole: it is built
    anew.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        name = schema_editor.quote_name(self.index.name)
        if schema_editor.connection.vendor != "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        self._ensure_not_in_transaction(schema_editor)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


def long_locks(migrations: Iterable[Migration]) -> list[str]:
    """The operations that keep everybody from a table for as long as it is large, as sentences."""
    found = []
    for migration in migrations:
        if getattr(migration, "short_locks", ""):
            continue
        made = {
            operation.name_lower for operation in migration.operations if isinstance(operation, CreateModel)
        }
        for operation in migration.operations:
            table = str(getattr(operation, "model_name", "")).lower()
            if table not in made and not _is_short(operation):
                found.append(f"{migration.app_label} {migration.name}: {operation.describe()}")
    return found


def _is_short(operation: Operation) -> bool:
    if isinstance(operation, AddField):
        return _adds_at_once(operation.field)
    return isinstance(operation, (*SHORT, AddIndexLive))


def _adds_at_once(field: Field[Any, Any]) -> bool:
    """Whether PostgreSQL adds the column without touching a row, and builds no index for it."""
    filled = field.null or field.many_to_many or field.db_default is not NOT_PROVIDED
    return bool(filled and not getattr(field, "db_index", False) and not field.unique)

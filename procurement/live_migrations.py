"""Migrations of tables that are in use: what may be done to them.

An operation that reads or rewrites a whole table while nobody else may use it is refused by a test
(tests/procurement/test_live_migrations.py), unless its migration says why that is short: `short_locks = "why"`.
An index is built beside the traffic. How long a migration waits for a lock is in procurement/apps.py.
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


class AddIndexLive(AddIndexConcurrently):
    """Builds an index while the table is read and written; SQLite, whose writers wait anyway, just builds it.

    For a migration with `atomic = False`. One that was broken off leaves an unusable index; it is built anew.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        self._ensure_not_in_transaction(schema_editor)
        name = schema_editor.quote_name(self.index.name)
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

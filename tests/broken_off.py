"""An empty database taken through every migration, with each that is no single transaction broken off after each of
its operations and begun again, or straight.

For tests/procurement/test_broken_off_migrations.py, which runs it as a process of its own: python -m tests.broken_off
[straight]. It prints as JSON which migrations were broken off, how often, and what tables there are in the end.
DATABASE_URL or CALLOFF_DATA says where the database is, which is empty.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 - it needs the settings
from django.db.migrations import Migration, RunPython  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402

from tests.filled import guards  # noqa: E402


class BrokenOff(Exception):  # noqa: N818 - it names what happened
    """The process that migrates ends here."""


def end(*_: object) -> None:
    raise BrokenOff


class Breaking(MigrationExecutor):
    """Tries each migration that is no single transaction once for each of its operations, and breaks it off after
    that.
    """

    def __init__(self) -> None:
        super().__init__(connection)
        self.broken: dict[str, int] = {}

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        if not migration.atomic:
            for count in range(1, len(migration.operations) + 1):
                part = type(migration)(migration.name, migration.app_label)
                part.operations = [*migration.operations[:count], RunPython(end)]
                with suppress(BrokenOff), connection.schema_editor(atomic=False) as editor:
                    part.apply(state.clone(), editor)
                self.broken[migration.name] = count
        return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)


def tables() -> dict[str, Any]:
    """The columns, keys, checks and indexes of each."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            columns = connection.introspection.get_table_description(cursor, table)
            constraints = connection.introspection.get_constraints(cursor, table)
            found[table] = {
                "columns": [[one.name, str(one.type_code), one.null_ok, str(one.default)] for one in columns],
                "constraints": {name: constraints[name] for name in sorted(constraints)},
            }
    return found


def main() -> None:
    executor = MigrationExecutor(connection) if sys.argv[1:] == ["straight"] else Breaking()
    executor.migrate(executor.loader.graph.leaf_nodes())
    told = {"broken": getattr(executor, "broken", {}), "tables": tables(), "guards": guards()}
    print(json.dumps(told, default=str))


if __name__ == "__main__":
    main()

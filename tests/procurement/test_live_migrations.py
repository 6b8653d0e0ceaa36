"""No migration of ours keeps everybody from a table that is in use, and none waits long for one."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, models, transaction
from django.db.migrations import AddField, AddIndex, AlterField, CreateModel, Migration, RemoveField, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from procurement.apps import MIGRATION_LOCK_SECONDS, limit_waiting, wait_as_before
from procurement.live_migrations import AddIndexLive, long_locks

OURS = {"procurement", "search", "api", "web"}
INDEX = models.Index(fields=["subject"], name="event_by_subject")


def migration(*operations: Operation, reason: str = "") -> Migration:
    made = type("Migration", (Migration,), {"operations": list(operations), "short_locks": reason})
    return made("0009_made", "procurement")


def test_no_migration_locks_a_large_table_for_long() -> None:
    found = MigrationLoader(None).disk_migrations
    assert long_locks([one for (app, _), one in found.items() if app in OURS]) == []


@pytest.mark.parametrize(
    ("operation", "long"),
    [
        (AddIndex("event", INDEX), True),
        (AddIndexLive("event", INDEX), False),
        (AlterField("event", "subject", models.TextField()), True),
        (RemoveField("event", "subject"), True),
        (RunSQL("VACUUM FULL"), True),
        (AddField("event", "note", models.TextField(default="")), True),
        (AddField("event", "note", models.TextField(null=True)), False),
        (AddField("event", "note", models.TextField(db_default="")), False),
        (AddField("event", "note", models.TextField(null=True, db_index=True)), True),
        (AddField("event", "note", models.TextField(null=True, unique=True)), True),
    ],
)
def test_what_locks_for_long_is_known(operation: Operation, long: bool) -> None:
    assert long_locks([migration(operation)]) == (
        [f"procurement 0009_made: {operation.describe()}"] if long else []
    )


def test_a_new_table_may_have_anything_and_a_reason_is_taken() -> None:
    assert long_locks([migration(CreateModel("event", []), AddIndex("event", INDEX))]) == []
    assert long_locks([migration(AddIndex("event", INDEX), reason="it is small")]) == []


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_beside_the_traffic_and_after_a_broken_attempt() -> None:
    before = MigrationLoader(connection).project_state()
    operation, after = AddIndexLive("event", INDEX), before.clone()
    operation.state_forwards("procurement", after)
    with connection.schema_editor(atomic=connection.vendor == "sqlite") as editor:
        if connection.vendor == "postgresql":
            operation.database_forwards("procurement", editor, before, after)
        operation.database_forwards("procurement", editor, before, after)
    try:
        with connection.cursor() as cursor:
            assert INDEX.name in connection.introspection.get_constraints(cursor, "procurement_event")
    finally:
        with connection.schema_editor(atomic=connection.vendor == "sqlite") as editor:
            operation.database_backwards("procurement", editor, after, before)
    with connection.cursor() as cursor:
        assert INDEX.name not in connection.introspection.get_constraints(cursor, "procurement_event")


@pytest.mark.django_db(transaction=True)
def test_a_migration_gives_up_a_table_that_it_cannot_have(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no single table")
    monkeypatch.setattr("procurement.apps.MIGRATION_LOCK_SECONDS", 1)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE procurement_counter IN ACCESS SHARE MODE")
            held.set()
            over.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    try:
        limit_waiting("default")
        with pytest.raises(OperationalError, match="lock timeout"), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE procurement_counter ADD COLUMN note text")
    finally:
        over.set()
        holder.join()
        wait_as_before("default")


@pytest.mark.django_db
def test_migrating_leaves_the_connection_waiting_as_before() -> None:
    call_command("migrate", verbosity=0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("20s",)
    assert MIGRATION_LOCK_SECONDS == 5

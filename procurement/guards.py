"""Triggers that make the database itself refuse what no action ever does: change the event log, or what a
published version says.

Whoever owns the tables can still take a trigger down; the log's hash chain tells of it afterwards. Called from
migrations. A migration that makes SQLite build a guarded table anew (almost any but adding a column) loses
its triggers and must put them up again; tests/procurement/test_guards.py finds a guard that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FUNCTION: Final = """
CREATE OR REPLACE FUNCTION calloff_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def refuse_changes(editor: BaseDatabaseSchemaEditor, table: str, sentence: str) -> None:
    """Rows of the table are inserted and never changed or removed; `sentence` is the error that tells so."""
    for event in ("UPDATE", "DELETE"):
        _put_up(editor, table, event, "", sentence)
    if editor.connection.vendor == "postgresql":
        _put_up(editor, table, "TRUNCATE", "", sentence)


def refuse_edits(
    editor: BaseDatabaseSchemaEditor, table: str, columns: Sequence[str], condition: str, sentence: str
) -> None:
    """Rows for which `condition` holds (SQL over OLD and NEW, or empty for all) keep the values of `columns`."""
    other = "IS DISTINCT FROM" if editor.connection.vendor == "postgresql" else "IS NOT"
    quoted = [editor.quote_name(column) for column in columns]
    differs = " OR ".join(f"OLD.{column} {other} NEW.{column}" for column in quoted)
    _put_up(editor, table, "UPDATE", f"{condition} AND ({differs})" if condition else differs, sentence)


def take_down(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Removes every guard of the table."""
    for event in ("UPDATE", "DELETE", "TRUNCATE"):
        _remove(editor, table, event)


def _put_up(editor: BaseDatabaseSchemaEditor, table: str, event: str, when: str, sentence: str) -> None:
    _remove(editor, table, event)
    name, on = editor.quote_name(f"{table}_no_{event.lower()}"), editor.quote_name(table)
    condition = f"WHEN ({when}) " if when else ""
    said = sentence.replace("'", "''")
    if editor.connection.vendor == "postgresql":
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        editor.execute(FUNCTION)
        editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {on} FOR EACH {each} {condition}"
            f"EXECUTE FUNCTION calloff_refuse('{said}')"
        )
    else:
        editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {on} FOR EACH ROW {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )


def _remove(editor: BaseDatabaseSchemaEditor, table: str, event: str) -> None:
    name = editor.quote_name(f"{table}_no_{event.lower()}")
    where = f" ON {editor.quote_name(table)}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")

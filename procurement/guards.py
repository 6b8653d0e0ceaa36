"""Triggers that make the database itself refuse what no action ever does: change the event log, or what a
published version says, or write rows that contradict each other.

Whoever owns the tables can still take a trigger down; the log's hash chain tells of it afterwards. Called from
migrations. A migration that makes SQLite build anew a table that is guarded, or that a guard looks at (almost any
but adding a column), does so between `stand_aside` and `stand_again`: without them SQLite refuses it, or loses the
table's triggers; tests/procurement/test_guards.py finds a guard that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FUNCTION: Final = """
CREATE OR REPLACE FUNCTION calloff_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation';
END
$$
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """What no row may say beside others. `condition` is SQL of both databases over NEW or OLD: true is refused.

    At once it is asked before a row is written; `deferred`, after it: on PostgreSQL when the transaction ends, on
    SQLite, whose triggers cannot wait, with the row. Such a condition reads its row again, by NEW.id: what was
    written since counts. `turn` is the table and key (`NEW.supplier_id`) of the row that two transactions may
    only take in turns, where what one writes bears on the other.
    """

    table: str
    name: str
    events: tuple[str, ...]
    condition: str
    sentence: str
    deferred: bool = False
    turn: tuple[str, str] | None = None

    def trigger(self, event: str) -> str:
        return f"{self.table}_no_{self.name}_{event.lower()}"


def refuse_changes(editor: BaseDatabaseSchemaEditor, table: str, sentence: str) -> None:
    """Rows of the table are inserted and never changed or removed; `sentence` is the error that tells so."""
    for event in ("UPDATE", "DELETE"):
        _put_up(editor, table, event, "", sentence)
    refuse_emptying(editor, table, sentence)


def refuse_emptying(editor: BaseDatabaseSchemaEditor, table: str, sentence: str) -> None:
    """On PostgreSQL, the table is not emptied at once, which asks no trigger of its rows; SQLite has no TRUNCATE."""
    if editor.connection.vendor == "postgresql":
        _put_up(editor, table, "TRUNCATE", "", sentence)


def allow_emptying(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Takes that guard down."""
    if editor.connection.vendor == "postgresql":
        _remove(editor, table, f"{table}_no_truncate")


def refuse_edits(
    editor: BaseDatabaseSchemaEditor, table: str, columns: Sequence[str], condition: str, sentence: str
) -> None:
    """Rows for which `condition` holds (SQL over OLD and NEW, or empty for all) keep the values of `columns`."""
    other = "IS DISTINCT FROM" if editor.connection.vendor == "postgresql" else "IS NOT"
    quoted = [editor.quote_name(column) for column in columns]
    differs = " OR ".join(f"OLD.{column} {other} NEW.{column}" for column in quoted)
    _put_up(editor, table, "UPDATE", f"{condition} AND ({differs})" if condition else differs, sentence)


def refuse_replacing(editor: BaseDatabaseSchemaEditor, table: str, sentence: str) -> None:
    """On SQLite, rows of the table are not written over by `INSERT OR REPLACE`, whichever key they share with the one
    that is written. Not for a table into which rows are inserted `OR IGNORE`: those would be refused, too.
    """
    if editor.connection.vendor == "sqlite":
        shared = " OR ".join(_shared(editor, table))
        _put_up(editor, table, "INSERT", shared, sentence, name="replace")


def refuse_moving_over(editor: BaseDatabaseSchemaEditor, table: str, sentence: str) -> None:
    """On SQLite, no row of the table is moved onto the key of another by `UPDATE OR REPLACE`, which removes that one
    without asking its triggers. Any other update that this refuses would break a key.
    """
    if editor.connection.vendor == "sqlite":
        shared = " OR ".join(_shared(editor, table, "rowid <> OLD.rowid"))
        _put_up(editor, table, "UPDATE", shared, sentence, name="moving_over")


def move_over(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Takes that guard down."""
    if editor.connection.vendor == "sqlite":
        _remove(editor, table, f"{table}_no_moving_over")


def write_over(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Takes that guard down."""
    if editor.connection.vendor == "sqlite":
        _remove(editor, table, f"{table}_no_replace")


def take_down(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Removes every guard of the table."""
    for event in ("UPDATE", "DELETE", "TRUNCATE", "REPLACE", "MOVING_OVER"):
        _remove(editor, table, f"{table}_no_{event.lower()}")


def refuse_rows(editor: BaseDatabaseSchemaEditor, rule: Rule) -> None:
    """Rows of which the rule's condition holds are not written."""
    if editor.connection.vendor == "postgresql":
        _refuse_on_postgresql(editor, rule)
    else:
        moment = "AFTER" if rule.deferred else "BEFORE"
        for event in rule.events:
            editor.execute(
                f"CREATE TRIGGER {rule.trigger(event)} {moment} {event} ON {rule.table} FOR EACH ROW "
                f"WHEN {rule.condition} BEGIN SELECT RAISE(ABORT, {in_quotes(rule.sentence)}); END"
            )


def allow_rows(editor: BaseDatabaseSchemaEditor, rule: Rule) -> None:
    """Takes the rule down."""
    for event in rule.events:
        _remove(editor, rule.table, rule.trigger(event))
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP FUNCTION IF EXISTS {_function(rule)}()")


def refuse_where(
    editor: BaseDatabaseSchemaEditor,
    table: str,
    name: str,
    event: str,
    condition: str,
    sentence: str,
    columns: Sequence[str] = (),
) -> None:
    """Rows for which `condition` holds (SQL over OLD and NEW, of no other row) are not written; an UPDATE is asked if
    it names one of `columns`, where there are any.
    """
    take_down_where(editor, table, name, event)
    trigger, on = editor.quote_name(f"{table}_no_{name}_{event.lower()}"), editor.quote_name(table)
    of = f" OF {', '.join(map(editor.quote_name, columns))}" if columns else ""
    if editor.connection.vendor == "postgresql":
        editor.execute(FUNCTION)
        does = f"EXECUTE FUNCTION calloff_refuse({in_quotes(sentence)})"
    else:
        does = f"BEGIN SELECT RAISE(ABORT, {in_quotes(sentence)}); END"
    editor.execute(
        f"CREATE TRIGGER {trigger} BEFORE {event}{of} ON {on} FOR EACH ROW WHEN ({condition}) {does}"
    )


def take_down_where(editor: BaseDatabaseSchemaEditor, table: str, name: str, event: str) -> None:
    """Takes that guard down."""
    _remove(editor, table, f"{table}_no_{name}_{event.lower()}")


def stand_aside(editor: BaseDatabaseSchemaEditor) -> None:
    """Keeps every guard of a SQLite database and takes it down, for the migration to build tables anew."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE guards_aside AS SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'"
        )
        cursor.execute("SELECT name FROM guards_aside")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {editor.quote_name(name)}")


def stand_again(editor: BaseDatabaseSchemaEditor) -> None:
    """Puts up what stood aside."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM guards_aside")
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        cursor.execute("DROP TABLE guards_aside")


def _refuse_on_postgresql(editor: BaseDatabaseSchemaEditor, rule: Rule) -> None:
    """A trigger's own WHEN may not look at other rows, so a function does."""
    turn = ""
    if rule.turn:
        table, key = rule.turn
        turn = f"PERFORM 1 FROM {table} WHERE id = {key} FOR NO KEY UPDATE; "
    editor.execute(
        f"CREATE OR REPLACE FUNCTION {_function(rule)}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {turn}IF {rule.condition} THEN RAISE EXCEPTION USING MESSAGE = {in_quotes(rule.sentence)}, "
        f"ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    for event in rule.events:
        kind, moment = ("CONSTRAINT TRIGGER", "AFTER") if rule.deferred else ("TRIGGER", "BEFORE")
        waits = "DEFERRABLE INITIALLY DEFERRED " if rule.deferred else ""
        editor.execute(
            f"CREATE {kind} {rule.trigger(event)} {moment} {event} ON {rule.table} {waits}"
            f"FOR EACH ROW EXECUTE FUNCTION {_function(rule)}()"
        )


def _function(rule: Rule) -> str:
    return f"calloff_{rule.table}_no_{rule.name}"


def in_quotes(sentence: str) -> str:
    """A text as SQL writes it."""
    return "'" + sentence.replace("'", "''") + "'"


def _shared(editor: BaseDatabaseSchemaEditor, table: str, other: str = "") -> Iterator[str]:
    """For each key of a SQLite table, whether a row with it stands, of which `other` holds: its primary key and all
    that is unique, also where that holds for some rows alone.
    """
    quote = editor.quote_name
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT name, pk FROM pragma_table_info(%s)", [table])
        columns = dict(cursor.fetchall())
        keys = [([name for name, part in columns.items() if part], "")]
        cursor.execute(
            "SELECT listed.name, kept.sql FROM pragma_index_list(%s) AS listed "
            'JOIN main.sqlite_master AS kept ON kept.name = listed.name WHERE listed."unique"',
            [table],
        )
        for index, sql in cursor.fetchall():
            cursor.execute("SELECT name FROM pragma_index_info(%s)", [index])
            keys.append(([name for (name,) in cursor.fetchall()], (sql or "").partition(" WHERE ")[2]))
    written = ", ".join(f"NEW.{quote(name)} AS {quote(name)}" for name in columns)
    for key, some in keys:
        same = " AND ".join(f"{quote(name)} = NEW.{quote(name)}" for name in key)
        if other:
            same = f"{same} AND {other}"
        if some:
            same = f"{same} AND ({some}) AND EXISTS (SELECT 1 FROM (SELECT {written}) WHERE {some})"  # noqa: S608
        yield f"EXISTS (SELECT 1 FROM {quote(table)} WHERE {same})"  # noqa: S608 - names of the database's own


def _put_up(
    editor: BaseDatabaseSchemaEditor, table: str, event: str, when: str, sentence: str, name: str = ""
) -> None:
    trigger = f"{table}_no_{name or event.lower()}"
    _remove(editor, table, trigger)
    quoted, on = editor.quote_name(trigger), editor.quote_name(table)
    condition = f"WHEN ({when}) " if when else ""
    said = in_quotes(sentence)
    if editor.connection.vendor == "postgresql":
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        editor.execute(FUNCTION)
        editor.execute(
            f"CREATE TRIGGER {quoted} BEFORE {event} ON {on} FOR EACH {each} {condition}"
            f"EXECUTE FUNCTION calloff_refuse({said})"
        )
    else:
        editor.execute(
            f"CREATE TRIGGER {quoted} BEFORE {event} ON {on} FOR EACH ROW {condition}"
            f"BEGIN SELECT RAISE(ABORT, {said}); END"
        )


def _remove(editor: BaseDatabaseSchemaEditor, table: str, trigger: str) -> None:
    where = f" ON {editor.quote_name(table)}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {editor.quote_name(trigger)}{where}")

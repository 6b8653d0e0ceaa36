"""What a column of the database may say, made from the models: a closed list's own words, and no amount below nothing.

On PostgreSQL a CHECK of each column, added without looking at the rows and then validated beside the traffic; on
SQLite, which adds a CHECK only by building the table anew, a trigger of each table. Called from migrations, with the
models as they were then: one that alters a list of choices calls `hold_values` again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.apps.registry import Apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import truncate_name

from procurement.guards import in_quotes, refuse_where, take_down_where

OF_MONEY: Final = ("minor", "pence")
"""How the names of columns of money end: minor units, VAT excluded."""
LONGEST_NAME: Final = 63


@dataclass(frozen=True, slots=True)
class Bound:
    """What a row of `table` must meet, of its own columns alone; null meets it. `true` is SQL with {} before each
    column, `false` its contrary.
    """

    table: str
    name: str
    columns: tuple[str, ...]
    true: str
    false: str

    @property
    def constraint(self) -> str:
        return truncate_name(f"{self.table}_{self.name}", LONGEST_NAME)


def bounds(apps: Apps, app: str) -> Iterator[Bound]:
    """Those of every model of an app: closed lists, and amounts of money or per cent."""
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.local_concrete_fields:
            table, column = model._meta.db_table, str(field.column)
            if field.choices:
                yield one_of(table, column, _words(field))
            elif isinstance(field, models.DecimalField) or (
                isinstance(field, models.BigIntegerField) and column.rpartition("_")[2] in OF_MONEY
            ):
                yield Bound(
                    table, f"{column}_not_negative", (column,), f'{{}}"{column}" >= 0', f'{{}}"{column}" < 0'
                )


def one_of(table: str, column: str, words: Sequence[str]) -> Bound:
    """A column that says one of some words."""
    held = ", ".join(map(in_quotes, words))
    # One comparison after the other: SQLite would make a table of an IN's words for each row that is written.
    none = " AND ".join(f'{{}}"{column}" <> {in_quotes(word)}' for word in words)
    return Bound(table, f"{column}_known", (column,), f'{{}}"{column}" IN ({held})', none)


def hold_values(editor: BaseDatabaseSchemaEditor, held: Sequence[Bound]) -> None:
    """Puts these up, in place of what was held of the same columns before. On PostgreSQL outside of a transaction, or
    everybody waits while a table is looked through; a row that breaks one is an IntegrityError there, and on SQLite
    stays until somebody changes it.
    """
    if editor.connection.vendor == "postgresql":
        let_values(editor, held)
        for bound in held:
            table, name = editor.quote_name(bound.table), editor.quote_name(bound.constraint)
            condition = bound.true.replace("{}", "")
            editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
            editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        return
    for table, several in _by_table(held).items():
        columns = tuple(dict.fromkeys(column for bound in several for column in bound.columns))
        broken = " OR ".join(f"({bound.false.replace('{}', 'NEW.')})" for bound in several)
        sentence = f"Not a value that one of these may have: {', '.join(columns)}."
        refuse_where(editor, table, "other_value", "INSERT", broken, sentence)
        refuse_where(editor, table, "other_value", "UPDATE", broken, sentence, columns)


def let_values(editor: BaseDatabaseSchemaEditor, held: Sequence[Bound]) -> None:
    """Takes these down."""
    if editor.connection.vendor == "postgresql":
        for bound in held:
            table, name = editor.quote_name(bound.table), editor.quote_name(bound.constraint)
            editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        return
    for table in _by_table(held):
        for event in ("INSERT", "UPDATE"):
            take_down_where(editor, table, "other_value", event)


def _words(field: models.Field[object, object]) -> list[str]:
    words = [str(value) for value, _ in field.flatchoices]
    return [*([""] if field.blank and "" not in words else []), *words]


def _by_table(held: Sequence[Bound]) -> dict[str, list[Bound]]:
    tables: dict[str, list[Bound]] = {}
    for bound in held:
        tables.setdefault(bound.table, []).append(bound)
    return tables

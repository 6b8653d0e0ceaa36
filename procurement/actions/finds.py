"""Adds what searches and matches have shown to the counts of the day and of the month.

Journey: search/finds.py counts in the process -> here, some times a minute -> procurement/finds.py reads. It is no
event: nobody decided anything, and the log would be nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from procurement.models import DayFinds, MonthFinds

BATCH: Final = 500
"""Listings of one transaction: SQLite's one write lock is held for some milliseconds."""


@dataclass(slots=True)
class Shown:
    """In how many answers a listing was shown."""

    searches: int = 0
    matches: int = 0


def add_finds(day: date, shown: Mapping[str, Shown]) -> None:
    """Adds the counts of a day by listing's reference, at most BATCH of them: two statements in one transaction, each
    of which adds to the rows there are and makes those that are missing. Rows are taken in the order of their keys,
    so that two processes never wait for each other in a circle.
    """
    by_partner: dict[str, Shown] = {}
    for listing, one in shown.items():
        total = by_partner.setdefault(_partner(listing), Shown())
        total.searches += one.searches
        total.matches += one.matches
    with transaction.atomic():
        _add(
            DayFinds,
            ("day", "listing"),
            ("searches", "matches"),
            [
                {"day": day, "listing": listing, "partner": _partner(listing), "searches": one.searches,
                 "matches": one.matches}
                for listing, one in sorted(shown.items())
            ],
        )  # fmt: skip
        _add(
            MonthFinds,
            ("partner", "month"),
            ("searches", "matches", "finds"),
            [
                {"month": day.replace(day=1), "partner": partner, "searches": one.searches, "matches": one.matches,
                 "finds": one.searches + one.matches}
                for partner, one in sorted(by_partner.items())
            ],
        )  # fmt: skip


def _partner(listing: str) -> str:
    """A listing's reference ends in its partner's (procurement/references.py)."""
    return listing.rpartition("~")[2]


def _add(model: type[Any], unique: Iterable[str], counts: Iterable[str], rows: list[dict[str, Any]]) -> None:
    """Django's bulk_create replaces what is there; counts of several processes are added."""
    if not rows:
        return
    quoted, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    columns = [quoted(name) for name in rows[0]]
    adding = ", ".join(f"{quoted(one)} = {table}.{quoted(one)} + excluded.{quoted(one)}" for one in counts)
    places = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(rows))
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} "  # noqa: S608 - names are the models'
        f"ON CONFLICT ({', '.join(map(quoted, unique))}) DO UPDATE SET {adding}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row.values()])

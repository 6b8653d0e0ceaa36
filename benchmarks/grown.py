"""The demonstration's database with as many listings as are wanted: the fictional market, copied as a whole.

Every copy has firms, suppliers, places, offerings, cards and lines of its own; texts are those of the first, so that
what a page reads of the database grows as it would. Firms that exist are not copied. Written by SQL alone, in one
transaction.
"""

from __future__ import annotations

from typing import Final

COPIED: Final = (
    ("Organisation", "scheme = 'XX-DEMO' AND id IN (SELECT organisation_id FROM procurement_partner)"),
    ("Capability", "organisation_id"),
    ("Partner", "organisation_id"),
    ("ProfileVersion", "partner_id"),
    ("Supplier", "id IN (SELECT supplier_id FROM procurement_suppliermember WHERE partner_id > {first})"),
    ("SupplierMember", "partner_id"),
    ("Appointment", "supplier_id"),
    ("Offering", "partner_id"),
    ("RateCard", "supplier_id"),
    ("RateCardVersion", "card_id"),
    ("RateLine", "version_id"),
)
"""Models in the order that they are written in, and which rows: SQL, or the column that leads to rows copied before.
"""
TOLD_APART: Final = {"reference": "-", "identifier": "-", "name": " "}
"""Columns that tell a copy apart, and what stands before its number."""
APART: Final = 10_000_000
"""Between the keys of a row and of its next copy."""


def listings() -> int:
    """How many there are: a firm within a supplier on a framework."""
    from procurement.models import Offering  # noqa: PLC0415 - the environment comes first

    return (
        Offering.objects.values("partner", "appointment__supplier", "appointment__lot__framework")
        .distinct()
        .count()
    )


def grow(count: int) -> int:
    """Copies the market until there are at least so many listings; how many there then are."""
    from django.db import connection, transaction  # noqa: PLC0415

    had, copies = listings(), 0
    with transaction.atomic(), connection.cursor() as cursor:
        while had * (copies + 1) < count * 1.05:
            copies += 1
            for model, chosen in COPIED:
                cursor.execute(_copy(model, chosen, copies))
            # No line enters a version that is published: versions are drafts until they have theirs.
            by = copies * APART
            cursor.execute(
                "UPDATE procurement_ratecardversion SET status = (SELECT first.status FROM procurement_ratecardversion "
                "first WHERE first.id = procurement_ratecardversion.id - %s) WHERE id BETWEEN %s AND %s",
                [by, by, by + APART],
            )
    return listings()


def _copy(name: str, chosen: str, number: int) -> str:
    from django.apps import apps  # noqa: PLC0415

    model = apps.get_model("procurement", name)
    copied = {one for one, _ in COPIED}
    by = number * APART
    columns, values = [], []
    for field in model._meta.concrete_fields:
        column = field.column
        columns.append(column)
        target = field.related_model.__name__ if field.is_relation else ""
        if field.primary_key or target in copied:
            values.append(f"{column} + {by}")
        elif name == "RateCardVersion" and column == "status":
            values.append("'draft'")
        elif column in TOLD_APART:
            values.append(f"{column} || '{TOLD_APART[column]}{number}'")
        else:
            values.append(column)
    table = model._meta.db_table
    if "=" in chosen or " IN " in chosen:
        where = chosen.replace("partner_id > {first}", _those("procurement_partner", by, "partner_id"))
    else:
        where = _those(_target(model, chosen), by, chosen)
    rows = f"SELECT {', '.join(values)} FROM {table} WHERE id < {APART} AND {where}"  # noqa: S608 - names of our own
    return f"INSERT INTO {table} ({', '.join(columns)}) {rows}"


def _target(model: type, column: str) -> str:
    return next(
        field.related_model._meta.db_table for field in model._meta.concrete_fields if field.column == column
    )  # type: ignore[attr-defined]


def _those(table: str, by: int, column: str) -> str:
    return f"{column} + {by} IN (SELECT id FROM {table} WHERE id > {by})"  # noqa: S608

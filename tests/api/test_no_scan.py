"""What is asked most reads what it needs: a search no table, a page no table from end to end.

Every statement of a page is explained by the database itself. A table that grows with the market is never looked
through for it: an index leads to its rows. On PostgreSQL, where a small table is cheaper to look through whatever there
is, that is forbidden first; it is planned then only where no index would do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.models import (
    Appointment,
    Event,
    Offering,
    Partner,
    ProfileVersion,
    RateCard,
    RateCardVersion,
    RateLine,
    Specialism,
    Supplier,
    SupplierMember,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

GROWING = frozenset(
    model._meta.db_table
    for model in (
        Appointment, Event, Offering, Partner, ProfileVersion, RateCard, RateCardVersion, RateLine, Specialism,
        Supplier, SupplierMember,
    )
)  # fmt: skip


@contextmanager
def without_scans() -> Iterator[None]:
    """On PostgreSQL, a while in which a table is looked through only where nothing else leads to its rows."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
        yield


def scanned(statement: str) -> list[str]:
    """The growing tables that a statement looks through from end to end."""
    with without_scans(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
            plan: Any = cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            return sorted(set(_relations(plan[0]["Plan"])) & GROWING)
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        steps = [str(row[3]) for row in cursor.fetchall()]
    # By an index ("USING INDEX") rows come in the order in which they are shown, and only those of a page are read.
    names = [re.match(r"SCAN (\w+)", step) for step in steps if " USING " not in step]
    aliases = dict(re.findall(r'"(\w+)" (\w+)', statement))
    return sorted({one[1] for one in names if one is not None} & GROWING | _aliased(names, aliases))


def _aliased(names: list[re.Match[str] | None], aliases: dict[str, str]) -> set[str]:
    """Tables that a statement calls by another name."""
    called = {alias: table for table, alias in aliases.items()}
    return {called[one[1]] for one in names if one is not None and called.get(one[1]) in GROWING}


def _relations(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from _relations(inner)


def statements(client: Client, address: str) -> list[str]:
    client.get(address)
    with CaptureQueriesContext(connection) as taken:
        response = client.get(address)
    assert response.status_code == 200, response.content
    return [one["sql"] for one in taken.captured_queries if one["sql"].lstrip("( ").startswith("SELECT")]


@pytest.mark.parametrize(
    "address",
    [
        "/search?q=vision+evaluation",
        "/search?framework=rm6309&lot=7&grade=G3&max_rate=900&sort=rate",
        "/api/v1/listings/?q=vision+rehabilitation+evaluation",
        "/api/v1/listings/?framework=rm6309&specialism=rm6309~7~1&grade=G3&sort=rate",
        "/api/v1/rates/?q=consultant&sort=role&page_size=200",
        "/api/v1/rates/suggestions/?q=con",
    ],
)
def test_a_search_looks_through_no_table(client: Client, address: str) -> None:
    assert statements(client, address) == []


@pytest.mark.parametrize(
    "address",
    [
        "/listings/rm3745~ppl~opm-group",
        "/api/v1/partners/opm-group/",
        "/api/v1/suppliers/ppl/",
        "/api/v1/rate-cards/rm3745~ppl/",
        "/api/v1/lots/rm3745~5/",
        "/api/v1/partners/?supplier=ppl",
        "/api/v1/rate-cards/?supplier=ppl",
        "/api/v1/specialisms/?lot=rm3745~5",
        "/api/v1/rate-cards/?page_size=1",
        "/rates?framework=rm6309&grade=G3",
    ],
)
def test_a_page_looks_through_no_table_that_grows(client: Client, address: str) -> None:
    found = {one: scanned(one) for one in statements(client, address)}
    assert {one: tables for one, tables in found.items() if tables} == {}


@pytest.mark.parametrize(
    ("condition", "table"),
    [
        ("role_title LIKE '%engineer%'", "procurement_rateline"),
        ("role_title = 'engineer'", "procurement_rateline"),
        ("upper(role_title) = 'ENGINEER'", "procurement_rateline"),
        ("summary LIKE '%engineer%'", "procurement_profileversion"),
    ],
)
def test_a_statement_that_looks_through_a_table_is_noticed(condition: str, table: str) -> None:
    from_it = f'SELECT one.id FROM "{table}" one WHERE'  # noqa: S608 - of this test
    assert scanned(f"{from_it} {condition}") == [table]
    assert scanned(f"{from_it} one.id = 1") == []
    assert scanned(f'SELECT id FROM "{table}" WHERE {condition}') == [table]  # noqa: S608 - of this test

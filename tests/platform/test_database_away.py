"""While the database cannot be reached, whoever asks is told to come again, and nobody is told of a fault of ours."""

from __future__ import annotations

import socket
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client

from config.connections import database_settings
from procurement.passing import AWAY, BUSY, passing

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody_there() -> DatabaseWrapper:
    """A database at a port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgres://calloff@127.0.0.1:{port}/calloff"
    made = database_settings(url, busy_seconds=1, pool_least=1, pool_most=1)
    made["OPTIONS"].pop("pool")
    return DatabaseWrapper({**connection.settings_dict, **made})


@pytest.fixture
def client(client: Client) -> Client:
    """One that is answered as browsers are, whatever fails."""
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("path", ["/api/v1/frameworks/", "/api/v1/partners/opm-group/"])
def test_the_api_says_when_to_come_again(client: Client, nobody_there: DatabaseWrapper, path: str) -> None:
    with connection.execute_wrapper(lambda *_: nobody_there.ensure_connection()):
        answer = client.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": AWAY,
        "code": "unavailable",
    }
    assert client.get("/api/v1/frameworks/").status_code == 200


def test_what_fails_before_a_view_is_told_alike(client: Client, nobody_there: DatabaseWrapper) -> None:
    client.cookies["sessionid"] = "0" * 32
    with connection.execute_wrapper(lambda *_: nobody_there.ensure_connection()):
        answer = client.post("/api/v1/shortlists/", {}, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"], answer.json()["detail"]) == (503, "5", AWAY)


def test_a_page_says_that_it_passes(client: Client, nobody_there: DatabaseWrapper) -> None:
    with connection.execute_wrapper(lambda *_: nobody_there.ensure_connection()):
        answer = client.get("/frameworks/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The service does not answer at the moment" in answer.content.decode()
    assert client.get("/frameworks/").status_code == 200


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (caused(OperationalError("terminating"), psycopg.errors.AdminShutdown()), AWAY),
        (caused(OperationalError("starting up"), psycopg.errors.CannotConnectNow()), AWAY),
        (caused(OperationalError("full"), psycopg.errors.TooManyConnections()), AWAY),
        (caused(OperationalError("canceling: lock timeout"), psycopg.errors.LockNotAvailable()), BUSY),
        (OperationalError("database is locked"), BUSY),
        (caused(OperationalError("no space"), psycopg.errors.DiskFull()), None),
        (caused(ProgrammingError("no such table"), psycopg.errors.UndefinedTable()), None),
        (OperationalError("no such table: x"), None),
        (ValueError("x"), None),
    ],
)
def test_only_what_passes_by_itself_is_said_to(error: Any, said: str | None) -> None:
    assert passing(error) == said

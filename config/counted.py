"""What is counted about requests, tasks and queries; the engine's own calls are counted in search/measured.py.

docs/operations.md lists every name. Labels hold routes, names of tasks and kinds of statement: never a reference,
a person or anything typed, so that there are a few hundred series and no more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from prometheus_client import Histogram

from search.measured import SECONDS

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STATEMENTS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
LONG: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

REQUEST_SECONDS: Final = Histogram(
    "calloff_request_seconds", "Requests answered", ("method", "route", "status"), buckets=SECONDS
)
TASK_SECONDS: Final = Histogram(
    "calloff_task_seconds", "Tasks that a worker ended", ("task", "outcome"), buckets=LONG
)
QUERY_SECONDS: Final = Histogram(
    "calloff_database_query_seconds",
    "Statements sent to the database",
    ("statement", "outcome"),
    buckets=SECONDS,
)

_requests: dict[tuple[str, str, int], Histogram] = {}
_queries: dict[tuple[str, str], Histogram] = {}
"""Both keep their series at hand: looking one up takes longer than counting in it."""


def request_ended(method: str, route: str, status: int, seconds: float) -> None:
    """Counts a request. The series is kept at hand, because every search passes here."""
    key = method if method in METHODS else "other", route, status
    series = _requests.get(key)
    if series is None:
        series = _requests[key] = REQUEST_SECONDS.labels(key[0], route, str(status))
    series.observe(seconds)


def statement_of(sql: str) -> str:
    """The first word of a statement, where it is one of the few that are counted apart."""
    first = sql.lstrip()[:6].upper()
    return first if first in STATEMENTS else "other"


def counted_query(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Django's wrapper around each statement."""
    began = time.perf_counter()
    outcome = "error"
    try:
        answer = execute(sql, params, many, context)
        outcome = "ok"
        return answer
    finally:
        key = statement_of(sql), outcome
        series = _queries.get(key)
        if series is None:
            series = _queries[key] = QUERY_SECONDS.labels(*key)
        series.observe(time.perf_counter() - began)


def count_queries(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Listens to connection_created."""
    if counted_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(counted_query)

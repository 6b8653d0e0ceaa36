"""`make run` where the database and the queue are services of their own: PostgreSQL and Redis or RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.given import broker, database, fresh_database, own_queue
from tests.platform.supervised import PROCESSES, Supervised, processes_of, until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(1200)]


@pytest.fixture
def outgrown(tmp_path: Path) -> Iterator[tuple[Supervised, str]]:
    """One that runs on what was given, with the address of its database."""
    queue = broker()
    if database() is None or queue is None:
        pytest.skip("DATABASE_URL gives no PostgreSQL, or BROKER_URL no Redis or RabbitMQ")
    with fresh_database() as environment:
        supervised = Supervised(tmp_path / "data", **environment, BROKER_URL=own_queue(queue).geturl())
        try:
            supervised.ready(900)
            yield supervised, environment["DATABASE_URL"]
        finally:
            supervised.end()


def test_it_serves_follows_changes_and_leaves_nothing(outgrown: tuple[Supervised, str]) -> None:
    supervised, address = outgrown
    assert [name for name in PROCESSES if not supervised.running(name)] == ["queue"]
    status, ready = supervised.get("/api/v1/health/ready/")
    assert (status, ready["status"]) == (200, "ready")
    _, found = supervised.get("/api/v1/listings/?q=vision+rehabilitation+evaluation")
    assert found["results"][0]["partner"]["name"] == "OPM Group"
    with psycopg.connect(address, autocommit=True) as connection:
        # As a lost message leaves it, so that the sweep has to find it.
        connection.execute(
            "INSERT INTO search_indexrequest (kind, reference, position, claim, failures, created_at) "
            "VALUES ('partner', 'opm-group', 0, '', 0, now())"
        )
        waiting = "SELECT count(*) FROM search_indexrequest"
        until(lambda: connection.execute(waiting).fetchone() == (0,), 90, "the index worker did not answer")
        used = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'calloff' AND datname = current_database()"
        ).fetchone()
        assert used is not None
        assert 0 < used[0] <= 48
    assert supervised.stop() == 0
    assert processes_of(supervised.data) == {}

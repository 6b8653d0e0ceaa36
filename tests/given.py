"""The database and the queue that DATABASE_URL and BROKER_URL give a test run, for tests that start processes.

Without them the processes use what needs no service: a SQLite file and a Valkey server of their own.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]


def database() -> str | None:
    """The address of the PostgreSQL that was given."""
    url = os.environ.get("DATABASE_URL", "")
    return url if url.startswith("postgres") else None


def broker() -> str | None:
    """The address of the Redis or RabbitMQ that was given; tests/settings.py gives one where nobody listens."""
    url = os.environ.get("BROKER_URL", "")
    return None if not url or urlsplit(url).scheme.endswith("+socket") else url


@contextmanager
def fresh_database() -> Iterator[dict[str, str]]:
    """The variable that names a new, empty database, which is dropped afterwards; none for SQLite, whose file
    is in the data folder.
    """
    url = database()
    if url is None:
        yield {}
        return
    name = f"calloff_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def own_queue(url: str) -> SplitResult:
    """The given queue as this process may use it: of Redis a database of its own beside what others publish, of
    RabbitMQ a virtual host, where tests run side by side (tools/services.py makes them).
    """
    address = urlsplit(url)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    number = 1 + int((worker or "gw0")[2:])
    if address.scheme.startswith("redis"):
        return address._replace(path=f"/{number}")
    return address._replace(path=f"{address.path}-{number}") if worker else address


class Relay:
    """Stands between processes and the given queue, so that a test can cut them off from it and no one else."""

    def __init__(self, url: str, port: int) -> None:
        self.target = own_queue(url)
        self.port = port

    @property
    def url(self) -> str:
        user, at, _ = self.target.netloc.rpartition("@")
        return self.target._replace(netloc=f"{user}{at}127.0.0.1:{self.port}").geturl()

    def start(self) -> subprocess.Popen[bytes]:
        standard = 6379 if self.target.scheme.startswith("redis") else 5672
        words = [str(self.port), str(self.target.hostname), str(self.target.port or standard)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.relay", *words], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        return process

"""Passwords and keys are changed one after another, as docs/deployment.md says, while two web services are searched."""

from __future__ import annotations

import base64
import http.client
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.platform.deployed import DROPPED
from tests.platform.supervised import ROOT, free_port, until
from tools.search_node import Cluster, cluster
from tools.search_node.nodes import stated_rights
from tools.search_node.rest import call
from tools.services import NotInstalledError, running

pytestmark = [pytest.mark.elasticsearch, pytest.mark.long, pytest.mark.timeout(600)]

PREFIX = "calloff-"
SEARCH, PAGE, READY = "/api/v1/listings/?q=yew", "/api/v1/frameworks/", "/api/v1/health/ready/"
EACH = 10
"""Searches that are waited for at least while each secret is changed."""


def secret_of(url: str, password: str) -> str:
    """The address with another password."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username or ''}:{password}@{parts.hostname}:{parts.port}").geturl()


@dataclass
class Webs:
    """Two web services of one deployment, each with a port of its own; a proxy would share requests between them."""

    folder: Path
    environment: dict[str, str]
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)
    """Those that the proxy sends requests to."""

    def keep(self, name: str, secret: str) -> None:
        """Writes a secret where a process that starts from now on reads it."""
        (self.folder / name).write_text(secret + "\n")

    def start(self, port: int) -> None:
        with (self.folder / f"web-{port}.log").open("ab") as log:
            self.processes[port] = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"],
                cwd=ROOT,
                env=self.environment | {"WEB_BIND": f"127.0.0.1:{port}"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(lambda: self.is_ready(port), 90, f"the web at {port} is not ready")
        self.open.add(port)

    def stop(self, port: int) -> None:
        self.open.discard(port)
        self.processes[port].terminate()
        self.processes[port].wait(30)

    def renew(self) -> None:
        """One after the other: the proxy sends nothing to one that starts, and the other serves meanwhile."""
        for port in self.ports:
            self.stop(port)
            self.start(port)

    def is_ready(self, port: int) -> bool:
        try:
            status, told = self.ask(port, READY)
        except OSError:
            return False
        return status == 200 and b'"status":"ready"' in told.replace(b" ", b"")

    def ask(self, port: int, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            sent = {"Host": "calloff.example.org", "X-Forwarded-Proto": "https"}
            connection.request("GET", path, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@dataclass
class Asked:
    """What was answered so far, by everybody who asks."""

    statuses: list[tuple[str, int]] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(one == path for one, _ in self.statuses)


@contextmanager
def asking(webs: Webs) -> Iterator[Asked]:
    """Somebody who searches, and reads what stands in the database, without a pause, as a proxy sends them on."""
    asked, over = Asked(), threading.Event()

    def ask() -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            for path in (SEARCH, PAGE):
                standing = sorted(webs.open)
                port = standing[turn % len(standing)]
                try:
                    status = webs.ask(port, path)[0]
                except OSError:
                    # It was told to stop after it had been chosen: a proxy asks the other.
                    if port in webs.open:
                        asked.statuses.append((path, 0))
                    continue
                asked.statuses.append((path, status))
            over.wait(0.02)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        over.set()
        thread.join()


def as_elastic(nodes: Cluster, password: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """What a node answers the account `elastic` with this password."""
    who = base64.b64encode(f"elastic:{password}".encode()).decode()
    access = nodes.access
    return call(
        nodes.urls[0], method, path, body, authorization=f"Basic {who}", context=access.context, seconds=30
    )


def new_key(nodes: Cluster, password: str) -> tuple[str, str]:
    """Number and text of a key as tools/deployment/search_key.sh asks for one."""
    body = {"name": "calloff", "role_descriptors": stated_rights(PREFIX)}
    status, told = as_elastic(nodes, password, "POST", "/_security/api_key", body)
    assert status == 200, told
    return told["id"], told["encoded"]


def refused_by_database(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return True
    return False


def refused_by_redis(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            client.ping()
    except redis.AuthenticationError:
        return True
    return False


@dataclass
class Services:
    """The services, and the secrets that hold now."""

    nodes: Cluster
    elastic: str
    key: tuple[str, str]
    database: str
    redis: str


@pytest.fixture(scope="module")
def services(own_nodes: None) -> Iterator[Services]:
    with ExitStack() as stack:
        try:
            database, queue = stack.enter_context(running(["postgresql", "redis"]))
        except NotInstalledError as missing:
            pytest.skip(str(missing))
        nodes = stack.enter_context(cluster(security=True, names=["localhost", "127.0.0.1"], heap="512m"))
        elastic = secrets.token_hex(16)
        status, told = nodes.request("POST", "/_security/user/elastic/_password", {"password": elastic})
        assert status == 200, told
        yield Services(nodes, elastic, new_key(nodes, elastic), database.url, queue.url)


@pytest.fixture
def webs(services: Services, tmp_path: Path) -> Iterator[Webs]:
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    files = ("SECRET_KEY", "DATABASE_URL", "BROKER_URL", "CACHE_URL", "SEARCH_API_KEY")
    environment = kept | {f"{name}_FILE": str(tmp_path / name) for name in files}
    environment |= {
        "ALLOWED_HOSTS": "calloff.example.org",
        "BEHIND_PROXY": "1",
        "CALLOFF_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SEARCH_CA_CERT": str(services.nodes.access.authority),
        "SEARCH_PREFIX": PREFIX,
        "SEARCH_URL": ",".join(services.nodes.urls),
        "STATIC_HASHED": "0",
        "WEB_PROCESSES": "1",
    }
    made = Webs(tmp_path, environment)
    made.keep("SECRET_KEY", "s" * 64)
    made.keep("DATABASE_URL", services.database)
    made.keep("BROKER_URL", services.redis)
    made.keep("CACHE_URL", services.redis.removesuffix("/0") + "/1")
    made.keep("SEARCH_API_KEY", services.key[1])
    try:
        for words in (("migrate", "-v0"), ("rebuild_index",)):
            subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True)
        for port in made.ports:
            made.start(port)
        yield made
    finally:
        for process in made.processes.values():
            process.kill()
            process.wait()


def test_every_secret_is_changed_and_no_search_fails(services: Services, webs: Webs) -> None:
    nodes, new = services.nodes, secrets.token_hex(16)
    with asking(webs) as asked:

        def went_on() -> None:
            """Searches are answered as before, after what was done last."""
            enough = asked.count(SEARCH) + EACH
            until(lambda: asked.count(SEARCH) >= enough, 60, "nobody is answered")
            assert {one for one in asked.statuses if one[1] != 200} == set()

        went_on()
        # The password of elastic: keys that it made stay.
        changed = as_elastic(
            nodes, services.elastic, "POST", "/_security/user/elastic/_password", {"password": new}
        )
        assert changed[0] == 200
        assert [as_elastic(nodes, one, "GET", "/")[0] for one in (services.elastic, new)] == [401, 200]
        went_on()

        # The key: both are good until every process has the new one.
        number, text = new_key(nodes, new)
        webs.keep("SEARCH_API_KEY", text)
        webs.renew()
        went_on()
        ended = as_elastic(nodes, new, "DELETE", "/_security/api_key", {"ids": [services.key[0]]})[1]
        assert (ended["invalidated_api_keys"], number != services.key[0]) == ([services.key[0]], True)
        went_on()

        # PostgreSQL: connections that are open stay; what opens one needs the new password.
        database = secret_of(services.database, new)
        with psycopg.connect(services.database, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE calloff PASSWORD '{new}'")
        assert [refused_by_database(one) for one in (services.database, database)] == [True, False]
        webs.keep("DATABASE_URL", database)
        went_on()
        webs.renew()
        went_on()

        # Redis: it takes both until the former is taken away.
        queue, former = secret_of(services.redis, new), urlsplit(services.redis).password
        with redis.Redis.from_url(services.redis) as client:
            client.execute_command("ACL", "SETUSER", "default", f">{new}")
        assert [refused_by_redis(one) for one in (services.redis, queue)] == [False, False]
        webs.keep("BROKER_URL", queue)
        webs.keep("CACHE_URL", queue.removesuffix("/0") + "/1")
        webs.renew()
        went_on()
        with redis.Redis.from_url(queue) as client:
            client.execute_command("ACL", "SETUSER", "default", f"<{former}")
        assert [refused_by_redis(one) for one in (services.redis, queue)] == [True, False]
        went_on()
    assert {webs.is_ready(port) for port in webs.ports} == {True}
    assert {status for _, status in asked.statuses} == {200}

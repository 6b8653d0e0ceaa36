"""What every test stands on; its settings are in tests/settings.py."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from search.engines.elasticsearch.client import Client
from search.engines.elasticsearch.connection import Connection, hosts_of
from tests.examples import WHOLE, examples
from tests.given import broker, database
from tests.guards import allow_clearing
from tests.migrated import copied, keep
from tests.prepared import Prepared, prepared_in
from tools.search_node.account import node_folder
from tools.search_node.java import NodeUnavailableError, find_java
from tools.search_node.software import software
from tools.services import named

# Time limits are pytest's; two busy cores must not make a property look slow. Nothing is kept between runs.
hypothesis.settings.register_profile(
    "calloff", deadline=None, database=None, print_blob=True, max_examples=examples(WHOLE)
)
hypothesis.settings.load_profile("calloff")

LONG = ("long", "browser", "kill", "fuzz")
"""Marks of what only `make test-all` runs."""
OVER = "a long test, and the time of this run was over"

# What is imported and collected stays until the end, so the collector of garbage need never go through it.
gc.disable()


def pytest_collection_finish() -> None:
    """What the tests themselves make is collected again, but seldom: they leave little that goes in circles."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_unconfigure() -> None:
    """Removes the data folder; a worker of xdist ends without running what atexit knows."""
    shutil.rmtree(settings.CALLOFF_DATA, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line on what the tests ran on, how many did, and why some did not."""
    node = os.environ.get("SEARCH_TEST_URL")
    services = [named(url) for url in (database(), broker()) if url] + (["Elasticsearch"] if node else [])
    kept = services if database() else [f"SQLite {sqlite3.sqlite_version}", *services]
    found = {
        outcome: terminalreporter.stats.get(outcome, [])
        for outcome in ("passed", "failed", "error", "skipped")
    }
    told = ", ".join(f"{len(reports):,} {name}" for name, reports in found.items() if reports)
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in found["skipped"])
    why = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
    if reasons[OVER] and (note := os.environ.get("LEFT_OUT")):
        Path(note).write_text(f"{reasons[OVER]:,}")
    terminalreporter.write_line(f"{' + '.join(kept)}: {told or 'no tests'}{f' ({why})' if why else ''}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A run whose time is bounded (CHECK_UNTIL, in seconds since 1970; `.ci/run` states it) begins no long test after
    that, so that it ends by itself on a slow machine; the line at its end says how many it left out.
    """
    until = float(os.environ.get("CHECK_UNTIL", "inf"))
    if time.time() > until and any(item.get_closest_marker(name) for name in LONG):
        pytest.skip(OVER)


class Undone(Exception):  # noqa: N818
    """Ends the transaction in which the demonstration was loaded."""


def index_demonstration(django_db_blocker: DjangoDbBlocker, **where: object) -> None:
    """Builds an index of the whole demonstration where these settings say; the database is as it was afterwards. People
    and their purchases, which no index holds, are left out.
    """
    try:
        with (
            django_db_blocker.unblock(),
            override_settings(DEMO_PASSWORD=None, **where),
            transaction.atomic(),
        ):
            call_command("load_fixtures", verbosity=0)
            call_command("rebuild_index", verbosity=0)
            raise Undone
    except Undone:
        return


@pytest.fixture(scope="session")
def demonstration_index(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An index of the whole demonstration, built once."""
    folder = tmp_path_factory.mktemp("demonstration") / "index"
    index_demonstration(django_db_blocker, INDEX_FOLDER=folder)
    return folder


@pytest.fixture(scope="session")
def demonstration_service(
    search_node: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """The settings of a search service that holds the same; its indices are removed at the end."""
    prefix = f"test-{secrets.token_hex(4)}-"
    where = {"SEARCH_URL": search_node, "SEARCH_PREFIX": prefix}
    index_demonstration(django_db_blocker, **where)
    yield where
    client = Client(Connection(hosts_of(search_node), prefix=prefix))
    for name in client.call("GET", f"/{prefix}*/_alias"):
        client.call("DELETE", f"/{name}")
    client.close()


@pytest.fixture
def demonstration(demonstration_index: Path) -> Iterator[None]:
    """Searches, which read no database, meet the whole demonstration."""
    before = settings.INDEX_FOLDER
    settings.INDEX_FOLDER = demonstration_index
    yield
    settings.INDEX_FOLDER = before


def lacking(reason: str) -> NoReturn:
    """A test that this machine cannot run is skipped by name; in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def search_node() -> str:
    """The address of the Elasticsearch that this run's tests share; each uses names of its own in it."""
    return os.environ.get("SEARCH_TEST_URL") or lacking("no Elasticsearch: `make test-all` starts one")


@pytest.fixture(scope="session")
def own_nodes() -> None:
    """For tests that run nodes of their own, by tools.search_node.cluster: makes sure that this machine can."""
    try:
        find_java()
        software(node_folder())
    except NodeUnavailableError as missing:
        lacking(str(missing))


@pytest.fixture(scope="session")
def migrated_folder(pytestconfig: pytest.Config) -> Path | None:
    """Where the migrated database is kept between runs; None for a run that neither takes nor leaves one."""
    asked = pytestconfig.getvalue("create_db") or pytestconfig.getvalue("nomigrations")
    if connection.vendor != "sqlite" or asked or not pytestconfig.pluginmanager.has_plugin("cacheprovider"):
        return None
    return pytestconfig.cache.mkdir("migrated")


@pytest.fixture(scope="session")
def django_db_keepdb(
    django_db_keepdb: bool, migrated_folder: Path | None, django_db_modify_db_settings: None
) -> bool:
    """Whether the test database stands already, so that Django has only to look whether a migration is lacking."""
    if migrated_folder is None:
        return django_db_keepdb
    return copied(migrated_folder, Path(connection.settings_dict["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,
    django_db_keepdb: bool,
    migrated_folder: Path | None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """The test database as Django makes it, but that its tables may be emptied between tests."""
    with django_db_blocker.unblock():
        if migrated_folder and not django_db_keepdb:
            keep(migrated_folder)
        allow_clearing()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """A migrated database to be copied by tests that start processes."""
    with prepared_in(tmp_path_factory.mktemp("prepared")) as made:
        yield made


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database for what is made once for all tests of a module: each of them undoes its own changes, and all is
    taken back at the end. Not for modules with tests that commit (django_db(transaction=True)).
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium. Without one browser tests are skipped by name; in CI they fail."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    lacking("Chromium is not installed (Debian and Ubuntu: apt-get install chromium)")

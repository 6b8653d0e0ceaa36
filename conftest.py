"""What every test stands on; its settings are in tests/settings.py."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

# Time limits are pytest's; two busy cores must not make a property look slow. Nothing is kept between runs.
hypothesis.settings.register_profile("calloff", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("calloff")


def pytest_unconfigure() -> None:
    """Removes the data folder; a worker of xdist ends without running what atexit knows."""
    shutil.rmtree(settings.CALLOFF_DATA, ignore_errors=True)


class Undone(Exception):  # noqa: N818
    """Ends the transaction in which the demonstration was loaded."""


@pytest.fixture(scope="session")
def demonstration_index(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An index of the whole demonstration, built once; the database is as it was afterwards."""
    before = settings.INDEX_FOLDER
    settings.INDEX_FOLDER = tmp_path_factory.mktemp("demonstration") / "index"
    try:
        with django_db_blocker.unblock(), transaction.atomic():
            call_command("load_fixtures", verbosity=0)
            call_command("rebuild_index", verbosity=0)
            raise Undone
    except Undone:
        return settings.INDEX_FOLDER
    finally:
        settings.INDEX_FOLDER = before


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
def chromium() -> str:
    """The path of the machine's Chromium. Without one browser tests are skipped by name; in CI they fail."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    lacking("Chromium is not installed (Debian and Ubuntu: apt-get install chromium)")

"""The pages' tests: a small market in the database and an index of it in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client, override_settings
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker

from search.index import borrowed_writer
from search.rebuild import rebuild
from tests.web.browsing import FLAGS
from tests.web.market import PASSWORD, make_market
from tests.web.reading import COMPILED


@pytest.fixture(scope="module")
def market(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The market, made once for a module and taken back at its end; each test undoes its own changes."""
    folder = tmp_path_factory.mktemp("index")
    with django_db_blocker.unblock(), override_settings(INDEX_FOLDER=folder), transaction.atomic():
        make_market()
        with borrowed_writer() as writer:
            rebuild(writer)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def page(market: None, db: None) -> Client:
    """A browser that nobody is signed in with."""
    return Client()


@pytest.fixture
def signed_in(page: Client) -> Client:
    """The same, signed in as an editor of the firm alder."""
    assert page.login(username="alder@example.org", password=PASSWORD)
    return page


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    if not COMPILED.exists():
        pytest.fail("The style sheet is not compiled: run `make assets`.")
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        # Playwright runs its loop in this thread, and Django would refuse to speak to the database beside it.
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()

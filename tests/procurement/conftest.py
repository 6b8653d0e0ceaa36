"""What tests of purchases stand on: the market of tests/bought.py, made once for a module and taken back at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.bought import Market, make_market
from tests.competed import Contest, make_contest


@pytest.fixture(scope="module")
def market_of_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Market]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_market()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def contest_of_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Contest]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_contest()
        transaction.set_rollback(True)


@pytest.fixture
def market(market_of_module: Market, db: None) -> Market:
    """Whoever buys and supplies; each test undoes its own changes."""
    return market_of_module


@pytest.fixture
def contest(contest_of_module: Contest, db: None) -> Contest:
    """The same, with assessors and a moderator."""
    return contest_of_module

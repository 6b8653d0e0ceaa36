"""What the API's tests stand on: the demonstration market, loaded through the actions and indexed by the real
engine.

Each module loads it into a transaction of its own and rolls that back, so that no other test meets it; the
index is built once and lies in a folder of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AbstractApplication, AccessToken
from pytest_django import DjangoDbBlocker

from procurement.models import Application, Organisation, User
from tests.api.market import load

_indexed: list[Path] = []

TokenMaker = Callable[..., str]
Asker = str | tuple[str, str]
"""Somebody who signs in, "" for nobody; or the organisation and the scopes of a token."""


def asks(known: Asker, person: Callable[[str], Client], token: TokenMaker) -> tuple[Client, dict[str, str]]:
    """A client and the headers with which this one asks."""
    if isinstance(known, tuple):
        return Client(), {"Authorization": f"Bearer {token(*known)}"}
    return person(known), {}


class Rolledback(Exception):  # noqa: N818
    """Ends a module's transaction."""


@pytest.fixture(scope="module")
def market(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demonstration market in the database and in the index, for one module."""
    before = django_settings.INDEX_FOLDER
    folder = Path(django_settings.CALLOFF_DATA) / "index-of-api-tests"
    django_settings.INDEX_FOLDER = folder
    try:
        with django_db_blocker.unblock(), transaction.atomic():
            load()
            if not _indexed:
                call_command("rebuild_index", verbosity=0)
                _indexed.append(folder)
            yield
            raise Rolledback
    except Rolledback:
        pass
    finally:
        django_settings.INDEX_FOLDER = before


@pytest.fixture(autouse=True)
def uncounted() -> None:
    """No test spends another's quota."""
    cache.clear()


@pytest.fixture
def person(market: None, db: None) -> Callable[[str], Client]:
    """A client signed in as the demonstration's person of that name: `person("partner")`; nobody for ""."""

    def signed_in(name: str) -> Client:
        client = Client(enforce_csrf_checks=False)
        if name:
            client.force_login(User.objects.get(email=f"{name}@example.org"))
        return client

    return signed_in


def token_for(organisation: str, scopes: str) -> str:
    """An access token of an application that is made for it, as /oauth/token/ would give it (test_oauth.py asks there):
    `token_for("opm-group", "partners:write")`.
    """
    application = Application.objects.create(
        name="test",
        organisation=Organisation.objects.get(reference=organisation),
        client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
        authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
    )
    made = AccessToken.objects.create(
        application=application,
        token=secrets.token_hex(20),
        expires=timezone.now() + timedelta(hours=1),
        scope=scopes,
    )
    return str(made.token)


@pytest.fixture
def token(market: None, db: None) -> TokenMaker:
    """Makes an access token: `token("opm-group", "partners:write")`."""
    return token_for

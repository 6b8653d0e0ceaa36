"""Access tokens: client credentials alone, no more than was asked for, stored so that a copy of the table
opens nothing.
"""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AbstractApplication, get_access_token_model

from procurement.models import Application, Event, Organisation
from tests.api.conftest import TokenMaker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def application(grant: str = AbstractApplication.GRANT_CLIENT_CREDENTIALS) -> Application:
    return Application.objects.create(
        name="test", organisation=Organisation.objects.get(reference="opm-group"), client_secret="secret",
        client_type=AbstractApplication.CLIENT_CONFIDENTIAL, authorization_grant_type=grant,
        redirect_uris="https://app.example.org/",
    )  # fmt: skip


def ask(client: Client, made: Application, **more: str) -> Any:
    sent = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": "secret",
        **more,
    }
    return client.post("/oauth/token/", sent)


def test_a_token_is_given_for_the_scopes_asked(client: Client) -> None:
    told = ask(client, application(), scope="partners:write read").json()
    assert (told["token_type"], set(told["scope"].split())) == ("Bearer", {"partners:write", "read"})
    assert told["expires_in"] == 3600
    assert "refresh_token" not in told


def test_a_token_needs_neither_cookie_nor_csrf_token() -> None:
    answer = ask(Client(enforce_csrf_checks=True), application())
    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")


def test_a_client_made_by_the_command_gets_a_token_for_its_organisation() -> None:
    said = StringIO()
    call_command("create_client", "opm-group", "--name", "Sync", stdout=said)
    told = dict(line.split("=", 1) for line in said.getvalue().split())
    made = Application.objects.get(client_id=told["CLIENT_ID"])
    assert (made.organisation.reference, made.name) == ("opm-group", "Sync")
    assert told["CLIENT_SECRET"] != made.client_secret
    answer = ask(Client(), made, client_secret=told["CLIENT_SECRET"])
    assert answer.status_code == 200
    event = Event.objects.order_by("-position").first()
    assert (event.type, event.subject, event.changes) == (
        "organisation.client_created",
        "opm-group",
        {"name": "Sync"},
    )


def test_a_client_for_nobody_is_refused_and_none_is_made() -> None:
    with pytest.raises(CommandError, match=r"There is no organisation nobody\."):
        call_command("create_client", "nobody")
    assert not Application.objects.exists()


def test_who_asks_for_no_scope_may_read(client: Client) -> None:
    assert ask(client, application()).json()["scope"] == "read"


@pytest.mark.parametrize(
    ("more", "error"),
    [({"scope": "everything"}, "invalid_scope"), ({"client_secret": "wrong"}, "invalid_client"),
     ({"client_id": "nobody"}, "invalid_client"), ({"grant_type": "password", "username": "a",
     "password": "b"},
      "invalid_grant"), ({"grant_type": "nonsense"}, "unsupported_grant_type"), ({"grant_type": ""},
      "unsupported_grant_type")],
)  # fmt: skip
def test_a_refusal_has_the_form_of_oauth(client: Client, more: dict[str, str], error: str) -> None:
    response = ask(client, application(), **more)
    assert response.status_code in {400, 401}
    assert response["Content-Type"] == "application/json"
    assert response.json()["error"] == error
    assert get_access_token_model().objects.count() == 0


def test_neither_token_nor_secret_can_be_read_from_the_database(client: Client) -> None:
    made = application()
    secret = ask(client, made).json()["access_token"]
    row = get_access_token_model().objects.get()
    assert secret not in {str(value) for value in vars(row).values()}
    assert Application.objects.get(pk=made.pk).client_secret != "secret"


def test_an_expired_token_is_a_401(client: Client, token: TokenMaker) -> None:
    secret = token("opm-group", "read")
    assert client.get("/api/v1/frameworks/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    get_access_token_model().objects.update(expires=timezone.now() - timedelta(seconds=1))
    response = client.get("/api/v1/frameworks/", headers={"Authorization": f"Bearer {secret}"})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


def test_the_token_address_is_for_post_alone_and_counted(client: Client, settings: Any) -> None:
    assert client.get("/oauth/token/").status_code == 405
    settings.API_LIMITS = {**settings.API_LIMITS, "token": 1}
    client.post("/oauth/token/")
    assert client.post("/oauth/token/").status_code == 429

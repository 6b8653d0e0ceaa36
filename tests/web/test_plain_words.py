"""What has no page of its own is told in plain words: an address that only takes forms, a cache that is away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axes.handlers.proxy import AxesProxyHandler
from django.test import Client

from procurement.models import Event, User
from tests.web.buying import signed
from tests.web.reading import read

AWAY = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}


def test_an_address_that_only_takes_forms_leads_on(page: Client) -> None:
    answer = signed(page).get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]
    shown = read(answer)
    assert "This address is no page" in shown.texts("h1")
    assert {"/", "/account"} <= {one.attributes.get("href") for one in shown.all("a")}
    assert page.get("/account").status_code == 200


def test_what_the_api_says_of_a_method_stays_a_problem(page: Client) -> None:
    answer = page.post("/api/v1/listings/")
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/organisations/council/members", {"do": "accept", "role": "viewer", "request": "a\0"}),
        ("/firms/alder", {"do": "leave", "supplier": "\0"}),
        ("/administration/rate-imports", {"framework": "\0"}),
        ("/match", {"text": "x\0"}),
        ("/match", {"text": "x", "a\0": "b"}),
    ],
)
def test_a_form_with_what_no_database_takes_is_no_request(
    page: Client, address: str, sent: dict[str, str]
) -> None:
    before = Event.objects.count()
    answer = signed(page).post(address, sent)
    assert (answer.status_code, Event.objects.count()) == (400, before)
    assert "This request could not be understood" in read(answer).texts("h1")


@pytest.fixture
def cache_away(settings: Any) -> Iterator[None]:
    before: dict[str, Any] = settings.CACHES
    settings.AXES_ENABLED = True
    settings.CACHES = before | {"attempts": AWAY}
    AxesProxyHandler.get_implementation(force=True)
    yield
    settings.CACHES = before
    AxesProxyHandler.get_implementation(force=True)


@pytest.mark.usefixtures("cache_away")
@pytest.mark.parametrize("password", ["a long enough password", "wrong"])
def test_nobody_signs_in_while_attempts_cannot_be_counted(password: str, page: Client) -> None:
    user = User.objects.create_user("somebody@example.org", "a long enough password")
    answer = page.post("/sign-in", {"username": user.email, "password": password})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "This is not possible at the moment" in read(answer).texts("h1")
    assert "_auth_user_id" not in page.session
    assert page.get("/").status_code == 200

"""What firms publish is looked at through the API: listed, left, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.models import Event, Partner, ProfileReview, ProfileVersion
from tests.api import calling_off
from tests.api.administering import published_anew
from tests.api.conftest import TokenMaker, asks
from tests.api.joining import people
from tests.api.test_joinings import send
from tests.guards import unguarded

LIST, FIRM = "/api/v1/profile-reviews/", "/api/v1/partners/larch/"
LEAVE, TAKE_BACK = f"{FIRM}profile/leave/", f"{FIRM}profile/take-back/"
WHY = {"reason": "It names another firm."}

Person = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()
    people()


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        ProfileReview.objects.count(),
        list(ProfileVersion.objects.order_by("pk").values_list("number", "status")),
        list(Partner.objects.order_by("pk").values_list("revision", flat=True)),
    ]


def summary() -> str:
    published = Partner.objects.select_related("published").get(reference="larch").published
    assert published is not None
    return published.summary


def test_what_a_firm_published_waits_until_it_is_left(person: Person) -> None:
    owner = person("owner")
    assert owner.get(LIST).json()["results"] == []
    number = published_anew("larch")
    [waiting] = owner.get(LIST).json()["results"]
    assert (waiting["partner"]["reference"], waiting["version"]) == ("larch", number)
    left = send(owner, "POST", LEAVE, {"version": number}, Idempotency_Key="k1")
    assert (left.status_code, left.json()["profile_version"]) == (200, number)
    assert left["ETag"] == owner.get(FIRM)["ETag"]
    assert owner.get(LIST).json()["results"] == []
    event = Event.objects.latest("position")
    assert (event.type, event.changes) == ("partner.profile_reviewed", {"version": number})
    before = kept()
    assert send(owner, "POST", LEAVE, {"version": number}, Idempotency_Key="k1").json() == left.json()
    assert send(owner, "POST", LEAVE, {"version": number}, Idempotency_Key="k2").status_code == 409
    assert kept() == before


def test_what_is_taken_back_is_replaced_by_what_stood_before(person: Person) -> None:
    owner, stood = person("owner"), summary()
    number = published_anew("larch")
    taken = send(owner, "POST", TAKE_BACK, {"version": number} | WHY)
    assert (taken.status_code, taken.json()["profile_version"]) == (200, number + 1), taken.content
    assert summary() == stood
    review = ProfileReview.objects.get(version__number=number, version__partner__reference="larch")
    assert (review.verdict, review.reason) == ("taken_back", WHY["reason"])
    assert owner.get(LIST).json()["results"] == []


@pytest.mark.parametrize(
    ("place", "body", "status", "pointer"),
    [
        (LEAVE, {}, 400, None),
        (LEAVE, {"version": "2"}, 400, "/version"),
        (LEAVE, {"version": 0}, 400, "/version"),
        (LEAVE, {"version": True}, 400, "/version"),
        (LEAVE, {"version": 2} | WHY, 400, "/reason"),
        (LEAVE, {"version": 99}, 412, None),
        (TAKE_BACK, {"version": 2}, 422, "/reason"),
        (TAKE_BACK, {"version": 1} | WHY, 412, None),
        ("/api/v1/partners/nobody/profile/leave/", {"version": 2}, 404, None),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    place: str, body: dict[str, Any], status: int, pointer: str | None, person: Person
) -> None:
    assert published_anew("larch") == 2
    before = kept()
    answer = send(person("owner"), "POST", place, body)
    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json().get("errors", [])] == ([pointer] if pointer else [])
    assert kept() == before


def test_what_nothing_stood_before_cannot_be_taken_back(person: Person) -> None:
    assert published_anew("larch") == 2
    with unguarded():
        ProfileVersion.objects.filter(partner__reference="larch", number=1).delete()
    before = kept()
    assert send(person("owner"), "POST", TAKE_BACK, {"version": 2} | WHY).status_code == 409
    assert kept() == before


def test_a_token_needs_the_scope_that_runs_frameworks(person: Person, token: TokenMaker) -> None:
    for scope, status in (("read", 403), ("frameworks:write", 200)):
        client, headers = asks(("calloff-operations", scope), person, token)
        assert client.get(LIST, headers=headers).status_code == status


def test_the_list_takes_as_many_queries_for_many_as_for_one(person: Person) -> None:
    owner, counts = person("owner"), []
    for firm in ("larch", "brightwater"):
        published_anew(firm)
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]

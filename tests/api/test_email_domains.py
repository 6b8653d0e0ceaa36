"""Domains of an organisation's addresses through the API: added and removed by its administrators and by operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.models import EmailDomain, Event, IdempotencyRecord
from tests.api import calling_off
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker
from tests.api.test_joinings import send

HERE = f"/api/v1/organisations/{BUYER}/domains/"
ONE = f"{HERE}leeds.example/"

Person = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def buyers(market: None, module_database: None) -> None:
    calling_off.place()


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    domains = list(EmailDomain.objects.order_by("pk").values_list("organisation__reference", "domain"))
    return [domains, Event.objects.count(), IdempotencyRecord.objects.count()]


def test_an_operator_gives_a_council_its_domain_and_takes_it_away(person: Person) -> None:
    operator = person("operator")
    first, again = (send(operator, "POST", HERE, {"domain": " @Leeds.Example"}) for _ in range(2))
    assert (first.status_code, first.json(), first["Location"]) == (201, {"domain": "leeds.example"}, ONE)
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), ONE)
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("organisation.domain_added", BUYER)
    assert event.changes == {"domain": "leeds.example"}
    assert operator.get(HERE).json()["results"] == [{"domain": "leeds.example"}]
    assert (
        operator.get(ONE).json()
        == person("chief").get(ONE.replace("leeds.", "LEEDS.")).json()
        == first.json()
    )
    before = kept()
    assert send(operator, "POST", HERE, {"domain": "leeds.example"}, Idempotency_Key="k2").status_code == 409
    assert kept() == before
    assert send(operator, "DELETE", ONE).status_code == 204
    assert Event.objects.latest("position").type == "organisation.domain_removed"
    assert (send(operator, "DELETE", ONE).status_code, operator.get(ONE).status_code) == (404, 404)
    assert EmailDomain.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"domain": "gov.uk"}, 422, "shape"),
        ({"domain": "gmail.com"}, 422, "shape"),
        ({"domain": "leeds"}, 422, "shape"),
        ({"domain": ""}, 422, "shape"),
        ({"domain": 7}, 400, "type"),
        ({"domain": "leeds.example", "colour": "red"}, 400, "unknown_field"),
    ],
)
def test_a_domain_that_cannot_be_its_own_is_refused(
    person: Person, body: dict[str, Any], status: int, code: str
) -> None:
    before = kept()
    refused = send(person("operator"), "POST", HERE, body)
    assert (refused.status_code, [one["code"] for one in refused.json()["errors"]]) == (status, [code])
    assert kept() == before


def test_an_administrator_adds_that_of_their_own_address_alone(person: Person) -> None:
    chief, before = person("chief"), kept()
    refused = send(chief, "POST", HERE, {"domain": "leeds.example"})
    assert (refused.status_code, [one["code"] for one in refused.json()["errors"]]) == (422, ["unproven"])
    assert kept() == before
    assert send(chief, "POST", HERE, {"domain": "example.org"}).status_code == 201


def test_nobody_else_sees_or_changes_them(person: Person, token: TokenMaker) -> None:
    assert send(person("operator"), "POST", HERE, {"domain": "leeds.example"}).status_code == 201
    own = {"Authorization": f"Bearer {token(BUYER, 'admin:write')}"}
    other = {"Authorization": f"Bearer {token('calloff-operations', 'imports:write')}"}
    before = kept()
    for who, headers, status in (
        ("buyer", {}, 403), ("neighbour", {}, 404), ("", {}, 401), ("", own, 403), ("", other, 404),
    ):  # fmt: skip
        asks = person(who)
        for method, path, body in (
            ("GET", HERE, None), ("GET", ONE, None), ("DELETE", ONE, None),
            ("POST", HERE, {"domain": "example.org"}),
        ):  # fmt: skip
            answer = send(asks, method, path, body, **headers)
            assert answer.status_code == status, (who, method, path)
            assert b"leeds.example" not in answer.content
    assert kept() == before
    nobody = HERE.replace(BUYER, "nobody")
    assert send(person("operator"), "POST", nobody, {"domain": "a.example"}).status_code == 404
    assert kept() == before

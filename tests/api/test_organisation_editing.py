"""Organisations are let in and changed through the API by whoever runs the service, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.actions.events import verify
from procurement.models import Capability, Event, IdempotencyRecord, Organisation, Partner
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker
from tests.api.test_joinings import send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

ALL, ONE = "/api/v1/organisations/", f"/api/v1/organisations/{BUYER}/"
NEW: dict[str, Any] = {
    "name": " Northshire County Council ",
    "scheme": "GB-LAE",
    "identifier": "NSC",
    "capabilities": ["buyer"],
    "buyer_class": "local-government",
    "nation": "england",
}


@pytest.fixture
def operator(person: Callable[[str], Client]) -> Client:
    return person("operator")


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(Organisation.objects.order_by("pk").values()),
        list(Capability.objects.order_by("pk").values()),
        Partner.objects.count(),
        IdempotencyRecord.objects.count(),
    ]


def test_a_council_is_let_in_and_changed(operator: Client) -> None:
    made = send(operator, "POST", ALL, NEW)
    assert made.status_code == 201, made.content
    here = f"{ALL}northshire-county-council/"
    assert (made["Location"], made.json()) == (
        here,
        {
            **NEW, "name": "Northshire County Council", "reference": "northshire-county-council", "parent": None,
            "fictional": False,
        },
    )  # fmt: skip
    read = operator.get(here)
    assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("organisation.created", "northshire-county-council")
    assert event.changes == {**NEW, "name": "Northshire County Council"}
    said = {"name": "Northshire", "identifier": "NSX", "nation": "", "capabilities": ["framework_owner"]}
    changed = send(operator, "PATCH", here, said, If_Match=made["ETag"])
    assert changed.status_code == 200, changed.content
    assert changed.json() == made.json() | said | {"capabilities": ["buyer", "framework_owner"]}
    event = Event.objects.latest("position")
    assert (event.type, event.changes) == ("organisation.changed", said)
    again = send(operator, "PATCH", here, said, If_Match=changed["ETag"])
    assert (again.status_code, again["ETag"]) == (200, changed["ETag"])
    assert Event.objects.latest("position").pk == event.pk
    assert verify() is None


def test_a_repeated_request_makes_one_organisation_and_the_next_of_its_name_gets_a_number(
    operator: Client,
) -> None:
    first, again = (send(operator, "POST", ALL, NEW) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert (again["Location"], again["Idempotency-Replayed"]) == (first["Location"], "true")
    other = send(operator, "POST", ALL, {"name": NEW["name"]}, Idempotency_Key="k2")
    assert (other.json()["reference"], other.json()["capabilities"]) == ("northshire-county-council-2", [])
    named = send(operator, "POST", ALL, {"name": "x", "reference": "own-name"}, Idempotency_Key="k3")
    assert named["Location"] == f"{ALL}own-name/"
    digits = send(operator, "POST", ALL, {"name": "Ελλάδα"}, Idempotency_Key="k4")
    assert digits.json()["reference"].startswith("organisation-")


@pytest.mark.parametrize(
    ("body", "status", "wrong"),
    [
        ({**NEW, "colour": "red"}, 400, [("/colour", "unknown_field")]),
        ({**NEW, "name": None}, 400, [("/name", "type")]),
        ({**NEW, "capabilities": "buyer"}, 400, [("/capabilities", "type")]),
        ({"capabilities": ["buyer"]}, 422, [("/name", "required")]),
        ({**NEW, "name": "\u200b"}, 422, [("/name", "required")]),
        ({**NEW, "reference": BUYER}, 422, [("/reference", "taken")]),
        ({**NEW, "reference": "Leeds"}, 422, [("/reference", "shape")]),
        ({**NEW, "reference": "a b"}, 422, [("/reference", "shape")]),
        ({**NEW, "identifier": "LDS"}, 422, [("/identifier", "taken")]),
        ({**NEW, "identifier": "12"}, 422, [("/identifier", "identifier")]),
        ({**NEW, "scheme": ""}, 422, [("/identifier", "identifier")]),
        ({**NEW, "identifier": ""}, 422, [("/identifier", "identifier")]),
        ({**NEW, "scheme": "GB-XYZ"}, 422, [("/scheme", "unknown_value")]),
        ({**NEW, "capabilities": ["buyer", "king"]}, 422, [("/capabilities/1", "unknown_value")]),
        (
            {**NEW, "capabilities": ["partner", "operator"]},
            422,
            [("/capabilities", "made_otherwise"), ("/capabilities", "made_otherwise")],
        ),
        ({**NEW, "buyer_class": "kings"}, 422, [("/buyer_class", "unknown_value")]),
        ({**NEW, "nation": "mars"}, 422, [("/nation", "unknown_value")]),
    ],
)
def test_what_cannot_be_made_is_named_and_nothing_changes(
    operator: Client, body: dict[str, Any], status: int, wrong: list[tuple[str, str]]
) -> None:
    before = kept()
    refused = send(operator, "POST", ALL, body)
    assert refused.status_code == status, refused.content
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == wrong
    assert kept() == before


def test_a_partner_and_an_operator_are_made_elsewhere_and_the_refusal_says_where(operator: Client) -> None:
    refused = send(operator, "PATCH", ONE, {"capabilities": ["partner", "operator"]})
    assert [one["detail"] for one in refused.json()["errors"]] == [
        "manage.py create_operator --another makes a further operator.",
        "A partner has a profile: an import of partners makes one, with its organisation.",
    ]


def test_what_stands_with_capitals_is_told_before_another_stands_beside_it(operator: Client) -> None:
    Organisation.objects.create(reference="Old", name="Old")
    before = kept()
    refused = send(operator, "POST", ALL, {"name": "x", "reference": "old"})
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/reference", "taken")]
    assert kept() == before
    assert send(operator, "POST", ALL, {"name": "Old"}, Idempotency_Key="k2").json()["reference"] == "old-2"


@pytest.mark.parametrize(
    ("body", "status", "wrong"),
    [
        ({"reference": "leeds"}, 422, [("/reference", "fixed")]),
        ({"colour": "red"}, 400, [("/colour", "unknown_field")]),
        ({"name": ""}, 422, [("/name", "required")]),
        ({"identifier": "KIR"}, 422, [("/identifier", "taken")]),
        ({"scheme": "GB-COH"}, 422, [("/identifier", "identifier")]),
        ({"scheme": ""}, 422, [("/identifier", "identifier")]),
        (
            {"name": "Leeds", "capabilities": ["buyer", "partner"]},
            422,
            [("/capabilities", "made_otherwise")],
        ),
        ({}, 400, []),
    ],
)
def test_what_cannot_be_said_anew_is_named_and_nothing_changes(
    operator: Client, body: dict[str, Any], status: int, wrong: list[tuple[str, str]]
) -> None:
    before = kept()
    refused = send(operator, "PATCH", ONE, body)
    assert refused.status_code == status, refused.content
    assert [(one["pointer"], one["code"]) for one in refused.json().get("errors", [])] == wrong
    assert kept() == before


def test_a_change_from_an_older_state_or_without_one_changes_nothing(operator: Client) -> None:
    old = operator.get(ONE)["ETag"]
    assert send(operator, "PATCH", ONE, {"name": "Leeds"}, If_Match=old).status_code == 200
    before = kept()
    assert send(operator, "PATCH", ONE, {"name": "City of Leeds"}, If_Match=old).status_code == 412
    assert send(operator, "PATCH", ONE, {"name": "City of Leeds"}, If_Match="").status_code == 428
    assert send(operator, "POST", ALL, NEW, Idempotency_Key="").status_code == 400
    assert send(operator, "PATCH", f"{ALL}nobody/", {"name": "x"}).status_code == 404
    assert kept() == before
    capitals = send(operator, "PATCH", f"{ALL}Leeds-City-Council/", {"name": "City of Leeds"})
    assert (capitals.status_code, capitals.json()["reference"]) == (200, BUYER)


def test_an_organisation_keeps_what_it_is_when_it_becomes_something_besides(operator: Client) -> None:
    firm = f"{ALL}opm-group/"
    changed = send(operator, "PATCH", firm, {"capabilities": ["partner", "buyer"], "buyer_class": "health"})
    assert (changed.status_code, changed.json()["capabilities"]) == (200, ["buyer", "partner"])
    assert Partner.objects.filter(organisation__reference="opm-group").exists()


@pytest.mark.parametrize("who", ["", "buyer", "neighbour", "lead"])
def test_nobody_but_the_operators_administrators_may(who: str, person: Callable[[str], Client]) -> None:
    asking, before = person(who), kept()
    wanted = 403 if who else 401
    assert send(asking, "POST", ALL, NEW).status_code == wanted
    assert send(asking, "PATCH", ONE, {"name": "Ours"}).status_code == wanted
    assert kept() == before


def test_a_token_needs_the_scope(token: TokenMaker) -> None:
    before = kept()
    for organisation, scopes in ((BUYER, "admin:write"), ("calloff-operations", "imports:write")):
        bearer = {"Authorization": f"Bearer {token(organisation, scopes)}"}
        assert send(Client(), "POST", ALL, NEW, **bearer).status_code == 403
        assert send(Client(), "PATCH", ONE, {"name": "Ours"}, **bearer).status_code == 403
    assert kept() == before
    bearer = {"Authorization": f"Bearer {token('calloff-operations', 'admin:write')}"}
    assert send(Client(), "POST", ALL, NEW, **bearer).status_code == 201
    assert Event.objects.latest("position").actor.startswith("app")

"""Whoever runs the service invites the first administrator of an organisation that has none, and nobody beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.models import Event, IdempotencyRecord, MemberInvitation, Membership, User
from tests.api import calling_off
from tests.api.administering import link_of
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker
from tests.api.test_joinings import send

ALL = "/api/v1/organisations/"
HERE = f"{ALL}northshire/invitations/"
ADA = {"email": "ada@example.org", "full_name": "Ada", "role": "administrator"}

Person = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def buyers(market: None, module_database: None) -> None:
    calling_off.place()


@pytest.fixture
def operator(person: Person) -> Client:
    """Who has let a council in."""
    asking = person("operator")
    made = {"name": "Northshire", "capabilities": ["buyer"]}
    assert send(asking, "POST", ALL, made, Idempotency_Key="made").status_code == 201
    return asking


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        IdempotencyRecord.objects.count(),
        list(MemberInvitation.objects.order_by("pk").values()),
        Membership.objects.count(),
    ]


def test_the_first_administrator_is_invited_sent_again_and_accepts(operator: Client, person: Person) -> None:
    made = send(operator, "POST", HERE, ADA)
    assert (made.status_code, made.json()["role"], made.json()["status"]) == (201, "administrator", "waiting")
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("organisation.member_invited", "northshire")
    assert event.actor == User.objects.get(email="operator@example.org").reference
    here = made["Location"]
    assert operator.get(here).json() == made.json()
    assert [one["email"] for one in operator.get(HERE).json()["results"]] == ["ada@example.org"]
    assert send(operator, "POST", f"{here}send/", {}, Idempotency_Key="again").status_code == 200
    wrong = send(operator, "POST", HERE, ADA | {"email": "wrong@example.org"}, Idempotency_Key="k2")
    assert send(operator, "DELETE", wrong["Location"]).status_code == 204
    partner = send(operator, "POST", HERE, ADA | {"email": "partner@example.org"}, Idempotency_Key="k3")
    answer = {"token": link_of(partner.json()["reference"])}
    assert (
        send(person("partner"), "POST", "/api/v1/organisation-invitations/accept/", answer).status_code == 200
    )
    assert Membership.objects.filter(organisation__reference="northshire").get().role == "administrator"
    before = kept()
    late = send(operator, "POST", HERE, ADA | {"email": "late@example.org"}, Idempotency_Key="k4")
    assert (late.status_code, late.json()["detail"]) == (
        403,
        "Northshire is administered by people of its own, who invite others.",
    )
    for method, path, body in (("POST", f"{here}send/", {}), ("GET", HERE, None)):
        assert send(operator, method, path, body, Idempotency_Key="k5").status_code == 403, (method, path)
    assert kept() == before
    # What an operator sent to a wrong address can be taken back, whoever accepted meanwhile.
    assert send(operator, "DELETE", here).status_code == 204
    statuses = [one["status"] for one in send(person("partner"), "GET", HERE).json()["results"]]
    assert sorted(statuses) == ["accepted", "withdrawn", "withdrawn"]


def test_an_operator_invites_an_administrator_and_no_other_role(operator: Client) -> None:
    before = kept()
    refused = send(operator, "POST", HERE, ADA | {"role": "viewer"})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, ["/role"])
    assert kept() == before


def test_an_operator_sends_no_other_role_again_that_an_administrator_left_behind(operator: Client) -> None:
    made = send(operator, "POST", HERE, ADA)
    # As if somebody had invited a viewer who administers it no longer.
    MemberInvitation.objects.filter(reference=made.json()["reference"]).update(role="viewer")
    before = kept()
    refused = send(operator, "POST", f"{made['Location']}send/", {}, Idempotency_Key="again")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Nobody administers the organisation yet: invite its administrator, who invites the others.",
    )
    assert kept() == before


def test_whoever_administers_only_themselves_invites_to_no_other(
    operator: Client, person: Person, token: TokenMaker
) -> None:
    before = kept()
    bearer = {"Authorization": f"Bearer {token('calloff-operations', 'admin:write imports:write')}"}
    for who, headers, status in (("", {}, 401), ("chief", {}, 404), ("lead", {}, 404), ("", bearer, 404)):
        assert send(person(who), "POST", HERE, ADA, **headers).status_code == status, who
        assert send(person(who), "GET", HERE, **headers).status_code == status, who
    administered = f"{ALL}{BUYER}/invitations/"
    assert send(operator, "POST", administered, ADA).status_code == 403
    assert send(operator, "POST", f"{ALL}nobody/invitations/", ADA).status_code == 404
    assert kept() == before

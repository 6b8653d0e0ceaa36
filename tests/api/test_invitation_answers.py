"""An invitation to act for an organisation answered through the API, by the person alone who holds its link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from procurement.models import Event, MemberInvitation, Membership
from tests.api import calling_off
from tests.api.administering import invitations_kept, invited, link_of
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker
from tests.api.test_joinings import send

HERE = "/api/v1/organisation-invitations"
KNOWN = "partner@example.org"

Person = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def buyers(market: None, module_database: None) -> None:
    calling_off.place()


def roles() -> list[str]:
    return list(
        Membership.objects.filter(user__email=KNOWN, organisation__reference=BUYER).values_list(
            "role", flat=True
        )
    )


def answer(client: Client, do: str, token: str, key: str = "k1", **headers: str) -> Any:
    return send(client, "POST", f"{HERE}/{do}/", {"token": token}, Idempotency_Key=key, **headers)


def test_who_is_invited_accepts_and_acts_for_the_organisation(person: Person) -> None:
    token = link_of(invited(KNOWN, "editor"))
    told = answer(person("partner"), "accept", token)
    name = MemberInvitation.objects.get().organisation.name
    said = {"organisation": {"reference": BUYER, "name": name}, "role": "editor", "status": "accepted"}
    assert (told.status_code, told.json(), roles()) == (200, said, ["editor"])
    assert MemberInvitation.objects.get().status == "accepted"
    after = invitations_kept()
    again = answer(person("partner"), "accept", token)
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (200, said, "true")
    assert invitations_kept() == after


def test_who_is_invited_declines_and_no_event_says_who_it_was(person: Person) -> None:
    told = answer(person("partner"), "decline", link_of(invited(KNOWN)))
    assert (told.status_code, told.json()["status"], roles()) == (200, "declined", [])
    event = Event.objects.latest("position")
    assert (event.type, event.actor) == ("organisation.invitation_declined", "")
    assert MemberInvitation.objects.get().status == "declined"


@pytest.mark.parametrize("do", ["accept", "decline"])
def test_a_link_that_is_good_no_more_is_told_as_one_that_never_was(person: Person, do: str) -> None:
    partner = person("partner")
    links = {"never was": "x" * 43, "nothing": ""}
    for name in ("used", "too old"):
        MemberInvitation.objects.all().update(email="other@example.org")
        links[name] = link_of(invited(KNOWN))
        if name == "used":
            assert answer(partner, "decline", links[name]).status_code == 200
    MemberInvitation.objects.filter(email=KNOWN).update(until=timezone.now() - timedelta(seconds=1))
    before = invitations_kept()
    told = {name: answer(partner, do, link, key=f"k{name[:3]}") for name, link in links.items()}
    assert {name: one.status_code for name, one in told.items()} == dict.fromkeys(links, 410)
    assert len({one.content for one in told.values()}) == 1
    assert (told["used"].json()["code"], invitations_kept()) == ("gone", before)


@pytest.mark.parametrize("do", ["accept", "decline"])
def test_nobody_but_the_invited_person_answers(person: Person, token: TokenMaker, do: str) -> None:
    link = link_of(invited(KNOWN))
    before = invitations_kept()
    other = answer(person("buyer"), do, link)
    assert (other.status_code, other.json()["code"]) == (403, "not_permitted")
    assert KNOWN.encode() not in other.content
    bearer = f"Bearer {token('opm-group', 'read partners:write')}"
    machine = answer(Client(), do, link, Authorization=bearer)
    assert (machine.status_code, machine.json()["detail"]) == (
        403, "People answer invitations, and no integration does: sign in.",
    )  # fmt: skip
    assert answer(Client(), do, link).status_code == 401
    assert (
        send(person("partner"), "POST", f"{HERE}/{do}/", {"token": link, "role": "administrator"}).status_code
        == 400
    )
    assert send(person("partner"), "POST", f"{HERE}/{do}/", {"token": 7}).status_code == 400
    assert invitations_kept() == before

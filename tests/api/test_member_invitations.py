"""Invitations to act for an organisation through the API: alike for every address, looked after by administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.member_invitations import decline_by_link, send_invitation
from procurement.models import IdempotencyRecord, MemberInvitation, User
from tests.api import calling_off
from tests.api.administering import invitations_kept
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker
from tests.api.test_joinings import send

PEOPLE, INVITED = (f"/api/v1/organisations/{BUYER}/{what}/" for what in ("members", "invitations"))
NEW = {"email": " New@Example.org", "full_name": "Somebody new", "role": "editor"}
KNOWN = "partner@example.org"

Person = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def buyers(market: None, module_database: None) -> None:
    calling_off.place()


def test_an_address_with_an_account_and_one_without_get_the_same_answer(person: Person) -> None:
    chief, told = person("chief"), []
    own = {"reference", "email", "invited_at", "sent_at", "until"}
    assert User.objects.get(email=KNOWN).full_name
    for number, email in enumerate((KNOWN, "new@example.org")):
        body = {"email": email, "role": "viewer"}
        with CaptureQueriesContext(connection) as taken:
            made = send(chief, "POST", INVITED, body, Idempotency_Key=f"k{number}")
        said = made.json()
        assert made["Location"] == f"{INVITED}{said['reference']}/"
        assert chief.get(made["Location"]).json() == said
        headers = {
            name: one for name, one in made.headers.items() if not name.startswith(("Rate", "Location"))
        }
        told.append(
            (
                made.status_code,
                {name: one for name, one in said.items() if name not in own},
                set(said),
                {name: len(one) if name == "Content-Length" else one for name, one in headers.items()},
                len(taken),
            )
        )
    assert told[0] == told[1]
    chief_reference = User.objects.get(email="chief@example.org").reference
    assert told[0][:2] == (
        201,
        {
            "full_name": "", "role": "viewer", "status": "waiting", "invited_by": chief_reference, "ended_at": None,
        },
    )  # fmt: skip
    people = [one["email"] for one in chief.get(PEOPLE).json()["results"]]
    assert not {KNOWN, "new@example.org"} & set(people)


def test_somebody_is_invited_once_for_a_key_and_no_kept_answer_names_them(
    person: Person, django_capture_on_commit_callbacks: Any
) -> None:
    chief = person("chief")
    with django_capture_on_commit_callbacks(execute=True):
        made = send(chief, "POST", INVITED, NEW, Idempotency_Key="k1")
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["full_name"]) == ("new@example.org", "Somebody new")
    after = invitations_kept()
    again = send(chief, "POST", INVITED, NEW, Idempotency_Key="k1")
    assert (again.status_code, again.json(), invitations_kept()) == (201, made.json(), after)
    assert b"example.org" not in bytes(IdempotencyRecord.objects.get(key="k1").body)
    wrong = {"email": "new", "full_name": "x" * 200, "role": "king"}
    refused = send(chief, "POST", INVITED, wrong, Idempotency_Key="k2")
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/email", "/full_name", "/role"]
    member = send(chief, "POST", INVITED, NEW | {"email": "buyer@example.org"}, Idempotency_Key="k3")
    assert (member.status_code, member.json()["detail"]) == (
        409,
        "That person belongs to the organisation already.",
    )
    assert invitations_kept() == after
    once_more = send(chief, "POST", INVITED, NEW | {"role": "viewer"}, Idempotency_Key="k4")
    assert (once_more.json()["reference"], once_more.json()["role"]) == (made.json()["reference"], "viewer")
    assert chief.get(INVITED).json()["count"] == 1


def test_one_that_waits_is_sent_again_and_withdrawn_by_administrators_alone(
    person: Person, token: TokenMaker
) -> None:
    chief = person("chief")
    one = send(chief, "POST", INVITED, NEW).json()["reference"]
    here = f"{INVITED}{one}/"
    bearer = {"Authorization": f"Bearer {token(BUYER, 'read contacts:read call_offs:write')}"}
    before = invitations_kept()
    for who, headers, status in (
        ("buyer", {}, 403), ("neighbour", {}, 404), ("", {}, 401), ("", bearer, 404),
    ):  # fmt: skip
        asks = person(who)
        for method, path in (("GET", INVITED), ("GET", here), ("DELETE", here), ("POST", f"{here}send/")):
            answer = send(asks, method, path, {} if method == "POST" else None, **headers)
            assert answer.status_code == status, (who, method, path)
            assert b"new@example.org" not in answer.content
    assert send(chief, "DELETE", f"{INVITED}minv_none/").status_code == 404
    assert invitations_kept() == before
    again = send(chief, "POST", f"{here}send/", {}, Idempotency_Key="s1")
    assert (again.status_code, again.json()["status"]) == (200, "waiting")
    assert MemberInvitation.objects.get().sendings == 2
    repeated = send(chief, "POST", f"{here}send/", {}, Idempotency_Key="s1")
    assert (repeated.status_code, MemberInvitation.objects.get().sendings) == (200, 2)
    assert send(chief, "DELETE", here).status_code == 204
    assert chief.get(here).json()["status"] == "withdrawn"
    after = invitations_kept()
    for method, path in (("DELETE", here), ("POST", f"{here}send/")):
        answer = send(chief, method, path, {} if method == "POST" else None, Idempotency_Key="s2")
        assert (answer.status_code, answer.json()["detail"]) == (409, "The invitation is withdrawn already.")
    assert invitations_kept() == after


def test_the_feed_tells_a_decline_without_who_it_was(person: Person) -> None:
    chief = person("chief")
    one = send(chief, "POST", INVITED, NEW | {"email": KNOWN}).json()["reference"]
    assert send_invitation(one, 1)
    token = str(mail.outbox[-1].body).partition("/organisation-invitations/")[2].split()[0]
    assert decline_by_link(token)
    assert not decline_by_link(token)
    assert chief.get(f"{INVITED}{one}/").json()["status"] == "declined"
    told = chief.get("/api/v1/events/?type=organisation.invitation_declined").json()["results"][-1]
    assert (told["subject"]["reference"], told["actor"]) == (BUYER, None)
    assert KNOWN not in str(told)
    assert User.objects.get(email=KNOWN).reference not in str(told)

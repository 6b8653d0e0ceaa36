"""POST /api/v1/call-offs/{reference}/send-back/: an approver says why a call-off is not approved as it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from procurement.models import CallOff, Event
from tests.api import calling_off
from tests.api.calling_off import MADE, acting
from tests.api.test_call_offs import LIST, kept, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

WHY = {"reason": "Say why nobody else is asked."}


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()


def test_it_is_sent_back_with_a_reason_that_stands_there_until_it_is_asked_for_again(
    person: Callable[[str], Client],
) -> None:
    one = f"{LIST}{MADE['TO_APPROVE']()}/"
    client, approver = person("buyer"), person("approver")
    answer = send(approver, "POST", f"{one}send-back/", WHY)
    assert answer.status_code == 200, answer.content
    told = answer.json()["approval"]["sent_back"]
    at = CallOff.objects.get(reference=one.split("/")[-2]).sent_back_at
    assert at is not None
    assert told == {**WHY, "at": at.isoformat(), "by": acting("approver").reference}
    assert answer.json()["line"]["next"] == {"who": ["owner"], "steps": ["edit", "ask_approval"], "by": None}
    assert client.get(one).json()["approval"]["sent_back"] == told
    again = send(approver, "POST", f"{one}send-back/", WHY)
    assert (again.json(), Event.objects.filter(type="call_off.sent_back").count()) == (answer.json(), 1)
    asked = send(client, "POST", f"{one}ask-approval/", {}).json()
    assert (asked["approval"]["sent_back"], asked["line"]["next"]["steps"]) == (None, ["approve"])


def test_it_is_refused_without_a_reason_and_to_whoever_wrote_it(person: Callable[[str], Client]) -> None:
    one = f"{LIST}{MADE['TO_APPROVE']()}/"
    approver = person("approver")
    before = kept()
    for body in ({}, {"reason": ""}, {"reason": "x" * 1_001}):
        answer = send(approver, "POST", f"{one}send-back/", body)
        assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (
            422,
            ["/reason"],
        )
    assert send(person("buyer"), "POST", f"{one}send-back/", WHY).status_code == 403
    assert kept() == before
    assert send(approver, "PATCH", one, {"title": "Ours"}).status_code == 200
    before = kept()
    assert send(approver, "POST", f"{one}send-back/", WHY, Idempotency_Key="k2").status_code == 403
    assert kept() == before

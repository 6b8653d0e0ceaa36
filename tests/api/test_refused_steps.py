"""A step without its reason: the state is asked first, and the refusal says what was not done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.actions.awards import cancel_call_off, fail_call_off, undo_award
from procurement.actions.contracts import terminate_contract
from procurement.models import CallOff, Contract, Event, Offer
from tests.api import calling_off
from tests.api.buying import buyer
from tests.api.calling_off import MADE, acting

CALL_OFFS, OFFERS, CONTRACTS = "/api/v1/call-offs/{}/", "/api/v1/offers/{}/", "/api/v1/contracts/{}/"
WHY = "Because."
# What it is about, address, who takes it, what was not done.
STEPS: tuple[tuple[str, str, str, str], ...] = (
    ("DECLINED", CALL_OFFS + "fail/", "buyer", "The call-off was not ended."),
    ("DECLINED", CALL_OFFS + "cancel/", "buyer", "The call-off was not ended."),
    ("AWARDED", CALL_OFFS + "undo/", "approver", "The award was not undone."),
    ("SENT", OFFERS + "decline/", "larch", "The offer was not declined."),
    ("SENT", OFFERS + "withdraw/", "buyer", "The offer was not withdrawn."),
    ("ACTIVE", CONTRACTS + "terminate/", "buyer", "The contract was not terminated."),
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()


def refused(client: Client, path: str) -> tuple[int, str]:
    """What a step without its reason is answered, and that it changed nothing."""
    before = kept()
    answer = client.post(
        path,
        json.dumps({}),
        content_type="application/json",
        headers={"If-Match": "*", "Idempotency-Key": "k1"},
    )
    assert kept() == before
    return answer.status_code, answer.json()["detail"]


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        *(
            list(model.objects.order_by("pk").values("revision", "status"))
            for model in (CallOff, Offer, Contract)
        ),
    ]


@pytest.mark.parametrize(("kind", "path", "who", "told"), STEPS, ids=lambda one: one)
def test_a_step_without_its_reason_says_what_was_not_done(
    person: Callable[[str], Client], kind: str, path: str, who: str, told: str
) -> None:
    assert refused(person(who), path.format(MADE[kind]())) == (422, told)


def test_what_has_ended_says_so_before_anything_is_asked_of_the_reason(
    person: Callable[[str], Client],
) -> None:
    failed, sent, awarded, active = (MADE[one]() for one in ("DECLINED", "SENT", "AWARDED", "ACTIVE"))
    fail_call_off(buyer(), failed, CallOff.objects.get(reference=failed).revision, WHY)
    of_sent = Offer.objects.get(reference=sent).call_off
    cancel_call_off(buyer(), of_sent.reference, of_sent.revision, WHY)
    undo_award(acting("approver"), awarded, CallOff.objects.get(reference=awarded).revision, WHY)
    terminate_contract(buyer(), active, Contract.objects.get(reference=active).revision, WHY)
    told = [
        refused(person(who), path)
        for who, path in (
            ("buyer", CALL_OFFS.format(failed) + "fail/"),
            ("buyer", CALL_OFFS.format(failed) + "cancel/"),
            ("approver", CALL_OFFS.format(awarded) + "undo/"),
            ("larch", OFFERS.format(sent) + "decline/"),
            ("buyer", OFFERS.format(sent) + "withdraw/"),
            ("buyer", CONTRACTS.format(active) + "terminate/"),
        )
    ]
    assert told == [
        (409, "The call-off is unsuccessful: fail is not possible."),
        (409, "The call-off is unsuccessful: cancel is not possible."),
        (409, "The call-off is out to suppliers: undo is not possible."),
        (409, "The offer is withdrawn."),
        (409, "The offer is withdrawn."),
        (409, "The contract is terminated: terminate is not possible."),
    ]

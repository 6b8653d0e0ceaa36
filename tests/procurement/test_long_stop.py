"""A contract is never made on which no outcome could be claimed: its long stop lies no earlier than the first day of
the work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct, cancel_call_off
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.outcome_plans import propose_plan, save_plan
from procurement.call_off_checks import signing_faults
from procurement.call_off_facts import CallOffFacts, facts_of
from procurement.errors import Invalid
from procurement.line import Turn
from procurement.models import CallOff, Contract, Event, Offer, OutcomePlan
from procurement.outcome_checks import plan_faults
from procurement.permissions import Actor
from procurement.states import Part
from tests.bought import Market, drafted
from tests.competed import at
from tests.paid import agreed, awarded, body, measure_of, refused
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db

STARTS_IN: Final = 30
"""Days from today to the first day of the work (tests/bought.py)."""


def ahead(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def found(plan: OutcomePlan) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in plan_faults(plan)]


def shown(call_off: CallOff) -> CallOffFacts:
    return facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate())


@pytest.fixture
def payer(market: Market) -> Actor:
    make_buyers("ministry")
    return editor_of("ministry", "approver")


def moved(plan: OutcomePlan, days: int) -> None:
    """As if its long stop had been so many days ahead all the while."""
    OutcomePlan.objects.filter(pk=plan.pk).update(long_stop_on=ahead(days))


@pytest.mark.parametrize(
    ("long_stop", "expected"),
    [
        (-1, [("/long_stop_on", "past")]),
        (10, [("/long_stop_on", "before_work")]),
        (STARTS_IN - 1, [("/long_stop_on", "before_work")]),
        # Outcomes of one day can be claimed.
        (STARTS_IN, []),
    ],
)
def test_a_plan_whose_long_stop_is_before_the_first_day_of_the_work_is_not_proposed(
    market: Market, long_stop: int, expected: list[tuple[str, str]]
) -> None:
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference, long_stop_on=ahead(long_stop), payers=alone())
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert found(plan) == expected
    if expected:
        assert refused(Invalid, lambda: propose_plan(market.buyer, plan.reference, plan.revision)) == expected
    else:
        assert propose_plan(market.buyer, plan.reference, plan.revision).status == "proposed"


def alone(**fund: Any) -> list[dict[str, Any]]:
    """The buyer pays, with a fund beside it where one is given."""
    share = {"organisation": "shire", "share": "60.00" if fund else "100"}
    topped = {"organisation": "borough", "share": "40.00", "fund": "Top-up", "pot": "300.00"} | fund
    return [share, topped] if fund else [share]


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        (-20, -1, [("/payers/1/closes_on", "past")]),
        (-20, STARTS_IN - 1, [("/payers/1/closes_on", "before_work")]),
        (-20, STARTS_IN, []),
    ],
)
def test_a_fund_that_is_closed_when_the_work_begins_takes_no_share(
    market: Market, opens: int, closes: int, expected: list[tuple[str, str]]
) -> None:
    call_off = drafted(market.buyer)
    payers = alone(opens_on=ahead(opens), closes_on=ahead(closes))
    said = body(measure_of(market).reference, payers=payers)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert found(plan) == expected
    if expected:
        assert refused(Invalid, lambda: propose_plan(market.buyer, plan.reference, plan.revision)) == expected


@pytest.mark.parametrize(
    ("long_stop", "code"), [(-1, "long_stop_past"), (STARTS_IN - 1, "long_stop_before_work")]
)
def test_an_agreed_plan_by_which_nothing_could_be_claimed_is_said_anew_before_it_goes_out(
    market: Market, payer: Actor, long_stop: int, code: str
) -> None:
    plan = agreed(market, payer)
    moved(plan, long_stop)
    facts = shown(plan.call_off)
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/outcomes", code)]
    assert facts.blocking[0].message.endswith("Say the plan anew with a later last day.")
    assert facts.line.next == Turn((Part.OWNER,), ("edit",))
    call_off = CallOff.objects.get()
    assert refused(Invalid, lambda: send_offer(market.buyer, call_off.reference, call_off.revision)) == [
        ("/outcomes", code)
    ]
    assert Offer.objects.count() == 0
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, body("in-work"))
    propose_plan(market.buyer, plan.reference, plan.revision)
    OutcomePlan.objects.update(status="agreed")
    assert shown(call_off).blocking == []
    call_off.refresh_from_db()
    assert send_offer(market.buyer, call_off.reference, call_off.revision).status == "sent"


def test_a_proposed_plan_by_which_nothing_could_be_claimed_is_its_owners_to_say_anew(market: Market) -> None:
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference, payers=alone())
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    propose_plan(market.buyer, plan.reference, plan.revision)
    moved(plan, 10)
    facts = shown(call_off)
    assert [one.code for one in facts.blocking] == ["not_agreed", "long_stop_before_work"]
    assert facts.line.next == Turn((Part.OWNER,), ("edit",))


def given_up(market: Market, call_off: CallOff, code: str, act: Callable[[], object]) -> None:
    """The step is refused and changes nothing; the line leads the buyer to the end of it, and there it goes."""
    assert refused(Invalid, act) == [("/outcomes", code)]
    facts = shown(call_off)
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/outcomes", code)]
    assert "cancel it, and begin another call-off" in facts.blocking[0].message
    assert facts.line.next == Turn((Part.OWNER,), ("cancel",))
    call_off.refresh_from_db()
    ended = cancel_call_off(
        market.buyer, call_off.reference, call_off.revision, "No outcome could be claimed."
    )
    assert ended.status == "cancelled"


def test_nothing_is_awarded_by_which_no_outcome_could_be_claimed(market: Market, payer: Actor) -> None:
    plan = agreed(market, payer)
    call_off = CallOff.objects.get(pk=plan.call_off_id)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    accept_offer(market.oak, offer.reference, offer.revision)
    moved(plan, 10)
    call_off.refresh_from_db()
    given_up(
        market,
        call_off,
        "long_stop_before_work",
        lambda: award_direct(market.buyer, call_off.reference, call_off.revision, "None known"),
    )
    assert Contract.objects.count() == 0


def test_no_contract_is_signed_once_its_long_stop_is_past(market: Market, payer: Actor) -> None:
    plan = agreed(market, payer, long_stop_on=ahead(STARTS_IN + 1))
    contract = awarded(market, plan)
    sign_contract(market.oak, contract.reference, 1)
    asked = contract.call_off.suppliers.get(appointment=contract.appointment_id)
    last = timezone.localdate() + timedelta(days=STARTS_IN + 1)
    assert signing_faults(contract.call_off, asked, contract.value_minor, last) == []
    with at(timezone.now() + timedelta(days=STARTS_IN + 2)):
        given_up(
            market,
            contract.call_off,
            "long_stop_past",
            lambda: sign_contract(market.buyer, contract.reference, 2),
        )
    contract.refresh_from_db()
    assert (contract.status, contract.buyer_signed_at) == ("terminated", None)
    assert Event.objects.filter(type="contract.concluded").count() == 0

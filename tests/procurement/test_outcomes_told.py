"""Verifications taken back before they are paid, and what the bodies that pay are told: of claims and of the end."""

from __future__ import annotations

import pytest

from procurement.actions.awards import cancel_call_off
from procurement.actions.claims import (
    pay_claim,
    totals,
    unverify_claim,
    verify_claim,
)
from procurement.actions.contracts import terminate_contract
from procurement.actions.outcome_plans import save_plan
from procurement.errors import Conflict, Invalid, NotPermitted
from procurement.models import CallOff, Event
from procurement.outcome_checks import Ended, ended_of
from procurement.permissions import Actor
from tests.bought import Market, drafted
from tests.competed import told
from tests.paid import ago, agreed, body, claim, measure_of, refused, signed
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(market: Market) -> Actor:
    make_buyers("ministry")
    return editor_of("ministry", "approver")


def test_a_verification_that_was_a_slip_is_taken_back_and_the_claim_verified_anew(
    market: Market, payer: Actor
) -> None:
    plan = agreed(market, payer)
    contract = signed(market, plan)
    made = verify_claim(market.buyer, claim(market, contract, last_day=ago(16)).reference, 1, 1)
    other = verify_claim(market.buyer, claim(market, contract, first_day=ago(15)).reference, 1, 20)
    assert (made.amount_minor, other.amount_minor, totals(plan).left) == (10_001, 200_020, 39_979)
    for actor in (market.approver, market.oak):
        refused(
            NotPermitted, lambda actor=actor: unverify_claim(actor, made.reference, made.revision, "A slip.")
        )
    assert refused(Invalid, lambda: unverify_claim(market.buyer, made.reference, made.revision, " ")) == [
        ("/reason", "required")
    ]
    back = unverify_claim(market.buyer, made.reference, made.revision, "Twenty are borne out.")
    assert (back.status, back.counted, back.amount_minor) == ("submitted", 0, 0)
    assert (back.verified_by, back.verified_at, back.reason) == ("", None, "Twenty are borne out.")
    assert totals(plan).left == 49_980
    event = Event.objects.latest("position")
    assert (event.type, event.references["payer"]) == ("claim.unverified", ["ministry", "shire"])
    assert event.changes == {"counted": 1, "amount": 10_001, "reason": "Twenty are borne out."}
    assert told("claim.unverified") == {
        "inbox": {"oak", "shire", "ministry"},
        "email": {
            "editor@oak.example.org", "editor@shire.example.org", "approver@shire.example.org",
            "approver@ministry.example.org",
        },
    }  # fmt: skip
    refused(Conflict, lambda: pay_claim(market.approver, back.reference, back.revision))
    # What others took meanwhile under the cap stands: of twenty the rest is paid.
    again = verify_claim(market.buyer, back.reference, back.revision, 20)
    assert (again.amount_minor, again.reason, totals(plan).left) == (49_980, "", 0)
    paid = pay_claim(market.approver, again.reference, again.revision)
    refused(Conflict, lambda: unverify_claim(market.buyer, paid.reference, paid.revision, "Too late."))


def test_another_verifier_takes_a_verification_back(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 1)
    another = editor_of("shire", "editor", "another")
    assert unverify_claim(another, made.reference, made.revision, "A slip.").status == "submitted"


def test_whoever_pays_is_told_that_a_claim_was_verified(market: Market, payer: Actor) -> None:
    contract = signed(market, agreed(market, payer))
    verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    assert told("claim.verified") == {
        "inbox": {"oak", "shire", "ministry"},
        "email": {"approver@shire.example.org", "approver@ministry.example.org"},
    }
    event = Event.objects.get(type="claim.verified")
    assert {one.organisation.reference for one in event.audience.all()} == {"oak", "shire", "ministry"}


def test_payers_and_the_investor_are_told_how_the_purchase_ended_and_what_is_left(
    market: Market, payer: Actor
) -> None:
    plan = agreed(market, payer)
    call_off = CallOff.objects.get(pk=plan.call_off_id)
    assert ended_of(call_off) is None
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "The budget is gone.")
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("outcome_plan.ended", plan.reference)
    assert event.changes == {
        "ended": "cancelled", "reason": "The budget is gone.", "left": {"ministry": 30_000},
    }  # fmt: skip
    assert told("outcome_plan.ended") == {
        "inbox": {"ministry", "shire"},
        "email": {"approver@ministry.example.org", "approver@shire.example.org"},
    }
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "ministry"}
    call_off.refresh_from_db()
    assert ended_of(call_off) == Ended("cancelled", "Cancelled", "The budget is gone.")


def test_who_knows_of_no_plan_is_not_told_that_the_purchase_ended(market: Market, payer: Actor) -> None:
    call_off, measure = drafted(market.buyer), measure_of(market).reference
    save_plan(market.buyer, call_off.reference, call_off.revision, body(measure))
    call_off.refresh_from_db()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "The budget is gone.")
    assert not Event.objects.filter(type="outcome_plan.ended").exists()


def test_payers_are_told_that_the_contract_was_terminated_or_is_complete(
    market: Market, payer: Actor
) -> None:
    contract = signed(market, agreed(market, payer))
    made = verify_claim(market.buyer, claim(market, contract).reference, 1, 20)
    pay_claim(market.approver, made.reference, made.revision)
    contract.refresh_from_db()
    terminate_contract(market.buyer, contract.reference, contract.revision, "It failed.")
    event = Event.objects.latest("position")
    assert event.type == "outcome_plan.ended"
    assert event.changes == {"ended": "terminated", "reason": "It failed.", "left": {"ministry": 0}}
    contract.refresh_from_db()
    assert ended_of(contract.call_off) == Ended("terminated", "Terminated", "It failed.")

"""Plans of outcomes and claims: in every status every step is tried, and taken exactly where the table offers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import approve_call_off
from procurement.actions.claims import (
    ClaimDraft,
    pay_claim,
    reject_claim,
    submit_claim,
    unverify_claim,
    verify_claim,
)
from procurement.actions.contracts import contract_parts
from procurement.actions.offers import send_offer
from procurement.actions.outcome_plans import (
    approve_investor,
    approve_share,
    plan_parts,
    propose_plan,
    remove_plan,
    save_plan,
)
from procurement.available import claim_steps, plan_steps
from procurement.errors import Conflict, NotFound, NotPermitted
from procurement.models import BuyerLimit, CallOff, Claim, Event, OutcomePlan
from procurement.permissions import Actor
from procurement.states import CLAIMS, PLANS, Part
from tests.bought import Market, drafted
from tests.paid import agreed, body, measure_of, signed
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(market: Market) -> Actor:
    make_buyers("ministry")
    return editor_of("ministry", "approver")


def taken(step: Callable[[], Any]) -> bool:
    """Whether a step is taken; whatever came of it is taken back."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                step()
        except (Conflict, NotFound, NotPermitted):
            return False
        finally:
            transaction.set_rollback(True)
    return True


def planned(market: Market, payer: Actor, status: str) -> OutcomePlan:
    """A plan with a social investor, in that status."""
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference, investor="borough")
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    if status != "draft":
        plan = propose_plan(market.buyer, plan.reference, plan.revision)
    if status == "agreed":
        for actor in (payer, market.approver):
            plan = approve_share(actor, plan.reference, plan.revision)
        plan = approve_investor(market.stranger, plan.reference, plan.revision, "")
    assert plan.status == status
    return plan


@pytest.mark.parametrize("out", [False, True])
@pytest.mark.parametrize("status", list(PLANS.labels))
def test_every_step_of_a_plan_in_every_status(market: Market, payer: Actor, status: str, out: bool) -> None:
    plan = planned(market, payer, status)
    if out:
        CallOff.objects.filter(pk=plan.call_off_id).update(status="out")
    plan = OutcomePlan.objects.select_related("call_off__organisation", "investor").get(pk=plan.pk)
    at = plan.reference, plan.revision
    call_off = plan.call_off.reference, plan.call_off.revision
    steps: dict[str, Callable[[Actor], Any]] = {
        "edit": lambda actor: save_plan(actor, *call_off, body("in-work")),
        "remove": lambda actor: remove_plan(actor, *at),
        "propose": lambda actor: propose_plan(actor, *at),
        "approve_share": lambda actor: approve_share(actor, *at),
        "approve_investor": lambda actor: approve_investor(actor, *at, "As they wrote."),
    }
    assert set(steps) == set(PLANS.names) - {"agree"}
    for actor in (market.buyer, market.approver):
        waiting = Part.PAYER in plan_parts(actor, plan) and status != "agreed"
        offered = plan_steps(
            status,
            plan.call_off.status,
            plan_parts(actor, plan),
            waiting=waiting,
            investor=plan.waits_for_investor,
        )
        assert [
            name for name, step in steps.items() if taken(lambda step=step, actor=actor: step(actor))
        ] == (offered)


def test_an_agreed_plan_that_is_said_anew_is_a_draft_by_the_table_and_every_approval_falls(
    market: Market, payer: Actor
) -> None:
    plan = planned(market, payer, "agreed")
    call_off = CallOff.objects.get(pk=plan.call_off_id)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=100)
    approve_call_off(market.approver, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    step = PLANS.step("edit", "agreed")
    assert step is not None
    said = body("in-work", investor="borough")
    again = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert (again.status, again.investor_approval) == (step.target, None)
    assert not again.payers.exclude(approved_at=None).exists()
    assert Event.objects.latest("position").type == step.event
    fell = Event.objects.get(type="call_off.approval_lapsed")
    assert (fell.subject, fell.references["user"]) == (call_off.reference, [market.approver.reference])
    call_off.refresh_from_db()
    assert (call_off.status, call_off.approved_minor) == ("draft", None)


def test_a_plan_whose_call_off_went_out_stands(market: Market, payer: Actor) -> None:
    plan = agreed(market, payer)
    call_off = CallOff.objects.get(pk=plan.call_off_id)
    send_offer(market.buyer, call_off.reference, call_off.revision)
    with pytest.raises(Conflict, match="has gone out"):
        save_plan(market.buyer, call_off.reference, call_off.revision + 1, body("in-work"))


@pytest.mark.parametrize("status", list(CLAIMS.labels))
def test_every_step_of_a_claim_in_every_status(market: Market, payer: Actor, status: str) -> None:
    contract = signed(market, agreed(market, payer))
    today = timezone.localdate()
    first = (today - timedelta(days=30)).isoformat()
    draft = ClaimDraft("in-work", 20, first, today.isoformat(), "Returns for March.")
    claim = submit_claim(market.oak, contract.reference, contract.revision, draft)
    if status in ("verified", "paid"):
        claim = verify_claim(market.buyer, claim.reference, claim.revision, 20)
    if status == "paid":
        claim = pay_claim(market.approver, claim.reference, claim.revision)
    if status == "rejected":
        claim = reject_claim(market.buyer, claim.reference, claim.revision, "It is not borne out.")
    claim = Claim.objects.get(pk=claim.pk)
    assert claim.status == status
    at = claim.reference, claim.revision
    steps: dict[str, Callable[[Actor], Any]] = {
        "verify": lambda actor: verify_claim(actor, *at, 20),
        "reject": lambda actor: reject_claim(actor, *at, "It is not borne out."),
        "unverify": lambda actor: unverify_claim(actor, *at, "It was a slip."),
        "pay": lambda actor: pay_claim(actor, *at),
    }
    assert set(steps) == set(CLAIMS.names) - {"add_file"}
    contract.refresh_from_db()
    for actor in (market.buyer, market.approver, market.oak, market.yew):
        parts = contract_parts(actor, contract)
        own = actor.reference == claim.verified_by
        offered = claim_steps(status, parts, claimed=actor == market.oak, verified=own)
        found = [name for name, step in steps.items() if taken(lambda step=step, actor=actor: step(actor))]
        assert found == [name for name in offered if name != "add_file"]

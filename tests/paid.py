"""A call-off that pays for outcomes in the market of tests/bought.py, by the same actions as everybody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct
from procurement.actions.claims import ClaimDraft, submit_claim
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.outcome_plans import (
    MeasureDraft,
    add_measure,
    approve_share,
    propose_plan,
    save_plan,
)
from procurement.errors import Refused
from procurement.models import Claim, Contract, Event, Measure, OutcomePayment, OutcomePlan
from procurement.outcomes import QUESTIONS
from procurement.permissions import Actor
from tests.bought import Market, drafted

YES: Final = {name: {"answer": True, "why": "Shown in the business case."} for name in QUESTIONS}


def measure_of(market: Market) -> Measure:
    """The outcome that is paid for, in the library as `in-work`."""
    draft = MeasureDraft("In work", "In paid work for 26 weeks.", "Payroll returns.", "a person")
    return add_measure(market.buyer, draft)


def body(measure: str, **changes: Any) -> dict[str, Any]:
    """A plan: at most thirty outcomes at 100.01, together at most 2,500.00, a third of it by a fund of 300.00."""
    return {
        "suitability": YES,
        "long_stop_on": (timezone.localdate() + timedelta(days=700)).isoformat(),
        "cap": "2500.00",
        "measures": [{"measure": measure, "baseline": 10, "target": 30, "price": "100.01", "most": 30}],
        "payers": [
            {"organisation": "shire", "share": "66.67"},
            {"organisation": "ministry", "share": "33.33", "fund": "Top-up", "pot": "300.00",
             "opens_on": "2020-01-01", "closes_on": "2099-01-01"},
        ],
    } | changes  # fmt: skip


def agreed(market: Market, payer: Actor, **changes: Any) -> OutcomePlan:
    """A plan that both bodies have approved; the call-off is a draft of a direct award."""
    call_off = drafted(market.buyer)
    plan = save_plan(
        market.buyer, call_off.reference, call_off.revision, body(measure_of(market).reference, **changes)
    )
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    plan = approve_share(payer, plan.reference, plan.revision)
    return approve_share(market.approver, plan.reference, plan.revision)


def awarded(market: Market, plan: OutcomePlan) -> Contract:
    """Its contract, which nobody has signed."""
    call_off = plan.call_off
    call_off.refresh_from_db()
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    accept_offer(market.oak, offer.reference, offer.revision)
    call_off.refresh_from_db()
    return award_direct(market.buyer, call_off.reference, call_off.revision, "None known")


def signed(market: Market, plan: OutcomePlan) -> Contract:
    """Its contract, signed by both and begun a month ago."""
    contract = awarded(market, plan)
    sign_contract(market.oak, contract.reference, 1)
    sign_contract(market.buyer, contract.reference, 2)
    Contract.objects.update(starts_on=timezone.localdate() - timedelta(days=40))
    return Contract.objects.get()


def claim(market: Market, contract: Contract, **changes: Any) -> Claim:
    """Twenty outcomes of the last thirty days, claimed by the supplier's lead."""
    contract.refresh_from_db()
    today = timezone.localdate()
    draft = ClaimDraft(
        "in-work", 20, (today - timedelta(days=30)).isoformat(), today.isoformat(), "Returns for March."
    )
    return submit_claim(market.oak, contract.reference, contract.revision, replace(draft, **changes))


def ago(days: int) -> str:
    """The day so many days ago, as ISO."""
    return (timezone.localdate() - timedelta(days=days)).isoformat()


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    """What a refused step names (pointer, code), having changed nothing."""

    def state() -> tuple[Any, ...]:
        return (
            list(OutcomePlan.objects.values_list("status", "revision", "cap_minor")),
            list(Claim.objects.order_by("pk").values_list("status", "revision", "amount_minor")),
            OutcomePayment.objects.count(),
            Event.objects.count(),
        )

    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]

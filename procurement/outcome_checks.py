"""What keeps a plan of outcomes from being agreed, read from its rows, and whose word is waited for.

Shown beside a plan that is a draft, asked again when it is proposed (actions/outcome_plans.py); until it is agreed its
call-off does not go out, and the line of the call-off (line.py) says who brings it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils import timezone

from procurement.available import NOT_OUT
from procurement.errors import Fault
from procurement.models import CallOff, Contract, OutcomePlan
from procurement.order_form import content_of
from procurement.outcomes import share_faults, suitability_faults
from procurement.pricing import money

OF_PLAN: Final = frozenset({"not_agreed", "long_stop_past", "long_stop_before_work"})
"""Codes of outcome_faults: what the plan itself keeps back, until its call-off has gone out."""


def waited_for(call_off: CallOff) -> tuple[str, ...]:
    """The steps of the call-off's plan that come next before it may go out: it is proposed, or edited where something
    is missing or nothing could be claimed by it; once proposed, each word that was not given. Empty without a plan, or
    where one is agreed that holds. Four queries at most.
    """
    plan = OutcomePlan.objects.filter(call_off=call_off).first()
    if plan is None:
        return ()
    plan.call_off = call_off
    if plan.status == OutcomePlan.Status.DRAFT:
        return ("edit",) if plan_faults(plan) else ("propose",)
    if list(_long_stop(plan, timezone.localdate())):
        return ("edit",)
    shares = plan.payers.filter(approved_at=None).exists()
    words = {"approve_share": shares, "approve_investor": plan.waits_for_investor}
    return tuple(name for name, waits in words.items() if waits)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a purchase ended: the status of its call-off or its contract, and why where somebody has said."""

    status: str
    label: str
    reason: str


def ended_of(call_off: CallOff) -> Ended | None:
    """How the purchase ended, None while it has not (one query once there is a contract)."""
    if call_off.status in (CallOff.Status.CANCELLED, CallOff.Status.UNSUCCESSFUL):
        return Ended(call_off.status, CallOff.Status(call_off.status).label, call_off.ended_reason)
    if call_off.status != CallOff.Status.CONTRACTED:
        return None
    contract = call_off.contracts.order_by("-pk").first()
    if contract is None or contract.status not in (Contract.Status.COMPLETE, Contract.Status.TERMINATED):
        return None
    return Ended(contract.status, Contract.Status(contract.status).label, contract.ended_reason)


def outcome_faults(call_off: CallOff, on: date) -> Iterator[Fault]:
    """What keeps what it pays for outcomes from being contracted on that day: nobody has agreed to it, or no outcome
    could be claimed, with the way out of it. Nothing without a plan (one query).
    """
    plan = OutcomePlan.objects.filter(call_off=call_off).first()
    if plan is None:
        return
    if plan.status != OutcomePlan.Status.AGREED:
        message = (
            "Its outcomes are not agreed: each payer approves its share, and the social investor its part."
        )
        yield Fault("/outcomes", "not_agreed", message)
    if plan.status == OutcomePlan.Status.DRAFT:
        # What is missing in a draft is told there.
        return
    plan.call_off = call_off
    way_out = (
        "Say the plan anew with a later last day."
        if call_off.status in NOT_OUT
        else "What it pays for stands: cancel it, and begin another call-off whose plan ends later."
    )
    for fault in _long_stop(plan, on):
        yield Fault("/outcomes", f"long_stop_{fault.code}", f"{fault.message} {way_out}")


def _long_stop(plan: OutcomePlan, on: date) -> Iterator[Fault]:
    """That no outcome could be claimed on or after that day: what is claimed lies between the first day of the work and
    the long stop.
    """
    long_stop, starts = plan.long_stop_on, content_of(plan.call_off).starts_on
    if long_stop is None:
        return
    if long_stop < on:
        yield Fault("/long_stop_on", "past", f"{long_stop} is past: no outcome would be paid for.")
    elif starts is not None and long_stop < starts:
        told = f"No outcome after {long_stop} is paid for, and the work starts on {starts}: none could be claimed."
        yield Fault("/long_stop_on", "before_work", told)


def _funds(plan: OutcomePlan, on: date) -> Iterator[Fault]:
    """That a top-up fund could pay nothing of its share: it closes before that day, or before the work begins."""
    starts = content_of(plan.call_off).starts_on
    for step, one in enumerate(plan.payers.all()):
        if one.closes_on is None:
            continue
        pointer = f"/payers/{step}/closes_on"
        if one.closes_on < on:
            told = f"{one.fund} closed on {one.closes_on}: it would pay nothing of its share."
            yield Fault(pointer, "past", told)
        elif starts is not None and one.closes_on < starts:
            told = f"{one.fund} closes on {one.closes_on}, and the work starts on {starts}: it would pay nothing."
            yield Fault(pointer, "before_work", told)


def plan_faults(plan: OutcomePlan) -> list[Fault]:
    """What is still missing before payers are asked: suitability, measures, a cap that they reach, shares that are
    whole, a long stop by the clock and after the work begins, funds that are open then.
    """
    today = timezone.localdate()
    faults = suitability_faults(plan.suitability)
    measures, payers = list(plan.measures.all()), list(plan.payers.all())
    if not measures:
        faults.append(Fault("/measures", "required", "Name at least one outcome that is paid for."))
    together = sum(one.price_minor * one.most for one in measures)
    if plan.cap_minor < 1:
        faults.append(Fault("/cap", "required", "Say the most that is paid for outcomes in all."))
    if measures and plan.cap_minor > together:
        told = f"The cap is above what all outcomes come to, which is £{money(together)}."
        faults.append(Fault("/cap", "above_outcomes", told))
    if plan.long_stop_on is None:
        faults.append(Fault("/long_stop_on", "required", "Say after which day no outcome is paid for."))
    faults.extend(_long_stop(plan, today))
    faults.extend(share_faults([one.share for one in payers]))
    if payers and all(one.pot_minor is not None for one in payers):
        told = "Somebody pays what the funds do not: name a paying body without a pot."
        faults.append(Fault("/payers", "funds_alone", told))
    return [*faults, *_funds(plan, today)]

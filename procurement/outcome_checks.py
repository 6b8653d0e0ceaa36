"""What keeps a plan of outcomes from being agreed, read from its rows, and whose word is waited for.

Shown beside a plan that is a draft, asked again when it is proposed (actions/outcome_plans.py); until it is agreed its
call-off does not go out, and the line of the call-off (line.py) says who brings it on.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from procurement.errors import Fault
from procurement.models import CallOff, Contract, OutcomePlan
from procurement.outcomes import share_faults, suitability_faults
from procurement.pricing import money


def waited_for(call_off: CallOff) -> tuple[str, ...]:
    """The steps of the call-off's plan that come next before it is agreed: it is proposed, or edited where something is
    missing; once proposed, each word that was not given. Empty without a plan or once it is agreed. Four queries at
    most.
    """
    plan = OutcomePlan.objects.filter(call_off=call_off).exclude(status=OutcomePlan.Status.AGREED).first()
    if plan is None:
        return ()
    if plan.status == OutcomePlan.Status.DRAFT:
        return ("edit",) if plan_faults(plan) else ("propose",)
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


def plan_faults(plan: OutcomePlan) -> list[Fault]:
    """What is still missing before payers are asked: suitability, measures, a cap that they reach, shares that are
    whole, a long stop by the clock.
    """
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
    elif plan.long_stop_on < timezone.localdate():
        told = f"{plan.long_stop_on} is past: no outcome would be paid for."
        faults.append(Fault("/long_stop_on", "past", told))
    faults.extend(share_faults([one.share for one in payers]))
    if payers and all(one.pot_minor is not None for one in payers):
        told = "Somebody pays what the funds do not: name a paying body without a pot."
        faults.append(Fault("/payers", "funds_alone", told))
    return faults

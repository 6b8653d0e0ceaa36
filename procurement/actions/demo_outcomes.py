"""What the demonstration's call-offs pay for outcomes: the `outcomes` of a row in fixtures/call_offs.yaml, planned,
agreed, claimed and paid by the actions everybody takes.

A body that pays beside the buyer approves its share by the stand-in of demo_cast.py, as nobody signs in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from procurement.actions.claims import ClaimDraft, pay_claim, reject_claim, submit_claim, verify_claim
from procurement.actions.demo_cast import Cast, stand_in
from procurement.actions.outcome_plans import (
    MeasureDraft,
    add_measure,
    approve_share,
    propose_plan,
    save_plan,
)
from procurement.models import CallOff, Capability, Claim, Contract, Measure, OutcomePlan
from procurement.permissions import Actor

LONG_STOP: Final = timedelta(days=700)
REJECTED: Final = "The returns name nobody whom the service has worked with."


def plan_outcomes(cast: Cast, call_off: CallOff, said: Mapping[str, Any]) -> None:
    """Plans what a draft pays for, and takes the plan's steps; each measure is put into the library once."""
    priced = [{"measure": _known(cast, one["measure"]), **one["priced"]} for one in said["measures"]]
    body = {
        "suitability": {name: {"answer": True, "why": why} for name, why in said["suitability"].items()},
        "long_stop_on": (timezone.localdate() + LONG_STOP).isoformat(),
        "cap": said["cap"],
        "measures": priced,
        "payers": [{"organisation": name, "share": share} for name, share in said["payers"].items()],
    }
    plan = save_plan(cast.editor, call_off.reference, call_off.revision, body)
    for step in said["steps"]:
        plan = PLAN_STEPS[step](cast, plan)


def claim_outcomes(cast: Cast, call_off: CallOff, said: Mapping[str, Any]) -> None:
    """The lead claims outcomes of today, of another measure each time or once one was rejected; the buyer's people take
    each claim's steps.
    """
    contract = Contract.objects.select_related("appointment").get(call_off=call_off)
    lead = cast.lead(contract.appointment)
    today = timezone.localdate().isoformat()
    for row in said["claims"]:
        contract.refresh_from_db()
        measure = Measure.objects.get(name=row["of"]).reference
        draft = ClaimDraft(measure, row["count"], today, today, row["evidence"])
        claim = submit_claim(lead, contract.reference, contract.revision, draft)
        for step in row["steps"]:
            claim = CLAIM_STEPS[step](cast, claim)


def _known(cast: Cast, said: Mapping[str, Any]) -> str:
    """The reference of a measure of the library, put there where it is missing."""
    known = Measure.objects.filter(name=said["name"]).first()
    return (known or add_measure(cast.editor, MeasureDraft(**said))).reference


def _propose(cast: Cast, plan: OutcomePlan) -> OutcomePlan:
    return propose_plan(cast.editor, plan.reference, plan.revision)


def _approve_shares(cast: Cast, plan: OutcomePlan) -> OutcomePlan:
    """The buyer's own share by its approver, every other by a stand-in."""
    for payer in plan.payers.select_related("organisation"):
        own = payer.organisation_id == plan.call_off.organisation_id
        actor: Actor = cast.approver if own else stand_in(payer.organisation, Capability.Kind.BUYER)
        plan = approve_share(actor, plan.reference, plan.revision)
    return plan


def _verify(cast: Cast, claim: Claim) -> Claim:
    return verify_claim(cast.editor, claim.reference, claim.revision, claim.count)


def _reject(cast: Cast, claim: Claim) -> Claim:
    return reject_claim(cast.editor, claim.reference, claim.revision, REJECTED)


def _pay(cast: Cast, claim: Claim) -> Claim:
    return pay_claim(cast.approver, claim.reference, claim.revision)


PLAN_STEPS: Final[dict[str, Callable[[Cast, OutcomePlan], OutcomePlan]]] = {
    "propose": _propose,
    "approve_shares": _approve_shares,
}
CLAIM_STEPS: Final[dict[str, Callable[[Cast, Claim], Claim]]] = {
    "verify": _verify,
    "reject": _reject,
    "pay": _pay,
}

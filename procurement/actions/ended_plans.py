"""A purchase that pays for outcomes has ended: the bodies that pay, and the social investor, are told why and what is
left of the pots. They do not see the call-off; its end is told of their plan (outcome_checks.py shows it there).
"""

from __future__ import annotations

from django.db.models import Sum

from procurement.actions.events import Happening
from procurement.models import CallOff, OutcomePlan


def ended_plan(call_off: CallOff, how: str, reason: str) -> list[Happening]:
    """That the purchase ended, by the status that it or its contract has now; not yet recorded. Nothing where nobody
    beside the buyer knows of a plan.
    """
    known = OutcomePlan.objects.filter(call_off=call_off).exclude(status=OutcomePlan.Status.DRAFT)
    plan = known.select_related("investor").first()
    if plan is None:
        return []
    payers = list(plan.payers.select_related("organisation").annotate(paid=Sum("payments__minor")))
    references: dict[str, object] = {
        "call_off": call_off.reference,
        "organisation": call_off.organisation.reference,
        "payer": sorted(one.organisation.reference for one in payers),
    }
    if plan.investor is not None:
        references["investor"] = plan.investor.reference
    left = {
        one.organisation.reference: one.pot_minor - (one.paid or 0)
        for one in payers
        if one.pot_minor is not None
    }
    changes = {"ended": how, "reason": reason, "left": left}
    return [Happening("outcome_plan.ended", "outcome_plan", plan.reference, references, changes)]

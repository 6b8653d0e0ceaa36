"""A purchase that pays for outcomes has ended: the bodies that pay, and the social investor, are told why and what is
left of the pots. They do not see the call-off; its end is told of their plan (outcome_checks.py shows it there).
"""

from __future__ import annotations

from django.db.models import Sum

from procurement.actions.events import Happening
from procurement.models import CallOff, OutcomePlan
from procurement.outcome_asked import asked_of_plan


def ended_plan(call_off: CallOff, how: str, reason: str) -> list[Happening]:
    """That the purchase ended, by the status that it or its contract has now; not yet recorded. Of a plan that is said
    anew those are named alone who had been asked and wait for it, and nothing of what it says. Nothing where nobody
    beside the buyer knows of a plan.
    """
    plan = OutcomePlan.objects.filter(call_off=call_off).select_related("investor").first()
    if plan is None:
        return []
    references: dict[str, object] = {
        "call_off": call_off.reference,
        "organisation": call_off.organisation.reference,
    }
    changes: dict[str, object] = {"ended": how, "reason": reason}
    if plan.status == OutcomePlan.Status.DRAFT:
        asked = asked_of_plan(plan)
        references["dropped"] = sorted({*asked.payers, asked.investor} - {""})
        told = bool(references["dropped"])
    else:
        payers = list(plan.payers.select_related("organisation").annotate(paid=Sum("payments__minor")))
        references["payer"] = sorted(one.organisation.reference for one in payers)
        if plan.investor is not None:
            references["investor"] = plan.investor.reference
        changes["left"] = {
            one.organisation.reference: one.pot_minor - (one.paid or 0)
            for one in payers
            if one.pot_minor is not None
        }
        told = True
    return (
        [Happening("outcome_plan.ended", "outcome_plan", plan.reference, references, changes)] if told else []
    )


def resumed_plan(call_off: CallOff, reason: str) -> list[Happening]:
    """That the purchase goes on whose contract was complete by mistake; not yet recorded. Nothing where it pays for no
    outcomes.
    """
    plan = OutcomePlan.objects.filter(call_off=call_off, status=OutcomePlan.Status.AGREED).first()
    if plan is None:
        return []
    references: dict[str, object] = {
        "call_off": call_off.reference,
        "organisation": call_off.organisation.reference,
        "payer": sorted(plan.payers.values_list("organisation__reference", flat=True)),
    }
    if plan.investor is not None:
        references["investor"] = plan.investor.reference
    return [Happening("outcome_plan.resumed", "outcome_plan", plan.reference, references, {"reason": reason})]

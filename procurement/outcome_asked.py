"""Who has been asked to pay by a plan of outcomes, or to invest: whoever knows of it is told how it goes on and ends.

Asked before a plan is said anew or taken away (actions/outcome_plans.py) and when its purchase ends
(actions/ended_plans.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from procurement.models import Event, OutcomePlan

LAPSED: Final = "outcome_plan.approvals_lapsed"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who has had the plan before them and knows of no other end of it: bodies that pay and the investor, by
    reference.
    """

    payers: frozenset[str] = frozenset()
    investor: str = ""


def asked_of_plan(plan: OutcomePlan) -> Asked:
    """Who knows of the plan as it stands: all that it names once it is proposed; of a draft that had been proposed,
    those that were told that they are asked again (one query at least, two at most).
    """
    if plan.status != OutcomePlan.Status.DRAFT:
        payers = plan.payers.values_list("organisation__reference", flat=True)
        return Asked(frozenset(payers), plan.investor.reference if plan.investor else "")
    known = ("outcome_plan.proposed", "outcome_plan.removed", LAPSED)
    last = Event.objects.filter(type__in=known, subject=plan.reference).order_by("-position").first()
    if last is None or last.type != LAPSED:
        return Asked()
    return Asked(frozenset(last.references["payer"]), last.references.get("investor", ""))

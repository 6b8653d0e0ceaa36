"""A purchase that pays for outcomes has ended, or goes on after all: the bodies that pay, and the social investor, are
told why and what is left of the pots. They do not see the call-off; its end is told of their plan (outcome_checks.py
shows it there).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Sum

from procurement.actions.events import Happening
from procurement.models import CallOff, OutcomePlan
from procurement.outcome_asked import asked_of_plan

ENDED: Final = "outcome_plan.ended"


def ended_plan(call_off: CallOff, how: str, reason: str) -> list[Happening]:
    """That the purchase ended, by the status that it or its contract has now; not yet recorded. Of a plan that is said
    anew those are named alone who had been asked and wait for it, and nothing of what it says. Nothing where nobody
    beside the buyer knows of a plan.
    """
    plan = _plan_of(call_off)
    if plan is None:
        return []
    changes: dict[str, Any] = {"ended": how, "reason": reason}
    if plan.status == OutcomePlan.Status.DRAFT:
        asked = asked_of_plan(plan)
        dropped = sorted({*asked.payers, asked.investor} - {""})
        return [_of_plan(plan, ENDED, {"dropped": dropped}, changes)] if dropped else []
    payers = list(plan.payers.select_related("organisation").annotate(paid=Sum("payments__minor")))
    changes["left"] = {
        one.organisation.reference: one.pot_minor - (one.paid or 0)
        for one in payers
        if one.pot_minor is not None
    }
    return [_of_plan(plan, ENDED, _told(plan, (one.organisation.reference for one in payers)), changes)]


def resumed_plan(call_off: CallOff, reason: str) -> list[Happening]:
    """That the purchase goes on whose contract was complete by mistake; not yet recorded. Nothing where it pays for no
    outcomes.
    """
    plan = _plan_of(call_off)
    if plan is None or plan.status != OutcomePlan.Status.AGREED:
        return []
    return [plan_happening(plan, "outcome_plan.resumed", {"reason": reason})]


def plan_happening(plan: OutcomePlan, kind: str, changes: dict[str, Any]) -> Happening:
    """What happened to a plan, not yet recorded: it names every body that pays, and the investor where it is known
    here; one query.
    """
    names = plan.payers.values_list("organisation__reference", flat=True)
    return _of_plan(plan, kind, _told(plan, names), changes)


def _plan_of(call_off: CallOff) -> OutcomePlan | None:
    plan = OutcomePlan.objects.filter(call_off=call_off).select_related("investor").first()
    if plan is not None:
        plan.call_off = call_off
    return plan


def _of_plan(plan: OutcomePlan, kind: str, told: dict[str, Any], changes: dict[str, Any]) -> Happening:
    whose = {"call_off": plan.call_off.reference, "organisation": plan.call_off.organisation.reference}
    return Happening(kind, "outcome_plan", plan.reference, whose | told, changes)


def _told(plan: OutcomePlan, payers: Iterable[str]) -> dict[str, Any]:
    invests = {} if plan.investor is None else {"investor": plan.investor.reference}
    return {"payer": sorted(payers), **invests}

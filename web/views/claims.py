"""Outcomes that a supplier claims of a contract, each with its evidence, and what became of it.

Seen by the two sides of the contract and by the bodies that pay: the lead claims and puts files with a claim, somebody
of the buyer who did not claim verifies, its approver has it paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.claims import COUNTED, claimable, totals
from procurement.actions.contracts import contract_parts
from procurement.actions.files import LARGEST
from procurement.available import claim_steps
from procurement.models import Claim, Contract, OutcomePlan
from procurement.permissions import Actor
from procurement.querysets_call_offs import ContractQuerySet
from procurement.querysets_outcomes import ClaimQuerySet, OutcomePlanQuerySet
from procurement.states import Part
from web.bodies import takes_file
from web.buying import actor_of
from web.doing import STEP_LABELS, Refusal, do
from web.faults import FieldFault, labelled
from web.meanwhile import REFUSED
from web.outcome_changes import CLAIMING, DONE, claim_changes
from web.pages import render
from web.paging import listed
from web.saying import done_said

LABELS: Final = {
    "measure": N_("Outcome"),
    "count": N_("How many"),
    "first_day": N_("From"),
    "last_day": N_("To"),
    "evidence": N_("What shows it"),
}
OF_STEPS: Final = {**STEP_LABELS, "counted": N_("How many are borne out")}
OF_CLAIM: Final = {"counted": "counted", "reason": "{do}-reason", "file": "file", "name": "file"}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def claims(request: HttpRequest, reference: str) -> HttpResponse:
    """The claims of a contract that pays for outcomes, newest first, or another one: 422 where it breaks a rule, 409
    where the contract was changed meanwhile or its state does not allow it.
    """
    actor = actor_of(request)
    found, plan = _contract(actor, reference)
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        here = reverse("web:claims", args=[found.reference])
        done = do(request, actor, found.reference, CLAIMING, {name: name for name in LABELS}, here)
        if not isinstance(done, Refusal):
            return done
        faults, status = labelled(done.faults, LABELS), done.status
        found, plan = _contract(actor, reference)
    parts = contract_parts(actor, found)
    rows = ClaimQuerySet(Claim).seen_by(actor).told().filter(contract=found).order_by("-pk")
    page = listed(request, rows)
    buying = Part.LEAD not in parts
    return render(
        request,
        "claims.html",
        "call-offs" if buying else "offers",
        status_code=status,
        contract=found,
        plan=plan,
        totals=totals(plan),
        rows=page.rows,
        pages=page.pages,
        claims=Part.LEAD in parts and claimable(found),
        measures=[
            ("", _("Choose an outcome")),
            *(
                (one.measure.reference, f"{one.measure.name}: {one.measure.unit}")
                for one in plan.measures.all()
            ),
        ],
        typed=request.POST.dict() if faults else {},
        done=done_said(request, DONE),
        faults=faults,
    )


@takes_file(LARGEST)
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, reference: str) -> HttpResponse:
    """One claim, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _claim(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:claim", args=[found.reference])
    done = do(request, actor, found.reference, claim_changes(request), OF_CLAIM, here, labels=OF_STEPS)
    if isinstance(done, Refusal):
        return _page(request, actor, _claim(actor, reference), done.faults, done.status)
    return done


def _contract(actor: Actor, reference: str) -> tuple[Contract, OutcomePlan]:
    """The contract and the plan that it pays by; 404 where it pays for no outcomes."""
    found = ContractQuerySet(Contract).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    agreed = OutcomePlanQuerySet(OutcomePlan).whole().filter(status=OutcomePlan.Status.AGREED)
    plan = agreed.filter(call_off=found.call_off_id).first()
    if plan is None:
        raise Http404
    return found, plan


def _claim(actor: Actor, reference: str) -> Claim:
    found = ClaimQuerySet(Claim).seen_by(actor).whole().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, actor: Actor, found: Claim, faults: Iterable[FieldFault], status_code: int = 200
) -> HttpResponse:
    parts = contract_parts(actor, found.contract)
    steps = claim_steps(
        found.status,
        parts,
        claimed=actor.reference == found.claimed_by,
        verified=actor.reference == found.verified_by,
        amount=found.amount_minor,
    )
    return render(
        request,
        "claim.html",
        "offers" if Part.LEAD in parts else "call-offs",
        status_code=status_code,
        claim=found,
        contract_too=bool(parts),
        verified=found.status in COUNTED,
        actions=frozenset(steps),
        done=done_said(request, DONE),
        typed=request.POST.dict() if status_code in REFUSED else {},
        faults=faults,
    )

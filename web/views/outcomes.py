"""What call-offs pay for outcomes: the plans that somebody may see, one with every step, its form, and the library.

A plan is its buyer's; once proposed, the bodies that are to pay and the social investor read it too, who do not see the
call-off. Every change is a form with the revision that it was made from, answered with a redirect.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.claims import left_in, totals
from procurement.actions.outcome_plans import plan_parts, save_plan
from procurement.available import NOT_OUT, plan_steps
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import CallOff, Claim, Measure, OutcomePlan
from procurement.outcome_checks import ended_of, plan_faults
from procurement.outcomes import QUESTIONS
from procurement.parts import buyer_parts
from procurement.permissions import Action, Actor, can
from procurement.querysets_call_offs import CallOffQuerySet
from procurement.querysets_outcomes import ClaimQuerySet, OutcomePlanQuerySet
from procurement.states import Part
from web.buying import actor_of, bodies, require_buyer
from web.call_off_changes import DONE as BEGUN
from web.changing import sent_revision
from web.doing import Refusal, do
from web.faults import FieldFault
from web.meanwhile import CONFLICT, REFUSED, conflict
from web.once import done_once
from web.outcome_changes import DONE, OF_MEASURES, OF_PLANS, REMOVAL
from web.outcome_form import choices, faults_of, read, typed_from, typed_of, written
from web.pages import render
from web.paging import listed
from web.saying import choices_said, done_said

ANCHORS: Final = {"note": "note"}
OF_LIBRARY: Final = {
    "name": N_("Name"), "definition": N_("When one is reached"), "data_source": N_("Where the count comes from"),
    "unit": N_("What is counted"), "organisation": N_("Organisation"),
}  # fmt: skip


@never_cache
@login_required
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Plans of the own call-offs, and those that the own organisation is to pay or invest in, newest first."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_PLANS)
    page = listed(request, OutcomePlanQuerySet(OutcomePlan).seen_by(actor).told().order_by("-pk"))
    return render(
        request,
        "outcome_plans.html",
        "call-offs",
        rows=page.rows,
        pages=page.pages,
        buying=any(can(actor, Action.SEE_CALL_OFFS, key) for key in actor.organisations()),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    """One plan, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    if request.POST.get("do") == "remove":
        # The page is gone with it.
        here = reverse("web:call-off", args=[found.call_off.reference])
        done = do(request, actor, found.reference, REMOVAL, ANCHORS, here)
    else:
        here = reverse("web:outcome-plan", args=[found.reference])
        done = do(request, actor, found.reference, OF_PLANS, ANCHORS, here)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a draft call-off's plan: 403 for who does not write the call-off, 409 once it has gone out."""
    actor = actor_of(request)
    call_off = CallOffQuerySet(CallOff).seen_by(actor).told().filter(reference=reference.upper()).first()
    if call_off is None:
        raise Http404
    if Part.OWNER not in buyer_parts(actor, call_off):
        raise PermissionDenied
    standing = OutcomePlanQuerySet(OutcomePlan).whole().filter(call_off=call_off).first()
    if request.method != "POST":
        return _form(request, call_off, standing, typed_of(standing), ())
    sent = request.POST

    def save() -> str:
        made = save_plan(actor, call_off.reference, sent_revision(sent), read(sent))
        return f"{reverse('web:outcome-plan', args=[made.reference])}?done=saved"

    try:
        return done_once(request, actor, save)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        call_off.refresh_from_db(fields=["revision", "status"])
        standing, typed = (
            OutcomePlanQuerySet(OutcomePlan).whole().filter(call_off=call_off).first(),
            typed_from(sent),
        )
        # The plan's form carries the revision of its call-off, which every change of either moves.
        subject = ("", standing.reference if standing else call_off.reference)
        wrong = conflict(actor, subject, written(typed, typed_of(standing), choices()))
        return _form(request, call_off, standing, typed, wrong, CONFLICT)
    except Conflict as refused:
        wrong = [FieldFault("", refused.message.rstrip("."))]
        return _form(request, call_off, standing, typed_from(sent), wrong, CONFLICT)
    except Invalid as refused:
        return _form(request, call_off, standing, typed_from(sent), faults_of(refused.faults), 422)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def measures(request: HttpRequest) -> HttpResponse:
    """The library of outcomes, for every buyer to use and add to: 422 where one says too little."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_CALL_OFFS)
    writes = bodies(actor, Action.WRITE_CALL_OFF).choices
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        done = do(
            request,
            actor,
            "",
            OF_MEASURES,
            {name: name for name in OF_LIBRARY},
            reverse("web:measures"),
            labels=OF_LIBRARY,
        )
        if not isinstance(done, Refusal):
            return done
        faults, status = done.faults, done.status
    page = listed(request, Measure.objects.select_related("organisation").order_by("name", "reference"))
    return render(
        request,
        "measures.html",
        "call-offs",
        status_code=status,
        rows=page.rows,
        pages=page.pages,
        writes=writes,
        typed=request.POST.dict() if faults else {},
        done=done_said(request, DONE),
        faults=faults,
    )


def _seen(actor: Actor, reference: str) -> OutcomePlan:
    found = OutcomePlanQuerySet(OutcomePlan).seen_by(actor).whole().filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    actor: Actor,
    found: OutcomePlan,
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    payers = list(found.payers.all())
    waiting = any(
        one.approved_at is None and can(actor, Action.APPROVE_PART, one.organisation_id) for one in payers
    )
    parts = plan_parts(actor, found)
    steps = plan_steps(
        found.status, found.call_off.status, parts, waiting=waiting, investor=found.waits_for_investor
    )
    draft = found.status == OutcomePlan.Status.DRAFT
    claims = ClaimQuerySet(Claim).seen_by(actor).told().filter(measure__plan=found).order_by("-pk")
    return render(
        request,
        "outcome_plan.html",
        "call-offs",
        status_code=status_code,
        plan=found,
        buying=bool(parts - {Part.PAYER, Part.INVESTOR}),
        questions=choices_said(QUESTIONS.items()),
        measures=list(found.measures.all()),
        payers=[(one, left_in(one, timezone.localdate()) if one.pot_minor else None) for one in payers],
        totals=totals(found),
        blocking=plan_faults(found) if draft else [],
        ended=ended_of(found.call_off),
        actions=frozenset(steps),
        itself=Part.INVESTOR in parts,
        claims=list(claims[:50]),
        done=done_said(request, DONE),
        typed=request.POST.dict() if status_code in REFUSED else {},
        faults=faults,
    )


def _form(
    request: HttpRequest,
    call_off: CallOff,
    standing: OutcomePlan | None,
    typed: dict[str, Any],
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    return render(
        request,
        "outcome_form.html",
        "call-offs",
        status_code=status_code,
        call_off=call_off,
        plan=standing,
        open=call_off.status in NOT_OUT,
        questions=choices_said(QUESTIONS.items()),
        choices=choices(),
        typed=typed,
        done=done_said(request, BEGUN),
        faults=faults,
    )

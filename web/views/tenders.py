"""One tender on the buyer's side: read as far as it is open, scored by assessors, moderated, its price asked about.

Before the deadline it is not there (404), nor is it ever for another buyer; its own supplier reads it with its
invitation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.errors import NotFound
from procurement.models import Tender
from procurement.permissions import Action, Actor, can
from procurement.querysets_competitions import TenderQuerySet
from procurement.sealing import is_own, receipt_of
from web.buying import actor_of
from web.doing import Refusal, do
from web.faults import FieldFault
from web.meanwhile import REFUSED
from web.pages import render
from web.saying import done_said, said
from web.tender_changes import DONE, OF_TENDERS, WORDS, anchors_of, touched, written
from web.tender_page import tender_page
from web.unkept import unkept


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tender(request: HttpRequest, reference: str) -> HttpResponse:
    """One tender, or a step of it; its own supplier is led to its invitation, where it reads and writes it. 422 where
    it breaks a rule, 409 where it is stale or of the wrong state.
    """
    actor = actor_of(request)
    row = _row(actor, reference)
    if request.method != "POST" and row is not None and is_own(actor, row):
        return redirect("web:invitation", row.invitation.reference)
    found = _of_buyer(actor, row)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:tender", args=[found.reference])
    done = do(request, actor, found.reference, OF_TENDERS, anchors_of(request.POST), here)
    now = _of_buyer(actor, _row(actor, reference))
    if isinstance(done, Refusal):
        return _page(request, actor, now, done.faults, done.status)
    if request.POST.get("do") in WORDS:
        left = unkept(written(touched(request.POST.dict()), tender_page(now, actor)))
        return _page(request, actor, now, (), left=left) if left else done
    return done


@never_cache
@login_required
@require_safe
def receipt(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """What was submitted then, byte for byte, for the tenderer alone: its SHA-256 is the receipt's digest."""
    try:
        found = receipt_of(actor_of(request), reference, number)
    except NotFound as refused:
        raise Http404 from refused
    answer = HttpResponse(found.document.encode(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{found.reference}.json"'
    return answer


def _row(actor: Actor, reference: str) -> Tender | None:
    return TenderQuerySet(Tender).seen_by(actor).told().filter(reference=reference).first()


def _of_buyer(actor: Actor, found: Tender | None) -> Tender:
    if found is None or not can(actor, Action.SEE_CALL_OFFS, found.competition.call_off.organisation_id):
        raise Http404
    if found.competition.closed_at is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    actor: Actor,
    found: Tender,
    faults: Iterable[FieldFault],
    status_code: int = 200,
    left: Sequence[FieldFault] = (),
) -> HttpResponse:
    """The page; `left` are fields that hold what was written and not kept by what was done."""
    return render(
        request,
        "tender.html",
        "call-offs",
        status_code=status_code,
        tender=found,
        call_off=found.competition.call_off,
        page=tender_page(found, actor),
        done=said(DONE[request.POST["do"]]) if left else done_said(request, DONE),
        unkept=left,
        typed=touched(request.POST.dict()) if left or status_code in REFUSED else {},
        faults=faults,
    )

"""From which total on a buyer's call-offs are approved, and what waits for an approval or was given one: seen by the
buyer's people, set by its administrators.

Journey: /organisations/<organisation>/limit (POST) -> procurement/actions/limits.py -> the page again (303). The
approval itself is a step on the call-off's own page.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.limits import limit_revision, set_limit
from procurement.call_off_checks import limit_of
from procurement.models import CallOff, Organisation
from procurement.permissions import Action, can
from procurement.querysets_call_offs import CallOffQuerySet
from web.buying import actor_of, names_of
from web.doing import Change, Refusal, do
from web.faults import FieldFault, labelled
from web.formats import money
from web.meanwhile import Written, differing
from web.pages import render
from web.saying import done_said, said
from web.typed import amount_typed

ANCHORS: Final = {"approval_from": "approval_from"}
LABELS: Final = {"approval_from": N_("Approve from which total on")}
OF_LIMITS: Final[dict[str, Change]] = {
    "set": lambda actor, organisation, revision, sent: set_limit(
        actor,
        organisation,
        amount_typed(sent.get("approval_from", "")),
        revision,
    ),
    "remove": lambda actor, organisation, revision, _: set_limit(actor, organisation, None, revision),
}
DONE: Final = {
    "set": N_("The limit is set. It holds for what goes out from now on."),
    "remove": N_("The limit is taken away: no call-off is approved before it goes out."),
}
SHOWN: Final = 20


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def limit(request: HttpRequest, reference: str) -> HttpResponse:
    """The limit, 404 for all but the buyer's people; or another one: 403 for all but administrators, 422 where it is no
    amount, 409 where somebody set another meanwhile.
    """
    actor = actor_of(request)
    body = Organisation.objects.filter(reference=reference).first()
    if body is None or not can(actor, Action.SEE_CALL_OFFS, body):
        raise Http404
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        here = reverse("web:limit", args=[reference])
        done = do(request, actor, reference, OF_LIMITS, ANCHORS, here, ("organisation", reference))
        if not isinstance(done, Refusal):
            return done
        faults, status = labelled(done.faults, LABELS), done.status
        if done.stale and request.POST.get("do") == "set":
            faults += differing(_written(request.POST, limit_of(body.pk)))
    own = CallOffQuerySet(CallOff).seen_by(actor).told().filter(organisation=body)
    approved = list(own.filter(approved_minor__isnull=False).order_by("-approved_at", "-pk")[:SHOWN])
    names = names_of(body.pk, {one.approved_by for one in approved})
    return render(
        request,
        "limit.html",
        "account",
        status_code=status,
        organisation=body,
        minor=limit_of(body.pk),
        revision=limit_revision(reference),
        sets=can(actor, Action.SET_LIMIT, body),
        waiting=list(own.waiting_for_approval().order_by("-pk")[:SHOWN]),
        approved=[(one, names[one.approved_by]) for one in approved],
        typed=request.POST.dict() if faults else {},
        done=done_said(request, DONE),
        faults=faults,
    )


def _written(sent: QueryDict, minor: int | None) -> list[Written]:
    """What the form said of the limit, beside what stands now."""
    stands = "" if minor is None else money(minor)
    return [Written("approval_from", said(LABELS["approval_from"]), sent.get("approval_from", ""), stands)]

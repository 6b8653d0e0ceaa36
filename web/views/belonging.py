"""Organisations that somebody may act for: found by the domain of their address, or by an identifier; asked, and what
became of it.

Journey: /account/organisations (POST) -> procurement/actions/belonging.py -> an administrator's answer on the page of
the organisation's people.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.belonging import ask_to_belong, withdraw_request
from procurement.email_domains import domains_of
from procurement.errors import Conflict, NotFound
from procurement.identifiers import SCHEMES, wrong_with
from procurement.models import Membership, MembershipRequest, Organisation, User
from procurement.permissions import Action, can
from web.asking import OF_REQUESTS, waiting
from web.buying import actor_of
from web.changing import see_other
from web.doing import Refusal
from web.doing import do as answer_to
from web.faults import FieldFault, by_anchor
from web.pages import render

SHOWN: Final = 50
DONE: Final = {
    "ask": "You have asked. An administrator of the organisation answers; the answer is here.",
    "withdraw": "You ask no longer.",
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def requests_to_operators(request: HttpRequest) -> HttpResponse:
    """Requests to organisations that nobody administers, which an operator answers; to others it is not there."""
    actor = actor_of(request)
    if not can(actor, Action.MANAGE_ORGANISATIONS):
        raise Http404
    here = reverse("web:membership-requests")
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        done = answer_to(request, actor, "", OF_REQUESTS, {"role": "", "reason": "reason"}, here)
        if not isinstance(done, Refusal):
            return done
        faults, status = done.faults, done.status
    administered = Membership.objects.filter(role=Membership.Role.ADMINISTRATOR, user__is_active=True)
    alone = ~Exists(administered.filter(organisation=OuterRef("organisation")))
    return render(
        request,
        "membership_requests.html",
        "administration",
        status_code=status,
        here=here,
        requests=waiting(MembershipRequest.objects.filter(alone)),
        roles=Membership.Role.choices,
        done={"accept": "The person acts for the organisation.", "refuse": "The person is told why not."}.get(
            request.GET.get("done", ""), ""
        )
        if request.method == "GET"
        else "",
        faults=faults,
        messages=by_anchor(faults),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisations(request: HttpRequest) -> HttpResponse:
    """What one's address leads to, what the identifier in the address of the page names, one's requests; or a change:
    409 where it cannot be asked (again).
    """
    user = request.user
    assert isinstance(user, User)
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do not in DONE:
            raise Http404
        try:
            if do == "ask":
                ask_to_belong(user, request.POST.get("organisation", ""))
            else:
                withdraw_request(user, request.POST.get("request", ""))
        except NotFound as refused:
            raise Http404 from refused
        except Conflict as refused:
            faults, status = [FieldFault("", refused.message.rstrip("."))], 409
        else:
            return see_other(f"{reverse('web:own-organisations')}?done={do}")
    scheme = request.GET.get("scheme", "")
    identifier = request.GET.get("identifier", "").strip().upper()
    sought = bool(scheme or identifier)
    if sought and (wrong := wrong_with(scheme, identifier)):
        faults.append(FieldFault("identifier", wrong.rstrip(".")))
        status = 400
    own = set(Membership.objects.filter(user=user).values_list("organisation_id", flat=True))
    requests = MembershipRequest.objects.filter(user=user).select_related("organisation")
    open_to = Organisation.objects.exclude(pk__in=own)
    by_domain = open_to.filter(domains__domain__in=domains_of(user.email)).distinct()
    found = open_to.filter(scheme=scheme, identifier=identifier) if sought and status != 400 else None
    return render(
        request,
        "own_organisations.html",
        "account",
        status_code=status,
        by_domain=list(by_domain.order_by("name", "pk")[:SHOWN]),
        found=list(found) if found is not None else None,
        own=own,
        requests=list(requests.order_by("-pk")[:SHOWN]),
        schemes=[("", "Choose"), *((key, label) for key, (label, _) in SCHEMES.items())],
        scheme=scheme,
        identifier=identifier,
        done=DONE.get(request.GET.get("done", ""), "") if request.method == "GET" else "",
        faults=faults,
        messages=by_anchor(faults),
    )

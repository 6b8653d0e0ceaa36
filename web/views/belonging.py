"""Organisations that somebody may act for: those that invite them, found by the domain of their address, or by an
identifier; asked, and what became of it.

Journey: /account/organisations (POST) -> procurement/actions/belonging.py -> an administrator's answer on the page of
the organisation's people.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.belonging import ask_to_belong, withdraw_request
from procurement.actions.member_invitations import (
    accept_invitation,
    decline_invitation,
    invitations_to,
)
from procurement.actions.members import administrators
from procurement.email_domains import domains_of
from procurement.identifiers import SCHEMES, wrong_with
from procurement.models import Membership, MembershipRequest, Organisation, User
from procurement.permissions import Action, can
from web import asking
from web.buying import actor_of
from web.doing import Change, Refusal, do
from web.faults import FieldFault
from web.pages import render
from web.saying import choices_said, done_said, said

SHOWN: Final = 50
DONE: Final = {
    "ask": N_("You have asked. An administrator of the organisation answers; the answer is here."),
    "withdraw": N_("You ask no longer."),
    "accept_invitation": N_("You act for the organisation."),
    "decline_invitation": N_("You have declined the invitation."),
    "made": N_("Your account is made, and you are signed in."),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def requests_to_operators(request: HttpRequest) -> HttpResponse:
    """Requests of others to organisations that nobody administers, which an operator answers; to others it is not
    there.
    """
    actor = actor_of(request)
    if not can(actor, Action.MANAGE_ORGANISATIONS):
        raise Http404
    here = reverse("web:membership-requests")
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        anchors = asking.anchors_of(request.POST)
        done = do(request, actor, "", asking.OF_REQUESTS, anchors, here, labels=asking.LABELS)
        if not isinstance(done, Refusal):
            return done
        faults, status = done.faults, done.status
    alone = ~Exists(administrators().filter(organisation=OuterRef("organisation")))
    return render(
        request,
        "membership_requests.html",
        "administration",
        status_code=status,
        here=here,
        requests=asking.waiting(
            MembershipRequest.objects.filter(alone).exclude(user__reference=actor.reference)
        ),
        roles=choices_said(Membership.Role.choices),
        typed=request.POST.dict() if faults else {},
        done=done_said(request, asking.DONE),
        faults=faults,
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
        changes: dict[str, Change] = {
            "ask": lambda _, __, ___, sent: ask_to_belong(user, sent.get("organisation", "")),
            "accept_invitation": lambda _, __, ___, sent: accept_invitation(user, sent.get("invitation", "")),
            "decline_invitation": lambda _, __, ___, sent: decline_invitation(
                user, sent.get("invitation", "")
            ),
            "withdraw": lambda _, __, ___, sent: withdraw_request(user, sent.get("request", "")),
        }
        done = do(request, actor_of(request), "", changes, {}, reverse("web:own-organisations"))
        if not isinstance(done, Refusal):
            return done
        faults, status = done.faults, done.status
    scheme = request.GET.get("scheme", "")
    identifier = request.GET.get("identifier", "").strip().upper()
    sought = "scheme" in request.GET or "identifier" in request.GET
    if sought and (wrong := _wrong_with(scheme, identifier)):
        faults += wrong
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
        invitations=list(invitations_to(user)[:SHOWN]),
        requests=list(requests.order_by("-pk")[:SHOWN]),
        schemes=[("", _("Choose")), *((key, said(held[0])) for key, held in SCHEMES.items())],
        scheme=scheme,
        identifier=identifier,
        done=done_said(request, DONE),
        faults=faults,
    )


def _wrong_with(scheme: str, identifier: str) -> list[FieldFault]:
    """What is wrong with what an organisation is sought by, at the field that it is of."""
    missing = []
    if not scheme:
        missing.append(FieldFault("scheme", _("Kind of identifier: choose one")))
    if not identifier:
        missing.append(FieldFault("identifier", _("Identifier: enter it")))
    wrong = None if missing else wrong_with(scheme, identifier)
    return [FieldFault("identifier", wrong.rstrip("."))] if wrong else missing

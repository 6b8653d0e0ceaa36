"""Who belongs to an organisation: everybody of it sees the list and may leave, its administrators invite, change roles
and take away.

Journey: /organisations/<organisation>/members (POST) -> procurement/actions/members.py, or member_invitations.py -> the
page again (303); whoever is invited answers by the link that is sent (views/member_invitations.py). Inviting somebody
and changing somebody are pages of their own: no other button stands there that would leave what is written behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.belonging import add_domain, remove_domain
from procurement.actions.member_invitations import invite_member, send_again, withdraw_invitation
from procurement.actions.members import change_role, leave_organisation, remove_member
from procurement.models import (
    EmailDomain,
    MemberInvitation,
    Membership,
    MembershipRequest,
    Organisation,
    SecondStep,
)
from procurement.permissions import Action, Actor, can
from procurement.querysets_administering import MembershipQuerySet
from web import asking
from web.buying import actor_of
from web.doing import Change, Refusal, do
from web.faults import FieldFault, labelled
from web.pages import render
from web.paging import listed
from web.saying import choices_said, done_said, said

SHOWN: Final = 50
LABELS: Final = {
    "email": N_("Email address"),
    "full_name": N_("Name"),
    "role": N_("Role"),
    "domain": N_("Domain"),
}
ANCHORS: Final = {name: name for name in LABELS}
DONE: Final = {
    "invite": N_("An invitation is sent to the address. Whoever accepts it belongs to the organisation."),
    "send_again": N_("The invitation is sent again. The link that was sent before is good no more."),
    "withdraw_invitation": N_("The invitation is withdrawn: nobody can accept it any more."),
    "role": N_("The role is changed."),
    "remove": N_("The person belongs to the organisation no more."),
    "add_domain": N_("Whoever has an address there is shown the organisation, and may ask."),
    "remove_domain": N_("The domain is the organisation's no more."),
    **asking.DONE,
}


MEANT: Final = {"invite": "email", "add_domain": "domain"}
"""By what the form says in `do`: the field that a refusal is about which names none."""


def faults_told(done: Refusal, sent: QueryDict) -> list[FieldFault]:
    """What is wrong, each with the field that is to be written anew."""
    meant = MEANT.get(sent.get("do", ""), "")
    return [replace(one, anchor=one.anchor or meant) for one in labelled(done.faults, LABELS)]


def _invite(actor: Actor, organisation: str, _: int, sent: QueryDict) -> object:
    return invite_member(
        actor, organisation, sent.get("email", ""), sent.get("full_name", ""), sent.get("role", "")
    )


OF_MEMBERS: Final[dict[str, Change]] = {
    "send_again": lambda actor, organisation, _, sent: send_again(
        actor, organisation, sent.get("invitation", "")
    ),
    "withdraw_invitation": lambda actor, organisation, _, sent: withdraw_invitation(
        actor, organisation, sent.get("invitation", "")
    ),
    "leave": lambda actor, organisation, _, __: leave_organisation(actor, organisation),
    "add_domain": lambda actor, organisation, _, sent: add_domain(
        actor, organisation, sent.get("domain", "")
    ),
    "remove_domain": lambda actor, organisation, _, sent: remove_domain(
        actor, organisation, sent.get("domain", "")
    ),
    **asking.OF_REQUESTS,
}


def unanswered(body: Organisation) -> list[tuple[MemberInvitation, str]]:
    """Invitations that nobody has accepted and nobody withdrawn, the last sent first and one more than are shown, each
    with what it is now.
    """
    status = MemberInvitation.Status
    return standing(
        MemberInvitation.objects.filter(organisation=body, status__in=(status.WAITING, status.DECLINED))
    )


def standing(rows: QuerySet[MemberInvitation]) -> list[tuple[MemberInvitation, str]]:
    """Invitations, the last sent first and one more than are shown, each with what it is now."""
    now, newest = timezone.now(), rows.select_related("invited_by").order_by("-sent_at", "-pk")
    return [(row, said(row.standing(now).label)) for row in newest[: SHOWN + 1]]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, reference: str) -> HttpResponse:
    """The list, 404 for whoever does not belong to the organisation; or one change of it: 422 where it breaks a rule,
    409 where nobody would be left to administer.
    """
    actor = actor_of(request)
    body = _own(actor, reference)
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        # Whoever has left sees the page no more.
        leaves = request.POST.get("do") == "leave"
        here = reverse("web:account") if leaves else reverse("web:members", args=[reference])
        anchors = {**ANCHORS, **asking.anchors_of(request.POST)}
        done = do(request, actor, reference, OF_MEMBERS, anchors, here, labels=asking.LABELS)
        if not isinstance(done, Refusal):
            return done
        faults, status = faults_told(done, request.POST), done.status
    rows = (
        MembershipQuerySet(Membership)
        .seen_by(actor)
        .filter(organisation=body)
        .annotate(second_step=Exists(SecondStep.objects.filter(user=OuterRef("user"), confirmed=True)))
        .told()
    )
    page = listed(request, rows)
    manages = can(actor, Action.MANAGE_MEMBERS, body)
    invitations = unanswered(body) if manages else []
    return render(
        request,
        "members.html",
        "account",
        status_code=status,
        organisation=body,
        rows=page.rows,
        pages=page.pages,
        manages=manages,
        domains=EmailDomain.objects.filter(organisation=body),
        invitations=invitations[:SHOWN],
        more_invitations=len(invitations) > SHOWN,
        requests=asking.waiting(MembershipRequest.objects.filter(organisation=body)) if manages else [],
        roles=choices_said(Membership.Role.choices),
        typed=request.POST.dict() if faults else {},
        done=done_said(request, DONE),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, reference: str) -> HttpResponse:
    """The form by which an administrator (403) invites somebody: 422 where it breaks a rule, 409 where it cannot be."""
    actor = actor_of(request)
    body = _managed(actor, reference)
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        there = reverse("web:members", args=[reference])
        done = do(request, actor, reference, {"invite": _invite}, ANCHORS, there)
        if not isinstance(done, Refusal):
            return done
        faults, status = faults_told(done, request.POST), done.status
    return render(
        request,
        "invite_member.html",
        "account",
        status_code=status,
        organisation=body,
        roles=choices_said(Membership.Role.choices),
        typed=request.POST.dict(),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, reference: str, person: str) -> HttpResponse:
    """One person of an organisation as its administrator (403) changes them: 422 for no role, 409 where nobody would be
    left to administer.
    """
    actor = actor_of(request)
    body = _managed(actor, reference)
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        changes: dict[str, Change] = {
            "role": lambda who, of, _, sent: change_role(who, of, person, sent.get("role", "")),
            "remove": lambda who, of, _, __: remove_member(who, of, person),
        }
        # Whoever takes themselves out sees the list no more.
        gone = request.POST.get("do") == "remove" and person == actor.reference
        there = reverse("web:account") if gone else reverse("web:members", args=[reference])
        done = do(request, actor, reference, changes, ANCHORS, there)
        if not isinstance(done, Refusal):
            return done
        faults, status = faults_told(done, request.POST), done.status
    rows = Membership.objects.filter(organisation=body, user__reference=person)
    found = rows.select_related("user").first()
    if found is None:
        raise Http404
    return render(
        request,
        "member.html",
        "account",
        status_code=status,
        organisation=body,
        member=found,
        roles=choices_said(Membership.Role.choices),
        role=request.POST.get("role", found.role),
        faults=faults,
    )


def _own(actor: Actor, reference: str) -> Organisation:
    """An organisation of the actor; 404 for any other."""
    body = Organisation.objects.filter(reference=reference, pk__in=list(actor.organisations())).first()
    if body is None:
        raise Http404
    return body


def _managed(actor: Actor, reference: str) -> Organisation:
    """The same; 403 for whoever does not change its people."""
    body = _own(actor, reference)
    if not can(actor, Action.MANAGE_MEMBERS, body):
        raise PermissionDenied
    return body

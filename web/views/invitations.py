"""What a supplier is invited to: the list, one invitation with its questions, and the tender that answers it.

The lead answers and submits; members that it lets write the draft; partners that are wanted read what is asked. To
others it is not there (404), the buyer included, which has its own pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.files import LARGEST
from procurement.actions.tenders import submit_tender, view_tender, write_tender
from procurement.errors import Refused
from procurement.models import Invitation, Tender
from procurement.parts import tender_parts
from procurement.permissions import Action, Actor
from procurement.querysets_competitions import InvitationQuerySet, TenderQuerySet
from procurement.states import Part
from web.bodies import takes_file
from web.buying import actor_of, require_buyer
from web.changing import sent_revision
from web.doing import Refusal, do, refusal_of
from web.faults import FieldFault
from web.invitation_changes import ANCHORS, ASKING, DONE, NAMES, changes_of
from web.invitation_page import actions_of, invitation_page, own_tender
from web.meanwhile import CONFLICT, REFUSED, differing
from web.once import done_before, done_once, part_once
from web.pages import render
from web.paging import listed
from web.saying import done_said
from web.tender_form import asked_of, faults_of, read, tender_written, typed_from, typed_of


@never_cache
@login_required
@require_safe
def invitations(request: HttpRequest) -> HttpResponse:
    """What the own firms were invited to, newest first."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_ASKED)
    rows = InvitationQuerySet(Invitation).of_supplier(actor).told().order_by("-pk")
    page = listed(request, rows)
    shown = page.rows
    # A partner that is wanted reads the invitation, and nothing of a tender that its lead does not let it write.
    tenders = TenderQuerySet(Tender).seen_by(actor).filter(invitation__in=[one.pk for one in shown])
    return render(
        request,
        "invitations.html",
        "invitations",
        root=True,
        rows=shown,
        tenders={one.invitation_id: one for one in tenders},
        pages=page.pages,
    )


@never_cache
@login_required
@require_safe
def invited(request: HttpRequest, reference: str) -> HttpResponse:
    """Leads from a call-off to the own invitation to it: a message to all who compete names the call-off alone."""
    rows = InvitationQuerySet(Invitation).of_supplier(actor_of(request))
    found = rows.filter(competition__call_off__reference=reference.upper()).order_by("pk").first()
    if found is None:
        raise Http404
    return redirect(_address(found))


@takes_file(LARGEST)
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, reference: str) -> HttpResponse:
    """One invitation, or an answer to it: 422 where it breaks a rule, 409 where it is stale or of the wrong state.

    That the lead supplier has read it is noted the first time that its page is opened.
    """
    actor = actor_of(request)
    found = _seen(actor, reference)
    tender = own_tender(found, actor)
    if request.method != "POST":
        if tender and tender.status == Tender.Status.INVITED and Part.LEAD in tender_parts(actor, tender):
            view_tender(actor, tender.reference)
        return _page(request, actor, found, ())
    subject = ("tender", tender.reference) if tender else None
    changes = changes_of(request, tender)
    done = do(request, actor, found.reference, changes, ANCHORS, _address(found), subject, NAMES)
    if isinstance(done, Refusal):
        return _page(request, actor, found, done.faults, done.status)
    return done


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a question to the buyer: 422 for an empty one, 409 once none can be asked any more."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        done = do(request, actor, found.reference, ASKING, ANCHORS, _address(found), labels=NAMES)
        if not isinstance(done, Refusal):
            return done
        faults, status = done.faults, done.status
    elif "ask" not in invitation_page(found, own_tender(found, actor), actor).actions:
        return _page(request, actor, found, [FieldFault("", _("Questions can no longer be asked"))], CONFLICT)
    return render(
        request,
        "ask_buyer.html",
        "invitations",
        status_code=status,
        invitation=found,
        typed=request.POST.dict(),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tender_draft(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of the tender: kept, or kept and submitted; 409 once the deadline has passed, 403 for who may not
    write.
    """
    actor = actor_of(request)
    found = _seen(actor, reference)
    tender = own_tender(found, actor)
    if tender is None:
        raise Http404
    parts = tender_parts(actor, tender)
    if parts.isdisjoint({Part.LEAD, Part.MEMBER}):
        raise PermissionDenied
    if request.method == "POST" and (before := done_before(request, actor)) is not None:
        return before
    if "draft" not in actions_of(found, tender, parts, None):
        return _page(request, actor, found, [FieldFault("", _("The tender can no longer be written"))], 409)
    if request.method != "POST":
        return _form(request, found, tender, parts, typed_of(tender, asked_of(tender)), ())
    refusal = _written(request, actor, found, tender)
    if isinstance(refusal, HttpResponse):
        return refusal
    now = own_tender(found, actor) or tender
    asked = asked_of(now)
    typed = typed_from(request.POST, asked)
    beside = differing(tender_written(typed, typed_of(now, asked), asked)) if refusal.stale else []
    return _form(request, found, now, parts, typed, [*refusal.faults, *beside], refusal.status)


def _written(request: HttpRequest, actor: Actor, found: Invitation, tender: Tender) -> Refusal | HttpResponse:
    """Keeps the draft and, where the form says so, submits it; a draft that cannot be submitted yet is kept. Each is
    done once, however often the form is sent.
    """
    sent, asked = request.POST, asked_of(tender)
    if sent.get("do") not in ("draft", "submit"):
        raise Http404

    def keep() -> str:
        kept = write_tender(actor, tender.reference, sent_revision(sent), read(sent, asked))
        return str(kept.revision)

    try:
        revision = part_once(request, actor, "draft", keep)

        def act() -> str:
            if sent["do"] == "submit":
                submit_tender(actor, tender.reference, int(revision))
            return f"{_address(found)}?done={sent['do']}"

        return done_once(request, actor, act)
    except Refused as refused:
        subject = ("tender", tender.reference)
        return refusal_of(
            actor, refused, subject, lambda faults: faults_of(faults, typed_from(sent, asked), asked)
        )


def _seen(actor: Actor, reference: str) -> Invitation:
    rows = InvitationQuerySet(Invitation).of_supplier(actor).told()
    found = rows.select_related("competition__call_off__requirement").filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _address(found: Invitation) -> str:
    return reverse("web:invitation", args=[found.reference])


def _form(
    request: HttpRequest,
    found: Invitation,
    tender: Tender,
    parts: frozenset[Part],
    typed: dict[str, Any],
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    return render(
        request,
        "tender_form.html",
        "invitations",
        status_code=status_code,
        invitation=found,
        tender=tender,
        asked=asked_of(tender),
        submits=Part.LEAD in parts,
        typed=typed,
        faults=faults,
    )


def _page(
    request: HttpRequest,
    actor: Actor,
    found: Invitation,
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    """The page of the invitation as it now is."""
    now = _seen(actor, found.reference)
    return render(
        request,
        "invitation.html",
        "invitations",
        status_code=status_code,
        invitation=now,
        page=invitation_page(now, own_tender(now, actor), actor),
        done=done_said(request, DONE),
        typed=request.POST.dict() if status_code in REFUSED else {},
        faults=faults,
    )

"""Call-offs of the own buyer organisation: the list, a draft to begin or edit, and one with every step that can
be taken.

To others they are not there (404). Every change is a form with the revision that it was made from, sent by POST and
answered with a redirect; one made from an older state changes nothing and is told so beside the state as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.call_offs import CallOffDraft, create_call_off, edit_call_off
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import CallOff
from procurement.permissions import Action, Actor
from procurement.querysets_call_offs import CallOffQuerySet
from web.buying import actor_of, bodies, require_buyer
from web.call_off_changes import DONE, OF_CALL_OFFS
from web.call_off_form import OPTIONS, choices, faults_of, read, typed_from, typed_of, written
from web.call_off_page import call_off_page
from web.changing import sent_revision
from web.doing import Refusal, do
from web.faults import FieldFault
from web.meanwhile import CONFLICT, REFUSED, conflict
from web.once import done_once
from web.pages import render
from web.paging import listed
from web.saying import done_said
from web.walks import OUTCOMES

ANCHORS = {"reason": "{do}-reason", "conflicts": "conflicts"}
EMPTY: dict[str, Any] = {"options": []}
NAMED = ("title", "requirement", "shortlist", "route", "pays")
"""What an address may name for the form."""


@never_cache
@login_required
@require_safe
def call_offs(request: HttpRequest) -> HttpResponse:
    """The own call-offs, newest first."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_CALL_OFFS)
    rows = CallOffQuerySet(CallOff).seen_by(actor).told().order_by("-pk")
    page = listed(request, rows)
    return render(
        request,
        "call_offs.html",
        "call-offs",
        root=True,
        rows=page.rows,
        pages=page.pages,
        may_begin=bool(bodies(actor, Action.WRITE_CALL_OFF).choices),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_call_off(request: HttpRequest) -> HttpResponse:
    """The form of a draft; what the address names (requirement, shortlist, title) is chosen already, and with it the
    organisation whose it is. Where it names outcomes as what is paid for, the draft leads on to its plan of them.
    """
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_CALL_OFFS)
    body = bodies(actor, Action.WRITE_CALL_OFF)
    if not body.choices:
        raise PermissionDenied
    if request.method != "POST":
        named = {name: request.GET.get(name, "") for name in NAMED}
        return _form(request, actor, EMPTY | named, ())
    sent = request.POST
    organisation = body.chosen(sent.get("organisation", ""))
    if organisation is None:
        wrong = [FieldFault("organisation", _("Organisation: say for which one the call-off is"))]
        return _form(request, actor, typed_from(sent), wrong, 422)

    def begin() -> str:
        begun = create_call_off(actor, CallOffDraft(**read(sent), organisation=organisation))
        page = "web:edit-outcomes" if sent.get("pays") == OUTCOMES else "web:call-off"
        return f"{reverse(page, args=[begun.reference])}?done=begun"

    try:
        return done_once(request, actor, begin)
    except Invalid as refused:
        return _form(request, actor, typed_from(sent), faults_of(refused.faults), 422)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a draft that is said anew; 409 once it has gone out."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _form(request, actor, typed_of(found), (), call_off=found)
    sent = request.POST

    def change() -> str:
        edit_call_off(actor, found.reference, sent_revision(sent), read(sent))
        return f"{reverse('web:call-off', args=[found.reference])}?done=edited"

    try:
        return done_once(request, actor, change)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        found, typed = _seen(actor, reference), typed_from(sent)
        wrong = conflict(
            actor, ("call_off", found.reference), written(typed, typed_of(found), choices(actor, typed))
        )
        return _form(request, actor, typed, wrong, CONFLICT, call_off=found)
    except Conflict as refused:
        return _page(request, actor, found, [FieldFault("", refused.message.rstrip("."))], 409)
    except Invalid as refused:
        return _form(request, actor, typed_from(sent), faults_of(refused.faults), 422, call_off=found)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def call_off(request: HttpRequest, reference: str) -> HttpResponse:
    """One call-off, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:call-off", args=[found.reference])
    done = do(request, actor, found.reference, OF_CALL_OFFS, ANCHORS, here)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


def _seen(actor: Actor, reference: str) -> CallOff:
    found = CallOffQuerySet(CallOff).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _form(
    request: HttpRequest,
    actor: Actor,
    typed: dict[str, Any],
    faults: Iterable[FieldFault],
    status_code: int = 200,
    call_off: CallOff | None = None,
) -> HttpResponse:
    offered = choices(actor, typed)
    if request.method != "POST":
        typed = offered.with_organisation(typed)
    rows = [*typed.get("options", ()), *[("", "")] * OPTIONS][: max(OPTIONS, len(typed.get("options", ())))]
    return render(
        request,
        "call_off_form.html",
        "call-offs",
        status_code=status_code,
        call_off=call_off,
        choices=offered,
        typed=typed,
        options=rows,
        outcomes=OUTCOMES if typed.get("pays") == OUTCOMES else "",
        faults=faults,
    )


def _page(
    request: HttpRequest,
    actor: Actor,
    found: CallOff,
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    return render(
        request,
        "call_off.html",
        "call-offs",
        status_code=status_code,
        page=call_off_page(found, actor),
        call_off=found,
        done=done_said(request, DONE),
        typed=request.POST.dict() if status_code in REFUSED else {},
        faults=faults,
    )

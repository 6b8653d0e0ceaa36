"""The competition of a call-off on its buyer's side: planned, previewed, published, run, closed, ranked, awarded.

To others it is not there (404), nor is it for a direct award. Tenders stand here as numbers alone until the deadline.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.competitions import plan_competition
from procurement.actions.files import LARGEST
from procurement.actions.intention_notices import intended_contract
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import CallOff, Competition
from procurement.permissions import Action, Actor, can
from procurement.querysets_call_offs import CallOffQuerySet
from web.bodies import takes_file
from web.buying import actor_of
from web.changing import sent_revision
from web.competition_changes import ANCHORS, DONE, changes_of, labels_of
from web.competition_form import CHOICES, LABELS, faults_of, local, read, typed_from, typed_of, written
from web.competition_page import DRAFTS, LISTED, PARTS, competition_page
from web.doing import Refusal, do
from web.faults import FieldFault
from web.meanwhile import CONFLICT, REFUSED, Written, conflict, differing
from web.once import done_once
from web.pages import render
from web.saying import choices_said, done_said, said
from web.views.contracts import draft_file


@takes_file(LARGEST)
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def competition(request: HttpRequest, reference: str) -> HttpResponse:
    """The competition, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = seen_competition(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    changes = changes_of(request, _planned(found))
    done = do(
        request,
        actor,
        found.reference,
        changes,
        ANCHORS,
        address_of(found),
        labels=labels_of(request.POST),
    )
    if isinstance(done, Refusal):
        return _page(request, actor, seen_competition(actor, reference), done.faults, done.status)
    return done


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    """The form by which it is planned; 409 once it is published, 403 for a colleague who only reads."""
    actor = actor_of(request)
    found = seen_competition(actor, reference)
    if not can(actor, Action.WRITE_CALL_OFF, found.organisation_id):
        raise PermissionDenied
    if found.status not in DRAFTS:
        faults = [FieldFault("", _("The competition is published: its rules stand"))]
        return _page(request, actor, found, faults, 409)
    if request.method != "POST":
        return _form(request, found, typed_of(_planned(found)), ())
    sent = request.POST

    def act() -> str:
        plan_competition(actor, found.reference, sent_revision(sent), read(sent))
        return f"{address_of(found)}?done=planned"

    try:
        return done_once(request, actor, act)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        found, typed = seen_competition(actor, reference), typed_from(sent)
        fields = written(typed, typed_of(_planned(found)))
        return _form(request, found, typed, conflict(actor, ("call_off", found.reference), fields), CONFLICT)
    except Conflict as refused:
        return _page(
            request,
            actor,
            seen_competition(actor, reference),
            [FieldFault("", refused.message.rstrip("."))],
            409,
        )
    except Invalid as refused:
        wrong = faults_of(refused.faults, sent)
        return _form(request, found, typed_from(sent), wrong, 422, revision=sent_revision(sent))


@never_cache
@login_required
@require_safe
def notice(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """The contract award notice after the intention to award as a draft, to be kept as a file."""
    actor = actor_of(request)
    found = seen_competition(actor, reference)
    try:
        contract, due = intended_contract(actor, found, key, timezone.localdate())
    except NotFound as refused:
        raise Http404 from refused
    except NotPermitted as refused:
        raise PermissionDenied from refused
    return draft_file(found.reference, contract, due)


def seen_competition(actor: Actor, reference: str) -> CallOff:
    """The call-off by a competition, as its buyer's people see it; 404 for any other."""
    rows = CallOffQuerySet(CallOff).seen_by(actor).told()
    found = rows.filter(reference=reference.upper(), route=CallOff.Route.COMPETITION).first()
    if found is None:
        raise Http404
    return found


def _planned(call_off: CallOff) -> Competition | None:
    return Competition.objects.filter(call_off=call_off).first()


def address_of(call_off: CallOff) -> str:
    """The address of its competition's page."""
    return reverse("web:competition", args=[call_off.reference])


def _form(
    request: HttpRequest,
    found: CallOff,
    typed: dict[str, Any],
    faults: Iterable[FieldFault],
    status_code: int = 200,
    revision: int | None = None,
) -> HttpResponse:
    """The form; `revision` is that from which what stands in it was made, where that is not the newest."""
    return render(
        request,
        "competition_form.html",
        "call-offs",
        status_code=status_code,
        call_off=found,
        revision=found.revision if revision is None else revision,
        choices={name: choices_said(pairs) for name, pairs in CHOICES.items()},
        typed=typed,
        faults=faults,
    )


def _page(
    request: HttpRequest,
    actor: Actor,
    found: CallOff,
    faults: Iterable[FieldFault],
    status_code: int = 200,
) -> HttpResponse:
    wrong = list(faults)
    page = competition_page(found, actor)
    again = request.POST.dict() if status_code in REFUSED else {}
    names = ("interest_until", "clarify_until", "deadline") if page.competition else ()
    moments = {name: local(getattr(page.competition, name)) for name in names}
    if status_code == CONFLICT and again.get("do") == "extend":
        wrong += differing(
            Written(f"extend-{name}", said(LABELS[name]), again[name], now)
            for name, now in moments.items()
            if name in again
        )
    return render(
        request,
        "competition.html",
        "call-offs",
        status_code=status_code,
        page=page,
        listed=LISTED,
        call_off=found,
        parts=choices_said(PARTS),
        moments=moments,
        today=timezone.localdate(),
        done=done_said(request, DONE),
        typed=again,
        faults=wrong,
    )

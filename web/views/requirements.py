"""Requirements of the own buyer organisation: the list, one as it is or as it once was, its form, and its end.

To others they are not there (404). Every change is a form with the revision that it was made from; one made from an
older state changes nothing and is told so beside the state as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.requirements import revise_requirement, withdraw_requirement
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import Requirement, RequirementRevision
from procurement.permissions import Action, Actor, can
from procurement.querysets import RequirementQuerySet
from procurement.team_lines import LARGEST_TEAM
from web.buying import actor_of, require_buyer
from web.changing import see_other, sent_revision
from web.doing import Change, Refusal, do
from web.faults import FieldFault
from web.meanwhile import CONFLICT, REFUSED, conflict
from web.need_choices import need_choices
from web.need_form import LABELS, ROWS, NeedForm
from web.once import done_once
from web.pages import render
from web.paging import listed
from web.requirement_form import DONE, form_of, written
from web.requirement_page import beginning, requirement_page
from web.saying import done_said, labels_said

ANCHORS: Final = {"reason": "{do}-reason"}
OF_REQUIREMENTS: Final[dict[str, Change]] = {
    "withdraw": lambda actor, reference, revision, sent: withdraw_requirement(
        actor, reference, revision, sent.get("reason", "")
    )
}
LONGEST_NUMBER: Final = 6
Seen = tuple[Requirement, RequirementRevision]
"""A requirement and what it says now."""


@never_cache
@login_required
@require_safe
def requirements(request: HttpRequest) -> HttpResponse:
    """What the own organisation needs, newest first."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_REQUIREMENTS)
    page = listed(request, RequirementQuerySet(Requirement).seen_by(actor).told().order_by("-pk"))
    shown = [(row, beginning(row.current.content["text"]) if row.current else "") for row in page.rows]
    return render(request, "requirements.html", "call-offs", rows=shown, pages=page.pages)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def requirement(request: HttpRequest, reference: str) -> HttpResponse:
    """One requirement as it is, or the version that the address names; POST withdraws it: 422 where it breaks a rule,
    409 where it is stale or a call-off for it is under way.
    """
    actor = actor_of(request)
    seen = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, seen, ())
    found = seen[0]
    here = reverse("web:requirement", args=[found.reference])
    subject = ("requirement", found.reference)
    done = do(request, actor, found.reference, OF_REQUIREMENTS, ANCHORS, here, subject)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a requirement that is said anew: 403 for who only reads, 422 for what cannot be taken, 409 from an
    older state. One that is withdrawn leads to its page.
    """
    actor = actor_of(request)
    found, current = _seen(actor, reference)
    if not can(actor, Action.WRITE_REQUIREMENT, found.organisation_id):
        raise PermissionDenied
    here = reverse("web:requirement", args=[found.reference])
    if request.method != "POST":
        if found.status != Requirement.Status.OPEN:
            return see_other(here)
        return _form(request, found, form_of(current.content), ())
    sent = request.POST
    form = NeedForm.sent(sent)
    if sent.get("do") == "choices":
        return _form(request, found, form.settled(), (), revision=sent_revision(sent))
    if sent.get("do") == "rows":
        return _form(request, found, replace(form, more=ROWS), (), revision=sent_revision(sent))

    def revise() -> str:
        content = form.content().to_json()
        revise_requirement(actor, found.reference, sent_revision(sent), content)
        return f"{here}?done=revised"

    try:
        return done_once(request, actor, revise)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        seen = found, current = _seen(actor, reference)
        subject = ("requirement", found.reference)
        if found.status != Requirement.Status.OPEN:
            return _page(request, actor, seen, conflict(actor, subject, ()), CONFLICT)
        wrong = conflict(actor, subject, written(form, current.content, need_choices(form)))
        return _form(request, found, form, wrong, CONFLICT)
    except Conflict as refused:
        wrong = [FieldFault("", refused.message.rstrip("."))]
        return _page(request, actor, _seen(actor, reference), wrong, CONFLICT)
    except Invalid as refused:
        return _form(request, found, form, form.faults(refused.faults), 422, revision=sent_revision(sent))


def _seen(actor: Actor, reference: str) -> Seen:
    rows = RequirementQuerySet(Requirement).seen_by(actor).told()
    found = rows.filter(reference=reference.upper()).first()
    if found is None or found.current is None:
        raise Http404
    return found, found.current


def _version(request: HttpRequest, found: Requirement, current: RequirementRevision) -> RequirementRevision:
    """The version that the address names, the current one where it names none; 404 for one that there is not."""
    number = request.GET.get("version", "")
    if request.method == "POST" or not number or number == str(current.number):
        return current
    if not (number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER):
        raise Http404
    once = RequirementRevision.objects.filter(requirement=found, number=int(number)).first()
    if once is None:
        raise Http404
    return once


def _form(
    request: HttpRequest,
    found: Requirement,
    form: NeedForm,
    faults: Iterable[FieldFault],
    status_code: int = 200,
    revision: int | None = None,
) -> HttpResponse:
    """The form; `revision` is that from which what stands in it was made, where that is not the newest."""
    choices = need_choices(form)
    return render(
        request,
        "requirement_form.html",
        "call-offs",
        status_code=status_code,
        requirement=found,
        revision=found.revision if revision is None else revision,
        form=form,
        choices=choices,
        largest_team=LARGEST_TEAM,
        labels=labels_said(LABELS),
        faults=choices.linked(faults),
    )


def _page(
    request: HttpRequest, actor: Actor, seen: Seen, faults: Iterable[FieldFault], status_code: int = 200
) -> HttpResponse:
    """The page of the requirement, as `_seen` has just read it."""
    found, current = seen
    typed: dict[str, Any] = request.POST.dict() if status_code in REFUSED else {}
    return render(
        request,
        "requirement.html",
        "call-offs",
        status_code=status_code,
        requirement=found,
        current=current,
        page=requirement_page(found, _version(request, found, current), actor),
        again=form_of(current.content).pairs(),
        done=done_said(request, DONE),
        typed=typed,
        faults=faults,
    )

"""Applications to join a consortium or a lot: the list, a new one, and one with its line and every step to take.

The firm drafts and submits, the consortium's lead agrees, the framework's owner checks and admits; to others it is not
there (404).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.joining import JoiningDraft, draft_joining, joining_parts
from procurement.errors import Fault, Refused
from procurement.joining_line import application_of, joining_line, joining_steps
from procurement.models import Joining, Region, Specialism
from procurement.permissions import Action, Actor
from procurement.querysets_joining import JoiningQuerySet
from web.buying import actor_of, require_buyer
from web.doing import Refusal, do, refusal_of
from web.faults import FieldFault, lowered
from web.joining_form import (
    DONE,
    KEEPING,
    OF_JOININGS,
    Further,
    added,
    further,
    offered,
    own_firms,
    places,
    written,
)
from web.meanwhile import CONFLICT, REFUSED, differing
from web.once import done_once
from web.pages import render
from web.paging import listed
from web.saying import done_said, said

ANCHORS = {"reason": "{do}-reason", "statement": "statement", "offers": "specialisms"}
LABELS = {"partner": N_("Firm"), "lot": N_("Lot"), "supplier": N_("Consortium")}
ADDED = N_("Specialisms: name those that the firm would add to what it offers there")


@never_cache
@login_required
@require_safe
def joinings(request: HttpRequest) -> HttpResponse:
    """Those of the own firm, to the own consortium or under the own framework, newest first."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_JOININGS)
    rows = JoiningQuerySet(Joining).seen_by(actor).told().order_by("-pk")
    page = listed(request, rows)
    return render(
        request,
        "joinings.html",
        "account",
        rows=page.rows,
        pages=page.pages,
        may_begin=bool(own_firms(actor)),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_joining(request: HttpRequest) -> HttpResponse:
    """Where a firm applies to; what the address names (lot, supplier, partner) is chosen already."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_JOININGS)
    firms = own_firms(actor)
    if not firms:
        raise PermissionDenied
    if request.method != "POST":
        named = {name: request.GET.get(name, "") for name in LABELS}
        return _form(request, firms, named, (), more=_further(request, firms, named))
    sent = {name: request.POST.get(name, "") for name in LABELS}
    partner = firms[0][0] if len(firms) == 1 else sent["partner"]
    if partner not in dict(firms):
        return _form(
            request, firms, sent, [FieldFault("partner", _("Firm: say which of yours would join"))], 422
        )

    if not sent["lot"]:
        return _form(request, firms, sent, [FieldFault("lot", _("Lot: choose one"))], 422)

    more = _further(request, firms, sent)
    if more is not None and not request.POST.getlist("specialisms"):
        told = N_("Specialisms: the firm offers all of this lot already") if more.all_offered else ADDED
        anchor = "lot" if more.all_offered else "specialisms"
        return _form(request, firms, sent, [FieldFault(anchor, said(told))], 422, more)

    def begin() -> str:
        offers = added(request.POST)
        draft = JoiningDraft(partner, sent["lot"], sent["supplier"] or None, offers=offers)
        begun = draft_joining(actor, draft)
        return f"{reverse('web:joining', args=[begun.reference])}?done=begun"

    try:
        return done_once(request, actor, begin)
    except Refused as refused:
        wrong = refusal_of(actor, refused, ("joining", ""), lambda faults: list(map(_labelled, faults)))
        return _form(request, firms, sent, wrong.faults, wrong.status, more)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def joining(request: HttpRequest, reference: str) -> HttpResponse:
    """One application, or a step of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:joining", args=[found.reference])
    done = do(request, actor, found.reference, OF_JOININGS, ANCHORS, here)
    if isinstance(done, Refusal):
        return _page(request, actor, _seen(actor, reference), done.faults, done.status)
    return done


def _seen(actor: Actor, reference: str) -> Joining:
    found = JoiningQuerySet(Joining).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _further(request: HttpRequest, firms: Sequence[tuple[str, str]], named: dict[str, str]) -> Further | None:
    """What the firm may add where the form names a lot on which it offers something already."""
    partner = firms[0][0] if len(firms) == 1 else named["partner"]
    if partner not in dict(firms) or not named["lot"]:
        return None
    return further(partner, named["lot"], named["supplier"], request.POST.getlist("specialisms"))


def _labelled(fault: Fault) -> FieldFault:
    name = fault.pointer.strip("/")
    label = said(LABELS[name]) if name in LABELS else _("Application")
    return FieldFault(name, f"{label}: {lowered(fault.message)}")


def _form(
    request: HttpRequest,
    firms: list[tuple[str, str]],
    typed: dict[str, str],
    faults: Iterable[FieldFault],
    status_code: int = 200,
    more: Further | None = None,
) -> HttpResponse:
    return render(
        request,
        "joining_form.html",
        "account",
        status_code=status_code,
        choices=places(firms),
        more=more,
        typed=typed,
        faults=faults,
    )


def _page(
    request: HttpRequest, actor: Actor, found: Joining, faults: Iterable[FieldFault], status_code: int = 200
) -> HttpResponse:
    wrong, application = list(faults), application_of(found)
    steps = joining_steps(application, joining_parts(actor, found))
    typed = request.POST if status_code in REFUSED else None
    editing = typed if typed is not None and typed.get("do") in KEEPING else None
    form = offered(found, editing) if "edit" in steps else None
    if form is not None and editing is not None and status_code == CONFLICT:
        wrong += differing(written(form, offered(found), editing.get("statement", ""), found.statement))
    return render(
        request,
        "joining.html",
        "account",
        status_code=status_code,
        joining=found,
        applicant=found.partner.shown_name,
        line=joining_line(application),
        actions=frozenset(steps),
        offers=_named(found),
        form=form,
        statement=typed["statement"] if typed and "statement" in typed else found.statement,
        done=done_said(request, DONE),
        typed=typed.dict() if typed else {},
        faults=wrong,
    )


def _named(found: Joining) -> list[tuple[str, str]]:
    """What is offered in words: specialism, and its regions (two queries)."""
    asked: list[dict[str, Any]] = found.offers
    codes = {code for one in asked for code in one["regions"]}
    names = dict(Specialism.objects.filter(lot=found.lot_id).values_list("reference", "name"))
    regions = dict(Region.objects.filter(code__in=codes).values_list("code", "name"))
    return [
        (
            names.get(one["specialism"], one["specialism"]),
            ", ".join(regions.get(code, code) for code in one["regions"]),
        )
        for one in asked
    ]

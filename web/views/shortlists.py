"""Shortlists of the own buyer organisation: the list, and one with everything that can be done to it.

To others they are not there (404). Every change is a form with the revision that it was made from, sent by POST and
answered with a redirect; one made from an older state changes nothing and is told so beside the state as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.evidence import start_evidence
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import verify_snapshot
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.evidence.content import FORMATS
from procurement.models import Shortlist, ShortlistEntry
from procurement.permissions import Action, Actor
from procurement.querysets import ShortlistQuerySet
from search.engines.base import EngineUnavailable
from search.shortlisting import found_by
from web.address import Address
from web.buying import Bodies, actor_of, bodies, require_buyer
from web.changing import LEADING, sent_revision
from web.faults import FieldFault
from web.meanwhile import CONFLICT, conflict
from web.once import done_before, done_once
from web.pages import render
from web.paging import listed, page_of, pages
from web.saying import choices_said, done_said, said
from web.shortlist_changes import (
    DONE,
    OWN,
    added,
    change_of,
    decisions_said,
    faults_of,
    references_in,
    split,
    written,
)
from web.shortlist_page import PAGE_SIZE, begun_at, shortlist_page
from web.unkept import unkept
from web.views.errors import search_unavailable

FORMAT_LABELS = {"xlsx": N_("Excel workbook with an audit sheet"), "pdf": N_("PDF"), "json": N_("JSON")}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shortlists(request: HttpRequest) -> HttpResponse:
    """The own shortlists, newest first; POST begins one: empty, of listings named by hand, or of a search."""
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_SHORTLISTS)
    body = bodies(actor, Action.EDIT_SHORTLIST)
    if request.method != "POST":
        return _list(request, body, {}, ())
    if not body.choices:
        raise PermissionDenied
    sent = request.POST
    organisation = body.chosen(sent.get("organisation", ""))
    listings = references_in(sent.get("listings", ""))
    if organisation is None:
        wrong = [FieldFault("organisation", _("Organisation: say for which one the shortlist is"))]
        return _list(request, body, sent.dict(), wrong)
    query = sent.get("query", "")
    draft = ShortlistDraft(sent.get("title", ""), organisation=organisation, listings=listings, query=query)
    if (before := done_before(request, actor)) is not None:
        return before
    try:
        checked = found_by(draft)
        return done_once(request, actor, lambda: begun_at(create_shortlist(actor, checked)))
    except Invalid as refused:
        faults = [
            fault
            for one in refused.faults
            for fault in faults_of("title" if one.pointer == "/title" else "add", sent, {}, [one])
        ]
        return _list(request, body, sent.dict(), faults)
    except EngineUnavailable as down:
        return search_unavailable(request, "shortlists", down.retry_after)


def _list(
    request: HttpRequest, body: Bodies, typed: dict[str, str], faults: Iterable[FieldFault]
) -> HttpResponse:
    rows = ShortlistQuerySet(Shortlist).seen_by(body.actor).told().order_by("-pk")
    page = listed(request, rows)
    wrong = list(faults)
    return render(
        request,
        "shortlists.html",
        "shortlists",
        root=True,
        status_code=422 if wrong else 200,
        rows=page.rows,
        pages=page.pages,
        may_begin=bool(body.choices),
        organisations=body.several,
        typed=typed,
        faults=wrong,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shortlist(request: HttpRequest, reference: str) -> HttpResponse:
    """One shortlist, or a change of it: 422 where it breaks a rule, 409 where it is stale or of the wrong state."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, QueryDict(), ())
    sent, (do, _listing) = request.POST, split(request.POST.get("do", ""))
    change = change_of(do)
    if do != "evidence" and change is None:
        raise Http404

    def act() -> str:
        if change is None:
            begun = start_evidence(actor, found.reference, sent.get("format", ""))
            return reverse("web:evidence", args=[found.reference, begun.reference])
        change(actor, found.reference, sent_revision(sent), sent)
        page = page_of(request.GET)
        here = Address(reverse("web:shortlist", args=[found.reference]))
        return str(here.put({"page": str(page) if page > 1 else "", "done": do}))

    try:
        done = done_once(request, actor, act)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except NotFound as refused:
        raise Http404 from refused
    except Stale:
        now = _seen(actor, reference)
        shown = shortlist_page(now, actor, page_of(request.GET)).entries
        told, *beside = conflict(actor, ("shortlist", now.reference), written(sent, now, shown))
        wrong = [replace(told, anchor="entries"), *beside]
        return _page(request, actor, now, sent, wrong, CONFLICT)
    except Conflict as refused:
        return _refused(request, actor, reference, [FieldFault("entries", refused.message)], 409)
    except Invalid as refused:
        if do == "evidence":
            faults = [FieldFault("format", one.message) for one in refused.faults]
        else:
            positions = dict(found.entries.values_list("listing", "position"))
            faults = faults_of(do, sent, positions, refused.faults)
        return _refused(request, actor, reference, faults, 422)
    return _left(request, actor, _seen(actor, reference), do) or done


def _left(request: HttpRequest, actor: Actor, now: Shortlist, do: str) -> HttpResponse | None:
    """The page with what was written elsewhere on it than what was done, in the fields that it still has; None where
    nothing was.
    """
    sent, shown = request.POST.copy(), shortlist_page(now, actor, page_of(request.GET))
    open_, writes = shown.may_edit and not shown.locked, shown.may_edit
    fields = [*(written(sent, now, shown.entries) if open_ else ()), *added(do, sent)]
    has = {"listings": open_, "text": writes, "why": shown.may_lock and shown.locked}
    left = unkept(one for one in fields if has.get(one.anchor, True))
    if not left:
        return None
    if do in OWN:
        sent.pop(OWN[do], None)
    return _page(request, actor, now, sent, (), left=left)


def _refused(
    request: HttpRequest, actor: Actor, reference: str, faults: list[FieldFault], status: int
) -> HttpResponse:
    """The shortlist as it is now, with what was sent in the fields that are still to be sent."""
    return _page(request, actor, _seen(actor, reference), request.POST, faults, status)


def _seen(actor: Actor, reference: str) -> Shortlist:
    found = ShortlistQuerySet(Shortlist).seen_by(actor).told().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    actor: Actor,
    found: Shortlist,
    typed: QueryDict,
    faults: Iterable[FieldFault],
    status_code: int = 200,
    left: Sequence[FieldFault] = (),
) -> HttpResponse:
    """The page; `left` are fields that hold what was written and not kept by what was done."""
    number, wrong = page_of(request.GET), list(faults)
    shown = shortlist_page(found, actor, number)
    address = Address.of(request.path, request.GET).without("page", *LEADING)
    return render(
        request,
        "shortlist.html",
        "shortlists",
        status_code=status_code,
        page=shown,
        shortlist=found,
        here=str(address.put({"page": str(number) if number > 1 else ""})),
        pages=pages(address, shown.count, number, PAGE_SIZE, shown.count),
        decisions=choices_said(ShortlistEntry.Decision.choices),
        formats=[(form, said(FORMAT_LABELS.get(form, form))) for form in FORMATS],
        done=said(DONE[split(typed.get("do", ""))[0]]) if left else done_said(request, DONE),
        unkept=left,
        typed=typed.dict(),
        decided=dict(decisions_said(typed)),
        faults=wrong,
    )


@never_cache
@login_required
@require_safe
def verification(request: HttpRequest, reference: str) -> HttpResponse:
    """Whether the newest snapshot is what was locked. 404 without one."""
    actor = actor_of(request)
    found = _seen(actor, reference)
    try:
        verdict = verify_snapshot(actor, found.reference)
    except NotFound as refused:
        raise Http404 from refused
    return render(request, "verification.html", "shortlists", shortlist=found, verdict=verdict)

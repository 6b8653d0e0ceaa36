"""Saved searches of one's own organisation: kept from the search page, listed, changed and deleted.

The same functions, rules and refusals as the API's (search/alerts.py, procurement/actions/saved_searches.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.saved_searches import SavedSearchDraft, delete_saved_search, keep_saved_search
from procurement.errors import Fault, Invalid, NotFound, NotPermitted, Stale
from procurement.models import SavedSearch
from procurement.permissions import Action, Actor, can, person
from procurement.querysets import SavedSearchQuerySet
from search import alerts
from search.engines.base import EngineUnavailable
from web.buying import bodies, several
from web.changing import sent_revision
from web.faults import FieldFault, lowered
from web.meanwhile import CONFLICT, Written, changed, conflict
from web.once import done_before, done_once
from web.pages import render
from web.saying import choices_said, done_said, labels_said, said
from web.views.errors import search_unavailable

ALERTS: Final = [
    ("new", N_("New listings")),
    ("new_and_changed", N_("New listings, and changes of those found")),
    ("none", N_("Nothing")),
]
FREQUENCIES: Final = [("daily", N_("Daily, at 7am on working days")), ("at_once", N_("At once"))]
LABELS: Final = {
    "title": N_("Name of the search"),
    "alerts": N_("Tell about"),
    "frequency": N_("When"),
}
ON_A_PAGE: Final = 50
NOT_THERE: Final = 404
SAID: Final = {
    "saved": N_("The search is saved."),
    "changed": N_("The change is saved."),
    "deleted": N_("The search is deleted."),
}
GONE: Final = N_("The search is gone already. Below are those that are still kept")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_searches(request: HttpRequest) -> HttpResponse:
    """The list, or a search to be saved: 403 for whoever belongs to no buyer organisation."""
    actor = _buyer(request)
    if request.method != "POST":
        return _page(request, actor)
    body = bodies(actor, Action.SAVE_SEARCH)
    organisation = body.chosen(request.POST.get("organisation", ""))
    draft = SavedSearchDraft(
        title=request.POST.get("title", ""),
        query=request.POST.get("query", ""),
        alerts=request.POST.get("alerts", ""),
        frequency=request.POST.get("frequency", ""),
        organisation=organisation,
    )
    if organisation is None:
        wrong = [FieldFault("organisation", _("Organisation: say for which one the search is kept"))]
        return _page(request, actor, wrong, 422, unsaved=draft)

    if (before := done_before(request, actor)) is not None:
        return before
    try:
        # Outside the transaction: while the index is asked nobody's write waits.
        checked, found = alerts.checked(draft)

        def keep() -> str:
            keep_saved_search(actor, checked, found)
            return _back("saved")

        return done_once(request, actor, keep)
    except Invalid as refused:
        return _page(request, actor, list(map(_unsaved, refused.faults)), 422, unsaved=draft)
    except EngineUnavailable as down:
        return search_unavailable(request, "search", down.retry_after)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_search(request: HttpRequest, reference: str) -> HttpResponse:
    """Leads to what the search finds now, as a message that it has found something does; POST: a change of what one
    tells, or its end, as the button says that was pressed. 409 with the list where the search was changed or deleted
    meanwhile.
    """
    actor = _buyer(request)
    if request.method != "POST":
        return _results(request, actor, reference)
    sent = request.POST
    revision = sent_revision(sent)

    def act() -> str:
        if "delete" in sent:
            delete_saved_search(actor, reference, revision)
            return _back("deleted")
        changes = {name: sent[name] for name in ("alerts", "frequency") if name in sent}
        alerts.change(actor, reference, revision, changes)
        return _back("changed")

    try:
        return done_once(request, actor, act)
    except NotFound:
        return _gone(request, actor, reference, CONFLICT)
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except Invalid as refused:
        faults = [_labelled(fault, f"{_name(fault)}-{reference}") for fault in refused.faults]
        return _page(request, actor, faults, 422, reference)
    except Stale:
        return _page(request, actor, _conflict(actor, reference, sent), CONFLICT, reference)


def _buyer(request: HttpRequest) -> Actor:
    assert request.user.is_authenticated
    actor = person(request.user)
    if not any(can(actor, Action.SEE_SAVED_SEARCHES, key) for key in actor.organisations()):
        raise PermissionDenied
    return actor


def _results(request: HttpRequest, actor: Actor, reference: str) -> HttpResponse:
    """Leads to the search; 404 with those that are kept where it was deleted."""
    found = SavedSearchQuerySet(SavedSearch).seen_by(actor).filter(reference=reference).first()
    if found is None:
        return _gone(request, actor, reference, NOT_THERE)
    results = reverse("web:search")
    return redirect(f"{results}?{found.query}" if found.query else results)


def _gone(request: HttpRequest, actor: Actor, reference: str, status_code: int) -> HttpResponse:
    """The list, which says who has deleted the search and when. Raises Http404 where it was never the actor's."""
    gone = SavedSearchQuerySet(SavedSearch).gone_from(actor)
    if not gone.filter(reference=reference).exists():
        raise Http404
    return _page(request, actor, [changed(actor, ("saved_search", reference), GONE)], status_code)


def _back(done: str) -> str:
    return f"{reverse('web:saved-searches')}?said={done}"


def _page(
    request: HttpRequest,
    actor: Actor,
    faults: Iterable[FieldFault] = (),
    status_code: int = 200,
    changing: str = "",
    unsaved: SavedSearchDraft | None = None,
) -> HttpResponse:
    """The list; `changing` is the search whose change was refused, `unsaved` what could not be saved."""
    rows = SavedSearchQuerySet(SavedSearch).seen_by(actor).told().order_by("-pk")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "saved_searches.html",
        "account",
        status_code=status_code,
        searches=[
            (
                search,
                _may_change(actor, search),
                _chosen(search, request.POST if search.reference == changing else None),
            )
            for search in page
        ],
        page=page,
        said=done_said(request, SAID, "said"),
        alerts=choices_said(ALERTS),
        frequencies=choices_said(FREQUENCIES),
        unsaved=unsaved,
        organisations=several(actor, Action.SAVE_SEARCH),
        faults=faults,
    )


def _may_change(actor: Actor, search: SavedSearch) -> bool:
    own = search.owner is not None and search.owner.reference == actor.reference
    return own or can(actor, Action.CHANGE_SAVED_SEARCH, search.organisation_id)


def _chosen(search: SavedSearch, sent: QueryDict | None) -> dict[str, str]:
    """What stands in the fields of a search: what was sent where that was refused."""
    stands = {"alerts": search.alerts, "frequency": search.frequency}
    return {name: sent.get(name, now) for name, now in stands.items()} if sent is not None else stands


def _conflict(actor: Actor, reference: str, sent: QueryDict) -> list[FieldFault]:
    """What is told of a change that was made from an older state; an end has nothing to be sent again but itself."""
    search = SavedSearchQuerySet(SavedSearch).seen_by(actor).filter(reference=reference).first()
    if search is None:
        raise Http404
    fields = [
        Written(
            f"{name}-{reference}", said(LABELS[name]), sent.get(name, now), now, labels_said(dict(choices))
        )
        for name, now, choices in (
            ("alerts", search.alerts, ALERTS),
            ("frequency", search.frequency, FREQUENCIES),
        )
    ]
    return conflict(actor, ("saved_search", reference), fields)


def _unsaved(fault: Fault) -> FieldFault:
    """What is wrong with a search that is to be saved, at its field."""
    if fault.pointer == "/title" and fault.code == "required":
        return FieldFault("title", _("Name of the search: give it one"))
    name = _name(fault)
    return _labelled(fault, name if name in LABELS else "")


def _labelled(fault: Fault, anchor: str) -> FieldFault:
    label = said(LABELS.get(_name(fault), ""))
    return FieldFault(anchor, f"{label}: {lowered(fault.message)}" if label else fault.message.rstrip("."))


def _name(fault: Fault) -> str:
    return fault.pointer.strip("/")

"""Saved searches of one's own organisation: kept from the search page, listed, changed and deleted.

The same functions, rules and refusals as the API's (search/alerts.py, procurement/actions/saved_searches.py).
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from procurement.actions.saved_searches import SavedSearchDraft, delete_saved_search, keep_saved_search
from procurement.errors import Invalid, NotFound, NotPermitted, Stale
from procurement.models import Organisation, SavedSearch
from procurement.permissions import Action, Actor, can, person
from procurement.querysets import SavedSearchQuerySet
from search import alerts
from search.engines.base import EngineUnavailable
from web.changing import sent_revision
from web.faults import FieldFault
from web.once import done_before, done_once
from web.pages import render
from web.saying import choices_said, done_said
from web.views.errors import search_unavailable

ALERTS: Final = [
    ("new", N_("New listings")),
    ("new_and_changed", N_("New listings, and changes of those found")),
    ("none", N_("Nothing")),
]
FREQUENCIES: Final = [("daily", N_("Daily, at 7am on working days")), ("at_once", N_("At once"))]
ON_A_PAGE: Final = 50
SAID: Final = {
    "saved": N_("The search is saved."),
    "changed": N_("The change is saved."),
    "deleted": N_("The search is deleted."),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_searches(request: HttpRequest) -> HttpResponse:
    """The list, or a search to be saved: 403 for whoever belongs to no buyer organisation."""
    actor = _buyer(request)
    if request.method != "POST":
        return _page(request, actor)
    buyers = _buyers(actor)
    draft = SavedSearchDraft(
        title=request.POST.get("title", ""),
        query=request.POST.get("query", ""),
        alerts=request.POST.get("alerts", ""),
        frequency=request.POST.get("frequency", ""),
        # The page has no choice of organisations: who buys for several saves for the first by name.
        organisation=buyers[0] if len(buyers) > 1 else None,
    )

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
        return _page(request, actor, refused, 422)
    except EngineUnavailable as down:
        return search_unavailable(request, "search", down.retry_after)


@never_cache
@login_required
@require_POST
def saved_search(request: HttpRequest, reference: str) -> HttpResponse:
    """A change of what one tells, or its end: as the button says that was pressed."""
    actor = _buyer(request)
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
    except NotFound as missing:
        raise Http404 from missing
    except NotPermitted as refused:
        raise PermissionDenied from refused
    except (Invalid, Stale) as refused:
        return _page(request, actor, refused, 422 if isinstance(refused, Invalid) else 409)


def _buyer(request: HttpRequest) -> Actor:
    assert request.user.is_authenticated
    actor = person(request.user)
    if not any(can(actor, Action.SEE_SAVED_SEARCHES, key) for key in actor.organisations()):
        raise PermissionDenied
    return actor


def _buyers(actor: Actor) -> list[str]:
    keys = [key for key in actor.organisations() if can(actor, Action.SAVE_SEARCH, key)]
    return list(
        Organisation.objects.filter(pk__in=keys).order_by("name", "pk").values_list("reference", flat=True)
    )


def _back(said: str) -> str:
    return f"{reverse('web:saved-searches')}?said={said}"


def _page(
    request: HttpRequest, actor: Actor, refused: Invalid | Stale | None = None, status_code: int = 200
) -> HttpResponse:
    rows = SavedSearchQuerySet(SavedSearch).seen_by(actor).told().order_by("-pk")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "saved_searches.html",
        "account",
        status_code=status_code,
        searches=[(search, _may_change(actor, search)) for search in page],
        page=page,
        said=done_said(request, SAID, "said"),
        alerts=choices_said(ALERTS),
        frequencies=choices_said(FREQUENCIES),
        faults=_faults(refused) if refused else [],
    )


def _may_change(actor: Actor, search: SavedSearch) -> bool:
    own = search.owner is not None and search.owner.reference == actor.reference
    return own or can(actor, Action.CHANGE_SAVED_SEARCH, search.organisation_id)


def _faults(refused: Invalid | Stale) -> list[FieldFault]:
    if isinstance(refused, Stale):
        return [
            FieldFault(
                "", _("Somebody changed this search after you opened the page. Below it is as it stands now")
            )
        ]
    titles = {"/title": _("Give the search a name: go back, fill it in and save again")}
    return [FieldFault("", titles.get(fault.pointer, fault.message.rstrip("."))) for fault in refused.faults]

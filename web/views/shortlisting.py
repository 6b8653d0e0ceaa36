"""One listing put on a shortlist from where it was read: a search, or its own page, to which the reader is led back.

Journey: /search -> /shortlists/add?listing=…&back=/search?… (POST) -> procurement/actions/shortlist_entries.py or
shortlists.py -> the search again (303), which says on which shortlist the listing is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.shortlist_entries import add_entries
from procurement.actions.shortlists import ReadIn, ShortlistDraft, create_shortlist
from procurement.errors import Fault, Refused
from procurement.listing_facts import facts_of
from procurement.models import Shortlist, ShortlistEntry
from procurement.permissions import Action, can
from procurement.revisions import ANY
from search.parameters import BadParameters
from search.saved_query import asked_of
from search.shortlisting import read_in_search
from web.adding import ADDED, way_back
from web.address import Address
from web.buying import Bodies, actor_of, bodies, require_buyer
from web.choosing import COMPARE
from web.doing import refusal_of
from web.faults import FieldFault, lowered, plain_amounts
from web.meanwhile import CONFLICT
from web.once import done_once
from web.pages import render
from web.saying import said

NEW: Final = "new"
"""As the form says it: on a shortlist that is begun with the listing."""
SHOWN: Final = 20
"""Open shortlists to choose from: the newest."""
LABELS: Final = {"shortlist": N_("Shortlist"), "title": N_("Title"), "organisation": N_("Organisation")}


@dataclass(frozen=True, slots=True)
class Adding:
    """Who adds which listing, what it is called, and where they are led back."""

    body: Bodies
    listing: str
    name: str
    framework: str
    fictional: bool
    back: str


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_to_shortlist(request: HttpRequest) -> HttpResponse:
    """The choice of an own open shortlist or a new one; or the listing on it, and the way back.

    404 for whoever acts for no buyer and for a listing that is not found, 403 for a colleague who only reads, 422 where
    nothing sound is chosen, 409 where the shortlist was changed or locked meanwhile.
    """
    actor = actor_of(request)
    require_buyer(actor, Action.SEE_SHORTLISTS)
    body = bodies(actor, Action.EDIT_SHORTLIST)
    if not body.choices:
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else request.GET
    listing = sent.get("listing", "")
    facts = facts_of([listing], timezone.localdate(), cards=False)[listing]
    if not facts.shown or facts.partner is None or facts.partner.published is None or facts.framework is None:
        raise Http404
    adding = Adding(
        body,
        listing,
        facts.partner.published.name,
        facts.framework.number,
        facts.partner.organisation.fictional,
        way_back(sent.get("back", ""), listing),
    )
    if request.method != "POST":
        return _page(request, adding, (), 200)
    chosen, organisation = sent.get("shortlist", ""), body.chosen(sent.get("organisation", ""))
    if not chosen:
        return _page(
            request, adding, [FieldFault("shortlist", _("Shortlist: choose one, or begin another"))], 422
        )
    if chosen == NEW and organisation is None:
        return _page(
            request, adding, [FieldFault("organisation", _("Organisation: say for which one it is"))], 422
        )
    # Asked before a transaction begins: an index that is slow must keep nobody's write waiting.
    read_in = _read_in(adding)

    def act() -> str:
        if chosen == NEW:
            draft = ShortlistDraft(
                sent.get("title", ""), organisation=organisation, listings=[listing], read_in=read_in
            )
            return _led_back(adding, create_shortlist(actor, draft))
        # Whoever adds a listing has read no entry: the shortlist is taken as it is now.
        return _led_back(adding, add_entries(actor, chosen, ANY, [listing], read_in=read_in))

    try:
        return done_once(request, actor, act)
    except Refused as refused:
        refusal = refusal_of(actor, refused, ("shortlist", chosen), lambda faults: list(map(_told, faults)))
        faults = [FieldFault("shortlist", one.message) for one in refusal.faults]
        return _page(
            request, adding, faults if refusal.status == CONFLICT else refusal.faults, refusal.status
        )


def _read_in(adding: Adding) -> ReadIn:
    """Where the listing was read, by the way back."""
    path, _between, query = adding.back.partition("?")
    if path != reverse("web:search"):
        return ReadIn(ShortlistEntry.Source.MANUAL)
    try:
        sent = asked_of(query)
    except BadParameters:
        return ReadIn(ShortlistEntry.Source.SEARCH)
    # As the page of the search reads its own address.
    asked = plain_amounts(Address.of(path, sent).without("more", ADDED, COMPARE))
    return read_in_search(asked.query, adding.listing)


def _led_back(adding: Adding, shortlist: Shortlist) -> str:
    between = "&" if "?" in adding.back else "?"
    return f"{adding.back}{between}{ADDED}={shortlist.reference}"


def _told(fault: Fault) -> FieldFault:
    name = fault.pointer.strip("/").partition("/")[0]
    anchor = {"title": "title", "organisation": "organisation"}.get(name, "shortlist")
    return FieldFault(anchor, f"{said(LABELS[anchor])}: {lowered(fault.message)}")


def _page(
    request: HttpRequest, adding: Adding, faults: Iterable[FieldFault], status_code: int
) -> HttpResponse:
    wrong, actor = list(faults), adding.body.actor
    own = [key for key in actor.organisations() if can(actor, Action.EDIT_SHORTLIST, key)]
    held = ShortlistEntry.objects.filter(shortlist=OuterRef("pk"), listing=adding.listing)
    rows = Shortlist.objects.filter(organisation__in=own, status=Shortlist.Status.OPEN).annotate(
        on_it=Exists(held)
    )
    newest = list(rows.order_by("-pk").values_list("reference", "title", "on_it")[:SHOWN])
    typed = request.POST.dict()
    return render(
        request,
        "add_to_shortlist.html",
        "search",
        status_code=status_code,
        adding=adding,
        choices=[
            *((reference, f"{title} ({reference})") for reference, title, on_it in newest if not on_it),
            (NEW, _("A new shortlist")),
        ],
        on=[(reference, title) for reference, title, on_it in newest if on_it],
        chosen=typed.get("shortlist", "" if newest else NEW),
        organisations=adding.body.several,
        typed=typed,
        faults=wrong,
    )

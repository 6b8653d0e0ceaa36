"""The page of one listing: a partner within a supplier on a framework."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procurement.permissions import ANONYMOUS, Action, can, person
from procurement.references import listing_as_it_stands
from procurement.vocabulary import SECTORS
from web.adding import ADDED, added_to, adding_at
from web.address import Address
from web.listing_page import listing_page
from web.pages import render
from web.profile_form import labels_stated
from web.saying import labels_said


@never_cache
@require_safe
def listing(request: HttpRequest, reference: str) -> HttpResponse:
    """Profile, evidence, offerings, rates, members; contacts only for people who have signed in."""
    today = timezone.localdate()
    page = listing_page(reference, today)
    if page is None and (stands := listing_as_it_stands(reference)) != reference:
        page = listing_page(stands, today)
    if page is None:
        raise Http404
    actor = person(request.user) if request.user.is_authenticated else ANONYMOUS
    here = Address.of(request.path, request.GET)
    shortlists = any(can(actor, Action.EDIT_SHORTLIST, key) for key in actor.organisations())
    return render(
        request,
        "listing.html",
        "search",
        adding=adding_at(page.reference, here.without(ADDED)) if shortlists else "",
        added=added_to(here),
        page=page,
        may_see_contacts=can(actor, Action.VIEW_CONTACTS),
        may_edit=can(actor, Action.UPDATE_PROFILE, page.partner.organisation_id),
        labels=labels_stated(page.profile),
        sectors=labels_said(SECTORS),
    )

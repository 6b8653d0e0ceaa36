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
from web.listing_page import ListingPage, listing_page, studies_of
from web.pages import render
from web.profile_form import labels_stated
from web.saying import labels_said


@never_cache
@require_safe
def listing(request: HttpRequest, reference: str) -> HttpResponse:
    """Profile, evidence, offerings, rates, members; contacts only for people who have signed in."""
    page = _found(reference)
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
        studies=studies_of(page.profile),
        may_see_contacts=can(actor, Action.VIEW_CONTACTS),
        may_edit=can(actor, Action.UPDATE_PROFILE, page.partner.organisation_id),
        labels=labels_stated(page.profile),
        sectors=labels_said(SECTORS),
    )


@never_cache
@require_safe
def case_study(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """One case study of a listing, to its end."""
    page = _found(reference)
    study = next((one for one in page.profile.case_studies if one["key"] == key), None)
    if study is None:
        raise Http404
    return render(request, "case_study.html", "search", page=page, study=study, sectors=labels_said(SECTORS))


def _found(reference: str) -> ListingPage:
    today = timezone.localdate()
    page = listing_page(reference, today)
    if page is None and (stands := listing_as_it_stands(reference)) != reference:
        page = listing_page(stands, today)
    if page is None:
        raise Http404
    return page

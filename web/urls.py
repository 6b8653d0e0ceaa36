"""The addresses of web. None ends in a slash; the state of a page is its query string."""

from django.urls import URLPattern, URLResolver, path

from web.views import (
    accounts,
    call_offs,
    compare,
    contracts,
    evidence,
    frameworks,
    listings,
    matches,
    offers,
    profiles,
    rates,
    saved_searches,
    search,
    shortlists,
    start,
    unsubscribing,
)

app_name = "web"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start.start, name="start"),
    path("search", search.search, name="search"),
    path("listings/<str:reference>", listings.listing, name="listing"),
    path("compare", compare.comparison, name="compare"),
    path("match", matches.need, name="match"),
    path("matches", matches.matches, name="matches"),
    path("matches/<str:reference>", matches.kept, name="kept-match"),
    path("shortlists", shortlists.shortlists, name="shortlists"),
    path("shortlists/<str:reference>", shortlists.shortlist, name="shortlist"),
    path("shortlists/<str:reference>/verification", shortlists.verification, name="verification"),
    path("shortlists/<str:reference>/evidence/<str:operation>", evidence.evidence, name="evidence"),
    path("call-offs", call_offs.call_offs, name="call-offs"),
    path("call-offs/new", call_offs.new_call_off, name="new-call-off"),
    path("call-offs/<str:reference>", call_offs.call_off, name="call-off"),
    path("call-offs/<str:reference>/edit", call_offs.edit, name="edit-call-off"),
    path("offers", offers.offers, name="offers"),
    path("offers/<str:reference>", offers.offer, name="offer"),
    path("contracts/<str:reference>", contracts.contract, name="contract"),
    path("rates", rates.rates, name="rates"),
    path("frameworks/", frameworks.frameworks, name="frameworks"),
    path("frameworks/<str:reference>", frameworks.framework, name="framework"),
    path("sign-in", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out", accounts.SignOut.as_view(), name="sign-out"),
    path("profile/<str:reference>", profiles.profile, name="profile"),
    path("saved-searches", saved_searches.saved_searches, name="saved-searches"),
    path("saved-searches/<str:reference>", saved_searches.saved_search, name="saved-search"),
    path("unsubscribe", unsubscribing.unsubscribe, name="unsubscribe"),
    path("account", accounts.account, name="account"),
]

"""Searching: the address is read by search/params.py, the engine answers, this view puts the answer together.

No database is read, but to name a framework, lot, specialism or grade of which nothing was found. The engine keeps each
listing as ready JSON; what belongs to this question alone (score, reasons, highlights, the rate of the grade asked for)
is written behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import Problem
from api.schema import operation
from api.searching import SearchView, count_shown, pages, ready
from api.v1.listing_shapes import Listing, ListingPage, Suggestions
from api.v1.shapes import amount
from procurement.references import listing_as_it_stands
from search import params
from search.grades import refuse_unknown_grade
from search.index import engine
from search.known import known_frameworks, known_values
from search.notes import Note, note_on_need, notes_on
from search.parameters import Parameter
from search.query import Facet, Hit, HitRate, ListingQuery, ListingResult

LIVE = b'"status":"live"'


class ListingSearch(SearchView):
    """Listings found by words and filters, with facets."""

    parameters: ClassVar[tuple[Parameter, ...]] = params.LISTING_PARAMETERS

    @operation(
        summary="Search listings",
        verb="search",
        answer=ListingPage,
        problems=(503,),
        example="/api/v1/listings/?q=vision+rehabilitation+evaluation",
    )
    def get(self, request: Request) -> HttpResponse:
        """Ranks by words in names, specialisms, summaries and case studies. Filters: repeat a parameter for
        any of its values; different parameters all hold. A facet's counts ignore its own filter.

        A lot, a specialism and a region asked together are met by one offering. `min_rate`, `max_rate` and
        `sort=rate` need `grade` and one `framework`.
        """
        query = params.listing_query(request.GET, timezone.localdate())
        found = engine()
        query, empty = known_values(found, query)
        answer = found.search_listings(query)
        notes = (
            *notes_on(query.q, answer.count),
            *note_on_need(query.q),
            *empty,
            *refuse_unknown_grade(query, answer),
        )
        count_shown(request, (hit.reference for hit in answer.hits), "searches")
        return ready(rendered(request, query, answer, notes))


class ListingSuggestions(SearchView):
    """Completes names of partners, specialisms and lots."""

    parameters: ClassVar[tuple[Parameter, ...]] = params.SUGGESTION_PARAMETERS

    @operation(
        summary="Complete a name",
        answer=Suggestions,
        problems=(503,),
        example="/api/v1/listings/suggestions/?q=opm",
    )
    def get(self, request: Request) -> HttpResponse:
        query = params.suggestion_query(request.GET)
        found = engine()
        query = known_frameworks(found, query)
        return ready(orjson.dumps({"results": found.suggest(query)}))


class ListingDetail(SearchView):
    """One listing as it is indexed."""

    tagged = True

    @operation(
        summary="A listing",
        answer=Listing,
        problems=(503,),
        headers=("validator",),
        example="/api/v1/listings/rm3745~ppl~opm-group/",
    )
    def get(self, request: Request, reference: str) -> Response:
        """Of an expired framework: place and rates as on its last day, the firm's profile as it is today."""
        self.asked(request)
        found = engine()
        stored = found.listing(reference)
        if stored is None and (stands := listing_as_it_stands(reference)) != reference:
            stored = found.listing(stands)
        if stored is None:
            raise Problem(404, f"There is no listing {reference}.")
        listing = orjson.loads(stored)
        listing["framework"]["status"] = params.effective_status(listing["framework"], timezone.localdate())
        return Response(listing)


def rendered(request: Request, query: ListingQuery, result: ListingResult, notes: Sequence[Note]) -> bytes:
    """The whole answer as JSON."""
    after = params.cursor_text(result.after) if result.after else None
    links = pages(
        request, query.page, query.page_size, result.count, after, query.after is not None, result.seed
    )
    return orjson.dumps(
        {
            "count": result.count,
            **links,
            "after": after,
            "seed": result.seed,
            "did_you_mean": result.did_you_mean,
            "notes": notes,
            "index": result.index,
            "facets": {facet.name: _facet(facet) for facet in result.facets},
            "results": [orjson.Fragment(_hit(hit)) for hit in result.hits],
        }
    )


def _hit(hit: Hit) -> bytes:
    """The stored object with what this question adds; the status is today's."""
    stored = hit.stored
    if hit.status != "live":
        stored = stored.replace(LIVE, b'"status":"%s"' % hit.status.encode(), 1)
    own = orjson.dumps(
        {
            "matched_specialisms": hit.specialisms,
            "rate": _rate(hit.rate) if hit.rate else None,
            "highlights": hit.highlights,
            "score": hit.score,
            "why": hit.why,
        }
    )
    return stored[:-1] + b"," + own[1:]


def _rate(rate: HitRate) -> dict[str, Any]:
    return {
        "grade": rate.grade,
        "amount": amount(rate.price_minor),
        "currency": rate.currency,
        "unit": rate.unit,
        "basis": rate.basis,
        "vat": "excluded",
        "lot": rate.lot,
        "work_type": rate.work_type or None,
    }


def _facet(facet: Facet) -> dict[str, Any]:
    return {"label": facet.label, "values": facet.values, "other": facet.other}

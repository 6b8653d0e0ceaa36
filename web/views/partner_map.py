"""The partner map: what a search finds, by region and ownership form.

What is wrong with a question is told by the search page, to which it then leads.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from search.engines.base import EngineUnavailable
from search.fields import FILTERS
from search.grades import refuse_unknown_grade
from search.index import engine
from search.known import known_values
from search.parameters import BadParameters
from search.params import listing_query
from web.address import Address
from web.changing import see_other
from web.choosing import COMPARE
from web.faults import plain_amounts
from web.pages import render
from web.partner_map import counting, map_of
from web.saying import said, value_said
from web.views.errors import search_unavailable

PAGED = ("page", "page_size", "after", "seed", "sort", "more", COMPARE)
CHOSEN = ("framework", "sector", "size")
"""Filters with a field of their own here; the others stay as the search page set them."""


@require_safe
def partner_map(request: HttpRequest) -> HttpResponse:
    """One search and one for each ownership form; 503 where the index cannot be read."""
    asked = plain_amounts(Address.of(request.path, request.GET).without(*PAGED))
    searched = asked.at("/search")
    try:
        query = counting(listing_query(asked.sent(), timezone.localdate()))
        found = engine()
        query, _empty = known_values(found, query)
        answer = found.search_listings(query)
        refuse_unknown_grade(query, answer)
        shown = map_of(query, answer, found)
    except EngineUnavailable as down:
        return search_unavailable(request, "search", down.retry_after)
    except BadParameters:
        return see_other(str(searched))
    fields = [facet for facet in answer.facets if facet.name in CHOSEN]
    return render(
        request,
        "map.html",
        "search",
        map=shown,
        q=query.q,
        fields=[
            (
                facet.name,
                said(facet.label),
                [
                    ("", _("Any")),
                    *((one.value, f"{value_said(facet, one)} ({one.count})") for one in facet.values),
                ],
                asked.first(facet.name).lower(),
            )
            for facet in fields
        ],
        kept=asked.without("q", *CHOSEN).pairs,
        narrowing=[
            said(field.label) for field in FILTERS if field.name not in CHOSEN and asked.values(field.name)
        ],
        searched=str(searched),
        at={tile.code: str(searched.without("region").plus("region", tile.code)) for tile in shown.tiles},
        by={
            form.slug: str(searched.without("ownership").plus("ownership", form.slug)) for form in shown.forms
        },
        index=answer.index,
    )

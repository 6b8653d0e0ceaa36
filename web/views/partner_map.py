"""The partner map: what a search finds, by region and ownership form; what is wrong with a question is told in the
manner of the search page.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from search.engines.base import EngineUnavailable
from search.grades import refuse_unknown_grade
from search.index import engine
from search.known import known_values
from search.parameters import BadParameters
from search.params import listing_query
from web.address import Address
from web.chips import facet_chips, rate_chips
from web.choosing import COMPARE
from web.faults import plain_amounts
from web.pages import render
from web.partner_map import counting, map_of
from web.views.errors import search_unavailable
from web.views.search import refused

PAGED = ("page", "page_size", "after", "seed", "sort", "more", COMPARE)


@require_safe
def partner_map(request: HttpRequest) -> HttpResponse:
    """One search and one count of partners; 400 where a parameter is wrong, 503 where the index cannot be read."""
    asked = plain_amounts(Address.of(request.path, request.GET).without(*PAGED))
    try:
        query = counting(listing_query(asked.sent(), timezone.localdate()))
        found = engine()
        query, _notes = known_values(found, query)
        asked = asked.named(query.filters)
        answer = found.search_listings(query)
        refuse_unknown_grade(query, answer)
        shown = map_of(query, answer, found)
    except EngineUnavailable as down:
        return search_unavailable(request, "search", down.retry_after)
    except BadParameters as bad:
        return refused(request, asked, bad, _("Partner map"))
    searched = asked.at("/search")
    return render(
        request,
        "map.html",
        "search",
        map=shown,
        q=query.q,
        correction=answer.did_you_mean,
        corrected=str(asked.put({"q": answer.did_you_mean or ""})),
        chips=[*facet_chips(answer.facets, asked), *rate_chips(query, asked)],
        kept=asked.without("q").pairs,
        searched=str(searched),
        at={tile.code: str(searched.without("region").plus("region", tile.code)) for tile in shown.tiles},
        by={
            form.slug: str(searched.without("ownership").plus("ownership", form.slug)) for form in shown.forms
        },
        index=answer.index,
    )

"""Exploring rates: every line of every card, with statistics over all that was found. No database is read, but
to name a framework, lot or grade of which nothing was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from api.schema import operation
from api.searching import SearchView, pages, ready
from api.v1.rate_shapes import RatePage, Roles
from search import rate_params
from search.grades import refuse_unknown_grades
from search.index import engine
from search.known import known_frameworks, known_rate_values
from search.notes import Note, lines_found, note_on_force, notes_on, rates_found
from search.parameters import Parameter
from search.query import Freshness
from search.rate_answer import answer
from search.rate_export import csv_lines
from search.rate_query import OtherUnits, RateQuery, RateResult


class RateSearch(SearchView):
    """Rate lines found by role and filters, with statistics."""

    parameters: ClassVar[tuple[Parameter, ...]] = rate_params.PARAMETERS

    @operation(
        summary="Explore rates",
        verb="search",
        answer=RatePage,
        problems=(503,),
        example="/api/v1/rates/?q=consultant&framework=rm6309&page_size=20&bins=12",
    )
    def get(self, request: Request) -> HttpResponse:
        """Searches role titles and grades: any word, a phrase in quotes, several roles separated by commas.

        Statistics cover everything found, not the page, and need one currency and unit (pounds a day unless
        said otherwise). Lines of illustrative cards are listed and marked, and counted only if `basis` asks.
        """
        query = rate_params.rate_query(request.GET)
        found = engine()
        query, notes = known_rate_values(found, query)
        try:
            result = rates_found(found, query)
        except OtherUnits as elsewhere:
            raise rate_params.other_units(elsewhere, query) from elsewhere
        grades = refuse_unknown_grades(query, result)
        force = note_on_force(found, query, result.count)
        notes = (*notes_on(query.q, result.count), *notes, *grades, *force)
        return ready(rendered(request, query, result, notes, found.freshness("rates")))


class RoleSuggestions(SearchView):
    """Completes role titles, with counts."""

    parameters: ClassVar[tuple[Parameter, ...]] = rate_params.ROLE_PARAMETERS

    @operation(
        summary="Complete a role title",
        answer=Roles,
        problems=(503,),
        example="/api/v1/rates/suggestions/?q=sen",
    )
    def get(self, request: Request) -> HttpResponse:
        query = rate_params.role_query(request.GET)
        found = engine()
        query = known_frameworks(found, query)
        return ready(orjson.dumps({"results": found.suggest_roles(query)}))


class RateExport(SearchView):
    """The same question as a file."""

    kind = "export"
    parameters: ClassVar[tuple[Parameter, ...]] = rate_params.EXPORT_PARAMETERS

    @operation(
        summary="Export rates as CSV",
        answer={"type": "string"},
        media_type="text/csv",
        problems=(503,),
        example="/api/v1/rates.csv?framework=rm6309&grade=G3",
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Every line found, in order, whatever the page. A text that a spreadsheet would take for a formula
        is preceded by an apostrophe.

        The columns up to `valid_to` are those that an import of rates reads: what each card states itself, blank where
        it states nothing. `supplier_size`, `in_force_from` and `in_force_to` are what follows, as in JSON. Ask for a
        card whole with `include_expired=true`: an import replaces it whole.
        """
        query = rate_params.export_query(request.GET)
        found = engine()
        query, _ = known_rate_values(found, query)
        try:
            lines = lines_found(found, query)
        except OtherUnits as elsewhere:
            raise rate_params.other_units(elsewhere, query) from elsewhere
        return StreamingHttpResponse(
            csv_lines(lines),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="rates.csv"', "Cache-Control": "no-store"},
        )


def rendered(
    request: Request, query: RateQuery, result: RateResult, notes: Sequence[Note], freshness: Freshness
) -> bytes:
    """The whole answer as JSON; the lines are ready."""
    after = rate_params.encode_cursor(result.after) if result.after else None
    links = pages(
        request, query.page, query.page_size, result.count, after, query.after is not None, query.seed
    )
    lines = [orjson.Fragment(line) for line in result.lines]
    return orjson.dumps(
        {**answer(result, notes), **links, "after": after, "index": freshness, "results": lines}
    )

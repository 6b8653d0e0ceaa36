"""The query string of a saved search: checked when it is kept, in one form for all that asks the same.

Journey: what somebody sends -> here -> search/alerts.py keeps it; each time the search is run -> here -> the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from urllib.parse import urlencode

from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict

from procurement.models import Supplier
from procurement.references import as_they_stand, frameworks_named
from search.fields import FILTERS
from search.parameters import BadParameters, ParameterFault, of_frameworks
from search.params import LISTING_PARAMETERS, listing_query
from search.query import ListingQuery

QUERY_LENGTH: Final = 8_000
PLACES: Final = ("page", "page_size", "after", "seed")
"""Parameters that say which part of an answer is shown, and in which order equals stand: no part of what is kept."""


def canonical_query(text: str, on: date) -> str:
    """The query string (with or without its ?) in canonical form: parameters in the table's order, each value once as
    references are written, in order; a framework by its reference where it is named by its number (a query where one is
    named); blanks of the words collapsed; no place in an answer.

    Raises BadParameters naming everything that is wrong.
    """
    query = listing_query(asked_of(text.removeprefix("?")), on)
    if named := query.filters.get("framework"):
        # A reference stays in small letters, as it is asked for.
        stand = {one: reference.lower() for one, reference in frameworks_named(named).items()}
        query = replace(query, filters=of_frameworks(query.filters, stand))
    return urlencode(list(_parts(query)))


def kept_query(text: str, on: date, places: Mapping[str, Sequence[str]] | None = None) -> ListingQuery:
    """The question of a kept query string as of a day, at a place in its answer, by suppliers' references as they stand
    (a query or two where it names some). Raises BadParameters: what it was once checked by may have changed.
    """
    asked = asked_of(text)
    for name, values in (places or {}).items():
        asked.setlist(name, list(values))
    query = listing_query(asked, on)
    if not (suppliers := query.filters.get("supplier")):
        return query
    stand = as_they_stand(Supplier, suppliers)
    spelt = tuple(stand.get(one, one) for one in suppliers)
    return replace(query, filters={**query.filters, "supplier": spelt})


def asked_of(text: str) -> QueryDict:
    """A query string taken apart. Raises BadParameters where it is too long or names too many parameters."""
    if len(text) <= QUERY_LENGTH:
        try:
            return QueryDict(text, mutable=True)
        except TooManyFieldsSent:
            pass
    fault = ParameterFault(
        "query", "range", f"It is longer than {QUERY_LENGTH:,} characters, or has too many parts."
    )
    raise BadParameters([fault])


def _parts(query: ListingQuery) -> Iterator[tuple[str, str]]:
    filters = [(field.name, one) for field in FILTERS for one in sorted(query.filters.get(field.name, ()))]
    single = {
        "q": " ".join(query.q.split()),
        "grade": query.grade or "",
        "min_rate": _pounds(query.min_rate),
        "max_rate": _pounds(query.max_rate),
        "sort": "" if query.sort == "relevance" else query.sort,
    }
    for parameter in LISTING_PARAMETERS:
        if single.get(parameter.name):
            yield parameter.name, single[parameter.name]
        else:
            yield from (part for part in filters if part[0] == parameter.name)


def _pounds(minor: int | None) -> str:
    return "" if minor is None else f"{minor // 100}.{minor % 100:02d}"

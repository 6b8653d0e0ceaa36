"""A grade that a framework does not have is a fault of the question, not an empty answer."""

from __future__ import annotations

from procurement.models import Grade
from search.parameters import BadParameters, ParameterFault
from search.query import ListingQuery, ListingResult


def refuse_unknown_grade(query: ListingQuery, answer: ListingResult) -> None:
    """Raises BadParameters if the framework asked for has grades and this is none of them. Reads the database
    (one query) only where no hit of the page has a rate of it.
    """
    if query.grade is None or any(hit.rate for hit in answer.hits):
        return
    (framework,) = query.filters["framework"]
    grades = Grade.objects.filter(lot__framework__reference=framework).order_by("rank", "code")
    codes = list(dict.fromkeys(grades.values_list("code", flat=True)))
    if codes and query.grade not in (code.upper() for code in codes):
        message = f"{framework.upper()} has no grade {query.grade}; it has {', '.join(codes)}."
        raise BadParameters([ParameterFault("grade", "choice", message)])

"""A grade that a framework does not have is a fault of the question, not an empty answer."""

from __future__ import annotations

from collections.abc import Sequence

from procurement.models import Grade
from search.parameters import BadParameters, ParameterFault
from search.query import ListingQuery, ListingResult
from search.rate_query import RateQuery, RateResult


def refuse_unknown_grade(query: ListingQuery, answer: ListingResult) -> None:
    """Raises BadParameters if the framework asked for has grades and this is none of them. Reads the database
    (one query) only where no hit of the page has a rate of it.
    """
    if query.grade is not None and not any(hit.rate for hit in answer.hits):
        _refuse(query.filters["framework"][0], [query.grade])


def refuse_unknown_grades(query: RateQuery, answer: RateResult) -> None:
    """The same for rate lines: only where none is found, and one framework is asked for."""
    if query.grades and not answer.count and len(query.frameworks) == 1:
        _refuse(query.frameworks[0], query.grades)


def _refuse(framework: str, asked: Sequence[str]) -> None:
    grades = Grade.objects.filter(lot__framework__reference=framework).order_by("rank", "code")
    codes = list(dict.fromkeys(grades.values_list("code", flat=True)))
    unknown = [grade for grade in asked if grade not in (code.upper() for code in codes)]
    if codes and unknown:
        message = f"{framework.upper()} has no grade {', '.join(unknown)}; it has {', '.join(codes)}."
        raise BadParameters([ParameterFault("grade", "choice", message)])

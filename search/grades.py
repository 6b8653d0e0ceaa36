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
        _refuse(query.filters["framework"], [query.grade])


def refuse_unknown_grades(query: RateQuery, answer: RateResult) -> None:
    """The same for rate lines, of the frameworks asked for or of all: only where none is found."""
    if query.grades and not answer.count:
        _refuse(query.frameworks, query.grades)


def _refuse(frameworks: Sequence[str], asked: Sequence[str]) -> None:
    grades = Grade.objects.order_by("rank", "code")
    if frameworks:
        grades = grades.filter(lot__framework__reference__in=frameworks)
    codes = list(dict.fromkeys(grades.values_list("code", flat=True)))
    unknown = [grade for grade in asked if grade not in (code.upper() for code in codes)]
    if codes and unknown:
        there = f"grade {', '.join(unknown)}"
        if len(frameworks) == 1:
            message = f"{frameworks[0].upper()} has no {there}; it has {', '.join(codes)}."
        else:
            these = "these" if frameworks else "the"
            message = f"None of {these} frameworks has {there}; they have {', '.join(codes)}."
        raise BadParameters([ParameterFault("grade", "choice", message)])

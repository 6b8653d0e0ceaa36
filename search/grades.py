"""A grade that a framework does not have is a fault of the question, not an empty answer; one that a lot does not have
is worth a note.
"""

from __future__ import annotations

from collections.abc import Sequence

from procurement.models import Grade, Lot
from search.notes import Note
from search.parameters import BadParameters, ParameterFault
from search.query import ListingQuery, ListingResult
from search.rate_query import RateQuery, RateResult


def refuse_unknown_grade(query: ListingQuery, answer: ListingResult) -> tuple[Note, ...]:
    """Raises BadParameters if the framework asked for has grades and this is none of them. Answers a note on each lot
    whose rates count that does not have it. Reads the database (two queries) only where no hit of the page has a rate
    of it.
    """
    if query.grade is None or any(hit.rate for hit in answer.hits):
        return ()
    _refuse(query.filters["framework"], [query.grade])
    return _without(query.rate_lots, query.grade)


def _without(lots: Sequence[str], grade: str) -> tuple[Note, ...]:
    """A note on each of the lots (references) that does not have the grade."""
    if not lots:
        return ()
    rows = Lot.objects.filter(reference__in=lots).order_by("framework_id", "position", "grades__rank")
    codes: dict[tuple[str, str], list[str]] = {}
    for number, lot, code in rows.values_list("framework__number", "number", "grades__code"):
        codes.setdefault((number, lot), []).extend([code] if code else [])
    return tuple(
        Note(
            "no_grade",
            f"Lot {lot} of {number} has no grade {grade}; it has {', '.join(held)}."
            if held
            else f"Lot {lot} of {number} has no grades.",
        )
        for (number, lot), held in codes.items()
        if grade not in (code.upper() for code in held)
    )


def refuse_unknown_grades(query: RateQuery, answer: RateResult) -> tuple[Note, ...]:
    """The same for rate lines, of the frameworks asked for or of all: only where none is found."""
    if not query.grades or answer.count:
        return ()
    _refuse(query.frameworks, query.grades)
    return tuple(note for grade in query.grades for note in _without(query.lots, grade))


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

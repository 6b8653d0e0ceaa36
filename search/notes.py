"""What an answer says of its question where it found nothing and could not have found anything, would find more, or
left nothing out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from search.planner import LONG_QUESTION, SHORTEST_BEGINNING, nothing_telling, short_beginnings, signs_unread
from search.rate_query import OtherUnits, RateQuery, RateResult

CODES: Final = (
    "too_common", "no_words", "too_short", "read_as_need", "no_listings", "no_rates", "no_grade", "not_in_force",
    "elsewhere", "no_line",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about an answer: `code` is one of CODES, `detail` a sentence for people."""

    code: str
    detail: str


class Rates(Protocol):
    """Whatever can be asked for rates."""

    def search_rates(self, query: RateQuery) -> RateResult: ...

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]: ...


def notes_on(question: str, count: int) -> tuple[Note, ...]:
    """Why a question of nothing but stop words or signs, or with a beginning of one letter, found nothing; () for any
    other answer.
    """
    if count:
        return ()
    words = nothing_telling(question)
    if words is None:
        told = f"a word that is looked for by its beginning needs at least {SHORTEST_BEGINNING} letters of it"
        return tuple(
            Note("too_short", f"“{one[:40]}” is too short: {told}.") for one in short_beginnings(question)
        )
    if not words:
        return (Note("no_words", f"“{question.strip()[:40]}” holds no word to search by."),)
    quoted = [f"“{word}”" for word in dict.fromkeys(words)]
    if len(quoted) == 1:
        return (Note("too_common", f"{quoted[0]} is too common to search by."),)
    return (Note("too_common", f"{', '.join(quoted[:-1])} and {quoted[-1]} are too common to search by."),)


def note_on_need(question: str) -> tuple[Note, ...]:
    """That signs do not count in a question about listings since it is so long that it is read as a need; () where it
    bears none or is short.
    """
    if not signs_unread(question):
        return ()
    why = f"with more than {LONG_QUESTION} different words this is read as a need"
    return (
        Note(
            "read_as_need",
            f"Quotes, -word and word* do not count here, since {why}: use fewer words for them to count.",
        ),
    )


def rates_found(engine: Rates, query: RateQuery) -> RateResult:
    """The engine's answer: nothing where whatever meets the question in the unit taken for granted is not in force on
    the day, although something in another unit is. Raises OtherUnits, BadCursor, EngineUnavailable.
    """
    try:
        return engine.search_rates(query)
    except OtherUnits:
        if not _whenever(engine, query):
            raise
        return engine.search_rates(replace(query, stated_unit=True))


def lines_found(engine: Rates, query: RateQuery) -> Iterator[bytes]:
    """Every line of the same answer, each ready JSON. Raises what rates_found does."""
    try:
        return engine.rate_lines(query)
    except OtherUnits:
        if not _whenever(engine, query):
            raise
        return iter(())


def note_on_force(engine: Rates, query: RateQuery, count: int) -> tuple[Note, ...]:
    """That a question about rates found nothing in force and would find what is not: a search more, only where nothing
    was found. Raises EngineUnavailable.
    """
    if count or query.include_expired:
        return ()
    there = _whenever(engine, query)
    if not there:
        return ()
    lines = "line that matches is" if there == 1 else "lines that match are"
    return (
        Note(
            "not_in_force",
            f"{there:,} {lines} not in force on {query.as_of}; include_expired=true finds "
            f"{'it' if there == 1 else 'them'}.",
        ),
    )


def _whenever(engine: Rates, query: RateQuery) -> int:
    """How many lines in the question's own currency and unit would meet it, in force or not."""
    anyway = replace(query, include_expired=True, stated_unit=True, page=1, page_size=1, after=None, bins=1)
    return engine.search_rates(anyway).count

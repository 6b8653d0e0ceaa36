"""What every engine does for rate lines: the documents it is given and the questions it answers.

The unit of indexing is a rate card. A document holds the lines of every version of it that was or is published, each
for the days on which that version is the one to look at (procurement/card_versions.py): a new version ends those before
it from its own first day on, and until then they hold. What the index has of a card is replaced by the next document
whole, so no line that a card no longer has can be left behind by a lost update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol, TypedDict

from search.rate_query import RateQuery, RateResult, RoleQuery, RoleSuggestion

FIRST_DAY: Final = 0
LAST_DAY: Final = 10**7
"""Day numbers (date.toordinal) that stand for an unknown first or last day."""


def day_number(text: str | None, unknown: int) -> int:
    """A day of a document as engines hold it: its number, `unknown` where none is stated."""
    return unknown if text is None else date.fromisoformat(text).toordinal()


class LineDocument(TypedDict):
    """One rate line. `key` is its public reference; `text` the role title or grade name that words are looked
    for in.

    `lots` are the lots for which it holds, none where that is unknown. "" and None are unknown. `price_minor`
    is in the minor unit of the card's currency. Dates are ISO 8601 days, both included, already narrowed to
    its version's own and to those on which it holds for just these lots. From `stands_from` to `stands_to` its version
    is the one of its card to look at, in force or not: on any day, of all versions of a card one, and of all documents
    with one key one. `stored` is the line as the API shows it.
    """

    key: str
    text: str
    lots: Sequence[str]
    grade: str
    work_type: str
    min_experience: int | None
    max_experience: int | None
    qualification: str
    site: str
    size: str
    basis: str
    price_minor: int
    valid_from: str | None
    valid_to: str | None
    stands_from: str | None
    stands_to: str | None
    stored: Mapping[str, Any]


class CardDocument(TypedDict):
    """A card in force, past or to come, with the lines of each version that was or is published. Without lines it is
    as good as absent.

    Of two documents with one key the greater `version`, the number of the run that made it and none of the card's,
    stands, in whatever order they arrive. `supplier` and
    `framework` are references; `grade` of a line is a code such as G3.
    """

    key: str
    version: int
    framework: str
    supplier: str
    currency: str
    unit: str
    lines: Sequence[LineDocument]


class RatesEngine(Protocol):
    """What is asked of the rates collection. Every method raises EngineUnavailable if the index cannot be
    read.
    """

    def search_rates(self, query: RateQuery) -> RateResult:
        """A page of lines, the exact count, statistics over the whole result.

        Raises OtherUnits if nothing is priced in the unit taken for granted, BadCursor if `after` is of
        another sort.
        """

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]:
        """Every line found, in order, each ready JSON: the page is ignored."""

    def suggest_roles(self, query: RoleQuery) -> list[RoleSuggestion]:
        """Role titles by the beginnings of their words, the most frequent first."""

    def rate_cards(self) -> Iterator[tuple[str, int, int]]:
        """Every (card reference, version, number of lines) in the index, for the drift check."""

"""A search in our own words: what search/params.py makes of a request and what an engine answers.

Everything here is engine neutral and frozen. Money is whole pence (or cents); dates are days in
Europe/London.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Sort = Literal["relevance", "rate", "name"]

DEEPEST_HIT: Final = 10_000
"""`page` reaches this hit; what lies beyond is read by `after`."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the page before ended: the sort it was in, the last hit's sort value and its key.

    `value` is the score times 10,000 (relevance), the rate in pence or -1 for none (rate), or the folded name
    (name).
    """

    sort: Sort
    seed: int
    value: int | str
    key: str


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """A question over the listings.

    `filters` maps a filter of search/fields.py to the values asked for: any of them inside one filter, all of
    the filters together. A lot, a specialism and a region asked together must be met by one offering. `grade`
    is a code such as G3; a rate bound or sort needs it and exactly one framework in `filters`
    (search/params.py sees to it). With a lot only that lot's rates count, with specialisms those of the lots in which
    a listing offers one of them.
    """

    q: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grade: str | None = None
    min_rate: int | None = None
    max_rate: int | None = None
    sort: Sort = "relevance"
    page: int = 1
    page_size: int = 20
    after: Cursor | None = None
    seed: int = 0
    on: date = field(default_factory=date.today)
    facets: bool = True
    facet_size: int = 30

    @property
    def rate_lots(self) -> tuple[str, ...]:
        """The lots whose rates count, beside those that hold for every lot; () for all lots. Where there are several
        and specialisms are asked for (`priced_by_offer`), of each listing those in which it offers one of them.
        """
        chosen = self.filters.get("lot", ())
        named = dict.fromkeys(map(lot_of_specialism, self.filters.get("specialism", ())))
        return tuple(lot for lot in named if not chosen or lot in chosen) or chosen

    @property
    def priced_by_offer(self) -> bool:
        """Whether which lots' rates count differs from listing to listing: by which of the specialisms it offers."""
        return len(self.rate_lots) > 1 and bool(self.filters.get("specialism"))

    def rate_lots_of(self, offered: Iterable[str]) -> tuple[str, ...]:
        """The lots whose rates count for a listing that is found and offers these specialisms (references)."""
        if not self.priced_by_offer:
            return self.rate_lots
        asked = self.filters["specialism"]
        held = {lot_of_specialism(one) for one in offered if one in asked}
        return tuple(lot for lot in self.rate_lots if lot in held)

    def priced_by_value(self, facet: str) -> bool:
        """Whether rates are bounded and which of them count depends on the value of this facet that is chosen."""
        bounded = self.grade is not None and (self.min_rate is not None or self.max_rate is not None)
        return bounded and facet in ("lot", "specialism")


def grade_name(framework: str, code: str) -> str:
    """A grade by which rates are looked for: a code means something only within its framework, in whatever capitals."""
    return f"{framework}~{code.upper()}"


def lot_of_specialism(reference: str) -> str:
    """The reference of the lot that a specialism is of."""
    return reference.rpartition("~")[0]


# What an answer is made of is not frozen: a page holds some two hundred of them, and freezing doubles what one
# costs to make.
@dataclass(slots=True)
class FacetValue:
    """One value of a facet: how many listings it would leave as the only value of its facet."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(slots=True)
class Facet:
    """Counts that ignore the facet's own filter; `other` is how many values are not shown."""

    name: str
    label: str
    values: tuple[FacetValue, ...]
    other: int


@dataclass(slots=True)
class Highlight:
    """The best passage of a field: HTML-escaped text with `<mark>` around what matched.

    `part` says which of several texts it is (a case study's key, a specialism's reference), or "".
    """

    field: str
    part: str
    html: str


@dataclass(slots=True)
class Reason:
    """One part of a score: what the words found in this field added. A hit's reasons sum to its score.

    `field` is a text field of search/fields.py, or `all_words` for what it adds that every word was found.
    """

    field: str
    label: str
    words: tuple[str, ...]
    score: float


@dataclass(slots=True)
class HitRate:
    """The lowest rate of the grade asked for that satisfies the question, and which line of the card it is. A card in
    another unit than the framework's, or another currency than pounds, has none.

    `lot` is None where the card has one rate for every lot; `work_type` is "" where the framework has none.
    """

    grade: str
    price_minor: int
    currency: str
    unit: str
    basis: str
    lot: str | None
    work_type: str


@dataclass(slots=True)
class Hit:
    """One listing of a page. `stored` is the ready JSON object of search/documents.py, in bytes.

    `status` is the framework's on the day asked for. `specialisms` are the references that satisfy the
    filters or whose names hold the words. `score` is rounded to four decimals and 0.0 without words.
    """

    reference: str
    stored: bytes
    status: str
    score: float
    specialisms: tuple[str, ...]
    rate: HitRate | None
    highlights: tuple[Highlight, ...]
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current the index is, told by the index worker's heartbeat.

    `position` is the last event applied; `caught_up_at` when no event was waiting; both times ISO 8601 in
    UTC.
    """

    generation: int
    position: int | None = None
    applied_at: str | None = None
    caught_up_at: str | None = None


@dataclass(frozen=True, slots=True)
class ListingResult:
    """A page of listings. `after` is the cursor of the next page, None on the last; `count` is exact.

    `did_you_mean` is the question with its unknown words corrected, None if there is nothing to correct.
    """

    count: int
    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...]
    did_you_mean: str | None
    seed: int
    after: Cursor | None
    index: Freshness


@dataclass(frozen=True, slots=True)
class PartnerCount:
    """How many distinct partners there are, and how many of each ownership form that occurs."""

    all: int
    by_ownership: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PartnerCounts:
    """The partners whose listings answer a question, `anywhere`, and by code of a region those of whom one does there,
    whatever regions the question names itself. A partner with several listings counts once in each.
    """

    anywhere: PartnerCount
    by_region: Mapping[str, PartnerCount]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value asked for that nothing in the index bears, and what there is `instead`, in order: every value of a
    framework or supplier, the lots of the framework, the specialisms of the lot.
    """

    parameter: str
    value: str
    instead: tuple[str, ...] = ()


SuggestionKind = Literal["partner", "specialism", "lot"]


@dataclass(frozen=True, slots=True)
class SuggestionQuery:
    """The beginning of a name, as somebody types it."""

    q: str
    frameworks: tuple[str, ...] = ()
    kinds: tuple[SuggestionKind, ...] = ()
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A partner, specialism or lot whose name holds what was typed at the start of a word, or a lot of that number."""

    kind: SuggestionKind
    reference: str
    name: str
    framework: str | None
    framework_number: str | None

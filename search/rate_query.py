"""A question about rate lines and its answer: what search/rate_params.py builds, an engine answers, api and
web show.

Prices are whole minor units (pence, cents), VAT excluded, and ceilings: the most that a supplier may charge.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

from procurement.pricing import Place, RateStatistics

CAVEAT: Final = (
    "These are ceilings: the most each supplier may charge under its rate card, VAT excluded. "
    "What is paid is agreed for each call-off and is often lower."
)
SORTS: Final = ("relevance", "price", "-price", "role", "experience")
PAGE_SIZE: Final = 50
PAGE_SIZE_CEILING: Final = 200
DEEPEST_HIT: Final = 10_000
BINS: Final = 12
BINS_CEILING: Final = 50
SUGGESTIONS: Final = 10
SUGGESTIONS_CEILING: Final = 50


@dataclass(frozen=True, slots=True)
class RateCursor:
    """Where the page before ended: its sort and seed, and the last line's values in that sort, then its key.

    `values` are the score in ten-thousandths (relevance), the price (price, -price), the folded title and the
    price (role) or the experience, -1 for unknown, and the price (experience).
    """

    sort: str
    seed: int
    values: tuple[int | str, ...]
    key: str


class Moment(NamedTuple):
    """The day that a question is about: lines in force then, or all of the version of each card that is then the one to
    look at, `ended` or not begun though it may be.
    """

    day: date
    ended: bool

    @property
    def columns(self) -> tuple[str, str]:
        """Which first and last day of a line it has to be within."""
        return ("stands_from", "stands_to") if self.ended else ("valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class RateQuery:
    """Which lines, in which order, which page.

    Values inside one field are any-of, fields are all-of; an empty tuple or None does not narrow. Statistics
    need one `currency` and `unit`; `stated_unit` says that the asker named both. Without `bases` every line
    is listed and only published ones are counted in the statistics. `min_rate`, `max_rate` and `proposed` are
    minor units. `after` is a cursor from an earlier answer in the same sort and seed; with it `page` is not
    used.
    """

    q: str = ""
    frameworks: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    work_types: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    currency: str = "GBP"
    unit: str = "day"
    stated_unit: bool = False
    min_experience: int | None = None
    max_experience: int | None = None
    min_rate: int | None = None
    max_rate: int | None = None
    exclude: tuple[str, ...] = ()
    proposed: int | None = None
    bins: int = BINS
    as_of: date = field(default_factory=date.today)
    include_expired: bool = False
    sort: str = "price"
    seed: int = 0
    page: int = 1
    page_size: int = PAGE_SIZE
    after: RateCursor | None = None

    @property
    def moment(self) -> Moment:
        """Of which day lines are found."""
        return Moment(self.as_of, self.include_expired)

    @property
    def narrowed(self) -> dict[str, tuple[str, ...]]:
        """The values asked for of each column that is narrowed by values, those without any left out."""
        wanted = {
            "framework": self.frameworks,
            "lots": self.lots,
            "supplier": self.suppliers,
            "grade": self.grades,
            "work_type": self.work_types,
            "qualification": self.qualifications,
            "site": self.sites,
            "size": self.sizes,
            "basis": self.bases,
        }
        return {column: values for column, values in wanted.items() if values}


@dataclass(frozen=True, slots=True)
class RateResult:
    """The answer to a RateQuery.

    `count` lines were found; `lines` are this page's, each ready JSON. `statistics` is None where no line
    counts in them; `illustrative` lines were found but are left out of them. `unknown_experience` lines meet
    all else but state no experience, so that an experience filter left them out. `corrections` are (asked,
    used) pairs of words that stand in no role title. `after` is the cursor to what follows, None at the
    end.
    """

    query: RateQuery
    count: int
    lines: tuple[bytes, ...]
    statistics: RateStatistics | None
    place: Place | None
    illustrative: int
    unknown_experience: int
    corrections: tuple[tuple[str, str], ...]
    after: RateCursor | None
    generation: int


@dataclass(frozen=True, slots=True)
class RoleQuery:
    """Complete a role title of a line in force: each word of `q` begins a word of the title. Lines are counted in one
    currency and unit, as those are that a search finds.
    """

    q: str
    frameworks: tuple[str, ...] = ()
    currency: str = "GBP"
    unit: str = "day"
    as_of: date = field(default_factory=date.today)
    include_expired: bool = False
    limit: int = SUGGESTIONS

    @property
    def moment(self) -> Moment:
        """Of which day lines are counted."""
        return Moment(self.as_of, self.include_expired)

    @property
    def about(self) -> RoleQuery:
        """The same question of whatever is typed: it is about the same lines."""
        return replace(self, q="", limit=SUGGESTIONS)


@dataclass(frozen=True, slots=True)
class RoleSuggestion:
    """A role title (or grade name) and how many lines in force bear it, whatever its case and punctuation."""

    title: str
    count: int


class OtherUnits(Exception):  # noqa: N818 - an answer to the asker, not a failure of ours
    """Nothing is found in the unit taken for granted; `units` are the (currency, unit) pairs it is in."""

    def __init__(self, units: tuple[tuple[str, str], ...]) -> None:
        super().__init__(units)
        self.units = units

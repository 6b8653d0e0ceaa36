"""What every engine gathers for a need: the listings that may answer it, as they are indexed, and who is ruled out.

An engine chooses candidates and counts; it ranks nobody. All scores are worked out of what it hands over, by
search/relevance.py and search/matching.py, so that they are the same on every engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from search.engines.records import PackedRecord
from search.engines.suggestions import Labels
from search.need import Need
from search.planner import Lexicon
from search.query import Freshness

TOGETHER: Final = 400
"""So many candidates are gathered: those worth most by all that is asked for together (together.py)."""
IN_ORDER: Final = 200
"""And so many of the cheapest, or the first by name or in the seed's order, where that order is asked for. Ties at the
end of either are broken by the seed's fair order.
"""
AT_LEAST: Final = 200
"""So many are ranked in any case, as long as so many are eligible: those whom nothing brings up come last, chosen in
the seed's order. A buyer of a small lot sees everybody in it.
"""
RULED_OUT_SHOWN: Final = 1_000
"""So many of the ruled out are named, in the order of their references; all are counted."""


class Covered(IntEnum):
    """Whether an offering meets a pair: how many halves it counts. Who does not state its specialisms on the lot is
    neither covered nor not.
    """

    MISSING = 0
    NOT_STATED = 1
    MET = 2


CardKind = tuple[str, str, str]
"""Currency, unit and basis of a rate card, "" each without one: prices of different kinds are not compared."""


NO_TOTAL: Final = -1


@dataclass(frozen=True, slots=True)
class Likeness:
    """The product of the need's vector with that of each meant text: one listing's after another's, in the order of
    their records' parts. `counts` says how many each listing has; none was made for one written without the model.
    """

    dots: NDArray[np.int32]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Listings that may answer, in the order of their keys: one column for each thing that is told of them.

    `likeness` is None without the model; `covered` has one Covered for each pair (listings by pairs); `totals` the
    team's price in minor units without VAT, NO_TOTAL where it cannot be told; `cards` the kind of their rate cards;
    `preferred` whether they have any of the values of each kind of preference (listings by kinds, in the order of
    Need.preferences); `confirmed_on` the day (as an ordinal) on which the partner stood by its profile, 0 for never;
    `names` as names are sorted, empty where nobody asked for that order.
    """

    keys: Sequence[str]
    records: Sequence[PackedRecord]
    likeness: Likeness | None
    covered: NDArray[np.int8]
    totals: NDArray[np.int64]
    cards: Sequence[CardKind]
    preferred: NDArray[np.bool_]
    confirmed_on: NDArray[np.int64]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A listing of the framework and lot that certainly lacks a must-have. `missing` are places in Need.pairs."""

    key: str
    record: PackedRecord
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """The team's price at every supplier that has one, ascending, by currency, unit and basis of the card."""

    totals: Mapping[CardKind, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Lengths:
    """The mean number of terms (stop words left out) of a listing's meant texts together, and of one of them."""

    whole: float
    piece: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is found. `eligible` and `ruled_out_count` are exact; `without` counts, for each
    must-have pair, the listings that it alone or with others rules out; `lots` are those on which an eligible
    listing stands.
    """

    eligible: int
    lots: frozenset[str]
    candidates: Candidates
    ruled_out: tuple[RuledOut, ...]
    ruled_out_count: int
    without: Mapping[int, int]
    lengths: Lengths
    prices: Prices
    index: Freshness


class Reading(Protocol):
    """One state of the index, for the length of a match."""

    @property
    def lexicon(self) -> Lexicon:
        """Its words."""

    @property
    def labels(self) -> Labels:
        """What frameworks, lots, specialisms and regions are called."""

    @property
    def meaning(self) -> str | None:
        """The digest of the model that made its vectors, None if it has none."""

    def gather(self, need: Need) -> Gathered:
        """See the module."""


class MatchingEngine(Protocol):
    """What matching asks of an engine. Every method raises EngineUnavailable if the index cannot be read."""

    def reading(self) -> Reading:
        """The index as it stands now."""

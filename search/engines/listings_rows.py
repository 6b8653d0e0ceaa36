"""A listing document as numbers: the row of columns and the rows beside it that filters, facets, rates and
sorts work on.

The writer makes one for each document; listings_store.py merges them into the next generation.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from search.engines.columns import Numbers
from search.query import grade_name

UNSTATED: Final = -1
"""A specialism that is not stated; a rate that holds for every lot."""

CODED: Final = (
    "framework", "status", "lot", "specialism", "region", "sector", "ownership", "size", "supplier",
    "accreditation", "partner", "grade", "work_type", "currency", "unit", "basis",
)  # fmt: skip
"""The kinds of value that stand in columns as codes."""

SCALARS: Final[Mapping[str, str]] = {
    "version": "<i8", "alive": "?", "framework": "<i4", "status": "<i4", "ownership": "<i4",
    "size": "<i4", "supplier": "<i4", "partner": "<i4", "starts_on": "<i4", "ends_on": "<i4",
    "slot_regions": "<i4", "currency": "<i4", "unit": "<i4", "basis": "<i4", "record_at": "<i8", "record_length": "<i4",
    "meant_terms": "<i4", "meant_parts": "<i4", "confirmed_on": "<i4", "comparable": "?",
}  # fmt: skip
"""One number for each listing, and how it is stored."""

ROWS: Final[Mapping[str, Mapping[str, str]]] = {
    "sector": {"code": "<i4"},
    "accreditation": {"code": "<i4"},
    "offer": {"lot": "<i4", "specialism": "<i4", "regions": "<i4"},
    "rate": {"grade": "<i4", "lot": "<i4", "work_type": "<i4", "price": "<i8"},
    "meaning": {"row": "<i4"},
}
"""Several rows for each listing: their columns, and how they are stored."""


@dataclass(slots=True)
class Row:
    """A listing in numbers. `rows` maps a kind of ROWS to its rows, one behind the other, each in the order of
    its columns.
    """

    key: str
    name: str
    scalars: dict[str, int]
    rows: dict[str, array[int]]


class Regions:
    """Sets of regions and their numbers. Listings share few of them, so an offering holds a number, not a
    set.
    """

    def __init__(self, sets: list[frozenset[int]] | None = None) -> None:
        self._known: dict[tuple[str, ...], frozenset[int]] = {}
        self._unions: dict[frozenset[frozenset[int]], frozenset[int]] = {}
        self.sets: list[frozenset[int]] = []
        self._numbers: dict[frozenset[int], int] = {}
        for members in sets or [frozenset()]:
            self.add(members)

    def add(self, members: frozenset[int]) -> int:
        """The set's number."""
        number = self._numbers.get(members)
        if number is None:
            number = self._numbers[members] = len(self.sets)
            self.sets.append(members)
        return number

    def codes_of(self, regions: tuple[str, ...], codes: Numbers) -> frozenset[int]:
        """Some regions as codes, new ones being given a code."""
        known = self._known.get(regions)
        if known is None:
            known = self._known[regions] = frozenset(map(codes.__getitem__, regions))
        return known

    def union(self, sets: Iterable[frozenset[int]]) -> frozenset[int]:
        """All regions of some sets."""
        asked = frozenset(sets)
        known = self._unions.get(asked)
        if known is None:
            known = self._unions[asked] = frozenset[int]().union(*asked)
        return known


def day_number(day: str | None) -> int:
    """An ISO 8601 day as a number that can be compared; 0 for none."""
    return date.fromisoformat(day).toordinal() if day else 0


def make_row(document: Mapping[str, Any], numbers: Mapping[str, Numbers], regions: Regions) -> Row:
    """A document in numbers, new values being given codes."""
    framework = document["framework"]
    lots, specialisms, work_types = numbers["lot"], numbers["specialism"], numbers["work_type"]
    offers: dict[tuple[int, int], frozenset[int]] = {}
    for offering in document["offerings"]:
        specialism = offering["specialism"]
        place = lots[offering["lot"]], UNSTATED if specialism is None else specialisms[specialism]
        # Two offerings of one specialism in one lot are met by either, so their regions may be put together.
        here = regions.codes_of(tuple(offering["regions"]), numbers["region"])
        offers[place] = regions.union((offers[place], here)) if place in offers else here
    offered = {lot for lot, _ in offers}
    for held in document["lots"]:
        code = lots[held["reference"]]
        if code not in offered:
            offers[code, UNSTATED] = frozenset()
    scalars = {
        "version": document["version"],
        "alive": 1,
        "framework": numbers["framework"][framework],
        "starts_on": day_number(document["starts_on"]),
        "ends_on": day_number(document["ends_on"]),
        "confirmed_on": day_number(document.get("confirmed_on")),
        "slot_regions": regions.add(regions.union(offers.values())),
        "comparable": int(document.get("comparable", True)),
    }
    for kind in ("status", "ownership", "size", "supplier", "partner"):
        scalars[kind] = numbers[kind][document[kind]]
    for kind in ("currency", "unit", "basis"):
        scalars[kind] = numbers[kind][document.get(kind) or ""]
    rates = document["rates"]
    # A grade is priced in many lots: each is looked up once, in the order of the rates.
    grades = {
        grade: numbers["grade"][grade_name(framework, grade)]
        for grade in dict.fromkeys([rate["grade"] for rate in rates])
    }
    rows = {
        "sector": sorted({numbers["sector"][value] for value in document["sectors"]}),
        "accreditation": sorted({numbers["accreditation"][value] for value in document["accreditations"]}),
        "offer": [number for place in sorted(offers) for number in (*place, regions.add(offers[place]))],
        "rate": [
            number
            for rate in rates
            for number in (
                grades[rate["grade"]],
                UNSTATED if rate["lot"] is None else lots[rate["lot"]],
                work_types[rate["work_type"]],
                rate["price_minor"],
            )
        ],
        "meaning": [],
    }
    return Row(
        document["key"],
        document["name"],
        scalars,
        {kind: array("q", flat) for kind, flat in rows.items()},
    )


def removed_row(key: str, version: int) -> Row:
    """What stays of a removed listing: its key, and the version below which it must not come back."""
    return Row(key, "", dict.fromkeys(SCALARS, 0) | {"version": version}, {kind: array("q") for kind in ROWS})

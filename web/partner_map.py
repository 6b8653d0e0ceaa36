"""Where partners work and who owns them: listings by region and ownership form, as tiles and as a table.

Journey: /map, with the parameters of /search -> one search, and one for each ownership form in it, whose facets count
the regions exactly (no listing is read) -> map.html. A firm that works in several regions counts in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from search.engines.base import Engine
from search.query import Facet, ListingQuery, ListingResult
from web.saying import said

TILES: Final = "cdefghijklmn"
"""The last letters of the codes of the twelve regions of level 1, ITL 2025 (TLC) and NUTS 2013 (UKC) alike."""
SHADES: Final = 5
MOST: Final = 100
"""Values of a facet: more than regions and ownership forms there are."""


@dataclass(frozen=True, slots=True)
class Form:
    """An ownership form and how many listings have it."""

    slug: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A region: how many listings work there, by ownership form in the order of the map's forms too. `shade` is 0 for
    none, else 1 for the fewest of the map to SHADES for the most: regions that differ a little differ in shade.
    """

    code: str
    name: str
    letter: str
    count: int
    by_form: tuple[int, ...]
    shade: int


@dataclass(frozen=True, slots=True)
class Shade:
    """What a shade of the map stands for: `fewest` to `most` listings."""

    shade: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class PartnerMap:
    """The tiles by name, the ownership forms by count, how many listings there are in all, and what the shades that
    occur stand for, the lightest first; where all regions have as many there is one.
    """

    tiles: tuple[Tile, ...]
    forms: tuple[Form, ...]
    count: int
    legend: tuple[Shade, ...]


def map_of(query: ListingQuery, answer: ListingResult, engine: Engine) -> PartnerMap:
    """The map of a question that `answer` answered. Raises EngineUnavailable."""
    chosen = query.filters.get("ownership", ())
    forms = [
        Form(one.value, said(one.label), one.count)
        for one in facet_of(answer, "ownership").values
        if one.count and (not chosen or one.value in chosen)
    ]
    by_form = []
    for form in forms:
        narrowed = replace(counting(query), filters=dict(query.filters) | {"ownership": (form.slug,)})
        found = facet_of(engine.search_listings(narrowed), "region")
        by_form.append({one.value: one.count for one in found.values})
    regions = [one for one in facet_of(answer, "region").values if letter_of(one.value)]
    held = [one.count for one in regions if one.count]
    return PartnerMap(
        tuple(
            Tile(
                one.value,
                one.label,
                letter_of(one.value),
                one.count,
                tuple(counts.get(one.value, 0) for counts in by_form),
                _shade(one.count, held),
            )
            for one in sorted(regions, key=lambda one: one.label)
        ),
        tuple(forms),
        answer.count,
        _legend(held),
    )


def _shade(count: int, held: Sequence[int]) -> int:
    """The shade of a region with so many listings, where the regions that have any hold so many."""
    if not count:
        return 0
    fewest, most = min(held), max(held)
    return 1 + (count - fewest) * (SHADES - 1) // (most - fewest) if most > fewest else 1


def _legend(held: Sequence[int]) -> tuple[Shade, ...]:
    by_shade: dict[int, list[int]] = {}
    for count in held:
        by_shade.setdefault(_shade(count, held), []).append(count)
    return tuple(Shade(shade, min(counts), max(counts)) for shade, counts in sorted(by_shade.items()))


def counting(query: ListingQuery) -> ListingQuery:
    """The question as it is asked for its counts alone."""
    return replace(query, page=1, page_size=1, facet_size=MOST, after=None)


def facet_of(answer: ListingResult, name: str) -> Facet:
    """What an answer counts of a field."""
    return next(one for one in answer.facets if one.name == name)


def letter_of(code: str) -> str:
    """The letter of a region of level 1; "" for the whole kingdom and for regions within one."""
    letter = code[2:].lower()
    return letter if len(letter) == 1 and letter in TILES else ""

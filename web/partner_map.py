"""Where partners work and who owns them: firms by region and ownership form, as tiles and as a table.

Journey: /map, with the parameters of /search -> one search, whose facets say which regions there are and how many
listings each has, and one count of partners by region and form (no listing is read) -> map.html. A firm that works in
several regions counts in each, and once however many frameworks it stands on.
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
    """An ownership form and how many partners have it; `listings` is how many of theirs there are."""

    slug: str
    label: str
    count: int
    listings: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A region: how many partners work there, by ownership form in the order of the map's forms too, and how many
    `listings` they have there. `shade` is 0 for none, else 1 for the fewest of the map to SHADES for the most: regions
    that differ a little differ in shade.
    """

    code: str
    name: str
    letter: str
    count: int
    listings: int
    by_form: tuple[int, ...]
    shade: int


@dataclass(frozen=True, slots=True)
class Shade:
    """What a shade of the map stands for: `fewest` to `most` partners."""

    shade: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class PartnerMap:
    """The tiles by name, the ownership forms by count, how many partners and listings there are in all, and what the
    shades that occur stand for, the lightest first; where all regions have as many there is one.
    """

    tiles: tuple[Tile, ...]
    forms: tuple[Form, ...]
    count: int
    listings: int
    legend: tuple[Shade, ...]


def map_of(query: ListingQuery, answer: ListingResult, engine: Engine) -> PartnerMap:
    """The map of a question that `answer` answered. Raises EngineUnavailable."""
    regions = [one for one in facet_of(answer, "region").values if letter_of(one.value)]
    partners = engine.count_partners(query, [one.value for one in regions])
    chosen = query.filters.get("ownership", ())
    forms = [
        Form(one.value, said(one.label), partners.anywhere.by_ownership.get(one.value, 0), one.count)
        for one in facet_of(answer, "ownership").values
        if one.count and (not chosen or one.value in chosen)
    ]
    forms.sort(key=lambda form: (-form.count, form.label))
    held = [one.all for one in partners.by_region.values() if one.all]
    tiles = []
    for one in sorted(regions, key=lambda one: one.label):
        there = partners.by_region[one.value]
        by_form = tuple(there.by_ownership.get(form.slug, 0) for form in forms)
        shade, letter = _shade(there.all, held), letter_of(one.value)
        tiles.append(Tile(one.value, one.label, letter, there.all, one.count, by_form, shade))
    return PartnerMap(tuple(tiles), tuple(forms), partners.anywhere.all, answer.count, _legend(held))


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

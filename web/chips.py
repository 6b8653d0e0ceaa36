"""What narrows a search, each with the address without it: above its results and above the map of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from search.query import Facet, ListingQuery
from web.address import Address
from web.formats import money
from web.saying import said, value_said


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice that narrows the search and the address without it."""

    id: str
    label: str
    without: str


def facet_chips(facets: Iterable[Facet], address: Address) -> list[Chip]:
    """The values of the facets that are chosen, each with the address without it and whatever needs it."""
    chips = []
    for facet in facets:
        # A grade means something within one framework alone.
        others = _without_grade(address) if facet.name == "framework" else address
        chips += [
            Chip(
                f"chip-{facet.name}-{number}",
                f"{said(facet.label)}: {value_said(facet, value)}",
                str(others.less(facet.name, value.value)),
            )
            for number, value in enumerate(facet.values, 1)
            if value.selected
        ]
    return chips


def rate_chips(query: ListingQuery, address: Address) -> list[Chip]:
    """The grade and the limits of its rate that are asked for, each with the address without it."""
    chips = []
    if query.grade:
        chips.append(
            Chip(
                "chip-grade",
                f"{_('Grade')}: {address.first('grade') or query.grade}",
                str(_without_grade(address)),
            )
        )
    if query.min_rate is not None:
        chips.append(
            Chip(
                "chip-min",
                _("From %(amount)s") % {"amount": money(query.min_rate)},
                str(address.without("min_rate")),
            )
        )
    if query.max_rate is not None:
        chips.append(
            Chip(
                "chip-max",
                _("Up to %(amount)s") % {"amount": money(query.max_rate)},
                str(address.without("max_rate")),
            )
        )
    return chips


def _without_grade(address: Address) -> Address:
    """Without the grade and what is asked of its rate."""
    asked = address.without("grade", "min_rate", "max_rate")
    return asked.without("sort") if asked.first("sort") == "rate" else asked

"""Choosing what to compare while searching: the choice stands in the address (`compare`), as everything does.

Used by the search page, whose results add or remove themselves, and by the page that compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from search.compare_params import FEWEST, MOST
from web.address import Address

COMPARE: Final = "compare"
MOST_CHOICES: Final = 300
"""More than so many are not offered in one list of a form: some twenty kilobytes. They are named by reference."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The listings chosen so far; `ready` is the address that compares them, "" while they are too few or many."""

    chosen: tuple[str, ...]
    ready: str
    cleared: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A listing's link: the same search with it chosen or no longer; "" where no more can be."""

    chosen: bool
    address: str


def compared(address: Address) -> Compared:
    """What the search at this address has chosen."""
    chosen = address.values(COMPARE)
    ready = side_by_side(chosen) if FEWEST <= len(chosen) <= MOST else ""
    return Compared(chosen, ready, str(address.without(COMPARE)))


def toggled(address: Address, reference: str) -> Choice:
    """The link of one result of this search."""
    chosen = address.values(COMPARE)
    if reference in chosen:
        return Choice(True, str(address.less(COMPARE, reference)))
    return Choice(False, str(address.plus(COMPARE, reference)) if len(chosen) < MOST else "")


def side_by_side(listings: tuple[str, ...]) -> str:
    """The address of the page that compares these."""
    return str(Address(reverse("web:compare"), tuple(("listing", one) for one in listings)))


def searching(listings: tuple[str, ...]) -> str:
    """The address of a search that has chosen these."""
    return str(Address(reverse("web:search"), tuple((COMPARE, one) for one in listings)))

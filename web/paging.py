"""Which pages a pagination shows: the first, the last, those around the current one, as the GOV.UK Design
System has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

from web.address import Address
from web.changing import LEADING

LISTED = 20
"""Rows on a page of a list."""

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Item:
    """A link to a page; `number` 0 stands for the gap between two."""

    number: int
    address: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Pages:
    """`items` is empty where everything fits on one page. `beyond` says that results lie past the last
    page (`final`).
    """

    current: int
    last: int
    first_hit: int
    last_hit: int
    beyond: bool
    final: str
    previous: str
    next: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """The rows of one page of a list, its number and the way to the others."""

    rows: list[Row]
    number: int
    pages: Pages


def listed(request: HttpRequest, rows: QuerySet[Row]) -> Listed[Row]:
    """The page of ordered rows that the address asks for (two queries)."""
    count, number = rows.count(), page_of(request.GET)
    first = (number - 1) * LISTED
    address = Address.of(request.path, request.GET).without("page", *LEADING)
    return Listed(list(rows[first : first + LISTED]), number, pages(address, count, number, LISTED, count))


def pages(address: Address, count: int, page: int, size: int, deepest: int) -> Pages:
    """The pages of `count` hits, `size` to a page, none past hit `deepest`."""
    reachable = min(count, deepest)
    last = max(1, -(-reachable // size))
    at = [_item(address, number, page) for number in _shown(page, last)] if last > 1 else []
    return Pages(
        current=page,
        last=last,
        first_hit=min((page - 1) * size + 1, count),
        last_hit=min(page * size, count),
        beyond=count > deepest,
        final=_to(address, last),
        previous=_to(address, page - 1) if 1 < page <= last else "",
        next=_to(address, page + 1) if page < last else "",
        items=tuple(at),
    )


def _shown(page: int, last: int) -> list[int]:
    numbers = sorted({number for number in (1, page - 1, page, page + 1, last) if 1 <= number <= last})
    shown: list[int] = []
    for number in numbers:
        gap = number - shown[-1] if shown else 1
        if gap == 2:
            shown.append(number - 1)
        elif gap > 2:
            shown.append(0)
        shown.append(number)
    return shown


def _item(address: Address, number: int, page: int) -> Item:
    return Item(number, _to(address, number), number == page) if number else Item(0)


def _to(address: Address, number: int) -> str:
    return str(address.put({"page": str(number) if number > 1 else ""}))


def page_of(sent: QueryDict) -> int:
    """The page of a list that is asked for; the first where that is no number."""
    page = sent.get("page", "")
    return max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1

"""What the search addresses do alike: count apart, carry no validator, and link page to page."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request

from api.views import ApiView
from search.query import DEEPEST_HIT


class SearchView(ApiView):
    """An address that the engine answers. Nothing here reads the database for somebody who is not signed in."""

    kind: ClassVar[str] = "search"
    tagged: ClassVar[bool] = False


def pages(
    request: Request, page: int, size: int, count: int, after: str | None, by_cursor: bool
) -> dict[str, str | None]:
    """`next` and `previous`: by page number while it reaches, beyond that by cursor.

    A page that was reached by cursor has no previous: cursors only go forward.
    """
    if by_cursor or (page * size < count and (page + 1) * size > DEEPEST_HIT):
        before = None if by_cursor else _back(request, page)
        return {"next": _linked(request, after=after) if after else None, "previous": before}
    follows = _linked(request, page=str(page + 1)) if page * size < count else None
    return {"next": follows, "previous": _back(request, page)}


def _back(request: Request, page: int) -> str | None:
    return _linked(request, page=str(page - 1)) if page > 1 else None


def _linked(request: Request, **place: str) -> str:
    """This request's own address at another place."""
    query = request.GET.copy()
    for name in ("page", "after"):
        query.pop(name, None)
    for name, value in place.items():
        query[name] = value
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")

"""What the search addresses do alike: count apart, carry no validator, link page to page, and count what they show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from urllib.parse import urlencode

from django.http import HttpResponse
from rest_framework.request import Request

from api.auth import actor_of
from api.views import ApiView
from procurement.models import Capability
from search.finds import Kind, finds
from search.query import DEEPEST_HIT


class SearchView(ApiView):
    """An address that the engine answers. Nothing here reads the database for somebody who is not
    signed in.
    """

    kind: ClassVar[str] = "search"
    tagged: ClassVar[bool] = False


def ready(body: bytes) -> HttpResponse:
    """An answer that is JSON already: no renderer, no negotiation. It is not kept, for it tells how
    fresh it is.
    """
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})


def pages(
    request: Request, page: int, size: int, count: int, after: str | None, by_cursor: bool, seed: int
) -> dict[str, str | None]:
    """`next` and `previous`: by page number while it reaches, beyond that by cursor; both keep the seed.

    A page that was reached by cursor has no previous: cursors only go forward.
    """
    own = f"{request.scheme}://{request.get_host()}{request.path}"
    kept = {"seed": str(seed)}
    if by_cursor or (page * size < count and (page + 1) * size > DEEPEST_HIT):
        follows = _linked(request, own, kept | {"after": after}) if after else None
    else:
        follows = _linked(request, own, kept | {"page": str(page + 1)}) if page * size < count else None
    goes_back = page > 1 and not by_cursor
    return {
        "next": follows,
        "previous": _linked(request, own, kept | {"page": str(page - 1)}) if goes_back else None,
    }


def count_shown(request: Request, listings: Iterable[str], kind: Kind) -> None:
    """Counts these listings (references) as shown, unless a partner firm asks; no query, no write."""
    supplies = any(Capability.Kind.PARTNER in kinds for kinds in actor_of(request).capabilities.values())
    if finds.counting and request.method != "HEAD" and not supplies:
        finds.shown(listings, kind, request.META.get("HTTP_USER_AGENT", ""))


def _linked(request: Request, own: str, place: dict[str, str]) -> str:
    """This request's own address at another place."""
    asked = {name: values for name, values in request.GET.lists() if name not in ("page", "after")}
    return f"{own}?{urlencode(asked | {name: [value] for name, value in place.items()}, doseq=True)}"

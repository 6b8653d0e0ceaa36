"""What every page that changes something does alike: read the revision that the form was made from, and lead the
browser on once the change is made, so that a reload repeats nothing.
"""

from __future__ import annotations

from typing import Final, Literal, get_args
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse, QueryDict

from procurement.revisions import NONE

SEE_OTHER = 303
Leading = Literal["done", "saved", "asked", "said"]
LEADING: Final[tuple[Leading, ...]] = get_args(Leading)
"""The names in an address that a form of ours leads by."""
_LONGEST = 10
_READ_OVER: Final = dict.fromkeys(map(ord, "\t\r\n"))
"""What browsers leave out of an address wherever it stands."""


def sent_revision(sent: QueryDict) -> int:
    """The revision that the form carries; one that is no number is one that nothing has."""
    revision = sent.get("revision", "")
    if revision.isascii() and revision.isdigit() and len(revision) < _LONGEST:
        return int(revision)
    return NONE


def see_other(address: str) -> HttpResponse:
    """303: the browser gets that page, whatever it sent here."""
    return HttpResponse(status=SEE_OTHER, headers={"Location": address})


def led_by(request: HttpRequest, parameter: Leading = "done") -> str:
    """The name in the address of the form that led here; "" where none did.

    A browser says where a request began (Sec-Fetch-Site): whoever follows a link in a message, or one of another site,
    was led by no form of ours, and is not told that anything was done. One that says nothing of it is believed.
    """
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return request.GET.get(parameter, "") if request.method == "GET" and ours else ""


def of_our_page(request: HttpRequest) -> bool:
    """Whether the browser says that a page of ours began the request; no other site can have it say so."""
    return request.headers.get("Sec-Fetch-Site", "") == "same-origin"


def unled(address: str) -> str:
    """The address without what only a form of ours may lead by. Whoever wrote it into a link would otherwise have our
    own sign-in lead there, and the page say that something was done.
    """
    before, mark, fragment = address.translate(_READ_OVER).partition("#")
    path, _, query = before.partition("?")
    pairs = [pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) not in LEADING]
    left = "&".join(pairs)
    return f"{path}?{left}{mark}{fragment}" if left else f"{path}{mark}{fragment}"

"""What the pages from which a listing is put on a shortlist share: the link that leads there, the way back, and what is
said then.
"""

from __future__ import annotations

import re
from typing import Final

from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from web.address import Address

ADDED: Final = "added"
"""In the address that one is led back to: the shortlist that the listing is on now."""
PLACES: Final = ("search", "listing")
"""Routes that lead to a shortlist, and back from it."""
LONGEST: Final = 4000
_SHORTLIST: Final = re.compile(r"SL-\d{4}-\d{4,6}", re.ASCII)


def adding_at(listing: str, back: Address) -> str:
    """The address at which a listing that is read at `back` is put on a shortlist."""
    return str(Address(reverse("web:add-to-shortlist"), (("listing", listing), ("back", str(back)))))


def way_back(address: str, listing: str) -> str:
    """Where a reader came from, if that is a page of ours that leads here; else the listing's own page."""
    own = reverse("web:listing", args=[listing])
    if len(address) > LONGEST or not address.startswith("/"):
        return own
    if not url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return own
    try:
        found = resolve(address.partition("?")[0])
    except Resolver404:
        return own
    return address if found.namespace == "web" and found.url_name in PLACES and "#" not in address else own


def added_to(address: Address) -> str:
    """The shortlist that a listing was put on just now, "" where none was."""
    named = address.first(ADDED)
    return named if _SHORTLIST.fullmatch(named) else ""

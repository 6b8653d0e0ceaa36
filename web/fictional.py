"""Which firms of a page are made up: what the pages mark wherever they list some.

A firm is made up as its organisation's identifier says; which suppliers are is procurement/fictional.py's to say. One
query, however many a page lists.
"""

from __future__ import annotations

from collections.abc import Iterable

from procurement.identifiers import FICTIONAL
from procurement.listing_facts import named
from procurement.models import Partner


def fictional_listings(listings: Iterable[str]) -> frozenset[str]:
    """Those of the listings, by reference, whose firm is made up. Answers that are kept do not say it."""
    firms = {one: found.partner for one in listings if (found := named(one)) is not None}
    if not firms:
        return frozenset()
    rows = Partner.objects.filter(reference__in=set(firms.values()), organisation__scheme=FICTIONAL)
    made_up = set(rows.values_list("reference", flat=True))
    return frozenset(one for one, firm in firms.items() if firm in made_up)

"""Which firms and suppliers of a page are made up: what the pages mark wherever they list some.

A firm is made up as its organisation's identifier says, a supplier as the firm that leads it. One query each, however
many a page lists.
"""

from __future__ import annotations

from collections.abc import Iterable

from procurement.identifiers import FICTIONAL
from procurement.listing_facts import named
from procurement.models import Partner, SupplierMember


def fictional_listings(listings: Iterable[str]) -> frozenset[str]:
    """Those of the listings, by reference, whose firm is made up. Answers that are kept do not say it."""
    firms = {one: found.partner for one in listings if (found := named(one)) is not None}
    if not firms:
        return frozenset()
    rows = Partner.objects.filter(reference__in=set(firms.values()), organisation__scheme=FICTIONAL)
    made_up = set(rows.values_list("reference", flat=True))
    return frozenset(one for one, firm in firms.items() if firm in made_up)


def fictional_suppliers(suppliers: Iterable[int]) -> frozenset[int]:
    """Those of the suppliers (primary keys) that a made-up firm leads."""
    led = SupplierMember.objects.filter(
        supplier__in=set(suppliers),
        role=SupplierMember.Role.LEAD,
        left_on=None,
        partner__organisation__scheme=FICTIONAL,
    )
    return frozenset(led.values_list("supplier", flat=True))

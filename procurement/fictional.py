"""Which suppliers are made up: those that a made-up firm leads, as its organisation's identifier says.

The one reading for API and pages: beside the rows where they are read from the database, else in one query for all that
an answer or a page names.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from procurement.identifiers import FICTIONAL
from procurement.models import SupplierMember


def led_by_fictional(supplier: str) -> Exists:
    """Whether a made-up firm leads the row's supplier (a path to it): an annotation, so that no row asks by itself."""
    return Exists(_made_up().filter(supplier=OuterRef(supplier)))


def fictional_suppliers(suppliers: Iterable[int]) -> frozenset[int]:
    """Those of the suppliers (primary keys) that a made-up firm leads; one query, none where there are no suppliers."""
    asked = set(suppliers)
    if not asked:
        return frozenset()
    return frozenset(_made_up().filter(supplier__in=asked).values_list("supplier", flat=True))


def fictional_on(lot: int) -> frozenset[int]:
    """Those of the suppliers with a place on the lot (primary key) that a made-up firm leads: one query that names the
    lot, where an answer may name all of its thousands of suppliers.
    """
    return frozenset(_made_up().filter(supplier__appointments__lot=lot).values_list("supplier", flat=True))


def _made_up() -> QuerySet[SupplierMember]:
    """Leads that are made up."""
    return SupplierMember.objects.filter(
        role=SupplierMember.Role.LEAD, left_on=None, partner__organisation__scheme=FICTIONAL
    )

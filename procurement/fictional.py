"""Which suppliers are made up: those that a made-up firm leads, as its organisation's identifier says."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from procurement.identifiers import FICTIONAL
from procurement.models import SupplierMember


def led_by_fictional(supplier: str) -> Exists:
    """Whether a made-up firm leads the row's supplier (a path to it): an annotation, so that no row asks by itself."""
    return Exists(
        SupplierMember.objects.filter(
            supplier=OuterRef(supplier),
            role=SupplierMember.Role.LEAD,
            left_on=None,
            partner__organisation__scheme=FICTIONAL,
        )
    )

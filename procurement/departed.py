"""Firms that a purchase names and that have left their supplier since: who they are, and that no new invitation names
them.

Membership is the fact (SupplierMember.left_on); nothing is copied, so that whoever joins again is named again.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from procurement.models import CallOff, CallOffSupplier, Partner, SupplierMember, Tender


def unname(call_off: CallOff) -> None:
    """Takes whoever has left out of the partners that the call-off wants of its suppliers; one statement."""
    wanted = CallOffSupplier.partners.through.objects.filter(calloffsupplier__call_off=call_off)
    staying = _staying("calloffsupplier__appointment__supplier")
    keys = list(wanted.exclude(Exists(staying)).values_list("pk", flat=True))
    if keys:
        wanted.filter(pk__in=keys).delete()


def left_of(tender: Tender) -> list[str]:
    """Firms of a tender, wanted or let write, that belong to its supplier no longer, by reference (two queries)."""
    asked = tender.invitation.asked
    named = {one.pk for one in (*asked.partners.all(), *tender.drafters.all())}
    return _left(named, asked.appointment.supplier_id)


def _left(named: Collection[int], supplier: int) -> list[str]:
    if not named:
        return []
    staying = SupplierMember.objects.filter(supplier=supplier, partner__in=named, left_on=None)
    gone = Partner.objects.filter(pk__in=named).exclude(pk__in=staying.values("partner"))
    return list(gone.order_by("reference").values_list("reference", flat=True))


def _staying(supplier: str) -> QuerySet[SupplierMember]:
    return SupplierMember.objects.filter(
        supplier=OuterRef(supplier), partner=OuterRef("partner"), left_on=None
    )

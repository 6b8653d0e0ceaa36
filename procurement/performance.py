"""How a firm fares: how often buyers took it up, asked it and bought from it.

Counts alone: no buyer and no shortlist is named. A shortlist is its buyer's own, so a firm reads how many it stood on,
and nothing else of them. Money is in minor units, VAT excluded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Q, Sum
from django.utils import timezone

from procurement.models import (
    Contract,
    Invitation,
    Offer,
    Partner,
    ShortlistEntry,
    SupplierMember,
    Tender,
)
from procurement.models.tenders import STANDING

PERIOD: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Performance:
    """Counts of the last year: the firm's own (shortlisted, kept in), and those of the suppliers that it belongs to."""

    since: date
    shortlisted: int
    kept_in: int
    invited: int
    tendered: int
    offered: int
    accepted: int
    contracts: int
    minor: int


def suppliers_of(partner: Partner) -> list[SupplierMember]:
    """The firm's current places in suppliers (one query)."""
    return list(
        SupplierMember.objects.filter(partner=partner, left_on=None)
        .select_related("supplier")
        .order_by("supplier__name")
    )


def performance(partner: Partner, suppliers: Iterable[int], today: date) -> Performance:
    """The last year until today (five queries); `suppliers` are primary keys of those that it belongs to."""
    since, keys = today - PERIOD, list(suppliers)
    moment = datetime.combine(since, time.min, timezone.get_current_timezone())
    # A listing's reference ends in its partner's (procurement/references.py).
    entries = ShortlistEntry.objects.filter(listing__endswith=f"~{partner.reference}", added_at__gte=moment)
    stood = entries.aggregate(
        # A firm with several listings may stand on one shortlist several times.
        all=Count("shortlist", distinct=True),
        kept=Count("shortlist", distinct=True, filter=Q(decision=ShortlistEntry.Decision.IN)),
    )
    own = {"asked__appointment__supplier__in": keys}
    offers = Offer.objects.filter(**own, sent_at__gte=moment).aggregate(
        # Whatever became of it afterwards: not signed in the end, or taken back by the buyer.
        all=Count("pk"),
        accepted=Count("pk", filter=Q(answered_at__isnull=False) & ~Q(status=Offer.Status.DECLINED)),
    )
    signed = Contract.objects.filter(
        appointment__supplier__in=keys,
        supplier_signed_at__isnull=False,
        buyer_signed_at__isnull=False,
    )
    # Signed is what both have signed, on the day of the second signature.
    lately = Q(supplier_signed_at__gte=moment) | Q(buyer_signed_at__gte=moment)
    bought = signed.filter(lately).aggregate(all=Count("pk"), minor=Sum("value_minor"))
    return Performance(
        since=since,
        shortlisted=stood["all"],
        kept_in=stood["kept"],
        invited=Invitation.objects.filter(**own, invited_at__gte=moment).count(),
        tendered=Tender.objects.filter(
            invitation__asked__appointment__supplier__in=keys,
            invited_at__gte=moment,
            status__in=STANDING,
        ).count(),
        offered=offers["all"],
        accepted=offers["accepted"],
        contracts=bought["all"],
        minor=bought["minor"] or 0,
    )

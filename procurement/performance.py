"""How a firm fares: how often buyers took it up, asked it and bought from it.

Counts alone: no buyer and no shortlist is named. A shortlist is its buyer's own, so a firm reads how many it stood on,
and nothing else of them. Of what its suppliers were asked and sold it reads what it sees itself: as their lead, or as a
partner that is wanted, or that the lead lets write; a tender is its tenderer's alone.

Money is in minor units, VAT excluded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from procurement.permissions import Actor
from procurement.querysets_call_offs import ContractQuerySet, OfferQuerySet
from procurement.querysets_competitions import InvitationQuerySet, TenderQuerySet

PERIOD: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Performance:
    """Counts of the last year: the firm's own (shortlisted, kept in), and what it sees of its suppliers'."""

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


def performance(partner: Partner, actor: Actor, today: date) -> Performance:
    """The last year until today (five queries), as the actor sees it who acts for the firm."""
    since = today - PERIOD
    own = partner.organisation_id
    # What they see for other firms of theirs is none of this one's.
    actor = replace(actor, roles={key: role for key, role in actor.roles.items() if key == own})
    moment = datetime.combine(since, time.min, timezone.get_current_timezone())
    # A listing's reference ends in its partner's (procurement/references.py).
    entries = ShortlistEntry.objects.filter(listing__endswith=f"~{partner.reference}", added_at__gte=moment)
    stood = entries.aggregate(
        # A firm with several listings may stand on one shortlist several times.
        all=Count("shortlist", distinct=True),
        kept=Count("shortlist", distinct=True, filter=Q(decision=ShortlistEntry.Decision.IN)),
    )
    offers = OfferQuerySet(Offer).asked_of(actor).filter(sent_at__gte=moment)
    answered = offers.aggregate(
        # Whatever became of it afterwards: not signed in the end, or taken back by the buyer.
        all=Count("pk"),
        accepted=Count("pk", filter=Q(answered_at__isnull=False) & ~Q(status=Offer.Status.DECLINED)),
    )
    contracts = ContractQuerySet(Contract).of_supplier(actor)
    signed = contracts.filter(supplier_signed_at__isnull=False, buyer_signed_at__isnull=False)
    # Signed is what both have signed, on the day of the second signature.
    lately = Q(supplier_signed_at__gte=moment) | Q(buyer_signed_at__gte=moment)
    bought = signed.filter(lately).aggregate(all=Count("pk"), minor=Sum("value_minor"))
    return Performance(
        since=since,
        shortlisted=stood["all"],
        kept_in=stood["kept"],
        invited=InvitationQuerySet(Invitation).of_supplier(actor).filter(invited_at__gte=moment).count(),
        tendered=TenderQuerySet(Tender)
        .of_supplier(actor)
        .filter(invited_at__gte=moment, status__in=STANDING)
        .count(),
        offered=answered["all"],
        accepted=answered["accepted"],
        contracts=bought["all"],
        minor=bought["minor"] or 0,
    )

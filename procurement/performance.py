"""How a firm fares: how often buyers took it up, asked it and bought from it, and where its rates stand among all.

Counts alone: no buyer, no shortlist and no other firm's price is named. A shortlist is its buyer's own, so a firm reads
how many it stood on, and nothing else of them. Money is in minor units, VAT excluded.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from redis import RedisError

from procurement.models import (
    Contract,
    Invitation,
    Offer,
    Partner,
    RateCard,
    RateCardVersion,
    RateLine,
    ShortlistEntry,
    SupplierMember,
    Tender,
)

PERIOD: Final = timedelta(days=365)
LEFT: Final = (Tender.Status.WITHDRAWN, Tender.Status.DECLINED)
"""Of tenders that were submitted, and left again before the deadline: nobody reads them."""
HELD: Final = 24 * 60 * 60
"""Seconds for which a count of the prices of a whole framework is kept at hand."""


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


@dataclass(frozen=True, slots=True)
class RatePlace:
    """A grade on a lot ("" where the card says no lot): the own lowest price in minor units, and how many of all cards
    with that grade are cheaper (None on an illustrative card, which is in no comparison).
    """

    lot: str
    grade: str
    name: str
    minor: int
    cheaper: int | None
    cards: int


@dataclass(frozen=True, slots=True)
class CardPlace:
    """A card with the place of each of its lines that has a grade."""

    card: RateCard
    version: RateCardVersion
    lines: tuple[RatePlace, ...]


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
            current__isnull=False,
        )
        .exclude(status__in=LEFT)
        .count(),
        offered=offers["all"],
        accepted=offers["accepted"],
        contracts=bought["all"],
        minor=bought["minor"] or 0,
    )


def card_places(supplier: int) -> list[CardPlace]:
    """The published cards of a supplier (a primary key), and where each grade's lowest price stands among the cards
    under the same framework with the same unit and currency (a query, and two for each card).
    """
    versions = (
        RateCardVersion.objects.filter(card__supplier=supplier, status=RateCardVersion.Status.PUBLISHED)
        .select_related("card__framework")
        .order_by("card__framework__number", "card__reference")
    )
    return [CardPlace(version.card, version, tuple(_places(version))) for version in versions]


def _places(version: RateCardVersion) -> Iterable[RatePlace]:
    own: dict[tuple[str, int], tuple[str, str, int, int]] = {}
    lines = RateLine.objects.filter(version=version, grade__isnull=False).select_related("lot", "grade")
    for line in lines:
        assert line.grade is not None
        lot = line.lot.number if line.lot else ""
        key = lot, line.grade_id or 0
        held = own.get(key)
        if held is None or line.price_minor < held[3]:
            own[key] = line.grade.code, line.grade.name, line.grade.rank, line.price_minor
    compared = version.basis != RateCard.Basis.ILLUSTRATIVE
    places = _among_cards(version, {key: held[3] for key, held in own.items()}) if compared and own else {}
    for key, (code, name, _, price) in sorted(own.items(), key=lambda one: (one[0][0], one[1][2])):
        cheaper, cards = places.get(key, (0, 0))
        yield RatePlace(key[0], code, name, price, cheaper if compared else None, cards)


def _among_cards(
    version: RateCardVersion, own: dict[tuple[str, int], int]
) -> dict[tuple[str, int], tuple[int, int]]:
    """By lot and grade how many cards have a lower price than the own lowest, and how many have a price at all (two
    queries, one where nothing was published since it was last counted).

    With thousands of cards there are tens of thousands of prices to go through. What is published never changes, so an
    answer holds until another version is published or one is so no longer: the key of the cache says which those are.
    """
    card = version.card
    published = RateCardVersion.objects.filter(
        status=RateCardVersion.Status.PUBLISHED,
        card__framework=card.framework_id,
        card__unit=card.unit,
        card__currency=card.currency,
        basis=version.basis,
    )
    state = published.aggregate(newest=Max("pk"), made=Max("created_at"), number=Count("pk"))
    moment = f"{state['made']:%Y%m%d%H%M%S%f}" if state["made"] else ""
    key = f"rate-places:{version.pk}:{state['newest']}:{moment}:{state['number']}"
    counted: dict[tuple[str, int], tuple[int, int]] | None = None
    # Where the cache is away, prices are counted each time.
    with suppress(RedisError):
        counted = cache.get(key)
    if counted is None:
        lowest: dict[tuple[str, int], dict[int, int]] = {}
        rows = RateLine.objects.filter(version__in=published, grade__in={grade for _, grade in own})
        for number, grade, other, price in rows.values_list("lot__number", "grade", "version", "price_minor"):
            prices = lowest.setdefault((number or "", grade or 0), {})
            prices[other] = min(price, prices.get(other, price))
        counted = {}
        for at, price in own.items():
            prices = lowest.get(at, {})
            counted[at] = sum(one < price for one in prices.values()), len(prices)
        with suppress(RedisError):
            cache.set(key, counted, HELD)
    return counted

"""What was bought: contracts and call-offs counted and added up by framework, route, supplier and month, direct awards
by their grounds, the kind of body and the buyer too, for those who answer for frameworks.

Money is in minor units of one currency, VAT excluded: a contract's value without what its options may add. Only
contracts that both sides have signed count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Greatest, TruncMonth
from django.utils import timezone

from procurement.fictional import led_by_fictional
from procurement.identifiers import FICTIONAL
from procurement.models import CallOff, Contract
from procurement.terms import MECHANISMS
from procurement.vocabulary import BUYER_CLASSES

MONTHS: Final = 12
"""So many months are shown, the current one the last."""
MOST: Final = 20
"""So many suppliers are shown, and so many buyers."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Signed contracts of one kind: how many, and their value in minor units, VAT excluded. `key` is a month (YYYY-MM)
    or a supplier's reference; `fictional`: whether a made-up firm leads the supplier.
    """

    label: str
    contracts: int
    minor: int
    key: str
    fictional: bool = False


@dataclass(frozen=True, slots=True)
class RouteUse:
    """Call-offs under a framework by one route: all that went out, those under contract, those that ended
    without, and the value of the contracts. `framework` is its number and `route` its label; `reference` and `way` name
    them.
    """

    framework: str
    route: str
    begun: int
    contracted: int
    ended: int
    minor: int
    reference: str
    way: str

    @property
    def going(self) -> int:
        return self.begun - self.contracted - self.ended


@dataclass(frozen=True, slots=True)
class AwardUse:
    """Direct awards of one kind: all that went out, those under contract, and the value of the contracts in
    minor units. `key` is a mechanism of procurement/terms.py or a class of buyers, "" with no label where
    none is recorded.
    """

    label: str
    begun: int
    contracted: int
    minor: int
    key: str


@dataclass(frozen=True, slots=True)
class BuyerUse:
    """How many signed contracts a buyer has, and how many of them came of a direct award. No money: the value of a
    buyer's only contract would be its supplier's price. `key` is its reference; `fictional`: it is made up.
    """

    label: str
    contracts: int
    direct: int
    key: str
    fictional: bool

    @property
    def share(self) -> int:
        """Direct awards in per cent of all its contracts."""
        return round(100 * self.direct / self.contracts)


@dataclass(frozen=True, slots=True)
class Spending:
    """All that is told, of one currency; direct awards by the `grounds` on which they rest and by the kind of `bodies`
    that made them, the most frequent first, and the `buyers` that have signed most of them.
    """

    currency: str
    routes: tuple[RouteUse, ...]
    grounds: tuple[AwardUse, ...]
    bodies: tuple[AwardUse, ...]
    buyers: tuple[BuyerUse, ...]
    other_buyers: int
    months: tuple[Spent, ...]
    suppliers: tuple[Spent, ...]
    other_suppliers: int

    @property
    def minor(self) -> int:
        return sum(one.minor for one in self.routes)


def spending(frameworks: Iterable[int], today: date, currency: str = "GBP") -> Spending:
    """What was bought under the frameworks (primary keys): seven queries."""
    keys = list(frameworks)
    signed = _signed(keys, currency)
    awards = _direct_awards(keys, signed)
    buyers = _buyers(signed)
    months = _months_back(today)
    since = datetime.combine(months[0], time.min, timezone.get_current_timezone())
    by_month = {
        row["month"].date(): row
        for row in signed.annotate(signed_at=Greatest("supplier_signed_at", "buyer_signed_at"))
        .filter(signed_at__gte=since)
        .annotate(month=TruncMonth("signed_at"))
        .values("month")
        .annotate(count=Count("pk"), minor=Sum("value_minor"))
        .order_by()
    }
    suppliers = list(
        signed.values(label=F("appointment__supplier__name"), key=F("appointment__supplier__reference"))
        .annotate(
            count=Count("pk"),
            minor=Sum("value_minor"),
            fictional=led_by_fictional("appointment__supplier"),
        )
        .order_by("-minor", "label", "key")
    )
    return Spending(
        currency=currency,
        routes=tuple(_routes(keys, signed)),
        grounds=_together(((one.ground, one) for one in awards), MECHANISMS),
        bodies=_together(((one.body, one) for one in awards), BUYER_CLASSES),
        buyers=tuple(buyers[:MOST]),
        other_buyers=max(0, len(buyers) - MOST),
        months=tuple(
            Spent(
                f"{month:%B %Y}",
                by_month[month]["count"] if month in by_month else 0,
                by_month[month]["minor"] if month in by_month else 0,
                f"{month:%Y-%m}",
            )
            for month in months
        ),
        suppliers=tuple(
            Spent(one["label"], one["count"], one["minor"], one["key"], one["fictional"])
            for one in suppliers[:MOST]
        ),
        other_suppliers=max(0, len(suppliers) - MOST),
    )


def _signed(keys: list[int], currency: str) -> QuerySet[Contract]:
    """Contracts that both have signed."""
    return Contract.objects.filter(
        call_off__lot__framework__in=keys,
        currency=currency,
        supplier_signed_at__isnull=False,
        buyer_signed_at__isnull=False,
    )


def _routes(keys: list[int], signed: QuerySet[Contract]) -> Iterable[RouteUse]:
    values = {
        (row["framework"], row["route"]): row["minor"]
        for row in signed.values(framework=F("call_off__lot__framework__number"), route=F("call_off__route"))
        .annotate(minor=Sum("value_minor"))
        .order_by()
    }
    status = CallOff.Status
    rows = (
        CallOff.objects.filter(lot__framework__in=keys)
        .filter(went_out_at__isnull=False)
        .values(framework=F("lot__framework__number"), named=F("lot__framework__reference"), way=F("route"))
        .annotate(
            begun=Count("pk"),
            contracted=Count("pk", filter=Q(status=status.CONTRACTED)),
            ended=Count("pk", filter=Q(status__in=[status.CANCELLED, status.UNSUCCESSFUL])),
        )
        .order_by("lot__framework__number", "route")
    )
    for row in rows:
        yield RouteUse(
            row["framework"],
            CallOff.Route(row["way"]).label,
            row["begun"],
            row["contracted"],
            row["ended"],
            values.get((row["framework"], row["way"]), 0),
            row["named"],
            row["way"],
        )


@dataclass(frozen=True, slots=True)
class _Awards:
    """Direct awards on one ground by one class of buyers."""

    ground: str
    body: str
    begun: int
    contracted: int
    minor: int


def _direct_awards(keys: list[int], signed: QuerySet[Contract]) -> list[_Awards]:
    """Direct awards that went out (two queries)."""
    status, route = CallOff.Status, CallOff.Route.DIRECT_AWARD
    values = {
        (row["ground"] or "", row["body"]): row["minor"]
        for row in signed.filter(call_off__route=route)
        .values(
            ground=KeyTextTransform("mechanism", "call_off__terms"),
            body=F("call_off__organisation__buyer_class"),
        )
        .annotate(minor=Sum("value_minor"))
        .order_by()
    }
    rows = (
        CallOff.objects.filter(lot__framework__in=keys, route=route)
        .filter(went_out_at__isnull=False)
        .values(ground=KeyTextTransform("mechanism", "terms"), body=F("organisation__buyer_class"))
        .annotate(begun=Count("pk"), contracted=Count("pk", filter=Q(status=status.CONTRACTED)))
        .order_by()
    )
    return [
        _Awards(
            row["ground"] or "",
            row["body"],
            row["begun"],
            row["contracted"],
            values.get((row["ground"] or "", row["body"]), 0),
        )
        for row in rows
    ]


def _buyers(signed: QuerySet[Contract]) -> list[BuyerUse]:
    """Buyers that have signed a direct award, who has signed most of them first (one query). What is not signed yet is
    its buyer's own affair.
    """
    rows = (
        signed.values(
            label=F("call_off__organisation__name"),
            key=F("call_off__organisation__reference"),
            scheme=F("call_off__organisation__scheme"),
        )
        .annotate(count=Count("pk"), direct=Count("pk", filter=Q(call_off__route=CallOff.Route.DIRECT_AWARD)))
        .filter(direct__gt=0)
        .order_by("-direct", "count", "label", "key")
    )
    return [
        BuyerUse(row["label"], row["count"], row["direct"], row["key"], row["scheme"] == FICTIONAL)
        for row in rows
    ]


def _together(awards: Iterable[tuple[str, _Awards]], labels: Mapping[str, str]) -> tuple[AwardUse, ...]:
    """The awards added up by key, the most frequent first."""
    by_key: dict[str, list[_Awards]] = {}
    for key, one in awards:
        by_key.setdefault(key, []).append(one)
    found = [
        AwardUse(
            labels.get(key, ""),
            sum(one.begun for one in several),
            sum(one.contracted for one in several),
            sum(one.minor for one in several),
            key,
        )
        for key, several in by_key.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.begun, one.label)))


def _months_back(today: date) -> list[date]:
    """The first days of the last MONTHS months, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - MONTHS + 1, last + 1)]

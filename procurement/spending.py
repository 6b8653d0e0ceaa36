"""What was bought: contracts and call-offs counted and added up by framework, route, supplier and month, for those who
answer for frameworks.

Money is in minor units of one currency, VAT excluded: a contract's value without what its options may add. Only
contracts that both sides have signed count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Greatest, TruncMonth
from django.utils import timezone

from procurement.fictional import led_by_fictional
from procurement.models import CallOff, Contract

MONTHS: Final = 12
"""So many months are shown, the current one the last."""
MOST: Final = 20
"""So many suppliers are shown."""


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
    """Call-offs under a framework by one route: all that left their draft, those under contract, those that ended
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
class Spending:
    """All that is told, of one currency."""

    currency: str
    routes: tuple[RouteUse, ...]
    months: tuple[Spent, ...]
    suppliers: tuple[Spent, ...]
    other_suppliers: int

    @property
    def minor(self) -> int:
        return sum(one.minor for one in self.routes)


def spending(frameworks: Iterable[int], today: date, currency: str = "GBP") -> Spending:
    """What was bought under the frameworks (primary keys): four queries."""
    keys = list(frameworks)
    signed = _signed(keys, currency)
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
        .exclude(status__in=[status.DRAFT, status.APPROVED])
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


def _months_back(today: date) -> list[date]:
    """The first days of the last MONTHS months, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - MONTHS + 1, last + 1)]

"""How often a firm was found: by month with its place among all that were found, and by listing of late.

Counts alone (procurement/models/finds.py); of other firms only how many were found more often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Count, F, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from procurement.models import DayFinds, MonthFinds

MONTHS: Final = 12
LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MonthFound:
    """A month, by its first day: answers of searches and of matches that showed the firm, how many firms were shown
    more often (`place` is one more), and how many were shown at all.
    """

    month: date
    searches: int
    matches: int
    place: int
    firms: int


@dataclass(frozen=True, slots=True)
class ListingFound:
    """A listing in the last thirty days."""

    listing: str
    searches: int
    matches: int


def found_by_month(partner: str, today: date) -> list[MonthFound]:
    """The months of the last year in which the firm (a reference) was found, the newest first (one query)."""
    year, month = divmod(today.year * 12 + today.month - MONTHS, 12)
    first = date(year, month + 1, 1)
    same = MonthFinds.objects.filter(month=OuterRef("month")).order_by().values("month")
    more = same.filter(finds__gt=OuterRef("finds")).annotate(number=Count("pk")).values("number")
    rows = MonthFinds.objects.filter(partner=partner, month__gte=first).annotate(
        before=Coalesce(Subquery(more, output_field=IntegerField()), 0),
        firms=Subquery(same.annotate(number=Count("pk")).values("number"), output_field=IntegerField()),
    )
    return [
        MonthFound(*row)
        for row in rows.order_by("-month").values_list(
            "month", "searches", "matches", F("before") + 1, "firms"
        )
    ]


def found_lately(partner: str, today: date) -> list[ListingFound]:
    """The firm's listings that were found in the last thirty days, today among them, the most often found first (one
    query).
    """
    rows = (
        DayFinds.objects.filter(partner=partner, day__gt=today - LATELY, day__lte=today)
        .values("listing")
        .annotate(by_searches=Sum("searches"), by_matches=Sum("matches"))
        .order_by(-(F("by_searches") + F("by_matches")), "listing")
    )
    return [ListingFound(*row) for row in rows.values_list("listing", "by_searches", "by_matches")]

"""Working days of each nation, and the moments at which daily e-mails are due.

Bank holidays are those of the Banking and Financial Dealings Act 1971 and of the proclamations under it, by nation,
with the days proclaimed for one year alone (a jubilee, a coronation, a funeral); the `holidays` library keeps them.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from holidays import country_holidays

LONDON: Final = ZoneInfo("Europe/London")
DIGEST_AT: Final = time(7)
ENGLAND: Final = "england"
NATIONS: Final = {ENGLAND: "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
"""By Organisation.Nation; who states none works by England's days."""
_SATURDAY: Final = 5


@lru_cache(maxsize=64)
def bank_holidays(year: int, nation: str = ENGLAND) -> frozenset[date]:
    """The bank and public holidays of a nation in a year, those at a weekend among them."""
    return frozenset(country_holidays("GB", subdiv=NATIONS.get(nation, "ENG"), years=year))


def is_working_day(day: date, nation: str = ENGLAND) -> bool:
    """Neither a Saturday or Sunday nor a bank holiday of the nation."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(day.year, nation)


def last_digest(now: datetime) -> datetime:
    """The last 07:00 in London on a working day that is not after `now` (which has a time zone)."""
    local = now.astimezone(LONDON)
    day = local.date() if local.time() >= DIGEST_AT else local.date() - timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return datetime.combine(day, DIGEST_AT, tzinfo=LONDON)

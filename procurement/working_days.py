"""Working days in England and Wales, and the moments at which daily e-mails are due.

Bank holidays are those of the Banking and Financial Dealings Act 1971 (section 1 and schedule 1), the common law
(Christmas Day and Good Friday) and the days that have been proclaimed each year since (New Year's Day, the first
Monday in May, and a weekday in place of one that falls on a weekend). A day that is proclaimed once, for a jubilee or
a coronation, is not known here.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")
DIGEST_AT: Final = time(7)
_MONDAY: Final = 0
_SATURDAY: Final = 5


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the rule of the Calendar (New Style) Act 1750."""
    golden = year % 19
    century = year // 100
    leaps = century - century // 4 - (8 * century + 13) // 25
    epact = (leaps + 19 * golden + 15) % 30
    moon = epact - (epact // 28) * (1 - (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    days = moon - weekday
    month = 3 + (days + 40) // 44
    return date(year, month, days + 28 - 31 * (month // 4))


@lru_cache(maxsize=16)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank and public holidays of England and Wales in a year."""
    sunday = easter(year)
    days = {
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        _monday_from(date(year, 5, 1)),
        _monday_from(date(year, 5, 25)),
        _monday_from(date(year, 8, 25)),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        day = fixed
        while day.weekday() >= _SATURDAY or day in days:
            day += timedelta(days=1)
        days.add(day)
    return frozenset(days)


def is_working_day(day: date) -> bool:
    """Neither a Saturday or Sunday nor a bank holiday in England and Wales."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(day.year)


def last_digest(now: datetime) -> datetime:
    """The last 07:00 in London on a working day that is not after `now` (which has a time zone)."""
    local = now.astimezone(LONDON)
    day = local.date() if local.time() >= DIGEST_AT else local.date() - timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return datetime.combine(day, DIGEST_AT, tzinfo=LONDON)


def _monday_from(day: date) -> date:
    """The first Monday on or after a day."""
    return day + timedelta(days=(_MONDAY - day.weekday()) % 7)

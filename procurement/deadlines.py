"""When answers are due: windows in working days, and the half of them at which a reminder goes.

Pure: whatever is past its moment is found by procurement/actions/due.py in the database. Times have a time zone; days
are days in Europe/London, working days those of working_days.py.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from procurement.working_days import ENGLAND, LONDON, is_working_day

REGULATIONS_DAYS: Final = 10
ACT_DAYS: Final = 8
TENDER_DAYS: Final = 2


def after_working_days(sent: datetime, days: int, nation: str = ENGLAND) -> datetime:
    """The end of the window that gives `days` whole working days of a nation: midnight in London after the last.

    The day of sending does not count.
    """
    day = sent.astimezone(LONDON).date()
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day, nation)
    return midnight(day + timedelta(days=1))


def standstill_end(told: datetime, *, act_of_2023: bool, nation: str = ENGLAND) -> datetime:
    """The first moment at which a contract may be awarded after tenderers were told electronically, or by the Act the
    contract award notice was published, by the working days of a nation.

    Public Contracts Regulations 2015, regulation 87: midnight at the end of the tenth day after it, or of the next
    working day where that is none. Procurement Act 2023, section 51: eight working days that begin with the day itself.
    """
    day = told.astimezone(LONDON).date()
    if act_of_2023:
        left = ACT_DAYS - is_working_day(day, nation)
        while left:
            day += timedelta(days=1)
            left -= is_working_day(day, nation)
        return midnight(day + timedelta(days=1))
    day += timedelta(days=REGULATIONS_DAYS)
    while not is_working_day(day, nation):
        day += timedelta(days=1)
    return midnight(day + timedelta(days=1))


def before_working_days(end: datetime, days: int, nation: str = ENGLAND) -> datetime:
    """The same time of the day that lies `days` whole working days of a nation before the one of `end`."""
    local = end.astimezone(LONDON)
    day, left = local.date(), days
    while left:
        day -= timedelta(days=1)
        left -= is_working_day(day, nation)
    return datetime.combine(day, local.time(), tzinfo=LONDON)


def tender_reminder(invited: datetime, deadline: datetime, nation: str = ENGLAND) -> datetime:
    """When who has not submitted a tender, or not said whether they are interested, is reminded: TENDER_DAYS working
    days before the deadline, or half-way to it where that comes later.
    """
    return max(before_working_days(deadline, TENDER_DAYS, nation), half_way(invited, deadline))


def half_way(start: datetime, end: datetime) -> datetime:
    """The middle of a window: the moment of its reminder."""
    return start + (end - start) / 2


def end_of(day: date) -> datetime:
    """The moment at which a day in London ends: the next midnight."""
    return midnight(day + timedelta(days=1))


def midnight(day: date, zone: ZoneInfo = LONDON) -> datetime:
    """The first moment of a day in London."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def months_after(first: date, months: int) -> date:
    """The last day of a term of so many months that begins on `first`: the day before the corresponding one.

    Where a month has no such day, the term ends with the month.
    """
    at = first.year * 12 + first.month - 1 + months
    year, month = divmod(at, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    if first.day > last:
        return date(year, month + 1, last)
    return date(year, month + 1, first.day) - timedelta(days=1)

"""Working days of England and Wales against days that are known, and the moments of daily e-mails."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.working_days import LONDON, bank_holidays, easter, is_working_day, last_digest

KNOWN = {
    2022: "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}


@pytest.mark.parametrize(("year", "days"), KNOWN.items())
def test_bank_holidays_are_those_of_the_rule(year: int, days: str) -> None:
    assert bank_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in days.split()}


@pytest.mark.parametrize(
    "day", ["1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2049-04-18"]
)
def test_easter_stands_where_the_calendar_has_it(day: str) -> None:
    assert easter(int(day[:4])) == date.fromisoformat(day)


@given(year=st.integers(1900, 2199))
def test_a_year_has_eight_holidays_none_at_a_weekend(year: int) -> None:
    assert len(bank_holidays(year)) == 8
    assert all(day.weekday() < 5 for day in bank_holidays(year))
    assert easter(year).weekday() == 6


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-11-25T07:00", "2026-11-25T07:00"),
        ("2026-11-25T06:59", "2026-11-24T07:00"),
        ("2026-11-29T23:00", "2026-11-27T07:00"),
        ("2026-11-30T06:00", "2026-11-27T07:00"),
        ("2026-12-28T12:00", "2026-12-24T07:00"),
        ("2027-03-30T06:59", "2027-03-25T07:00"),
        ("2027-01-01T12:00", "2026-12-31T07:00"),
    ],
)
def test_the_last_digest_was_at_seven_on_a_working_day(now: str, last: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=LONDON)
    assert last_digest(at) == datetime.fromisoformat(last).replace(tzinfo=LONDON)


@given(day=st.dates(date(2020, 1, 1), date(2040, 1, 1)), clock=st.times())
def test_a_digest_is_never_ahead_and_never_long_ago(day: date, clock: time) -> None:
    at = datetime.combine(day, clock, tzinfo=LONDON)
    last = last_digest(at)
    assert timedelta() <= at - last < timedelta(days=6)
    assert is_working_day(last.date())

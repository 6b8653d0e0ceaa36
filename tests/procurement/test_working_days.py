"""Working days of each nation against days that are known, windows and terms, and the moments of daily e-mails."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.deadlines import after_working_days, months_after
from procurement.working_days import LONDON, bank_holidays, is_working_day, last_digest

KNOWN = {
    # 2022: the spring holiday moved to a jubilee that had a day of its own; a funeral.
    (2022, "england"): "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    (2023, "wales"): "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    (2026, "england"): "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    (2026, "northern-ireland"): "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28",
    (2027, "england"): "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    (2027, "scotland"): "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28",
    (2028, ""): "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}


@pytest.mark.parametrize(("of", "days"), KNOWN.items())
def test_bank_holidays_on_weekdays_are_those_that_were_proclaimed(of: tuple[int, str], days: str) -> None:
    year, nation = of
    found = {day for day in bank_holidays(year, nation) if day.weekday() < 5}
    assert found == {date.fromisoformat(f"{year}-{day}") for day in days.split()}


@pytest.mark.parametrize(
    ("sent", "days", "nation", "end"),
    [
        ("2026-11-26T16:59", 2, "england", "2026-12-01T00:00"),
        ("2026-11-26T16:59", 2, "scotland", "2026-12-02T00:00"),
        ("2026-11-28T10:00", 1, "england", "2026-12-01T00:00"),
        ("2026-12-23T10:00", 2, "england", "2026-12-30T00:00"),
        ("2026-03-27T10:00", 2, "england", "2026-04-01T00:00"),
    ],
)
def test_a_window_of_working_days_ends_at_midnight_after_the_last(
    sent: str, days: int, nation: str, end: str
) -> None:
    at = datetime.fromisoformat(sent).replace(tzinfo=LONDON)
    assert after_working_days(at, days, nation) == datetime.fromisoformat(end).replace(tzinfo=LONDON)


@given(
    first=st.dates(date(2000, 1, 1), date(2090, 1, 1)), months=st.integers(1, 120), more=st.integers(1, 24)
)
def test_terms_follow_each_other_without_a_gap_or_an_overlap(first: date, months: int, more: int) -> None:
    end = months_after(first, months)
    assert end > first
    if first.day <= 28:
        assert months_after(end + timedelta(days=1), more) == months_after(first, months + more)


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

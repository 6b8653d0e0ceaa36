"""Counts of what was shown are added up by day and by month, and a firm reads its place among all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from procurement.actions.finds import Shown, add_finds
from procurement.actions.retention import purge
from procurement.finds import ListingFound, MonthFound, found_by_month, found_lately
from procurement.models import DayFinds, Event, MonthFinds

TODAY = date(2026, 11, 26)
ONE, TWO, OTHER = "rm1~alders~alder", "rm2~alders~alder", "rm1~dogwood~dogwood"


def test_counts_are_added_to_those_there_are(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_finds(TODAY, {ONE: Shown(2, 1), OTHER: Shown(5, 0)})
    with django_assert_num_queries(4):
        add_finds(TODAY, {TWO: Shown(1, 0), ONE: Shown(0, 3)})
    rows = DayFinds.objects.order_by("listing").values_list("listing", "partner", "searches", "matches")
    assert list(rows) == [(ONE, "alder", 2, 4), (OTHER, "dogwood", 5, 0), (TWO, "alder", 1, 0)]
    months = MonthFinds.objects.order_by("partner").values_list(
        "month", "partner", "searches", "matches", "finds"
    )
    assert list(months) == [
        (date(2026, 11, 1), "alder", 3, 4, 7),
        (date(2026, 11, 1), "dogwood", 5, 0, 5),
    ]
    assert Event.objects.count() == 0


def test_a_firm_reads_its_place_among_those_that_were_found(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        add_finds(TODAY, {f"rm1~s~p{number}": Shown(number * 10, 0)})
    add_finds(TODAY, {ONE: Shown(10, 5)})
    add_finds(date(2026, 10, 31), {ONE: Shown(1, 0)})
    add_finds(date(2025, 12, 1), {ONE: Shown(0, 1), OTHER: Shown(1, 0)})
    add_finds(date(2025, 11, 30), {ONE: Shown(100, 0)})
    with django_assert_num_queries(1):
        found = found_by_month("alder", TODAY)
    assert found == [
        MonthFound(date(2026, 11, 1), 10, 5, 3, 5),
        MonthFound(date(2026, 10, 1), 1, 0, 1, 1),
        MonthFound(date(2025, 12, 1), 0, 1, 1, 2),
    ]
    assert found_by_month("nobody", TODAY) == []


def test_listings_of_late_are_told_apart(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    add_finds(TODAY, {ONE: Shown(1, 0), TWO: Shown(0, 3), OTHER: Shown(9, 9)})
    add_finds(TODAY - timedelta(days=29), {ONE: Shown(1, 0)})
    add_finds(TODAY - timedelta(days=30), {ONE: Shown(50, 0)})
    with django_assert_num_queries(1):
        found = found_lately("alder", TODAY)
    assert found == [ListingFound(TWO, 0, 3), ListingFound(ONE, 2, 0)]


def test_counts_go_after_their_days(db: None) -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    for days in (399, 401, 1_150):
        add_finds(TODAY - timedelta(days=days), {ONE: Shown(1, 0)})
    gone = purge(now)
    assert (gone["finds_by_day"], gone["finds_by_month"]) == (2, 1)
    assert (DayFinds.objects.count(), MonthFinds.objects.count()) == (1, 1)


@pytest.mark.django_db
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_a_months_sum_is_that_of_its_days(shown: list[tuple[int, int, int]]) -> None:
    DayFinds.objects.all().delete()
    MonthFinds.objects.all().delete()
    for at, searches, matches in shown:
        add_finds(TODAY - timedelta(days=at), {(ONE, TWO, OTHER)[at]: Shown(searches, matches)})
    for partner in ("alder", "dogwood"):
        days = DayFinds.objects.filter(partner=partner)
        wanted = sum(day.searches + day.matches for day in days)
        assert sum(month.finds for month in MonthFinds.objects.filter(partner=partner)) == wanted

"""Prices as pure functions: reading them exactly, and statistics from their definitions."""

from __future__ import annotations

import math
import statistics as plain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.pricing import (
    NotAPrice,
    histogram,
    implausible,
    money,
    nearest_rank,
    place,
    read_money,
    statistics,
)

prices = st.lists(st.integers(1, 2_000_000), min_size=1, max_size=60).map(sorted)


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("650", 65_000), ("650.50", 65_050), ("650.5", 65_050), ("£650", 65_000), ("£1,250.00", 125_000),
        ("1,250", 125_000), (" 98.24 ", 9_824), ("GBP 98.24", 9_824), ("98.24 GBP", 9_824), ("0.01", 1),
        ("98.240", 9_824), ("1,000,000.00", 100_000_000),
    ],
)  # fmt: skip
def test_a_price_is_read_to_the_penny(cell: str, minor: int) -> None:
    assert read_money(cell) == minor


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("", "blank"), ("   ", "blank"), ("0", "zero"), ("0.00", "zero"), ("-650", "negative"),
        ("(650)", "negative"), ("$650", "not in GBP"), ("€650", "not in GBP"), ("tbc", "not a price"),
        ("6 50", "not a price"), ("1,25", "not a price"), ("12,50.00", "not a price"), ("1e3", "not a price"),
        ("650.505", "two decimals"), ("nan", "not a price"), ("٦٥٠", "not a price"), ("=650", "not a price"),
        ("99999999999", "^is beyond any rate; the most is 1000000.00"), ("1000000.01", "beyond"),
        ("9" * 5000, "^is beyond any rate"),
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused_and_never_zero(cell: str, why: str) -> None:
    with pytest.raises(NotAPrice, match=why):
        read_money(cell)


def test_another_currency_has_its_own_sign() -> None:
    assert read_money("$98.24", "USD") == 9_824
    with pytest.raises(NotAPrice, match="not in USD"):
        read_money("£98.24", "USD")


def test_six_pounds_a_day_does_not_go_unnoticed() -> None:
    assert implausible(600, "GBP", "day") == "6.00 GBP a day is below 80"
    assert implausible(65_000_00, "GBP", "day") == "65000.00 GBP a day is above 6000"
    assert implausible(650_00, "GBP", "day") is None


def test_the_mean_of_prices_whose_sum_no_column_holds_lies_among_them() -> None:
    figures = statistics(np.array([2**62, 2**62, 2**62 + 3]), 2)

    assert figures is not None
    assert (figures.mean, figures.maximum) == (float(2**62), 2**62 + 3)


@given(prices, st.integers(1, 50))
def test_a_histogram_counts_every_price_once_between_equal_edges(sorted_prices: list[int], bins: int) -> None:
    parts = histogram(np.array(sorted_prices), bins)

    assert sum(part.count for part in parts) == len(sorted_prices)
    assert (parts[0].lower, parts[-1].upper) == (sorted_prices[0], sorted_prices[-1])
    for part in parts[:-1]:
        assert part.count == sum(part.lower <= price < part.upper for price in sorted_prices)
    last = parts[-1]
    assert last.count == sum(last.lower <= price <= last.upper for price in sorted_prices)
    if sorted_prices[0] < sorted_prices[-1]:
        width = (sorted_prices[-1] - sorted_prices[0]) / bins
        assert len(parts) == bins
        assert all(abs(part.upper - part.lower - width) <= 1 for part in parts)


@given(prices)
def test_statistics_are_those_of_the_definitions(sorted_prices: list[int]) -> None:
    figures = statistics(np.array(sorted_prices), 12)

    assert figures is not None
    assert figures.mean == pytest.approx(plain.fmean(sorted_prices), rel=1e-12)
    assert figures.standard_deviation == pytest.approx(plain.pstdev(sorted_prices), rel=1e-6, abs=1e-6)
    for percentile, price in figures.percentiles.items():
        assert price == sorted_prices[math.ceil(percentile / 100 * len(sorted_prices)) - 1]


def test_nothing_has_no_statistics() -> None:
    assert statistics(np.array([], np.int32), 12) is None


def test_nearest_rank_of_few() -> None:
    three = np.array([10, 20, 30])
    assert [nearest_rank(three, percentile) for percentile in (1, 33, 34, 50, 67, 100)] == [
        10,
        10,
        20,
        20,
        30,
        30,
    ]


def test_a_proposed_price_stands_among_the_others() -> None:
    four = np.array([40_000, 50_000, 50_000, 60_000])
    figures = statistics(four, 2)
    assert figures is not None

    stands = place(four, figures, 50_000)

    assert (stands.below, stands.equal, stands.above, stands.percentile) == (1, 2, 1, 75.0)
    assert stands.deviations == 0.0
    assert place(four, figures, 60_000).deviations == 1.41


def test_only_what_none_is_above_is_at_or_above_all() -> None:
    many = np.arange(10_000, 14_000)
    figures = statistics(many, 2)
    assert figures is not None

    def percentile(proposed: int) -> float:
        return place(many, figures, proposed).percentile

    assert [percentile(price) for price in (13_999, 13_998, 13_000)] == [100.0, 99.9, 75.0]
    assert [percentile(price) for price in (9_999, 10_000, 10_003)] == [0.0, 0.1, 0.1]


def test_equal_prices_give_no_division_by_nothing() -> None:
    same = np.array([65_000, 65_000])
    figures = statistics(same, 12)
    assert figures is not None

    assert (figures.standard_deviation, len(figures.histogram)) == (0.0, 1)
    assert place(same, figures, 70_000).deviations is None


def test_money_is_a_decimal_string() -> None:
    assert [money(65_050), money(5), money(-5), money(100_000_000)] == [
        "650.50",
        "0.05",
        "-0.05",
        "1000000.00",
    ]
    assert money(12_082.54) == "120.83"

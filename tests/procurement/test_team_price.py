"""Pricing a team: the rounding, which rate of a card holds, and what stays true of every price."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.errors import Fault
from procurement.team_lines import TeamLine, team_faults
from procurement.team_price import (
    TeamPrice,
    Yardstick,
    half_even,
    price_team,
    team_totals,
    vat_rate,
    yardstick,
)
from procurement.team_rates import CardLine, LineRate, Unpriced, proposed_rate, rate_of

ON = date(2026, 3, 2)
GRADES = ("G1", "G2", "G3", "G4", "G5", "G6")

rates = st.integers(1, 10**9)
days = st.integers(1, 10_000_000).map(lambda hundredths: Decimal(hundredths) / 100)
teams = st.lists(st.tuples(rates, days), min_size=1, max_size=6)


def priced(rows: list[tuple[int, Decimal]], vat: str | None = None, hours: str | None = None) -> TeamPrice:
    """A team of one line for each (rate in pence, days)."""
    team = [TeamLine(grade, of[1]) for grade, of in zip(GRADES, rows, strict=False)]
    card = {grade: LineRate(grade, "", of[0], of[0]) for grade, of in zip(GRADES, rows, strict=False)}
    unit = "hour" if hours else "day"
    return price_team(team, card, Decimal(vat) if vat else None, Decimal(hours) if hours else None, unit)


@pytest.mark.parametrize(
    ("rate", "worked", "amount"),
    [(65_050, "10", 650_500), (65_050, "2.5", 162_625), (65_025, "0.50", 32_512), (65_075, "0.50", 32_538),
     (1, "0.01", 0), (51, "0.01", 1), (50, "0.01", 0), (150, "0.01", 2)],
)  # fmt: skip
def test_a_line_is_rounded_half_to_even(rate: int, worked: str, amount: int) -> None:
    assert priced([(rate, Decimal(worked))]).total == amount


def test_vat_is_taken_of_the_total_once() -> None:
    # 20 per cent of 3 x 0.03 line by line would be 3 x 0.01; of the total of 0.09 it is 0.02.
    price = priced([(3, Decimal(1)), (3, Decimal(1)), (3, Decimal(1))], "20")
    assert [line.amount for line in price.lines] == [3, 3, 3]
    assert (price.total, price.vat, price.total_with_vat) == (9, 2, 11)
    assert priced([(3, Decimal(1))]).vat == 0
    assert priced([(20, Decimal(1))], "17.5").vat == 4


def test_a_card_by_the_hour_is_priced_with_the_hours_of_a_day() -> None:
    assert priced([(8_500, Decimal("2.5"))], hours="7.25").total == half_even(8_500 * 250 * 725, 10_000)


@given(teams)
def test_the_total_is_the_sum_of_lines_as_decimals_round_them(rows: list[tuple[int, Decimal]]) -> None:
    expected = sum(int((rate * worked).quantize(Decimal(1), ROUND_HALF_EVEN)) for rate, worked in rows)
    assert priced(rows).total == expected


@given(st.lists(days, min_size=1, max_size=6), st.data())
def test_many_suppliers_at_once_come_to_the_same_penny(worked: list[Decimal], data: st.DataObject) -> None:
    card = st.lists(st.integers(1, 10**11), min_size=len(worked), max_size=len(worked))
    cards = data.draw(st.lists(card, min_size=1, max_size=5))
    hundredths = np.array([int(one * 100) for one in worked], dtype=np.int64)
    found = team_totals(np.array(cards, dtype=np.int64), hundredths)
    assert found.tolist() == [priced(list(zip(each, worked, strict=True))).total for each in cards]


@given(st.lists(st.tuples(st.integers(1, 10**6), days), min_size=1, max_size=6), st.integers(1, 2_400))
def test_many_suppliers_at_once_come_to_the_same_penny_by_the_hour(
    rows: list[tuple[int, Decimal]], hours: int
) -> None:
    prices = np.array([[rate for rate, _ in rows]], dtype=np.int64)
    hundredths = np.array([int(worked * 100) for _, worked in rows], dtype=np.int64)
    expected = priced(rows, hours=str(Decimal(hours) / 100)).total
    assert team_totals(prices, hundredths, hours).tolist() == [expected]


@given(teams, st.data())
def test_a_cheaper_card_never_totals_more(rows: list[tuple[int, Decimal]], data: st.DataObject) -> None:
    cheaper = [(data.draw(st.integers(1, rate)), worked) for rate, worked in rows]
    assert priced(cheaper).total <= priced(rows).total
    assert priced(cheaper, "20").total_with_vat <= priced(rows, "20").total_with_vat


@given(teams, st.randoms(use_true_random=False))
def test_the_order_of_a_team_changes_no_total(rows: list[tuple[int, Decimal]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert priced(shuffled).total == priced(rows).total


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**4))
def test_halves_go_to_the_even_number(numerator: int, denominator: int) -> None:
    whole, rest = divmod(numerator, denominator)
    found = half_even(numerator, denominator)
    if 2 * rest == denominator:
        assert found % 2 == 0
    assert abs(found * denominator - numerator) * 2 <= denominator
    assert found in (whole, whole + 1)


def test_a_grade_stands_in_a_team_once() -> None:
    team = [TeamLine("G3", Decimal(1)), TeamLine("g3", Decimal(2))]
    assert team_faults(team) == [
        Fault("/team/1/grade", "twice", "g3 stands in the team already: add the days up in one line.")
    ]


@pytest.mark.parametrize(
    ("worked", "code"),
    [("0", "range"), ("-1", "range"), ("100000.01", "range"), ("NaN", "range"), ("Infinity", "range"),
     ("1.001", "shape"), ("0.005", "shape")],
)  # fmt: skip
def test_days_that_are_none_are_named(worked: str, code: str) -> None:
    faults = team_faults([TeamLine("G1", Decimal(worked))])
    assert [(each.pointer, each.code) for each in faults] == [("/team/0/days", code)]


@pytest.mark.parametrize("worked", ["0.01", "100000", "2.50", "1.000"])
def test_days_with_two_decimals_are_taken(worked: str) -> None:
    assert team_faults([TeamLine("G1", Decimal(worked))]) == []


def test_an_empty_team_and_one_of_too_many_lines_are_refused() -> None:
    assert [each.code for each in team_faults([])] == ["range"]
    many = [TeamLine(f"G{number}", Decimal(1)) for number in range(51)]
    assert [each.code for each in team_faults(many)] == ["range"]


CARD = (
    CardLine("G1", "Junior", "f~1", "advice", 40_000),
    CardLine("G1", "Junior", "f~1", "delivery", 38_000),
    CardLine("G1", "Junior", "f~2", "advice", 40_000),
    CardLine("G1", "Junior", "f~2", "delivery", 39_000),
    CardLine("G2", "Senior", None, "", 60_000),
    CardLine("G2", "Senior", "f~2", "", 65_000),
    CardLine("G3", "Principal", "f~1", "advice", 90_000, valid_from=date(2027, 1, 1)),
)


def rate(grade: str, lot: str | None = None, kind: str | None = None) -> int | tuple[str, tuple[str, ...]]:
    found = rate_of(CARD, grade, lot, kind, ON)
    return (found.code, found.choices) if isinstance(found, Unpriced) else found.minor


def test_a_rate_is_found_by_lot_and_work_type() -> None:
    assert rate("G1", "f~1", "advice") == 40_000
    assert rate("g1", "f~2", "delivery") == 39_000
    # The lot makes no difference to advice, so it need not be said.
    assert rate("G1", None, "advice") == 40_000


def test_a_missing_choice_is_asked_for_and_never_made() -> None:
    assert rate("G1", "f~1") == ("work_type", ("advice", "delivery"))
    assert rate("G1", None, "delivery") == ("lot", ("f~1", "f~2"))
    assert rate("G1") == ("work_type", ("advice", "delivery"))
    assert rate("G2") == ("lot", ("f~2",))


def test_a_line_for_every_lot_holds_where_the_lot_has_none_of_its_own() -> None:
    assert rate("G2", "f~1", "advice") == 60_000
    assert rate("G2", "f~2") == 65_000


def test_what_a_card_lacks_is_named() -> None:
    assert rate("G9", "f~1", "advice") == ("no_grade", ())
    assert rate("G3", "f~1", "advice") == ("no_grade", ()), "its line is not yet in force"
    assert rate("G1", "f~9", "advice") == ("no_grade", ())
    assert rate("G1", "f~1", "complex") == ("no_work_type", ("advice", "delivery"))
    missing = rate_of(CARD, "G9", "f~1", "advice", ON)
    assert isinstance(missing, Unpriced)
    assert missing.message == "The card has no G9; it has G1, G2."


def test_several_rates_of_one_grade_are_no_rate() -> None:
    lines = [CardLine("G1", "", "f~1", "", 1_000), CardLine("G1", "", "f~1", "", 2_000)]
    found = rate_of(lines, "G1", "f~1", None, ON)
    assert isinstance(found, Unpriced)
    assert (found.code, found.message) == (
        "several_rates",
        "The card has several rates for G1: 10.00, 20.00.",
    )


def test_a_proposed_rate_may_lower_the_ceiling_and_not_raise_it() -> None:
    held = LineRate("G3", "Principal", 90_000, 90_000)
    assert proposed_rate(held, 90_000, "/x") == held
    assert proposed_rate(held, 85_000, "/x") == replace(held, minor=85_000)
    assert proposed_rate(held, 90_001, "/proposed/ppl/G3") == Fault(
        "/proposed/ppl/G3", "above_ceiling", "G3: 900.01 is above the card's ceiling of 900.00."
    )


@pytest.mark.parametrize(
    ("on", "rate"),
    [(date(2011, 1, 3), "17.5"), (date(2011, 1, 4), "20"), (date(2026, 1, 1), "20"), (date(2009, 6, 1), "15"),
     (date(1900, 1, 1), "17.5")],
)  # fmt: skip
def test_vat_follows_the_day(on: date, rate: str) -> None:
    assert vat_rate(on) == Decimal(rate)


def test_illustrative_amounts_are_measured_by_only_where_there_are_no_others() -> None:
    assert yardstick([]) is None
    measure = yardstick([(300, False), (100, True), (200, False)])
    assert measure == Yardstick((200, 300), illustrative=False)
    assert (measure.cheapest, measure.median, measure.count) == (200, 200, 2)
    assert yardstick([(300, True), (100, True), (200, True)]) == Yardstick((100, 200, 300), illustrative=True)


@given(st.lists(rates, min_size=1, max_size=20), rates)
def test_a_total_stands_where_counting_puts_it(totals: list[int], amount: int) -> None:
    measure = yardstick([(total, False) for total in totals])
    assert measure is not None
    place = measure.place(amount)
    assert place.below == sum(total < amount for total in totals)
    assert place.equal == totals.count(amount)
    assert place.above == sum(total > amount for total in totals)
    assert place.percentile == round(100 * (place.below + place.equal) / len(totals), 1)
    assert measure.median in totals
    assert 2 * sum(total <= measure.median for total in totals) >= len(totals)

"""What a team costs: its days and hours times the rates of a supplier's card, to the penny.

Between the rates of a card (procurement/team_rates.py finds one for each line) and what api and web show. Pure. The
arithmetic, once:

- a rate is whole minor units (pence, cents) of one currency for one unit of the card (day or hour), VAT excluded;
- days and hours have at most two decimals, and so have hours a day, needed where card and line differ in unit;
- an amount is rate x days (x hours a day), or rate x hours (/ hours a day), rounded half to even to the penny, line by
  line;
- the total is the sum of the amounts; VAT is the total x the rate of VAT, rounded half to even once.

A grade stands in a team once, a role once for each experience: split over two lines it might round to another penny.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from procurement.pricing import Place, money, nearest_rank, place, statistics
from procurement.team_lines import HUNDREDTHS, TeamLine
from procurement.team_rates import LineRate
from procurement.vocabulary import VAT_RATES

PER_CENT: Final = 100


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line of a team with its rate and amount, minor units, VAT excluded."""

    rate: LineRate
    line: TeamLine
    amount: int

    def to_json(self) -> dict[str, Any]:
        """As an order form freezes it: what is asked for, the card's name for it, rate, ceiling and amount; of a role
        also which line of the card the rate is of, since several stand under one title.
        """
        told = self.line.to_json() | {
            "name": self.rate.name,
            "rate": money(self.rate.minor),
            "ceiling": money(self.rate.ceiling),
            "amount": money(self.amount),
        }
        if self.rate.taken is None:
            return told | {"grade": self.rate.grade}
        return told | {"line": self.rate.taken.to_json()}


@dataclass(frozen=True, slots=True)
class TeamPrice:
    """A team priced, in minor units. `total` excludes VAT; `vat_rate` is in per cent, None without VAT."""

    lines: tuple[PricedLine, ...]
    total: int
    vat_rate: Decimal | None
    vat: int

    @property
    def total_with_vat(self) -> int:
        return self.total + self.vat


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What totals (or rates) of one currency are measured by: `measured` are minor units, sorted, at least one.

    `illustrative` is true where only illustrative cards were there to measure by. The median is the nearest rank: an
    amount that occurs, of an even number the lower of the two in the middle.
    """

    measured: tuple[int, ...]
    illustrative: bool

    @property
    def count(self) -> int:
        return len(self.measured)

    @property
    def cheapest(self) -> int:
        return self.measured[0]

    @property
    def median(self) -> int:
        return nearest_rank(self._array(), 50)

    def place(self, amount: int) -> Place:
        """Where an amount stands among those measured: how many are below, equal, above, and its percentile."""
        amounts = self._array()
        figures = statistics(amounts, 1)
        assert figures is not None
        return place(amounts, figures, amount)

    def _array(self) -> NDArray[np.int64]:
        return np.array(self.measured, dtype=np.int64)


def vat_rate(on: date) -> Decimal:
    """The United Kingdom's standard rate of VAT on a day, in per cent; before the table, its first."""
    rates = [rate for since, rate in VAT_RATES if since <= on]
    return Decimal(rates[-1] if rates else VAT_RATES[0][1])


def half_even(numerator: int, denominator: int) -> int:
    """`numerator` / `denominator` (above 0) rounded to a whole number, a half to the even one."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))


def price_team(
    team: Sequence[TeamLine],
    rates: Mapping[str, LineRate],
    vat: Decimal | None = None,
    hours_per_day: Decimal | None = None,
    unit: str = "day",
) -> TeamPrice:
    """The team's price. `rates` by the key of their line; `vat` in per cent, None leaves it out; `unit` is the card's.

    `hours_per_day` counts where a line is in the other unit, and is known there. The team is one of which `team_faults`
    finds nothing.
    """
    lines = []
    for line in team:
        rate = rates[line.key]
        units, of = _units(line, unit, hours_per_day)
        lines.append(PricedLine(rate, line, half_even(rate.minor * units, of)))
    total = sum(line.amount for line in lines)
    share = Decimal(0) if vat is None else vat
    numerator, denominator = (share / PER_CENT).as_integer_ratio()
    return TeamPrice(tuple(lines), total, vat, half_even(total * numerator, denominator))


def _units(line: TeamLine, unit: str, hours_per_day: Decimal | None) -> tuple[int, int]:
    """How many units of the card a line is, as a numerator and a denominator of whole numbers."""
    if line.unit == unit:
        return line.hundredths, HUNDREDTHS
    assert hours_per_day is not None
    hours = int(hours_per_day * HUNDREDTHS)
    return (line.hundredths, hours) if line.unit == "hour" else (line.hundredths * hours, HUNDREDTHS**2)


def team_totals(
    prices: NDArray[np.int64], hundredths_of_days: NDArray[np.int64], hundredths_of_hours: int = HUNDREDTHS
) -> NDArray[np.int64]:
    """Totals without VAT of many suppliers at once: the same rounding as `price_team`, line by line.

    `prices` is suppliers x lines in minor units for one unit; `hundredths_of_days` has one number a line. Exact while
    each product stays below 2**63: by the day that holds any price and team, by the hour prices to 3 x 10**8.
    """
    scale = np.int64(HUNDREDTHS if hundredths_of_hours == HUNDREDTHS else HUNDREDTHS * HUNDREDTHS)
    factor = np.int64(1 if hundredths_of_hours == HUNDREDTHS else hundredths_of_hours)
    whole, rest = np.divmod(prices * hundredths_of_days * factor, scale)
    up = (2 * rest > scale) | ((2 * rest == scale) & (whole % 2 == 1))
    totals: NDArray[np.int64] = (whole + up).sum(axis=1, dtype=np.int64)
    return totals


def yardstick(amounts: Iterable[tuple[int, bool]]) -> Yardstick | None:
    """What (minor units, illustrative) of one currency are measured by; None of none.

    Illustrative amounts stay out unless there are no others.
    """
    every = sorted(amounts)
    real = tuple(amount for amount, illustrative in every if not illustrative)
    measured = real or tuple(amount for amount, _ in every)
    return Yardstick(measured, illustrative=not real) if measured else None

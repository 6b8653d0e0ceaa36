"""What a team costs: grade-days times the rates of a supplier's card, to the penny.

Between a card's lines (procurement/quotes.py reads them) and what api and web show: first which rate holds for each
grade, then the price. Pure. The arithmetic, once:

- a rate is whole minor units (pence, cents) of one currency for one unit of the card (day or hour), VAT excluded;
- days have at most two decimals, and so have hours a day, which a card by the hour needs;
- an amount is rate x days (x hours a day), rounded half to even to the penny, line by line;
- the total is the sum of the amounts; VAT is the total x the rate of VAT, rounded half to even once.

A grade stands in a team once: split over two lines it might round to another penny.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from procurement.dated import in_force
from procurement.errors import Fault
from procurement.pricing import Place, money, nearest_rank, place, statistics
from procurement.vocabulary import VAT_RATES, WORK_TYPES

LARGEST_TEAM: Final = 50
"""Lines of a team."""

MOST_DAYS: Final = Decimal(100_000)
MOST_HOURS: Final = Decimal(24)
HUNDREDTHS: Final = 100
PER_CENT: Final = 100


@dataclass(frozen=True, slots=True)
class TeamLine:
    """So many days of one grade. `grade` is its code, such as G3; `days` has at most two decimals."""

    grade: str
    days: Decimal

    @property
    def hundredths(self) -> int:
        """The days in hundredths of a day, a whole number."""
        return int(self.days * HUNDREDTHS)


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line of a card by grade. `lot` None holds for every lot, `work_type` "" for every kind of work.

    `minor` is whole minor units for one unit of the card, VAT excluded; the dates narrow the card's own.
    """

    grade: str
    name: str
    lot: str | None
    work_type: str
    minor: int
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class GradeRate:
    """The rate of a grade: what is charged and the card's ceiling, in minor units for one unit, VAT excluded."""

    grade: str
    name: str
    minor: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Why there is no price. `choices` are the values to choose one of, where a choice is missing."""

    code: str
    message: str
    grade: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line of a team with its rate and amount, minor units, VAT excluded."""

    rate: GradeRate
    days: Decimal
    amount: int


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


def team_faults(team: Sequence[TeamLine], pointer: str = "/team") -> list[Fault]:
    """Everything that is wrong with a team; the JSON pointers begin with `pointer`."""
    faults = []
    if not 1 <= len(team) <= LARGEST_TEAM:
        faults.append(Fault(pointer, "range", f"A team has 1 to {LARGEST_TEAM} lines."))
    grades = [line.grade.upper() for line in team]
    for at, line in enumerate(team):
        if not line.grade.strip():
            faults.append(Fault(f"{pointer}/{at}/grade", "blank", "Say which grade."))
        if grades.index(grades[at]) < at:
            message = f"{line.grade} stands in the team already: add the days up in one line."
            faults.append(Fault(f"{pointer}/{at}/grade", "twice", message))
        if wrong := measure_fault(line.days, MOST_DAYS):
            faults.append(Fault(f"{pointer}/{at}/days", *wrong))
    return faults


def measure_fault(value: Decimal, most: Decimal) -> tuple[str, str] | None:
    """What is wrong with days or hours a day, as (code, message): above 0, at most `most`, two decimals."""
    if not value.is_finite() or not 0 < value <= most:
        return "range", f"It must be above 0 and at most {most}."
    if value * HUNDREDTHS != int(value * HUNDREDTHS):
        return "shape", "It may have at most two decimals."
    return None


def vat_rate(on: date) -> Decimal:
    """The United Kingdom's standard rate of VAT on a day, in per cent; before the table, its first."""
    rates = [rate for since, rate in VAT_RATES if since <= on]
    return Decimal(rates[-1] if rates else VAT_RATES[0][1])


def half_even(numerator: int, denominator: int) -> int:
    """`numerator` / `denominator` (above 0) rounded to a whole number, a half to the even one."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))


def rate_of(
    lines: Iterable[CardLine], grade: str, lot: str | None, work_type: str | None, on: date
) -> GradeRate | Unpriced:
    """The rate that the card's lines state for a grade on a lot, for a kind of work, on a day.

    A line of the lot asked for stands before one that holds for every lot, and one of the work type before one that
    holds for all. Where a lot or a work type is not given and would change the rate, it is asked for: a rate is
    never chosen by us.
    """
    every = [line for line in lines if in_force(line, on)]
    of_grade = [line for line in every if line.grade.upper() == grade.upper()]
    if not of_grade:
        has = ", ".join(sorted({line.grade for line in every}))
        message = f"The card has no {grade}; it has {has}." if has else "The card has no rates by grade."
        return Unpriced("no_grade", message, grade)
    on_lot = of_grade if lot is None else [line for line in of_grade if line.lot == lot]
    on_lot = on_lot or [line for line in of_grade if line.lot is None]
    if not on_lot:
        return Unpriced("no_grade", f"The card has no {grade} on {lot}.", grade)
    of_kind = on_lot if work_type is None else [line for line in on_lot if line.work_type == work_type]
    of_kind = of_kind or [line for line in on_lot if not line.work_type]
    if not of_kind:
        kinds = _sorted({line.work_type for line in on_lot})
        asked = WORK_TYPES.get(work_type or "", work_type)
        return Unpriced("no_work_type", f"The card has no {grade} for {asked}.", grade, kinds)
    if len({line.minor for line in of_kind}) == 1:
        first = of_kind[0]
        return GradeRate(first.grade, first.name, first.minor, first.minor)
    return _undecided(of_kind, grade)


def _undecided(lines: Sequence[CardLine], grade: str) -> Unpriced:
    """What has to be said for one rate to be left."""
    kinds, lots = {line.work_type for line in lines}, {line.lot for line in lines}
    if len(kinds) > 1:
        choices = _sorted(kinds - {""})
        return Unpriced("work_type", f"{grade} differs by work type: {', '.join(choices)}.", grade, choices)
    if len(lots) > 1:
        choices = _sorted(lot for lot in lots if lot)
        return Unpriced("lot", f"{grade} differs by lot: {', '.join(choices)}.", grade, choices)
    prices = ", ".join(money(minor) for minor in sorted({line.minor for line in lines}))
    return Unpriced("several_rates", f"The card has several rates for {grade}: {prices}.", grade)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values))


def proposed_rate(rate: GradeRate, proposed: int, pointer: str) -> GradeRate | Fault:
    """The rate with what the supplier proposes (minor units, VAT excluded) in place of its ceiling.

    A lead may lower its rates; one above the card's ceiling is a Fault that names grade, proposed and ceiling.
    """
    if proposed > rate.ceiling:
        message = f"{rate.grade}: {money(proposed)} is above the card's ceiling of {money(rate.ceiling)}."
        return Fault(pointer, "above_ceiling", message)
    return GradeRate(rate.grade, rate.name, proposed, rate.ceiling)


def price_team(
    team: Sequence[TeamLine],
    rates: Mapping[str, GradeRate],
    vat: Decimal | None = None,
    hours_per_day: Decimal | None = None,
) -> TeamPrice:
    """The team's price. `rates` by grade in upper case; `vat` in per cent, None leaves it out.

    `hours_per_day` is None for a card by the day. The team is one of which `team_faults` finds nothing.
    """
    hours = HUNDREDTHS if hours_per_day is None else int(hours_per_day * HUNDREDTHS)
    lines = []
    for line in team:
        rate = rates[line.grade.upper()]
        amount = half_even(rate.minor * line.hundredths * hours, HUNDREDTHS * HUNDREDTHS)
        lines.append(PricedLine(rate, line.days, amount))
    total = sum(line.amount for line in lines)
    share = Decimal(0) if vat is None else vat
    numerator, denominator = (share / PER_CENT).as_integer_ratio()
    return TeamPrice(tuple(lines), total, vat, half_even(total * numerator, denominator))


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

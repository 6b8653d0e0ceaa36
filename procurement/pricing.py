"""Prices as pure functions: what a set of rates amounts to, and where a proposed price stands among them.

In the rates journey the engine hands over the prices it found, sorted; what comes back is shown by api and
web alike. Prices are whole minor units (pence, cents) of one currency for one unit, VAT excluded: nothing
here mixes currencies.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.signedinteger[Any]]

PERCENTILES: Final = (10, 25, 50, 75, 90)
MINOR_PER_MAJOR: Final = 100
CURRENCIES: Final = {"GBP": "£", "EUR": "€", "USD": "$"}
UNITS: Final = {"day": "a day", "hour": "an hour"}

# Outside these a rate is more likely a slip (a missing digit, pence read as pounds) than a price. The bounds
# hold every rate of the published UK cards and all but the oddities of the published US ones. Major units, by
# currency and unit.
PLAUSIBLE: Final[dict[tuple[str, str], tuple[int, int]]] = {
    ("GBP", "day"): (80, 6_000),
    ("GBP", "hour"): (10, 800),
    ("EUR", "day"): (80, 7_500),
    ("EUR", "hour"): (10, 1_000),
    ("USD", "day"): (80, 10_000),
    ("USD", "hour"): (10, 1_200),
}

MOST_OF_A_RATE: Final = 10**8
"""Minor units, for a day or an hour: a rate is at most a million pounds, euros or dollars."""
MOST_OF_A_VALUE: Final = 2**63 - 1
"""Pence: as much as a column holds."""

_CENT: Final = Decimal("0.01")
_MONEY: Final = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")


class NotAPrice(ValueError):  # noqa: N818 - it names what the cell is not
    """A cell or parameter that does not state a price; the message says why, of what is named before it."""


@dataclass(frozen=True, slots=True)
class Bin:
    """`lower` <= price < `upper` in minor units; the last bin of a histogram holds `upper` too."""

    lower: int
    upper: int
    count: int


@dataclass(frozen=True, slots=True)
class RateStatistics:
    """Of `count` prices in minor units; mean and deviation (of the population) are floats in minor units.

    `percentiles` maps 10, 25, 50, 75, 90 to prices that occur (nearest rank). Exact at every size.
    """

    count: int
    minimum: int
    maximum: int
    mean: float
    standard_deviation: float
    percentiles: dict[int, int]
    histogram: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proposed price (minor units) stands: how many prices are below, equal, above.

    `percentile` is the share of prices at or below it: 0 only where none is, 100 only where none is above; `deviations`
    its distance from the mean in standard deviations, None where all prices are equal (no spread to measure by).
    """

    proposed: int
    below: int
    equal: int
    above: int
    percentile: float
    deviations: float | None


def nearest_rank(prices: Prices, percentile: int) -> int:
    """The smallest price with at least `percentile` per cent of the sorted, non-empty `prices` at or below
    it.
    """
    rank = -(-percentile * len(prices) // 100)
    return int(prices[max(rank, 1) - 1])


def position(prices: Prices, price: int, side: Literal["left", "right"] = "left") -> int:
    """How many of the sorted `prices` are below `price`, or with side "right" at or below it."""
    # Of the same type: for another one numpy would copy all the prices first.
    most = int(np.iinfo(prices.dtype).max)
    return int(prices.searchsorted(prices.dtype.type(min(price, most)), side))


def histogram(prices: Prices, bins: int) -> tuple[Bin, ...]:
    """`bins` equal bins from the least to the greatest of the sorted, non-empty `prices`, the last one
    closed.

    An edge that falls between two pence moves up to the next: prices are whole pence, so no count changes,
    and a scan with the edges shown counts the same. One bin where all prices are equal.
    """
    least, span = int(prices[0]), int(prices[-1]) - int(prices[0])
    if span == 0:
        return (Bin(least, least, len(prices)),)
    edges = [least + -(-i * span // bins) for i in range(bins + 1)]
    cuts = [0, *np.searchsorted(prices, np.array(edges[1:-1], dtype=prices.dtype)).tolist(), len(prices)]
    return tuple(Bin(edges[i], edges[i + 1], cuts[i + 1] - cuts[i]) for i in range(bins))


def statistics(prices: Prices, bins: int) -> RateStatistics | None:
    """Statistics of the sorted `prices`; None of none."""
    count = len(prices)
    if count == 0:
        return None
    # Prices are sorted. Where their sum might not fit a column, as of rows written by hand, Python adds them.
    fits = int(prices[-1]) <= np.iinfo(np.int64).max // count
    total = int(prices.sum(dtype=np.int64)) if fits else sum(prices.tolist())
    centre = total // count
    # Taken around a whole number near the mean, the squares stay small: no cancellation, no overflow. Not by
    # a dot product: BLAS spreads that over threads, which the other web process needs more.
    deviations = prices.astype(np.float64)
    deviations -= centre
    np.square(deviations, out=deviations)
    variance = float(deviations.sum()) / count - (total / count - centre) ** 2
    return RateStatistics(
        count=count,
        minimum=int(prices[0]),
        maximum=int(prices[-1]),
        mean=total / count,
        standard_deviation=math.sqrt(max(variance, 0.0)),
        percentiles={p: nearest_rank(prices, p) for p in PERCENTILES},
        histogram=histogram(prices, bins),
    )


def place(prices: Prices, figures: RateStatistics, proposed: int) -> Place:
    """Where `proposed` stands among the sorted, non-empty `prices` of which `figures` are the statistics."""
    below, up_to = position(prices, proposed), position(prices, proposed, "right")
    spread = figures.standard_deviation
    return Place(
        proposed=proposed,
        below=below,
        equal=up_to - below,
        above=len(prices) - up_to,
        percentile=share_of(up_to, len(prices)),
        deviations=round((proposed - figures.mean) / spread, 2) if spread else None,
    )


def share_of(some: int, every: int) -> float:
    """Per cent to one decimal; 0 of none alone and 100 of all alone, whatever the rest would round to."""
    if 0 < some < every:
        return min(max(round(100 * some / every, 1), 0.1), 99.9)
    return 100.0 * (some == every)


def plain(number: Decimal) -> str:
    """A decimal as people write it: no exponent, no zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(minor: float) -> str:
    """Minor units as a decimal string of major ones: 65050 is "650.50"; a mean is rounded half to even."""
    if isinstance(minor, int):
        sign, minor = ("-", -minor) if minor < 0 else ("", minor)
        return f"{sign}{minor // MINOR_PER_MAJOR}.{minor % MINOR_PER_MAJOR:02d}"
    return str((Decimal(repr(minor)) / MINOR_PER_MAJOR).quantize(_CENT, ROUND_HALF_EVEN))


def read_money(text: str, currency: str = "GBP") -> int:
    """The price that `text` states, in minor units: "650", "£650", "1,250.00", "650.5 ".

    Raises NotAPrice for a blank, a sign of another currency, more than two decimals, zero, a negative or
    anything else: a price is never guessed and never 0.
    """
    if not text.strip():
        raise NotAPrice("is blank; a price is never taken as 0")
    minor = _stated(text.strip(), currency, "a price")
    if minor == 0:
        raise NotAPrice("is zero; a rate that is not offered is left out, not priced at 0")
    if minor > MOST_OF_A_RATE:
        raise NotAPrice(beyond_any_rate())
    return minor


def beyond_any_rate() -> str:
    """What is said of an amount above MOST_OF_A_RATE."""
    return f"is beyond any rate; the most is {money(MOST_OF_A_RATE)}"


def read_value(text: str) -> int:
    """The worth of contracts that `text` states, in pence, written as a price is: no rate bounds it, the column does.

    Raises NotAPrice as read_money does.
    """
    minor = _stated(text.strip(), "GBP", "an amount of money")
    if minor == 0:
        raise NotAPrice("is zero; leave it out where there is no such bound")
    if minor > MOST_OF_A_VALUE:
        raise NotAPrice(f"is more than {money(MOST_OF_A_VALUE)}")
    return minor


def _stated(stripped: str, currency: str, what: str) -> int:
    """The amount that is written, in minor units. Raises NotAPrice where it is not `what` it should be."""
    symbol = CURRENCIES.get(currency, "")
    bare = stripped.removeprefix(symbol) if symbol else stripped
    bare = bare.removeprefix(currency).removesuffix(currency).strip()
    if bare.startswith(("-", "(")):
        raise NotAPrice("is negative")
    if any(sign in bare for sign in CURRENCIES.values()):
        raise NotAPrice(f"is not in {currency}")
    if not _MONEY.fullmatch(bare):
        raise NotAPrice(f"is not {what}; write it as 650, 650.50 or 1,250.00")
    minor = Decimal(bare.replace(",", "")) * MINOR_PER_MAJOR
    if minor != minor.to_integral_value():
        raise NotAPrice("has more than two decimals")
    return int(minor)


def implausible(minor: int, currency: str, unit: str) -> str | None:
    """Why `minor` in `currency` for one `unit` ("day" or "hour") is likely a slip, or None where it is
    plausible.
    """
    least, most = PLAUSIBLE[currency, unit]
    if minor < least * MINOR_PER_MAJOR:
        return f"{money(minor)} {currency} {UNITS[unit]} is below {least}"
    if minor > most * MINOR_PER_MAJOR:
        return f"{money(minor)} {currency} {UNITS[unit]} is above {most}"
    return None

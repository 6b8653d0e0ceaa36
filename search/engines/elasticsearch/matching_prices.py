"""What a need's team costs at the eligible listings in Elasticsearch, by the rules of engines/team_totals.py.

Listings with the same rates bear one name for them (`priced_by`), which is made of the rates themselves: what a
process has once read under a name holds for ever, and a match counts names instead of reading thousands of cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson

from procurement.team_price import team_totals
from search.engines.matching_base import IN_ORDER, CardKind, Prices
from search.engines.together import price_steps
from search.need import Need

_KNOWN: Final = 100_000
"""Names that are remembered before all are forgotten: 2 kB each in a framework of sixty rates."""
_WORKED_OUT: Final = 64
"""Rates remembered for each name: anybody may ask for any lot and kind of work."""

_Wanted = tuple[str | None, str, str]


@dataclass(slots=True)
class Rates:
    """The rates under one name; `lines` as JSON, which is a tenth of what it takes read."""

    supplier: str
    card: CardKind
    lines: bytes
    found: dict[_Wanted, int | None] = field(default_factory=dict)

    def rate(self, need: Need, grade: str) -> int | None:
        """The one rate of a grade; None where there is none, or more than one."""
        wanted = need.lot, need.work_type, grade
        # Another thread may begin the table anew meanwhile: this one keeps to its own.
        found = self.found
        if wanted not in found:
            if len(found) >= _WORKED_OUT:
                found = self.found = {}
            found[wanted] = _one_rate(orjson.loads(self.lines), need, grade)
        return found[wanted]


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Whose listings are the cheapest: all of those under `within`, and so many (`rest`) of those at the `edge`."""

    within: frozenset[str]
    edge: frozenset[str] = frozenset()
    rest: int = 0


class RatesByName:
    """What a process has read."""

    def __init__(self) -> None:
        self._known: dict[str, Rates] = {}

    def of(self, names: Iterable[str]) -> dict[str, Rates]:
        """Those of these names that are known."""
        known = self._known
        return {name: rates for name in names if (rates := known.get(name)) is not None}

    def learn(self, told: Iterable[Mapping[str, Any]]) -> dict[str, Rates]:
        """Takes the facts of listings (listings_shape.py); what is new by them."""
        new = {
            facts["priced_by"]: Rates(
                facts["supplier"],
                (facts["currency"], facts["unit"], facts["basis"]),
                orjson.dumps(facts["rates"]),
            )
            for facts in told
        }
        kept = self._known if len(self._known) < _KNOWN else {}
        # Whoever looks meanwhile looks at the one or the other; what is lost by chance is read again.
        self._known = kept | new
        return new


def totals_of(rates: Mapping[str, Rates], need: Need) -> dict[str, int]:
    """The total in minor units without VAT of each name at which it can be told."""
    names, lines = [], []
    for name, one in rates.items():
        if one.card[1] != "day":
            continue
        prices = [one.rate(need, grade) for grade in need.days]
        if None not in prices:
            names.append(name)
            lines.append(prices)
    if not names:
        return {}
    days = np.array(list(need.days.values()), dtype=np.int64)
    return dict(zip(names, team_totals(np.array(lines, dtype=np.int64), days).tolist(), strict=True))


def prices_of(rates: Mapping[str, Rates], totals: Mapping[str, int]) -> Prices:
    """One price a supplier (of one framework): the lowest where its listings show different rates."""
    lowest: dict[str, tuple[int, CardKind]] = {}
    for name, total in totals.items():
        one = rates[name]
        lowest[one.supplier] = min(lowest.get(one.supplier, (total, one.card)), (total, one.card))
    found: dict[CardKind, list[int]] = {}
    for total, card in sorted(lowest.values()):
        found.setdefault(card, []).append(total)
    return Prices({card: np.array(some, dtype=np.int64) for card, some in found.items()})


def steps_of(rates: Mapping[str, Rates], totals: Mapping[str, int], prices: Prices) -> dict[int, list[str]]:
    """The names by how many steps of the price's part their totals have."""
    by_kind: dict[CardKind, list[str]] = {}
    for name in totals:
        by_kind.setdefault(rates[name].card, []).append(name)
    found: dict[int, list[str]] = {}
    for kind, names in by_kind.items():
        if kind in prices.totals:
            some = np.array([totals[name] for name in names], dtype=np.int64)
            for name, steps in zip(names, price_steps(some, prices.totals[kind]).tolist(), strict=True):
                found.setdefault(steps, []).append(name)
    return found


def cheapest(listings: Mapping[str, int], totals: Mapping[str, int]) -> Cheapest:
    """The first IN_ORDER listings by total; `listings` counts those under each name."""
    passed = 0
    by_total: dict[int, list[str]] = {}
    for name, total in totals.items():
        by_total.setdefault(total, []).append(name)
    within: set[str] = set()
    for total in sorted(by_total):
        here = sum(listings[name] for name in by_total[total])
        if passed + here > IN_ORDER:
            return Cheapest(frozenset(within), frozenset(by_total[total]), IN_ORDER - passed)
        within.update(by_total[total])
        passed += here
    return Cheapest(frozenset(within))


def _one_rate(lines: Sequence[tuple[str, str, str, int]], need: Need, grade: str) -> int | None:
    """A rate of the lot stands before one for every lot, one of the work type before one for all."""
    rows = [(lot, work_type, price) for code, lot, work_type, price in lines if code == grade]
    if need.lot is not None:
        rows = [row for row in rows if row[0] == need.lot] or [row for row in rows if not row[0]]
    if need.work_type:
        rows = [row for row in rows if row[1] == need.work_type] or [row for row in rows if not row[1]]
    prices = {price for _, _, price in rows}
    return prices.pop() if len(prices) == 1 else None

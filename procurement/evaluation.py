"""From agreed scores and prices to a ranking, with its arithmetic shown. Pure and exact.

Journey: actions/ranking.py hands over each tender's consensus and its price; what comes back is kept, shown and
told in letters. Everything is counted in fractions and rounded once, half to even, to the decimals that were fixed
before invitation; tenders are compared by the rounded result, so that what is shown is what decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from procurement.evaluation_rules import EvaluationRules
from procurement.pricing import money, plain

PER_CENT: Final = 100
MINOR: Final = 100
BELOW_MARK: Final = "below_pass_mark"
BELOW_THRESHOLD: Final = "below_threshold"
NO_QUALITY: Final = "no_quality"


@dataclass(frozen=True, slots=True)
class Scored:
    """A tender as it enters: its agreed score by criterion, its price in minor units on the price basis."""

    reference: str
    scores: Mapping[str, int]
    price: int


@dataclass(frozen=True, slots=True)
class Points:
    """What a criterion came to: score of scale times weight, exact; `shown` is the arithmetic as a sentence."""

    key: str
    score: int
    points: Fraction
    shown: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A tender's place. `rank` None: not ranked, for the reason in `failed`. `result` is what was compared, rounded:
    points (more is better), or pounds or pounds a point (less is better). `told_apart` names what placed it before
    or behind an equal one.
    """

    reference: str
    rank: int | None
    result: Decimal | None
    quality: Fraction
    price: int
    price_points: Fraction
    points: tuple[Points, ...]
    shown: str
    failed: str = ""
    told_apart: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every tender that entered: the ranked by rank, then the others by reference."""

    method: str
    decimals: int
    rows: tuple[Ranked, ...]

    @property
    def first(self) -> Ranked | None:
        """The one that ranks first, if any."""
        return self.rows[0] if self.rows and self.rows[0].rank == 1 else None

    def to_json(self) -> dict[str, Any]:
        """As it is kept: exact points as fractions such as 40/3, results as decimal strings, prices in pounds."""
        return {
            "method": self.method,
            "decimals": self.decimals,
            "rows": [
                {
                    "tender": one.reference,
                    "rank": one.rank,
                    "result": None if one.result is None else f"{one.result:f}",
                    "quality": str(one.quality),
                    "price": {"amount": money(one.price), "currency": "GBP", "vat": "excluded"},
                    "price_points": str(one.price_points),
                    "criteria": [
                        {
                            "key": each.key,
                            "score": each.score,
                            "points": str(each.points),
                            "shown": each.shown,
                        }
                        for each in one.points
                    ],
                    "shown": one.shown,
                    "failed": one.failed,
                    "told_apart": one.told_apart,
                }
                for one in self.rows
            ],
        }


def rank(tenders: Sequence[Scored], rules: EvaluationRules, seed: str) -> Ranking:
    """Ranks the tenders by the rules; their order makes no difference. `seed` is the digest of what was published.

    Each tender has a score for every criterion of the rules, and a price of 0 or more.
    """
    entered = [_points(one, rules) for one in tenders]
    standing = [row for row in entered if not row.failed]
    lowest = min((row.price for row in standing), default=0)
    counted = [_counted(row, rules, lowest) for row in standing]
    less_is_better = rules.method != "lowest_over_price"

    def key(row: Ranked) -> tuple[Any, ...]:
        assert row.result is not None
        return (
            row.result if less_is_better else -row.result,
            *(value for _, value in _ties(row, rules, seed)),
        )

    ranked = sorted((row for row in counted if not row.failed), key=key)
    placed = [replace(row, rank=place) for place, row in enumerate(ranked, start=1)]
    for at, (before, behind) in enumerate(pairwise(placed)):
        if before.result == behind.result:
            why = _apart(before, behind, rules, seed)
            placed[at] = replace(before, told_apart=before.told_apart or why)
            placed[at + 1] = replace(behind, told_apart=why)
    failed = [row for row in (*entered, *counted) if row.failed]
    return Ranking(rules.method, rules.decimals, (*placed, *sorted(failed, key=lambda row: row.reference)))


def low_prices(prices: Mapping[str, int], per_cent: int) -> dict[str, Fraction]:
    """Which prices look abnormally low: below `per_cent` of the mean of the others, by reference, with that mean."""
    found = {}
    for reference, price in prices.items():
        others = [other for name, other in prices.items() if name != reference]
        if others:
            mean = Fraction(sum(others), len(others))
            if price < mean * per_cent / PER_CENT:
                found[reference] = mean
    return found


def rounded(value: Fraction, decimals: int) -> Decimal:
    """A fraction to so many decimals, a half to the even neighbour."""
    # round() of a Fraction to a whole number is exact and half to even.
    return Decimal(round(value * 10**decimals)).scaleb(-decimals)


def _points(tender: Scored, rules: EvaluationRules) -> Ranked:
    points, low = [], []
    for one in rules.criteria:
        score = tender.scores[one.key]
        worth = Fraction(score, one.scale) * Fraction(one.weight)
        shown = f"{score} of {one.scale} × {plain(one.weight)} = {_short(worth)}"
        points.append(Points(one.key, score, worth, shown))
        if score < one.pass_mark:
            low.append(f"{one.key}: {score} is below the pass mark of {one.pass_mark}")
    quality = sum((one.points for one in points), Fraction(0))
    failed = BELOW_MARK if low else ""
    shown = "; ".join(low)
    if not failed and rules.method == "quality_threshold" and quality < Fraction(rules.threshold):
        failed = BELOW_THRESHOLD
        shown = f"quality of {_short(quality)} is below the threshold of {plain(rules.threshold)}"
    if not failed and rules.method == "price_per_quality_point" and not quality:
        failed, shown = NO_QUALITY, "no quality point to divide the price by"
    return Ranked(
        tender.reference, None, None, quality, tender.price, Fraction(0), tuple(points), shown, failed
    )


def _counted(row: Ranked, rules: EvaluationRules, lowest: int) -> Ranked:
    if rules.method == "quality_threshold":
        result = Fraction(row.price, MINOR)
        return replace(row, result=rounded(result, rules.decimals), shown=f"price £{money(row.price)}")
    if rules.method == "price_per_quality_point":
        result = Fraction(row.price, MINOR) / row.quality
        told = rounded(result, rules.decimals)
        shown = f"£{money(row.price)} ÷ {_short(row.quality)} points = £{told:f} a point"
        return replace(row, result=told, shown=shown)
    # Nothing is cheaper than nothing: a price of 0 is the lowest and has every point.
    share = Fraction(lowest, row.price) if row.price else Fraction(1)
    worth = share * Fraction(rules.price_weight)
    told = rounded(row.quality + worth, rules.decimals)
    shown = (
        f"price £{money(lowest)} ÷ £{money(row.price)} × {plain(rules.price_weight)} = {_short(worth)}; "
        f"quality {_short(row.quality)}; together {told:f}"
    )
    return replace(row, result=told, price_points=worth, shown=shown)


def _ties(row: Ranked, rules: EvaluationRules, seed: str) -> list[tuple[str, Any]]:
    """What tells equal tenders apart, in its order; less is better in each."""
    social = {one.key for one in rules.criteria if one.kind == "social_value"}
    of_social = sum((one.points for one in row.points if one.key in social), Fraction(0))
    worth = {"quality": of_social - row.quality, "social_value": -of_social, "price": row.price}
    lot = hashlib.sha256(f"{seed} {row.reference}".encode()).hexdigest()
    return [*((name, worth[name]) for name in rules.tie_break), ("lot", lot)]


def _apart(before: Ranked, behind: Ranked, rules: EvaluationRules, seed: str) -> str:
    pairs = zip(_ties(before, rules, seed), _ties(behind, rules, seed), strict=True)
    return next(name for (name, one), (_, other) in pairs if one != other)


def _short(value: Fraction) -> str:
    """A fraction for a reader: exact where four decimals hold it, else rounded there and marked with dots."""
    told = rounded(value, 4)
    text = plain(told)
    return text if Fraction(told) == value else f"{text}…"

"""How tenders are evaluated, as data: criteria with weights, what price counts, method, rounding, ties.

Fixed before the first invitation goes out and frozen with it (actions/publishing.py); evaluation.py ranks by it. Reads
no database; what a buyer must keep beside is asked by rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from procurement.errors import Fault, Invalid
from procurement.pricing import plain
from procurement.profiles import NAME_LENGTH, NOTE_LENGTH, Reader

WHOLE: Final = Decimal(100)
MOST_CRITERIA: Final = 20
MOST_SCALE: Final = 100
MOST_WORDS: Final = 10_000
MOST_DECIMALS: Final = 6
MOST_ASSESSORS: Final = 10
Range = tuple[Decimal, Decimal]
"""The least and the most that something may weigh, of 100."""
PRICE_WEIGHTS: Final[Range] = (Decimal(10), Decimal(90))
"""What price may weigh where it has a weight and the lot says nothing."""
WEIGHTED: Final = {"price": "Price", "quality": "Quality", "social_value": "Social value"}
"""What a lot may state bounds of."""
LOW_PRICE: Final = 80
"""Per cent of the mean of the other prices below which a price is asked about, unless the buyer says otherwise."""

KINDS: Final[dict[str, str]] = {"quality": "Quality", "social_value": "Social value"}
METHODS: Final[dict[str, str]] = {
    "lowest_over_price": "Quality points and the lowest price over the price, times its weight",
    "quality_threshold": "The lowest price of those that reach the quality threshold",
    "price_per_quality_point": "The lowest price for a quality point",
}
METHOD, PRICE_BASIS = "lowest_over_price", "work_and_expenses"

PRICE_BASES: Final[dict[str, str]] = {
    "work": "The work, without VAT",
    "work_and_expenses": "The work and its expenses, without VAT",
    "whole": "The work, its expenses and every option, without VAT",
}
TIE_BREAKS: Final[dict[str, str]] = {
    "quality": "More points of quality",
    "social_value": "More points of social value",
    "price": "The lower price",
}
"""By what equal tenders are told apart, in the order that the buyer fixes; what is still equal is drawn by lot, by a
digest that nobody can choose (evaluation.py).
"""

FIELDS: Final = (
    "criteria", "price_weight", "method", "threshold", "price_basis", "decimals", "tie_break", "assessors", "low_price",
)  # fmt: skip
_KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a lot lets price, quality and social value weigh, None where it says nothing of one."""

    price: Range = PRICE_WEIGHTS
    quality: Range | None = None
    social_value: Range | None = None

    @classmethod
    def of(cls, stated: Mapping[str, Sequence[str]] | None) -> Bounds:
        """As a lot states them: by WEIGHTED, least and most as decimal strings; what it leaves out is as for all
        lots.
        """
        ranges = {name: (Decimal(least), Decimal(most)) for name, (least, most) in (stated or {}).items()}
        return cls(**ranges)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One award criterion: what is asked, scored from 0 to `scale`, counted with `weight` of 100. A score below
    `pass_mark` fails the tender. `words` is the most that an answer may have.
    """

    key: str
    name: str
    kind: str
    weight: Decimal
    scale: int
    pass_mark: int
    question: str
    words: int


@dataclass(frozen=True, slots=True)
class EvaluationRules:
    """`price_weight` counts with the criteria's weights to 100 by the method lowest_over_price, and is 0 by the two
    others, where those weights alone are 100. `threshold` is the least quality, in points of those 100, by
    quality_threshold. `decimals` are those of the result, rounded once, half to even.

    `assessors` is how many blind scores of each criterion a consensus needs; `low_price` the per cent of the mean of
    the other prices below which a price is asked about.
    """

    criteria: tuple[Criterion, ...] = ()
    price_weight: Decimal = Decimal(0)
    method: str = METHOD
    threshold: Decimal = Decimal(0)
    price_basis: str = PRICE_BASIS
    decimals: int = 2
    tie_break: tuple[str, ...] = ("quality", "price")
    assessors: int = 1
    low_price: int = LOW_PRICE

    @property
    def social_value(self) -> Decimal:
        """What social value weighs, of 100."""
        return self._weight_of("social_value")

    @property
    def quality(self) -> Decimal:
        """What quality weighs beside it, of 100."""
        return self._weight_of("quality")

    def _weight_of(self, kind: str) -> Decimal:
        return sum((one.weight for one in self.criteria if one.kind == kind), Decimal(0))

    def criterion(self, key: str) -> Criterion | None:
        return next((one for one in self.criteria if one.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it, every field stated."""
        return {
            "criteria": [
                {
                    "key": one.key,
                    "name": one.name,
                    "kind": one.kind,
                    "weight": plain(one.weight),
                    "scale": one.scale,
                    "pass_mark": one.pass_mark,
                    "question": one.question,
                    "words": one.words,
                }
                for one in self.criteria
            ],
            "price_weight": plain(self.price_weight),
            "method": self.method,
            "threshold": plain(self.threshold),
            "price_basis": self.price_basis,
            "decimals": self.decimals,
            "tie_break": list(self.tie_break),
            "assessors": self.assessors,
            "low_price": self.low_price,
        }

    @classmethod
    def from_json(cls, value: object, pointer: str = "/rules") -> EvaluationRules:
        """The rules that `value` (a JSON object) states; what is absent or null has its default. Whether they are
        complete is asked by `weight_faults` once it is published.

        Raises Invalid with a Fault for everything wrong, each by its JSON pointer below `pointer`.
        """
        faults: list[Fault] = []
        reader = Reader(pointer, faults)
        held = {name: one for name, one in reader.members(value, FIELDS).items() if one is not None}
        rules = cls(
            criteria=_criteria(reader.at("criteria"), held.get("criteria", [])),
            price_weight=_weight(reader.at("price_weight"), held.get("price_weight", "0")),
            method=reader.at("method").choice(held.get("method", METHOD), METHODS),
            threshold=_weight(reader.at("threshold"), held.get("threshold", "0")),
            price_basis=reader.at("price_basis").choice(held.get("price_basis", PRICE_BASIS), PRICE_BASES),
            decimals=_whole(reader.at("decimals"), held.get("decimals", 2), 0, MOST_DECIMALS),
            tie_break=tuple(
                reader.at("tie_break").choices(held.get("tie_break", ["quality", "price"]), TIE_BREAKS)
            ),
            assessors=_whole(reader.at("assessors"), held.get("assessors", 1), 1, MOST_ASSESSORS),
            low_price=_whole(reader.at("low_price"), held.get("low_price", LOW_PRICE), 1, 99),
        )
        if faults:
            raise Invalid("The evaluation cannot be taken as it is.", tuple(faults))
        return rules


def weight_faults(
    rules: EvaluationRules, bounds: Bounds | None = None, pointer: str = "/rules"
) -> list[Fault]:
    """What keeps the rules from being fixed: weights that are not 100 together or outside the lot's `bounds` (None:
    those of all lots), a threshold where none counts.
    """
    bounds = bounds or Bounds()
    faults = []
    if not rules.criteria:
        faults.append(Fault(f"{pointer}/criteria", "required", "Name at least one award criterion."))
    whole = rules.price_weight + sum(one.weight for one in rules.criteria)
    if whole != WHOLE:
        faults.append(Fault(f"{pointer}/criteria", "weights", f"The weights are {plain(whole)}, not 100."))
    at = f"{pointer}/price_weight"
    if rules.method == "lowest_over_price":
        if told := _outside("price", rules.price_weight, bounds.price):
            faults.append(Fault(at, "price_weight", told))
    elif rules.price_weight:
        faults.append(Fault(at, "no_price_weight", "By this method price has no weight: state 0."))
    for name, weight, allowed in (
        # Where price has no weight, quality and social value are the whole.
        ("quality", rules.quality, bounds.quality if rules.price_weight else None),
        ("social_value", rules.social_value, bounds.social_value),
    ):
        if rules.criteria and (told := _outside(name, weight, allowed)):
            faults.append(Fault(f"{pointer}/criteria", f"{name}_weight", told))
    if rules.method == "quality_threshold" and not rules.threshold:
        faults.append(Fault(f"{pointer}/threshold", "required", "State the quality that must be reached."))
    if rules.method != "quality_threshold" and rules.threshold:
        message = "A threshold counts by the method quality_threshold alone: state 0."
        faults.append(Fault(f"{pointer}/threshold", "no_threshold", message))
    return faults


def _outside(name: str, weight: Decimal, allowed: Range | None) -> str:
    """That a weight lies outside what is allowed, in a sentence; "" where it does not."""
    if allowed is None or allowed[0] <= weight <= allowed[1]:
        return ""
    least, most = map(plain, allowed)
    return f"{WEIGHTED[name]} weighs from {least} to {most} on this lot; here it weighs {plain(weight)}."


def _criteria(reader: Reader, value: object) -> tuple[Criterion, ...]:
    found: list[Criterion] = []
    for step, one in enumerate(reader.items(value, MOST_CRITERIA)):
        inner = reader.at(step)
        held = inner.members(
            one, ("key", "name", "kind", "weight", "scale", "pass_mark", "question", "words")
        )
        if not isinstance(one, dict):
            continue
        key = inner.at("key").text(held.get("key", ""), 40, required=True)
        if key and not _KEY.fullmatch(key):
            inner.at("key").wrong("shape", "A key holds lower-case letters, digits and hyphens.")
        elif key in {other.key for other in found}:
            inner.at("key").wrong("duplicate", "Another criterion has this key.")
        weight = _weight(inner.at("weight"), held.get("weight", ""))
        if not weight and "weight" in held:
            inner.at("weight").wrong("range", "A criterion weighs more than 0.")
        scale = _whole(inner.at("scale"), held.get("scale", 5), 1, MOST_SCALE)
        found.append(
            Criterion(
                key=key,
                name=inner.at("name").text(held.get("name", ""), NAME_LENGTH, required=True),
                kind=inner.at("kind").choice(held.get("kind", "quality"), KINDS),
                weight=weight,
                scale=scale,
                pass_mark=_whole(inner.at("pass_mark"), held.get("pass_mark", 0), 0, scale),
                question=inner.at("question").text(
                    held.get("question", ""), NOTE_LENGTH, required=True, lines=True
                ),
                words=_whole(inner.at("words"), held.get("words", 1_000), 1, MOST_WORDS),
            )
        )
    return tuple(found)


def _weight(reader: Reader, value: object) -> Decimal:
    text = reader.text(value, 6, required=True)
    if not text:
        return Decimal(0)
    if not _NUMBER.fullmatch(text) or Decimal(text) > WHOLE:
        reader.wrong("shape", "A decimal string from 0 to 100 with at most two decimals, such as 12.5.")
        return Decimal(0)
    return Decimal(text)


def _whole(reader: Reader, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong("type", "This must be a whole number.")
    elif not least <= value <= most:
        reader.wrong("range", f"From {least} to {most}.")
    else:
        return value
    return least

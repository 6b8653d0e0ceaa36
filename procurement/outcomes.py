"""What outcomes cost, to the penny: pure arithmetic of a plan, its caps, and who pays which share.

Between a plan's rows (models/outcomes.py) and its actions: what a claim may be paid, and how a payment is split. Money
in pence without VAT, shares in hundredths of a per cent. A payment is never above what is left under the measure's cap,
the plan's cap or a fund's pot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from procurement.errors import Fault

WHOLE: Final = 10_000
"""All shares together, in hundredths of a per cent."""

QUESTIONS: Final[dict[str, str]] = {
    "problem": "The problem is clear: who has it, how many, and what it costs today",
    "measurable": "The outcome can be measured, from data that exist or will be kept",
    "attributable": "A change can be put down to the service, and not to what happened beside it",
    "adds": "Paying for outcomes, or a social investor's money, adds something that paying for days would not",
}
"""The check of suitability that comes before anything else; each is answered yes or no, with why."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A measure in a plan: pence for one outcome, and the most outcomes that are paid for."""

    price: int
    most: int

    @property
    def cap(self) -> int:
        return self.price * self.most


@dataclass(frozen=True, slots=True)
class Totals:
    """Where a plan stands, in pence: the most that it may pay, what is claimed and not yet verified, what is verified
    and not yet paid, and what is paid.
    """

    cap: int
    claimed: int
    verified: int
    paid: int

    @property
    def left(self) -> int:
        """What may still be verified."""
        return self.cap - self.verified - self.paid


def payable(count: int, measure: Priced, spent: int, plan_left: int) -> int:
    """What so many outcomes of a measure come to, in pence, when its claims that are verified or paid come to `spent`
    already and the plan has `plan_left` under its cap. By money, not by outcomes: of a claim that came in where little
    was left, more outcomes were borne out than are paid for, and those take nothing from others.
    """
    return max(0, min(count * measure.price, measure.cap - spent, plan_left))


def split(amount: int, shares: Mapping[str, int], pots: Mapping[str, int] | None = None) -> dict[str, int]:
    """The amount by payer, in pence: by shares (hundredths of a per cent, together WHOLE), the pence that rounding
    leaves to those with the greatest remainders, by name where alike.

    A payer with a pot pays no more than is left in it; what it lacks is shared by those without one. Raises ValueError
    where nobody without a pot is left to pay it.
    """
    parts = _parted(amount, shares)
    short = {name: max(0, parts[name] - left) for name, left in (pots or {}).items() if name in parts}
    missing = sum(short.values())
    if not missing:
        return parts
    others = {name: share for name, share in shares.items() if name not in short and share}
    if not others:
        raise ValueError("the pots do not hold what is to be paid")
    for name, lacking in short.items():
        parts[name] -= lacking
    for name, more in _parted(missing, others).items():
        parts[name] += more
    return parts


def _parted(amount: int, shares: Mapping[str, int]) -> dict[str, int]:
    whole = sum(shares.values())
    exact = {name: divmod(amount * share, whole) for name, share in shares.items()}
    parts = {name: base for name, (base, _) in exact.items()}
    rest = amount - sum(parts.values())
    for name in sorted(exact, key=lambda one: (-exact[one][1], one))[:rest]:
        parts[name] += 1
    return parts


def suitability_faults(answers: Mapping[str, Mapping[str, object]]) -> list[Fault]:
    """What of the check is not answered with yes and why."""
    faults = []
    for name, asked in QUESTIONS.items():
        held = answers.get(name, {})
        if held.get("answer") is not True:
            faults.append(Fault(f"/suitability/{name}", "not_suitable", f"Not answered with yes: {asked}."))
        elif not held.get("why"):
            faults.append(Fault(f"/suitability/{name}/why", "required", "Say why."))
    return faults


def share_faults(shares: Sequence[int]) -> list[Fault]:
    """Shares together are the whole."""
    if sum(shares) == WHOLE:
        return []
    told = f"{sum(shares) / 100:.2f}"
    return [Fault("/payers", "not_whole", f"The shares come to {told} per cent, not to 100.")]

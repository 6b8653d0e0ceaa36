"""The commercial terms of a call-off, as data: how they are read, what in them is wrong, how they are written.

In the call-off journey a draft states them, rules.py asks whether the lot allows what they come to, and an offer or a
tender is priced by them. Money is in minor units of pounds (pence), VAT excluded. Nothing here reads the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from procurement.errors import Fault, Invalid
from procurement.pricing import MINOR_PER_MAJOR, money, plain
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.requirements import LONGEST_MONTHS, MOST_MONEY, RequirementContent
from procurement.team_lines import MOST_HOURS

REPLY_DAYS: Final = 2
"""Working days that a supplier has to answer an offer, unless the buyer says otherwise."""
LONGEST_REPLY: Final = 30
MOST_EXTENSIONS: Final = 10

MECHANISMS: Final[dict[str, str]] = {
    "ranked": "First in an order made by objective criteria",
    "lowest-price": "Lowest price for the stated team",
    "best-coverage": "Covers most of what is needed",
    "only-one": "The only supplier on the lot that can meet the need",
}
"""On what a direct award rests: an award without further competition needs objective conditions for choosing the
supplier (Public Contracts Regulations 2015, regulation 33(8)(a); Procurement Act 2023, section 45(4)).
"""

FIELDS: Final = ("value", "expenses", "extensions", "hours_per_day", "reply_days", "mechanism", "reason")

_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Extension:
    """An option to go on for so many months for at most `minor`."""

    months: int
    minor: int


@dataclass(frozen=True, slots=True)
class Terms:
    """`value` is the price of the work where it is not priced by a team's days, `expenses` the most that is paid
    beside; `extensions` are taken in their order. `reply_days` are working days. `mechanism` (a slug of MECHANISMS)
    and `reason` say why a direct award goes where it goes. `outcomes` is the cap of what is paid for outcomes beside,
    which the call-off's plan states and no terms do.
    """

    value: int | None = None
    expenses: int = 0
    extensions: tuple[Extension, ...] = ()
    hours_per_day: Decimal | None = None
    reply_days: int = REPLY_DAYS
    mechanism: str = ""
    reason: str = ""
    outcomes: int = 0

    def total(self, price: int) -> int:
        """What the purchase may come to at most: the price of the work, expenses, every option, all outcomes."""
        return price + self.expenses + sum(one.minor for one in self.extensions) + self.outcomes

    def outcomes_alone(self, content: RequirementContent) -> bool:
        """Whether outcomes are paid instead of days: no team is asked for, no price of the work is stated. The work
        then costs nothing beside them, and nobody is asked for a price of it.
        """
        return bool(self.outcomes) and self.value is None and not content.team

    @property
    def most_months(self) -> int:
        """Months of all extensions."""
        return sum(one.months for one in self.extensions)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it, every field stated; money as decimal strings of pounds."""
        return {
            "value": None if self.value is None else money(self.value),
            "expenses": money(self.expenses),
            "extensions": [{"months": one.months, "amount": money(one.minor)} for one in self.extensions],
            "hours_per_day": None if self.hours_per_day is None else plain(self.hours_per_day),
            "reply_days": self.reply_days,
            "mechanism": self.mechanism,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, value: object, pointer: str = "/terms") -> Terms:
        """The terms that `value` (a JSON object) states; what is absent or null is not stated.

        Raises Invalid with a Fault for everything wrong, each by its JSON pointer below `pointer`.
        """
        faults: list[Fault] = []
        reader = Reader(pointer, faults)
        held = {name: one for name, one in reader.members(value, FIELDS).items() if one is not None}
        terms = cls(
            value=amount_of(reader.at("value"), held.get("value"), least=1),
            expenses=amount_of(reader.at("expenses"), held.get("expenses")) or 0,
            extensions=_extensions(reader.at("extensions"), held.get("extensions", [])),
            hours_per_day=_hours(reader.at("hours_per_day"), held.get("hours_per_day")),
            reply_days=whole_of(reader.at("reply_days"), held.get("reply_days", REPLY_DAYS), LONGEST_REPLY),
            mechanism=reader.at("mechanism").choice(held["mechanism"], MECHANISMS)
            if held.get("mechanism")
            else "",
            reason=reader.at("reason").text(held.get("reason", ""), NOTE_LENGTH, lines=True),
        )
        if faults:
            raise Invalid("The terms cannot be taken as they are.", tuple(faults))
        return terms


def amount_of(reader: Reader, value: object, least: int = 0) -> int | None:
    """An amount of pounds in pence, at least `least`; None where it is not stated or wrong."""
    if value is None:
        return None
    if not isinstance(value, str):
        reader.wrong("type", 'This must be text: an amount in pounds, such as "50000.00".')
        return None
    text = reader.text(value, 20, required=True)
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        reader.wrong(
            "shape", "An amount is in pounds, such as 1250 or 1250.50, without VAT: pence follow a point."
        )
        return None
    minor = int(Decimal(text) * MINOR_PER_MAJOR)
    if not least <= minor <= MOST_MONEY:
        reader.wrong("range", f"From {money(least)} to {money(MOST_MONEY)}.")
        return None
    return minor


def whole_of(reader: Reader, value: object, most: int) -> int:
    """A whole number from 1 to `most`, 1 where it is wrong."""
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong("type", "This must be a whole number.")
    elif not 1 <= value <= most:
        reader.wrong("range", f"Between 1 and {most}.")
    else:
        return value
    return 1


def _hours(reader: Reader, value: object) -> Decimal | None:
    if value is None:
        return None
    text = reader.text(value, 6, required=True)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", text):
        reader.wrong("shape", "A number with at most two decimals, such as 7.5.")
    elif not 0 < Decimal(text) <= MOST_HOURS:
        reader.wrong("range", f"More than 0 and at most {MOST_HOURS}.")
    else:
        return Decimal(text)
    return None


def _extensions(reader: Reader, value: object) -> tuple[Extension, ...]:
    found = []
    for step, one in enumerate(reader.items(value, MOST_EXTENSIONS)):
        inner = reader.at(step)
        held = inner.members(one, ("months", "amount"))
        if not isinstance(one, dict):
            continue
        months = whole_of(inner.at("months"), held.get("months"), LONGEST_MONTHS)
        minor = amount_of(inner.at("amount"), held.get("amount", ""))
        if minor is not None:
            found.append(Extension(months, minor))
    return tuple(found)

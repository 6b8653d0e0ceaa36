"""A tender's content as data: how it is read, what keeps it from being submitted, what it costs. Pure.

In the competition journey a supplier's members write it (actions/tenders.py keeps the draft), the lead submits it, and
only then must it be complete. Money is in minor units of pounds (pence), VAT excluded; rates are for one unit of the
supplier's card, which bounds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from procurement.errors import Fault, Invalid
from procurement.evaluation_rules import EvaluationRules
from procurement.pricing import money, plain
from procurement.profiles import NAME_LENGTH, TEXT_LENGTH, Reader
from procurement.requirements import RequirementContent
from procurement.team_lines import LARGEST_TEAM, ROLE_FIELDS, TeamLine, read_role_line
from procurement.team_price import price_team
from procurement.team_rates import LineRate
from procurement.terms import MOST_EXTENSIONS, Terms, amount_of

FIELDS: Final = ("team", "price", "expenses", "options", "answers")
_DAYS: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Offered:
    """A line of the team that is offered, at a rate in minor units; `people` says who they are."""

    line: TeamLine
    rate: int
    people: str = ""


@dataclass(frozen=True, slots=True)
class TenderContent:
    """`team` prices the work where the requirement names one, `price` where it names none. `expenses` None: as the
    terms allow; `options` are the prices of the terms' extensions in their order, none: as the terms state them.
    """

    team: tuple[Offered, ...] = ()
    price: int | None = None
    expenses: int | None = None
    options: tuple[int, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it, every field stated."""
        return {
            "team": [
                one.line.to_json() | {"rate": money(one.rate), "people": one.people} for one in self.team
            ],
            "price": None if self.price is None else money(self.price),
            "expenses": None if self.expenses is None else money(self.expenses),
            "options": [money(one) for one in self.options],
            "answers": dict(self.answers),
        }

    @classmethod
    def from_json(cls, value: object, pointer: str = "") -> TenderContent:
        """The content that `value` (a JSON object) states; what is absent or null is not written yet.

        Raises Invalid with a Fault for everything wrong, each by its JSON pointer below `pointer`.
        """
        faults: list[Fault] = []
        reader = Reader(pointer, faults)
        held = {name: one for name, one in reader.members(value, FIELDS).items() if one is not None}
        content = cls(
            team=_team(reader.at("team"), held.get("team", [])),
            price=amount_of(reader.at("price"), held.get("price"), least=1),
            expenses=amount_of(reader.at("expenses"), held.get("expenses")),
            options=_options(reader.at("options"), held.get("options", [])),
            answers=_answers(reader.at("answers"), held.get("answers", {})),
        )
        if faults:
            raise Invalid("The tender cannot be taken as it is.", tuple(faults))
        return content


@dataclass(frozen=True, slots=True)
class TenderPrice:
    """What a tender costs: the work, expenses at most, each option; VAT excluded. `fixed` is the cap of what is paid
    for outcomes instead of days, the same in every tender: it stands in the work's place where prices are compared.
    """

    work: int
    expenses: int
    options: tuple[int, ...]
    fixed: int = 0

    @property
    def whole(self) -> int:
        """The most that it comes to, without outcomes."""
        return self.work + self.expenses + sum(self.options)

    def on_basis(self, basis: str) -> int:
        """What is compared, by a slug of PRICE_BASES."""
        if basis == "work":
            return self.work + self.fixed
        return self.work + self.fixed + self.expenses + (sum(self.options) if basis == "whole" else 0)


def answer_faults(content: TenderContent, rules: EvaluationRules) -> Iterable[Fault]:
    """Every criterion is answered, in no more words than it allows, and nothing else is."""
    for one in rules.criteria:
        pointer, words = f"/answers/{one.key}", len(content.answers.get(one.key, "").split())
        if not words:
            yield Fault(pointer, "required", f"Answer {one.name}.")
        elif words > one.words:
            yield Fault(pointer, "too_long", f"At most {one.words} words; these are {words}.")
    for key in content.answers:
        if rules.criterion(key) is None:
            yield Fault(f"/answers/{key}", "unknown_field", "There is no such criterion.")


def price_of(
    content: TenderContent,
    requirement: RequirementContent,
    terms: Terms,
    ceilings: Mapping[str, LineRate],
    hours_per_day: Decimal | None,
    unit: str,
) -> TenderPrice | list[Fault]:
    """What the tender costs, or everything that is wrong with its prices. `ceilings` are the pinned card's rates by the
    key of their line, for one `unit`; `hours_per_day` is known where a line is in the other.
    """
    alone = terms.outcomes_alone(requirement)
    faults = [*_team_faults(content, requirement, alone=alone), *_rate_faults(content, ceilings)]
    expenses = terms.expenses if content.expenses is None else content.expenses
    if expenses > terms.expenses:
        faults.append(Fault("/expenses", "above_maximum", f"At most £{money(terms.expenses)} is paid."))
    stated = tuple(one.minor for one in terms.extensions)
    options = content.options or stated
    if len(options) != len(stated):
        faults.append(Fault("/options", "count", f"State a price for each of the {len(stated)} options."))
    for at, (own, most) in enumerate(zip(options, stated, strict=False)):
        if own > most:
            faults.append(Fault(f"/options/{at}", "above_maximum", f"At most £{money(most)} is paid."))
    if faults:
        return faults
    if alone:
        return TenderPrice(0, expenses, options, fixed=terms.outcomes)
    if not requirement.team:
        assert content.price is not None
        return TenderPrice(content.price, expenses, options)
    rates = {one.line.key: replace(ceilings[one.line.key], minor=one.rate) for one in content.team}
    total = price_team([one.line for one in content.team], rates, None, hours_per_day, unit).total
    return (
        TenderPrice(total, expenses, options)
        if total
        else [Fault("/team", "price", "The work costs nothing.")]
    )


def _team_faults(content: TenderContent, requirement: RequirementContent, *, alone: bool) -> Iterable[Fault]:
    if not requirement.team and not alone:
        if content.price is None:
            yield Fault("/price", "required", "State the price of the work.")
        return
    if content.price is not None and alone:
        message = "Outcomes are paid instead of days, at the prices that were published: state no price."
        yield Fault("/price", "priced_by_outcomes", message)
    elif content.price is not None:
        yield Fault("/price", "priced_by_team", "The work is priced by its team: state no price beside.")
    asked = {one.key: one for one in requirement.team}
    for at, line in enumerate(one.line for one in content.team):
        wanted = asked.get(line.key)
        if wanted is None:
            yield Fault(f"/team/{at}/{line.field}", "not_asked", f"{line.named} is not asked for.")
        elif (wanted.quantity, wanted.unit) != (line.quantity, line.unit):
            work = f"{plain(wanted.quantity)} {wanted.unit}s of {line.named}"
            message = f"{work} are asked for, so that tenders can be compared."
            yield Fault(f"/team/{at}/{line.unit}s", f"other_{line.unit}s", message)
    for key in sorted(asked.keys() - {one.line.key for one in content.team}):
        line = asked[key]
        yield Fault("/team", "required", f"Offer {line.named if line.role else line.called}.")


def _rate_faults(content: TenderContent, ceilings: Mapping[str, LineRate]) -> Iterable[Fault]:
    for at, one in enumerate(content.team):
        ceiling, named = ceilings.get(one.line.key), one.line.named
        if ceiling is None:
            message = f"Your rate card in force at publishing has no rate for {named}."
            yield Fault(f"/team/{at}/{one.line.field}", "no_rate", message)
        elif one.rate > ceiling.ceiling:
            message = f"{named}: {money(one.rate)} is above the card's ceiling of {money(ceiling.ceiling)}."
            yield Fault(f"/team/{at}/rate", "above_ceiling", message)


def _team(reader: Reader, value: object) -> tuple[Offered, ...]:
    found: list[Offered] = []
    for step, one in enumerate(reader.items(value, LARGEST_TEAM)):
        inner = reader.at(step)
        by_role = isinstance(one, dict) and "role" in one
        held = inner.members(one, (*(ROLE_FIELDS if by_role else ("grade", "days")), "rate", "people"))
        if not isinstance(one, dict):
            continue
        line = read_role_line(inner, held) if by_role else _grade_line(inner, held)
        if line is not None and line.key in {other.line.key for other in found}:
            inner.at(line.field).wrong("twice", f"{line.named} stands in the team already.")
        rate = amount_of(inner.at("rate"), held.get("rate", ""))
        people = inner.at("people").text(held.get("people", ""), NAME_LENGTH)
        if line is not None:
            found.append(Offered(line, rate or 0, people))
    return tuple(found)


def _grade_line(inner: Reader, held: Mapping[str, Any]) -> TeamLine:
    grade = inner.at("grade").text(held.get("grade", ""), 20, required=True)
    days = inner.at("days").text(held.get("days", ""), 9, required=True)
    if days and not (_DAYS.fullmatch(days) and Decimal(days)):
        inner.at("days").wrong("shape", "Days are a decimal string above 0 such as 2.5.")
        days = ""
    return TeamLine(grade, Decimal(days or "0"))


def _options(reader: Reader, value: object) -> tuple[int, ...]:
    read: Sequence[int | None] = [
        amount_of(reader.at(step), one) for step, one in enumerate(reader.items(value, MOST_EXTENSIONS))
    ]
    return tuple(one or 0 for one in read)


def _answers(reader: Reader, value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        reader.wrong("type", "This must be an object.")
        return {}
    return {
        key: reader.at(key).text(one, TEXT_LENGTH * 4, lines=True)
        for key, one in value.items()
        if one is not None
    }

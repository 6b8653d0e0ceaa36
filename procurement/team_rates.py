"""Which rate of a supplier's card holds for a line of a team: the one place that knows. Pure.

Whoever prices a team (quotes, matches, comparisons, order forms, tenders) asks `rate_for`. By grade a card states one
rate, or it is asked what would decide it. By role real cards have many lines under one title, told apart by experience,
qualification and site: of those that satisfy what was asked the cheapest is the ceiling, the card's first among equals,
and the line that was taken is told. Both alike: a line of the lot stands before one for every lot, one of the kind of
work before one for all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Protocol, TypeVar

from procurement.dated import in_force
from procurement.errors import Fault
from procurement.pricing import money
from procurement.team_lines import TeamLine, folded, placed_at, qualified, years_or_more
from procurement.vocabulary import QUALIFICATIONS, WORK_TYPES


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line of a card by grade. `lot` None holds for every lot, `work_type` "" for every kind of work.

    `minor` is whole minor units for one unit of the card, VAT excluded; the dates narrow the card's own; `role` is the
    title that the line names beside its grade (see `priced_by_grade`).
    """

    grade: str
    name: str
    lot: str | None
    work_type: str
    minor: int
    valid_from: date | None = None
    valid_to: date | None = None
    role: str = ""


class ByGrade(Protocol):
    """What is looked at of a line by grade. `lot` is any name of a lot, None for every lot."""

    @property
    def grade(self) -> str: ...

    @property
    def lot(self) -> object: ...

    @property
    def work_type(self) -> str: ...

    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A line of a card by role, as CardLine has it. `key` names it within its card; `min_experience` is in years; ""
    and None are unknown.
    """

    key: str
    role: str
    lot: str | None
    work_type: str
    minor: int
    min_experience: int | None = None
    qualification: str = ""
    site: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def to_json(self) -> dict[str, Any]:
        """What tells it from the others under its title."""
        return {
            "key": self.key,
            "role": self.role,
            "min_experience": self.min_experience,
            "qualification": self.qualification,
            "site": self.site,
        }


@dataclass(frozen=True, slots=True)
class CardLines:
    """What a card states: all of its lines by grade, and of those by role the ones that a team asks for."""

    grades: tuple[CardLine, ...] = ()
    roles: tuple[RoleLine, ...] = ()

    def on(self, lots: Collection[str]) -> CardLines:
        """Those for every lot and for these (references)."""
        return CardLines(
            tuple(line for line in self.grades if line.lot is None or line.lot in lots),
            tuple(line for line in self.roles if line.lot is None or line.lot in lots),
        )


@dataclass(frozen=True, slots=True)
class LineRate:
    """The rate of a grade or role: what is charged and the card's ceiling, in minor units for one unit, VAT excluded.
    Of a role `grade` is "", `name` the card's own title and `taken` the line that the ceiling is of.
    """

    grade: str
    name: str
    minor: int
    ceiling: int
    taken: RoleLine | None = None


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Why there is no price. `choices` are the values to choose one of, where a choice is missing."""

    code: str
    message: str
    grade: str = ""
    choices: tuple[str, ...] = ()
    role: str = ""


Line = TypeVar("Line", CardLine, RoleLine)
Graded = TypeVar("Graded", bound=ByGrade)
Lot = TypeVar("Lot")
EITHER_SITE: Final = "both"
_RANKED: Final = tuple(QUALIFICATIONS)


def rate_for(
    member: TeamLine, card: CardLines, lot: str | None, work_type: str | None, on: date
) -> LineRate | Unpriced:
    """The rate that a card states for a line of a team on a lot, for a kind of work, on a day; or why there is none."""
    if member.role:
        return _rate_of_role(card.roles, member, lot, work_type, on)
    return rate_of(card.grades, member.called, lot, work_type, on)


def priced_by_grade(lines: Iterable[Graded]) -> list[Graded]:
    """Of a card's lines by grade on a day those that price their grade: one that names a role beside it is that role's
    wherever another states the grade alone, for its lot or every lot and for its kind of work or all.
    """
    every = list(lines)
    alone = {(line.grade.upper(), line.lot, line.work_type) for line in every if not line.role}
    return [
        line
        for line in every
        if not line.role
        or not any(
            (line.grade.upper(), lot, work_type) in alone
            for lot in (line.lot, None)
            for work_type in (line.work_type, "")
        )
    ]


def giving_way(lines: Iterable[Graded], lots: Collection[Lot]) -> Iterator[tuple[Lot | None, Graded]]:
    """A card's lines by grade on a day with the lot of these that each holds on, None for what it states itself: one
    for every lot holds only where the lot has none of that grade, for whatever kind of work.
    """
    every = list(lines)
    own = {(line.grade.upper(), line.lot) for line in every if line.lot is not None}
    stated = {grade for grade, _ in own}
    for line in every:
        grade = line.grade.upper()
        if line.lot is not None or grade not in stated:
            yield None, line
        else:
            yield from ((lot, line) for lot in lots if (grade, lot) not in own)


def rate_of(
    lines: Iterable[CardLine], grade: str, lot: str | None, work_type: str | None, on: date
) -> LineRate | Unpriced:
    """The rate that the card's lines state for a grade on a lot, for a kind of work, on a day.

    Where a lot or a work type is not given and would change the rate, it is asked for: a rate by grade is never chosen
    by us.
    """
    every = [line for line in lines if in_force(line, on)]
    of_grade = priced_by_grade(line for line in every if line.grade.upper() == grade.upper())
    if not of_grade:
        has = ", ".join(sorted({line.grade for line in every}))
        message = f"The card has no {grade}; it has {has}." if has else "The card has no rates by grade."
        return Unpriced("no_grade", message, grade)
    missing = Unpriced("no_grade", "", grade)
    placed = _placed(of_grade, grade, lot, work_type, missing)
    if isinstance(placed, Unpriced):
        return placed
    if len({line.minor for line in placed}) == 1:
        first = placed[0]
        return LineRate(first.grade, first.name, first.minor, first.minor)
    return _undecided(placed, grade, missing)


def _rate_of_role(
    lines: Iterable[RoleLine], member: TeamLine, lot: str | None, work_type: str | None, on: date
) -> LineRate | Unpriced:
    """The same for a role: of its lines that satisfy what is asked for the cheapest. One that does not say how much
    experience or qualification it asks for, or where the work is done, satisfies only who asks for none.
    """
    bearing = [line for line in lines if folded(line.role) == member.called and in_force(line, on)]
    if not bearing:
        return Unpriced("no_role", f"The card has no {member.role}.", role=member.role)
    able = bearing
    for code, told, satisfied in _asked(member):
        able = [line for line in able if satisfied(line)]
        if not able:
            return Unpriced(code, f"The card has {member.role}, but no line of it {told}.", role=member.role)
    missing = Unpriced("no_role", "", role=member.role)
    placed = _placed(able, member.named, lot, work_type, missing)
    if isinstance(placed, Unpriced):
        return placed
    # What tells lots and kinds of work apart is the question's to say; what tells people apart is not asked for.
    cheapest: dict[tuple[str | None, str], RoleLine] = {}
    for line in placed:
        known = cheapest.get((line.lot, line.work_type))
        if known is None or line.minor < known.minor:
            cheapest[line.lot, line.work_type] = line
    left = list(cheapest.values())
    if len({line.minor for line in left}) > 1:
        return _undecided(left, member.named, missing)
    return LineRate("", left[0].role, left[0].minor, left[0].minor, left[0])


def _asked(member: TeamLine) -> Iterator[tuple[str, str, Callable[[RoleLine], bool]]]:
    """What is asked of a role beside its title, one after the other: the code and words of its want, and the test."""
    if (years := member.experience) is not None:
        told = f"asks for {years_or_more(years)}"
        yield (
            "no_experience",
            told,
            lambda line: line.min_experience is not None and line.min_experience >= years,
        )
    if member.qualification:
        # In the order in which they are listed each is more than the one before.
        enough = _RANKED[_RANKED.index(member.qualification) :]
        told = f"asks for a qualification ({qualified(member.qualification)})"
        yield "no_qualification", told, lambda line: line.qualification in enough
    if member.site:
        told = f"is for the place that is asked for ({placed_at(member.site)})"
        yield "no_site", told, lambda line: line.site in (member.site, EITHER_SITE)


def _placed(
    lines: list[Line], named: str, lot: str | None, work_type: str | None, missing: Unpriced
) -> list[Line] | Unpriced:
    """Those that hold on the lot and for the kind of work, as far as they are given; `missing` says of what."""
    on_lot = lines if lot is None else [line for line in lines if line.lot == lot]
    on_lot = on_lot or [line for line in lines if line.lot is None]
    if not on_lot:
        return replace(missing, message=f"The card has no {named} on {lot}.")
    of_kind = on_lot if work_type is None else [line for line in on_lot if line.work_type == work_type]
    of_kind = of_kind or [line for line in on_lot if not line.work_type]
    if not of_kind:
        kinds = _sorted({line.work_type for line in on_lot})
        asked = WORK_TYPES.get(work_type or "", work_type)
        message = f"The card has no {named} for {asked}."
        return replace(missing, code="no_work_type", message=message, choices=kinds)
    return of_kind


def _undecided(lines: Sequence[CardLine] | Sequence[RoleLine], named: str, missing: Unpriced) -> Unpriced:
    """What has to be said for one rate to be left."""
    kinds, lots = {line.work_type for line in lines}, {line.lot for line in lines}
    if len(kinds) > 1:
        choices = _sorted(kinds - {""})
        message = f"{named} differs by work type: {', '.join(choices)}."
        return replace(missing, code="work_type", message=message, choices=choices)
    if len(lots) > 1:
        choices = _sorted(lot for lot in lots if lot)
        message = f"{named} differs by lot: {', '.join(choices)}."
        return replace(missing, code="lot", message=message, choices=choices)
    prices = ", ".join(money(minor) for minor in sorted({line.minor for line in lines}))
    return replace(
        missing, code="several_rates", message=f"The card has several rates for {named}: {prices}."
    )


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values))


def none_for_lot(lot: str, others: Sequence[str]) -> str:
    """What is said of a card that has rates by grade for other lots (numbers, at least one) and none for this one."""
    *before, last = others
    told = f"lots {', '.join(before)} and {last}" if before else f"lot {last}"
    return f"The card has no rates by grade for lot {lot}; it has some for {told}."


def proposed_rate(rate: LineRate, proposed: int, pointer: str) -> LineRate | Fault:
    """The rate with what the supplier proposes (minor units, VAT excluded) in place of its ceiling.

    A lead may lower its rates; one above the card's ceiling is a Fault that names grade or role, proposed and ceiling.
    """
    if proposed > rate.ceiling:
        named = rate.grade or rate.name
        message = f"{named}: {money(proposed)} is above the card's ceiling of {money(rate.ceiling)}."
        return Fault(pointer, "above_ceiling", message)
    return replace(rate, minor=proposed)

"""A comparison as a table: a row for each thing compared, a column for each listing; for the page and for files.

Last step of a comparison before a template or an export: words and amounts, no layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from procurement.pricing import UNITS, plain
from procurement.team_lines import TeamLine, years_or_more
from procurement.team_rates import LineRate, Unpriced
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, QUALIFICATIONS, SITES, SIZES, WORK_TYPES
from search.comparing import Compared, Comparison, GradeCell

NOT_STATED: Final = "Not stated"
NONE_STATED: Final = "None stated"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: texts (several are a list), or an amount in minor units with its difference to the median.

    `span` is a lowest and highest amount where there is no single one; the text then says why.
    """

    texts: tuple[str, ...] = ()
    amount: int | None = None
    difference: int | None = None
    span: tuple[int, int] | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its heading; `money` says that its cells are amounts (some may lack one)."""

    label: str
    cells: tuple[Cell, ...]
    money: bool = False


def rows(comparison: Comparison) -> list[Row]:
    """Every row: who and where first, then what it costs; a team's price last, where a team was asked for."""
    listings = comparison.listings

    def row(label: str, of: Callable[[Compared], tuple[str, ...]]) -> Row:
        return Row(label, tuple(Cell(of(one)) for one in listings))

    return [
        row("Framework", _framework),
        row("Lots", lambda one: tuple(f"{lot['number']} {lot['name']}" for lot in one.stored["lots"])),
        row("Reached through", lambda one: (one.stored["supplier"]["name"],)),
        row("Specialisms", _specialisms),
        row("Regions", lambda one: tuple(name for _, name in one.regions) or (NOT_STATED,)),
        row("Ownership", lambda one: (OWNERSHIP.get(one.stored["ownership"], one.stored["ownership"]),)),
        row("Size", lambda one: (SIZES.get(one.stored["size"], one.stored["size"]),)),
        row("Accreditations", _accreditations),
        row("Last confirmed by the firm", lambda one: (one.stored["confirmed_on"] or "Not yet confirmed",)),
        row("Rate card", lambda one: (_card(one),)),
        *_money(comparison),
    ]


def _money(comparison: Comparison) -> Iterator[Row]:
    for place, (code, name) in enumerate(comparison.grades):
        yield Row(
            f"{code} {name}",
            tuple(_rate(one, one.cells[place]) for one in comparison.listings),
            money=True,
        )
    by_role = [line for line in comparison.question.team if line.role]
    for place, line in enumerate(by_role):
        yield Row(line.named, tuple(_role(one, one.roles[place]) for one in comparison.listings), money=True)
    if comparison.question.team:
        team = ", ".join(map(_asked, comparison.question.team))
        yield Row(f"Team without VAT: {team}", tuple(map(_price, comparison.listings)), money=True)


def _asked(line: TeamLine) -> str:
    return f"{plain(line.quantity)} × {line.grade}" if line.grade else f"{line.worked} × {line.named}"


def _framework(one: Compared) -> tuple[str, ...]:
    framework = one.stored["framework"]
    named = f"{framework['number']} {framework['name']}"
    return (named,) if one.status == "live" else (named, "Not open to call-offs")


def _specialisms(one: Compared) -> tuple[str, ...]:
    found = tuple(specialism["name"] for specialism in one.stored["specialisms"])
    if not found:
        return (NOT_STATED,)
    return found if one.stored["specialisms_stated"] else (*found, "Not stated on some lots")


def _accreditations(one: Compared) -> tuple[str, ...]:
    return tuple(ACCREDITATIONS.get(slug, slug) for slug in one.stored["accreditations"]) or (NONE_STATED,)


def _card(one: Compared) -> str:
    if one.card is None:
        return "None by grade in force"
    made_up = "Illustrative, not its own rates; " if one.illustrative else ""
    unit, framework = UNITS[one.card["unit"]], one.stored["framework"]["number"]
    # By names, not by the card's reference: this is read by people, and programs ask for the comparison itself.
    named = f"card of {one.stored['supplier']['name']} on {framework}, version {one.card['version']}"
    return f"{made_up}{one.card['currency']} {unit}, without VAT, {named}"


def _rate(one: Compared, cell: GradeCell) -> Cell:
    currency = one.card["currency"] if one.card else ""
    if cell.minor is not None:
        return Cell(amount=cell.minor, difference=cell.difference, currency=currency)
    why = cell.why
    if why is None or why.code in ("no_grade", "no_card", "not_appointed"):
        return Cell(("Not offered",))
    said = {"work_type": "Differs by work type", "lot": "Differs by lot"}.get(why.code)
    kinds = ", ".join(WORK_TYPES.get(choice, choice).lower() for choice in why.choices)
    words = said or (f"Only for {kinds}" if kinds else "Several rates")
    return Cell((words,), span=cell.span, currency=currency)


def _role(one: Compared, rate: LineRate | Unpriced) -> Cell:
    """A role's rate with the line of the card that it is of."""
    if isinstance(rate, Unpriced) or rate.taken is None:
        return Cell(("Not offered",))
    line = rate.taken
    experience = "" if line.min_experience is None else years_or_more(line.min_experience)
    about = [experience, QUALIFICATIONS.get(line.qualification, ""), SITES.get(line.site, "")]
    told = ", ".join([f"Line {line.key} of the card", *filter(None, about)])
    return Cell((told,), rate.minor, currency=one.card["currency"] if one.card else "")


def _price(one: Compared) -> Cell:
    if one.price is None or one.card is None:
        # Sentences, each with its own full stop: one text, as a match tells them.
        return Cell((" ".join(why.message for why in one.unpriced) or "Not priced",))
    return Cell(amount=one.price.total, difference=one.price_difference, currency=one.card["currency"])

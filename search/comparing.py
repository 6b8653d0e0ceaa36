"""Listings side by side: what each is, and its rates and price beside the median of those compared.

Third step of a comparison (web or api, search/compare_params.py, here). Read from the database through
search/documents.py, so that what a search would show is compared and nothing else; it works while the index is down.
Amounts are minor units, VAT excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from procurement.models import Partner, RateCard, RateCardVersion, Region
from procurement.on_day import day_within
from procurement.pricing import nearest_rank
from procurement.quotes import card_lines, roles_of
from procurement.references import rows_named
from procurement.team_lines import TeamLine, needs_hours
from procurement.team_price import TeamPrice, price_team
from procurement.team_rates import CardLine, CardLines, LineRate, RoleLine, Unpriced, rate_for, rate_of
from search.documents import listings_of
from search.engines.base import ListingDocument
from search.parameters import BadParameters, ParameterFault
from search.places import Places, places

HOURLY: Final = "Its card is by the hour, so a team of days is not priced here; a quote takes hours_per_day."
DAILY: Final = "Its card is by the day, so a team of hours is not priced here; a quote takes hours_per_day."


@dataclass(frozen=True, slots=True)
class ComparisonQuestion:
    """What is compared, on which day: listings and lot by reference; no team, no price."""

    listings: tuple[str, ...]
    team: tuple[TeamLine, ...]
    work_type: str | None
    lot: str | None
    on: date


@dataclass(frozen=True, slots=True)
class GradeCell:
    """A listing's rate for a grade: `minor`, or why there is none; `span` is the lowest and highest where several hold.

    `difference` is to the median of the grade; None where there is no rate or nothing to compare it with.
    """

    minor: int | None
    span: tuple[int, int] | None
    why: Unpriced | None
    difference: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One listing. `stored` is what a search shows of it; `cells` stand in the order of the comparison's grades."""

    reference: str
    status: str
    stored: Mapping[str, Any]
    regions: tuple[tuple[str, str], ...]
    """(code, name)"""
    cells: tuple[GradeCell, ...]
    price: TeamPrice | None
    price_difference: int | None
    unpriced: tuple[Unpriced, ...]
    roles: tuple[LineRate | Unpriced, ...] = ()
    """In the order of the question's lines by role."""

    @property
    def card(self) -> Mapping[str, Any] | None:
        """The card in force as a search shows it, None without one."""
        card: Mapping[str, Any] | None = self.stored["rates"]
        return card

    @property
    def illustrative(self) -> bool:
        return self.card is not None and self.card["basis"] == RateCard.Basis.ILLUSTRATIVE


@dataclass(frozen=True, slots=True)
class Comparison:
    """The listings in the order asked. `grades` are (code, name), lowest first.

    `only_illustrative`: every card is made up, so the medians are of those; else illustrative ones stay out of them.
    """

    question: ComparisonQuestion
    grades: tuple[tuple[str, str], ...]
    listings: tuple[Compared, ...]
    only_illustrative: bool


@dataclass(frozen=True, slots=True)
class _Own:
    """A listing before it is compared: its rates, or why not, by grade, and the price of the team."""

    document: ListingDocument
    lines: tuple[CardLine, ...]
    rates: Mapping[str, LineRate | Unpriced]
    price: TeamPrice | None
    unpriced: tuple[Unpriced, ...]
    roles: tuple[LineRate | Unpriced, ...]


def compare(question: ComparisonQuestion) -> Comparison:
    """The comparison; raises BadParameters naming each listing or lot that there is not. Fourteen queries whatever is
    compared, four more where a role is named.
    """
    known = places()
    documents = _documents(question, known)
    names = dict(Region.objects.values_list("code", "name"))
    grades = _grades(documents)
    roles = _roles(question, documents)
    own = [_own(question, document, grades, known, roles) for document in documents]
    cards = [one.document["stored"]["rates"] for one in own if one.document["stored"]["rates"]]
    only = bool(cards) and all(card["basis"] == RateCard.Basis.ILLUSTRATIVE for card in cards)
    medians = {code: _medians(own, only, code) for code, _ in grades}
    totals = _medians(own, only, None)
    frameworks = {one.reference: one for one in known.frameworks.values()}
    return Comparison(
        question,
        grades,
        tuple(
            Compared(
                reference=one.document["key"],
                status=frameworks[one.document["framework"]].status_on(question.on),
                stored=one.document["stored"],
                regions=tuple((code, names.get(code, code)) for code in one.document["stored"]["regions"]),
                cells=tuple(_cell(question, one, code, medians[code]) for code, _ in grades),
                price=one.price,
                price_difference=_difference(one, one.price.total if one.price else None, totals),
                unpriced=one.unpriced,
                roles=one.roles,
            )
            for one in own
        ),
        only,
    )


def _documents(question: ComparisonQuestion, known: Places) -> list[ListingDocument]:
    """The documents in the order asked."""
    partners = {reference.rpartition("~")[2] for reference in question.listings}
    keys = [one.pk for one in rows_named(Partner.objects.only("reference"), partners).values()]
    # Listings are asked for in small letters, and one that is written so goes before one with capitals.
    written = {one["key"]: one for one in listings_of(keys, 0, known, question.on).puts}
    found = {key.lower(): one for key, one in written.items()} | written
    faults = [
        ParameterFault("listing", "choice", f"There is no listing {reference}.")
        for reference in question.listings
        if reference not in found
    ]
    if question.lot is not None and question.lot not in {lot["reference"] for lot in known.lots.values()}:
        faults.append(ParameterFault("lot", "choice", f"There is no lot {question.lot}."))
    if faults:
        raise BadParameters(faults)
    return [found[reference] for reference in question.listings]


def _roles(
    question: ComparisonQuestion, documents: Iterable[ListingDocument]
) -> dict[tuple[str, int], tuple[RoleLine, ...]]:
    """The lines by role that the team asks for, by card and version. Nothing is read where it names no role."""
    roles = roles_of(question.team)
    if not roles:
        return {}
    cards = [one["stored"]["rates"] for one in documents if one["stored"]["rates"]]
    shown = {(card["card"], card["version"]) for card in cards}
    versions = RateCardVersion.objects.filter(card__reference__in={card for card, _ in shown})
    keys = {
        key: (card, number)
        for key, card, number in versions.values_list("pk", "card__reference", "number")
        if (card, number) in shown
    }
    stated = card_lines(list(keys), None, roles)
    return {keys[key]: lines.roles for key, lines in stated.items()}


def _grades(documents: Iterable[ListingDocument]) -> tuple[tuple[str, str], ...]:
    """(code, name) of every grade on the cards, lowest first; a code that frameworks name differently has each name."""
    ranks: dict[str, int] = {}
    names: dict[str, dict[str, None]] = {}
    for document in documents:
        for line in (document["stored"]["rates"] or {"lines": ()})["lines"]:
            ranks[line["grade"]] = min(line["rank"], ranks.get(line["grade"], line["rank"]))
            names.setdefault(line["grade"], {})[line["name"]] = None
    return tuple(
        (code, " or ".join(names[code])) for code in sorted(ranks, key=lambda one: (ranks[one], one))
    )


def _lot_named(reference: str, known: Places) -> str:
    """A lot that there is as people call it."""
    key, lot = next((key, lot) for key, lot in known.lots.items() if lot["reference"] == reference)
    return f"lot {lot['number']} of {known.frameworks[known.lot_framework[key]].number}"


def _own(
    question: ComparisonQuestion,
    document: ListingDocument,
    grades: Iterable[tuple[str, str]],
    known: Places,
    roles: Mapping[tuple[str, int], tuple[RoleLine, ...]],
) -> _Own:
    card = document["stored"]["rates"]
    framework = next(one for one in known.frameworks.values() if one.reference == document["framework"])
    day = day_within(framework, question.on)
    names = {line["grade"]: line["name"] for line in card["lines"]} if card else {}
    lines = tuple(
        CardLine(line["grade"], names[line["grade"]], line["lot"], line["work_type"], line["price_minor"])
        for line in document["rates"]
    )
    if question.lot is not None and question.lot not in {lot["reference"] for lot in document["lots"]}:
        why: Unpriced | None = Unpriced("not_appointed", f"It is not on {_lot_named(question.lot, known)}.")
    else:
        why = None if card else Unpriced("no_card", "It has no rate card in force.")

    def rate(grade: str) -> LineRate | Unpriced:
        return why or rate_of(lines, grade, question.lot, question.work_type, day)

    rates = {code: rate(code) for code, _ in grades}
    lots = {lot["reference"] for lot in document["lots"]}
    stated = CardLines(lines, roles.get((card["card"], card["version"]), ()) if card else ()).on(lots)
    team = {
        line.key: why or rate_for(line, stated, question.lot, question.work_type, day)
        for line in question.team
    }
    price, unpriced = _priced(question, team, card)
    titled = tuple(team[line.key] for line in question.team if line.role)
    return _Own(document, lines, rates, price, unpriced, titled)


def _priced(
    question: ComparisonQuestion, rates: Mapping[str, LineRate | Unpriced], card: Mapping[str, Any] | None
) -> tuple[TeamPrice | None, tuple[Unpriced, ...]]:
    """The price of the team without VAT, or why there is none; neither without a team."""
    refused = {one.message: one for one in rates.values() if isinstance(one, Unpriced)}
    found = {key: one for key, one in rates.items() if isinstance(one, LineRate)}
    if card is not None and needs_hours(question.team, card["unit"]):
        hourly = card["unit"] == RateCard.Unit.HOUR
        return None, (Unpriced("hours_per_day", HOURLY if hourly else DAILY),)
    if refused or not question.team or card is None:
        return None, tuple(refused.values())
    return price_team(question.team, found, unit=card["unit"]), ()


def _medians(own: Sequence[_Own], only: bool, grade: str | None) -> dict[tuple[str, str], int]:
    """The median rate of a grade, or total where it is None, by currency and unit; never of several together."""
    amounts: dict[tuple[str, str], list[int]] = {}
    for one in own:
        card = one.document["stored"]["rates"]
        rate = one.rates.get(grade) if grade is not None else None
        amount = rate.minor if isinstance(rate, LineRate) else None
        if grade is None and one.price is not None:
            amount = one.price.total
        if amount is not None and card and (only or card["basis"] != RateCard.Basis.ILLUSTRATIVE):
            amounts.setdefault((card["currency"], card["unit"]), []).append(amount)
    return {
        place: nearest_rank(np.array(sorted(found), dtype=np.int64), 50) for place, found in amounts.items()
    }


def _cell(
    question: ComparisonQuestion, one: _Own, grade: str, medians: Mapping[tuple[str, str], int]
) -> GradeCell:
    rate = one.rates[grade]
    if isinstance(rate, LineRate):
        return GradeCell(rate.minor, None, None, _difference(one, rate.minor, medians))
    prices = [
        line.minor
        for line in one.lines
        if rate.choices
        and line.grade == grade
        and (question.lot is None or line.lot in (None, question.lot))
        and (question.work_type is None or line.work_type in ("", question.work_type))
    ]
    return GradeCell(None, (min(prices), max(prices)) if prices else None, rate, None)


def _difference(one: _Own, amount: int | None, medians: Mapping[tuple[str, str], int]) -> int | None:
    card = one.document["stored"]["rates"]
    median = medians.get((card["currency"], card["unit"])) if card else None
    return None if amount is None or median is None else amount - median

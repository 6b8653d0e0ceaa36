"""A team priced on the cards of several suppliers, side by side: what is read, and why one could not be priced.

Third step of a quote (api/v1/quotes.py, the question, here, the answer in the order asked). Nothing is stored: the
version of each card that the price rests on is named. The arithmetic is procurement/team_price.py's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from procurement.card_versions import spells_by_card, version_on
from procurement.dated import in_force
from procurement.errors import Fault, Invalid
from procurement.models import Appointment, Framework, Lot, RateCard, RateCardVersion, RateLine, Supplier
from procurement.on_day import appointed, day_within
from procurement.pricing import money
from procurement.querysets import RateCardVersionQuerySet, RateLineQuerySet
from procurement.team_lines import TeamLine, hours_missing, needs_hours
from procurement.team_price import TeamPrice, Yardstick, price_team, vat_rate, yardstick
from procurement.team_rates import (
    CardLine,
    CardLines,
    LineRate,
    RoleLine,
    Unpriced,
    none_for_lot,
    proposed_rate,
    rate_for,
)

NOT_LIVE: Final[dict[str, str]] = {
    Framework.Status.COMING: "is not yet open to call-offs",
    Framework.Status.OPEN: "is open to applications and not yet to call-offs",
    Framework.Status.PENDING: "is pending award and not yet open to call-offs",
    Framework.Status.STANDSTILL: "is in standstill and not yet open to call-offs",
}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A supplier's own rate: minor units for one unit of its card, VAT excluded, and where it was stated."""

    minor: int
    pointer: str


@dataclass(frozen=True, slots=True)
class QuoteQuestion:
    """What is to be priced. `lot` None: whichever, where it makes no difference; `ends_on` None: not known.

    `hours_per_day` is for cards in another unit than the team, which are not priced without it. `proposed` holds the
    suppliers' own rates, by supplier's reference and what a line is called.
    """

    framework: Framework
    lot: Lot | None
    team: tuple[TeamLine, ...]
    starts_on: date
    ends_on: date | None = None
    work_type: str | None = None
    hours_per_day: Decimal | None = None
    vat: bool = True
    proposed: Mapping[str, Mapping[str, Proposed]] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day whose card holds: the first of the work, or the framework's last where it begins after that."""
        return day_within(self.framework, self.starts_on)

    @property
    def vat_rate(self) -> Decimal | None:
        """In per cent, by the day on which the work begins; None where VAT is not asked for."""
        return vat_rate(self.starts_on) if self.vat else None


@dataclass(frozen=True, slots=True)
class HeldCard:
    """The card of a supplier as in force on a day; `follows` is the first day of the version after it, if any.
    `other_lots` are numbers of lots that it has rates by grade for, known where it has none for the lot asked about.
    """

    card: RateCard
    version: RateCardVersion
    lines: CardLines
    follows: date | None
    other_lots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader of a price must know."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Quote:
    """One supplier's answer: a price, or why there is none."""

    supplier: Supplier
    held: HeldCard | None
    price: TeamPrice | None
    unpriced: tuple[Unpriced, ...]
    notes: tuple[Note, ...]


def quotes(question: QuoteQuestion, suppliers: Sequence[Supplier], today: date) -> list[Quote]:
    """An answer for each supplier, in their order. Three queries however many there are, five where a role is named;
    one more where a card states no grade on the lot that a team of grades is for.

    Raises Invalid naming each proposed rate that is above its ceiling.
    """
    keys = {supplier.pk for supplier in suppliers}
    lots = lots_held(question.framework, keys, question.starts_on)
    cards = held_cards(question.framework, keys, question.day, question.lot, roles_of(question.team))
    held = _with_other_lots(question, cards)
    faults: list[Fault] = []
    found = [
        _quote(question, supplier, lots.get(supplier.pk, set()), held.get(supplier.pk), today, faults)
        for supplier in suppliers
    ]
    if faults:
        raise Invalid("A proposed rate cannot be taken.", tuple(faults))
    return found


def yardsticks(answers: Iterable[Quote]) -> dict[str, Yardstick]:
    """By currency, what the totals without VAT of those priced are measured by; currencies are never mixed."""
    amounts: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for one in answers:
        if one.price is not None and one.held is not None:
            illustrative = one.held.version.basis == RateCard.Basis.ILLUSTRATIVE
            amounts[one.held.card.currency].append((one.price.total, illustrative))
    return {
        currency: measured
        for currency, found in sorted(amounts.items())
        if (measured := yardstick(found)) is not None
    }


def lots_held(framework: Framework, suppliers: Collection[int], on: date) -> dict[int, set[str]]:
    """References of the lots that each of these suppliers (primary keys) holds a place on that day (one query)."""
    lots: dict[int, set[str]] = defaultdict(set)
    places = Appointment.objects.filter(lot__framework=framework, supplier__in=suppliers)
    for one in places.select_related("lot"):
        if appointed(one, framework, on):
            lots[one.supplier_id].add(one.lot.reference)
    return lots


def fit(card: RateCard, framework: Framework) -> tuple[bool, bool, str]:
    """Which of a supplier's cards stands for it under a framework, the least first: in the framework's own unit, in
    pounds, by reference.
    """
    return card.unit != framework.rate_unit, card.currency != "GBP", card.reference


def own_kind(card: RateCard, framework: Framework) -> bool:
    """Whether the card's prices can be set against others under the framework: in its own unit, and in pounds."""
    return fit(card, framework)[:2] == (False, False)


def held_cards(
    framework: Framework, suppliers: Collection[int], day: date, lot: Lot | None, roles: Collection[str] = ()
) -> dict[int, HeldCard]:
    """The card in force on that day for each supplier (primary keys) that has one, with its lines by grade (two
    queries) and those under these role titles (two more).
    """
    chosen, follows = versions_in_force(framework, suppliers, day)
    lines = card_lines([version.pk for version in chosen.values()], lot, roles)
    return {
        supplier: HeldCard(version.card, version, lines[version.pk], follows.get(version.card_id))
        for supplier, version in chosen.items()
    }


def card_lines(versions: Collection[int], lot: Lot | None, roles: Collection[str]) -> dict[int, CardLines]:
    """What each of these versions (primary keys) states by grade and under these role titles, of one lot and of those
    for every lot, or of all: one query, three where a role is named.
    """
    rows = RateLineQuerySet(RateLine)
    grades: dict[int, list[CardLine]] = defaultdict(list)
    titled: dict[int, list[RoleLine]] = defaultdict(list)
    for version, *grade in rows.by_grade(versions, lot):
        grades[version].append(CardLine(*grade))
    for version, *role in rows.by_role(versions, lot, roles):
        titled[version].append(RoleLine(*role))
    return {key: CardLines(tuple(grades[key]), tuple(titled[key])) for key in versions}


def roles_of(team: Iterable[TeamLine]) -> set[str]:
    """The role titles of a team, as they are compared."""
    return {line.called for line in team if line.role}


def versions_in_force(
    framework: Framework, suppliers: Collection[int] | None, day: date
) -> tuple[dict[int, RateCardVersion], dict[int, date]]:
    """The version in force on that day by supplier (primary keys; None for all), and by card the first day of the one
    that follows it (one query).
    """
    chosen: dict[int, RateCardVersion] = {}
    follows: dict[int, date] = {}
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().under(framework, suppliers)
    for key, found in spells_by_card(versions):
        for begins in (spell.version.valid_from for spell in found):
            if begins is not None and begins > day:
                follows[key] = begins
        version = version_on(found, day)
        if version is None:
            continue
        card, known = version.card, chosen.get(version.card.supplier_id)
        if known is None or fit(card, framework) < fit(known.card, framework):
            chosen[card.supplier_id] = version
    return chosen, follows


def _quote(
    question: QuoteQuestion,
    supplier: Supplier,
    lots: Collection[str],
    held: HeldCard | None,
    today: date,
    faults: list[Fault],
) -> Quote:
    refused = _barred(question, lots, held)
    rates: dict[str, LineRate] = {}
    if held is not None and not refused:
        refused += _rates(question, supplier, lots, held, rates, faults)
    if held is None or refused:
        return Quote(supplier, held, None, tuple(refused), ())
    if any(line.key not in rates for line in question.team):
        return Quote(supplier, held, None, (), ())  # above a ceiling: the whole question is refused
    price = price_team(question.team, rates, question.vat_rate, question.hours_per_day, held.card.unit)
    return Quote(
        supplier, held, price, (), (*_notes(question, held, today), *_changes(question, lots, held, rates))
    )


def _barred(question: QuoteQuestion, lots: Collection[str], held: HeldCard | None) -> list[Unpriced]:
    """Why this supplier cannot be priced whatever the grades and roles."""
    lot, day = question.lot, question.day
    if lot is not None and lot.reference not in lots:
        return [Unpriced("not_appointed", f"It holds no place on {lot.reference} on {day}.")]
    if not lots:
        return [Unpriced("not_appointed", f"It holds no place under {question.framework.number} on {day}.")]
    if held is None:
        return [Unpriced("no_card", f"It has no rate card in force on {day}.")]
    if question.hours_per_day is None and needs_hours(question.team, held.card.unit):
        return [Unpriced("hours_per_day", hours_missing(held.card.unit))]
    return []


def _rates(
    question: QuoteQuestion,
    supplier: Supplier,
    lots: Collection[str],
    held: HeldCard,
    rates: dict[str, LineRate],
    faults: list[Fault],
) -> list[Unpriced]:
    """Fills `rates` by the keys of lines and `faults` with proposed rates above a ceiling; what is left has no rate."""
    lot = question.lot.reference if question.lot else None
    proposed = question.proposed.get(supplier.reference, {})
    lines, refused = held.lines.on(lots), []
    for member in question.team:
        found = rate_for(member, lines, lot, question.work_type, question.day)
        if isinstance(found, Unpriced):
            if member.grade and held.other_lots and question.lot:
                found = replace(found, message=none_for_lot(question.lot.number, held.other_lots))
            refused.append(found)
            continue
        own = proposed.get(member.called)
        agreed = proposed_rate(found, own.minor, own.pointer) if own else found
        if isinstance(agreed, Fault):
            faults.append(agreed)
        else:
            rates[member.key] = agreed
    return refused


def _with_other_lots(question: QuoteQuestion, held: Mapping[int, HeldCard]) -> Mapping[int, HeldCard]:
    """The same cards; those without a rate by grade on the lot know which lots they have some for (one query, none
    where there is no such card).
    """
    if question.lot is None or not any(line.grade for line in question.team):
        return held
    day = question.day
    without = [
        one.version.pk for one in held.values() if not any(in_force(line, day) for line in one.lines.grades)
    ]
    if not without:
        return held
    lots = RateLineQuerySet(RateLine).lots_by_grade(without, day)
    return {key: replace(one, other_lots=tuple(lots.get(one.version.pk, ()))) for key, one in held.items()}


def _notes(question: QuoteQuestion, held: HeldCard, today: date) -> Iterable[Note]:
    framework, status = question.framework, question.framework.status_on(today)
    if status == Framework.Status.EXPIRED or question.starts_on > framework.ends_on:
        message = (
            f"{framework.number} {'ended' if framework.ends_on < today else 'ends'} on {framework.ends_on}: "
            "no call-off can be made under it after that day. "
            f"This is the card in force on {question.day}."
        )
        yield Note("framework_ends", message)
    elif status in NOT_LIVE or question.starts_on < framework.starts_on:
        yield Note("framework_not_open", f"{framework.number} {NOT_LIVE.get(status, 'begins later')}.")
    if held.version.basis == RateCard.Basis.ILLUSTRATIVE:
        message = (
            "Illustrative: made up to show how the service works; the supplier's real rates are not known."
        )
        yield Note("illustrative", message)


def _changes(
    question: QuoteQuestion, lots: Collection[str], held: HeldCard, rates: Mapping[str, LineRate]
) -> Iterator[Note]:
    """What of the card ends or changes while the work is done: the card itself, and until then rates of the team whose
    lines have days of their own.
    """
    last, version = question.ends_on, held.version
    if last is None:
        return
    follows = held.follows is not None and held.follows <= last
    ends = version.valid_to is not None and version.valid_to < last
    yield from _rates_changed(question, held.lines.on(lots), rates, _last_held(held, last))
    if follows:
        yield Note(
            "card_changes", f"Another version of the card takes force on {held.follows}, during the work."
        )
    elif ends:
        yield Note("card_ends", f"The card ends on {version.valid_to}, before the work does on {last}.")


def _last_held(held: HeldCard, last: date) -> date:
    """The last day of the work on which this version may hold."""
    before = held.follows - timedelta(days=1) if held.follows else None
    return min(filter(None, (last, held.version.valid_to, before)))


def _rates_changed(
    question: QuoteQuestion, lines: CardLines, rates: Mapping[str, LineRate], last: date
) -> Iterator[Note]:
    """For each line of the team the first day after the one priced, up to `last`, on which its rate is another."""
    every: tuple[CardLine | RoleLine, ...] = (*lines.grades, *lines.roles)
    begins = {line.valid_from for line in every if line.valid_from}
    begins |= {line.valid_to + timedelta(days=1) for line in every if line.valid_to}
    days = sorted(day for day in begins if question.day < day <= last)
    lot = question.lot.reference if question.lot else None
    for member in question.team:
        for day in days:
            found = rate_for(member, lines, lot, question.work_type, day)
            if isinstance(found, LineRate) and found.ceiling == rates[member.key].ceiling:
                continue
            if isinstance(found, LineRate):
                message = f"The card's rate for {member.named} is {money(found.ceiling)} from {day}, during the work."
                yield Note("card_changes", message)
            else:
                message = f"From {day}, during the work, the card has no single rate for {member.named}."
                yield Note("card_ends", message)
            break

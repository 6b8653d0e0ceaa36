"""A supplier's own rate cards as they hold on a day, and where each grade's lowest price stands among all.

No other firm's price is named. Money is in minor units, VAT excluded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from procurement.card_versions import Spell, gap_on, spell_on, spells_by_card, version_on
from procurement.dated import in_force
from procurement.models import RateCard, RateCardVersion, RateLine
from procurement.on_day import day_within
from procurement.querysets import RateCardVersionQuerySet, RateLineQuerySet
from procurement.team_lines import folded
from procurement.until_published import until_published

ROLES: Final = 10
"""So many roles of a card are shown: one may have hundreds, which the rate explorer pages through."""


@dataclass(frozen=True, slots=True)
class RatePlace:
    """A grade, or a role ("" as `grade`), on a lot ("" where the card says no lot): the own lowest price, which may be
    one of `several`, and how many of all cards with that grade are cheaper (None on an illustrative card, which is in
    no comparison, and for a role: titles are each supplier's own).
    """

    lot: str
    grade: str
    name: str
    minor: int
    several: bool
    cheaper: int | None
    cards: int


@dataclass(frozen=True, slots=True)
class CardPlace:
    """A card as it holds on `day`: today, or the day within the framework's own days that is nearest.

    `version` is the one in force, None for none, `since` and `until` its first and last day. `ended_on` is the last day
    before a time without rates, `coming` the first day of rates that do not hold yet; None for none. `lines` are the
    grades and the first roles, of which `more` are not told.
    """

    card: RateCard
    day: date
    version: RateCardVersion | None
    since: date | None
    until: date | None
    ended_on: date | None
    coming: date | None
    lines: tuple[RatePlace, ...]
    more: int


class _Line(NamedTuple):
    """A row of RateLine, without the cost of a model."""

    version: int
    lot: str | None
    grade: int | None
    code: str | None
    name: str | None
    rank: int | None
    title: str
    valid_from: date | None
    valid_to: date | None
    minor: int


def card_places(supplier: int, today: date) -> list[CardPlace]:
    """The cards of a supplier (a primary key) by framework, those without a version in force too (two queries, and one
    for each published card with grades; two more where its prices were not counted lately).
    """
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card__supplier=supplier)
    ordered = versions.select_related("card__framework").order_by(
        "card__framework__number", "card__reference", "-number"
    )
    cards = [found for _, found in spells_by_card(ordered)]
    days = [day_within(found[0].version.card.framework, today) for found in cards]
    held = [spell_on(found, day) for found, day in zip(cards, days, strict=True)]
    lines = _lines(spell.version.pk for spell in held if spell is not None)
    return [_place(*one, lines) for one in zip(cards, days, held, strict=True)]


def _lines(versions: Iterable[int]) -> Mapping[int, list[_Line]]:
    """The lines of versions (primary keys), in the order of their cards."""
    found: dict[int, list[_Line]] = defaultdict(list)
    rows = RateLine.objects.filter(version__in=list(versions)).order_by("version_id", "ordinal")
    for row in rows.values_list(
        "version_id", "lot__number", "grade_id", "grade__code", "grade__name", "grade__rank", "role_title",
        "valid_from", "valid_to", "price_minor",
    ):  # fmt: skip
        line = _Line._make(row)
        found[line.version].append(line)
    return found


def _place(
    found: Sequence[Spell], day: date, spell: Spell | None, lines: Mapping[int, list[_Line]]
) -> CardPlace:
    card = found[0].version.card
    framework, gap = card.framework, gap_on(found, day)
    # What would begin after the framework has ended never holds.
    begins = gap.begins_on
    coming = begins if begins is not None and begins <= framework.ends_on else None
    if spell is None:
        return CardPlace(card, day, None, None, None, gap.ended_on, coming, (), 0)
    own = [line for line in lines.get(spell.version.pk, ()) if in_force(line, day)]
    roles = list(_roles(own))
    shown = (*_grades(spell.version, own, day), *roles[:ROLES])
    more = max(0, len(roles) - ROLES)
    return CardPlace(card, day, spell.version, *spell.days(framework), None, coming, shown, more)


def _roles(lines: Iterable[_Line]) -> Iterator[RatePlace]:
    """The roles without a grade, in the card's order."""
    own: dict[tuple[str, str], list[_Line]] = {}
    for line in lines:
        if line.grade is None:
            own.setdefault((line.lot or "", folded(line.title)), []).append(line)
    for (lot, _), every in own.items():
        prices = {line.minor for line in every}
        yield RatePlace(lot, "", every[0].title, min(prices), len(prices) > 1, None, 0)


def _grades(version: RateCardVersion, lines: Iterable[_Line], day: date) -> Iterator[RatePlace]:
    """The grades by lot and rank."""
    own: dict[tuple[str, int], list[_Line]] = {}
    for line in lines:
        if line.grade is not None:
            own.setdefault((line.lot or "", line.grade), []).append(line)
    compared = version.basis != RateCard.Basis.ILLUSTRATIVE
    lowest = {key: min(line.minor for line in every) for key, every in own.items()}
    places = _among_cards(version, lowest, day) if compared and own else {}
    for key, every in sorted(own.items(), key=lambda one: (one[0][0], one[1][0].rank or 0)):
        cheaper, cards = places.get(key, (0, 0))
        yield RatePlace(
            lot=key[0],
            grade=every[0].code or "",
            name=every[0].name or "",
            minor=lowest[key],
            several=any(line.minor != lowest[key] for line in every),
            cheaper=cheaper if compared else None,
            cards=cards,
        )


def _among_cards(
    version: RateCardVersion, own: Mapping[tuple[str, int], int], day: date
) -> Mapping[tuple[str, int], tuple[int, int]]:
    """By lot and grade how many cards have a lower price in force on the day than the own lowest, and how many have a
    price at all (three queries, one where nothing was published since it was last counted for the day).
    """
    card = version.card
    alike = (
        RateCardVersionQuerySet(RateCardVersion)
        .ever_public()
        .filter(card__framework=card.framework_id, card__unit=card.unit, card__currency=card.currency)
    )
    return until_published(
        f"rate-places:{version.pk}", alike, day, lambda: _counted(version.basis, alike, own, day)
    )


def _counted(
    basis: str, alike: RateCardVersionQuerySet, own: Mapping[tuple[str, int], int], day: date
) -> dict[tuple[str, int], tuple[int, int]]:
    held = _in_force(alike, basis, day)
    lowest: dict[tuple[str, int], dict[int, int]] = {}
    # Those whose days are over are left to the database; that a later one has begun is not its to say.
    rows = RateLineQuerySet(RateLine).on(day)
    rows = rows.filter(version__in=alike.on(day), grade__in={grade for _, grade in own})
    for number, grade, other, price in rows.values_list("lot__number", "grade", "version", "price_minor"):
        if other in held:
            prices = lowest.setdefault((number or "", grade or 0), {})
            prices[other] = min(price, prices.get(other, price))
    counted = {}
    for at, price in own.items():
        prices = lowest.get(at, {})
        counted[at] = sum(one < price for one in prices.values()), len(prices)
    return counted


def _in_force(versions: RateCardVersionQuerySet, basis: str, day: date) -> set[int]:
    """Those of that basis that are in force on the day (primary keys), one of each card (one query)."""
    newest_first = versions.order_by("card_id", "-number").only(
        "card", "number", "basis", "valid_from", "valid_to"
    )
    on = (version_on(found, day) for _, found in spells_by_card(newest_first))
    return {one.pk for one in on if one is not None and one.basis == basis}

"""Where a firm's guided walk ends: what it lacks for a lot and its way in, or which lots it could join.

Journey: /ready/lot … /ready/answer -> web/walk.py reads the answers -> here: what the lot asks (its own data, and the
rate cards on it), held against them -> the consortia that take members, each with an application that is begun for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.fictional import fictional_suppliers
from procurement.models import (
    Appointment,
    Lot,
    RateCard,
    RateCardVersion,
    RateLine,
    Supplier,
    SupplierMember,
)
from procurement.on_day import standing
from procurement.querysets import LotQuerySet, RateCardVersionQuerySet, RateLineQuerySet
from procurement.quotes import versions_in_force
from procurement.until_published import until_published
from procurement.vocabulary import ACCREDITATIONS
from web.address import Address
from web.finder import Given
from web.formats import money
from web.saying import said
from web.walk import address_of, pence_typed
from web.walks import COVERED_BY, LACKS, NO, OF_LOTS, READINESS, UNSURE, YES, Lack, regions

MOST_WAYS: Final = 20
"""So many consortia are listed."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """A consortium on the lot. `ceiling` is the highest rate of its card there in pence, None where it has none for a
    day in pounds; `above` by how much the firm's own is above it, 0 where it is not or was not said.
    """

    name: str
    lead: str
    members: int
    ceiling: int | None
    illustrative: bool
    above: int
    fictional: bool
    apply: str


@dataclass(frozen=True, slots=True)
class OtherLot:
    """A lot that takes firms: the same answers held against it, and how much of what it asks is lacking."""

    lot: Lot
    address: str
    missing: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a lot asks, in words; `stated` False where nothing is known of it, which the words say."""

    label: str
    words: str
    stated: bool


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a firm lacks, what it does not know, and whether it would apply by itself or to a consortium: to one
    wherever the framework is closed to firms by themselves. Without a `lot` there are the `others`, those first for
    which least is missing; with one `asks` is what it asks, `ways` are the consortia on it, `more` how many stand
    beside them.
    """

    lot: Lot | None
    missing: tuple[Lack, ...]
    unknown: tuple[Lack, ...]
    alone: bool
    apply: str
    asks: tuple[Asked, ...] = ()
    ways: tuple[WayIn, ...] = ()
    more: int = 0
    others: tuple[OtherLot, ...] = ()

    @property
    def unstated(self) -> tuple[str, ...]:
        """What no answer could be held against, since nothing is known of what the lot asks."""
        return tuple(one.label for one in self.asks if not one.stated)

    @property
    def ready(self) -> bool:
        """Whether all that a lot asks is known and met: of no lot in particular rates are not even read."""
        return self.lot is not None and not (self.missing or self.unknown or self.unstated)

    @property
    def lacking(self) -> bool:
        """Whether something is missing, for the lot or for every one that takes firms."""
        return bool(self.missing) or bool(self.others and self.others[0].missing)


class _Place(NamedTuple):
    """A place's supplier, without the cost of a model: a lot may have thousands."""

    supplier: int
    form: str
    name: str
    reference: str


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The highest rate on a supplier's card for the lot, in pence a day."""

    minor: int
    illustrative: bool


def readiness_of(given: Given, on: date) -> Readiness:
    """The end of a firm's walk, from sound answers: ten queries at most with a lot, two without."""
    names = regions()
    lots = LotQuerySet(Lot).taking_firms(on)
    if given["lot"][0] == UNSURE:
        missing, unknown = _of_every_lot(given)
        return Readiness(
            None,
            missing,
            unknown,
            _alone(given),
            reverse("web:new-joining"),
            others=_others(given, lots, names),
        )
    lot = lots.select_related("framework__owner").annotate(specialism_count=Count("specialisms"))
    chosen = lot.get(reference=given["lot"][0])
    places = _places(chosen, on)
    of_all, held = _ceilings(chosen, on), {one.supplier for one in places}
    ceilings = {supplier: ceiling for supplier, ceiling in of_all.items() if supplier in held}
    published = [one.minor for one in ceilings.values() if not one.illustrative]
    missing, unknown = _of_every_lot(given)
    lacking, unsaid = _of_lot(given, chosen, max(published, default=None), names)
    ways, more = _ways(given, chosen, places, ceilings)
    return Readiness(
        chosen,
        (*missing, *lacking),
        (*unknown, *unsaid),
        _alone(given) and not chosen.framework.closed_to_firms,
        str(Address(reverse("web:new-joining"), (("lot", chosen.reference),))),
        asks=tuple(_asks(chosen, published)),
        ways=tuple(ways),
        more=more,
    )


def _alone(given: Given) -> bool:
    return given["alone"][0] == YES


def _of_every_lot(given: Given) -> tuple[tuple[Lack, ...], tuple[Lack, ...]]:
    """What is missing, and what is not known, of what every lot asks."""

    def answered(answer: str) -> tuple[Lack, ...]:
        found = [lack for name, lack in LACKS.items() if given[name][0] == answer]
        return tuple(Lack(said(lack.what), said(lack.remedy)) for lack in found)

    return answered(NO), answered(UNSURE)


def _of_lot(
    given: Given, lot: Lot, highest: int | None, names: Mapping[str, str]
) -> tuple[tuple[Lack, ...], tuple[Lack, ...]]:
    """What is missing, and what was left open, of what the lot asks; `highest` is the dearest rate on its published
    cards in pence, `names` are those of all regions by code.
    """
    unknown = []
    missing = [
        _lack("accreditations", said(ACCREDITATIONS.get(slug, slug)))
        for slug in lot.accreditations
        if not {slug, *COVERED_BY.get(slug, ())} & set(given["accreditations"])
    ]
    for name, asked in (
        ("indemnity", lot.professional_indemnity_pence),
        ("liability", lot.public_liability_pence),
    ):
        held = _pence(given, name)
        if asked is not None and held is None:
            unknown.append(_lack(name, money(asked)))
        elif asked is not None and held is not None and held < asked:
            missing.append(_lack(name, money(asked)))
    rate = _pence(given, "rate")
    if rate is None and highest is not None:
        unknown.append(_lack("rate", money(highest)))
    elif rate is not None and highest is not None and rate > highest:
        missing.append(_lack("rate", money(highest)))
    left = [name for code, name in names.items() if code not in given["regions"]] if given["regions"] else []
    if _alone(given) and left and not lot.framework.closed_to_firms:
        missing.append(_lack("regions", ", ".join(left)))
    return tuple(missing), tuple(unknown)


def _lack(name: str, asked: str) -> Lack:
    lack = OF_LOTS[name]
    return Lack(said(lack.what) % {"asked": asked}, said(lack.remedy))


def _pence(given: Given, name: str) -> int | None:
    return pence_typed(given[name][0]) if given[name] else None


def _others(given: Given, lots: Iterable[Lot], names: Mapping[str, str]) -> tuple[OtherLot, ...]:
    """Every lot that takes firms, held against the answers but for the rate: cards are read of a chosen one alone."""
    found = []
    for lot in lots:
        missing, _unknown = _of_lot(given, lot, None, names)
        there = {**given, "lot": (lot.reference,)}
        found.append(OtherLot(lot, address_of(READINESS, "answer", there), len(missing)))
    return tuple(sorted(found, key=lambda one: one.missing))


def _asks(lot: Lot, published: list[int]) -> Iterator[Asked]:
    """What the lot asks; that nothing is stated says so."""
    unstated = _("Not stated here: see the framework’s own documents")
    held = ", ".join(said(ACCREDITATIONS.get(one, one)) for one in lot.accreditations)
    named = _("%(named)s, or an equivalent") % {"named": held}
    yield Asked(_("Accreditations"), named if held else unstated, bool(held))
    for label, asked in (
        (_("Professional indemnity"), lot.professional_indemnity_pence),
        (_("Public liability"), lot.public_liability_pence),
    ):
        words = unstated if asked is None else _("At least %(amount)s") % {"amount": money(asked)}
        yield Asked(label, words, asked is not None)
    if published:
        rates = {"most": money(max(published)), "least": money(min(published))}
        words = _("The highest of a card is between %(least)s and %(most)s, without VAT") % rates
    else:
        words = _("No rate card for a day is published for it")
    yield Asked(_("Day rates"), words, bool(published))


def _places(lot: Lot, on: date) -> list[_Place]:
    """The places on the lot that are held on that day or are to come, by their suppliers' names (one query)."""
    rows = Appointment.objects.filter(standing(on), lot=lot)
    ordered = rows.order_by("supplier__name", "supplier__reference")
    found = ordered.values_list("supplier", "supplier__form", "supplier__name", "supplier__reference")
    return [_Place(*row) for row in found]


def _ceilings(lot: Lot, on: date) -> dict[int, Ceiling]:
    """By supplier (primary keys) the highest rate for the lot on its card in force, of cards for a day in pounds (three
    queries, one where nothing was published since they were read for the day).
    """
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().under(lot.framework, None)
    return until_published(f"ceilings:{lot.pk}", versions.order_by(), on, lambda: _read(lot, on))


def _read(lot: Lot, on: date) -> dict[int, Ceiling]:
    versions, _follows = versions_in_force(lot.framework, None, on)
    by_day = {
        version.pk: (supplier, version.basis == RateCard.Basis.ILLUSTRATIVE)
        for supplier, version in versions.items()
        if version.card.unit == "day" and version.card.currency == "GBP"
    }
    lines = RateLineQuerySet(RateLine).on(on).filter(version__card__framework=lot.framework)
    lines = lines.filter(Q(lot=lot) | Q(lot=None))
    highest = lines.values_list("version").annotate(most=Max("price_minor")).order_by()
    return {
        by_day[version][0]: Ceiling(most, by_day[version][1])
        for version, most in highest
        if version in by_day
    }


def _ways(
    given: Given, lot: Lot, places: list[_Place], ceilings: Mapping[int, Ceiling]
) -> tuple[list[WayIn], int]:
    """The consortia among the suppliers that somebody leads who may agree, those first whose card the firm's own rate
    keeps to, as many as are listed; and how many there are beside them (four queries).
    """
    rate = _pence(given, "rate")

    def above(one: _Place) -> int:
        ceiling = ceilings.get(one.supplier)
        # The rates of a card that is made up bind nobody.
        if rate is None or ceiling is None or ceiling.illustrative:
            return 0
        return max(0, rate - ceiling.minor)

    members = SupplierMember.objects.filter(supplier__appointments__lot=lot, left_on=None)
    leading = members.filter(role=SupplierMember.Role.LEAD, partner__suspended=False)
    led = set(leading.values_list("supplier", flat=True))
    together = [one for one in places if one.form != Supplier.Form.ALONE and one.supplier in led]
    shown = sorted(together, key=lambda one: (above(one) > 0, one.name))[:MOST_WAYS]
    ours = SupplierMember.objects.filter(supplier__in=[one.supplier for one in shown], left_on=None)
    counts = dict(ours.values_list("supplier").annotate(count=Count("pk")).order_by())
    leads = ours.filter(role=SupplierMember.Role.LEAD, partner__suspended=False)
    lead_of = {
        one.supplier_id: one.partner.own_name
        for one in leads.select_related("partner__published", "partner__organisation")
    }
    made_up = fictional_suppliers(counts)
    found = []
    for one in shown:
        ceiling = ceilings.get(one.supplier)
        pairs = (("lot", lot.reference), ("supplier", one.reference))
        found.append(
            WayIn(
                name=one.name,
                lead=lead_of[one.supplier],
                members=counts[one.supplier],
                ceiling=ceiling.minor if ceiling else None,
                illustrative=ceiling is not None and ceiling.illustrative,
                above=above(one),
                fictional=one.supplier in made_up,
                apply=str(Address(reverse("web:new-joining"), pairs)),
            )
        )
    return found, len(together) - len(shown)

"""Rows to documents: what of the database a listing shows, read set-wise for many partners at a time.

Second step of an update's journey (outbox, here, engine). The unit is the partner: whatever an event touched
is resolved to partners (touched.py), and all listings of those partners are made again, so that one that may
no longer be shown is told to the engine as removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q

from procurement.card_versions import Gap, gap_on, spells, version_on
from procurement.dated import in_force
from procurement.models import (
    Appointment,
    Framework,
    Offering,
    Partner,
    ProfileVersion,
    RateCard,
    RateCardVersion,
    RateLine,
    SupplierMember,
)
from procurement.on_day import appointed, belongs, day_within
from procurement.querysets import RateCardVersionQuerySet
from procurement.quotes import fit, own_kind
from procurement.references import listing_reference
from procurement.team_rates import giving_way, priced_by_grade
from search.engines.base import DocumentOffering, DocumentRate, DocumentSpecialism, ListingDocument
from search.places import Places

DocumentVersionKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Listings:
    """What the engine should hold for some partners: documents to put, and (key, version) pairs to remove."""

    puts: list[ListingDocument] = field(default_factory=list)
    deletes: list[DocumentVersionKey] = field(default_factory=list)


class _Row(NamedTuple):
    """A row of RateLine by grade, without the cost of a model: there are hundreds of thousands."""

    version_id: int
    lot_id: int | None
    grade_id: int | None
    work_type: str
    price_minor: int
    role_title: str
    valid_from: date | None
    valid_to: date | None


class _Line(NamedTuple):
    """A line in force: key of its lot or None for every lot, its grade's code, name and rank, price in minor units."""

    lot: int | None
    grade: str
    name: str
    rank: int
    work_type: str
    price: int
    role: str


@dataclass(frozen=True, slots=True)
class _Card:
    """The rate card of a supplier on a framework as it is in force."""

    card: RateCard
    version: RateCardVersion
    comparable: bool
    lines: list[_Line]


@dataclass(frozen=True, slots=True)
class _Gap:
    """The rate card of a supplier on a framework of which none is in force, and when it was or will be."""

    card: RateCard
    days: Gap


@dataclass(frozen=True, slots=True)
class _Rows:
    """Everything that the documents of one batch of partners are made of."""

    members: list[SupplierMember]
    leads: dict[int, tuple[str, str]]
    appointments: dict[int, list[Appointment]]
    offerings: dict[tuple[int, int], list[Offering]]
    cards: dict[tuple[int, int], _Card]
    gaps: dict[tuple[int, int], _Gap]


def listings_of(partners: Sequence[int], version: int, places: Places, on: date) -> Listings:
    """Every listing of these partners (primary keys) as it is on that day, stamped with `version`.

    Takes seven queries however many partners there are; call it with at most some hundreds, for the sake of
    memory.
    """
    rows = _read(partners, places, on)
    found = Listings()
    for member in rows.members:
        by_framework: dict[int, list[Appointment]] = defaultdict(list)
        for appointment in rows.appointments.get(member.supplier_id, ()):
            by_framework[places.lot_framework[appointment.lot_id]].append(appointment)
        for key, appointments in by_framework.items():
            framework = places.frameworks[key]
            document = _document(member, framework, appointments, rows, places, version, on)
            if document is not None:
                found.puts.append(document)
            else:
                reference = listing_reference(
                    framework.reference, member.supplier.reference, member.partner.reference
                )
                found.deletes.append((reference, version))
    put = {document["key"] for document in found.puts}
    found.deletes[:] = [pair for pair in dict.fromkeys(found.deletes) if pair[0] not in put]
    return found


def _read(partners: Sequence[int], places: Places, on: date) -> _Rows:
    members = list(
        SupplierMember.objects.filter(partner__in=partners)
        .select_related("supplier", "partner__organisation", "partner__published")
        .order_by("supplier_id", "partner_id", "joined_on")
    )
    suppliers = {member.supplier_id for member in members}
    appointments: dict[int, list[Appointment]] = defaultdict(list)
    for appointment in Appointment.objects.filter(supplier__in=suppliers):
        appointments[appointment.supplier_id].append(appointment)
    offerings: dict[tuple[int, int], list[Offering]] = defaultdict(list)
    for offering in Offering.objects.filter(partner__in=partners, appointment__supplier__in=suppliers):
        offerings[offering.partner_id, offering.appointment_id].append(offering)
    leads = {
        supplier: (reference, name or reference)
        for supplier, reference, name in SupplierMember.objects.filter(
            supplier__in=suppliers, role=SupplierMember.Role.LEAD, left_on=None
        ).values_list("supplier_id", "partner__reference", "partner__published__name")
    }
    return _Rows(members, leads, appointments, offerings, *_cards(suppliers, places, on))


def _cards(
    suppliers: Iterable[int], places: Places, on: date
) -> tuple[dict[tuple[int, int], _Card], dict[tuple[int, int], _Gap]]:
    """The card in force for each supplier and framework, in the framework's own unit and in pounds where there are
    several, with those of its lines that are in force: a line's own days narrow the card's. And the same of those of
    which none is in force.
    """
    chosen: dict[tuple[int, int], RateCardVersion] = {}
    gaps: dict[tuple[int, int], _Gap] = {}
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card__supplier__in=suppliers)
    newest_first = versions.select_related("card").order_by("card_id", "-number")
    for _, of_card in groupby(newest_first, key=attrgetter("card_id")):
        found = spells(of_card)
        card = found[0].version.card
        framework = places.frameworks[card.framework_id]
        day, place = day_within(framework, on), (card.supplier_id, card.framework_id)
        version = version_on(found, day)
        if version is None:
            gap = gaps.get(place)
            if gap is None or fit(card, framework) < fit(gap.card, framework):
                gaps[place] = _Gap(card, gap_on(found, day))
            continue
        held = chosen.get(place)
        if held is None or fit(card, framework) < fit(held.card, framework):
            chosen[place] = version
    cards: dict[int, _Card] = {}
    days: dict[int, date] = {}
    for version in chosen.values():
        framework = places.frameworks[version.card.framework_id]
        cards[version.pk] = _Card(version.card, version, own_kind(version.card, framework), [])
        days[version.pk] = day_within(framework, on)
    lines = RateLine.objects.filter(version__in=cards, grade__isnull=False).order_by("version_id", "ordinal")
    for line in map(_Row._make, lines.values_list(*_Row._fields)):
        if line.grade_id is not None and in_force(line, days[line.version_id]):
            code, name, rank = places.grades[line.grade_id]
            told = _Line(line.lot_id, code, name, rank, line.work_type, line.price_minor, line.role_title)
            cards[line.version_id].lines.append(told)
    for held_card in cards.values():
        held_card.lines[:] = priced_by_grade(held_card.lines)
    in_place = {place: cards[version.pk] for place, version in chosen.items()}
    return in_place, {place: gap for place, gap in gaps.items() if place not in chosen}


def _document(
    member: SupplierMember,
    framework: Framework,
    appointments: list[Appointment],
    rows: _Rows,
    places: Places,
    version: int,
    on: date,
) -> ListingDocument | None:
    """One listing, or None where it is not to be shown."""
    partner, supplier, profile = member.partner, member.supplier, member.partner.published
    if profile is None or partner.suspended or not belongs(member, framework, on):
        return None
    shown = sorted(
        (
            one
            for one in appointments
            if appointed(one, framework, on) and (partner.pk, one.pk) in rows.offerings
        ),
        key=lambda one: places.lot_order[one.lot_id],
    )
    if not shown:
        return None
    offered = [(one, offering) for one in shown for offering in rows.offerings[partner.pk, one.pk]]
    offerings: list[DocumentOffering] = [
        {
            "lot": places.lots[one.lot_id]["reference"],
            "specialism": places.specialisms[offering.specialism_id]["reference"]
            if offering.specialism_id
            else None,
            "regions": places.ground.satisfied(offering.regions),
        }
        for one, offering in offered
    ]
    stated = sorted(
        {offering.specialism_id for _, offering in offered if offering.specialism_id},
        key=places.specialism_order.__getitem__,
    )
    specialisms = [places.specialisms[key] for key in stated]
    lead, lead_name = rows.leads.get(supplier.pk, (partner.reference, profile.name))
    card = rows.cards.get((supplier.pk, framework.pk))
    lots = [one.lot_id for one in shown]
    lines = [line for line in card.lines if line.lot is None or line.lot in lots] if card else []
    rates: list[DocumentRate] = [
        {
            "lot": places.lots[lot]["reference"] if lot is not None else None,
            "grade": code,
            "rank": rank,
            "work_type": work_type,
            "price_minor": price,
        }
        for lot, code, _, rank, work_type, price, _ in _holding(lines, lots)
    ]
    key = listing_reference(framework.reference, supplier.reference, partner.reference)
    return {
        "key": key,
        "version": version,
        "framework": framework.reference,
        "framework_number": framework.number,
        "framework_name": framework.name,
        "status": framework.status,
        "starts_on": framework.starts_on.isoformat(),
        "ends_on": framework.ends_on.isoformat(),
        "region_scheme": framework.region_scheme,
        "partner": partner.reference,
        "name": profile.name,
        "supplier": supplier.reference,
        "supplier_name": supplier.name,
        "lead": lead,
        "lead_name": lead_name,
        "lots": [places.lots[one.lot_id] for one in shown],
        "specialisms": specialisms,
        "offerings": offerings,
        "summary": profile.summary,
        "case_studies": [
            {"key": study["key"], "title": study["title"], "text": study["text"]}
            for study in profile.case_studies
        ],
        "sectors": profile.sectors,
        "ownership": profile.ownership,
        "size": profile.size,
        "accreditations": profile.accreditations,
        "rates": rates,
        "comparable": card.comparable if card else True,
        "currency": card.card.currency if card else None,
        "unit": card.card.unit if card else None,
        "basis": card.version.basis if card else None,
        "confirmed_on": partner.confirmed_on.isoformat() if partner.confirmed_on else None,
        "stored": {
            "reference": key,
            "partner": {"reference": partner.reference, "name": profile.name},
            "supplier": {"reference": supplier.reference, "name": supplier.name, "form": supplier.form},
            "lead": {"reference": lead, "name": lead_name},
            **_stored_framework(framework),
            "lots": _stored_lots(shown, offered, places),
            **_stored_offerings(specialisms, offered),
            "fictional": partner.organisation.fictional,
            **_stored_profile(partner, profile),
            "rates": _stored_rates(card, lines, places),
            "rates_not_in_force": _stored_gap(rows.gaps.get((supplier.pk, framework.pk))),
        },
    }


def _holding(lines: Iterable[_Line], lots: Sequence[int]) -> Iterable[_Line]:
    """The lines that hold on these lots: what is for every lot, but not for all of these, is said of each."""
    for lot, line in giving_way(lines, lots):
        yield line if lot is None else line._replace(lot=lot)


def _stored_framework(framework: Framework) -> dict[str, Any]:
    return {
        "framework": {
            "reference": framework.reference,
            "number": framework.number,
            "name": framework.name,
            "status": framework.status,
            "starts_on": framework.starts_on.isoformat(),
            "ends_on": framework.ends_on.isoformat(),
            "region_scheme": framework.region_scheme,
            "fictional": framework.fictional,
        }
    }


def _stored_lots(
    shown: list[Appointment], offered: list[tuple[Appointment, Offering]], places: Places
) -> list[dict[str, Any]]:
    """Each lot with its quality marks, and whether it states which specialisms the partner offers there."""
    unstated = {one.pk for one, offering in offered if not offering.specialism_id}
    return [
        {
            **places.lots[one.lot_id],
            "quality_marks": one.quality_marks,
            "specialisms_stated": one.pk not in unstated,
        }
        for one in shown
    ]


def _stored_offerings(
    specialisms: list[DocumentSpecialism], offered: list[tuple[Appointment, Offering]]
) -> dict[str, Any]:
    """The specialisms that are stated, whether every lot states them, and the regions as the partner gave them."""
    return {
        "specialisms": specialisms,
        "specialisms_stated": all(offering.specialism_id for _, offering in offered),
        "regions": sorted({code for _, offering in offered for code in offering.regions}),
    }


def _stored_profile(partner: Partner, profile: ProfileVersion) -> dict[str, Any]:
    """What buyers may read; contacts are not among it, since a search is public."""
    return {
        "summary": profile.summary,
        "ownership": profile.ownership,
        "size": profile.size,
        "sectors": profile.sectors,
        "accreditations": profile.accreditations,
        "case_studies": [{"key": study["key"], "title": study["title"]} for study in profile.case_studies],
        "profile_version": profile.number,
        "confirmed_on": partner.confirmed_on.isoformat() if partner.confirmed_on else None,
    }


def _stored_rates(card: _Card | None, lines: list[_Line], places: Places) -> dict[str, Any] | None:
    """The shared card's lines in force for this listing's lots: ceilings, VAT excluded, amounts as decimal strings."""
    if card is None:
        return None
    return {
        "card": card.card.reference,
        "version": card.version.number,
        "currency": card.card.currency,
        "unit": card.card.unit,
        "basis": card.version.basis,
        "vat": "excluded",
        "valid_from": card.version.valid_from.isoformat() if card.version.valid_from else None,
        "valid_to": card.version.valid_to.isoformat() if card.version.valid_to else None,
        "lines": [
            {
                "lot": places.lots[lot]["reference"] if lot is not None else None,
                "grade": code,
                "name": name,
                "rank": rank,
                "work_type": work_type or None,
                "amount": f"{price // 100}.{price % 100:02d}",
            }
            for lot, code, name, rank, work_type, price, _ in lines
        ],
    }


def _stored_gap(gap: _Gap | None) -> dict[str, Any] | None:
    """When the card of which none is in force was and will be; days as ISO."""
    if gap is None:
        return None
    ended_on, begins_on = gap.days.ended_on, gap.days.begins_on
    return {
        "card": gap.card.reference,
        "ended_on": ended_on.isoformat() if ended_on else None,
        "begins_on": begins_on.isoformat() if begins_on else None,
    }


def partner_batches(size: int) -> Iterable[list[int]]:
    """Primary keys of every partner that has ever been in a supplier, in batches, for a rebuild or a drift
    check.
    """
    last = 0
    while True:
        keys = list(
            Partner.objects.filter(Q(pk__gt=last), supplier_memberships__isnull=False)
            .order_by("pk")
            .distinct()
            .values_list("pk", flat=True)[:size]
        )
        if not keys:
            return
        yield keys
        last = keys[-1]

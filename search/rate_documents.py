"""Rows to rate documents: what of the database a rate line shows, read set-wise for many cards at a time.

Second step of a card's journey (outbox, here, engine). The unit is the card: all its lines are made again. Those of
each version stand for its own days, and within those for the days on which they hold on the same lots, so that a
question about any day finds what was in force then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone

from procurement.card_versions import Spell, spells_by_card
from procurement.identifiers import FICTIONAL
from procurement.models import (
    Appointment,
    Framework,
    RateCard,
    RateCardVersion,
    RateLine,
    Supplier,
    SupplierMember,
)
from procurement.pricing import money
from procurement.querysets import RateCardVersionQuerySet
from procurement.vocabulary import QUALIFICATIONS, SITES
from search.engines.rates_base import CardDocument, LineDocument
from search.places import Places, places
from search.rate_days import Stretch, days_placed, own_days, stretches

NOT_STATED: Final = "not-stated"
"""The size where neither card nor lead states one: a value that is asked for like any other."""


class _Line(NamedTuple):
    """A row of RateLine, without the cost of a model: there are hundreds of thousands."""

    version_id: int
    key: str
    lot_id: int | None
    grade_id: int | None
    role_title: str
    work_type: str
    min_experience: int | None
    max_experience: int | None
    qualification: str
    qualification_text: str
    site: str
    size: str
    valid_from: date | None
    valid_to: date | None
    price_minor: int


class _Lead(NamedTuple):
    """The firm that leads a supplier: the size that it has published, whether it is made up, and whether it is the
    whole supplier and suspended: nobody buys from that, so none of its lines is shown.
    """

    size: str
    fictional: bool
    suspended_alone: bool


NOBODY: Final = _Lead(NOT_STATED, False, False)


def rate_documents(cards: Sequence[int], version: int) -> Iterator[CardDocument]:
    """The documents of these cards (primary keys), stamped with `version`; one without lines where none is
    shown.

    Takes eleven queries however many cards there are; call it with some hundreds, for the sake of memory.
    """
    today, known = timezone.localdate(), places()
    held = _spells(cards)
    lines: dict[int, list[_Line]] = defaultdict(list)
    wanted = [spell.version.pk for found in held.values() for spell in found]
    rows_of_lines = RateLine.objects.filter(version__in=wanted).order_by("version_id", "ordinal")
    for line in map(_Line._make, rows_of_lines.values_list(*_Line._fields)):
        lines[line.version_id].append(line)
    rows = list(RateCard.objects.filter(pk__in=cards).select_related("supplier"))
    appointments: dict[tuple[int, int], list[Appointment]] = defaultdict(list)
    for appointment in Appointment.objects.filter(supplier__in={card.supplier_id for card in rows}):
        place = appointment.supplier_id, known.lot_framework[appointment.lot_id]
        appointments[place].append(appointment)
    leads = _leads({card.supplier_id for card in rows})
    for card in rows:
        framework = known.frameworks[card.framework_id]
        lead = leads.get(card.supplier_id, NOBODY)
        placed = appointments.get((card.supplier_id, card.framework_id))
        yield {
            "key": card.reference,
            "version": version,
            "framework": framework.reference,
            "supplier": card.supplier.reference,
            "currency": card.currency,
            "unit": card.unit,
            "lines": [
                _line(card, framework, spell, stretch, line, known, lead, today)
                for spell in held.get(card.pk, ())
                if not lead.suspended_alone
                for line, stretch in _stretches(lines[spell.version.pk], spell, placed, framework, known)
            ],
        }


def _spells(cards: Sequence[int]) -> Mapping[int, list[Spell]]:
    """The versions of each card that hold on any day, also those past and to come (one query)."""
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card__in=cards)
    return dict(spells_by_card(versions.order_by("card_id", "-number")))


def _stretches(
    lines: Sequence[_Line],
    spell: Spell,
    appointments: Sequence[Appointment] | None,
    framework: Framework,
    known: Places,
) -> Iterator[tuple[_Line, Stretch]]:
    """The lines of a version with the lots on which they hold, for each of its days on which there are any. Without any
    appointment the supplier's places are unknown: a line is then shown for what it says.
    """
    since, until = spell.since or date.min, spell.until or date.max
    if appointments is None:
        for line in lines:
            yield line, Stretch(since, until, frozenset(filter(None, (line.lot_id,))))
        return
    placed, own = days_placed(appointments, framework), own_days(lines, known.grades)
    for line in lines:
        for first, last, lots in stretches(line, placed, own, known.grades):
            if first <= until and last >= since:
                yield line, Stretch(max(first, since), min(last, until), lots)


def _leads(suppliers: Iterable[int]) -> Mapping[int, _Lead]:
    """What a line shows of the lead of each supplier."""
    led = SupplierMember.objects.filter(supplier__in=suppliers, role=SupplierMember.Role.LEAD, left_on=None)
    found = led.values_list(
        "supplier_id",
        "partner__published__size",
        "partner__organisation__scheme",
        "supplier__form",
        "partner__suspended",
    )
    return {
        supplier: _Lead(size or NOT_STATED, scheme == FICTIONAL, suspended and form == Supplier.Form.ALONE)
        for supplier, size, scheme, form, suspended in found
    }


def _line(
    card: RateCard,
    framework: Framework,
    spell: Spell,
    stretch: Stretch,
    line: _Line,
    known: Places,
    lead: _Lead,
    today: date,
) -> LineDocument:
    """The size is the source's own word, else the lead's: a card states the rates of all who share it. Under a
    framework that was cut short it is in force on no day, though it is told until when it was to be.
    """
    version = spell.version
    size = line.size or lead.size
    grade = known.grades[line.grade_id] if line.grade_id is not None else None
    begins, ends = spell.days(framework)
    first = max(begins, stretch.first, line.valid_from or begins)
    last = min(ends, stretch.last, line.valid_to or ends)
    held_to = first - timedelta(days=1) if framework.cut_short(today) else last
    # What the card says itself, without its framework's days: those that an import would give it.
    named = line.valid_from or version.valid_from
    ended = min(filter(None, (line.valid_to, spell.last)), default=None)
    key = f"{card.reference}~{line.key}"
    text = " ".join(filter(None, (line.role_title, *((grade[1], grade[0]) if grade else ()))))
    holds = sorted(stretch.lots, key=known.lot_order.__getitem__)
    stored: dict[str, Any] = {
        "reference": key,
        "role_title": line.role_title or None,
        "grade": {"code": grade[0], "name": grade[1], "rank": grade[2]} if grade else None,
        "amount": money(line.price_minor),
        "currency": card.currency,
        "unit": card.unit,
        "vat": "excluded",
        "basis": version.basis,
        "fictional": lead.fictional,
        "supplier": {"reference": card.supplier.reference, "name": card.supplier.name},
        "framework": {"reference": framework.reference, "number": framework.number},
        "lots": [known.lots[lot] for lot in holds],
        "work_type": line.work_type or None,
        "min_experience": line.min_experience,
        "max_experience": line.max_experience,
        "qualification": line.qualification or None,
        "qualification_label": line.qualification_text or QUALIFICATIONS.get(line.qualification),
        "site": line.site or None,
        "site_label": SITES.get(line.site),
        "size": size,
        "card": card.reference,
        "version": version.number,
        "valid_from": first.isoformat(),
        "valid_to": last.isoformat(),
        "stated": {
            "key": line.key,
            "lot": known.lots[line.lot_id]["reference"] if line.lot_id is not None else None,
            "qualification": line.qualification_text or None,
            "size": line.size or None,
            "valid_from": named.isoformat() if named else None,
            "valid_to": ended.isoformat() if ended else None,
        },
    }
    return {
        "key": key,
        "text": text,
        "lots": [known.lots[lot]["reference"] for lot in holds],
        "grade": grade[0].upper() if grade else "",
        "work_type": line.work_type,
        "min_experience": line.min_experience,
        "max_experience": line.max_experience,
        "qualification": line.qualification,
        "site": line.site,
        "size": size,
        "basis": version.basis,
        "price_minor": line.price_minor,
        "valid_from": first.isoformat(),
        "valid_to": held_to.isoformat(),
        "stands_from": stretch.first.isoformat() if stretch.first > date.min else None,
        "stands_to": stretch.last.isoformat() if stretch.last < date.max else None,
        "stored": stored,
    }

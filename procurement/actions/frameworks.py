"""A framework with its lots, specialisms and grades: data that is published whole, so that adding one
needs no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from procurement.actions.events import Happening, record
from procurement.actions.framework_uses import offered_regions
from procurement.actions.outcome import Outcome
from procurement.errors import Fault, Invalid
from procurement.evaluation_rules import WEIGHTED, WHOLE
from procurement.framework_fields import CPV
from procurement.models import Framework, Grade, Lot, Organisation, Region, Specialism
from procurement.models.base import REFERENCE_PATTERN
from procurement.permissions import Action, Actor, require
from procurement.references import differing_in_capitals, wrong_with_reference
from procurement.visible import shows_something
from procurement.vocabulary import ACCREDITATIONS, BUYER_CLASSES, WORK_TYPES


@dataclass(frozen=True, slots=True)
class GradeDraft:
    """A level of staff; rank 1 is the lowest."""

    code: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class SpecialismDraft:
    """One line of service; `cpv` holds eight-digit codes of CPV 2008."""

    number: str
    name: str
    description: str = ""
    cpv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LotDraft:
    """A lot, in the order in which it is given. Money in pence, VAT excluded."""

    number: str
    name: str
    specialisms: tuple[SpecialismDraft, ...]
    grades: tuple[GradeDraft, ...]
    description: str = ""
    direct_award: bool = False
    competition: bool = False
    direct_award_cap_pence: int | None = None
    minimum_value_pence: int | None = None
    maximum_value_pence: int | None = None
    longest_term_months: int | None = None
    closes_on: date | None = None
    light_touch: bool = False
    work_types: list[str] = field(default_factory=list)
    accreditations: list[str] = field(default_factory=list)
    professional_indemnity_pence: int | None = None
    public_liability_pence: int | None = None
    weightings: dict[str, list[str]] | None = None


@dataclass(frozen=True, slots=True)
class FrameworkDraft:
    """A framework as it should be; `owner` is an organisation's reference, `management_charge` and `rate_rise_ceiling`
    in per cent.
    """

    reference: str
    number: str
    name: str
    owner: str
    status: str
    starts_on: date
    ends_on: date
    regime: str
    lots: tuple[LotDraft, ...]
    nickname: str = ""
    description: str = ""
    buyer_classes: tuple[str, ...] = ()
    management_charge: Decimal | None = None
    maximum_value_pence: int | None = None
    region_scheme: str = Region.Scheme.ITL2025
    rate_unit: str = "day"
    rate_rise_ceiling: Decimal | None = None
    fictional: bool = False


def save_framework(actor: Actor, draft: FrameworkDraft) -> Outcome:
    """Publish a framework, or what changed in it, by its reference. Lots, specialisms and grades once
    there stay.

    Raises NotPermitted, Invalid with a fault for everything wrong (`/lots/2/specialisms/0/cpv`).
    """
    with transaction.atomic():
        framework = Framework.objects.select_for_update().filter(reference=draft.reference).first()
        owner = Organisation.objects.filter(reference=draft.owner).first()
        require(actor, Action.MANAGE_FRAMEWORK, framework.owner if framework else owner)
        faults = list(_faults(draft, owner, framework))
        if faults or owner is None:
            raise Invalid("The framework was not changed.", tuple(faults))
        created = framework is None
        touched = 0
        values = _own(draft, owner)
        if framework is None:
            framework = Framework.objects.create(reference=draft.reference, **values)
        elif _set(framework, values):
            framework.save()
            touched += 1
        touched += _save_lots(framework, draft)
        if created or touched:
            if not created:
                framework.revision += 1
                framework.save(update_fields=["revision"])
            kind = "framework.published" if created else "framework.changed"
            counts = {
                "lots": len(draft.lots),
                "specialisms": sum(len(lot.specialisms) for lot in draft.lots),
                "touched": touched,
            }
            record(
                actor, Happening(kind, "framework", framework.reference, {"owner": owner.reference}, counts)
            )
    if created:
        return Outcome(created=[draft.reference])
    return Outcome(changed=[draft.reference]) if touched else Outcome(unchanged=1)


def _own(draft: FrameworkDraft, owner: Organisation) -> dict[str, Any]:
    plain = {one.name: getattr(draft, one.name) for one in fields(draft)}
    return {
        **{name: value for name, value in plain.items() if name not in ("reference", "lots")},
        "owner": owner,
        "buyer_classes": list(draft.buyer_classes),
    }


def _set(row: Framework | Lot | Specialism | Grade, values: dict[str, Any]) -> bool:
    """Put the values on the row; whether any of them was another before."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def _save_lots(framework: Framework, draft: FrameworkDraft) -> int:
    """Make or change lots, specialisms and grades; how many rows it touched."""
    before = {lot.number: lot for lot in framework.lots.all()}
    rows: list[tuple[Lot, LotDraft]] = []
    touched = 0
    for position, one in enumerate(draft.lots, start=1):
        values = {item.name: getattr(one, item.name) for item in fields(one)} | {"position": position}
        del values["specialisms"], values["grades"]
        lot = before.get(one.number) or Lot(
            framework=framework, reference=f"{framework.reference}~{one.number.lower()}"
        )
        if _set(lot, values) or lot.pk is None:
            lot.save()
            touched += 1
        rows.append((lot, one))
    return touched + _save_specialisms(rows) + _save_grades(rows)


def _save_specialisms(rows: Sequence[tuple[Lot, LotDraft]]) -> int:
    before = {
        (one.lot_id, one.number): one for one in Specialism.objects.filter(lot__in=[lot for lot, _ in rows])
    }
    new: list[Specialism] = []
    altered: list[Specialism] = []
    for lot, draft in rows:
        for position, one in enumerate(draft.specialisms, start=1):
            values = {
                "position": position,
                "name": one.name,
                "description": one.description,
                "cpv": list(one.cpv),
            }
            row = before.get((lot.pk, one.number))
            if row is None:
                reference = f"{lot.reference}~{one.number.lower()}"
                new.append(Specialism(lot=lot, reference=reference, number=one.number, **values))
            elif _set(row, values):
                altered.append(row)
    Specialism.objects.bulk_create(new)
    Specialism.objects.bulk_update(altered, ["position", "name", "description", "cpv"])
    return len(new) + len(altered)


def _save_grades(rows: Sequence[tuple[Lot, LotDraft]]) -> int:
    before = {(one.lot_id, one.code): one for one in Grade.objects.filter(lot__in=[lot for lot, _ in rows])}
    new: list[Grade] = []
    altered: list[Grade] = []
    for lot, draft in rows:
        for one in draft.grades:
            row = before.get((lot.pk, one.code))
            if row is None:
                reference = f"{lot.reference}~{one.code.lower()}"
                new.append(Grade(lot=lot, reference=reference, code=one.code, name=one.name, rank=one.rank))
            elif _set(row, {"name": one.name, "rank": one.rank}):
                altered.append(row)
    Grade.objects.bulk_create(new)
    Grade.objects.bulk_update(altered, ["name", "rank"])
    return len(new) + len(altered)


def _faults(
    draft: FrameworkDraft, owner: Organisation | None, framework: Framework | None
) -> Iterator[Fault]:
    wrong = wrong_with_reference(draft.reference, kept=framework is not None)
    if wrong or "~" in draft.reference:
        told = wrong or f"{draft.reference!r} is not a reference of a framework."
        yield Fault("/reference", "shape", told)
    elif framework is None:
        alike = differing_in_capitals(Framework, [draft.reference])
        yield from (Fault("/reference", "taken", told) for told in alike.values())
    if owner is None:
        yield Fault("/owner", "unknown", f"There is no organisation {draft.owner}.")
    if not draft.number or not shows_something(draft.name):
        yield Fault("/name", "required", "A framework has a number and a name.")
    if draft.ends_on < draft.starts_on:
        yield Fault("/ends_on", "order", "A framework ends on or after its first day.")
    for name, value, known in (
        ("status", draft.status, Framework.Status.values),
        ("region_scheme", draft.region_scheme, Region.Scheme.values),
        ("rate_unit", draft.rate_unit, ["day", "hour"]),
    ):
        if value not in known:
            yield Fault(f"/{name}", "unknown", f"{value} is none of {', '.join(known)}.")
    if draft.regime not in Framework.Regime.values:
        regimes = " or ".join(f"{one.value} ({one.label})" for one in Framework.Regime)
        message = (
            f"Calloff knows frameworks under {regimes}; not under the law of Scotland, nor {draft.regime!r}."
        )
        yield Fault("/regime", "unknown", message)
    for kind in draft.buyer_classes:
        if kind not in BUYER_CLASSES:
            yield Fault("/buyer_classes", "unknown", f"{kind} is no class of buyer.")
    if framework is not None:
        yield from _kept_faults(draft, framework)
    # A number in small letters is the end of a reference.
    ends = [lot.number.lower() for lot in draft.lots]
    for place, lot in enumerate(draft.lots):
        if ends.count(lot.number.lower()) > 1:
            yield Fault(f"/lots/{place}/number", "duplicate", f"Lot {lot.number} comes more than once.")
        yield from _lot_faults(lot, f"/lots/{place}")


def _kept_faults(draft: FrameworkDraft, framework: Framework) -> Iterator[Fault]:
    """What of a framework that is there already stays."""
    scheme = framework.region_scheme
    if scheme != draft.region_scheme and (many := offered_regions(framework)):
        yield Fault("/region_scheme", "in_use", f"{many} name regions of {scheme}.")
    numbers = {lot.number for lot in draft.lots}
    for gone in set(framework.lots.values_list("number", flat=True)) - numbers:
        yield Fault("/lots", "missing", f"Lot {gone} is there already and cannot go.")


def _name_faults(lot: LotDraft, at: str) -> Iterator[Fault]:
    if not shows_something(lot.name):
        yield Fault(f"{at}/name", "required", f"Lot {lot.number} has a name.")
    for place, grade in enumerate(lot.grades):
        if not shows_something(grade.name):
            yield Fault(f"{at}/grades/{place}/name", "required", f"Grade {grade.code} has a name.")


def _is_range(stated: object) -> bool:
    if not isinstance(stated, list) or len(stated) != 2 or not all(isinstance(one, str) for one in stated):
        return False
    try:
        least, most = map(Decimal, stated)
    except InvalidOperation:
        return False
    return least.is_finite() and most.is_finite() and 0 <= least <= most <= WHOLE


def _not_numbered(number: str) -> bool:
    """Whether a number or code is not what references end with."""
    return re.fullmatch(REFERENCE_PATTERN, number) is None or "~" in number


def _lot_faults(lot: LotDraft, at: str) -> Iterator[Fault]:
    if _not_numbered(lot.number):
        yield Fault(f"{at}/number", "shape", f"{lot.number!r} is not a number of a lot.")
    yield from _name_faults(lot, at)
    if not lot.direct_award and not lot.competition:
        yield Fault(
            f"{at}/competition", "route", f"Lot {lot.number} allows neither direct award nor competition."
        )
    for kind in set(lot.work_types) - WORK_TYPES.keys():
        yield Fault(f"{at}/work_types", "unknown", f"{kind} is none of {', '.join(WORK_TYPES)}.")
    for held in set(lot.accreditations) - ACCREDITATIONS.keys():
        yield Fault(f"{at}/accreditations", "unknown", f"{held} is none of {', '.join(ACCREDITATIONS)}.")
    yield from _weighting_faults(lot, at)
    ends = [one.number.lower() for one in lot.specialisms]
    for place, one in enumerate(lot.specialisms):
        where = f"{at}/specialisms/{place}"
        if ends.count(one.number.lower()) > 1:
            yield Fault(f"{where}/number", "duplicate", f"Specialism {one.number} comes more than once.")
        if not shows_something(one.name) or len(one.name) > 300:
            yield Fault(f"{where}/name", "length", "A specialism has a name of at most 300 characters.")
        for code in one.cpv:
            if not CPV.fullmatch(code):
                yield Fault(f"{where}/cpv", "shape", f"{code} is not an eight-digit CPV code.")
    for place, grade in enumerate(lot.grades):
        if _not_numbered(grade.code):
            yield Fault(f"{at}/grades/{place}/code", "shape", f"{grade.code!r} is not a code of a grade.")
    for what in ("code", "rank"):
        # A code in small letters is the end of a reference.
        seen = [str(getattr(one, what)) for one in lot.grades]
        small = [value.lower() for value in seen]
        for repeated in sorted({value for value in seen if small.count(value.lower()) > 1}):
            yield Fault(f"{at}/grades", "duplicate", f"Grade {what} {repeated} comes more than once.")


def _weighting_faults(lot: LotDraft, at: str) -> Iterator[Fault]:
    for name, stated in (lot.weightings or {}).items():
        if name not in WEIGHTED:
            yield Fault(f"{at}/weightings/{name}", "unknown", f"{name} is none of {', '.join(WEIGHTED)}.")
        elif not _is_range(stated):
            message = "The least and the most of 100, as decimal strings in their order."
            yield Fault(f"{at}/weightings/{name}", "shape", message)

"""Keeping a framework as data: it, its lots, their specialisms and grades made, said anew and taken away one at a
time.

Journey: /administration/… or PATCH /api/v1/lots/{reference}/ -> here (lock, permission, revision, what rests on it) ->
framework.changed -> the index follows. The framework's revision counts for all of its parts. Whole frameworks come in
by frameworks.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone

from procurement.actions.events import Happening, record
from procurement.actions.framework_uses import (
    call_offs_of,
    grade_uses,
    lot_uses,
    most_bought,
    offered_regions,
    rates_for_other_work,
    specialism_uses,
)
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.framework_fields import AS_FRAMEWORK, AS_GRADE, AS_LOT, AS_SPECIALISM, said
from procurement.models import CallOff, Capability, Framework, Grade, Lot, Organisation, Specialism
from procurement.permissions import Action, Actor, require
from procurement.pricing import money
from procurement.revisions import changed_since

REFERENCE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NUMBER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
MOVES: Final = ("up", "down")
UNMADE: Final = "Nothing was changed."
BEFORE_LIVE: Final = ("coming", "open", "pending", "standstill")


def create_framework(actor: Actor, sent: Mapping[str, Any]) -> Framework:
    """Makes a framework without lots from the fields of AS_FRAMEWORK. Raises NotPermitted, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        values = said(AS_FRAMEWORK, sent, faults, new=True)
        owner = _owner(values, faults)
        require(actor, Action.MANAGE_FRAMEWORK, owner)
        known = str(values.get("reference", ""))
        if known and not REFERENCE.fullmatch(known):
            faults.append(Fault("/reference", "shape", "Small letters, digits and hyphens between them."))
        if Framework.objects.filter(reference=known).exists():
            faults.append(Fault("/reference", "taken", "There is such a framework already."))
        faults += _framework_faults(Framework(**{**values, "owner": owner}) if owner else None, None)
        _refuse(faults)
        framework = Framework.objects.create(**values)
        references = {"owner": framework.owner.reference}
        counts = {"lots": 0, "specialisms": 0, "touched": 0}
        record(actor, Happening("framework.published", "framework", known, references, counts))
    return framework


def edit_framework(actor: Actor, reference: str, revision: int, sent: Mapping[str, Any]) -> Framework:
    """Says fields of it anew. Raises NotFound, NotPermitted, Stale; Invalid, naming what rests on what would change."""
    faults: list[Fault] = []
    with transaction.atomic():
        framework = _locked(actor, Framework.objects.filter(reference=reference), revision)
        before = Framework.objects.get(pk=framework.pk)
        values = said(AS_FRAMEWORK, sent, faults, new=False)
        if "owner" in values:
            owner = _owner(values, faults)
            if owner is not None and owner.pk != framework.owner_id:
                require(actor, Action.MANAGE_FRAMEWORK, owner)
        _refuse(faults)
        changed = _put(framework, values)
        _refuse([*_framework_faults(framework, before), *_framework_uses(framework, before)])
        _changed(actor, framework, changed, framework.reference)
    return framework


def add_lot(actor: Actor, framework: str, revision: int, sent: Mapping[str, Any]) -> Lot:
    """Makes a lot, the last of its framework. Raises NotFound, NotPermitted, Stale, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        held = _locked(actor, Framework.objects.filter(reference=framework), revision)
        values = said(AS_LOT, sent, faults, new=True)
        last = held.lots.aggregate(last=Max("position"))["last"] or 0
        lot = Lot(**{"competition": False, **values}, framework=held, position=last + 1)
        lot.reference = _numbered(held.reference, lot.number, held.lots.all(), faults)
        faults += _lot_faults(lot)
        _refuse(faults)
        lot.save()
        _changed(actor, held, sorted(sent), lot.reference)
    return lot


def edit_lot(actor: Actor, reference: str, revision: int, sent: Mapping[str, Any]) -> Lot:
    """Says fields of a lot anew. Raises NotFound, NotPermitted, Stale; Invalid, naming what rests on it."""
    faults: list[Fault] = []
    with transaction.atomic():
        framework, lot = _lot(actor, reference, revision)
        values = said(AS_LOT, sent, faults, new=False)
        _refuse(faults)
        changed = _put(lot, values)
        _refuse([*_lot_faults(lot), *_bought_faults(lot, changed)])
        _changed(actor, framework, changed, lot.reference, lot)
    return lot


def move_lot(actor: Actor, reference: str, revision: int, to: object) -> Lot:
    """Puts a lot one place `up` or `down` among those of its framework. Raises NotFound, NotPermitted, Stale; Conflict
    for the first or the last; Invalid at /to.
    """
    with transaction.atomic():
        framework, lot = _lot(actor, reference, revision)
        if to not in MOVES:
            _refuse([Fault("/to", "unknown_value", f"A lot is moved {' or '.join(MOVES)}.")])
        others = framework.lots.exclude(pk=lot.pk)
        if to == "up":
            beside = others.filter(position__lt=lot.position).order_by("-position").first()
        else:
            beside = others.filter(position__gt=lot.position).order_by("position").first()
        if beside is None:
            raise Conflict("It is the first lot." if to == "up" else "It is the last lot.")
        last = framework.lots.aggregate(last=Max("position"))["last"]
        # No two may stand in one place, not even on the way.
        for pk, position in ((lot.pk, last + 1), (beside.pk, lot.position), (lot.pk, beside.position)):
            Lot.objects.filter(pk=pk).update(position=position)
        lot.position = beside.position
        _changed(actor, framework, ["position"], lot.reference)
    return lot


def remove_lot(actor: Actor, reference: str, revision: int) -> None:
    """Takes a lot away with its specialisms and grades. Raises NotFound, NotPermitted, Stale; Conflict, naming what
    rests on it.
    """
    with transaction.atomic():
        framework, lot = _lot(actor, reference, revision)
        _remove(actor, framework, lot, lot_uses(lot))


def add_specialism(actor: Actor, lot: str, revision: int, sent: Mapping[str, Any]) -> Specialism:
    """Makes a specialism, the last of its lot. Raises NotFound, NotPermitted, Stale, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        framework, held = _lot(actor, lot, revision)
        values = said(AS_SPECIALISM, sent, faults, new=True)
        last = held.specialisms.aggregate(last=Max("position"))["last"] or 0
        made = Specialism(**values, lot=held, position=last + 1)
        made.reference = _numbered(held.reference, made.number, held.specialisms.all(), faults)
        _refuse(faults)
        made.save()
        _changed(actor, framework, sorted(sent), made.reference)
    return made


def edit_specialism(actor: Actor, reference: str, revision: int, sent: Mapping[str, Any]) -> Specialism:
    """Says fields of a specialism anew. Raises NotFound, NotPermitted, Stale, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        found = Specialism.objects.filter(reference=reference).first()
        framework, _ = _lot(actor, found.lot.reference if found else "", revision, "specialism")
        assert found is not None
        values = said(AS_SPECIALISM, sent, faults, new=False)
        _refuse(faults)
        _changed(actor, framework, _put(found, values), found.reference, found)
    return found


def remove_specialism(actor: Actor, reference: str, revision: int) -> None:
    """Takes a specialism away. Raises as remove_lot does."""
    with transaction.atomic():
        found = Specialism.objects.filter(reference=reference).first()
        framework, _ = _lot(actor, found.lot.reference if found else "", revision, "specialism")
        assert found is not None
        _remove(actor, framework, found, specialism_uses(found))


def add_grade(actor: Actor, lot: str, revision: int, sent: Mapping[str, Any]) -> Grade:
    """Makes a grade of a lot. Raises NotFound, NotPermitted, Stale, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        framework, held = _lot(actor, lot, revision)
        values = said(AS_GRADE, sent, faults, new=True)
        grade = Grade(**values, lot=held)
        if grade.code and not NUMBER.fullmatch(grade.code):
            faults.append(Fault("/code", "shape", "Letters and digits, with dots or hyphens between them."))
        grade.reference = f"{held.reference}~{grade.code.lower()}"
        if Grade.objects.filter(reference=grade.reference).exists():
            faults.append(Fault("/code", "taken", "The lot has such a grade already."))
        else:
            faults += _rank_faults(grade, held)
        _refuse(faults)
        grade.save()
        _changed(actor, framework, sorted(sent), grade.reference)
    return grade


def edit_grade(actor: Actor, reference: str, revision: int, sent: Mapping[str, Any]) -> Grade:
    """Says name or rank of a grade anew. Raises NotFound, NotPermitted, Stale, Invalid."""
    faults: list[Fault] = []
    with transaction.atomic():
        grade = Grade.objects.filter(reference=reference).first()
        framework, lot = _lot(actor, grade.lot.reference if grade else "", revision, "grade")
        assert grade is not None
        values = said(AS_GRADE, sent, faults, new=False)
        _refuse(faults)
        changed = _put(grade, values)
        _refuse(list(_rank_faults(grade, lot)))
        _changed(actor, framework, changed, grade.reference, grade)
    return grade


def remove_grade(actor: Actor, reference: str, revision: int) -> None:
    """Takes a grade away. Raises as remove_lot does."""
    with transaction.atomic():
        grade = Grade.objects.filter(reference=reference).first()
        framework, _ = _lot(actor, grade.lot.reference if grade else "", revision, "grade")
        assert grade is not None
        _remove(actor, framework, grade, grade_uses(grade))


def _locked(actor: Actor, rows: Any, revision: int) -> Framework:
    framework: Framework | None = rows.select_for_update().first()
    if framework is None:
        raise NotFound("There is no such framework.")
    require(actor, Action.MANAGE_FRAMEWORK, framework.owner_id)
    if changed_since(framework.revision, revision):
        raise Stale("The framework has changed since you read it.")
    return framework


def _lot(actor: Actor, reference: str, revision: int, what: str = "lot") -> tuple[Framework, Lot]:
    lot = Lot.objects.filter(reference=reference).first()
    if lot is None:
        raise NotFound(f"There is no such {what}.")
    return _locked(actor, Framework.objects.filter(pk=lot.framework_id), revision), lot


def _put(row: Model, values: Mapping[str, Any]) -> list[str]:
    """Puts the values on the row; the columns that had others."""
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    return differing


def _changed(
    actor: Actor, framework: Framework, changed: Sequence[str], what: str, row: Model | None = None
) -> None:
    """Saves row and framework, raises the revision and records it; nothing where nothing differs."""
    if not changed:
        return
    if row is not None:
        row.save()
    framework.revision += 1
    framework.save()
    told = {"object": what, "fields": sorted(changed)}
    references = {"owner": framework.owner.reference}
    record(actor, Happening("framework.changed", "framework", framework.reference, references, told))


def _remove(actor: Actor, framework: Framework, row: Lot | Specialism | Grade, uses: Sequence[str]) -> None:
    if uses:
        raise Conflict(f"It cannot be taken away: {'; '.join(uses)}.")
    reference = row.reference
    row.delete()
    _changed(actor, framework, ["removed"], reference)


def _owner(values: dict[str, Any], faults: list[Fault]) -> Organisation | None:
    """The organisation that is named as owner, put among the values."""
    named = values.pop("owner", "")
    owner = Organisation.objects.filter(
        reference=named, capabilities__kind=Capability.Kind.FRAMEWORK_OWNER
    ).first()
    if owner is None:
        if named:
            faults.append(
                Fault("/owner", "unknown", "No organisation that owns frameworks has this reference.")
            )
        return None
    values["owner"] = owner
    return owner


def _numbered(place: str, number: str, rows: Any, faults: list[Fault]) -> str:
    if number and not NUMBER.fullmatch(number):
        faults.append(Fault("/number", "shape", "Letters and digits, with dots or hyphens between them."))
    if rows.filter(number__iexact=number).exists():
        faults.append(Fault("/number", "taken", "This number is taken."))
    return f"{place}~{number.lower()}"


def _framework_faults(framework: Framework | None, before: Framework | None) -> Iterator[Fault]:
    if framework is None:
        return
    first, last = framework.starts_on, framework.ends_on
    if first is not None and last is not None and last < first:
        yield Fault("/ends_on", "order", "A framework ends on or after its first day.")
    others = Framework.objects.exclude(pk=before.pk) if before else Framework.objects.all()
    if framework.number and others.filter(number=framework.number).exists():
        yield Fault("/number", "taken", "Another framework has this number.")


def _framework_uses(framework: Framework, before: Framework) -> Iterator[Fault]:
    """What rests on what is to change."""
    if framework.regime != before.regime and (many := call_offs_of(framework)):
        yield Fault("/regime", "in_use", f"{many} were begun under this law.")
    if (
        framework.status in BEFORE_LIVE
        and framework.status != before.status
        and (many := call_offs_of(framework))
    ):
        yield Fault("/status", "in_use", f"{many} were begun under it.")
    if framework.region_scheme != before.region_scheme and (many := offered_regions(framework)):
        yield Fault("/region_scheme", "in_use", f"{many} name regions of this scheme.")
    today = timezone.localdate()
    ends_at_once = framework.ends_on < today <= before.ends_on
    if ends_at_once and (many := call_offs_of(framework, under_way=True)):
        yield Fault("/ends_on", "in_use", f"{many} are under way.")


def _lot_faults(lot: Lot) -> Iterator[Fault]:
    if not lot.direct_award and not lot.competition:
        yield Fault("/competition", "route", "A lot allows direct award or competition, or both.")
    least, most = lot.minimum_value_pence, lot.maximum_value_pence
    if least is not None and most is not None and most < least:
        yield Fault("/maximum_value", "order", "The greatest value is below the least.")
    if lot.closes_on is not None and not lot.framework.starts_on <= lot.closes_on <= lot.framework.ends_on:
        yield Fault("/closes_on", "order", "A lot closes while its framework lasts.")


def _bought_faults(lot: Lot, changed: Sequence[str]) -> Iterator[Fault]:
    """What was bought on the lot, and would not have been possible as it is to be."""
    for route in CallOff.Route:
        if route in changed and not getattr(lot, route) and (many := call_offs_of(lot, route=route)):
            yield Fault(f"/{route}", "in_use", f"{many} took this route.")
    for column, name, of in (
        ("direct_award_cap_pence", "direct_award_cap", CallOff.Route.DIRECT_AWARD),
        ("maximum_value_pence", "maximum_value", None),
    ):
        cap, most = getattr(lot, column), most_bought(lot, of) if column in changed else None
        if cap is not None and most is not None and most > cap:
            yield Fault(f"/{name}", "in_use", f"A call-off on the lot comes to £{money(most)}.")
    if "work_types" in changed and (many := rates_for_other_work(lot)):
        yield Fault("/work_types", "in_use", f"{many} in force for other types of work.")
    if "light_touch" in changed and (many := call_offs_of(lot)):
        yield Fault("/light_touch", "in_use", f"{many} were begun on the lot as it is.")


def _rank_faults(grade: Grade, lot: Lot) -> Iterator[Fault]:
    if lot.grades.filter(rank=grade.rank).exclude(pk=grade.pk).exists():
        yield Fault("/rank", "taken", "Another grade of the lot has this rank.")
    same = Grade.objects.filter(lot__framework=lot.framework_id, code__iexact=grade.code).exclude(pk=grade.pk)
    if (other := same.exclude(rank=grade.rank).select_related("lot").first()) is not None:
        told = f"On lot {other.lot.number} {grade.code} has rank {other.rank}; a code means one rank in a framework."
        yield Fault("/rank", "other_rank", told)


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(UNMADE, tuple(faults))

"""Whether a requirement may be said: not too much at once, and what it names is there (the rules that need the
database), after procurement/requirements.py has found the content itself in order.
"""

from __future__ import annotations

from procurement.errors import Fault
from procurement.models import Framework, Grade, Lot, RateLine, Region, Specialism
from procurement.querysets import RateLineQuerySet
from procurement.requirements import RequirementContent, too_much
from procurement.team_lines import folded


def missing_from(content: RequirementContent, pointer: str = "") -> list[Fault]:
    """A fault for each framework, lot, specialism, region, grade and role of the content that is not known, at its JSON
    pointer below `pointer`; and one where it asks for too much at once. At most six queries; none for what the
    content does not name.

    Regions are of the framework's own scheme, or the whole United Kingdom; of either scheme where no framework is
    named. Grades are those of the lot, or of any lot of the framework; a role is known where a published card names it
    there, whatever experience it asks for.
    """
    if faults := too_much(content, pointer):
        return faults
    framework = None
    if content.framework is not None:
        framework = Framework.objects.filter(reference=content.framework).first()
        if framework is None:
            return [Fault(f"{pointer}/framework", "unknown", f"There is no framework {content.framework}.")]
    if content.lot is not None and not _has_lot(content.framework, content.lot):
        return [Fault(f"{pointer}/lot", "unknown", f"There is no lot {content.lot}.")]
    return [
        *_specialisms(content, pointer),
        *_regions(content, framework, pointer),
        *_grades(content, _place(content, framework), pointer),
        *_roles(content, _place(content, framework), pointer),
    ]


def _place(content: RequirementContent, framework: Framework | None) -> str:
    """The lot, or the framework, by the numbers that people know it by."""
    number = framework.number if framework else "the framework"
    return f"lot {content.lot.rpartition('~')[2].upper()} of {number}" if content.lot else number


def _has_lot(framework: str | None, lot: str) -> bool:
    return Lot.objects.filter(reference=lot, framework__reference=framework).exists()


def _specialisms(content: RequirementContent, pointer: str) -> list[Fault]:
    if not content.specialisms:
        return []
    known = Specialism.objects.filter(reference__in=content.specialisms)
    if content.framework is not None:
        known = known.filter(lot__framework__reference=content.framework)
    if content.lot is not None:
        known = known.filter(lot__reference=content.lot)
    found = set(known.values_list("reference", flat=True))
    return [
        Fault(f"{pointer}/specialisms/{step}", "unknown", f"There is no specialism {one}.")
        for step, one in enumerate(content.specialisms)
        if one not in found
    ]


def _regions(content: RequirementContent, framework: Framework | None, pointer: str) -> list[Fault]:
    if not content.regions:
        return []
    schemes = dict(Region.objects.filter(code__in=content.regions).values_list("code", "scheme"))
    usual = {framework.region_scheme, Region.Scheme.NATIONAL} if framework else set(Region.Scheme.values)
    told = f"{framework.region_scheme} code" if framework else "region"
    return [
        Fault(f"{pointer}/regions/{step}", "unknown", f"{code} is no {told}.")
        for step, code in enumerate(content.regions)
        if schemes.get(code) not in usual
    ]


def _grades(content: RequirementContent, place: str, pointer: str) -> list[Fault]:
    if all(line.role for line in content.team):
        return []
    grades = Grade.objects.filter(lot__framework__reference=content.framework)
    if content.lot is not None:
        grades = grades.filter(lot__reference=content.lot)
    known = sorted(set(grades.values_list("code", flat=True)))
    return [
        Fault(
            f"{pointer}/team/{step}/grade",
            "unknown",
            f"{place[0].upper()}{place[1:]} has no grade {line.grade}; it has {', '.join(known) or 'none'}.",
        )
        for step, line in enumerate(content.team)
        if line.grade and line.grade not in known
    ]


def _roles(content: RequirementContent, place: str, pointer: str) -> list[Fault]:
    if not any(line.role for line in content.team):
        return []
    lot = Lot.objects.filter(reference=content.lot).first() if content.lot else None
    known = {folded(title) for title in RateLineQuerySet(RateLine).named(content.framework or "", lot)}
    return [
        Fault(
            f"{pointer}/team/{step}/role", "unknown", f"No rate card on {place} names the role {line.role}."
        )
        for step, line in enumerate(content.team)
        if line.role and line.called not in known
    ]

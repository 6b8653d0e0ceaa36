"""What can be chosen in the form of a need, read from the database: at most six queries.

A framework brings its lots, regions and grades, a lot its specialisms. What stands in a field and is no choice of it
stays in sight, so that a refused form shows what was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.models import Framework, Grade, Lot, RateLine, Region, Specialism
from procurement.querysets import RateLineQuerySet
from procurement.team_lines import folded
from procurement.vocabulary import OWNERSHIP, SIZES, WORK_TYPES
from search.ranks import MODES
from web.faults import FieldFault
from web.need_form import NeedForm
from web.rate_form import Options, grades_on
from web.role_rows import PERS
from web.saying import choices_said, said

FEW_ROLES: Final = 200
"""So many role titles are suggested; of more the list would be longer than the page."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One of several choices: whether it is asked for, and whether it must be had."""

    value: str
    label: str
    asked: bool
    must: bool


@dataclass(frozen=True, slots=True)
class NeedChoices:
    """Options by field; a field without any is not shown. `by_role`: a team is asked for by role titles, of which
    `roles` are suggested where they are few, and `per` is what their work is usually counted in.
    """

    frameworks: Options
    lots: Options
    specialisms: list[Tick]
    regions: list[Tick]
    grades: Options
    by_role: bool
    roles: tuple[str, ...]
    pers: Options
    per: str
    work_types: Options
    ownership: list[tuple[str, str, bool]]
    sizes: list[tuple[str, str, bool]]
    modes: Options

    def linked(self, faults: Iterable[FieldFault]) -> list[FieldFault]:
        """The faults; what is wrong with a field that is not shown is told at the framework, which brings it."""
        shown = {"specialisms": bool(self.specialisms), "lot": bool(self.lots)}
        return [one if shown.get(one.anchor, True) else replace(one, anchor="framework") for one in faults]


def need_choices(form: NeedForm) -> NeedChoices:
    """The choices for what stands in the form."""
    today = timezone.localdate()
    known = {one.reference: one for one in Framework.objects.order_by("number")}
    framework = known.get(form.framework)
    frameworks = [
        (one.reference, _framework_named(one, open_=one.open_to_call_offs(today))) for one in known.values()
    ]
    lots = list(Lot.objects.filter(framework=framework).order_by("position")) if framework else []
    lot = next((one for one in lots if one.reference == form.lot), None)
    grades = _grades(lot) if lot else grades_on(framework.reference if framework else "")
    roles = _roles(framework, lot) if framework and not grades else ()
    return NeedChoices(
        frameworks=_with(_("Any framework"), frameworks, form.framework),
        lots=_with(_("Any lot"), [(one.reference, f"{one.number} {one.name}") for one in lots], form.lot),
        specialisms=_ticks(_specialisms(lot, form.specialisms), form.specialisms, form.must_specialisms),
        regions=_ticks(_regions(framework, form.regions), form.regions, form.must_regions),
        grades=_graded(grades, form),
        by_role=bool(roles or form.roles_written()),
        roles=roles if len(roles) <= FEW_ROLES else (),
        pers=choices_said(PERS),
        per="hours" if framework is not None and framework.rate_unit == "hour" else "days",
        work_types=_with(_("Not stated"), choices_said(WORK_TYPES.items()), form.work_type),
        ownership=_liked(OWNERSHIP, form.ownership),
        sizes=_liked(SIZES, form.size),
        modes=_with("", choices_said(MODES.items()), form.mode)[1:],
    )


def _framework_named(framework: Framework, *, open_: bool) -> str:
    named = f"{framework.number} {framework.name}"
    return named if open_ else _("%(framework)s (closed)") % {"framework": named}


def _with(none: str, options: Options, chosen: str) -> Options:
    """The options after the one for nothing, and what is chosen even if it is none of them."""
    if chosen and chosen not in dict(options):
        options = [*options, (chosen, chosen)]
    return [("", none), *options] if options else []


def _graded(grades: Options, form: NeedForm) -> Options:
    written = {row.grade: row.grade for row in form.team if row.grade}
    options = {**written, **dict(grades)}
    if not options and any(row.days for row in form.team):
        return [("", _("No grade"))]
    ordered = [*grades, *((code, code) for code in written if code not in dict(grades))]
    return [("", _("No grade")), *ordered] if ordered else []


def _grades(lot: Lot) -> Options:
    rows = Grade.objects.filter(lot=lot).order_by("rank").values_list("code", "name")
    return [(code, f"{code} {name}") for code, name in rows]


def _roles(framework: Framework, lot: Lot | None) -> tuple[str, ...]:
    """The role titles that cards name, each in one spelling; of many no more than tell that they are many."""
    found: dict[str, str] = {}
    for title in RateLineQuerySet(RateLine).named(framework.reference, lot)[: 2 * FEW_ROLES]:
        found.setdefault(folded(title), " ".join(title.split()))
    return tuple(sorted(found.values(), key=str.casefold))


def _specialisms(lot: Lot | None, asked: Iterable[str]) -> Options:
    """Those of the lot; without one, those that are asked for already."""
    named = [one for one in asked if one.isprintable()]
    if lot is None and not named:
        return []
    wanted = Q(lot=lot) if lot else Q(reference__in=named)
    rows = Specialism.objects.filter(wanted).order_by("lot__reference", "position")
    return list(rows.values_list("reference", "name"))


def _regions(framework: Framework | None, asked: Iterable[str]) -> Options:
    """The United Kingdom and the regions of the framework's scheme, or of today's; of the smaller ones in them only
    those that are asked for already.
    """
    scheme = framework.region_scheme if framework else Region.Scheme.ITL2025
    large = Q(scheme__in=(scheme, Region.Scheme.NATIONAL), level__lte=1)
    rows = Region.objects.filter(large | Q(code__in=[one for one in asked if one.isalnum()]))
    return list(rows.order_by("level", "code").values_list("code", "name"))


def _ticks(options: Options, asked: Iterable[str], must: Iterable[str]) -> list[Tick]:
    known, wanted, needed = dict(options), set(asked), set(must)
    others = [(value, value) for value in asked if value not in known]
    return [Tick(value, label, value in wanted, value in needed) for value, label in [*options, *others]]


def _liked(known: dict[str, str], chosen: Iterable[str]) -> list[tuple[str, str, bool]]:
    """What can be preferred: nobody prefers what is not stated."""
    liked = set(chosen)
    return [(slug, said(label), slug in liked) for slug, label in known.items() if slug != "not-stated"]

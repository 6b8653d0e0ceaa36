"""Frameworks: all of them, and one with its lots, specialisms, grades and how many suppliers each lot has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from procurement.models import Appointment, Framework, Grade, Lot, Specialism
from procurement.on_day import shown_on
from procurement.querysets import LotQuerySet
from procurement.vocabulary import BUYER_CLASSES, WORK_TYPES
from web.pages import render
from web.saying import said


@dataclass(frozen=True, slots=True)
class Row:
    """A framework and its status on the day it is shown."""

    framework: Framework
    status: str
    lots: int
    specialisms: int
    suppliers: int


@require_safe
def frameworks(request: HttpRequest) -> HttpResponse:
    """Every framework, those open to call-offs first."""
    return render(request, "frameworks.html", "frameworks", root=True, rows=rows())


def rows() -> list[Row]:
    """All frameworks with their numbers, those open to call-offs first (one query).

    Each number is counted by itself: counted in one join, every specialism would meet every place on its lot.
    """
    today = timezone.localdate()
    places = Appointment.objects.filter(shown_on(today))
    found = Framework.objects.select_related("owner").annotate(
        lot_count=_counted(Lot.objects.all(), "framework", "pk"),
        specialism_count=_counted(Specialism.objects.all(), "lot__framework", "pk"),
        supplier_count=_counted(places, "lot__framework", "supplier"),
    )
    shown = [
        Row(one, one.status_on(today), one.lot_count, one.specialism_count, one.supplier_count)
        for one in found
    ]
    return sorted(shown, key=lambda row: (row.status != Framework.Status.LIVE, row.framework.number))


def _counted(rows: QuerySet[Any], framework: str, what: str) -> Coalesce:
    """How many different values `what` has in the rows of each framework."""
    mine = rows.filter(**{framework: OuterRef("pk")}).order_by().values(framework)
    return Coalesce(Subquery(mine.annotate(number=Count(what, distinct=True)).values("number")), 0)


@require_safe
def framework(request: HttpRequest, reference: str) -> HttpResponse:
    """One framework (five queries)."""
    found = Framework.objects.select_related("owner").filter(reference=reference).first()
    if found is None:
        raise Http404
    today = timezone.localdate()
    lots = list(
        LotQuerySet(Lot)
        .with_suppliers(today)
        .filter(framework=found)
        .prefetch_related(
            Prefetch("specialisms", queryset=Specialism.objects.order_by("position")),
            Prefetch("grades", queryset=Grade.objects.order_by("rank")),
        )
        .order_by("position")
    )
    return render(
        request,
        "framework.html",
        "frameworks",
        framework=found,
        status=found.status_on(today),
        lots=lots,
        joinable=set(
            LotQuerySet(Lot).taking_firms(today).filter(framework=found).values_list("pk", flat=True)
        ),
        grades=_grades(lots),
        buyers=[said(BUYER_CLASSES.get(name, name)) for name in found.buyer_classes],
        kinds={
            lot.pk: ", ".join(said(WORK_TYPES.get(kind, kind)).lower() for kind in lot.work_types)
            for lot in lots
        },
        specialism_count=sum(len(lot.specialisms.all()) for lot in lots),
    )


def _grades(lots: Sequence[Lot]) -> list[tuple[str, str]]:
    """(code, name) of every grade once, lowest first; a name that differs by lot is joined with 'or'."""
    names: dict[tuple[int, str], list[str]] = {}
    for lot in lots:
        for grade in lot.grades.all():
            heard = names.setdefault((grade.rank, grade.code), [])
            if grade.name not in heard:
                heard.append(grade.name)
    return [(code, reduce(_either, heard)) for (_rank, code), heard in sorted(names.items())]


def _either(one: str, other: str) -> str:
    return _("%(one)s or %(other)s") % {"one": one, "other": other}

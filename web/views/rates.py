"""The rate explorer: a question about rate lines, how their prices spread, where a proposed price stands, the
lines.

Journey: /rates -> search/rate_params.py -> the engine -> web/chart.py -> rates.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from procurement.pricing import Bin, Place, RateStatistics
from procurement.vocabulary import WORK_TYPES
from search.engines.base import EngineUnavailable
from search.grades import refuse_unknown_grades
from search.index import engine
from search.known import known_rate_values
from search.notes import notes_on, rates_found
from search.parameters import BadParameters, ParameterFault
from search.query import DEEPEST_HIT
from search.rate_params import rate_query
from search.rate_query import CAVEAT, PAGE_SIZE, OtherUnits, RateQuery, RateResult
from web.address import Address
from web.chart import Histogram, histogram
from web.faults import FieldFault, plain_amounts, refuse_cursor, refuse_larger, spoken
from web.formats import minor, money, number
from web.pages import render
from web.paging import pages
from web.rate_form import LABELS, rate_form
from web.saying import labels_said, said
from web.views.errors import search_unavailable

EXPORT: Final = "/api/v1/rates.csv"
NOT_EXPORTED: Final = ("page", "page_size", "after", "bins", "proposed")
SORTS: Final = {
    "price": N_("Lowest rate"),
    "-price": N_("Highest rate"),
    "role": N_("Role"),
    "relevance": N_("Best match"),
    "experience": N_("Experience"),
}
NAMED: Final = LABELS | {"page_size": N_("Lines on a page")}
"""What a parameter at fault is called, a field of the form or not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A rate line in words; `leave_out` is the address without it."""

    what: str
    details: str
    supplier: str
    fictional: bool
    framework: str
    lots: str
    rate: str
    illustrative: bool
    leave_out: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The statistics in words, as the page shows them beside the chart."""

    chart: Histogram
    description: str
    summary: tuple[tuple[str, str], ...]
    percentiles: tuple[tuple[str, str], ...]
    bins: tuple[tuple[str, int], ...]


@require_safe
def rates(request: HttpRequest) -> HttpResponse:
    """The page of a question about rates; 400 where a parameter is wrong, 503 where the index cannot be
    read.
    """
    asked = plain_amounts(Address.of(request.path, request.GET))
    try:
        refuse_cursor(asked)
        refuse_larger(asked, PAGE_SIZE)
        query = rate_query(asked.sent())
        found = engine()
        query, empty = known_rate_values(found, query)
        asked = asked.named({"framework": query.frameworks, "lot": query.lots, "supplier": query.suppliers})
        answer = rates_found(found, query)
        grades = refuse_unknown_grades(query, answer)
    except BadParameters as bad:
        return _refused(request, asked, bad.faults)
    except OtherUnits as other:
        return _other_units(request, asked, query, other)
    except EngineUnavailable as down:
        return search_unavailable(request, "rates", down.retry_after)
    first_page = asked.without("page")
    # Equal lines must stand on every page as on the first, past midnight too.
    in_order = first_page.put({"seed": str(query.seed)}) if query.sort == "relevance" else first_page
    return render(
        request,
        "rates.html",
        "rates",
        root=True,
        form=rate_form(asked),
        query=query,
        answer=answer,
        caveat=_(CAVEAT),
        **_other_day(asked, query),
        notes=(*notes_on(query.q, answer.count), *empty, *grades),
        figures=_figures(answer, query),
        place=_place(answer.place, answer.statistics, query),
        lines=[_line(orjson.loads(line), first_page) for line in answer.lines],
        pages=pages(in_order, answer.count, query.page, query.page_size, DEEPEST_HIT),
        deepest=DEEPEST_HIT,
        sorts=[(slug, _(label)) for slug, label in SORTS.items() if slug != "relevance" or query.q],
        sort=query.sort,
        left_out=len(query.exclude),
        put_back=str(first_page.without("exclude")),
        illustrative_address=str(first_page.put({"basis": "illustrative"})),
        expired_address=str(first_page.put({"include_expired": "true"})),
        everything=request.path,
        export=str(asked.without(*NOT_EXPORTED).at(EXPORT)),
        labels=labels_said(LABELS),
    )


def _refused(request: HttpRequest, asked: Address, wrong: Iterable[ParameterFault]) -> HttpResponse:
    """The form as it was sent, with what is wrong and a link to where."""
    form, bad = rate_form(asked), tuple(wrong)
    # What is wrong and is not shown would be sent again, unseen, with the corrected form.
    at_fault = {fault.parameter for fault in bad}
    form = replace(form, hidden=tuple(pair for pair in form.hidden if pair[0] not in at_fault))
    faults = [
        FieldFault(
            form.anchor(fault.parameter),
            spoken(
                said(NAMED.get(fault.parameter, fault.parameter.capitalize())),
                fault,
                asked.first(fault.parameter),
            ),
        )
        for fault in bad
    ]
    return render(
        request,
        "rates_refused.html",
        "rates",
        root=True,
        status_code=400,
        form=form,
        everything=request.path,
        faults=faults,
        labels=labels_said(LABELS),
    )


def _other_units(request: HttpRequest, asked: Address, query: RateQuery, other: OtherUnits) -> HttpResponse:
    """Nothing is priced in the currency and unit that were asked for: which there are, each as a link."""
    nothing = (
        _("No line of this search is priced in %(currency)s an hour.")
        if query.unit == "hour"
        else _("No line of this search is priced in %(currency)s a day.")
    )
    return render(
        request,
        "rates_other_units.html",
        "rates",
        root=True,
        form=rate_form(asked),
        nothing=nothing % {"currency": query.currency},
        **_other_day(asked, query),
        units=[
            (
                (_("%(currency)s, an hour") if unit == "hour" else _("%(currency)s, a day"))
                % {"currency": currency},
                str(asked.put({"currency": currency, "unit": unit})),
            )
            for currency, unit in other.units
        ],
        everything=request.path,
        labels=labels_said(LABELS),
    )


def _other_day(asked: Address, query: RateQuery) -> dict[str, Any]:
    """The day that is asked about, None for today, and the address that asks about today."""
    other = None if query.as_of == timezone.localdate() else query.as_of
    return {"other_day": other, "today_address": str(asked.without("as_of", "page"))}


def _figures(answer: RateResult, query: RateQuery) -> Figures | None:
    found = answer.statistics
    if found is None:
        return None

    def price(minor: float) -> str:
        return money(minor, query.currency)

    proposed = answer.place.proposed if answer.place else None
    return Figures(
        chart=histogram(found.histogram, found.percentiles[50], proposed, query.currency),
        description=ngettext(
            "%(count)s line from %(lowest)s to %(highest)s; half are at or below %(median)s. "
            "The table below has the lines in each bar.",
            "%(count)s lines from %(lowest)s to %(highest)s; half are at or below %(median)s. "
            "The table below has the lines in each bar.",
            found.count,
        )
        % {
            "count": number(found.count),
            "lowest": price(found.minimum),
            "highest": price(found.maximum),
            "median": price(found.percentiles[50]),
        },
        summary=(
            (_("Lines counted"), number(found.count)),
            (_("Lowest"), price(found.minimum)),
            (_("Median"), price(found.percentiles[50])),
            (_("Mean"), price(found.mean)),
            (_("Highest"), price(found.maximum)),
            (_("Standard deviation"), price(found.standard_deviation)),
        ),
        percentiles=tuple(
            (_("%(percentile)sth") % {"percentile": percentile}, price(value))
            for percentile, value in found.percentiles.items()
        ),
        bins=tuple(_bins(found.histogram, price)),
    )


def _bins(bins: tuple[Bin, ...], price: Callable[[float], str]) -> list[tuple[str, int]]:
    """Each bar's prices in words: the last bar holds its upper edge too."""
    if len(bins) == 1:
        only = bins[0]
        same = only.lower == only.upper
        return [(price(only.lower) if same else _between(only, price), only.count)]
    under = _("%(low)s to under %(high)s")
    words = [(under % {"low": price(one.lower), "high": price(one.upper)}, one.count) for one in bins[:-1]]
    return [*words, (_between(bins[-1], price), bins[-1].count)]


def _between(one: Bin, price: Callable[[float], str]) -> str:
    return _("%(low)s to %(high)s") % {"low": price(one.lower), "high": price(one.upper)}


def _place(place: Place | None, found: RateStatistics | None, query: RateQuery) -> str:
    """Where the proposed price stands, in a sentence; "" without one."""
    if place is None or found is None:
        return ""
    return _stands(found.count, place.deviations) % {
        "count": number(found.count),
        "below": number(place.below),
        "proposed": money(place.proposed, query.currency),
        "equal": number(place.equal),
        "above": number(place.above),
        "share": f"{place.percentile:g}",
        "deviations": f"{abs(place.deviations or 0):g}",
    }


def _stands(count: int, deviations: float | None) -> str:
    """The sentence for a place so many standard deviations from the mean, None where there are none to tell."""
    if deviations is None:
        return ngettext(
            "Of %(count)s line, %(below)s are below %(proposed)s, %(equal)s equal to it and %(above)s above: "
            "it is at or above %(share)s per cent of them.",
            "Of %(count)s lines, %(below)s are below %(proposed)s, %(equal)s equal to it and %(above)s above: "
            "it is at or above %(share)s per cent of them.",
            count,
        )
    if deviations >= 0:
        return ngettext(
            "Of %(count)s line, %(below)s are below %(proposed)s, %(equal)s equal to it and %(above)s above: "
            "it is at or above %(share)s per cent of them, %(deviations)s standard deviations above the mean.",
            "Of %(count)s lines, %(below)s are below %(proposed)s, %(equal)s equal to it and %(above)s above: "
            "it is at or above %(share)s per cent of them, %(deviations)s standard deviations above the mean.",
            count,
        )
    return ngettext(
        "Of %(count)s line, %(below)s are below %(proposed)s, %(equal)s equal to it and %(above)s above: "
        "it is at or above %(share)s per cent of them, %(deviations)s standard deviations below the mean.",
        "Of %(count)s lines, %(below)s are below %(proposed)s, %(equal)s equal to it and %(above)s above: "
        "it is at or above %(share)s per cent of them, %(deviations)s standard deviations below the mean.",
        count,
    )


def _line(stored: Mapping[str, Any], address: Address) -> Line:
    grade = stored["grade"]
    return Line(
        what=stored["role_title"] or f"{grade['code']} {grade['name']}",
        details="; ".join(_details(stored)),
        supplier=stored["supplier"]["name"],
        fictional=stored["fictional"],
        framework=stored["framework"]["number"],
        lots=_lots([lot["number"] for lot in stored["lots"]]),
        rate=money(minor(stored["amount"]), stored["currency"]),
        illustrative=stored["basis"] == "illustrative",
        leave_out=str(address.plus("exclude", stored["reference"])),
    )


def _lots(numbers: list[str]) -> str:
    if not numbers:
        return ""
    return ngettext("lot %(numbers)s", "lots %(numbers)s", len(numbers)) % {"numbers": ", ".join(numbers)}


def _details(stored: Mapping[str, Any]) -> list[str]:
    """What narrows a line: kind of work, experience, qualification, place. What is unknown is not
    mentioned.
    """
    least, most = stored["min_experience"], stored["max_experience"]
    details = [said(WORK_TYPES.get(stored["work_type"], ""))]
    if least is not None and most is not None:
        years = ngettext("%(least)s to %(most)s year", "%(least)s to %(most)s years", most)
        details.append(years % {"least": least, "most": number(most)})
    elif least is not None:
        years = ngettext("%(least)s year or more", "%(least)s years or more", least)
        details.append(years % {"least": number(least)})
    details += [said(stored["qualification_label"]), said(stored["site_label"])]
    return [detail for detail in details if detail]

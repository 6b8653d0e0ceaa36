"""The search page: a question in the address, one call to the engine, results with reasons. No database read
but, for somebody who is signed in, the session and what waits in the inbox.

Journey: /search -> search/params.py -> the engine -> web/results.py -> search.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_safe

from procurement.permissions import ANONYMOUS, Action, Actor, can
from search.engines.base import EngineUnavailable
from search.fields import FILTERS, SORTS
from search.grades import refuse_unknown_grade
from search.index import engine
from search.known import known_values
from search.notes import Note, note_on_need, notes_on
from search.parameters import BadParameters, ParameterFault
from search.params import PAGE_SIZE, listing_query
from search.query import DEEPEST_HIT, Facet, FacetValue, ListingQuery, ListingResult
from web.adding import ADDED, added_to
from web.address import Address
from web.buying import actor_of, several
from web.chips import Chip, facet_chips, rate_chips
from web.choosing import COMPARE, compared, toggled
from web.faults import FieldFault, plain_amounts, refuse_cursor, refuse_larger, spoken
from web.finding import count_shown
from web.pages import buys, render
from web.paging import pages
from web.rate_form import frameworks_with_rates, grades_on
from web.results import grades_of, result
from web.saying import choices_said, said, value_said
from web.views.errors import search_unavailable
from web.views.saved_searches import ALERTS, FREQUENCIES

OPEN_FACETS: Final = ("framework", "lot")
FACET_SIZE: Final = 8
FACET_SIZE_MORE: Final = 50
"""With the longest names of specialisms this many values and a page of results are a page of less than 100 kB."""
FIELDS: Final = {
    "q": N_("What you need"),
    "framework": N_("Framework"),
    "grade": N_("Grade"),
    "min_rate": N_("Rate from"),
    "max_rate": N_("Rate up to"),
}
"""Parameters with a field of their own on the refused form; a fault of any other links to its chip."""
OTHERS: Final = {"page_size": N_("Listings on a page")}
"""Parameters that are no filter and have no field."""


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """A facet as the page shows it; `more` is the address that shows `further` of its hidden values, "" where it
    is that page or all are shown.
    """

    name: str
    label: str
    values: tuple[FacetValue, ...]
    chosen: int
    open: bool
    hidden: int
    further: int
    more: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The page of a question; 400 where a parameter is wrong, 503 where the index cannot be read."""
    address = Address.of(request.path, request.GET)
    more = address.first("more")
    asked = plain_amounts(address.without("more", ADDED))
    try:
        refuse_cursor(asked)
        refuse_larger(asked, PAGE_SIZE)
        query = listing_query(asked.without(COMPARE).sent(), timezone.localdate())
    except BadParameters as bad:
        return refused(request, asked, bad, _("Search partners"))
    query = replace(query, facet_size=FACET_SIZE_MORE if more else FACET_SIZE)
    try:
        found = engine()
        query, empty = known_values(found, query)
        asked = asked.named(query.filters)
        answer = found.search_listings(query)
        notes = (
            *notes_on(query.q, answer.count),
            *note_on_need(query.q),
            *empty,
            *refuse_unknown_grade(query, answer),
        )
    except EngineUnavailable as down:
        return search_unavailable(request, "search", down.retry_after)
    except BadParameters as bad:
        return refused(request, asked, bad, _("Search partners"))
    count_shown(request, (hit.reference for hit in answer.hits), "searches")
    return _answered(request, asked, query, answer, notes, more)


def _answered(
    request: HttpRequest,
    asked: Address,
    query: ListingQuery,
    answer: ListingResult,
    notes: Sequence[Note],
    more: str,
) -> HttpResponse:
    actor = actor_of(request) if buys(request) else ANONYMOUS
    grades = grades_of(answer.hits) if len(query.filters.get("framework", ())) == 1 else []
    if query.grade:
        written = next((code for code, _ in grades if code.upper() == query.grade), "")
        if not written:
            grades.append((query.grade, query.grade))
        asked = asked.named({"grade": [written or query.grade]})
    first_page, shortlistable = asked.without("page"), _may_shortlist(actor, answer)
    return render(
        request,
        "search.html",
        "search",
        root=True,
        query=query,
        sent=_sent(asked),
        count=answer.count,
        results=[result(hit, query.rate_lots_of(hit.specialisms)) for hit in answer.hits],
        compared=compared(asked),
        comparing={hit.reference: toggled(asked, hit.reference) for hit in answer.hits},
        facets=[_group(facet, first_page, more) for facet in answer.facets],
        chips=[*facet_chips(answer.facets, first_page), *rate_chips(query, first_page)],
        grades=grades,
        sorts=[(slug, said(label)) for slug, label in SORTS.items() if slug != "rate" or query.grade],
        # Every page of a search must stand in the order of its first page, past midnight too.
        pages=pages(
            first_page.put({"seed": str(answer.seed)}), answer.count, query.page, query.page_size, DEEPEST_HIT
        ),
        deepest=DEEPEST_HIT,
        correction=answer.did_you_mean,
        corrected=str(first_page.put({"q": answer.did_you_mean or ""})),
        notes=notes,
        cleared=str(first_page.only(("q", "seed", COMPARE))),
        everything=request.path,
        mapped=str(first_page.without("seed", "sort", "more", COMPARE).at("/map")),
        index=answer.index,
        savable=buys(request) and answer.count <= DEEPEST_HIT,
        shortlistable=shortlistable,
        # Not beside a facet's further values, which fill the page as it is: they are read to narrow the search.
        back=str(asked) if shortlistable and not more else "",
        added=added_to(Address.of(request.path, request.GET)),
        asked=asked.without(COMPARE, "page", "seed").query,
        # Whoever puts it on file has read it in this order.
        asked_in_order=asked.without(COMPARE, "page").put({"seed": str(answer.seed)}).query,
        alerts=choices_said(ALERTS),
        frequencies=choices_said(FREQUENCIES),
        savers=several(actor, Action.SAVE_SEARCH),
    )


def _may_shortlist(actor: Actor, answer: ListingResult) -> bool:
    """Whether a buyer who reads the answer may begin a shortlist of it."""
    if not answer.hits or answer.count > DEEPEST_HIT:
        return False
    return any(can(actor, Action.EDIT_SHORTLIST, key) for key in actor.organisations())


def refused(request: HttpRequest, asked: Address, bad: BadParameters, heading: str) -> HttpResponse:
    """The form as it was sent, with what is wrong and a link to where, under the page's own heading. Two queries, for
    the choices.
    """
    frameworks = asked.values("framework")
    # The form names one framework: of several each is a chip, so that leaving one out keeps all else.
    several = len(frameworks) > 1
    chips = [
        (name, value, Chip(f"chip-{number}", f"{_label(name)}: {value}", str(asked.less(name, value))))
        for number, (name, value) in enumerate(asked.without(COMPARE).pairs, 1)
        if name not in FIELDS or (name == "framework" and several)
    ]
    faults = [
        FieldFault(
            _anchor(fault, chips), spoken(_label(fault.parameter), fault, asked.first(fault.parameter))
        )
        for fault in bad.faults
    ]
    framework = frameworks[0] if len(frameworks) == 1 else ""
    grades, grade = grades_on(framework), asked.first("grade")
    if grade and grade not in dict(grades):
        grades.append((grade, grade))
    return render(
        request,
        "search_refused.html",
        "search",
        root=True,
        status_code=400,
        heading=heading,
        action=request.path,
        sent={**_sent(asked), "framework": framework},
        hidden=[
            *(
                (name, value)
                for name, value, _ in chips
                if name != "framework" and not any(_concerns(fault, name, value) for fault in bad.faults)
            ),
            *((COMPARE, value) for value in asked.values(COMPARE)),
        ],
        chips=[chip for _, _, chip in chips],
        frameworks=[("", _("Every framework")), *frameworks_with_rates()],
        grades=grades,
        faults=faults,
    )


def _anchor(fault: ParameterFault, chips: Iterable[tuple[str, str, Chip]]) -> str:
    """The id of the field or else the chip that a fault concerns, "" where there is none."""
    if fault.parameter in FIELDS:
        return fault.parameter
    return next((chip.id for name, value, chip in chips if _concerns(fault, name, value)), "")


def _concerns(fault: ParameterFault, name: str, value: str) -> bool:
    """Whether a fault is of this value, which may be a bare number, or of the whole parameter."""
    wrong, given = fault.value.casefold(), value.casefold()
    return fault.parameter == name and (not wrong or wrong == given or wrong.endswith(f"~{given}"))


def _sent(asked: Address) -> dict[str, str]:
    return {name: asked.first(name) for name in ("q", "grade", "min_rate", "max_rate", "sort", "seed")}


def _label(name: str) -> str:
    """The label of a parameter; the name of one that there is not."""
    known = (
        FIELDS.get(name)
        or OTHERS.get(name)
        or next((field.label for field in FILTERS if field.name == name), "")
    )
    return said(known) or name.capitalize()


def _group(facet: Facet, address: Address, more: str) -> FacetGroup:
    """A facet cut to size; what is chosen always stays."""
    size = FACET_SIZE_MORE if facet.name == more else FACET_SIZE
    values = tuple(value for place, value in enumerate(facet.values) if place < size or value.selected)
    hidden = facet.other + len(facet.values) - len(values)
    chosen = sum(value.selected for value in facet.values)
    return FacetGroup(
        name=facet.name,
        label=said(facet.label),
        values=tuple(replace(value, label=value_said(facet, value)) for value in values),
        chosen=chosen,
        open=bool(chosen) or facet.name in OPEN_FACETS or facet.name == more,
        hidden=hidden,
        further=min(hidden, FACET_SIZE_MORE - FACET_SIZE),
        more=f"{address.put({'more': facet.name})}#{facet.name}" if hidden and facet.name != more else "",
    )

"""The page that compares listings: a table with a column for each, and a form for what a price depends on.

Journey: /compare -> search/compare_params.py -> search/comparing.py -> search/comparison_table.py -> compare.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_safe

from procurement.vocabulary import WORK_TYPES
from search.compare_params import FEWEST, MOST, comparison_question
from search.comparing import Compared, Comparison, compare
from search.comparison_table import rows
from search.parameters import BadParameters
from web.address import Address
from web.choosing import searching
from web.comparison_words import row_said
from web.faults import FieldFault, spoken
from web.pages import render
from web.saying import choices_said, said

EXPORTS: Final = (
    (N_("CSV"), "/api/v1/comparisons.csv"),
    (N_("Excel workbook"), "/api/v1/comparisons.xlsx"),
)
LABELS: Final = {
    "listing": N_("Listings"),
    "team": N_("Team"),
    "role": N_("Roles"),
    "work_type": N_("Work type"),
    "lot": N_("Lot"),
}
FIELDS: Final = ("team", "role", "work_type", "lot")
BETWEEN: Final = {"team": re.compile(r"[\s,;]+"), "role": re.compile(r"\s*;\s*")}
"""What people write between the lines of a team: a role's title has blanks and commas of its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """A listing's heading; `without` is the address that leaves it out."""

    reference: str
    name: str
    framework: str
    fictional: bool
    illustrative: bool
    without: str


@require_safe
def comparison(request: HttpRequest) -> HttpResponse:
    """The page of a comparison; 400 where it cannot be made, with what is wrong."""
    asked = _plain_team(Address.of(request.path, request.GET))
    try:
        found = compare(comparison_question(asked.sent(), timezone.localdate()))
    except BadParameters as bad:
        return _refused(request, asked, bad)
    return render(
        request,
        "compare.html",
        "search",
        columns=[_column(one, asked) for one in found.listings],
        rows=[row_said(row) for row in rows(found)],
        only_illustrative=found.only_illustrative,
        illustrative=any(one.illustrative for one in found.listings),
        another=searching(asked.values("listing")) if len(found.listings) < MOST else "",
        exports=[(_(label), str(asked.at(path))) for label, path in EXPORTS],
        **_form(asked, found),
    )


def _refused(request: HttpRequest, asked: Address, bad: BadParameters) -> HttpResponse:
    """The form as it was sent, with what is wrong; without listings to compare, the way to find some."""
    faults = [
        FieldFault(
            fault.parameter if fault.parameter in (*FIELDS, "listing") else "",
            spoken(said(LABELS.get(fault.parameter, fault.parameter)), fault),
        )
        for fault in bad.faults
    ]
    return render(
        request,
        "compare_refused.html",
        "search",
        status_code=400,
        another=searching(asked.values("listing")[:MOST]),
        faults=faults,
        **_form(asked, None),
    )


def _form(asked: Address, found: Comparison | None) -> dict[str, Any]:
    """The fields as they stand. Lots are a choice where all listings are of one framework."""
    lots: dict[str, str] = {}
    if found is not None and len({one.stored["framework"]["reference"] for one in found.listings}) == 1:
        for one in found.listings:
            lots |= {lot["reference"]: f"{lot['number']} {lot['name']}" for lot in one.stored["lots"]}
    chosen = asked.first("lot")
    if chosen and "~" not in chosen and found is not None:
        chosen = found.question.lot or chosen
    if chosen:
        lots.setdefault(chosen, chosen)
    return {
        "chosen": asked.values("listing"),
        "team": ", ".join(asked.values("team")),
        "role": "; ".join(asked.values("role")),
        "work_type": asked.first("work_type"),
        "work_types": [("", _("Any")), *choices_said(WORK_TYPES.items())],
        "lot": chosen,
        "lots": [("", _("Any")), *lots.items()] if lots else [],
    }


def _column(one: Compared, asked: Address) -> Column:
    rest = asked.less("listing", one.reference)
    left = rest.values("listing")
    return Column(
        one.reference,
        one.stored["partner"]["name"],
        one.stored["framework"]["number"],
        one.stored["fictional"],
        one.illustrative,
        str(rest) if len(left) >= FEWEST else searching(left),
    )


def _plain_team(asked: Address) -> Address:
    """The address with a team as the parser takes it: people write all of it into one field."""
    pairs = [
        (name, part)
        for name, value in asked.pairs
        for part in (BETWEEN[name].split(value) if name in BETWEEN else [value])
        if part
    ]
    return Address(asked.path, tuple(pairs))

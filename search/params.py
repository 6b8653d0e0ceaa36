"""Query string to a question about listings, or which parameter is wrong and why: used by api and web alike.

The first step of a search. What may be asked stands in LISTING_PARAMETERS, from which the API's schema is
computed too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson

from search.fields import FILTERS, SORTS, FilterField
from search.parameters import (
    MONEY,
    Asked,
    BadParameters,
    Parameter,
    ParameterFault,
    lot_references,
    minor,
    read,
)
from search.planner import LONG_QUESTION, QUESTION_CEILING
from search.query import DEEPEST_HIT, Cursor, ListingQuery, SuggestionQuery
from search.statuses import status_on
from search.ties import SEEDS, seed_of

PAGE_SIZE: Final = 20
PAGE_SIZE_CEILING: Final = 100
SUGGESTIONS: Final = 10
SUGGESTIONS_CEILING: Final = 50
_HIGHEST: Final = 1 << 31

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_SHAPES: Final = {
    "supplier": rf"^{_NAME}$",
    "lot": rf"^({_NAME}~)?{_NAME}$",
    "specialism": rf"^{_NAME}~{_NAME}~{_NAME}$",
    "region": r"^[A-Za-z]{2}[A-Za-z0-9]{0,3}$",
}
"""What a reference or code of each filter looks like; one of another shape is a fault here, one that no listing
bears in search/known.py. A framework may be named by its number, which is written as its owner likes.
"""
_NAMED: Final[Mapping[str, Any]] = {"type": "string", "maxLength": 200}

_ABOUT: Final = {
    "framework": ("Reference or number of a framework.", "rm3745"),
    "status": ("Status of the framework today; every status if not given.", "live"),
    "lot": ("Reference of a lot; a bare number needs exactly one framework.", "rm3745~5"),
    "specialism": ("Reference of a specialism.", "rm3745~5~16"),
    "region": (
        "Code of a region, ITL 2025 (TLI is London) or the framework's own; one who covers more is found too.",
        "TLI",
    ),
    "sector": ("Sector that the partner knows.", "health"),
    "ownership": ("Who owns the partner.", "charity"),
    "size": ("Size of the partner.", "small"),
    "supplier": ("Reference of the supplier that holds the place on the framework.", "ppl"),
    "accreditation": ("Accreditation that the partner holds.", "cyber-essentials"),
}


def _schema(filter_: FilterField) -> Mapping[str, Any]:
    if filter_.one_of is not None:
        return {"type": "string", "enum": list(filter_.one_of)}
    shape = _SHAPES.get(filter_.name)
    return {**_NAMED, "pattern": shape} if shape else _NAMED


LISTING_PARAMETERS: Final = (
    Parameter(
        "q",
        "What to look for, from one word to a pasted need. Any word matches and the best match comes first; "
        "a phrase in quotes must be there; -word must not; word*, of two letters or more, stands for its "
        f"beginnings. With more than {LONG_QUESTION} different words it is read as a need, in which these signs do not "
        "count.",
        {"type": "string", "maxLength": QUESTION_CEILING},
        example="vision rehabilitation evaluation",
    ),
    *(
        Parameter(
            field.name,
            _ABOUT[field.name][0] + " Repeat it for any of several.",
            _schema(field),
            repeated=True,
            example=_ABOUT[field.name][1],
        )
        for field in FILTERS
    ),
    Parameter(
        "grade",
        "Code of a grade, such as G3: shows, bounds and sorts by its lowest rate. Needs exactly one "
        "framework; with a lot only that lot's rates count, with a specialism those of the lot in which it is "
        "offered. Only cards in the framework's own unit and in pounds have one.",
        {"type": "string", "maxLength": 12, "pattern": rf"^{_NAME}$"},
        example="G3",
    ),
    Parameter("min_rate", "Least rate of the grade.", {"type": "string", "pattern": MONEY}, example="400.00"),
    Parameter(
        "max_rate", "Greatest rate of the grade.", {"type": "string", "pattern": MONEY}, example="1250.00"
    ),
    Parameter(
        "sort",
        "Order: best match, lowest rate of the grade (needs grade and framework), or name.",
        {"type": "string", "enum": list(SORTS), "default": "relevance"},
    ),
    Parameter(
        "seed",
        "Which of the fair orders equals stand in; the day's own if not given, and told in the answer.",
        {"type": "integer", "minimum": 0, "maximum": SEEDS - 1},
    ),
    Parameter(
        "page",
        f"Number of the page; it reaches listing {DEEPEST_HIT:,}, further pages are read by after.",
        {"type": "integer", "minimum": 1, "maximum": DEEPEST_HIT, "default": 1},
    ),
    Parameter("after", "Cursor of the page before, instead of page.", {"type": "string", "maxLength": 2_000}),
    Parameter(
        "page_size",
        "Listings on a page.",
        {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_CEILING, "default": PAGE_SIZE},
    ),
)

SUGGESTION_PARAMETERS: Final = (
    Parameter(
        "q",
        "The beginning of any word of a name, or a lot's number: 5, lot 5, RM3745/5.",
        {"type": "string", "maxLength": 200},
        example="opm",
    ),
    Parameter(
        "framework",
        "Only names on these frameworks. Repeat it for any of several.",
        _NAMED,
        repeated=True,
        example="rm3745",
    ),
    Parameter(
        "kind",
        "Only names of these kinds. Repeat it for any of several.",
        {"type": "string", "enum": ["partner", "specialism", "lot"]},
        repeated=True,
        example="partner",
    ),
    Parameter(
        "limit",
        "Names at most.",
        {"type": "integer", "minimum": 1, "maximum": SUGGESTIONS_CEILING, "default": SUGGESTIONS},
    ),
)


def listing_query(asked: Asked, on: date) -> ListingQuery:
    """The question of `GET /listings/` as of a day. Raises BadParameters naming everything that is wrong."""
    values, faults = read(LISTING_PARAMETERS, asked)
    filters = {field.name: _lowered(field.name, values[field.name]) for field in FILTERS}
    filters["lot"] = lot_references(filters["lot"], filters["framework"], faults)
    cursor = _cursor(values, asked, faults)
    page, page_size = values["page"] or 1, values["page_size"] or PAGE_SIZE
    if page * page_size > DEEPEST_HIT:
        message = f"Pages reach listing {DEEPEST_HIT:,}; beyond it follow after, the cursor of each answer."
        faults.append(ParameterFault("page", "range", message))
    least, most = minor(values["min_rate"]), minor(values["max_rate"])
    if least is not None and most is not None and most < least:
        faults.append(ParameterFault("max_rate", "range", "It is below min_rate."))
    _need_grade(values, filters["framework"], faults)
    if faults:
        raise BadParameters(faults)
    stated = cursor.seed if cursor else values["seed"]
    return ListingQuery(
        q=values["q"] or "",
        filters={name: wanted for name, wanted in filters.items() if wanted},
        grade=values["grade"].upper() if values["grade"] else None,
        min_rate=least,
        max_rate=most,
        sort=values["sort"],
        page=page,
        page_size=page_size,
        after=cursor,
        seed=seed_of(on) if stated is None else stated,
        on=on,
    )


def suggestion_query(asked: Asked) -> SuggestionQuery:
    """The question of `GET /listings/suggestions/`. Raises BadParameters."""
    values, faults = read(SUGGESTION_PARAMETERS, asked)
    if faults:
        raise BadParameters(faults)
    return SuggestionQuery(
        q=values["q"] or "",
        frameworks=_lowered("framework", values["framework"]),
        kinds=values["kind"],
        limit=values["limit"],
    )


def cursor_text(cursor: Cursor) -> str:
    """A cursor as `after` takes it: opaque to whoever carries it."""
    content = orjson.dumps([cursor.sort, cursor.seed, cursor.value, cursor.key])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def effective_status(framework: Mapping[str, Any], on: date) -> str:
    """The status of a stored framework (`status`, `starts_on` and `ends_on` in ISO 8601) on a day."""
    return status_on(str(framework["status"]), framework["starts_on"], framework["ends_on"], on.isoformat())


def _lowered(name: str, values: tuple[str | None, ...]) -> tuple[str, ...]:
    """Values as references are written: in lower case, region codes in capitals; those at fault left out."""
    spelt = (value.upper() if name == "region" else value.lower() for value in values if value is not None)
    return tuple(dict.fromkeys(spelt))


def _need_grade(values: Mapping[str, Any], frameworks: Sequence[str], faults: list[ParameterFault]) -> None:
    """A rate is of a grade, and a grade's code means something within one framework only."""
    by_rate = [name for name in ("min_rate", "max_rate") if values[name] is not None]
    if values["sort"] == "rate":
        by_rate.append("sort=rate")
    refused = {fault.parameter for fault in faults}
    if by_rate and values["grade"] is None and "grade" not in refused:
        faults.append(ParameterFault("grade", "missing", f"{by_rate[0]} needs a grade."))
    if (by_rate or values["grade"]) and len(frameworks) != 1 and "framework" not in refused:
        faults.append(
            ParameterFault(
                "framework", "missing", f"{by_rate[0] if by_rate else 'grade'} needs exactly one framework."
            )
        )


def _cursor(values: Mapping[str, Any], asked: Asked, faults: list[ParameterFault]) -> Cursor | None:
    """The cursor that `after` states, in the sort and seed asked for; None (and a fault) if it is none."""
    if not values["after"]:
        return None
    try:
        content = base64.b64decode(
            values["after"] + "=" * (-len(values["after"]) % 4), altchars=b"-_", validate=True
        )
        sort, seed, value, key = orjson.loads(content)
        cursor = Cursor(sort, seed, value, key)
    except (binascii.Error, ValueError, TypeError):
        cursor = None
    if cursor is None or not _well_formed(cursor):
        faults.append(
            ParameterFault("after", "shape", "It is not a cursor of ours; take it from an answer as it is.")
        )
        return None
    if any(text.strip() for text in asked.getlist("page")):
        faults.append(ParameterFault("page", "conflict", "Give page or after, not both."))
    if cursor.sort != values["sort"] or values["seed"] not in (None, cursor.seed):
        message = f"It is a cursor of sort {cursor.sort} and seed {cursor.seed}."
        faults.append(ParameterFault("after", "conflict", message))
    return cursor


def _well_formed(cursor: Cursor) -> bool:
    """Whether what somebody handed us as a cursor could be one. Nothing more is believed of it."""
    return (
        isinstance(cursor.sort, str)
        and cursor.sort in SORTS
        and type(cursor.seed) is int
        and 0 <= cursor.seed < SEEDS
        and isinstance(cursor.key, str)
        and (
            isinstance(cursor.value, str)
            if cursor.sort == "name"
            else type(cursor.value) is int and -1 <= cursor.value < _HIGHEST
        )
    )

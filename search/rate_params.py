"""Query string to a question about rates, or which parameter is wrong and why: used by api and web alike."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import orjson

from procurement.pricing import CURRENCIES, UNITS
from procurement.vocabulary import QUALIFICATIONS, RATE_SIZES, SITES, WORK_TYPES
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
from search.rate_query import (
    BINS,
    BINS_CEILING,
    DEEPEST_HIT,
    PAGE_SIZE,
    PAGE_SIZE_CEILING,
    SORTS,
    SUGGESTIONS,
    SUGGESTIONS_CEILING,
    OtherUnits,
    RateCursor,
    RateQuery,
    RoleQuery,
)
from search.ties import SEEDS, seed_of

_REFERENCE: Final = {"type": "string", "maxLength": 250}
_YEARS: Final = {"type": "integer", "minimum": 0, "maximum": 99}
_AMOUNT: Final = {"type": "string", "pattern": MONEY}


def _choice(table: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(table), **more}


UNITS_ASKED: Final = (
    Parameter(
        "currency",
        "Currency of the rates: one, since statistics need one.",
        _choice(CURRENCIES, default="GBP"),
    ),
    Parameter("unit", "What the rate is for: one, since statistics need one.", _choice(UNITS, default="day")),
)

FILTERS: Final = (
    Parameter(
        "q",
        "Role titles, and names and codes of grades, to look for. Any word matches; a phrase in quotes must; "
        "-word must not; word*, of two letters or more, stands for its beginnings; commas separate roles, any of which "
        "may match; between commas -word alone takes from all of them.",
        {"type": "string", "maxLength": 2_000},
        example="project manager, business analyst",
    ),
    Parameter(
        "framework", "Reference or number of a framework.", _REFERENCE, repeated=True, example="rm3745"
    ),
    Parameter(
        "lot",
        "Reference of a lot, such as rm3745~5; a bare number needs exactly one framework. Lines that hold "
        "for all of a supplier's lots are found under each that has none of its own.",
        _REFERENCE,
        repeated=True,
        example="rm3745~5",
    ),
    Parameter("supplier", "Reference of a supplier.", _REFERENCE, repeated=True, example="ppl"),
    Parameter(
        "grade",
        "Code of a grade, such as G3, in whichever lots and frameworks are asked for.",
        {"type": "string", "maxLength": 12},
        True,
        "G3",
    ),
    Parameter("min_experience", "Least years of experience that the line asks for, at least this.", _YEARS),
    Parameter("max_experience", "Least years of experience that the line asks for, at most this.", _YEARS),
    Parameter(
        "qualification", "Qualification that the line asks for.", _choice(QUALIFICATIONS), True, "bachelors"
    ),
    Parameter("site", "Where the work is done.", _choice(SITES), True, "both"),
    Parameter(
        "size",
        "Size of the supplier: as its card states it, else as its lead's profile does; not-stated where neither does.",
        _choice(RATE_SIZES),
        True,
        "small",
    ),
    Parameter("work_type", "Type of work.", _choice(WORK_TYPES), True, "advice"),
    Parameter(
        "basis",
        "Published or illustrative cards. Without it both are listed, and statistics are of the published.",
        {"type": "string", "enum": ["published", "illustrative"]},
        True,
        "published",
    ),
    *UNITS_ASKED,
    Parameter("min_rate", "Least rate, in the currency.", _AMOUNT, example="400.00"),
    Parameter("max_rate", "Greatest rate, in the currency.", _AMOUNT, example="1250.00"),
    Parameter("exclude", "Reference of a line to leave out.", _REFERENCE, repeated=True),
    Parameter(
        "as_of",
        "Day on which the cards are in force; today if not given.",
        {"type": "string", "format": "date"},
        example="2026-03-31",
    ),
    Parameter(
        "include_expired",
        "Whether lines that are not in force on the day are found too: of each card those of one version, the last "
        "that has begun or, before that, the first.",
        {"type": "boolean", "default": False},
    ),
    Parameter(
        "sort",
        "Order of the lines: relevance if there is a q, else price.",
        {"type": "string", "enum": list(SORTS)},
        example="price",
    ),
    Parameter(
        "seed",
        "Which of the fair orders equal lines stand in, under relevance; the day's own if not given.",
        {"type": "integer", "minimum": 0, "maximum": SEEDS - 1},
    ),
)

PARAMETERS: Final = (
    *FILTERS,
    Parameter(
        "proposed", "A price to place among the rates found, in the currency.", _AMOUNT, example="650.00"
    ),
    Parameter(
        "bins",
        "Number of bins of the histogram.",
        {"type": "integer", "minimum": 1, "maximum": BINS_CEILING, "default": BINS},
    ),
    Parameter(
        "page",
        f"Number of the page; it reaches line {DEEPEST_HIT:,}, further pages are read by after.",
        {"type": "integer", "minimum": 1, "maximum": DEEPEST_HIT, "default": 1},
    ),
    Parameter("after", "Cursor of the page before, instead of page.", {"type": "string", "maxLength": 8_000}),
    Parameter(
        "page_size",
        "Lines on a page.",
        {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_CEILING, "default": PAGE_SIZE},
    ),
)

EXPORT_PARAMETERS: Final = FILTERS

ROLE_PARAMETERS: Final = (
    Parameter(
        "q",
        "The beginning of any word of a role title, or of a grade's name or code.",
        {"type": "string", "maxLength": 200},
        example="proj man",
    ),
    Parameter(
        "framework", "Reference or number of a framework.", _REFERENCE, repeated=True, example="rm3745"
    ),
    *UNITS_ASKED,
    Parameter(
        "as_of",
        "Day on which the cards are in force; today if not given.",
        {"type": "string", "format": "date"},
    ),
    Parameter(
        "include_expired",
        "Whether titles of other lines are counted too.",
        {"type": "boolean", "default": False},
    ),
    Parameter(
        "limit",
        "Titles at most.",
        {"type": "integer", "minimum": 1, "maximum": SUGGESTIONS_CEILING, "default": SUGGESTIONS},
    ),
)


def rate_query(asked: Asked) -> RateQuery:
    """The question of `GET /rates/`. Raises BadParameters naming everything that is wrong."""
    values, faults = read(PARAMETERS, asked)
    query = _filters(values, asked, faults)
    page, page_size = values["page"] or 1, values["page_size"] or PAGE_SIZE
    after = None
    if values["after"]:
        after = _cursor(values, query.sort, faults)
        if any(text.strip() for text in asked.getlist("page")):
            faults.append(ParameterFault("page", "conflict", "Give page or after, not both."))
    elif page * page_size > DEEPEST_HIT:
        faults.append(
            ParameterFault(
                "page",
                "range",
                f"Pages reach line {DEEPEST_HIT:,}; beyond it follow after, the cursor of each answer.",
            )
        )
    if faults:
        raise BadParameters(faults)
    return replace(
        query,
        proposed=minor(values["proposed"]),
        bins=values["bins"],
        # The seed of the day may have changed since the page before.
        seed=after.seed if after else query.seed,
        page=page,
        page_size=page_size,
        after=after,
    )


def export_query(asked: Asked) -> RateQuery:
    """The question of `GET /rates.csv`: every line, no page. Raises BadParameters."""
    values, faults = read(EXPORT_PARAMETERS, asked)
    query = _filters(values, asked, faults)
    if faults:
        raise BadParameters(faults)
    return query


def role_query(asked: Asked) -> RoleQuery:
    """The question of `GET /rates/suggestions/`. Raises BadParameters."""
    values, faults = read(ROLE_PARAMETERS, asked)
    if faults:
        raise BadParameters(faults)
    return RoleQuery(
        q=values["q"] or "",
        frameworks=_lowered(values["framework"]),
        currency=values["currency"] or "GBP",
        unit=values["unit"] or "day",
        as_of=values["as_of"] or date.today(),  # noqa: DTZ011 - a day in the service's own time zone
        include_expired=values["include_expired"],
        limit=values["limit"],
    )


def other_units(error: OtherUnits, query: RateQuery) -> BadParameters:
    """What to tell somebody whose lines are all priced in something else than was taken for granted."""
    names = " or ".join(f"currency={currency}&unit={unit}" for currency, unit in error.units)
    message = f"Nothing that you ask for is priced in {query.currency} {UNITS[query.unit]}; ask with {names}."
    return BadParameters(
        [ParameterFault("currency", "choice", message), ParameterFault("unit", "choice", message)]
    )


def encode_cursor(cursor: RateCursor) -> str:
    """A cursor as `after` takes it: opaque to whoever carries it."""
    content = orjson.dumps([cursor.sort, cursor.seed, cursor.values, cursor.key])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _filters(values: Mapping[str, Any], asked: Asked, faults: list[ParameterFault]) -> RateQuery:
    least, most = minor(values["min_rate"]), minor(values["max_rate"])
    if least is not None and most is not None and most < least:
        faults.append(ParameterFault("max_rate", "range", "It is below min_rate."))
    fewest, longest = values["min_experience"], values["max_experience"]
    if fewest is not None and longest is not None and longest < fewest:
        faults.append(ParameterFault("max_experience", "range", "It is below min_experience."))
    as_of = values["as_of"] or date.today()  # noqa: DTZ011 - a day in the service's own time zone
    return RateQuery(
        q=values["q"] or "",
        frameworks=_lowered(values["framework"]),
        lots=lot_references(_lowered(values["lot"]), _lowered(values["framework"]), faults),
        suppliers=_lowered(values["supplier"]),
        grades=tuple(grade.upper() for grade in values["grade"] if grade),
        qualifications=values["qualification"],
        sites=values["site"],
        sizes=values["size"],
        work_types=values["work_type"],
        bases=values["basis"],
        currency=values["currency"] or "GBP",
        unit=values["unit"] or "day",
        stated_unit=any(asked.getlist("currency")) and any(asked.getlist("unit")),
        min_experience=fewest,
        max_experience=longest,
        min_rate=least,
        max_rate=most,
        exclude=values["exclude"],
        as_of=as_of,
        include_expired=values["include_expired"],
        sort=values["sort"] or ("relevance" if values["q"] else "price"),
        seed=seed_of(as_of) if values["seed"] is None else values["seed"],
    )


def _lowered(values: Sequence[str | None]) -> tuple[str, ...]:
    """References as they are written, in lower case: RM6309 is rm6309; values at fault are left out."""
    return tuple(dict.fromkeys(value.lower() for value in values if value))


def _cursor(values: Mapping[str, Any], sort_asked: str, faults: list[ParameterFault]) -> RateCursor | None:
    """The cursor that `after` states, of the sort and seed asked for; None (and a fault) if it is none."""
    text = values["after"]
    try:
        content = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        sort, seed, stands_at, key = content
        cursor = RateCursor(sort, seed, tuple(stands_at), key)
    except (binascii.Error, ValueError, TypeError):
        cursor = None
    if cursor is None or not _well_formed(cursor):
        faults.append(
            ParameterFault("after", "shape", "It is not a cursor of ours; take it from an answer as it is.")
        )
        return None
    if cursor.sort != sort_asked or values["seed"] not in (None, cursor.seed):
        faults.append(
            ParameterFault(
                "after", "conflict", f"It is a cursor of sort {cursor.sort} and seed {cursor.seed}."
            )
        )
        return None
    return cursor


def _well_formed(cursor: RateCursor) -> bool:
    kinds = {"role": (str, int), "experience": (int, int)}.get(str(cursor.sort), (int,))
    return (
        cursor.sort in SORTS
        and type(cursor.seed) is int
        and 0 <= cursor.seed < SEEDS
        and isinstance(cursor.key, str)
        and len(cursor.values) == len(kinds)
        and all(type(value) is kind for value, kind in zip(cursor.values, kinds, strict=True))
        and all(abs(value) < 2**40 for value in cursor.values if isinstance(value, int))
    )

"""Query string to a comparison of listings, or which parameter is wrong and why: used by api and web alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from procurement.errors import Fault
from procurement.team_lines import LARGEST_TEAM, LONGEST_ROLE, MOST_YEARS, TeamLine, Unit, team_faults
from procurement.vocabulary import WORK_TYPES
from search.comparing import ComparisonQuestion
from search.parameters import Asked, BadParameters, Parameter, ParameterFault, read

FEWEST: Final = 2
MOST: Final = 10
"""Listings side by side."""

_ROLE: Final = re.compile(r"^(\S.*):([0-9]{1,6}(?:\.[0-9]{1,2})?)(h?)(?::([0-9]{1,2})\+)?$")

PARAMETERS: Final = (
    Parameter(
        "listing",
        f"Reference of a listing; {FEWEST} to {MOST} of them, in the order in which they are shown.",
        {"type": "string", "maxLength": 250},
        repeated=True,
        example="rm3745~ppl~opm-group",
    ),
    Parameter(
        "team",
        "A grade and its days, such as G3:10 or G5:2.5: what the team of all of these costs is told too.",
        {"type": "string", "maxLength": 22, "pattern": r"^[A-Za-z0-9._-]{1,12}:[0-9]{1,6}(\.[0-9]{1,2})?$"},
        repeated=True,
        example="G3:10",
    ),
    Parameter(
        "role",
        "A role title, its days or hours, and the least years of experience where they are asked for, such as "
        "Data engineer:10, Data engineer:80h or Data engineer:10:5+: priced with the team.",
        {"type": "string", "maxLength": LONGEST_ROLE, "pattern": _ROLE.pattern},
        repeated=True,
        example="Data engineer:10:5+",
    ),
    Parameter(
        "work_type",
        "Type of work, where cards differ by it.",
        {"type": "string", "enum": list(WORK_TYPES)},
        example="advice",
    ),
    Parameter(
        "lot",
        "Reference of a lot, where cards differ by it; a bare number needs listings of one framework.",
        {"type": "string", "maxLength": 120},
        example="rm3745~5",
    ),
)


def comparison_question(asked: Asked, on: date) -> ComparisonQuestion:
    """The question of `GET /comparisons/` on that day. Raises BadParameters naming everything that is wrong."""
    values, faults = read(PARAMETERS, asked)
    given = [text.strip().lower() for text in asked.getlist("listing") if text.strip()]
    twice = sorted({name for name in given if given.count(name) > 1})
    faults += [ParameterFault("listing", "repeated", f"{name} is given twice.") for name in twice]
    if not FEWEST <= len(given) <= MOST:
        message = f"Compare {FEWEST} to {MOST} listings; these are {len(given)}."
        faults.append(ParameterFault("listing", "range", message))
    team = (
        *_grades(values["team"], [text.strip() for text in asked.getlist("team") if text.strip()]),
        *_roles(values["role"], [text.strip() for text in asked.getlist("role") if text.strip()], faults),
    )
    if team:
        faults += [ParameterFault(_field(one, team), one.code, one.message) for one in team_faults(team)]
    lot = _lot(values["lot"], given, faults)
    if faults:
        raise BadParameters(faults)
    return ComparisonQuestion(tuple(given), team, values["work_type"], lot, on)


def _grades(read_: Any, sent: list[str]) -> tuple[TeamLine, ...]:
    """The lines by grade, which may be none at all."""
    if not sent or None in read_:
        return ()
    parts = [text.partition(":") for text in sent[: LARGEST_TEAM + 1]]
    return tuple(TeamLine(grade.upper(), Decimal(days)) for grade, _, days in parts)


def _roles(read_: Any, sent: list[str], faults: list[ParameterFault]) -> tuple[TeamLine, ...]:
    """The lines by role, which may be none at all."""
    if not sent or None in read_:
        return ()
    lines = []
    for text in sent[: LARGEST_TEAM + 1]:
        match = _ROLE.fullmatch(text)
        if match is None:
            return ()  # told by the parameter's pattern
        years = match[4]
        unit: Unit = "hour" if match[3] else "day"
        if years and int(years) > MOST_YEARS:
            faults.append(ParameterFault("role", "range", f"At most {MOST_YEARS} years of experience."))
        lines.append(TeamLine("", Decimal(match[2]), match[1].strip(), int(years) if years else None, unit))
    return tuple(lines)


def _field(fault: Fault, team: Sequence[TeamLine]) -> str:
    """Which parameter stated the line of a fault at /team/2/days."""
    steps = fault.pointer.split("/")
    return "role" if len(steps) > 2 and team[int(steps[2])].role else "team"


def _lot(name: str | None, listings: list[str], faults: list[ParameterFault]) -> str | None:
    if name is None:
        return None
    frameworks = {listing.partition("~")[0] for listing in listings}
    if len(frameworks) != 1:
        faults.append(ParameterFault("lot", "conflict", "A lot needs listings of one framework."))
        return None
    framework = frameworks.pop()
    lot = name.lower() if "~" in name else f"{framework}~{name.lower()}"
    if lot.partition("~")[0] != framework:
        faults.append(ParameterFault("lot", "conflict", f"{name} is no lot of {framework}."))
    return lot

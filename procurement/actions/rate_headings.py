"""Which column of a rate sheet holds which field, and which columns nobody reads: named, never dropped
unseen.

Between rate_sheets.py, which finds the headings, and rate_cells.py, which reads what stands under them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from procurement.actions.rate_cells import FIELDS
from procurement.errors import Fault, Invalid

MOST_SAID: Final = 500
"""Characters of a file's headings that a fault tells."""
_BETWEEN: Final = re.compile(r"[\s_\-]+")


def plain(heading: str) -> str:
    """How headings are compared: case, spaces, underscores and hyphens do not count."""
    return _BETWEEN.sub("", heading.casefold())


_STANDARD: Final = {plain(name): name for name in FIELDS}


def headings_of(
    standing: Sequence[str], mapped: Mapping[str, str], needed: Sequence[str] = ("supplier", "price")
) -> dict[str, str]:
    """Which heading each field stands under: the mapped one, or one that is the field's own name. Without one for each
    of the fields `needed`, and for the role or the grade, no line could be read.

    Raises Invalid for a field or heading that there is not, for a field that two headings could be, and for a heading
    that two fields are mapped to.
    """
    faults = [
        Fault(f"/map/{name}", "unknown", f"There is no field {name}; there are {', '.join(FIELDS)}.")
        for name in mapped
        if name not in FIELDS
    ]
    chosen: dict[str, str] = {}
    for name, asked in mapped.items():
        alike = [asked] if asked in standing else [one for one in standing if plain(one) == plain(asked)]
        if len(alike) == 1:
            chosen[name] = alike[0]
            continue
        there = ", ".join(one for one in standing if one)
        why = f"There is no heading {asked!r}; there are {there}."
        if alike:
            why = f"{asked!r} could be {' or '.join(map(repr, alike))}."
        faults.append(Fault(f"/map/{name}", "unknown", why))
    faults += _shared(chosen)
    faults += _recognise(standing, mapped, chosen)
    named = ", ".join(one for one in standing if one)[:MOST_SAID]
    there_are = f"There {'is' if len(standing) == 1 else 'are'} {named}."
    known = chosen.keys() | mapped.keys()
    # A field that there is not is the slip for one that is needed: told as that alone.
    slip = not mapped.keys() <= FIELDS.keys()
    for name in needed:
        if name not in known and not slip:
            faults.append(
                Fault(
                    f"/map/{name}", "required", f"Which heading is the {name}? {there_are} Map it: {name}=…"
                )
            )
    if "role" not in known and "grade" not in known and not slip:
        faults.append(
            Fault(
                "/map/role",
                "required",
                f"Which heading is the role or the grade? {there_are} Map it: role=…",
            )
        )
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), tuple(faults))
    return chosen


def _shared(chosen: Mapping[str, str]) -> list[Fault]:
    """Two fields under one heading: one of them is a slip, and its values would be read as something else."""
    first: dict[str, str] = {}
    return [
        Fault(f"/map/{name}", "taken", f"{heading!r} is mapped as the {first[heading]}, too.")
        for name, heading in chosen.items()
        if first.setdefault(heading, name) != name
    ]


def _recognise(standing: Sequence[str], mapped: Mapping[str, str], chosen: dict[str, str]) -> list[Fault]:
    """Adds the standard headings among those that are not mapped; a fault where two could be one field."""
    free: dict[str, list[str]] = {}
    taken = set(chosen.values())
    for heading in standing:
        name = _STANDARD.get(plain(heading))
        if name is not None and name not in mapped and heading not in taken:
            free.setdefault(name, []).append(heading)
    chosen.update((name, alike[0]) for name, alike in free.items() if len(alike) == 1)
    faults = []
    for name, alike in free.items():
        if len(alike) > 1:
            could = " or ".join(map(repr, alike))
            message = f"The {name} could be {could}. Map it: {name}=…"
            faults.append(Fault(f"/map/{name}", "ambiguous", message))
            chosen[name] = alike[0]
    return faults


def unused(standing: Sequence[str], headings: Mapping[str, str]) -> list[str]:
    """The headings that no field stands under, in the file's order."""
    used = set(headings.values())
    return [heading for heading in standing if heading and heading not in used]

"""Filters of the plain lists that name something public: by reference, a framework and a lot by number too, in any
case; what there is not is refused by name.

Between reading a list's parameters and narrowing it: one query for each such filter that is given. What is kept for
its own organisation (a call-off, a requirement) finds nothing instead, so that nobody learns what others have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Model

from procurement.models import Framework, Lot, Measure, Organisation, Partner, Supplier
from procurement.references import as_they_stand, frameworks_named
from search.parameters import BadParameters, ParameterFault, lot_references

PUBLIC: Final[Mapping[str, tuple[type[Model], str]]] = {
    "framework": (Framework, "framework"),
    "lot": (Lot, "lot"),
    "supplier": (Supplier, "supplier"),
    "partner": (Partner, "partner"),
    "organisation": (Organisation, "organisation"),
    "owner": (Organisation, "organisation"),
    "measure": (Measure, "measure"),
}


def existing(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for, with the reference of each that it names. Raises BadParameters naming each that there is not,
    or a lot by its number alone without its framework.
    """
    found = dict(asked)
    faults: list[ParameterFault] = []
    for name in PUBLIC:
        if name not in asked:
            continue
        value = asked[name]
        if name == "lot":
            within = [found["framework"]] if "framework" in asked else []
            lots = lot_references([value], within, faults)
            if not lots:
                continue
            [value] = lots
        reference = _reference(name, value)
        if reference is None:
            told = f"{asked[name][:80]!r} is no {PUBLIC[name][1]} that there is."
            faults.append(ParameterFault(name, "choice", told, asked[name]))
        else:
            found[name] = reference
    if faults:
        raise BadParameters(faults)
    return found


def _reference(name: str, value: str) -> str | None:
    """The reference of what is called so; None where there is none."""
    if name == "framework":
        return frameworks_named([value]).get(value)
    return as_they_stand(PUBLIC[name][0], [value]).get(value)

"""Which identifiers an organisation may carry: a scheme of org-id.guide and how its numbers look.

Shapes only: that a number is well formed, never that the register holds it. XX-DEMO is ours, for
fictional bodies. Digits are 0 to 9, not those of every script.
"""

from __future__ import annotations

import re
from typing import Final

FICTIONAL: Final = "XX-DEMO"
"""The scheme of bodies that do not exist."""

SCHEMES: Final[dict[str, tuple[str, re.Pattern[str]]]] = {
    "GB-COH": ("Companies House number", re.compile(r"(?:[0-9]{2}|[A-Z]{2})[0-9]{6}")),
    "GB-CHC": ("Charity Commission number", re.compile(r"[1-9][0-9]{5,6}(?:-[0-9]+)?")),
    "GB-SC": ("Scottish charity number", re.compile(r"SC[0-9]{6}")),
    "GB-NIC": ("Charity Commission for Northern Ireland number", re.compile(r"1[0-9]{5}")),
    "GB-MPR": ("Mutuals Public Register number", re.compile(r"(?:RS|IP)?[0-9]{3,6}[RS]?")),
    "GB-UKPRN": ("UK provider reference number", re.compile(r"1[0-9]{7}")),
    "GB-PPON": ("public procurement organisation number", re.compile(r"P[A-Z]{3}-[0-9]{4}-[A-Z]{4}")),
    "GB-NHS": ("NHS organisation code", re.compile(r"[A-Z0-9]{3,6}")),
    "GB-GOR": ("GOV.UK organisation code", re.compile(r"[A-Z]{1,3}[0-9]{1,5}")),
    "GB-LAE": ("English local authority code", re.compile(r"[A-Z]{3}")),
    "GB-LAS": ("Scottish local authority code", re.compile(r"[A-Z]{3}")),
    "GB-PLA": ("Welsh principal local authority code", re.compile(r"[A-Z]{3}")),
    "GB-LANI": ("Northern Irish local authority code", re.compile(r"[A-Z]{3}")),
    FICTIONAL: ("fictional body's identifier", re.compile(r"[0-9]{8}")),
}


def wrong_with(scheme: str, identifier: str) -> str | None:
    """What is wrong with an identifier, as a sentence; None where nothing is.

    Both blank: no number is known.
    """
    if not scheme and not identifier:
        return None
    if not scheme or not identifier:
        return "A scheme and an identifier come together or not at all."
    known = SCHEMES.get(scheme)
    if known is None:
        return f"{scheme} is not a scheme we know: {', '.join(SCHEMES)}."
    label, shape = known
    return None if shape.fullmatch(identifier) else f"{identifier} is not shaped like a {label}."

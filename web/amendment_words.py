"""What an amendment changed, in words: a field as its form calls it, what stood there before and what stands now.

procurement/differences.py tells it by JSON pointers and values, as programs read it; amendments keep it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_noop as N_

from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES, WORK_TYPES
from web.competition_form import LABELS as LABELS_OF_PLANS
from web.formats import grouped, minor, moment, money, written
from web.need_form import LABELS as LABELS_OF_NEEDS
from web.saying import said
from web.team_words import asked

FIELDS: Final = {
    **{f"/{name}": LABELS_OF_PLANS[name] for name in ("interest_until", "clarify_until", "deadline")},
    **{
        f"/requirement/{name}": LABELS_OF_NEEDS[name]
        for name in ("text", "starts_on", "months", "work_type", "budget")
    },
    "/requirement/team": N_("Team"),
    "/requirement/budget/amount": LABELS_OF_NEEDS["budget"],
    "/requirement/budget/currency": N_("Currency"),
    "/requirement/preferences/ownership": LABELS_OF_NEEDS["ownership"],
    "/requirement/preferences/size": LABELS_OF_NEEDS["size"],
    "/requirement/preferences/sector": N_("Sector"),
    "/requirement/preferences/accreditation": N_("Accreditations"),
}
"""By pointer; what decides who is invited is never amended."""
CLOSED: Final = {
    "/requirement/work_type": WORK_TYPES,
    "/requirement/preferences/ownership": OWNERSHIP,
    "/requirement/preferences/size": SIZES,
    "/requirement/preferences/sector": SECTORS,
    "/requirement/preferences/accreditation": ACCREDITATIONS,
}
"""Fields whose values are of a closed list."""
DOCUMENTS: Final = "/documents/"


@dataclass(frozen=True, slots=True)
class Amended:
    """A field in words; `before` or `now` is "" where nothing stood or stands. A document that was added is `now`."""

    label: str
    before: str
    now: str


def amended(difference: Iterable[Mapping[str, Any]]) -> list[Amended]:
    """Each of what differs, in its order."""
    return [_one(one["pointer"], one["before"], one["after"]) for one in difference]


def _one(pointer: str, before: Any, after: Any) -> Amended:
    if pointer.startswith(DOCUMENTS):
        return Amended(said(N_("Document")), "", str(after["name"]))
    return Amended(said(FIELDS[pointer]), _told(pointer, before), _told(pointer, after))


def _told(pointer: str, value: Any) -> str:
    if value is None or value in ("", []):
        return ""
    if pointer == "/requirement/team":
        return ", ".join(asked(line) for line in value)
    if pointer in CLOSED:
        slugs = [value] if isinstance(value, str) else value
        return ", ".join(said(CLOSED[pointer][slug]) for slug in slugs)
    if pointer == "/requirement/budget":
        return money(minor(value["amount"]), value["currency"])
    if pointer == "/requirement/budget/amount":
        return grouped(value)
    if pointer.startswith("/requirement/"):
        return written(str(value))
    return moment(value)

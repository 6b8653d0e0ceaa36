"""What is wrong with what was sent, as a form shows it: a summary that links to fields, and a message at each
field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from search.parameters import BadParameters, ParameterFault
from web.address import Address
from web.saying import said
from web.typed import amount_typed

AMOUNTS: Final = ("min_rate", "max_rate", "proposed")
"""Parameters that hold money: people write £1,250."""

PARAMETER_WORDS: Final = {
    "min_rate": "the lowest rate",
    "max_rate": "the highest rate",
    "min_experience": "the least experience",
    "max_experience": "the most experience",
    "sort=rate": "sorting by rate",
}
PARAMETERS: Final = re.compile("|".join(PARAMETER_WORDS))
"""How messages to programs name parameters, and what a page says instead."""
SHAPED: Final = re.compile(
    r"(?P<given>.+?) is not of the shape .+?(?:, such as (?P<example>[^,]+))?\.", re.DOTALL
)
"""How search/parameters.py says that a value is misshapen."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A message and the id of the element it concerns, "" where it concerns no single one. `beside` is what stands at
    the element itself, where the summary says less.
    """

    anchor: str
    message: str
    beside: str = ""


def by_anchor(faults: Iterable[FieldFault]) -> dict[str, str]:
    """The message to show at each field: the first of several."""
    messages: dict[str, str] = {}
    for fault in faults:
        messages.setdefault(fault.anchor, fault.beside or fault.message)
    return messages


def labelled(faults: Iterable[FieldFault], labels: Mapping[str, str]) -> list[FieldFault]:
    """The faults, each message after the label of its field (by anchor), so that the summary says which is meant. One
    that says something else beside its field names it already.
    """
    return [
        replace(one, message=f"{said(labels[one.anchor])}: {one.message}")
        if one.anchor in labels and not one.beside
        else one
        for one in faults
    ]


def id_part(sent: str) -> str:
    """What was sent, as a part of an element's id: letters, digits, hyphens and underscores alone."""
    return re.sub(r"[^A-Za-z0-9_-]", "", sent)


def lowered(message: str) -> str:
    """A sentence as it goes on after a colon."""
    plain = message.rstrip(".")
    return f"{plain[0].lower()}{plain[1:]}"


def spoken(label: str, fault: ParameterFault, given: str = "") -> str:
    """What is wrong with a parameter, in the words of its field, whose label is in the reader's language already.
    `given` is what was sent for it.
    """
    if fault.code == "unknown":
        return _("There is no filter called %(name)s") % {"name": fault.parameter[:80]}
    if fault.code == "shape" and fault.parameter in AMOUNTS:
        return _("%(field)s must be an amount such as 650 or 650.50") % {"field": label}
    if fault.code == "shape" and (shaped := SHAPED.fullmatch(fault.message)) is not None:
        return _misshapen(label, fault.parameter, shaped["given"], shaped["example"] or "")
    if fault.code == "range" and fault.parameter == "page" and given.strip().lstrip("0").isdecimal():
        return _("Page is further than these pages reach: narrow the search to see other results")
    message = PARAMETERS.sub(lambda found: PARAMETER_WORDS[found[0]], fault.message).rstrip(".")
    first = message[0].lower() if message[1:2].islower() else message[0]
    return f"{label}: {first}{message[1:]}"


def _misshapen(label: str, parameter: str, given: str, example: str) -> str:
    """How a value is written, by an example: the shape itself is for programs."""
    if parameter == "role":
        told = _(
            "%(field)s: %(given)s is no role with its work; write a title, a colon and days or hours, such as "
            "Data engineer:10 or Data engineer:80h"
        )
    elif parameter == "team":
        told = _(
            "%(field)s: %(given)s is no line of a team; write a grade, a colon and its days, such as G3:10"
        )
    elif example:
        told = _("%(field)s: %(given)s is not written as it should be; an example is %(example)s")
    else:
        told = _("%(field)s: %(given)s is not written as it should be")
    return told % {"field": label, "given": given, "example": example}


def not_offered(field: str, label: str, choices: Iterable[tuple[str, str]], sent: str) -> list[FieldFault]:
    """What is wrong with the value that an address has for a field: it is none of its choices (values and words). All
    there is would else stand under a filter that nobody sees is not applied. `label` is in the reader's language.
    """
    if sent in dict(choices):
        return []
    told = _("%(field)s: “%(given)s” is none of the choices") % {"field": label, "given": sent[:80]}
    return [FieldFault(field, told)]


def plain_amounts(asked: Address) -> Address:
    """The address with its amounts as the parsers take them: no sign of pounds, no commas between
    thousands.
    """
    return Address(
        asked.path,
        tuple((name, amount_typed(value) if name in AMOUNTS else value) for name, value in asked.pairs),
    )


def refuse_larger(asked: Address, most: int) -> None:
    """A page stays small enough for a slow connection; who wants more at once asks the API.

    Raises BadParameters where more than `most` results are asked for. What is no number is left to the parser.
    """
    size = asked.first("page_size")
    if size.isascii() and size.isdigit() and int(size[:9]) > most:
        told = _("At most %(most)s can be shown at once.") % {"most": most}
        raise BadParameters([ParameterFault("page_size", "range", told)])


def refuse_cursor(asked: Address) -> None:
    """Pages are numbered: a cursor is for programs, and no page could say where in the results it stands.

    Raises BadParameters where there is one.
    """
    if asked.first("after"):
        raise BadParameters([ParameterFault("after", "unknown", "There is no filter called after.")])

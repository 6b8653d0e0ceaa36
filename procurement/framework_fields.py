"""What may be said of a framework, a lot, a specialism and a grade: each field once, with how it is read. Pure.

Asked by actions/framework_edits.py; the API says the same fields, and the pages make their forms of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from procurement.errors import Fault
from procurement.models import Framework, RateCard, Region
from procurement.pricing import NotAPrice, read_value
from procurement.profiles import Reader, escaped
from procurement.vocabulary import ACCREDITATIONS, BUYER_CLASSES, WORK_TYPES

CPV: Final = re.compile(r"[0-9]{8}")
_PER_CENT: Final = re.compile(r"[0-9]{1,2}(?:\.[0-9]+)?")
MOST_CODES: Final = 50
SHORT: Final = 30
HIGHEST_RANK: Final = 12
LONGEST_TERM: Final = 600
LONGEST_NUMBER: Final = 10


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `kind` is one of READERS, by which its value is read. `column` where it stands, if elsewhere than under
    its name; `choices` of a closed list by value. `fixed`: said once, when it is made.
    """

    label: str
    kind: str
    longest: int = 200
    required: bool = False
    column: str = ""
    choices: Mapping[str, str] | None = None
    hint: str = ""
    fixed: bool = False


def _line(reader: Reader, value: object, field: Field) -> str:
    return reader.text(value, field.longest, required=field.required)


def _lines(reader: Reader, value: object, field: Field) -> str:
    return reader.text(value, field.longest, required=field.required, lines=True)


def _choice(reader: Reader, value: object, field: Field) -> str:
    return reader.choice(value, field.choices or {})


def _choices(reader: Reader, value: object, field: Field) -> list[str]:
    return reader.choices(value, field.choices or {})


def _flag(reader: Reader, value: object, _: Field) -> bool:
    if not isinstance(value, bool):
        reader.wrong("type", "This must be true or false.")
    return value is True


def _day(reader: Reader, value: object, field: Field) -> date | None:
    return reader.day(_optional(reader, value, field))


def _pence(reader: Reader, value: object, field: Field) -> int | None:
    text = _optional(reader, value, field)
    try:
        return read_value(text) if text else None
    except NotAPrice as wrong:
        reader.wrong("shape", f"The amount {text[:40]!r} {wrong}.")
        return None


def _per_cent(reader: Reader, value: object, field: Field) -> Decimal | None:
    text = _optional(reader, value, field)
    places = 3 if field.column == "management_charge" else 2
    found = Decimal(text) if _PER_CENT.fullmatch(text) else None
    if text and (found is None or found > 99 or found != round(found, places)):
        reader.wrong("shape", f"Per cent from 0 to 99, with at most {places} decimals.")
        return None
    return found


def _whole(reader: Reader, value: object, field: Field) -> int | None:
    if value is None or value == "":
        if field.required:
            reader.wrong("required", "This must not be empty.")
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < LONGEST_NUMBER:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= field.longest:
        reader.wrong("shape", f"A whole number from 1 to {field.longest}.")
        return None
    return value


def _codes(reader: Reader, value: object, _: Field) -> list[str]:
    found: list[str] = []
    for step, one in enumerate(reader.items(value, MOST_CODES)):
        code = reader.at(step).text(one, LONGEST_NUMBER)
        if code and not CPV.fullmatch(code):
            reader.at(step).wrong("shape", f"{code} is not an eight-digit code of CPV 2008.")
        elif code and code not in found:
            found.append(code)
    return found


READERS: Final[dict[str, Callable[[Reader, object, Field], Any]]] = {
    "line": _line, "lines": _lines, "choice": _choice, "choices": _choices, "flag": _flag, "day": _day,
    "pence": _pence, "per_cent": _per_cent, "whole": _whole, "codes": _codes,
}  # fmt: skip
"""What a field may be: each gives the value of what was sent, or notes what is wrong with it."""


def _optional(reader: Reader, value: object, field: Field) -> str:
    text = "" if value is None else reader.text(value, SHORT)
    if field.required and not text:
        reader.wrong("required", "This must not be empty.")
    return text


AS_FRAMEWORK: Final[dict[str, Field]] = {
    "reference": Field(
        "Reference", "line", 40, required=True, fixed=True,
        hint="What addresses name it by for ever: small letters, digits and hyphens, such as rm6309",
    ),
    "number": Field("Number", "line", 30, required=True, hint="As people write it, such as RM6309"),
    "name": Field("Name", "line", required=True),
    "nickname": Field("Short name", "line", 40),
    "description": Field("Description", "lines", 5_000),
    "owner": Field("Owner", "line", 120, required=True, hint="The reference of an organisation that owns frameworks"),
    "status": Field("Status", "choice", choices=dict(Framework.Status.choices)),
    "starts_on": Field("First day", "day", required=True, hint="As 2027-04-01"),
    "ends_on": Field("Last day", "day", required=True, hint="As 2031-03-31"),
    "regime": Field("Law", "choice", choices=dict(Framework.Regime.choices)),
    "buyer_classes": Field("Who may buy", "choices", choices=BUYER_CLASSES, hint="None ticked: every public body"),
    "management_charge": Field("Management charge", "per_cent", column="management_charge",
                               hint="Per cent of what is invoiced; empty: not known"),
    "maximum_value": Field("Greatest value in all", "pence", column="maximum_value_pence",
                           hint="Pounds without VAT; empty: not known"),
    "region_scheme": Field("Regions", "choice", choices=dict(Region.Scheme.choices)),
    "rate_unit": Field("Rates are for a", "choice", choices=dict(RateCard.Unit.choices)),
    "rate_rise_ceiling": Field("How far a rate may rise", "per_cent", column="rate_rise_ceiling",
                               hint="Per cent of the rate in force that a new rate card may add; empty: not stated"),
    "fictional": Field("Made up", "flag", hint="It is no real framework"),
}  # fmt: skip
AS_LOT: Final[dict[str, Field]] = {
    "number": Field("Number", "line", 12, required=True, fixed=True, hint="Such as 5 or 1.2a; it stays for ever"),
    "name": Field("Name", "line", required=True),
    "description": Field("Description", "lines", 5_000),
    "direct_award": Field("Direct award", "flag", hint="Call-offs without further competition are allowed"),
    "competition": Field("Further competition", "flag", hint="Call-offs by further competition are allowed"),
    "direct_award_cap": Field("Most of a direct award", "pence", column="direct_award_cap_pence",
                              hint="Pounds without VAT; empty: none"),
    "minimum_value": Field("Least value of a call-off", "pence", column="minimum_value_pence",
                           hint="Pounds without VAT; empty: none"),
    "maximum_value": Field("Greatest value of a call-off", "pence", column="maximum_value_pence",
                           hint="Pounds without VAT; empty: none"),
    "longest_term_months": Field("Longest term in months", "whole", LONGEST_TERM, hint="Empty: none is stated"),
    "closes_on": Field("Closes on", "day", hint="Only where it closes before its framework, as 2029-04-01"),
    "light_touch": Field("Light touch", "flag", hint="Its services are light touch services"),
    "work_types": Field("Types of work", "choices", choices=WORK_TYPES,
                        hint="What its rates are for; none ticked: rates may be for any"),
    "accreditations": Field("Accreditations of firms", "choices", choices=ACCREDITATIONS,
                            hint="What a firm must hold, or an equivalent; none ticked: not stated"),
    "professional_indemnity": Field("Professional indemnity", "pence", column="professional_indemnity_pence",
                                    hint="Pounds for which a firm must be insured at least; empty: not stated"),
    "public_liability": Field("Public liability", "pence", column="public_liability_pence",
                              hint="Pounds for which a firm must be insured at least; empty: not stated"),
}  # fmt: skip
AS_SPECIALISM: Final[dict[str, Field]] = {
    "number": Field(
        "Number", "line", 12, required=True, fixed=True, hint="Within the lot; it stays for ever"
    ),
    "name": Field("Name", "line", 300, required=True),
    "description": Field("Description", "lines", 5_000),
    "cpv": Field("CPV codes", "codes", hint="Codes of CPV 2008 with eight digits, one on a line"),
}
AS_GRADE: Final[dict[str, Field]] = {
    "code": Field("Code", "line", 12, required=True, fixed=True, hint="Such as G3; it stays for ever"),
    "name": Field("Name", "line", 120, required=True),
    "rank": Field("Rank", "whole", HIGHEST_RANK, required=True, hint="1 is the lowest"),
}


def said(
    table: Mapping[str, Field], sent: Mapping[str, Any], faults: list[Fault], *, new: bool
) -> dict[str, Any]:
    """What was sent, read, by column: all that must be there if it is `new`, else what is to change. Notes what is
    wrong, a field that there is not and one that stays among it.
    """
    for name in sent:
        if name not in table:
            faults.append(Fault(f"/{escaped(str(name))}", "unknown_field", "There is no such field."))
        elif table[name].fixed and not new:
            faults.append(Fault(f"/{name}", "fixed", "This was said when it was made, and stays."))
    found: dict[str, Any] = {}
    for name, field in table.items():
        if name in sent:
            found[field.column or name] = READERS[field.kind](Reader(f"/{name}", faults), sent[name], field)
        elif new and (field.required or field.kind == "choice"):
            faults.append(Fault(f"/{name}", "required", "This must not be empty."))
    return found

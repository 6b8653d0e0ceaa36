"""Reads a file of partner profiles, one JSON object a line, and says for each row what it holds or everything
wrong with it.

First half of an import's journey; partner_imports.py publishes what passes. Rows are numbered by line, faults
point into the row (RFC 6901), and nothing is dropped: a row either comes out whole or with its faults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from procurement.actions.regions import sharing_ground
from procurement.errors import Fault
from procurement.identifiers import SCHEMES, wrong_with
from procurement.models import Framework, Lot, Region, Specialism
from procurement.profiles import Reader, escaped

LONGEST_LINE: Final = 1_000_000
LONGEST_NUMBER: Final = 20
"""Digits; Python itself refuses some thousands, in words that are meant for programmers."""
REFERENCE_SHAPE: Final = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9])?$")
PROFILE_FIELDS: Final = (
    "name",
    "summary",
    "ownership",
    "ownership_evidence",
    "size",
    "sectors",
    "regions",
    "accreditations",
    "case_studies",
    "contacts",
)
ROW_FIELDS: Final = ("reference", "scheme", "identifier", *PROFILE_FIELDS, "offerings", "supplier")
OFFERING_FIELDS: Final = ("framework", "lot", "specialisms", "regions")
MOST_OFFERINGS: Final = 200
IDENTIFIER_LENGTH: Final = 60
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one cell of one row. `line` counts from 1; `reference` is the row's own if it could be
    read.
    """

    line: int
    reference: str
    fault: Fault

    def shown(self) -> dict[str, Any]:
        """For results and problems."""
        return {
            "line": self.line,
            "reference": self.reference,
            "pointer": self.fault.pointer,
            "code": self.fault.code,
            "message": self.fault.message,
        }


@dataclass(frozen=True, slots=True)
class OfferedLot:
    """What a partner offers on one lot. Empty `specialisms`: not stated which; None in either: as they
    are.
    """

    framework: str
    lot: str
    specialisms: tuple[str, ...] | None
    regions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """One row that could be read. `offerings` None: the row does not speak of them; `supplier` "": the firm
    alone; `identifier` ("", ""): the row gives no number of a register.
    """

    line: int
    reference: str
    changes: Mapping[str, Any]
    offerings: tuple[OfferedLot, ...] | None
    supplier: str
    identifier: tuple[str, str] = ("", "")

    @property
    def alone(self) -> bool:
        """Whether the firm is, or leads, the supplier under its own reference."""
        return self.supplier in ("", self.reference)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank, with its number; a byte order mark and carriage returns are no content."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            content = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
            content = content.strip(b" \t\r\n")
            if content:
                yield number, content


class _DuplicateError(ValueError):
    """An object names a member twice."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateError(next(name for name in names if names.count(name) > 1))
    return members


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} digits is none that a row holds")
    return int(text)


def parsed(content: bytes) -> tuple[dict[str, Any] | None, Fault | None]:
    """The object on a line, or why it is none."""
    if len(content) > LONGEST_LINE:
        return None, Fault(
            "", "too_long", f"A row has at most {LONGEST_LINE} bytes; this has {len(content)}."
        )
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=_members, parse_constant=_constant, parse_int=_whole
        )
    except _DuplicateError as error:
        return None, Fault(
            f"/{escaped(str(error))}", "duplicate_field", "This field stands in the row twice."
        )
    except UnicodeDecodeError as error:
        return None, Fault("", "encoding", f"Byte {error.start + 1} of the row is not UTF-8.")
    except RecursionError:
        return None, Fault("", "json", "The row is nested too deeply.")
    except json.JSONDecodeError as error:
        return None, Fault(
            "", "json", f"The row is not a JSON object: it cannot be read from character {error.colno} on."
        )
    except ValueError as error:
        return None, Fault("", "json", f"The row is not a JSON object: {error}.")
    if not isinstance(value, dict):
        return None, Fault("", "json", "The row is not a JSON object.")
    return value, None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Frameworks, lots, specialisms and regions by every name that a row may use for them."""

    frameworks: dict[str, str]
    lots: dict[str, dict[str, str]]
    specialisms: dict[tuple[str, str], str]
    regions: dict[str, frozenset[str]]
    schemes: dict[str, str]
    twins: dict[str, tuple[str, ...]]
    """by region, those of the other scheme that share ground with it"""
    starts: dict[str, date]
    ends: dict[str, date]

    def region_codes(self, framework: str) -> frozenset[str]:
        """The codes of a framework's own scheme, and UK."""
        return self.regions[framework]


def catalogue() -> Catalogue:
    """Everything that rows may refer to, as it stands (five queries).

    A framework goes by reference or number, a lot by reference or number, a specialism by reference, number
    or name where only one of its lot bears it.
    """
    coded = list(Region.objects.values_list("code", "scheme", "level"))
    national = {code for code, _, level in coded if level == 0}
    schemes: dict[str, set[str]] = {}
    for code, scheme, _ in coded:
        schemes.setdefault(scheme, set(national)).add(code)
    twins = sharing_ground()
    frameworks: dict[str, str] = {}
    regions: dict[str, frozenset[str]] = {}
    schemes_of: dict[str, str] = {}
    starts: dict[str, date] = {}
    ends: dict[str, date] = {}
    for reference, number, scheme, first, last in Framework.objects.values_list(
        "reference", "number", "region_scheme", "starts_on", "ends_on"
    ):
        starts[reference], ends[reference] = first, last
        frameworks.update({reference: reference, number: reference, number.lower(): reference})
        regions[reference] = frozenset(schemes.get(scheme, national))
        schemes_of[reference] = scheme
    lots: dict[str, dict[str, str]] = {framework: {} for framework in regions}
    for framework, reference, number in Lot.objects.values_list(
        "framework__reference", "reference", "number"
    ):
        lots[framework].update({reference: reference, number: reference, number.lower(): reference})
    named: dict[tuple[str, str], set[str]] = {}
    specialisms: dict[tuple[str, str], str] = {}
    for lot, reference, number, name in Specialism.objects.values_list(
        "lot__reference", "reference", "number", "name"
    ):
        for called in (reference, number, number.lower()):
            specialisms[lot, called] = reference
        named.setdefault((lot, name.casefold()), set()).add(reference)
    for place, references in named.items():
        if len(references) == 1:
            specialisms.setdefault(place, next(iter(references)))
    return Catalogue(frameworks, lots, specialisms, regions, schemes_of, twins, starts, ends)


def read_row(line: int, content: bytes, known: Catalogue) -> tuple[PartnerRow | None, list[RowFault]]:
    """A row as far as it can be judged without looking at the partner: its shape and what it refers to."""
    value, unreadable = parsed(content)
    if value is None:
        return None, [RowFault(line, "", unreadable or Fault("", "json", "The row is not a JSON object."))]
    faults: list[Fault] = []
    reader = Reader("", faults)
    for name in value:
        if name not in ROW_FIELDS:
            reader.at(name).wrong("unknown_field", f"There is no field “{_plain(name)}” in a row.")
    reference = _reference(reader.at("reference"), value.get("reference"))
    supplier = (
        _reference(reader.at("supplier"), value["supplier"]) if value.get("supplier") is not None else ""
    )
    identifier = _identifier(reader, value)
    offerings = None
    if "offerings" in value:
        offerings = _offerings(reader.at("offerings"), value["offerings"], known)
    if any(fault.pointer.startswith("/offerings") for fault in faults):
        offerings = None
    changes: dict[str, Any] = {name: value[name] for name in PROFILE_FIELDS if name in value}
    shown = reference if reference else ""
    row = PartnerRow(line, reference, changes, offerings, supplier, identifier)
    return row, [RowFault(line, shown, fault) for fault in faults]


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text[:60])


def _reference(reader: Reader, value: object) -> str:
    if value is None:
        reader.wrong("required", "A row has a reference.")
    elif not isinstance(value, str) or not REFERENCE_SHAPE.fullmatch(value):
        reader.wrong("shape", "A reference holds letters, digits, dots, hyphens and underscores, at most 60.")
    else:
        return value
    return ""


def _identifier(reader: Reader, row: Mapping[str, Any]) -> tuple[str, str]:
    """The scheme and the number of a register that the row gives, checked for their shape."""
    given = []
    before = len(reader.faults)
    for name in ("scheme", "identifier"):
        value = row.get(name)
        given.append("" if value is None else reader.at(name).text(value, IDENTIFIER_LENGTH))
    if len(reader.faults) > before:
        return "", ""
    scheme, identifier = given
    if wrong := wrong_with(scheme, identifier):
        reader.at("scheme" if scheme not in SCHEMES else "identifier").wrong("identifier", wrong)
        return "", ""
    return scheme, identifier


def _offerings(reader: Reader, value: object, known: Catalogue) -> tuple[OfferedLot, ...]:
    offered: list[OfferedLot] = []
    for step, one in enumerate(reader.items(value, MOST_OFFERINGS)):
        inner = reader.at(step)
        held = inner.members(one, OFFERING_FIELDS)
        if not isinstance(one, dict):
            continue
        framework = _looked_up(inner.at("framework"), held.get("framework"), known.frameworks, "framework")
        if not framework:
            continue
        lot = _looked_up(inner.at("lot"), held.get("lot"), known.lots[framework], "lot")
        if not lot:
            continue
        if any(other.lot == lot for other in offered):
            inner.at("lot").wrong("duplicate", f"The lot {_plain(str(held['lot']))} stands here twice.")
            continue
        specialisms = _specialisms(inner.at("specialisms"), held.get("specialisms"), lot, known)
        regions = None
        if held.get("regions") is not None:
            regions = _regions(inner.at("regions"), held["regions"], framework, known)
        offered.append(OfferedLot(framework, lot, specialisms, regions))
    return tuple(offered)


def _regions(reader: Reader, value: object, framework: str, known: Catalogue) -> tuple[str, ...]:
    """Codes of the framework's own scheme; for one of the other scheme the fault names what shares its ground. A firm
    says itself where it works: redrawn regions have no one code in the other scheme.
    """
    own = known.region_codes(framework)
    given = value if isinstance(value, list) else []
    foreign = {one for one in given if isinstance(one, str) and one in known.twins and one not in own}
    scheme = known.schemes[framework]
    told = {
        one: f"“{one}” is no {scheme} code, as {framework} takes; {' or '.join(known.twins[one])} shares its ground."
        for one in foreign
    }
    return tuple(reader.choices(value, own, told))


def _specialisms(reader: Reader, value: object, lot: str, known: Catalogue) -> tuple[str, ...] | None:
    """References of the specialisms named; None where the row does not speak of them."""
    if value is None:
        return None
    chosen: list[str] = []
    for step, one in enumerate(reader.items(value)):
        inner = reader.at(step)
        key = _text(inner, one)
        if key is None:
            continue
        reference = known.specialisms.get((lot, key)) or known.specialisms.get((lot, key.casefold()))
        if reference is None:
            inner.wrong("unknown_specialism", f"There is no specialism “{_plain(key)}” in lot {lot}.")
        elif reference in chosen:
            inner.wrong("duplicate", f"The specialism “{_plain(key)}” stands here twice.")
        else:
            chosen.append(reference)
    return tuple(chosen)


def _looked_up(reader: Reader, value: object, known: Mapping[str, str], kind: str) -> str:
    if value is None:
        reader.wrong("required", f"An offering names its {kind}.")
        return ""
    called = _text(reader, value)
    found = None if called is None else known.get(called) or known.get(called.lower())
    if called is not None and found is None:
        reader.wrong(f"unknown_{kind}", f"There is no {kind} “{_plain(called)}” here.")
    return found or ""


def _text(reader: Reader, value: object) -> str | None:
    """What something is called by, None where that is no text: numbers of lots and specialisms are text."""
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    reader.wrong(
        "type", f'This must be text: "{value}", in quotation marks.' if number else "This must be text."
    )
    return None

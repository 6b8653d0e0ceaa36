"""Query parameters as tables: what may be asked, how it is read, and what the API's schema says of it are one
thing.

First step of a search: params.py and rate_params.py each state a table of Parameter and read a request by it.
Whatever is not in the table, or not of its shape, is refused by name: an unknown filter never returns
everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

MONEY: Final = r"^[0-9]{1,7}(\.[0-9]{1,2})?$"
"""The shape of an amount in a parameter: major units with at most two decimals."""

OF_FRAMEWORKS: Final = ("framework", "lot", "specialism")
"""Parameters whose values are a framework's reference, or begin with it."""

REPEATED_AT_MOST: Final = 100
_WHOLE = re.compile(r"-?[0-9]+")
_MOST_DIGITS: Final = 18
"""More than that are beyond what any parameter takes, and Python itself reads some thousands no more."""
_EARLIEST: Final = date(1900, 1, 1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. `schema` is the JSON Schema of one value; `repeated` may be given several times
    (any of).
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    repeated: bool = False
    example: Any = None


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """One parameter that cannot be used: `code` is unknown, repeated, shape, range, choice, missing or
    conflict. `value` is the one at fault where the others of a repeated parameter are not, else "".
    """

    parameter: str
    code: str
    message: str
    value: str = ""


class BadParameters(Exception):  # noqa: N818 - a refusal, told to whoever asked
    """A question that cannot be understood (HTTP 400); `faults` name every parameter that is wrong."""

    def __init__(self, faults: Sequence[ParameterFault]) -> None:
        super().__init__("; ".join(f"{fault.parameter}: {fault.message}" for fault in faults))
        self.faults = tuple(faults)


class Asked(Protocol):
    """A query string taken apart, as Django's QueryDict is."""

    def __iter__(self) -> Any: ...

    def getlist(self, key: str) -> list[str]: ...


def read(table: Iterable[Parameter], asked: Asked) -> tuple[dict[str, Any], list[ParameterFault]]:
    """The value of every parameter of the table, and what is wrong with the request.

    A repeated parameter gives a tuple without doubles, others the value, else its schema's default, else
    None; a parameter given empty, as forms do, counts as not given. The caller adds its own faults and raises
    BadParameters.
    """
    known = {parameter.name: parameter for parameter in table}
    faults = [_unknown(name, known) for name in asked if name not in known]
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        given = [text for text in asked.getlist(name) if text.strip()]
        if not given:
            values[name] = () if parameter.repeated else parameter.schema.get("default")
            continue
        parsed = [_value(parameter, text, faults) for text in given]
        if parameter.repeated:
            if len(given) > REPEATED_AT_MOST:
                faults.append(ParameterFault(name, "repeated", f"Give it at most {REPEATED_AT_MOST} times."))
            values[name] = tuple(dict.fromkeys(parsed))
            continue
        if len(given) > 1:
            faults.append(ParameterFault(name, "repeated", "Give it once."))
        values[name] = parsed[0]
    return values, faults


def lot_references(
    lots: Iterable[str], frameworks: Sequence[str], faults: list[ParameterFault]
) -> tuple[str, ...]:
    """The lots that a parameter `lot` asks for as references, each once: a bare number is one of the framework asked
    for. A number without exactly one framework is left out, and a fault.
    """
    found = []
    for lot in lots:
        if "~" in lot:
            found.append(lot)
        elif len(frameworks) == 1:
            found.append(f"{frameworks[0]}~{lot}")
        else:
            message = f"The bare number {lot[:40]!r} needs exactly one framework."
            faults.append(ParameterFault("lot", "conflict", message, lot))
    return tuple(dict.fromkeys(found))


def of_frameworks(
    asked: Mapping[str, tuple[str, ...]], stand: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The values asked for, by parameter, with the frameworks in them, those of lots and specialisms among them, called
    by the references by which they stand.
    """

    def spelt(value: str) -> str:
        framework, sign, within = value.partition("~")
        return f"{stand.get(framework, framework)}{sign}{within}"

    return {
        name: tuple(dict.fromkeys(map(spelt, values))) if name in OF_FRAMEWORKS else values
        for name, values in asked.items()
    }


def _unknown(name: str, known: Iterable[str]) -> ParameterFault:
    listed = ", ".join(known)
    has = f"there are {listed}" if listed else "none is taken here"
    return ParameterFault(name, "unknown", f"There is no parameter {name}; {has}.")


def _value(parameter: Parameter, text: str, faults: list[ParameterFault]) -> Any:
    """The value that `text` states, None (and a fault) if it states none."""
    schema, text = parameter.schema, text.strip()
    fault = _fault_of(schema, text, parameter.example)
    if fault is None:
        if schema["type"] == "integer":
            return int(text)
        if schema["type"] == "boolean":
            return text == "true"
        return date.fromisoformat(text) if schema.get("format") == "date" else text
    faults.append(ParameterFault(parameter.name, *fault))
    return None


def _fault_of(schema: Mapping[str, Any], text: str, example: str | None) -> tuple[str, str] | None:
    """What is wrong with a value, as (code, message)."""
    if schema["type"] == "integer":
        return _number_fault(schema, text)
    if schema["type"] == "boolean":
        return None if text in {"true", "false"} else ("shape", "Write true or false.")
    if "enum" in schema:
        return (
            None
            if text in schema["enum"]
            else ("choice", f"{text[:80]!r} is none of {', '.join(schema['enum'])}.")
        )
    if schema.get("format") == "date":
        return _day_fault(text)
    if len(text) > schema.get("maxLength", len(text)):
        return "range", f"It may have at most {schema['maxLength']} characters."
    if "\x00" in text or not _is_text(text):
        return "shape", "It holds a character that no text has."
    if "pattern" in schema and not re.search(schema["pattern"], text):
        such = f", such as {example}" if example else ""
        return "shape", f"{text[:80]!r} is not of the shape {schema['pattern']}{such}."
    return None


def _number_fault(schema: Mapping[str, Any], text: str) -> tuple[str, str] | None:
    if not _WHOLE.fullmatch(text):
        return "shape", f"{text[:80]!r} is not a whole number."
    number = int(text[: _MOST_DIGITS + 1])
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and number < least) or (most is not None and number > most):
        return (
            "range",
            f"It must be from {least} to {most}." if most is not None else f"It must be {least} or more.",
        )
    return ("range", f"It has at most {_MOST_DIGITS} digits.") if len(text) > _MOST_DIGITS else None


def _day_fault(text: str) -> tuple[str, str] | None:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        return "shape", f"{text[:80]!r} is no day; write it as 2026-03-31."
    return (
        None
        if day >= _EARLIEST
        else ("range", f"{day} is before {_EARLIEST}, the first day that may be asked for.")
    )


def _is_text(text: str) -> bool:
    """Whether every character can be written: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def minor(text: str | None) -> int | None:
    """An amount of the shape MONEY in minor units."""
    if text is None:
        return None
    whole, _, decimals = text.partition(".")
    return int(whole) * 100 + int(decimals.ljust(2, "0") or 0)

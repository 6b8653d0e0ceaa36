"""The query parameters of the plain resources: each stated once, read from the address, told in the schema.

Searching has a table of its own in search/params.py; what is unknown, repeated or malformed is refused in
both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from django.http import QueryDict

from api.errors import Problem, fault, wrong_parameters
from procurement.models.base import REFERENCE_LENGTH, REFERENCE_PATTERN

PAGE_SIZE: Final = 25
PAGE_SIZE_CEILING: Final = 100
LAST_PAGE: Final = 10_000
LONGEST_QUERY: Final = 8_000
"""Bytes of a query string."""

BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: its name, what it narrows, and the JSON Schema that its text must satisfy."""

    name: str
    description: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    example: Any = None

    def read(self, text: str) -> Any:
        """The value of `text`; raises ValueError with a sentence on what was expected."""
        kind = self.schema["type"]
        if kind == "integer":
            return self._integer(text)
        if kind == "boolean":
            if text not in BOOLEANS:
                raise ValueError("takes true or false")
            return BOOLEANS[text]
        if "enum" in self.schema and text not in self.schema["enum"]:
            raise ValueError(f"takes one of: {', '.join(self.schema['enum'])}")
        longest = self.schema.get("maxLength", 200)
        if not text or len(text) > longest:
            raise ValueError(f"takes 1 to {longest} characters")
        return text

    def _integer(self, text: str) -> int:
        low, high = self.schema["minimum"], self.schema["maximum"]
        if not (text.isascii() and text.isdigit() and len(text) < 19 and low <= int(text) <= high):
            raise ValueError(f"takes a whole number from {low} to {high}")
        return int(text)


def reference(name: str, description: str, example: str) -> Parameter:
    """A parameter that takes another object's reference."""
    schema = {"type": "string", "minLength": 1, "maxLength": REFERENCE_LENGTH, "pattern": REFERENCE_PATTERN}
    return Parameter(name, description, schema, example)


def choice(name: str, description: str, values: Iterable[str], example: str | None = None) -> Parameter:
    """A parameter that takes one of a closed list."""
    return Parameter(name, description, {"type": "string", "enum": list(values)}, example)


def flag(name: str, description: str) -> Parameter:
    return Parameter(name, description, {"type": "boolean"})


def text(name: str, description: str, longest: int, example: str | None = None) -> Parameter:
    return Parameter(name, description, {"type": "string", "minLength": 1, "maxLength": longest}, example)


PAGING: Final = (
    Parameter(
        "page",
        "Which page, from 1.",
        {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1},
    ),
    Parameter(
        "page_size",
        "How many on a page.",
        {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_CEILING, "default": PAGE_SIZE},
    ),
)


def readable(raw: str) -> None:
    """Refuse a query string that is too long, holds a NUL or is not UTF-8, before anything reads it."""
    if len(raw) > LONGEST_QUERY:
        raise Problem(400, f"The query string is longer than {LONGEST_QUERY:,} bytes.", code="query_too_long")
    if "%" not in raw and raw.isascii() and "\0" not in raw:
        return
    try:
        decoded = unquote_to_bytes(raw.encode("latin-1", "surrogateescape")).decode()
    except UnicodeError as error:
        raise Problem(400, "The query string is not UTF-8.", code="not_utf8") from error
    if "\0" in decoded:
        raise Problem(400, "The query string holds a NUL character.", code="nul")


def values(query: QueryDict, table: Sequence[Parameter]) -> dict[str, Any]:
    """What was asked for, by name; raises Problem (400) that names each parameter that is unknown or wrong."""
    known = {parameter.name: parameter for parameter in table}
    found: dict[str, Any] = {}
    errors = []
    for name, texts in query.lists():
        parameter = known.get(name)
        if parameter is None:
            errors.append(_unknown(name, known))
        elif len(texts) > 1:
            errors.append(fault("repeated", f"{name} may be given once.", parameter=name))
        else:
            try:
                found[name] = parameter.read(texts[0])
            except ValueError as error:
                errors.append(fault("malformed", f"{name} {error}.", parameter=name))
    if errors:
        raise wrong_parameters(errors)
    return found


def _unknown(name: str, known: Iterable[str]) -> dict[str, str]:
    names = ", ".join(known) or "none"
    return fault(
        "unknown", f"There is no parameter {name[:80]!r} here; there are: {names}.", parameter=name[:80]
    )

"""The query parameters of the plain resources: each stated once, read from the address, told in the schema.

The table's form and its reader are search/parameters.py's, so that all addresses refuse alike what is
unknown, repeated or malformed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from django.http import QueryDict

from api.errors import Problem
from procurement.models.base import REFERENCE_LENGTH, REFERENCE_PATTERN
from search.parameters import BadParameters, Parameter, read

PAGE_SIZE: Final = 25
PAGE_SIZE_CEILING: Final = 100
LAST_PAGE: Final = 10_000
LONGEST_QUERY: Final = 8_000
"""Bytes of a query string."""


def reference(name: str, description: str, example: str) -> Parameter:
    """A parameter that takes another object's reference."""
    schema = {"type": "string", "minLength": 1, "maxLength": REFERENCE_LENGTH, "pattern": REFERENCE_PATTERN}
    return Parameter(name, description, schema, example=example)


def choice(name: str, description: str, values: Iterable[str], example: str | None = None) -> Parameter:
    """A parameter that takes one of a closed list."""
    return Parameter(name, description, {"type": "string", "enum": list(values)}, example=example)


def flag(name: str, description: str) -> Parameter:
    return Parameter(name, description, {"type": "boolean"})


def text(name: str, description: str, longest: int, example: str | None = None) -> Parameter:
    return Parameter(
        name, description, {"type": "string", "minLength": 1, "maxLength": longest}, example=example
    )


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
    """What was asked for, by name, without what was not; raises BadParameters naming each that is wrong."""
    found, faults = read(table, query)
    if faults:
        raise BadParameters(faults)
    return {name: value for name, value in found.items() if value is not None}

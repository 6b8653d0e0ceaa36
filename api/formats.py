"""Bodies in and out: strict JSON (RFC 8259, I-JSON of RFC 7493) read by a parser, answers rendered by orjson.

Refused with a 400 that says why: NaN and infinities, a name twice in one object, half of a surrogate pair,
NUL characters, nesting deeper than 32, anything behind the value. Larger than a megabyte is a 413.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.errors import Problem

DEEPEST: Final = 32
LARGEST: Final = 1_000_000
"""Bytes of a JSON body; imports have a limit and a parser of their own."""

_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_limited(stream: Any, limit: int) -> bytes:
    """The whole body, or a 413 where it is longer than `limit` bytes."""
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise Problem(413, f"The body is longer than {limit:,} bytes.")
    return body


def strict_json(body: bytes) -> Any:
    """The value that `body` holds; raises Problem (400) for anything that is not strict JSON."""
    depth = 0
    for token in _STRUCTURE.finditer(body):
        if token[0] in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise _not_json(f"it is nested deeper than {DEEPEST}", "too_deep")
        elif token[0] in b"]}":
            depth -= 1
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(str(error)) from error
    if b"\\u0000" in body and _holds_nul(value):
        raise _not_json("it holds a NUL character", "nul")
    try:
        json.loads(body, object_pairs_hook=_once)
    except ValueError as error:
        raise _not_json(str(error), "ambiguous") from error
    return value


class StrictJSONParser(BaseParser):
    """`application/json`, strictly."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return strict_json(read_limited(stream, LARGEST))


class MergePatchParser(StrictJSONParser):
    """`application/merge-patch+json` (RFC 7396): what is sent replaces, what is not sent stays, within objects too."""

    media_type = "application/merge-patch+json"


class ORJSONRenderer(BaseRenderer):
    """Answers as UTF-8 JSON; a body that is bytes already is passed on as it is."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        return data if isinstance(data, bytes) else orjson.dumps(data, default=_plain)


class OneForm(BaseContentNegotiation):
    """Each address answers in one form, whatever `Accept` asks for; another form has an address of
    its own.
    """

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        sent = _media_type(request)
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


def is_merge_patch(request: Request) -> bool:
    """Whether the body was sent as a merge patch."""
    return _media_type(request) == MergePatchParser.media_type


def _media_type(request: Request) -> str:
    return (request.content_type or "").partition(";")[0].strip().lower()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:60]!r} stands twice in one object")
    return found


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or _holds_nul(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


def _not_json(why: str, code: str = "not_json") -> Problem:
    return Problem(400, f"The body is not JSON that can be read: {why}.", code=code)

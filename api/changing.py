"""Bodies of changes: a JSON object with known fields, once, answered with the object as it then is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import sent_object
from api.conditional import tag
from api.errors import Problem, escaped, fault, of
from api.formats import ORJSONRenderer
from api.idempotency import answered_before, answered_once
from procurement.canonical import canonical
from procurement.errors import Invalid
from procurement.once import fingerprint

Found = TypeVar("Found")

SHAPE: Final = frozenset({"type", "unknown_field"})
"""Faults that make a body malformed (400) rather than one that breaks a rule (422)."""


def object_of(request: Request, known: Sequence[str] | None = None, *, empty: bool = False) -> dict[str, Any]:
    """The body, if it is an object that says anything (or nothing, where it may be `empty`) in `known` fields.

    Raises Problem (400) naming each field that is not known; with None whoever reads the fields does so.
    """
    sent = sent_object(request)
    if not sent and not empty:
        raise Problem(400, "The body says nothing; send at least one field.", code="nothing_to_change")
    unknown = [name for name in sent if known is not None and name not in known]
    if unknown:
        has = f"there are {', '.join(known)}" if known else "none is taken"
        told = f"There is no field of this name here; {has}."
        errors = [fault("unknown_field", told, pointer=f"/{escaped(str(name))}") for name in unknown]
        raise Problem(400, "The body has a field that is not known.", errors=errors)
    return dict(sent)


def text_of(body: dict[str, Any], name: str) -> str | None:
    """A field that must be text where it is sent, None where it is not (or null)."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise wrong_type(name, "This must be text.")


def texts_of(body: dict[str, Any], name: str, most: int) -> list[str]:
    """A field that must be a list of texts where it is sent; empty where it is not."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong_type(name, "This must be a list of texts.")
    if len(value) > most:
        raise wrong_type(name, f"At most {most} entries; these are {len(value)}.")
    return value


def wrong_type(name: str, told: str) -> Problem:
    """400 for a field that cannot be read."""
    return Problem(400, f"/{name}: {told}", errors=[fault("type", told, pointer=f"/{name}")])


@contextmanager
def malformed_told() -> Iterator[None]:
    """Turns a refusal whose faults are of the body's shape from a 422 into a 400."""
    try:
        yield
    except Invalid as refusal:
        if any(each.code in SHAPE for each in refusal.faults):
            raise of(refusal).as_status(400, "malformed") from refusal
        raise


def done_once(
    request: Request, principal: str, act: Callable[[], Response], anew: Callable[[], Response] | None = None
) -> Response:
    """Carries out a POST once for its Idempotency-Key: `act` does it and answers. With `anew` the answer is not kept:
    a repeat is answered by it (api/idempotency.py).
    """
    with malformed_told():
        return answered_once(request, principal, _said(request), act, anew)


def found_then_done_once(
    request: Request, principal: str, find: Callable[[], Found], act: Callable[[Found], Response]
) -> Response:
    """The same for what rests on an answer of the index: `find` asks for it before the transaction, and not for a
    repeat. An index that is slow or away must keep nobody's write waiting.
    """
    said = _said(request)
    with malformed_told():
        before = answered_before(request, principal, said)
        if before is not None:
            return before
        found = find()
        return answered_once(request, principal, said, lambda: act(found))


def _said(request: Request) -> str:
    """The fingerprint of all that a request says."""
    condition = str(request.META.get("HTTP_IF_MATCH", "")).encode()
    return fingerprint(canonical(request.data).encode(), condition)


def answered(data: Any, revision: int, place: str, status: int = 200) -> Response:
    """What a POST or DELETE answers: the object as it then is, its address, and the ETag for the next change."""
    headers = {"ETag": tag(ORJSONRenderer().render(data), revision), "Location": place}
    return Response(data, status=status, headers=headers)

"""A POST that is sent twice is done once, by its Idempotency-Key (procurement/once.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import Problem, fault
from procurement.once import Kept, Sent, answered, once

KEPT: Final = ("Location", "ETag")
"""Headers that are given again with the answer."""
HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


def key_of(request: Request) -> str:
    """The request's key; raises Problem (400) where there is none or it is malformed."""
    key: str = request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip()
    if not key:
        raise Problem(
            400,
            "Send an Idempotency-Key (such as a new UUID), so that a repeated request is done once.",
            code="idempotency_key_missing",
            errors=[fault("missing", f"{HEADER} is missing.", header=HEADER)],
        )
    if not _KEY.fullmatch(key):
        raise Problem(
            400,
            f"{HEADER} takes 1 to 255 visible ASCII characters.",
            errors=[fault("malformed", f"{HEADER} takes 1 to 255 visible ASCII characters.", header=HEADER)],
        )
    return key


def answered_once(
    request: Request,
    principal: str,
    said: str,
    act: Callable[[], Response],
    anew: Callable[[], Response] | None = None,
) -> Response:
    """Carries out `act` in a transaction and keeps its answer, or gives again the answer kept for the same key.

    `said` is the fingerprint of all that the request says; raises Problem (422) where the key came with another one.
    With `anew` nothing is kept of the answer but its status, so that what is sealed stands in no other table; a repeat
    is answered by `anew`, with the object as it then is.
    """

    def kept(response: Response) -> Kept:
        if anew is not None:
            return Kept(response.status_code, said)
        headers = {name: response.headers[name] for name in KEPT if name in response.headers}
        return Kept(response.status_code, said, orjson.dumps(response.data), headers)

    done = once(_sent(request, principal, said), act, kept)
    if isinstance(done, Response):
        return done
    if anew is not None:
        _refuse_reused(done, said)
        again = anew()
        again.status_code = done.status
        again.headers["Idempotency-Replayed"] = "true"
        return again
    return _replayed(done, said)


def answered_before(request: Request, principal: str, said: str) -> Response | None:
    """The answer kept for the request's key; None where the key is new. Raises Problem as answered_once does."""
    before = answered(_sent(request, principal, said))
    return None if before is None else _replayed(before, said)


def _sent(request: Request, principal: str, said: str) -> Sent:
    return Sent(principal, f"{request.method} {request.path}", key_of(request), said)


def _refuse_reused(done: Kept, said: str) -> None:
    if done.fingerprint != said:
        raise Problem(
            422,
            f"This {HEADER} was used for another request.",
            code="idempotency_key_reused",
            errors=[fault("reused", "Take a new key for a new request.", header=HEADER)],
        )


def _replayed(done: Kept, said: str) -> Response:
    _refuse_reused(done, said)
    return Response(
        orjson.loads(done.body),
        status=done.status,
        headers={**done.headers, "Idempotency-Replayed": "true"},
    )

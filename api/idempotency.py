"""A POST that is sent twice is done once: the answer to an Idempotency-Key is kept with what the request did.

Keys belong to a principal and a route, so that nobody is told another's answer. The record is written in the
action's own transaction: both stand or neither. Refusals are not kept; the same key may be tried again after
one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import Problem, fault
from api.models import IdempotencyRecord

KEPT_HOURS: Final = 48
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


def once(request: Request, principal: str, fingerprint: str, act: Callable[[], Response]) -> Response:
    """Carry out `act` in a transaction and keep its answer, or give again the answer kept for the same key.

    `fingerprint` is a digest of all that the request says; raises Problem (422) where the key came with
    another one.
    """
    key, route = key_of(request), f"{request.method} {request.path}"
    same = IdempotencyRecord.objects.filter(principal=principal, route=route, key=key)
    if kept := same.first():
        return _again(kept, fingerprint)
    try:
        with transaction.atomic():
            response = act()
            IdempotencyRecord.objects.filter(
                created_at__lt=timezone.now() - timedelta(hours=KEPT_HOURS)
            ).delete()
            IdempotencyRecord.objects.create(
                principal=principal,
                route=route,
                key=key,
                fingerprint=fingerprint,
                status=response.status_code,
                body=orjson.dumps(response.data),
                headers={name: response.headers[name] for name in KEPT if name in response.headers},
            )
    except IntegrityError:
        # Another request with this key was quicker; ours has been rolled back.
        kept = same.first()
        if kept is None:
            raise
        return _again(kept, fingerprint)
    return response


def fingerprint(*parts: bytes) -> str:
    """SHA-256 over parts, each preceded by its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _again(kept: IdempotencyRecord, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise Problem(
            422,
            f"This {HEADER} was used for another request.",
            code="idempotency_key_reused",
            errors=[fault("reused", "Take a new key for a new request.", header=HEADER)],
        )
    return Response(
        orjson.loads(bytes(kept.body)),
        status=kept.status,
        headers={**kept.headers, "Idempotency-Replayed": "true"},
    )

"""What is sent twice is done once: the answer to a one-time key is kept with what was done.

Journey: a POST of the API brings its Idempotency-Key (api/idempotency.py), a form of the pages a hidden one
(web/once.py) -> here -> an action. Keys belong to a principal and a route, so that nobody is told another's answer. The
record is written in the action's own transaction: both stand or neither. Refusals are not kept; the same key may be
tried again after one. How long a record is kept, procurement/retention.py says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import IntegrityError, transaction

from procurement.errors import Refused
from procurement.models import IdempotencyRecord

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that is to be done once: whose it is, where it goes (at most 200 characters), its key (at most 255),
    and the fingerprint of all that it says.
    """

    principal: str
    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a request was answered: an HTTP status, the body, the headers to be given again; and its fingerprint."""

    status: int
    fingerprint: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answered(sent: Sent) -> Kept | None:
    """What was answered to the key; None where it is new. Another fingerprint than the request's own means that the
    key is another request's.
    """
    row = IdempotencyRecord.objects.filter(principal=sent.principal, route=sent.route, key=sent.key).first()
    return None if row is None else Kept(row.status, row.fingerprint, bytes(row.body), row.headers)


def once(sent: Sent, act: Callable[[], Answer], kept: Callable[[Answer], Kept]) -> Answer | Kept:
    """Carries out `act` in a transaction with the record of its answer (`kept` says what is kept of it), or gives what
    was answered before. Raises what `act` raises.
    """
    if before := answered(sent):
        return before
    try:
        with transaction.atomic():
            answer = act()
            told = kept(answer)
            IdempotencyRecord.objects.create(
                principal=sent.principal,
                route=sent.route,
                key=sent.key,
                fingerprint=sent.fingerprint,
                status=told.status,
                body=told.body,
                headers=dict(told.headers),
            )
    except (IntegrityError, Refused):
        # Another request with this key may have been quicker, and ours come to what it changed: it is rolled back.
        if before := answered(sent):
            return before
        raise
    return answer


def fingerprint(*parts: bytes) -> str:
    """SHA-256 over parts, each preceded by its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()

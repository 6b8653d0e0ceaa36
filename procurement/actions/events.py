"""The last step of every action: write what happened to the hash-chained log, in the same transaction.

The chain's end is locked here and only here, last of all, so that positions are gapless and in commit order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone

from procurement.bulk import insert
from procurement.models import Chain, Event
from procurement.permissions import Actor
from procurement.signals import events_recorded


@dataclass(frozen=True, slots=True)
class Happening:
    """What an action did: the event before it has a place in the log.

    `references` name related objects by kind (`{"framework": "rm3745"}` or a list of them); `changes` hold
    changed values, never contacts or other personal data.
    """

    type: str
    subject_type: str
    subject: str
    references: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)


def record(actor: Actor, happening: Happening) -> Event:
    """Log one happening. Must be called inside the action's transaction, after its last save."""
    return record_many(actor, [happening])[0]


def record_many(actor: Actor, happenings: Sequence[Happening]) -> list[Event]:
    """Log many happenings of one action in order, and tell the listeners once, all within the transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An event is recorded inside its action's transaction.")
    if not happenings:
        return []
    chain = _locked_chain()
    at = timezone.now()
    events = []
    for happening in happenings:
        event = Event(
            position=chain.position + 1,
            type=happening.type,
            actor=actor.reference,
            subject_type=happening.subject_type,
            subject=happening.subject,
            references=happening.references,
            changes=happening.changes,
            at=at,
            previous_hash=chain.hash,
        )
        event.hash = digest(event)
        chain.position, chain.hash = event.position, event.hash
        events.append(event)
    insert(events)
    chain.save(update_fields=["position", "hash"])
    events_recorded.send(sender=Event, events=events)
    return events


def _locked_chain() -> Chain:
    """The chain's end, locked until the transaction ends; one query, but for the first event of all."""
    locked = Chain.objects.select_for_update()
    try:
        return locked.get(pk=1)
    except Chain.DoesNotExist:
        Chain.objects.get_or_create(pk=1)
        return locked.get(pk=1)


def digest(event: Event) -> str:
    """SHA-256 over the event's canonical JSON and its predecessor's hash (sorted keys, UTF-8, UTC to the
    microsecond).
    """
    content = {
        "position": event.position,
        "type": event.type,
        "version": event.version,
        "actor": event.actor,
        "subject_type": event.subject_type,
        "subject": event.subject,
        "references": event.references,
        "changes": event.changes,
        "at": _instant(event.at),
        "previous_hash": event.previous_hash,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the log does not hold: its position and what is wrong there."""

    position: int
    reason: str


def verify(events: Iterable[Event] | None = None, using: str = DEFAULT_DB_ALIAS) -> Break | None:
    """Walk the whole log and say where it was first altered, or None where it holds to its end."""
    position, previous = 0, "0" * 64
    for event in events if events is not None else _all(using):
        if event.position != position + 1:
            return Break(position + 1, "missing")
        if event.previous_hash != previous:
            return Break(event.position, "does not follow its predecessor")
        if event.hash != digest(event):
            return Break(event.position, "altered")
        position, previous = event.position, event.hash
    if events is None:
        end = Chain.objects.using(using).filter(pk=1).first()
        if (end.position, end.hash) != (position, previous) if end else position:
            return Break(position + 1, "cut off")
    return None


def _all(using: str) -> Iterator[Event]:
    return Event.objects.using(using).order_by("position").iterator(chunk_size=2_000)

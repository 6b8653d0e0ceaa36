"""A shortlist is locked with a snapshot of what was relied on, unlocked for a reason, and verified by anybody who may
see it.

Journey: POST /api/v1/shortlists/{reference}/lock/ -> here -> procurement/snapshots.py reads -> a row that nobody
edits -> an event that holds its digest, in the hash-chained log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.events import digest as event_digest
from procurement.actions.shortlists import locked_row, raised, tell
from procurement.canonical import canonical, digest_of_text
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import CallOff, Chain, Event, Shortlist, Snapshot
from procurement.permissions import Action, Actor
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.querysets import ShortlistQuerySet
from procurement.snapshots import Index, differing, document_of, parts_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Something about a snapshot that is not as it was: where in the document (JSON pointer, "" for the whole or for
    what stands beside it), a code, and a sentence.
    """

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a snapshot is what was locked. `digest` is what its row says, `computed` what its bytes come to,
    `recorded` what the event log says (None where it says nothing).
    """

    snapshot: int
    digest: str
    computed: str
    recorded: str | None
    differences: list[Difference] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.differences


def lock_shortlist(actor: Actor, reference: str, revision: int, index: Index) -> Snapshot:
    """Freezes what the shortlist relies on as its next snapshot, and locks it. `index` is what the caller's search
    answers from now.

    Raises NotFound, NotPermitted, Stale, Conflict if it is locked, Invalid while it has no entry.
    """
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision, Action.LOCK_SHORTLIST)
        if not shortlist.entries.exists():
            fault = Fault("", "empty", "Add one first: an empty shortlist stands for nothing.")
            raise Invalid("The shortlist was not locked.", (fault,))
        number, at = shortlist.snapshots.count() + 1, timezone.now()
        document = document_of(shortlist, number, actor.reference, at, index)
        text = canonical(document)
        snapshot = Snapshot.objects.create(
            shortlist=shortlist,
            number=number,
            document=text,
            digest=digest_of_text(text),
            actor=actor.reference,
        )
        shortlist.status = Shortlist.Status.LOCKED
        raised(shortlist, "status")
        told = {"snapshot": number, "digest": snapshot.digest, "parts": parts_of(document)}
        tell(actor, shortlist, "locked", told)
    return snapshot


def unlock_shortlist(actor: Actor, reference: str, revision: int, reason: object) -> Shortlist:
    """Opens a locked shortlist again, for a reason (1 to 1,000 characters); its snapshots stay.

    It may be unlocked as long as nothing was sent on the strength of it. Raises NotFound, NotPermitted, Stale, Conflict
    if it is open or a call-off that rests on it has gone out, Invalid at /reason.
    """
    faults: list[Fault] = []
    why = Reader("/reason", faults).text(reason, NOTE_LENGTH, required=True, lines=True)
    if faults:
        raise Invalid("The shortlist was not unlocked.", tuple(faults))
    with transaction.atomic():
        shortlist = locked_row(actor, reference, revision, Action.LOCK_SHORTLIST, open_alone=False)
        if shortlist.status != Shortlist.Status.LOCKED:
            raise Conflict("The shortlist is not locked.")
        sent = CallOff.objects.filter(snapshot__shortlist=shortlist, went_out_at__isnull=False).first()
        if sent is not None:
            raise Conflict(f"{sent.reference} has gone out on the strength of it: it stays locked.")
        shortlist.status = Shortlist.Status.OPEN
        raised(shortlist, "status")
        tell(actor, shortlist, "unlocked", {"reason": why, "snapshot": shortlist.snapshots.count()})
    return shortlist


def snapshot_of(actor: Actor, reference: str, number: int | None = None) -> Snapshot:
    """A snapshot of a shortlist that the actor may see, the last one unless `number` says which. Raises NotFound."""
    seen = ShortlistQuerySet(Shortlist).seen_by(actor).filter(reference=reference)
    rows = Snapshot.objects.filter(shortlist__in=seen).select_related("shortlist__organisation")
    if number is not None:
        rows = rows.filter(number=number)
    found = rows.order_by("-number").first()
    if found is None:
        raise NotFound("There is no such snapshot, or none that you may see.")
    return found


def verify_snapshot(actor: Actor, reference: str, number: int | None = None) -> Verdict:
    """Recomputes a snapshot's digest from the stored row and compares it with the row's and with the event log's, so
    that a row changed together with its digest is found as well. Raises NotFound.
    """
    return verdict_on(snapshot_of(actor, reference, number))


def verdict_on(snapshot: Snapshot) -> Verdict:
    """What verify_snapshot says of a row."""
    computed = digest_of_text(snapshot.document)
    event = _locking(snapshot)
    told: Mapping[str, Any] = event.changes if event else {}
    recorded = told.get("digest")
    verdict = Verdict(snapshot.number, snapshot.digest, computed, recorded)
    if event is None:
        _differs(verdict, "not_recorded", "The event log holds no locking with this snapshot.")
    elif not _holds(event):
        _differs(verdict, "log_altered", "The event that recorded the digest was altered itself.")
    if snapshot.digest != computed:
        _differs(verdict, "digest_differs", "The row's digest is not that of its document.")
    if event is not None and recorded != computed:
        for pointer in differing(snapshot.document, told.get("parts", {})):
            message = f"{pointer or 'The document'} is not what was locked."
            verdict.differences.append(Difference(pointer, "altered", message))
    if event is not None and recorded != snapshot.digest:
        _differs(verdict, "digest_not_recorded", "The row's digest is not the one that the event log holds.")
    return verdict


def _differs(verdict: Verdict, code: str, message: str) -> None:
    verdict.differences.append(Difference("", code, message))


def _locking(snapshot: Snapshot) -> Event | None:
    events = Event.objects.filter(type="shortlist.locked", subject=snapshot.shortlist.reference)
    return next(
        (one for one in events.order_by("position") if one.changes.get("snapshot") == snapshot.number), None
    )


def _holds(event: Event) -> bool:
    """Whether the event is what its hash says, and the log goes on from that hash. Of the log before and after it
    `manage.py verify_events` tells.
    """
    if event.hash != event_digest(event):
        return False
    follower = (
        Event.objects.filter(position=event.position + 1).values_list("previous_hash", flat=True).first()
    )
    if follower is None:
        return Chain.objects.filter(position=event.position, hash=event.hash).exists()
    return follower == event.hash

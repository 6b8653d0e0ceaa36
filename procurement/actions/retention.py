"""Removes what need not be kept any longer, by the table of procurement/retention.py: each hour, in batches.

Journey: beat -> tasks.purge -> here. Nothing of it is an event: the log says what happened, and none of this did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from procurement.actions.files import FOLDER
from procurement.actions.operations import unended, upload_of, uploads
from procurement.models import (
    ClaimFile,
    CompetitionDocument,
    DayFinds,
    Delivery,
    IdempotencyRecord,
    InboxMessage,
    MemberInvitation,
    MonthFinds,
    Registration,
    Session,
    TenderFile,
    TenderRevision,
)
from procurement.retention import DAYS

BATCH: Final = 1_000
"""Rows of one transaction: SQLite's write lock is held for a fraction of a second."""
STORED: Final = (CompetitionDocument, ClaimFile, TenderFile)
"""All models whose rows stand for bytes that we keep (a test holds it against StoredFile)."""
ENDED: Final = (Delivery.Status.SENT, Delivery.Status.DROPPED)


def purge(now: datetime | None = None) -> dict[str, int]:
    """Removes what is older than its days at `now` (with a time zone); how many of each kind. A second time it finds
    nothing.
    """
    at = now or timezone.now()
    # Messages before deliveries: each rests on the one that wrote it.
    return {what: remove(before(what, at)) for what, remove in PURGES.items()}


def before(what: str, at: datetime) -> datetime:
    """What was done with at or before this moment is kept no longer."""
    return at - timedelta(days=settings.RETENTION_DAYS.get(what, DAYS[what]))


def _idempotency(until: datetime) -> int:
    return _removed(IdempotencyRecord.objects.filter(created_at__lte=until))


def _sessions(until: datetime) -> int:
    return _removed(Session.objects.filter(expire_date__lte=until))


def _registrations(until: datetime) -> int:
    return _removed(Registration.objects.filter(asked_at__lte=until))


def _member_invitations(until: datetime) -> int:
    old = Q(ended_at__lte=until) | Q(status=MemberInvitation.Status.WAITING, until__lte=until)
    return _removed(MemberInvitation.objects.filter(old))


def _messages(until: datetime) -> int:
    return _removed(InboxMessage.objects.filter(read_at__lte=until))


def _deliveries(until: datetime) -> int:
    return _removed(Delivery.objects.filter(status__in=ENDED, created_at__lte=until, message=None))


def _dead_letters(until: datetime) -> int:
    return _removed(Delivery.objects.filter(status=Delivery.Status.DEAD, created_at__lte=until, message=None))


def _finds_by_day(until: datetime) -> int:
    return _removed(DayFinds.objects.filter(day__lte=until.date()))


def _finds_by_month(until: datetime) -> int:
    return _removed(MonthFinds.objects.filter(month__lte=until.date()))


def _removed(rows: QuerySet) -> int:  # type: ignore[type-arg]
    """Removes these rows batch by batch, the oldest first."""
    found = 0
    while True:
        with transaction.atomic():
            keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
            rows.model._base_manager.filter(pk__in=keys).delete()
        found += len(keys)
        if len(keys) < BATCH:
            return found


def _files(until: datetime) -> int:
    """Bytes of files that were taken away before anybody else was told of them; their rows stay."""
    submitted = TenderRevision.objects.filter(
        tender=OuterRef("tender"),
        submitted_at__gte=OuterRef("added_at"),
        submitted_at__lt=OuterRef("removed_at"),
    )
    gone = {"removed_at__lte": until, "purged_at": None}
    found = 0
    for rows in (
        CompetitionDocument.objects.filter(**gone, told_at=None),
        TenderFile.objects.filter(~Exists(submitted), **gone),
    ):
        for row in rows.order_by("pk").only("pk", "stored_as"):
            # The bytes first: a file that is missing already is no fault the second time.
            default_storage.delete(row.stored_as)
            found += (
                type(row)._base_manager.filter(pk=row.pk, purged_at=None).update(purged_at=timezone.now())
            )
    return found


def _files_without_row(until: datetime) -> int:
    """Bytes whose row fell with its transaction, or whose process was killed before there was one: files of ours, and
    uploads of imports that no operation waits for. Nothing younger than the youngest row goes: a database that was put
    back from before, or another one, knows nothing of files that are to stay.
    """
    youngest = [
        moment for model in STORED if (moment := model._base_manager.aggregate(at=Max("added_at"))["at"])
    ]
    names = [f"{FOLDER}/{name}" for name in _stored_names()] if youngest else []
    gone = 0
    for first in range(0, len(names), BATCH):
        gone += _without_row(names[first : first + BATCH], min(until, max(youngest)))
    return gone + _uploads_left(until)


def _stored_names() -> list[str]:
    try:
        return list(default_storage.listdir(FOLDER)[1])
    except FileNotFoundError:
        return []


def _without_row(names: Sequence[str], until: datetime) -> int:
    known: set[str] = set()
    for model in STORED:
        known.update(model._base_manager.filter(stored_as__in=names).values_list("stored_as", flat=True))
    gone = 0
    for name in names:
        # One that has gone meanwhile was of an action that is refused just now.
        with suppress(FileNotFoundError):
            if name not in known and default_storage.get_modified_time(name) <= until:
                default_storage.delete(name)
                gone += 1
    return gone


def _uploads_left(until: datetime) -> int:
    waited_for = {upload_of(one).name for one in unended() if "file" in one.parameters}
    gone = 0
    for upload in uploads().iterdir():
        # One that has gone meanwhile was of an operation that ends just now.
        with suppress(FileNotFoundError):
            if upload.name not in waited_for and upload.stat().st_mtime <= until.timestamp():
                upload.unlink()
                gone += 1
    return gone


PURGES: Final[dict[str, Callable[[datetime], int]]] = {
    "ended_sessions": _sessions,
    "registrations": _registrations,
    "member_invitations": _member_invitations,
    "idempotency_records": _idempotency,
    "read_messages": _messages,
    "deliveries": _deliveries,
    "dead_letters": _dead_letters,
    "finds_by_day": _finds_by_day,
    "finds_by_month": _finds_by_month,
    "removed_files": _files,
    "files_without_row": _files_without_row,
}

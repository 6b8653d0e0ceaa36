"""Removes what need not be kept any longer, by the table of procurement/retention.py: each hour, in batches.

Journey: beat -> tasks.purge -> here. Nothing of it is an event: the log says what happened, and none of this did.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from procurement.models import (
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
}

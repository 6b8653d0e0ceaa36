"""Hears of events inside their transaction and writes what the index owes for them; tells the index worker
after commit.

A queue that is down is not noticed by the request that caused the event: the sweep finds the rows within a
minute.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from procurement.bulk import insert
from procurement.models import Event
from procurement.signals import events_recorded, rows_moved
from search.models import ChangedListing, IndexRun
from search.rebuild import request_rebuild
from search.tasks import nudge
from search.touched import REBUILDS, requests_for


@receiver(events_recorded, dispatch_uid="search.outbox")
def keep_requests(events: list[Event], **_: Any) -> None:
    """Writes the outbox rows of these events; nothing is sent if none of them touches a document."""
    requests = requests_for(events)
    insert(requests)
    everything = any(event.type in REBUILDS for event in events)
    if everything:
        request_rebuild()
    if requests or everything:
        transaction.on_commit(partial(nudge), robust=True)


@receiver(rows_moved, dispatch_uid="search.moved")
def build_anew(using: str, **_: Any) -> None:
    """An index that was built before knows nothing of the rows that have come. Until it is built anew no saved search
    is held against it (search/alerts.py): all that they had found would count as gone, and be told as new afterwards.
    """
    ChangedListing.objects.using(using).all().delete()
    IndexRun.objects.using(using).create(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.REQUESTED)

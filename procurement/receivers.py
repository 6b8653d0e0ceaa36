"""Hears of events inside their transaction and fills the outbox for them; tells a worker after commit.

Hears too of an account that is erased, and erases what names its address elsewhere.

A queue that is down is not noticed by the request that caused the event: the sweep finds the rows within a minute.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from procurement.actions.outbox import OWED_AGAIN, fill
from procurement.models import Event, MemberInvitation, User
from procurement.signals import events_recorded
from procurement.tasks import nudge_deliveries


@receiver(events_recorded, dispatch_uid="procurement.outbox")
def fill_outbox(events: list[Event], **_: Any) -> None:
    """Writes who may read the events and what is to be delivered; nothing is sent if nobody is told."""
    if fill(events) or any(event.type in OWED_AGAIN for event in events):
        transaction.on_commit(partial(nudge_deliveries), robust=True)


@receiver(post_delete, sender=User, dispatch_uid="procurement.erased_accounts")
def erase_invitations(instance: User, **_: Any) -> None:
    """Invitations to the address of an erased account go with it, in the same transaction."""
    MemberInvitation.objects.filter(email=instance.email).delete()

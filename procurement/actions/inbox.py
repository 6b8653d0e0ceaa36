"""Messages of the inbox: a person or an integration notes that one was read, or that it is to be read again."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from procurement.errors import NotFound
from procurement.models import InboxMessage
from procurement.permissions import Action, Actor, require
from procurement.querysets import InboxQuerySet


def mark_message(actor: Actor, reference: str, read: bool) -> InboxMessage:
    """Marks a message as read or unread; the same again changes nothing. A mark is no event: it says nothing of what
    the organisation does.

    Raises NotFound, NotPermitted.
    """
    with transaction.atomic():
        message = (
            InboxQuerySet(InboxMessage)
            .seen_by(actor)
            .select_for_update(of=("self",))
            .filter(reference=reference)
            .first()
        )
        if message is None:
            raise NotFound(f"There is no message {reference}.")
        require(actor, Action.MARK_INBOX, message.organisation_id)
        if read != (message.read_at is not None):
            message.read_at = timezone.now() if read else None
            message.read_by = actor.reference if read else ""
            message.save(update_fields=["read_at", "read_by"])
    return message


def mark_read(actor: Actor, references: Collection[str]) -> int:
    """Marks those of the messages as read that the actor sees and that are unread; how many they were (two queries and
    one for each right). Of others nothing is said and nothing changes.

    Raises NotPermitted.
    """
    with transaction.atomic():
        unread = list(
            InboxQuerySet(InboxMessage)
            .seen_by(actor)
            .select_for_update(of=("self",))
            .filter(reference__in=references, read_at=None)
            .order_by("pk")
        )
        for organisation in {one.organisation_id for one in unread}:
            require(actor, Action.MARK_INBOX, organisation)
        rows = InboxMessage.objects.filter(pk__in=[one.pk for one in unread])
        rows.update(read_at=timezone.now(), read_by=actor.reference)
    return len(unread)

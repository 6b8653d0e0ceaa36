"""Messages of the inbox: a person or an integration notes that one was read, or that it is to be read again."""

from __future__ import annotations

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

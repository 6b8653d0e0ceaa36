"""What leaves the service: who may read an event, the outbox of deliveries, and where they go.

Filled in the transaction that records the event (procurement/actions/outbox.py), emptied after commit by
procurement/actions/deliveries.py. The feed reads Event and EventAudience alone.
"""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils import timezone

from procurement.models.audit import Event
from procurement.models.base import REFERENCE_LENGTH, Referenced, Revised, opaque
from procurement.models.organisations import Organisation
from procurement.models.people import User

URL_LENGTH: Final = 500
ERROR_LENGTH: Final = 200
TITLE_LENGTH: Final = 250


def webhook_reference() -> str:
    return opaque("whk")


def message_reference() -> str:
    return opaque("msg")


class EventAudience(models.Model):
    """An organisation that may read an event which is not public. Written with the event and never changed."""

    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, to_field="position", related_name="audience", db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "organisation"], name="event_audience_once"),
        ]
        indexes = [models.Index(fields=["organisation", "event"], name="event_audience_of")]

    def __str__(self) -> str:
        return f"{self.event_id} for {self.organisation_id}"


class WebhookEndpoint(Revised):
    """An address of an organisation's own to which events are sent, signed.

    `event_types` are patterns of event_types.py. `secret` and `previous_secret` are sealed
    (procurement/kept_secrets.py); until `previous_until` messages are signed with both. `failing_since` is the first
    failure that no success has followed, null where the last message arrived.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DISABLED = "disabled", "Disabled"
        DELETED = "deleted", "Deleted"

    class Why(models.TextChoices):
        GONE = "gone", "It answered 410 Gone"
        FAILING = "failing", "Nothing arrived for days"
        ASKED = "asked", "Its organisation disabled it"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=URL_LENGTH)
    description = models.CharField(max_length=TITLE_LENGTH, blank=True)
    event_types = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    disabled_because = models.CharField(max_length=10, choices=Why.choices, blank=True)
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=REFERENCE_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status"], name="webhook_status")]


class Delivery(Referenced):
    """One event for one recipient by one channel: a row of the outbox. `reference` is the id under which it is
    sent, however often it is tried.

    `recipient` is the reference of an organisation, a person or an endpoint; `whom` says which row of notices.py
    it is told by, empty for webhooks. Whoever tries it moves `next_attempt_at` on first: who is killed meanwhile
    has it tried again then. `last_status` is what an endpoint answered last; `last_error` says why it failed, in
    our words, never the other side's.
    """

    class Channel(models.TextChoices):
        INBOX = "inbox", "Inbox"
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        DEAD = "dead", "Dead letter"
        DROPPED = "dropped", "Nobody to tell any more"

    event = models.ForeignKey(Event, on_delete=models.PROTECT, to_field="position", related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient = models.CharField(max_length=REFERENCE_LENGTH)
    whom = models.CharField(max_length=30, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="deliveries")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    endpoint = models.ForeignKey(
        WebhookEndpoint, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "channel", "recipient"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["channel", "next_attempt_at"],
                condition=models.Q(status="pending"),
                name="delivery_due",
            ),
            models.Index(fields=["id"], condition=models.Q(status="dead"), name="delivery_dead"),
        ]


class InboxMessage(Referenced):
    """A message on the pages: to an organisation, or where `user` is set to that person alone.

    What it says is never edited. Read is what somebody has read: a message to an organisation is dealt with once
    for all of it.
    """

    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, related_name="message")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="inbox")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="inbox")
    title = models.CharField(max_length=TITLE_LENGTH)
    text = models.TextField()
    link = models.CharField(max_length=URL_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.CharField(max_length=REFERENCE_LENGTH, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organisation", "read_at"], name="inbox_unread")]

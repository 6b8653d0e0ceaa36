"""What a webhook and what was sent to it look like in the API; procurement/actions/webhooks.py reads what is sent."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from api.v1.shapes import Named
from procurement.models import Delivery, WebhookEndpoint
from procurement.models.base import REFERENCE_LENGTH
from procurement.models.outbox import TITLE_LENGTH, URL_LENGTH

Status = WebhookEndpoint.Status
CHOSEN = [one for one in Status.choices if one[0] != Status.DELETED]


class WebhookChangesSerializer(serializers.Serializer[Any]):
    """What may be changed of a webhook; what is not sent stays."""

    url = serializers.CharField(max_length=URL_LENGTH, required=False, help_text="An https address.")
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60),
        min_length=1,
        max_length=50,
        required=False,
        help_text="Types of events, or beginnings that end in a dot, such as `rate_card.`.",
    )
    description = serializers.CharField(max_length=TITLE_LENGTH, allow_blank=True, required=False)
    status = serializers.ChoiceField(choices=CHOSEN, required=False)


class NewWebhookSerializer(serializers.Serializer[Any]):
    """An address to register. `organisation` is needed by who acts for several."""

    url = serializers.CharField(max_length=URL_LENGTH, help_text="An https address.")
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60),
        min_length=1,
        max_length=50,
        help_text="Types of events, or beginnings that end in a dot, such as `rate_card.`.",
    )
    description = serializers.CharField(max_length=TITLE_LENGTH, allow_blank=True, required=False)
    organisation = serializers.CharField(max_length=REFERENCE_LENGTH, required=False)


class WebhookSerializer(serializers.Serializer[Any]):
    """An address of an organisation's own that is sent events."""

    reference = serializers.CharField()
    organisation = Named()
    url = serializers.CharField()
    description = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=Status.choices)
    disabled_because = serializers.CharField(
        allow_null=True, help_text="`gone` (410), `failing` (nothing arrived for days) or `asked`."
    )
    failing_since = serializers.DateTimeField(
        allow_null=True, help_text="The first failure that no success has followed."
    )
    previous_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then messages are signed with the secret before, too."
    )
    deliveries = serializers.CharField(help_text="The address of what was sent.")
    created_at = serializers.DateTimeField()

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "url": row.url,
            "description": row.description,
            "event_types": row.event_types,
            "status": row.status,
            "disabled_because": row.disabled_because or None,
            "failing_since": row.failing_since,
            "previous_secret_until": row.previous_until,
            "deliveries": reverse("api:webhook-deliveries", args=[row.reference]),
            "created_at": row.created_at,
        }


class WebhookWithSecretSerializer(WebhookSerializer):
    """A webhook with its new secret, told in the first answer alone and nowhere again."""

    secret = serializers.CharField(
        allow_null=True, help_text="`whsec_` and base64; null where the request is a repetition."
    )

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {**super().to_representation(row), "secret": None}


class DeliverySerializer(serializers.Serializer[Any]):
    """One message to one recipient, and what became of it."""

    reference = serializers.CharField(help_text="The `webhook-id` under which it is sent, at each attempt.")
    event = serializers.IntegerField(min_value=1, help_text="The position of the event.")
    type = serializers.CharField()
    status = serializers.ChoiceField(choices=Delivery.Status.choices)
    attempts = serializers.IntegerField(min_value=0)
    last_status = serializers.IntegerField(allow_null=True, help_text="The HTTP status of the last answer.")
    last_error = serializers.CharField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True, help_text="Null where none is to come.")
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "event": row.event_id,
            "type": row.event.type,
            "status": row.status,
            "attempts": row.attempts,
            "last_status": row.last_status,
            "last_error": row.last_error or None,
            "next_attempt_at": row.next_attempt_at if row.status == Delivery.Status.PENDING else None,
            "created_at": row.created_at,
            "sent_at": row.sent_at,
        }


class DeadLetterSerializer(DeliverySerializer):
    """A delivery that was given up, with how and whose it is."""

    channel = serializers.ChoiceField(choices=Delivery.Channel.choices)
    organisation = Named()
    recipient = serializers.CharField(help_text="An organisation, person or webhook, by its reference.")

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {
            **super().to_representation(row),
            "channel": row.channel,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "recipient": row.recipient,
        }

"""Webhooks: where an organisation has events sent, what was sent there, and having it sent again.

POST walks: this view -> procurement/actions/webhooks.py -> event, in one transaction. What is owed to an endpoint is
written with each event (procurement/actions/outbox.py) and sent by the worker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant, tag
from api.formats import MergePatchParser, ORJSONRenderer, StrictJSONParser
from api.parameters import choice, values
from api.schema import operation
from api.v1.webhook_shapes import (
    CHOSEN,
    DeliverySerializer,
    NewWebhookSerializer,
    WebhookChangesSerializer,
    WebhookSerializer,
    WebhookWithSecretSerializer,
)
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.webhooks import (
    FIELDS,
    WebhookDraft,
    change_webhook,
    delete_webhook,
    register_webhook,
    replay_delivery,
    rotate_secret,
    try_webhook,
)
from procurement.models import Delivery, WebhookEndpoint
from procurement.permissions import Action, Actor
from procurement.querysets import DeliveryQuerySet, WebhookQuerySet
from search.parameters import Parameter


def _visible(actor: Actor) -> QuerySet[WebhookEndpoint]:
    return WebhookQuerySet(WebhookEndpoint).seen_by(actor).told()


def _told_once(
    request: Request, actor: Actor, status: int, act: Callable[[], tuple[WebhookEndpoint, str]]
) -> Response:
    """Does it once, and tells the secret to whoever did it: the kept answer, given to a repetition, is without it."""
    secrets: list[str] = []

    def made() -> Response:
        endpoint, secret = act()
        secrets.append(secret)
        row = WebhookQuerySet(WebhookEndpoint).told().get(pk=endpoint.pk)
        place = reverse("api:webhook", args=[row.reference])
        response = answered(WebhookWithSecretSerializer(row).data, row.revision, place, status)
        # The tag is of what GET shows, so that it may stand in the next If-Match.
        response.headers["ETag"] = tag(ORJSONRenderer().render(WebhookSerializer(row).data), row.revision)
        return response

    response = done_once(request, actor.reference, made)
    if secrets and "Idempotency-Replayed" not in response.headers:
        response.data = {**response.data, "secret": secrets[-1]}
    # Nobody between us and whoever asked keeps a secret.
    response.headers["Cache-Control"] = "no-store"
    return response


class WebhookList(ListView):
    """The own organisation's webhooks, newest first."""

    serializer_class = WebhookSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", [one for one, _ in CHOSEN], "active"),
    )

    def rows(self, request: Request) -> QuerySet[WebhookEndpoint]:
        actor = signed_in(request)
        require_somewhere(actor, Action.SEE_WEBHOOKS)
        return _visible(actor).order_by("-pk")

    def narrowed(self, rows: QuerySet[WebhookEndpoint], asked: dict[str, Any]) -> QuerySet[WebhookEndpoint]:
        return rows.filter(**asked)

    @operation(
        summary="The own webhooks",
        answer=WebhookSerializer,
        listed=True,
        scope="webhooks:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/webhooks/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @operation(
        summary="Register a webhook",
        answer=WebhookWithSecretSerializer,
        status=201,
        body={"application/json": NewWebhookSerializer},
        scope="webhooks:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/webhooks/' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"url": "https://hooks.example.org/calloff", "event_types": ["rate_card.", "partner.suspended"]}\'',
    )
    def post(self, request: Request) -> Response:
        """Has the named events sent to an https address, signed by the Standard Webhooks specification. The secret is
        told in this answer and never again; where it was lost, rotate it.
        """
        actor = signed_in(request)
        values(request.GET, ())
        content = object_of(request, ("url", "event_types", "description", "organisation"))
        draft = WebhookDraft(
            url=content.get("url", ""),
            event_types=content.get("event_types", []),
            description=content.get("description", ""),
            organisation=text_of(content, "organisation"),
        )
        require_somewhere(actor, Action.MANAGE_WEBHOOKS)
        return _told_once(request, actor, 201, lambda: register_webhook(actor, draft))


class WebhookRead(DetailView):
    """One webhook, as every address below it reads it."""

    serializer_class = WebhookSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[WebhookEndpoint]:
        return _visible(signed_in(request))

    def revision_read(self, request: Request, reference: str) -> int:
        """The revision that the change is meant for, by If-Match; 404 for what may not be seen."""
        self.found(request, reference)
        return revision_meant(request)


class WebhookDetail(WebhookRead):
    """One webhook."""

    parser_classes = (StrictJSONParser, MergePatchParser)

    @operation(
        summary="A webhook",
        answer=WebhookSerializer,
        scope="webhooks:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Change a webhook",
        answer=WebhookSerializer,
        body={
            "application/json": WebhookChangesSerializer,
            "application/merge-patch+json": WebhookChangesSerializer,
        },
        scope="webhooks:write",
        headers=("If-Match",),
        problems=(404, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $WEBHOOK_ETAG" '
        "-H 'Content-Type: application/json' -d '{\"event_types\": [\"rate_card.\"]}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """What is sent replaces, what is not sent stays. `"status": "active"` takes up one that was disabled; what was
        not delivered meanwhile is sent where it is asked for by `replay`.
        """
        actor = signed_in(request)
        revision = self.revision_read(request, reference)
        changes = object_of(request, FIELDS)
        with malformed_told():
            change_webhook(actor, reference, revision, changes)
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Delete a webhook",
        answer=WebhookSerializer,
        scope="webhooks:write",
        headers=("If-Match",),
        problems=(404, 412, 428),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $WEBHOOK_ETAG"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """Nothing more is sent there, what waits is dropped, and its secret is forgotten."""
        actor = signed_in(request)
        ended = delete_webhook(actor, reference, self.revision_read(request, reference))
        place = reverse("api:webhook", args=[reference])
        return answered(WebhookSerializer(ended).data, ended.revision, place)


class WebhookRotation(WebhookRead):
    """A webhook's secret, changed."""

    @operation(
        summary="Change the secret of a webhook",
        answer=WebhookWithSecretSerializer,
        verb="rotate",
        body={"application/json": {"type": "object", "additionalProperties": False}},
        scope="webhooks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/rotate/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $WEBHOOK_ETAG" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """For 24 hours messages are signed with both secrets, so that no message is lost while the receiver takes up
        the new one. It is told in this answer and never again.
        """
        actor = signed_in(request)
        object_of(request, (), empty=True)
        revision = self.revision_read(request, reference)
        return _told_once(request, actor, 200, lambda: rotate_secret(actor, reference, revision))


class WebhookTest(WebhookRead):
    """A message to try a webhook."""

    @operation(
        summary="Try a webhook",
        answer=DeliverySerializer,
        status=202,
        verb="send",
        body={"application/json": {"type": "object", "additionalProperties": False}},
        scope="webhooks:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/test/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Sends a `webhook.tested` to it, whatever types it asks for; its deliveries tell what became of it."""
        actor = signed_in(request)
        object_of(request, (), empty=True)
        self.found(request, reference)
        return done_once(request, actor.reference, lambda: _owed(reference, try_webhook(actor, reference)))


def _owed(reference: str, delivery: Delivery) -> Response:
    row = DeliveryQuerySet(Delivery).told().get(pk=delivery.pk)
    place = reverse("api:webhook-deliveries", args=[reference])
    return Response(DeliverySerializer(row).data, status=202, headers={"Location": place})


class WebhookDeliveries(ListView):
    """What was sent to a webhook, or waits to be, newest first."""

    serializer_class = DeliverySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Delivery.Status.values, "dead"),
    )

    def rows(self, request: Request) -> QuerySet[Delivery]:
        endpoint = one_of(_visible(signed_in(request)), self.kwargs["reference"])
        sent = DeliveryQuerySet(Delivery).told().filter(endpoint=endpoint)
        return sent.order_by("-pk")

    def narrowed(self, rows: QuerySet[Delivery], asked: dict[str, Any]) -> QuerySet[Delivery]:
        return rows.filter(**asked)

    @operation(
        summary="What was sent to a webhook",
        answer=DeliverySerializer,
        listed=True,
        scope="webhooks:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/deliveries/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)


class WebhookReplay(ApiView):
    """One message, sent again."""

    @operation(
        summary="Send a message again",
        answer=DeliverySerializer,
        status=202,
        verb="send",
        body={"application/json": {"type": "object", "additionalProperties": False}},
        scope="webhooks:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/webhooks/$WEBHOOK/deliveries/$DELIVERY/replay/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str, delivery: str) -> Response:
        """Under the same `webhook-id`: whoever has taken it already may leave it. 409 while it still waits, or the
        webhook is disabled.
        """
        actor = signed_in(request)
        self.asked(request)
        object_of(request, (), empty=True)
        one_of(_visible(actor), reference)
        return done_once(
            request, actor.reference, lambda: _owed(reference, replay_delivery(actor, reference, delivery))
        )

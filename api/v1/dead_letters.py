"""Dead letters: what was tried until the end and not delivered, for operators to look at and have tried again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of
from api.parameters import choice
from api.schema import operation
from api.v1.webhook_shapes import DeadLetterSerializer
from api.views import ApiView, ListView, one_of
from procurement.actions.dead_letters import redrive
from procurement.models import Delivery
from procurement.permissions import Action, require
from procurement.querysets import DeliveryQuerySet
from search.parameters import Parameter


class DeadLetterList(ListView):
    """Dead letters, newest first."""

    serializer_class = DeadLetterSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("channel", "Only by this channel.", Delivery.Channel.values, "email"),
    )

    def rows(self, request: Request) -> QuerySet[Delivery]:
        require(signed_in(request), Action.SEE_DEAD_LETTERS)
        return DeliveryQuerySet(Delivery).dead().told().order_by("-pk")

    def narrowed(self, rows: QuerySet[Delivery], asked: dict[str, Any]) -> QuerySet[Delivery]:
        return rows.filter(**asked)

    @operation(
        summary="Dead letters",
        answer=DeadLetterSerializer,
        listed=True,
        scope="admin:write",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/dead-letters/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """What was given up after the last attempt, or waits for a webhook that is disabled."""
        return self.listed(request)


class DeadLetterRedrive(ApiView):
    """A dead letter, tried again."""

    @operation(
        summary="Try a dead letter again",
        answer=DeadLetterSerializer,
        status=202,
        verb="send",
        body={"application/json": {"type": "object", "additionalProperties": False}},
        scope="admin:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/dead-letters/$DEAD_LETTER/redrive/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Under the same id and with all attempts before it. 409 where it is not dead, or its webhook is disabled."""
        actor = signed_in(request)
        self.asked(request)
        object_of(request, (), empty=True)
        require(actor, Action.REDRIVE)
        one_of(DeliveryQuerySet(Delivery).all(), reference)

        def done() -> Response:
            row = DeliveryQuerySet(Delivery).told().get(pk=redrive(actor, reference).pk)
            return Response(DeadLetterSerializer(row).data, status=202)

        return done_once(request, actor.reference, done)

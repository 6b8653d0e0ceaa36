"""The inbox: what the own organisations and the person who asks are told, and marking it as read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.bodies import Body, read_body
from api.parameters import flag, reference
from api.schema import operation
from api.v1.shapes import Named
from api.views import DetailView, ListView
from procurement.actions.buyers import require_somewhere
from procurement.actions.inbox import mark_message
from procurement.models import InboxMessage
from procurement.permissions import Action
from procurement.querysets import InboxQuerySet
from search.parameters import Parameter


class MarkSerializer(Body):
    """Whether a message counts as read."""

    read = serializers.BooleanField()


class MessageSerializer(serializers.Serializer[Any]):
    """A message: what has happened in a sentence, and where to look."""

    reference = serializers.CharField()
    organisation = Named()
    personal = serializers.BooleanField(
        help_text="True: to the person alone; false: to all of the organisation."
    )
    title = serializers.CharField()
    text = serializers.CharField()
    link = serializers.CharField(allow_null=True, help_text="A path of this site.")
    event = serializers.IntegerField(min_value=1, help_text="The position of the event that it tells of.")
    type = serializers.CharField(help_text="The type of that event.")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(
        allow_null=True, help_text="Null while nobody whom it is for has marked it as read."
    )

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "personal": row.user_id is not None,
            "title": row.title,
            "text": row.text,
            "link": row.link or None,
            "event": row.delivery.event_id,
            "type": row.delivery.event.type,
            "created_at": row.created_at,
            "read_at": row.read_at,
        }


class InboxList(ListView):
    """Messages, newest first."""

    serializer_class = MessageSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        flag("read", "Only what has been read, or only what has not."),
        reference("organisation", "Only to this organisation.", "leeds-city-council"),
    )

    def rows(self, request: Request) -> QuerySet[InboxMessage]:
        actor = signed_in(request)
        require_somewhere(actor, Action.SEE_INBOX)
        return InboxQuerySet(InboxMessage).seen_by(actor).told().newest_first()

    def narrowed(self, rows: QuerySet[InboxMessage], asked: dict[str, Any]) -> QuerySet[InboxMessage]:
        if "read" in asked:
            rows = rows.filter(read_at__isnull=not asked["read"])
        if "organisation" in asked:
            rows = rows.filter(organisation__reference=asked["organisation"])
        return rows

    @operation(
        summary="The own inbox",
        answer=MessageSerializer,
        listed=True,
        scope="inbox:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/inbox/?read=false' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """To the own organisations, and to the person who asks. A message to an organisation is read once for all of
        it; an integration reads what is to its organisation.
        """
        return self.listed(request)


class InboxDetail(DetailView):
    """One message."""

    serializer_class = MessageSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[InboxMessage]:
        return InboxQuerySet(InboxMessage).seen_by(signed_in(request)).told()

    @operation(
        summary="A message",
        answer=MessageSerializer,
        scope="inbox:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/inbox/$MESSAGE/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Mark a message as read",
        answer=MessageSerializer,
        body={"application/json": MarkSerializer},
        scope="inbox:write",
        problems=(404,),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/inbox/$MESSAGE/" '
        "-H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"read\": true}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """Or as unread. No If-Match is asked for: the same again changes nothing, and nobody's words are lost."""
        self.found(request, reference)
        mark_message(signed_in(request), reference, read_body(request, MarkSerializer)["read"])
        return self.shown(request, self.found(request, reference))

"""The change feed: events by position, each once and in order, as whoever asks may read them.

A poller keeps `after` and asks for what follows it. Positions are given in the order in which changes were committed
and without a gap, so nothing ever appears behind a position that was read.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.schema import operation
from api.views import ApiView
from procurement.actions.buyers import require_somewhere
from procurement.event_types import EVENT_TYPES, matching
from procurement.feed import as_told
from procurement.models import Chain, Event
from procurement.permissions import Action, can
from procurement.querysets import EventQuerySet
from search.parameters import BadParameters, Parameter, ParameterFault

PAGE_SIZE: Final = 100
PAGE_SIZE_CEILING: Final = 500
LAST: Final = 2**53 - 1
"""The largest position that every reader of JSON takes exactly."""


class SubjectSerializer(serializers.Serializer[Any]):
    """The object that an event is about."""

    type = serializers.CharField(help_text="The kind of object, such as `partner`.")
    reference = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """One event; procurement/feed.py writes it."""

    position = serializers.IntegerField(min_value=1, help_text="Its place in the log, which has no gap.")
    type = serializers.CharField()
    version = serializers.IntegerField(
        min_value=1, help_text="Of the form of this type's `references` and `changes`."
    )
    subject = SubjectSerializer()
    references = serializers.DictField(
        help_text="Objects concerned, by kind: a reference, or a list of them."
    )
    changes = serializers.DictField(help_text="Changed values, without what only operators are told.")
    actor = serializers.CharField(
        allow_null=True,
        help_text="Who did it, by an opaque reference; null in public events, and of who stays unnamed.",
    )
    at = serializers.DateTimeField()


class FeedSerializer(serializers.Serializer[Any]):
    """What follows a position."""

    results = EventSerializer(many=True)
    after = serializers.IntegerField(min_value=0, help_text="How far this answer reaches: where to go on.")
    more = serializers.BooleanField(help_text="Whether more follows already; else ask again later.")
    next = serializers.URLField(help_text="The address that goes on from here, now or later.")


class EventFeed(ApiView):
    """The events that whoever asks may read."""

    varies = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "after",
            "Only what follows this position; 0 is the beginning.",
            {"type": "integer", "minimum": 0, "maximum": LAST, "default": 0},
        ),
        Parameter(
            "type",
            "Only of this type, or with a beginning that ends in a dot, such as `partner.`; any of several.",
            {"type": "string", "minLength": 1, "maxLength": 60},
            repeated=True,
            example="partner.",
        ),
        Parameter(
            "page_size",
            "How many at most.",
            {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_CEILING, "default": PAGE_SIZE},
        ),
    )

    @operation(
        summary="Follow the events",
        answer=FeedSerializer,
        scope="events:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/events/?after=0&type=partner.&page_size=20' "
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        """Public facts (profiles, suppliers, appointments, published cards, frameworks) are everybody's who may read
        events; what an organisation does with its own is that organisation's alone; operators read all.

        Follow `next`; while `more` is false, wait before asking again.
        """
        actor = signed_in(request)
        asked = self.asked(request)
        require_somewhere(actor, Action.SEE_EVENTS)
        after, size = asked["after"], asked["page_size"]
        # The end is read first: what is committed between the two queries is left to the next answer.
        end = Chain.objects.filter(pk=1).values_list("position", flat=True).first() or 0
        if after > end:
            # The log was put back to an earlier state, or somebody else's position is asked for: to wait here would
            # miss whatever comes before it.
            told = f"The log ends at {end}: no answer of it has told {after}. Begin again from a position that it has."
            raise BadParameters([ParameterFault("after", "range", told, str(after))])
        rows = EventQuerySet(Event).seen_by(actor).following(after, end)
        if asked["type"]:
            rows = rows.filter(type__in=_types(asked["type"]))
        found = list(rows[: size + 1])
        more = len(found) > size
        reached = found[size - 1].position if more else end
        whole = can(actor, Action.SEE_EVERY_EVENT)
        return Response(
            {
                "results": [as_told(event, whole) for event in found[:size]],
                "after": reached,
                "more": more,
                "next": _following(request, reached),
            }
        )


def _types(patterns: tuple[str, ...]) -> frozenset[str]:
    unknown = [one for one in patterns if not matching([one])]
    if unknown:
        known = ", ".join(sorted({name.partition(".")[0] + "." for name in EVENT_TYPES}))
        raise BadParameters(
            [
                ParameterFault("type", "choice", f"{one[:60]!r} is no type; beginnings are {known}.", one)
                for one in unknown
            ]
        )
    return matching(patterns)


def _following(request: Request, after: int) -> str:
    query = request.GET.copy()
    query["after"] = str(after)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")

"""The competition of a call-off, for its buyer: planned, previewed, published, moved to later, amended.

Each walks: the view (visible to the actor, else 404) -> If-Match of the call-off -> one action -> the competition with
the call-off's revision in its ETag. The moves after the deadline are in competition_moves.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of, wrong_type
from api.errors import Problem
from api.parameters import values
from api.schema import operation
from api.v1.call_offs import revision_read, seen_by
from api.v1.competition_shapes import (
    AmendingSerializer,
    CompetitionSerializer,
    ExtensionOfTimeSerializer,
    PlanSerializer,
    PreviewSerializer,
)
from api.v1.offers import SENDS
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, one_of
from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.competitions import FIELDS, MOMENTS, plan_competition, preview
from procurement.actions.publishing import publish_competition
from procurement.models import CallOff, Competition
from procurement.permissions import Actor
from procurement.querysets_competitions import CompetitionQuerySet
from procurement.quotes import versions_in_force

MOVED: Final = (404, 409, 412, 422, 428)
EMPTY: Final[dict[str, Any]] = {"rules": {}, "standstill": False, **dict.fromkeys(MOMENTS)}
"""What a plan that does not say so is."""


def competitions() -> QuerySet[Competition]:
    """Competitions with what is shown of them."""
    return CompetitionQuerySet(Competition).told().counted()


def competition_of(call_off: CallOff) -> Competition:
    """The call-off's competition as it is shown; 404 without one."""
    row = competitions().filter(call_off=call_off).first()
    if row is None:
        raise Problem(404, f"No competition is planned for {call_off.reference}.")
    return row


def shown(request: Request, row: Competition) -> dict[str, Any]:
    """The competition as the buyer sees it."""
    data: dict[str, Any] = CompetitionSerializer(row, context={"actor": signed_in(request)}).data
    return data


def changed(request: Request, row: Competition) -> Response:
    """The competition as it is after a change."""
    place = reverse("api:competition", args=[row.call_off.reference])
    return answered(shown(request, row), row.call_off.revision, place)


def moved(request: Request, reference: str, act: Callable[[Actor, str, int], Any]) -> Response:
    """Moves a competition once by an action that takes actor, reference and revision of the call-off."""
    actor = signed_in(request)

    def once() -> Response:
        revision = revision_read(request, reference)
        call_off = one_of(seen_by(request), reference)
        act(actor, call_off.reference, revision)
        return changed(request, competition_of(call_off))

    return done_once(request, actor.reference, once)


class CompetitionDetail(ApiView):
    """The competition of a call-off."""

    varies = True

    @operation(
        summary="The competition of a call-off",
        answer=CompetitionSerializer,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/competition/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """404 where none is planned. Suppliers read what was published to them in their invitation."""
        self.asked(request)
        row = competition_of(one_of(seen_by(request), reference))
        self.revision = row.call_off.revision
        return Response(shown(request, row))

    @operation(
        summary="Plan the competition",
        answer=CompetitionSerializer,
        verb="plan",
        body={"application/json": PlanSerializer},
        scope="call_offs:write",
        headers=("If-Match",),
        problems=MOVED,
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/competition/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H \'Content-Type: application/json\' '
        r'-d "{\"rules\": {\"criteria\": [{\"key\": \"method\", \"name\": \"Method\", \"weight\": \"60\", '
        r"\"question\": \"How will you do it?\"}], \"price_weight\": \"40\"}, "
        r'\"clarify_until\": \"$CLARIFY\", \"deadline\": \"$DEADLINE\"}"',
    )
    def put(self, request: Request, reference: str) -> Response:
        """The whole plan: what is not said is not stated. An approval falls. 409 once it is published, when its rules
        change no more. `If-Match` takes the ETag of the competition or of its call-off.
        """
        actor = signed_in(request)
        revision = revision_read(request, reference)
        body = object_of(request, FIELDS, empty=True)
        call_off = one_of(seen_by(request), reference)
        with malformed_told():
            plan_competition(actor, call_off.reference, revision, EMPTY | body)
        return changed(request, competition_of(call_off))


class CompetitionPreview(ApiView):
    """What publishing would do."""

    varies = True
    posts_read = True

    @operation(
        summary="What publishing now would do",
        answer=PreviewSerializer,
        verb="preview",
        body={"application/json": NOTHING},
        scope="call_offs:read",
        problems=(404, 409),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/competition/preview/" '
        "-H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Whom it invites and whom it does not, by which rule, what is in the way, and the dates. It changes nothing;
        409 where nothing is planned.
        """
        values(request.GET, ())
        object_of(request, (), empty=True)
        call_off = one_of(seen_by(request), reference)
        found = preview(signed_in(request), call_off.reference)
        suppliers = {one.supplier_id for one in found.invited}
        cards, _ = versions_in_force(call_off.lot.framework, suppliers, timezone.localdate())
        return Response(PreviewSerializer(found, context={"cards": cards}).data)


class Publication(ApiView):
    """The beginning of a competition."""

    varies = True

    @operation(
        summary="Publish the competition",
        answer=CompetitionSerializer,
        verb="publish",
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/competition/publish/" '
        f"{SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Freezes rules and document under a digest and asks every supplier that is entitled. 409 where an approval is
        missing, 422 with every rule that is broken or where nobody is left to be invited.
        """
        object_of(request, (), empty=True)
        return moved(request, reference, publish_competition)


class Extension(ApiView):
    """Later moments."""

    varies = True

    @operation(
        summary="Move moments to later",
        answer=CompetitionSerializer,
        verb="extend",
        body={"application/json": ExtensionOfTimeSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$PUBLISHED/competition/extend/" '
        rf'{SENDS}"{{\"deadline\": \"$LATER\", \"reason\": \"Many questions.\"}}"',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Never to earlier, and only before the deadline; all are told, with the reason."""
        body = object_of(request, (*MOMENTS, "reason"))
        reason = text_of(body, "reason") or ""
        moments = {name: value for name, value in body.items() if name in MOMENTS}
        return moved(
            request,
            reference,
            lambda actor, known, revision: extend_competition(actor, known, revision, moments, reason),
        )


class Amending(ApiView):
    """Changes to what is asked for."""

    varies = True

    @operation(
        summary="Amend what is asked for",
        answer=CompetitionSerializer,
        verb="amend",
        body={"application/json": AmendingSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$REVISED/competition/amend/" '
        f'{SENDS}\'{{"reason": "The need is clearer.", "material": true}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Takes over the requirement's present revision and the documents added since, and tells all what differs. A
        material one asks every tenderer to confirm or to submit anew, and leaves two working days at least; what
        differs of the requirement is material but for its words, and 422 at `/material` where it is said not to be.
        """
        body = object_of(request, ("reason", "material", "deadline"))
        reason, material = text_of(body, "reason") or "", body.get("material")
        if not isinstance(material, bool):
            raise wrong_type("material", "This must be true or false.")

        def amend(actor: Actor, known: str, revision: int) -> Any:
            later = body.get("deadline")
            return amend_competition(actor, known, revision, reason, material=material, deadline=later)

        return moved(request, reference, amend)

"""Call-offs of the own buyer organisation: drafted, edited, looked at. Nobody else sees them.

Every change walks: the view (visible to the actor, else 404) -> If-Match -> procurement/actions/call_offs.py -> one
event; it answers the whole call-off with the ETag for the next change. Their moves are in call_off_moves.py.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1.call_off_shapes import (
    CallOffChangesSerializer,
    CallOffSerializer,
    CallOffSummarySerializer,
    NewCallOffSerializer,
    draft_of,
)
from api.v1.shortlist_shapes import HistorySerializer
from api.views import DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.call_offs import FIELDS, create_call_off, edit_call_off
from procurement.models import CallOff, Claim, Event, OutcomePlan
from procurement.permissions import Action
from procurement.querysets_call_offs import CallOffQuerySet
from search.parameters import Parameter


def seen_by(request: Request) -> CallOffQuerySet:
    """The call-offs that whoever asks may see; 401 for nobody."""
    return CallOffQuerySet(CallOff).seen_by(signed_in(request))


def revision_read(request: Request, reference: str) -> int:
    """The revision that a change is meant for, by If-Match; 404 for a call-off that may not be seen."""
    values(request.GET, ())
    one_of(seen_by(request), reference)
    return revision_meant(request)


def shown_anew(request: Request, key: int, status: int = 200) -> Response:
    """The whole call-off as it is after a change."""
    row = CallOffQuerySet(CallOff).told().get(pk=key)
    place = reverse("api:call-off", args=[row.reference])
    data = CallOffSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, place, status)


class CallOffList(ListView):
    """The own organisation's call-offs, newest first, without suppliers and prices."""

    serializer_class = CallOffSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", CallOff.Status.values, "out"),
        choice("route", "Only by this route.", CallOff.Route.values, "direct_award"),
        reference("lot", "Only those on this lot.", "rm6309~7"),
        reference("requirement", "Only those of this requirement.", "REQ-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[CallOff]:
        require_somewhere(signed_in(request), Action.SEE_CALL_OFFS)
        return seen_by(request).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[CallOff], asked: dict[str, Any]) -> QuerySet[CallOff]:
        paths = {
            "status": "status",
            "route": "route",
            "lot": "lot__reference",
            "requirement": "requirement__requirement__reference",
        }
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="The own call-offs",
        answer=CallOffSummarySerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/call-offs/?route=direct_award' "
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @operation(
        summary="Begin a call-off",
        answer=CallOffSerializer,
        status=201,
        body={"application/json": NewCallOffSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d "{\\"title\\": \\"Evaluation\\", \\"route\\": \\"direct_award\\", \\"requirement\\": \\"$BOUGHT\\", '
        '\\"shortlist\\": \\"$ORDERED\\"}"',
    )
    def post(self, request: Request) -> Response:
        """Begins a draft: of a requirement that names a lot and, for a direct award, the locked shortlist whose
        suppliers are asked in their order.
        """
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request, (*FIELDS, "organisation"))
        texts = {name: text_of(body, name) for name in ("requirement", "shortlist", "organisation")}

        def act() -> Response:
            return shown_anew(request, create_call_off(actor, draft_of(body, texts)).pk, 201)

        return done_once(request, actor.reference, act)


class CallOffDetail(DetailView):
    """One call-off."""

    serializer_class = CallOffSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[CallOff]:
        return seen_by(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="A call-off with its suppliers, prices and line",
        answer=CallOffSerializer,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$CALL_OFF/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Prices are today's, by the cards in force; an offer pins its own."""
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Say a draft anew",
        answer=CallOffSerializer,
        body={"application/json": CallOffChangesSerializer},
        scope="call_offs:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/call-offs/$CALL_OFF/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $CALL_OFF_ETAG" '
        "-H 'Content-Type: application/json' -d '{\"title\": \"Evaluation of the service\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """An approval falls: it was given to something else. 409 once it has gone out."""
        actor = signed_in(request)
        revision = revision_read(request, reference)
        body = object_of(request, FIELDS)
        for name in ("requirement", "shortlist"):
            text_of(body, name)
        with malformed_told():
            edit_call_off(actor, reference, revision, body)
        return self.shown(request, self.found(request, reference))


class CallOffHistory(ListView):
    """What happened to a call-off, its offers and contracts and what is paid for outcomes, newest first, from the event
    log.
    """

    serializer_class = HistorySerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Event]:
        row = one_of(seen_by(request), self.kwargs["reference"])
        about = Q(subject_type="call_off", subject=row.reference)
        about |= Q(subject_type="offer", subject__in=row.offers.values("reference"))
        about |= Q(subject_type="contract", subject__in=row.contracts.values("reference"))
        plans = OutcomePlan.objects.filter(call_off=row)
        about |= Q(subject_type="outcome_plan", subject__in=plans.values("reference"))
        claims = Claim.objects.filter(contract__call_off=row)
        about |= Q(subject_type="claim", subject__in=claims.values("reference"))
        return Event.objects.filter(about).order_by("-position")

    @operation(
        summary="What happened to a call-off",
        answer=HistorySerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$CALL_OFF/history/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

"""Questions on a competition: asked by suppliers on their invitation, answered by the buyer to all at once.

Nobody is told who asked, the buyer included.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.parameters import values
from api.schema import operation
from api.v1 import call_offs, invitations
from api.v1.competition_people import POSTS
from api.v1.competition_shapes import ClarificationSerializer, ClarifiedSerializer, QuestionSerializer
from api.views import ApiView, ListView, one_of
from procurement.actions.clarifications import answer_clarification, ask_clarification
from procurement.models import Clarification
from procurement.querysets_competitions import ClarificationQuerySet


def seen_by(request: Request) -> ClarificationQuerySet:
    """The questions that whoever asks may see; 401 for nobody."""
    return ClarificationQuerySet(Clarification).seen_by(signed_in(request))


class CallOffClarifications(ListView):
    """Every question on the competition of a call-off, for its buyer."""

    serializer_class = ClarificationSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Clarification]:
        call_off = one_of(call_offs.seen_by(request), self.kwargs["reference"])
        return seen_by(request).filter(competition__call_off=call_off).order_by("number")

    def context(self, request: Request) -> dict[str, Any]:
        return {"buyer": True}

    @operation(
        summary="Questions on a competition",
        answer=ClarificationSerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$ASKED_ABOUT/clarifications/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)


class ClarificationAnswer(ApiView):
    """The answer to a question."""

    varies = True

    @operation(
        summary="Answer a question to all",
        answer=ClarificationSerializer,
        verb="answer",
        body={"application/json": ClarifiedSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/clarifications/$QUESTION/answer/" '
        f'{POSTS}\'{{"answer": "On site, two days a week."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Before the deadline, once: what changes is amended. `told` is the question as all read it."""
        actor = signed_in(request)
        body = object_of(request, ("answer", "told"))
        answer, told = text_of(body, "answer") or "", text_of(body, "told")

        def act() -> Response:
            values(request.GET, ())
            row = one_of(seen_by(request), reference)
            made = answer_clarification(actor, row.reference, answer, told)
            return Response(ClarificationSerializer(made, context={"buyer": True}).data)

        return done_once(request, actor.reference, act)


class InvitationClarifications(ListView):
    """Questions as a supplier that is asked reads them: the answered, and its own."""

    serializer_class = ClarificationSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Clarification]:
        self.invitation = one_of(invitations.seen_by(request), self.kwargs["reference"])
        return seen_by(request).filter(competition=self.invitation.competition_id).order_by("number")

    def context(self, request: Request) -> dict[str, Any]:
        return invitations.asked_as(signed_in(request), self.invitation)

    @operation(
        summary="Questions and answers on an invitation",
        answer=ClarificationSerializer,
        listed=True,
        scope="offers:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/invitations/$ASKING/clarifications/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @operation(
        summary="Ask the buyer a question",
        answer=ClarificationSerializer,
        status=201,
        body={"application/json": QuestionSerializer},
        scope="offers:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/invitations/$INVITATION/clarifications/" '
        f'{POSTS}\'{{"question": "Where is the work done?"}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead or a member that may write, until questions end; nobody is told who asks."""
        actor = signed_in(request)
        question = text_of(object_of(request, ("question",)), "question") or ""

        def act() -> Response:
            values(request.GET, ())
            row = one_of(invitations.seen_by(request), reference)
            made = ask_clarification(actor, row.reference, question)
            data = ClarificationSerializer(made, context=invitations.asked_as(actor, row)).data
            return Response(data, status=201)

        return done_once(request, actor.reference, act)

"""Tenders are scored: assessors blind to each other and to prices, then a moderator's score that counts, with its
reason; prices that look abnormally low are asked about; a tender may take part no longer.

What concerns one criterion or one question needs no `If-Match`: several assessors score a tender side by side.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of, wrong_type
from api.conditional import revision_meant
from api.errors import Problem
from api.schema import operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.competition_people import AS_A_PERSON, POSTS
from api.v1.competition_shapes import PriceQuestionSerializer, QuestionSerializer
from api.v1.offers import SENDS
from api.v1.tender_shapes import (
    ConsensusSerializer,
    ExplanationSerializer,
    NewConsensusSerializer,
    NewScoreSerializer,
    ScoreSerializer,
    TenderReasonSerializer,
    TenderSerializer,
    Told,
)
from api.v1.tenders import MOVED, moved, shown_tender, tender_of, tender_seen
from api.views import ApiView, ListView
from procurement.actions.assessing import agree, assess
from procurement.actions.ranking import accept_price, ask_about_price, disqualify, explain_price
from procurement.actions.reinstating import reinstate
from procurement.models import Assessment, Consensus, LowPriceQuestion, Tender
from procurement.permissions import Actor
from procurement.querysets_competitions import AssessmentQuerySet
from procurement.sealing import require_reader

SCORED = (404, 409, 422)


def score_in(body: dict[str, Any]) -> int:
    """The score of a body, which must be a whole number."""
    score = body.get("score")
    if isinstance(score, bool) or not isinstance(score, int):
        raise wrong_type("score", "A score is a whole number.")
    return score


class Assessments(ListView):
    """Scores of a tender, each assessor's own."""

    serializer_class = ScoreSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Assessment]:
        actor, tender = signed_in(request), tender_of(request, self.kwargs["reference"])
        if require_reader(actor, tender).own:
            return Assessment.objects.none()
        seen = AssessmentQuerySet(Assessment).seen_by(actor)
        return seen.filter(tender=tender).select_related("assessor").order_by("pk")

    @operation(
        summary="Scores of a tender that you may see",
        answer=ScoreSerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$TOLD/assessments/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """One's own; a moderator's also those of others, of a criterion once they have none of their own to give; all
        of them when the tenders are ranked. 403 for who takes no part, none for the tenderer.
        """
        return self.listed(request)

    @operation(
        summary="Score a criterion of a tender",
        answer=ScoreSerializer,
        status=201,
        body={"application/json": NewScoreSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=SCORED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$SCORABLE/assessments/" '
        f'{AS_A_PERSON}\'{{"criterion": "method", "score": 4, "note": "Sound."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an assessor who has declared no conflict of interest, while the tenders are evaluated; until it is agreed
        the last score counts. Who moderates too gives one that stands as soon as somebody else has given theirs: 409.
        """
        actor = signed_in(request)
        body = object_of(request, ("criterion", "score", "note"))
        criterion, note = text_of(body, "criterion") or "", text_of(body, "note") or ""
        score = score_in(body)

        def act() -> Response:
            tender = tender_seen(request, reference)
            made = assess(actor, tender.reference, criterion, score, note)
            return Response(ScoreSerializer(made).data, status=201)

        return done_once(request, actor.reference, act)


def told_scores(tender: Tender) -> dict[str, Told]:
    """What the tenderer was last told of its scores, by criterion; nothing while its outcome is open (again)."""
    if tender.status == Tender.Status.SUBMITTED:
        return {}
    for letter in tender.letters.order_by("-pk"):
        said = json.loads(letter.document)
        if "criteria" in said:
            return {one["key"]: Told(one["score"], one["reason"], letter.at) for one in said["criteria"]}
    return {}


class ConsensusList(ListView):
    """The scores of a tender that count; its tenderer reads those that a letter has told it."""

    serializer_class = ConsensusSerializer
    varies = True
    told: dict[str, Told] | None = None

    def rows(self, request: Request) -> QuerySet[Consensus]:
        tender = tender_of(request, self.kwargs["reference"])
        rows = Consensus.objects.filter(tender=tender).order_by("pk")
        if not require_reader(signed_in(request), tender).own:
            return rows
        # A tenderer is told with its letter, not while it is being scored, nor what is scored anew since.
        self.told = told_scores(tender)
        return rows.filter(criterion__in=self.told)

    def context(self, request: Request) -> dict[str, Any]:
        return {"told": self.told}

    @operation(
        summary="Agreed scores of a tender",
        answer=ConsensusSerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$TOLD/consensus/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """A tenderer reads its own, with their reasons, as its last letter that says scores has them; none while its
        outcome is open. 403 for those of the buyer who take no part.
        """
        return self.listed(request)

    @operation(
        summary="Agree the score that counts",
        answer=ConsensusSerializer,
        status=201,
        body={"application/json": NewConsensusSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=SCORED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$AGREEABLE/consensus/" '
        f'{AS_A_PERSON}\'{{"criterion": "method", "score": 4, "reason": "A sound method."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By a moderator who has declared no conflict of interest, once as many have scored it as the rules ask; until
        the tenders are ranked it may be set anew. The tenderer is told the reason.
        """
        actor = signed_in(request)
        body = object_of(request, ("criterion", "score", "reason"))
        criterion, reason = text_of(body, "criterion") or "", text_of(body, "reason") or ""
        score = score_in(body)

        def act() -> Response:
            tender = tender_seen(request, reference)
            made = agree(actor, tender.reference, criterion, score, reason)
            return Response(ConsensusSerializer(made).data, status=201)

        return done_once(request, actor.reference, act)


def questioned(
    request: Request,
    reference: str,
    field: str,
    act: Callable[[Actor, str, Any], LowPriceQuestion],
    status: int = 200,
) -> Response:
    """Takes the question about a price on by an action that takes actor, the tender's reference and the one `field`."""
    actor = signed_in(request)
    said = text_of(object_of(request, (field,)), field) or ""

    def once() -> Response:
        made = act(actor, tender_seen(request, reference).reference, said)
        return Response(PriceQuestionSerializer(made).data, status=status)

    def anew() -> Response:
        return Response(PriceQuestionSerializer(question_of(request, reference)).data, status=status)

    return done_once(request, actor.reference, once, anew)


def question_of(request: Request, reference: str) -> LowPriceQuestion:
    """The question about a tender's price; 403 for those of the buyer who take no part, 404 where none was asked."""
    tender = tender_seen(request, reference)
    require_reader(signed_in(request), tender)
    row = LowPriceQuestion.objects.filter(tender=tender).first()
    if row is None:
        raise Problem(404, "Its price was not asked about.")
    return row


class PriceQuestion(ApiView):
    """The question about a price that looks abnormally low."""

    varies = True

    @operation(
        summary="The question about a price",
        answer=PriceQuestionSerializer,
        scope="offers:read",
        headers=("validator",),
        problems=(403,),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$EXPLAINED/price-question/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """For the tenderer, and for those of the buyer who take part; 404 where none was asked."""
        self.asked(request)
        return Response(PriceQuestionSerializer(question_of(request, reference)).data)

    @operation(
        summary="Ask about a price that looks abnormally low",
        answer=PriceQuestionSerializer,
        status=201,
        body={"application/json": QuestionSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=SCORED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$LOW_TENDER/price-question/" '
        f'{POSTS}\'{{"question": "How do you reach this price?"}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, once; the tenderer has three working days."""
        return questioned(request, reference, "question", ask_about_price, 201)


class PriceExplanation(ApiView):
    """The tenderer's answer."""

    varies = True

    @operation(
        summary="Explain a price",
        answer=PriceQuestionSerializer,
        verb="explain",
        body={"application/json": ExplanationSerializer},
        scope="offers:write",
        headers=("Idempotency-Key",),
        problems=SCORED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$QUESTIONED/price-question/explain/" '
        f'{POSTS}\'{{"answer": "The method is ready from other work."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead, until the buyer decides."""
        return questioned(request, reference, "answer", explain_price)


class PriceAcceptance(ApiView):
    """The buyer's yes to an explanation."""

    varies = True

    @operation(
        summary="Take the explanation of a price",
        answer=PriceQuestionSerializer,
        verb="accept",
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=SCORED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$EXPLAINED/price-question/accept/" '
        f'{POSTS}\'{{"reason": "The method was seen."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, for a reason; to reject it is to disqualify the tender."""
        return questioned(request, reference, "reason", accept_price)


class Disqualification(ApiView):
    """The end of a tender's part."""

    varies = True

    @operation(
        summary="Disqualify a tender",
        answer=TenderSerializer,
        body={"application/json": TenderReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$SUBMITTED/disqualify/" '
        f'{SENDS}\'{{"ground": "not_compliant", "reason": "It answers another question."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, on a stated ground and with the reason, which the tenderer is told; the others are ranked anew
        where they were. A low price only after it was asked about and its time to answer has passed.
        """
        actor = signed_in(request)
        body = object_of(request, ("ground", "reason"))
        ground, reason = text_of(body, "ground") or "", text_of(body, "reason") or ""

        def act() -> Response:
            row = tender_seen(request, reference)
            revision = revision_meant(request)
            return shown_tender(request, disqualify(actor, row.reference, revision, ground, reason).pk)

        def anew() -> Response:
            return shown_tender(request, tender_seen(request, reference).pk)

        return done_once(request, actor.reference, act, anew)


class Reinstatement(ApiView):
    """A tender's part, given back."""

    varies = True

    @operation(
        summary="Let a tender take part again",
        answer=TenderSerializer,
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$DISQUALIFIED/reinstate/" '
        f'{SENDS}\'{{"reason": "It does answer what was asked."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, where it was disqualified, or said not to sign, by mistake, with the reason, which a letter
        tells the tenderer. The tenders are ranked anew with it where they were, or, where scores of it are missing,
        evaluated again first. 409 once an outcome is told, until it is taken back, and for a tender that answers to an
        earlier amendment only.
        """
        return moved(request, reference, "reason", reinstate)

"""The moves of a competition after its deadline, for its buyer: opened, concluded, the intention told; the ranking with
its arithmetic and the prices that look abnormally low. Awards and undoing are in call_off_moves.py.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.errors import Problem
from api.schema import operation
from api.v1.call_off_moves import moved
from api.v1.call_off_shapes import CallOffSerializer, ReasonSerializer
from api.v1.call_offs import seen_by
from api.v1.competition_shapes import LowPricesSerializer, PriceQuestionSerializer, RankingSerializer
from api.v1.competitions import MOVED, competition_of
from api.v1.offers import SENDS
from api.v1.shapes import money
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, one_of
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import intend_award
from procurement.actions.ranking import conclude_evaluation, evaluate_again
from procurement.evaluation import rounded
from procurement.fictional import led_by_fictional
from procurement.models import CallOff, Competition, LowPriceQuestion, Tender
from procurement.permissions import Actor
from procurement.pricing import MINOR_PER_MAJOR
from procurement.sealing import require_part


def ranked(request: Request, reference: str) -> tuple[Competition, dict[str, Tender]]:
    """The competition with its ranking and the tenders by reference; 403 for who takes no part, 409 before the
    evaluation is concluded.
    """
    call_off = one_of(seen_by(request), reference)
    competition = competition_of(call_off)
    require_part(signed_in(request), call_off)
    if competition.ranking is None:
        raise Problem(409, "The tenders are not ranked yet.")
    rows: QuerySet[Tender] = competition.tenders.select_related(
        "current", "invitation__asked__appointment__supplier"
    ).annotate(fictional=led_by_fictional("invitation__asked__appointment__supplier"))
    return competition, {one.reference: one for one in rows}


def supplier_of(tender: Tender) -> dict[str, Any]:
    """Whose tender it is, and whether a made-up firm leads it."""
    supplier = tender.invitation.asked.appointment.supplier
    return {
        "supplier": {"reference": supplier.reference, "name": supplier.name},
        "fictional": vars(tender)["fictional"],
    }


class Opening(ApiView):
    """The opening of the tenders."""

    varies = True

    @operation(
        summary="Open the tenders",
        answer=CallOffSerializer,
        verb="open",
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/call-offs/$CLOSED/open-tenders/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """After the deadline has closed it: what answers the criteria may be read from now on, prices once every score
        is agreed.
        """
        return moved(request, reference, None, lambda actor, known, at, _: open_tenders(actor, known, at))


class Conclusion(ApiView):
    """The end of the evaluation."""

    varies = True

    @operation(
        summary="Conclude the evaluation",
        answer=CallOffSerializer,
        verb="conclude",
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/call-offs/$AGREED/conclude/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Ranks the tenders by the rules that were published and opens their prices. By the owner or a moderator; 409
        while a score is not agreed.
        """

        def conclude(actor: Actor, known: str, at: int, _: Any) -> CallOff:
            return conclude_evaluation(actor, known, at).call_off

        return moved(request, reference, None, conclude)


class EvaluatedAgain(ApiView):
    """The step back to evaluating."""

    varies = True

    @operation(
        summary="Evaluate again",
        answer=CallOffSerializer,
        verb="evaluate_again",
        body={"application/json": ReasonSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$LAPSED/evaluate-again/" '
        f'{SENDS}\'{{"reason": "The moderator declared a conflict of interest."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Where a conflict of interest that was declared since takes from scores that they count, or where those of a
        tender that takes part again are missing: `blocking` names `not_counted`. By the owner or a moderator, with a
        reason; those scores are given and agreed, others than those with a conflict giving them, the ranking falls and
        prices are closed again. An intention or an award is undone first. Where every score counts a moderator alone
        does so, to correct an agreed score that is wrong: whoever scores is told the reason.
        """

        def again(actor: Actor, known: str, at: int, reason: Any) -> CallOff:
            return evaluate_again(actor, known, at, reason).call_off

        return moved(request, reference, "reason", again)


class Intention(ApiView):
    """The intention to award."""

    varies = True

    @operation(
        summary="Tell the intention to award",
        answer=CallOffSerializer,
        verb="intend",
        body={"application/json": NOTHING},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/call-offs/$EVALUATED/intend/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Every tenderer gets its letter; a standstill that was promised runs from now, or from the day on which the
        contract award notice is published where the law asks for one. 409 where nobody ranks or a
        price that looks abnormally low is not decided on.
        """

        def intend(actor: Actor, known: str, at: int, _: Any) -> CallOff:
            return intend_award(actor, known, at).call_off

        return moved(request, reference, None, intend)


class RankingView(ApiView):
    """The ranking."""

    varies = True

    @operation(
        summary="The ranking with its arithmetic",
        answer=RankingSerializer,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403, 409),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$EVALUATED/ranking/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """For those who take part: 403 for a viewer without a part, for a token that may only read, and for who has
        declared a conflict of interest. 409 before the evaluation is concluded.
        """
        self.asked(request)
        competition, tenders = ranked(request, reference)
        ranking = competition.ranking or {}
        low = {name: money(_pence(mean)) for name, mean in ranking["low"].items()}
        rows = [
            {
                **row,
                **supplier_of(tenders[row["tender"]]),
                "low_against": (low.get(row["tender"]) or {}).get("amount"),
            }
            for row in ranking["rows"]
        ]
        return Response({"method": ranking["method"], "decimals": ranking["decimals"], "rows": rows})


class LowPrices(ApiView):
    """Prices that look abnormally low."""

    varies = True

    @operation(
        summary="Prices that look abnormally low",
        answer=LowPricesSerializer,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403, 409),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$LOW/low-prices/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Nothing is awarded before each was asked about (`tenders/…/price-question/`) and its explanation taken, or
        the tender disqualified. 403 for whom the ranking is closed to; 409 before the evaluation is concluded.
        """
        self.asked(request)
        competition, tenders = ranked(request, reference)
        low = (competition.ranking or {})["low"]
        asked = {
            one.tender.reference: one
            for one in LowPriceQuestion.objects.filter(tender__reference__in=low).select_related("tender")
        }
        rows = []
        for name, mean in low.items():
            current, question = tenders[name].current, asked.get(name)
            rows.append(
                {
                    "tender": name,
                    **supplier_of(tenders[name]),
                    "price": money(current.compared_minor) if current else None,
                    "mean": money(_pence(mean)),
                    "question": PriceQuestionSerializer(question).data if question else None,
                }
            )
        return Response({"results": rows})


def _pence(mean: str) -> int:
    """A mean in pounds, kept as a fraction such as 14900/3, in pence."""
    return int(rounded(Fraction(mean) * MINOR_PER_MAJOR, 0))

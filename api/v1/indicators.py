"""Key performance indicators of a contract: set by the buyer before it is signed, assessed for each period."""

from __future__ import annotations

from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, malformed_told, object_of
from api.conditional import revision_meant
from api.parameters import values
from api.schema import operation
from api.v1.contracts import MOVED, contract_answered, seen_by
from api.v1.indicator_shapes import AssessmentOfContractSerializer, IndicatorsSerializer
from api.v1.offer_shapes import ContractSerializer
from api.v1.offers import SENDS
from api.views import ApiView, one_of
from procurement.actions.indicators import FIELDS, assess_contract, set_indicators

SETS: Final = '{"indicators": [{"name": "Reports on time", "target": "95 in 100 by their day."}]}'
RATES: Final = (
    '{\\"notice\\": \\"$PERIOD\\", \\"ratings\\": [{\\"position\\": 1, \\"rating\\": \\"good\\"}, '
    '{\\"position\\": 2, \\"rating\\": \\"good\\"}, '
    '{\\"position\\": 3, \\"rating\\": \\"other\\", \\"note\\": \\"Not measured yet.\\"}]}'
)


class Indicators(ApiView):
    """What a contract's performance is assessed by."""

    varies = True

    @operation(
        summary="Set a contract's key performance indicators",
        answer=ContractSerializer,
        verb="set",
        body={"application/json": IndicatorsSerializer},
        scope="call_offs:write",
        headers=("If-Match",),
        problems=MOVED,
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/contracts/$CONTRACT/indicators/" '
        f"-H \"Authorization: Bearer $TOKEN\" -H \"If-Match: *\" -H 'Content-Type: application/json' -d '{SETS}'",
    )
    def put(self, request: Request, reference: str) -> Response:
        """By the buyer: the whole list, or why there are none; not both. Where the law asks for them there are three or
        more. One that was assessed keeps its words and its place.
        """
        actor = signed_in(request)
        self.asked(request)
        row = one_of(seen_by(request), reference)
        revision = revision_meant(request)
        with malformed_told():
            made = set_indicators(actor, row.reference, revision, object_of(request, FIELDS))
        return contract_answered(actor, made)


class Assessments(ApiView):
    """How a contract performed."""

    varies = True

    @operation(
        summary="Assess a contract's performance for a period",
        answer=ContractSerializer,
        body={"application/json": AssessmentOfContractSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f'curl -X POST "http://127.0.0.1:8000/api/v1/contracts/$MEASURED/assessments/" {SENDS}"{RATES}"',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the buyer, for the period that a notice of performance is about, in its last month or once it has ended:
        every indicator. Said again, it replaces what was said, until that notice is published.
        """
        actor = signed_in(request)
        body = object_of(request, ("notice", "ratings"))

        def once() -> Response:
            values(request.GET, ())
            row = one_of(seen_by(request), reference)
            said = (body.get("notice"), body.get("ratings"))
            made = assess_contract(actor, row.reference, revision_meant(request), *said)
            return contract_answered(actor, made)

        return done_once(request, actor.reference, once)

"""Quotes: what a team would cost with each of several suppliers, on the cards in force. Public; nothing is stored.

A POST because a team and fifty suppliers do not fit an address; it changes nothing, so it needs no Idempotency-Key.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import read_body
from api.errors import Problem, fault
from api.schema import operation
from api.v1.shapes import NamedFramework, NamedLot
from api.v1.team_shapes import (
    QUANTITY,
    AnsweredTeamLine,
    QuoteShape,
    ReferencesField,
    TeamLineBody,
    TermsBody,
    YardstickShape,
    quantity,
    quote_shape,
    team_shape,
    terms_of,
    yardstick_shapes,
)
from api.views import ApiView
from procurement.fictional import fictional_suppliers
from procurement.models import Framework, Lot
from procurement.models.base import REFERENCE_LENGTH
from procurement.named import (
    Terms,
    framework_named,
    lot_named,
    question_of,
    suppliers_named,
    suppliers_of_listings,
)
from procurement.quotes import QuoteQuestion, quotes, yardsticks
from procurement.team_lines import LARGEST_TEAM
from procurement.vocabulary import WORK_TYPES


class QuoteBody(TermsBody):
    """A team and whom to ask: suppliers, or listings in their place."""

    framework = serializers.CharField(max_length=REFERENCE_LENGTH)
    lot = serializers.CharField(
        max_length=REFERENCE_LENGTH,
        required=False,
        help_text="Reference or number; needed where a card differs by lot.",
    )
    team = serializers.ListField(child=TeamLineBody(), min_length=1, max_length=LARGEST_TEAM)
    suppliers = ReferencesField(required=False)
    listings = ReferencesField(required=False)


class AskedQuoteShape(QuoteShape):
    """A quote for one of those asked; `listing` is null where suppliers were asked."""

    listing = serializers.CharField(allow_null=True)


class QuotesAnswer(serializers.Serializer[Any]):
    """The question as it was understood, and an answer for each supplier in the order asked."""

    framework = NamedFramework()
    lot = NamedLot(allow_null=True)
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    hours_per_day = serializers.RegexField(QUANTITY, allow_null=True)
    team = AnsweredTeamLine(many=True)
    compared = YardstickShape(many=True, help_text="One for each currency.")
    results = AskedQuoteShape(many=True)


class QuoteList(ApiView):
    """Where a team is priced."""

    kind = "search"
    posts_read: ClassVar[bool] = True

    @operation(
        summary="Price a team",
        verb="price",
        answer=QuotesAnswer,
        body={"application/json": QuoteBody},
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/quotes/' -H 'Content-Type: application/json' "
        '-d \'{"framework": "rm3745", "lot": "5", "starts_on": "2020-01-06", "months": 6, '
        '"team": [{"grade": "G3", "days": 10}, {"grade": "G5", "days": 2.5}], "suppliers": ["ppl"]}\'',
    )
    def post(self, request: Request) -> Response:
        """Prices a team of grades or roles with each supplier, side by side, on the card in force when the work begins.

        Rates are ceilings without VAT. Of a role the cheapest line of the card with the experience, qualification and
        site that are asked for counts. Each line is rate times days (or hours), rounded half to even to the penny; VAT
        is taken of the total once. A supplier that cannot be priced says why. Nothing is stored, so no Idempotency-Key
        is needed.
        """
        self.asked(request)
        sent = read_body(request, QuoteBody)
        if ("suppliers" in sent) == ("listings" in sent):
            message = "Name suppliers or listings: one of the two."
            raise Problem(400, message, errors=[fault("conflict", message, pointer="/suppliers")])
        today = timezone.localdate()
        terms = Terms(**terms_of(sent, today))
        framework = framework_named(sent["framework"])
        lot = lot_named(framework, sent["lot"]) if "lot" in sent else None
        listings = sent.get("listings")
        suppliers = (
            suppliers_named(sent["suppliers"])
            if listings is None
            else suppliers_of_listings(framework, listings, today)
        )
        question = question_of(framework, lot, terms, [one.reference for one in suppliers])
        found = quotes(question, suppliers, today)
        measures = yardsticks(found)
        made_up = fictional_suppliers(one.pk for one in suppliers)
        return Response(
            {
                **question_shape(question),
                "compared": yardstick_shapes(measures),
                "results": [
                    quote_shape(one, measures, made_up) | {"listing": listing}
                    for one, listing in zip(found, listings or [None] * len(found), strict=True)
                ],
            }
        )


def question_shape(question: QuoteQuestion) -> dict[str, Any]:
    """The question as it was understood."""
    hours = question.hours_per_day
    return {
        "framework": framework_shape(question.framework),
        "lot": lot_shape(question.lot) if question.lot else None,
        "work_type": question.work_type,
        "starts_on": question.starts_on,
        "ends_on": question.ends_on,
        "hours_per_day": quantity(hours) if hours is not None else None,
        "team": team_shape(question.team),
    }


def framework_shape(framework: Framework) -> dict[str, str]:
    return {"reference": framework.reference, "name": framework.name, "number": framework.number}


def lot_shape(lot: Lot) -> dict[str, str]:
    return {"reference": lot.reference, "name": lot.name, "number": lot.number}

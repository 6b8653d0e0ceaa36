"""Teams: which partners of each supplier on a lot together cover what is needed, and what that costs on their card.

Public; nothing is stored. Journey: here, procurement/named.py, search/teams.py, procurement/covering.py, and for the
price procurement/quotes.py.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Any, ClassVar, Final, cast

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import read_body
from api.errors import Problem, fault
from api.schema import operation
from api.v1.quotes import framework_shape, lot_shape
from api.v1.shapes import FICTIONAL, FICTIONAL_SUPPLIER, Named, NamedFramework, NamedLot
from api.v1.team_shapes import (
    AnsweredTeamLine,
    QuoteShape,
    ReferencesField,
    TeamLineBody,
    TermsBody,
    YardstickShape,
    quote_shape,
    team_shape,
    terms_of,
    yardstick_shapes,
)
from api.views import ApiView
from procurement.covering import Bringer, Pair
from procurement.fictional import fictional_suppliers
from procurement.models import Supplier, SupplierMember
from procurement.models.base import REFERENCE_LENGTH
from procurement.named import Terms, framework_named, lot_named, question_of, suppliers_named
from procurement.quotes import Quote, quotes, yardsticks
from procurement.team_lines import LARGEST_TEAM
from procurement.team_price import Yardstick
from search.teams import SupplierTeam, team_question, teams

OF_A_PRICE: Final = ("ends_on", "months", "work_type", "hours_per_day", "vat", "proposed")
"""Fields that say something of a price, which needs a team."""


class TeamBody(TermsBody):
    """What is needed: specialisms of a lot, each in every region; with `team`, the price of that team too."""

    framework = serializers.CharField(max_length=REFERENCE_LENGTH)
    lot = serializers.CharField(max_length=REFERENCE_LENGTH, help_text="Reference or number.")
    specialisms = serializers.ListField(
        child=serializers.CharField(max_length=REFERENCE_LENGTH),
        min_length=1,
        max_length=30,
        help_text="References, or numbers of the lot.",
    )
    regions = serializers.ListField(
        child=serializers.CharField(max_length=8),
        required=False,
        default=list,
        max_length=20,
        help_text="Codes of regions, each of which every specialism is needed in; none is anywhere.",
    )
    suppliers = ReferencesField(
        required=False, max_length=100, help_text="Every one on the lot if not given."
    )
    team = serializers.ListField(child=TeamLineBody(), required=False, min_length=1, max_length=LARGEST_TEAM)


class PairShape(serializers.Serializer[Any]):
    """A specialism in a region; null is anywhere."""

    specialism = serializers.CharField()
    region = serializers.CharField(allow_null=True)


class BringerShape(serializers.Serializer[Any]):
    """A partner of the team: all it covers of what is needed, and what only it does."""

    partner = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL)
    role = serializers.ChoiceField(choices=SupplierMember.Role.choices)
    brings = PairShape(many=True)
    alone = PairShape(many=True)


class NotStatedShape(serializers.Serializer[Any]):
    """A partner that covers nothing here because nobody has said: neither covered nor ruled out."""

    partner = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL)
    what = serializers.ChoiceField(choices=["specialisms", "regions"])


class SupplierTeamShape(serializers.Serializer[Any]):
    """The fewest partners of a supplier that cover what can be covered."""

    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    appointed = serializers.BooleanField(help_text="Whether it holds a place on the lot that day.")
    complete = serializers.BooleanField(help_text="Nothing is missing.")
    team = BringerShape(many=True)
    missing = PairShape(many=True)
    not_stated = NotStatedShape(many=True)
    exact = serializers.BooleanField(help_text="No smaller team covers as much.")
    bound = serializers.FloatField(
        allow_null=True, min_value=1, help_text="If not exact: at most so many times the fewest partners."
    )
    quote = QuoteShape(allow_null=True, help_text="On the one card that all its partners share.")


class NumberedShape(Named):
    """A specialism of the lot."""

    number = serializers.CharField()


class TeamsAnswer(serializers.Serializer[Any]):
    """The question as it was understood, and a team for each supplier."""

    framework = NamedFramework()
    lot = NamedLot()
    specialisms = NumberedShape(many=True)
    regions = serializers.ListField(child=serializers.CharField())
    starts_on = serializers.DateField()
    team = AnsweredTeamLine(many=True)
    compared = YardstickShape(many=True, help_text="One for each currency.")
    results = SupplierTeamShape(many=True)


class TeamList(ApiView):
    """Where teams are put together."""

    kind = "search"
    posts_read: ClassVar[bool] = True

    @operation(
        summary="Put a team of partners together",
        verb="compose",
        answer=TeamsAnswer,
        body={"application/json": TeamBody},
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/teams/' -H 'Content-Type: application/json' "
        '-d \'{"framework": "rm6309", "lot": "7", "specialisms": ["1", "2"], "regions": ["TLC"], '
        '"work_type": "advice", "team": [{"grade": "G3", "days": 10}]}\'',
    )
    def post(self, request: Request) -> Response:
        """The fewest partners of each supplier that together cover every specialism in every region asked for.

        Exact for up to fifteen candidate partners of a supplier; beyond, the greedy choice with its bound. What nobody
        covers is named, and so is every partner of whom it is not stated. Suppliers stand in the order asked, else
        those with least missing and fewest partners first. Nothing is stored, so no Idempotency-Key is needed.
        """
        self.asked(request)
        sent = read_body(request, TeamBody)
        _refuse_terms_without_a_team(cast("dict[str, Any]", request.data))
        today = timezone.localdate()
        framework = framework_named(sent["framework"])
        lot = lot_named(framework, sent["lot"])
        on = sent.get("starts_on", today)
        question, places = team_question(framework, lot, sent["specialisms"], sent["regions"], on)
        suppliers = suppliers_named(sent["suppliers"]) if "suppliers" in sent else None
        found = teams(question, places, suppliers)
        priced: list[Quote] = []
        team: list[dict[str, str]] = []
        if "team" in sent:
            asked = [one.supplier for one in found]
            terms = Terms(**terms_of(sent, today))
            priced_question = question_of(framework, lot, terms, [one.reference for one in asked])
            priced, team = quotes(priced_question, asked, today), team_shape(terms.team)
        measures = yardsticks(priced)
        by_supplier = {one.supplier.pk: one for one in priced}
        made_up = fictional_suppliers(one.supplier.pk for one in found)
        return Response(
            {
                "framework": framework_shape(framework),
                "lot": lot_shape(lot),
                "specialisms": [
                    {"reference": one.reference, "name": one.name, "number": one.number}
                    for one in question.specialisms
                ],
                "regions": list(question.regions),
                "starts_on": on,
                "team": team,
                "compared": yardstick_shapes(measures),
                "results": [_shape(one, by_supplier, measures, made_up) for one in found],
            }
        )


def _refuse_terms_without_a_team(sent: dict[str, Any]) -> None:
    idle = [] if "team" in sent else [name for name in OF_A_PRICE if name in sent]
    if idle:
        errors = [
            fault("conflict", "It says something of a price: give a team.", pointer=f"/{name}")
            for name in idle
        ]
        raise Problem(400, f"{', '.join(idle)}: a price needs a team.", errors=errors)


def _shape(
    found: SupplierTeam, priced: dict[int, Quote], measures: dict[str, Yardstick], made_up: Collection[int]
) -> dict[str, Any]:
    quote = priced.get(found.supplier.pk)
    return {
        "supplier": _named(found.supplier),
        "fictional": found.supplier.pk in made_up,
        "appointed": found.appointed,
        "complete": not found.cover.missing,
        "team": [_bringer(one, found) for one in found.cover.team],
        "missing": _pairs(found.cover.missing),
        "not_stated": [{**_partner(one.partner, found), "what": one.what} for one in found.not_stated],
        "exact": found.cover.exact,
        "bound": _upwards(found.cover.bound),
        "quote": quote_shape(quote, measures, made_up) if quote else None,
    }


def _bringer(one: Bringer, found: SupplierTeam) -> dict[str, Any]:
    return {
        **_partner(one.partner, found),
        "role": found.roles[one.partner],
        "brings": _pairs(one.brings),
        "alone": _pairs(one.alone),
    }


def _partner(reference: str, found: SupplierTeam) -> dict[str, Any]:
    return {
        "partner": {"reference": reference, "name": found.names[reference]},
        "fictional": reference in found.made_up,
    }


def _named(supplier: Supplier) -> dict[str, str]:
    return {"reference": supplier.reference, "name": supplier.name}


def _pairs(pairs: Iterable[Pair]) -> list[dict[str, str | None]]:
    return [{"specialism": specialism, "region": region or None} for specialism, region in pairs]


def _upwards(bound: Fraction | None) -> float | None:
    """To two decimals, rounded up: a bound must hold."""
    return None if bound is None else math.ceil(bound * 100) / 100

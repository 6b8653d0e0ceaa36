"""Comparisons: two to ten listings side by side, as JSON and as files. Public; read from the database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1.listing_shapes import AMOUNT
from api.v1.rate_cards import CAVEATS
from api.v1.shapes import FICTIONAL, Named, NamedFramework, NamedLot, amount
from api.v1.team_shapes import (
    DIFFERENCE,
    AnsweredTeamLine,
    CardShape,
    NotPricedShape,
    PricedLineShape,
    team_shape,
    why_shape,
)
from api.v1.teams import NumberedShape
from api.views import ApiView
from procurement.models import Framework, RateCard
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SIZES, WORK_TYPES
from search import compare_params
from search.comparing import Compared, Comparison, GradeCell, compare
from search.comparison_export import csv_text, workbook
from search.parameters import Parameter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXAMPLE = "listing=rm3745~ppl~opm-group&listing=rm3745~ppl~scie&lot=5&team=G3:10&team=G5:2.5"


class ComparedFramework(NamedFramework):
    """The framework of a listing, with its status today."""

    status = serializers.ChoiceField(choices=Framework.Status.choices)


class RegionShape(serializers.Serializer[Any]):
    """A region as the partner gave it."""

    code = serializers.CharField()
    name = serializers.CharField()


class ComparedCard(CardShape):
    """The card in force."""

    currency = serializers.CharField(help_text="ISO 4217")


class ComparedRate(serializers.Serializer[Any]):
    """A listing's rate for a grade, VAT excluded. `amount` null: there is none, or several between the bounds."""

    grade = serializers.CharField()
    name = serializers.CharField()
    amount = serializers.RegexField(AMOUNT, allow_null=True)
    difference = serializers.RegexField(
        DIFFERENCE, allow_null=True, help_text="To the median of those compared in its currency and unit."
    )
    lowest = serializers.RegexField(AMOUNT, allow_null=True)
    highest = serializers.RegexField(AMOUNT, allow_null=True)
    not_priced = NotPricedShape(allow_null=True)


class ComparedPrice(serializers.Serializer[Any]):
    """What the team costs on the shared card, VAT excluded."""

    total = serializers.RegexField(AMOUNT)
    difference = serializers.RegexField(DIFFERENCE, allow_null=True)
    vat = serializers.ChoiceField(choices=["excluded"])
    lines = PricedLineShape(
        many=True,
        required=False,
        help_text="Of a team that names roles: which lines of the card it was priced by.",
    )


class ComparedListing(serializers.Serializer[Any]):
    """One listing of a comparison. Null and empty mean unknown, never none."""

    reference = serializers.CharField()
    partner = Named()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL)
    framework = ComparedFramework()
    lots = NamedLot(many=True)
    specialisms = NumberedShape(many=True)
    specialisms_stated = serializers.BooleanField(help_text="On every lot.")
    regions = RegionShape(many=True)
    ownership = serializers.ChoiceField(choices=list(OWNERSHIP.items()))
    size = serializers.ChoiceField(choices=list(SIZES.items()))
    accreditations = serializers.ListField(
        child=serializers.ChoiceField(choices=list(ACCREDITATIONS.items()))
    )
    confirmed_on = serializers.DateField(
        allow_null=True, help_text="When the firm last stood by its profile."
    )
    card = ComparedCard(allow_null=True)
    rates = ComparedRate(many=True)
    team_price = ComparedPrice(allow_null=True)
    not_priced = NotPricedShape(many=True, help_text="Why the team has no price.")


class ComparisonShape(serializers.Serializer[Any]):
    """Listings in the order asked. Illustrative cards stay out of medians unless there are no others."""

    as_of = serializers.DateField()
    lot = serializers.CharField(allow_null=True)
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_null=True)
    team = AnsweredTeamLine(many=True)
    only_illustrative = serializers.BooleanField(
        help_text="Every card is illustrative, and so are the medians."
    )
    results = ComparedListing(many=True)


class ComparingView(ApiView):
    """An address that compares."""

    kind = "search"
    parameters: ClassVar[tuple[Parameter, ...]] = compare_params.PARAMETERS

    def compared(self, request: Request) -> Comparison:
        return compare(compare_params.comparison_question(request.GET, timezone.localdate()))


class ComparisonView(ComparingView):
    """Listings side by side."""

    @operation(
        summary="Compare listings",
        verb="compare",
        answer=ComparisonShape,
        headers=("validator",),
        example=f"/api/v1/comparisons/?{EXAMPLE}",
    )
    def get(self, request: Request) -> Response:
        """Two to ten listings: what each is, its rates by grade and the price of a team, with the difference to the
        median of those compared in one currency and unit. Where a card differs by lot or work type, say which.
        """
        found = self.compared(request)
        return Response(
            {
                "as_of": found.question.on,
                "lot": found.question.lot,
                "work_type": found.question.work_type,
                "team": team_shape(found.question.team),
                "only_illustrative": found.only_illustrative,
                "results": [_shape(one, found) for one in found.listings],
            }
        )


class ComparisonTable(ComparingView):
    """The same comparison as a file."""

    kind = "export"

    @operation(
        summary="Compare listings as CSV",
        answer={"type": "string"},
        media_type="text/csv",
        example=f"/api/v1/comparisons.csv?{EXAMPLE}",
    )
    def get(self, request: Request) -> HttpResponse:
        """A row for each thing compared, a column for each listing. A text that a spreadsheet would take for a formula
        is preceded by an apostrophe.
        """
        return _file(csv_text(self.compared(request)), "text/csv; charset=utf-8", "comparison.csv")


class ComparisonWorkbook(ComparingView):
    """The same comparison as a workbook."""

    kind = "export"

    @operation(
        summary="Compare listings as a workbook",
        answer={"type": "string", "format": "binary"},
        media_type=XLSX,
        example=f"/api/v1/comparisons.xlsx?{EXAMPLE}",
    )
    def get(self, request: Request) -> HttpResponse:
        """The rows of the CSV file as an Office Open XML workbook of one sheet."""
        return _file(workbook(self.compared(request)), XLSX, "comparison.xlsx")


def _file(content: str | bytes, media_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _shape(one: Compared, found: Comparison) -> dict[str, Any]:
    stored = one.stored
    named = ("supplier", "partner", "fictional", "specialisms", "specialisms_stated", "ownership", "size",
             "accreditations", "confirmed_on")  # fmt: skip
    return {
        "reference": one.reference,
        **{name: stored[name] for name in named},
        "supplier": {name: stored["supplier"][name] for name in ("reference", "name")},
        "framework": {name: stored["framework"][name] for name in ("reference", "name", "number")}
        | {"status": one.status},
        "lots": [{name: lot[name] for name in ("reference", "name", "number")} for lot in stored["lots"]],
        "regions": [{"code": code, "name": name} for code, name in one.regions],
        "card": _card(one),
        "rates": [
            _rate(code, name, cell) for (code, name), cell in zip(found.grades, one.cells, strict=True)
        ],
        "team_price": {
            "total": amount(one.price.total),
            "difference": _signed(one.price_difference),
            "vat": "excluded",
            **({"lines": [line.to_json() for line in one.price.lines]} if one.roles else {}),
        }
        if one.price
        else None,
        "not_priced": [why_shape(each) for each in one.unpriced],
    }


def _card(one: Compared) -> dict[str, Any] | None:
    if one.card is None:
        return None
    kept = ("version", "valid_from", "valid_to", "unit", "basis", "currency")
    return {
        "reference": one.card["card"],
        **{name: one.card[name] for name in kept},
        "caveat": CAVEATS[RateCard.Basis(one.card["basis"])],
    }


def _rate(code: str, name: str, cell: GradeCell) -> dict[str, Any]:
    return {
        "grade": code,
        "name": name,
        "amount": _signed(cell.minor),
        "difference": _signed(cell.difference),
        "lowest": _signed(cell.span[0] if cell.span else cell.minor),
        "highest": _signed(cell.span[1] if cell.span else cell.minor),
        "not_priced": why_shape(cell.why) if cell.why else None,
    }


def _signed(minor: int | None) -> str | None:
    return None if minor is None else amount(minor)

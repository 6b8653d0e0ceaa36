"""Rate cards: a supplier's maximum rates under a framework, as published last, which may begin later.
Public; drafts are never shown.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import actor_of
from api.parameters import choice, reference
from api.schema import operation
from api.v1.rate_shapes import RateGrade
from api.v1.shapes import Named, NamedFramework, amount
from api.views import DetailView, ListView
from procurement.card_versions import spell_on, spells
from procurement.models import RateCard, RateCardVersion, RateLine
from procurement.querysets import RateCardQuerySet
from procurement.vocabulary import QUALIFICATIONS, SITES, WORK_TYPES
from search.parameters import Parameter

CAVEATS = {
    RateCard.Basis.PUBLISHED: "Ceilings: the most that the supplier may charge, VAT excluded.",
    RateCard.Basis.ILLUSTRATIVE: (
        "Illustrative: made up to show how the service works; this supplier's real rates are not known."
    ),
}


class RateLineSerializer(serializers.ModelSerializer[RateLine]):
    """One row of a card, said as a line of `rates` is. Null means unknown, never none; a null lot means every lot.
    `valid_from` and `valid_to` are the line's own days, which narrow the card's.
    """

    lot = serializers.SlugRelatedField[Any](slug_field="reference", read_only=True, allow_null=True)
    grade = RateGrade(allow_null=True)
    role_title = serializers.CharField(allow_null=True, help_text="Null where the line is of a grade alone.")
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_null=True)
    qualification = serializers.ChoiceField(choices=list(QUALIFICATIONS.items()), allow_null=True)
    site = serializers.ChoiceField(choices=list(SITES.items()), allow_null=True)
    amount = serializers.SerializerMethodField(
        help_text="In the card's currency, for one of its units, VAT excluded."
    )

    class Meta:
        model = RateLine
        fields: ClassVar[list[str]] = [
            "key", "lot", "grade", "role_title", "work_type", "min_experience", "max_experience",
            "qualification", "site", "amount", "valid_from", "valid_to",
        ]  # fmt: skip

    def to_representation(self, line: RateLine) -> dict[str, Any]:
        return {
            name: None if value == "" else value for name, value in super().to_representation(line).items()
        }

    @extend_schema_field(serializers.RegexField(r"^\d+\.\d{2}$"))
    def get_amount(self, line: RateLine) -> str:
        return amount(line.price_minor)


class VersionInForceSerializer(serializers.Serializer[Any]):
    """The version of a card that holds today, and until when: a later one may end it before its own last day."""

    version = serializers.IntegerField(min_value=1)
    basis = serializers.ChoiceField(choices=RateCard.Basis.choices)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True, help_text="Not after the framework's last day.")


class RateCardSummarySerializer(serializers.Serializer[Any]):
    """A rate card without its lines, as it was published last. `basis` illustrative: not the supplier's real rates.
    Where `valid_from` is yet to come, `in_force` is the version that holds until then.
    """

    reference = serializers.CharField()
    supplier = Named()
    framework = NamedFramework()
    currency = serializers.CharField(help_text="ISO 4217")
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    basis = serializers.ChoiceField(choices=RateCard.Basis.choices)
    caveat = serializers.CharField()
    vat = serializers.ChoiceField(choices=["excluded"])
    version = serializers.IntegerField(min_value=1)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    stated_source = serializers.CharField(allow_blank=True, help_text="Where it came from.")
    published_at = serializers.DateTimeField(allow_null=True)
    in_force = VersionInForceSerializer(
        allow_null=True,
        help_text="Null where no version is in force today, in Europe/London, or the framework is not.",
    )
    line_count = serializers.IntegerField(min_value=0)

    def to_representation(self, card: RateCard) -> dict[str, Any]:
        version = _version(card)
        return {
            "reference": card.reference,
            "supplier": {"reference": card.supplier.reference, "name": card.supplier.name},
            "framework": {
                "reference": card.framework.reference,
                "name": card.framework.name,
                "number": card.framework.number,
            },
            "currency": card.currency,
            "unit": card.unit,
            "basis": version.basis,
            "caveat": CAVEATS[RateCard.Basis(version.basis)],
            "vat": "excluded",
            "version": version.number,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "stated_source": version.source,
            "published_at": version.published_at,
            "in_force": _in_force(card, timezone.localdate()),
            "line_count": version.line_count,  # type: ignore[attr-defined]
        }


class RateCardSerializer(RateCardSummarySerializer):
    """A rate card: the version published last with its lines."""

    lines = RateLineSerializer(many=True)

    def to_representation(self, card: RateCard) -> dict[str, Any]:
        lines = RateLineSerializer(_version(card).lines.all(), many=True).data
        return super().to_representation(card) | {"lines": lines}


def _versions(card: RateCard) -> list[RateCardVersion]:
    """Those that were or are published, the newest first."""
    versions: list[RateCardVersion] = card.public_versions  # type: ignore[attr-defined]
    return versions


def _version(card: RateCard) -> RateCardVersion:
    """The one that is published. A version that ends before it begins may have come after it."""
    return next(one for one in _versions(card) if one.status == RateCardVersion.Status.PUBLISHED)


def _in_force(card: RateCard, today: date) -> dict[str, Any] | None:
    spell = spell_on(spells(_versions(card)), today)
    if spell is None:
        return None
    first, last = spell.days(card.framework)
    if not first <= today <= last or card.framework.cut_short(today):
        return None
    return {
        "version": spell.version.number,
        "basis": spell.version.basis,
        "valid_from": spell.version.valid_from,
        "valid_to": last,
    }


class RateCardList(ListView):
    """Rate cards by reference, without their lines."""

    serializer_class = RateCardSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        reference("framework", "Only under this framework.", "rm3745"),
        reference("supplier", "Only of this supplier.", "ppl"),
        choice("basis", "Only of this basis.", RateCard.Basis.values, "published"),
    )

    def rows(self, request: Request) -> QuerySet[RateCard]:
        return RateCardQuerySet(RateCard).seen_by(actor_of(request)).told().order_by("reference")

    def narrowed(self, rows: QuerySet[RateCard], asked: dict[str, Any]) -> QuerySet[RateCard]:
        paths = {"framework": "framework__reference", "supplier": "supplier__reference", "basis": "basis"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="Rate cards",
        answer=RateCardSummarySerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/rate-cards/?supplier=ppl",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class RateCardDetail(DetailView):
    """One rate card."""

    serializer_class = RateCardSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[RateCard]:
        return RateCardQuerySet(RateCard).seen_by(actor_of(request)).told(lines=True)

    @operation(
        summary="A rate card with its lines",
        answer=RateCardSerializer,
        headers=("validator",),
        example="/api/v1/rate-cards/rm3745~ppl/",
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

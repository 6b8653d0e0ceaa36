"""Frameworks, lots, specialisms and grades: what may be bought, and by which routes. Public, read alone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.parameters import choice, flag, reference
from api.schema import operation
from api.v1.shapes import Money, MoneyField, Named, NamedFramework, NamedLot
from api.views import DetailView, ListView
from procurement.models import Framework, Grade, Lot, Region, Specialism
from procurement.querysets import FrameworkQuerySet, LotQuerySet
from procurement.vocabulary import ACCREDITATIONS, BUYER_CLASSES, WORK_TYPES
from search.parameters import Parameter

extend_schema_field(Money)(MoneyField)

BY_FRAMEWORK = reference("framework", "Only of this framework.", "rm3745")
BY_LOT = reference("lot", "Only of this lot.", "rm3745~5")


class FrameworkSerializer(serializers.ModelSerializer[Framework]):
    """An agreement that public bodies buy under."""

    owner = Named()
    status = serializers.SerializerMethodField(
        help_text="As of today: a live one is coming before its first day and has expired past its last."
    )
    open_to_call_offs = serializers.SerializerMethodField()
    regime = serializers.ChoiceField(choices=Framework.Regime.choices, help_text="The law it is under.")
    region_scheme = serializers.ChoiceField(choices=Region.Scheme.choices)
    buyer_classes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(BUYER_CLASSES.items())),
        help_text="Who may buy; empty: every public body.",
    )
    management_charge = serializers.DecimalField(
        5, 3, allow_null=True, help_text="Per cent of what is invoiced; null where it is not known."
    )
    maximum_value = MoneyField(source="maximum_value_pence", allow_null=True)
    rate_rise_ceiling = serializers.DecimalField(
        5,
        2,
        allow_null=True,
        help_text="Per cent by which a new card may raise a rate at most; null: not known.",
    )
    lots = NamedLot(many=True)

    class Meta:
        model = Framework
        fields: ClassVar[list[str]] = [
            "reference", "number", "name", "nickname", "description", "owner", "status", "open_to_call_offs",
            "starts_on", "ends_on", "regime", "buyer_classes", "management_charge", "maximum_value",
            "region_scheme", "rate_unit", "rate_rise_ceiling", "fictional", "lots",
        ]  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=Framework.Status.choices))
    def get_status(self, framework: Framework) -> str:
        return framework.status_on(timezone.localdate())

    def get_open_to_call_offs(self, framework: Framework) -> bool:
        return framework.open_to_call_offs(timezone.localdate())


class LotSerializer(serializers.ModelSerializer[Lot]):
    """A numbered part of a framework. Numbers are text; `position` puts them in order."""

    framework = NamedFramework()
    direct_award_cap = MoneyField(source="direct_award_cap_pence", allow_null=True)
    minimum_value = MoneyField(source="minimum_value_pence", allow_null=True)
    maximum_value = MoneyField(source="maximum_value_pence", allow_null=True)
    work_types = serializers.ListField(
        child=serializers.ChoiceField(choices=list(WORK_TYPES.items())),
        help_text="What its rates are for; empty: not stated, rates may be for any.",
    )
    accreditations = serializers.ListField(
        child=serializers.ChoiceField(choices=list(ACCREDITATIONS.items())),
        help_text="What a firm on it must hold, or an equivalent; empty: not stated.",
    )
    professional_indemnity = MoneyField(
        source="professional_indemnity_pence",
        allow_null=True,
        help_text="For which a firm on it must be insured at least; null: not stated.",
    )
    public_liability = MoneyField(
        source="public_liability_pence",
        allow_null=True,
        help_text="For which a firm on it must be insured at least; null: not stated.",
    )
    weightings = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        allow_null=True,
        help_text="What price, quality and social_value may weigh, least and most of 100; null: as for all lots.",
    )
    specialism_count = serializers.IntegerField(min_value=0)

    class Meta:
        model = Lot
        fields: ClassVar[list[str]] = [
            "reference", "framework", "number", "position", "name", "description", "direct_award",
            "competition", "direct_award_cap", "minimum_value", "maximum_value", "longest_term_months",
            "closes_on", "light_touch", "work_types", "accreditations", "professional_indemnity",
            "public_liability", "weightings", "specialism_count",
        ]  # fmt: skip


class SpecialismSerializer(serializers.ModelSerializer[Specialism]):
    """One line of service inside a lot."""

    framework = NamedFramework(source="lot.framework")
    lot = NamedLot()
    cpv = serializers.ListField(child=serializers.CharField(), help_text="CPV 2008 codes, eight digits.")

    class Meta:
        model = Specialism
        fields: ClassVar[list[str]] = [
            "reference",
            "framework",
            "lot",
            "number",
            "name",
            "description",
            "cpv",
        ]


class GradeSerializer(serializers.ModelSerializer[Grade]):
    """A level of staff on a lot; rank 1 is the lowest."""

    framework = NamedFramework(source="lot.framework")
    lot = NamedLot()

    class Meta:
        model = Grade
        fields: ClassVar[list[str]] = ["reference", "framework", "lot", "code", "name", "rank"]


class FrameworkList(ListView):
    """Every framework, whatever its status."""

    serializer_class = FrameworkSerializer
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only those with this status today.", Framework.Status.values, "live"),
        choice("regime", "Only under this law.", Framework.Regime.values, "pcr2015"),
        reference("owner", "Only of this owner.", "crown-commercial-service"),
    )

    def rows(self, request: Request) -> QuerySet[Framework]:
        return FrameworkQuerySet(Framework).told().order_by("number")

    def narrowed(self, rows: Any, asked: dict[str, Any]) -> Any:
        if "status" in asked:
            rows = rows.with_status(asked["status"], timezone.localdate())
        if "regime" in asked:
            rows = rows.filter(regime=asked["regime"])
        return rows.filter(owner__reference=asked["owner"]) if "owner" in asked else rows

    @operation(
        summary="Frameworks",
        answer=FrameworkSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/frameworks/?regime=pcr2015",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class FrameworkDetail(DetailView):
    """One framework."""

    serializer_class = FrameworkSerializer

    def rows(self, request: Request) -> QuerySet[Framework]:
        return FrameworkQuerySet(Framework).told()

    @operation(
        summary="A framework",
        answer=FrameworkSerializer,
        headers=("validator",),
        example="/api/v1/frameworks/rm3745/",
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))


class LotList(ListView):
    """Lots, by framework and position."""

    serializer_class = LotSerializer
    filters: ClassVar[tuple[Parameter, ...]] = (
        BY_FRAMEWORK,
        flag("direct_award", "Only lots that allow (or do not allow) award without further competition."),
        flag("competition", "Only lots that allow (or do not allow) further competition."),
    )

    def rows(self, request: Request) -> QuerySet[Lot]:
        return LotQuerySet(Lot).told()

    def narrowed(self, rows: QuerySet[Lot], asked: dict[str, Any]) -> QuerySet[Lot]:
        if "framework" in asked:
            asked["framework__reference"] = asked.pop("framework")
        return rows.filter(**asked)

    @operation(
        summary="Lots",
        answer=LotSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/lots/?framework=rm3745",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class LotDetail(DetailView):
    """One lot."""

    serializer_class = LotSerializer

    def rows(self, request: Request) -> QuerySet[Lot]:
        return LotQuerySet(Lot).told()

    @operation(
        summary="A lot", answer=LotSerializer, headers=("validator",), example="/api/v1/lots/rm3745~5/"
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))


def _of_lot(rows: QuerySet[Any], asked: dict[str, Any]) -> QuerySet[Any]:
    """Specialisms or grades narrowed by framework, lot and their own number or code."""
    paths = {"framework": "lot__framework__reference", "lot": "lot__reference"}
    return rows.filter(**{paths.get(name, name): value for name, value in asked.items()})


class SpecialismList(ListView):
    """Specialisms, by framework, lot and position."""

    serializer_class = SpecialismSerializer
    filters: ClassVar[tuple[Parameter, ...]] = (BY_FRAMEWORK, BY_LOT)

    def rows(self, request: Request) -> QuerySet[Specialism]:
        return Specialism.objects.select_related("lot__framework").order_by(
            "lot__framework__number", "lot__position", "position"
        )

    def narrowed(self, rows: QuerySet[Specialism], asked: dict[str, Any]) -> QuerySet[Specialism]:
        return _of_lot(rows, asked)

    @operation(
        summary="Specialisms",
        answer=SpecialismSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/specialisms/?lot=rm3745~5&page_size=100",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class SpecialismDetail(DetailView):
    """One specialism."""

    serializer_class = SpecialismSerializer

    def rows(self, request: Request) -> QuerySet[Specialism]:
        return Specialism.objects.select_related("lot__framework")

    @operation(
        summary="A specialism",
        answer=SpecialismSerializer,
        headers=("validator",),
        example="/api/v1/specialisms/rm3745~5~16/",
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))


class GradeList(ListView):
    """Grades, by framework, lot and rank."""

    serializer_class = GradeSerializer
    filters: ClassVar[tuple[Parameter, ...]] = (BY_FRAMEWORK, BY_LOT)

    def rows(self, request: Request) -> QuerySet[Grade]:
        return Grade.objects.select_related("lot__framework").order_by(
            "lot__framework__number", "lot__position", "rank"
        )

    def narrowed(self, rows: QuerySet[Grade], asked: dict[str, Any]) -> QuerySet[Grade]:
        return _of_lot(rows, asked)

    @operation(
        summary="Grades",
        answer=GradeSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/grades/?lot=rm3745~5",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class GradeDetail(DetailView):
    """One grade."""

    serializer_class = GradeSerializer

    def rows(self, request: Request) -> QuerySet[Grade]:
        return Grade.objects.select_related("lot__framework")

    @operation(
        summary="A grade",
        answer=GradeSerializer,
        headers=("validator",),
        example="/api/v1/grades/rm3745~5~g3/",
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

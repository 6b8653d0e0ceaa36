"""Suppliers: the parties appointed to lots, consortia and firms alone, with their members over
time. Public.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import actor_of
from api.parameters import choice, reference
from api.schema import operation
from api.v1.shapes import Named, NamedFramework, NamedLot
from api.views import DetailView, ListView
from procurement.models import Appointment, Partner, RateCard, Supplier, SupplierMember
from procurement.querysets import SupplierQuerySet
from search.parameters import Parameter


class MemberSerializer(serializers.Serializer[Any]):
    """A partner's time in a supplier. `left_on` is the first day it no longer belongs."""

    partner = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=SupplierMember.Role.choices)
    joined_on = serializers.DateField()
    left_on = serializers.DateField(allow_null=True)

    @extend_schema_field(Named)
    def get_partner(self, member: SupplierMember) -> dict[str, str]:
        return _partner(member.partner)


class AppointmentSerializer(serializers.Serializer[Any]):
    """A supplier's place on a lot."""

    framework = NamedFramework(source="lot.framework")
    lot = NamedLot()
    status = serializers.ChoiceField(choices=Appointment.Status.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    quality_marks = serializers.ListField(child=serializers.CharField())


class CardReferenceSerializer(serializers.Serializer[Any]):
    """A rate card, named."""

    reference = serializers.CharField()
    basis = serializers.ChoiceField(
        choices=RateCard.Basis.choices, help_text="Of the version published last, which may begin later."
    )


class SupplierSerializer(serializers.ModelSerializer[Supplier]):
    """The party appointed to lots: a consortium with a lead and members, or a firm alone."""

    form = serializers.ChoiceField(choices=Supplier.Form.choices)
    lead = serializers.SerializerMethodField()
    members = MemberSerializer(many=True)
    appointments = AppointmentSerializer(many=True)
    rate_cards = CardReferenceSerializer(many=True)

    class Meta:
        model = Supplier
        fields: ClassVar[list[str]] = [
            "reference",
            "name",
            "form",
            "lead",
            "members",
            "appointments",
            "rate_cards",
        ]

    @extend_schema_field(Named(allow_null=True))
    def get_lead(self, supplier: Supplier) -> dict[str, str] | None:
        current = (
            one for one in supplier.members.all() if one.role == SupplierMember.Role.LEAD and not one.left_on
        )
        return next((_partner(one.partner) for one in current), None)


def _partner(partner: Partner) -> dict[str, str]:
    return {"reference": partner.reference, "name": partner.shown_name}


class SupplierList(ListView):
    """Suppliers by name."""

    serializer_class = SupplierSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        reference("framework", "Only those appointed under this framework.", "rm3745"),
        reference("lot", "Only those appointed to this lot.", "rm3745~5"),
        reference("partner", "Only those that this partner belongs to now.", "opm-group"),
        choice("form", "Only of this form.", Supplier.Form.values, "prime"),
    )

    def rows(self, request: Request) -> QuerySet[Supplier]:
        return SupplierQuerySet(Supplier).seen_by(actor_of(request)).told().order_by("name", "reference")

    def narrowed(self, rows: QuerySet[Supplier], asked: dict[str, Any]) -> QuerySet[Supplier]:
        appointed = Appointment.objects.all()
        if "framework" in asked:
            appointed = appointed.filter(lot__framework__reference=asked["framework"])
        if "lot" in asked:
            appointed = appointed.filter(lot__reference=asked["lot"])
        if "framework" in asked or "lot" in asked:
            rows = rows.filter(pk__in=appointed.values("supplier"))
        if "partner" in asked:
            member = SupplierMember.objects.filter(partner__reference=asked["partner"], left_on=None)
            rows = rows.filter(pk__in=member.values("supplier"))
        return rows.filter(form=asked["form"]) if "form" in asked else rows

    @operation(
        summary="Suppliers",
        answer=SupplierSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/suppliers/?lot=rm3745~5",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class SupplierDetail(DetailView):
    """One supplier."""

    serializer_class = SupplierSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Supplier]:
        return SupplierQuerySet(Supplier).seen_by(actor_of(request)).told()

    @operation(
        summary="A supplier with its members",
        answer=SupplierSerializer,
        headers=("validator",),
        example="/api/v1/suppliers/ppl/",
    )
    def get(self, request: Request, reference: str) -> Response:
        """A firm alone that is suspended is there for nobody but itself, and so are its rate cards."""
        return self.shown(request, self.found(request, reference))

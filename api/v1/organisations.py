"""Organisations: the legal bodies behind buyers, partners and framework owners. Public, read alone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.parameters import choice, text
from api.schema import operation
from api.v1.shapes import FICTIONAL, Named
from api.views import DetailView, ListView
from procurement.models import Capability, Organisation
from procurement.querysets import OrganisationQuerySet
from procurement.vocabulary import BUYER_CLASSES
from search.parameters import Parameter


class OrganisationSerializer(serializers.ModelSerializer[Organisation]):
    """A legal body. `scheme` and `identifier` follow org-id.guide; both are empty where no number
    is known.
    """

    capabilities = serializers.SerializerMethodField()
    buyer_class = serializers.ChoiceField(choices=list(BUYER_CLASSES.items()), allow_blank=True)
    nation = serializers.ChoiceField(choices=Organisation.Nation.choices, allow_blank=True)
    parent = Named(allow_null=True)
    fictional = serializers.BooleanField(help_text=FICTIONAL)

    class Meta:
        model = Organisation
        fields: ClassVar[list[str]] = [
            "reference", "name", "scheme", "identifier", "fictional", "capabilities", "buyer_class", "nation",
            "parent",
        ]  # fmt: skip

    @extend_schema_field(
        serializers.ListField(child=serializers.ChoiceField(choices=Capability.Kind.choices))
    )
    def get_capabilities(self, organisation: Organisation) -> list[str]:
        return sorted(capability.kind for capability in organisation.capabilities.all())


class OrganisationList(ListView):
    """Organisations by name."""

    serializer_class = OrganisationSerializer
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("capability", "Only those that are this to the service.", Capability.Kind.values, "buyer"),
        choice("buyer_class", "Only buyers of this class.", BUYER_CLASSES, "health"),
        choice("nation", "Only of this nation.", Organisation.Nation.values, "england"),
        text("identifier", "Only the one with this register number, whatever the scheme.", 60),
    )

    def rows(self, request: Request) -> QuerySet[Organisation]:
        return OrganisationQuerySet(Organisation).told().order_by("name", "reference")

    def narrowed(self, rows: QuerySet[Organisation], asked: dict[str, Any]) -> QuerySet[Organisation]:
        if "capability" in asked:
            asked["capabilities__kind"] = asked.pop("capability")
        return rows.filter(**asked)

    @operation(
        summary="Organisations",
        answer=OrganisationSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/organisations/?capability=buyer&page_size=5",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class OrganisationDetail(DetailView):
    """One organisation."""

    serializer_class = OrganisationSerializer

    def rows(self, request: Request) -> QuerySet[Organisation]:
        return OrganisationQuerySet(Organisation).told()

    @operation(
        summary="An organisation",
        answer=OrganisationSerializer,
        headers=("validator",),
        example="/api/v1/organisations/opm-group/",
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

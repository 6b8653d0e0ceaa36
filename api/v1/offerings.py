"""What a firm offers on the lots of a framework: specialisms, where, and on which evidence. Public; said by the firm.

Journey: PUT /api/v1/partners/{reference}/offerings/ -> procurement/actions/offerings.py -> event -> the index.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import actor_of, signed_in
from api.bodies import Body, read_body
from api.changing import malformed_told
from api.conditional import revision_meant
from api.schema import operation
from api.v1.shapes import Named, NamedFramework, NamedLot
from api.views import DetailView
from procurement.actions.offerings import OfferingDraft, Placement, update_offerings
from procurement.models import Offering, Partner
from procurement.models.base import REFERENCE_LENGTH
from procurement.profiles import CASE_STUDIES
from procurement.querysets import PartnerQuerySet
from procurement.querysets_administering import OfferingQuerySet
from procurement.references import listing_reference

REGIONS = 200
OFFERINGS = 1_000


class OfferingSerializer(serializers.Serializer[Any]):
    """A specialism on a lot. `specialism` is null where it is not stated which; `regions` are codes of the framework's
    own scheme, or `UK` for all of them; `evidence` names case studies of the profile by key.
    """

    lot = NamedLot()
    specialism = NamedLot(allow_null=True)
    regions = serializers.ListField(child=serializers.CharField())
    evidence = serializers.ListField(child=serializers.CharField())


class PlacementSerializer(serializers.Serializer[Any]):
    """All that a firm offers within one supplier on one framework; `listing` is found by searches."""

    framework = NamedFramework()
    supplier = Named()
    listing = serializers.CharField()
    offerings = OfferingSerializer(many=True)


class FirmOfferingsSerializer(serializers.Serializer[Any]):
    """What a firm offers, everywhere."""

    partner = serializers.CharField()
    placements = PlacementSerializer(many=True)

    def to_representation(self, partner: Partner) -> dict[str, Any]:
        rows = OfferingQuerySet(Offering).of(partner)
        together = groupby(rows, lambda row: (row.appointment.lot.framework, row.appointment.supplier))
        return {
            "partner": partner.reference,
            "placements": [
                {
                    "framework": NamedFramework(framework).data,
                    "supplier": Named(supplier).data,
                    "listing": listing_reference(framework.reference, supplier.reference, partner.reference),
                    "offerings": [OfferingSerializer(_told(one)).data for one in many],
                }
                for (framework, supplier), many in together
            ],
        }


def _told(row: Offering) -> dict[str, Any]:
    return {
        "lot": row.appointment.lot,
        "specialism": row.specialism,
        "regions": row.regions,
        "evidence": row.evidence,
    }


class SaidOfferingSerializer(Body):
    """A specialism on a lot. Regions or evidence that are not sent stay as they are."""

    lot = serializers.CharField(max_length=REFERENCE_LENGTH)
    specialism = serializers.CharField(
        max_length=REFERENCE_LENGTH, allow_null=True, required=False, default=None
    )
    regions = serializers.ListField(
        child=serializers.CharField(max_length=8), max_length=REGIONS, required=False
    )
    evidence = serializers.ListField(
        child=serializers.CharField(max_length=90), max_length=CASE_STUDIES, required=False
    )


class SaidPlacementSerializer(Body):
    """Everything that the firm offers within a supplier on a framework: what is left out is offered no more."""

    framework = serializers.CharField(max_length=REFERENCE_LENGTH)
    supplier = serializers.CharField(max_length=REFERENCE_LENGTH)
    offerings = serializers.ListField(child=SaidOfferingSerializer(), max_length=OFFERINGS)


class Offerings(DetailView):
    """What a firm offers."""

    serializer_class = FirmOfferingsSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Partner]:
        return PartnerQuerySet(Partner).seen_by(actor_of(request)).told()

    @operation(
        summary="What a firm offers",
        answer=FirmOfferingsSerializer,
        headers=("validator",),
        example="/api/v1/partners/opm-group/offerings/",
    )
    def get(self, request: Request, reference: str) -> Response:
        """On every framework, within every supplier that it belongs to: by lot the specialisms, where, and on which
        evidence.
        """
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Say anew what the own firm offers",
        answer=FirmOfferingsSerializer,
        verb="set",
        body={"application/json": SaidPlacementSerializer},
        scope="partners:write",
        headers=("If-Match",),
        problems=(404, 412, 422, 428),
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/partners/opm-group/offerings/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H \'Content-Type: application/json\' '
        '-d \'{"framework": "rm3745", "supplier": "ppl", "offerings": [{"lot": "rm3745~5", '
        '"specialism": "rm3745~5~16", "regions": ["UKC", "UKD"], "evidence": ["vision-rehabilitation"]}]}\'',
    )
    def put(self, request: Request, reference: str) -> Response:
        """Within one supplier on one framework. Where and on which evidence is the firm's own to say; a specialism that
        it does not offer there yet takes an application to join. Searches follow within seconds.
        """
        actor = signed_in(request)
        row = cast(Partner, self.found(request, reference))
        revision = revision_meant(request)
        sent = read_body(request, SaidPlacementSerializer)
        drafts = tuple(
            OfferingDraft(
                one["lot"],
                one["specialism"],
                tuple(one["regions"]) if "regions" in one else None,
                tuple(one["evidence"]) if "evidence" in one else None,
            )
            for one in sent["offerings"]
        )
        placement = Placement(sent["framework"], sent["supplier"], row.reference, drafts)
        with malformed_told():
            update_offerings(actor, row.reference, revision, placement)
        return self.shown(request, self.found(request, reference))

"""What applications to join look like in the API: sent, listed, and in full with their line and what may be done."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.v1.call_off_shapes import LineSerializer, StationSerializer
from api.v1.shapes import Named, NamedFramework, NamedLot
from procurement.actions.joining import MOST_OFFERS, STATEMENT, joining_parts
from procurement.joining_line import application_of, joining_line, joining_steps
from procurement.models import Joining
from procurement.models.base import REFERENCE_LENGTH

REGION_LENGTH = 8


class OfferedWorkSerializer(serializers.Serializer[Any]):
    """A specialism of the lot that the firm would offer, and where; no regions: in the whole United Kingdom."""

    specialism = serializers.CharField(max_length=REFERENCE_LENGTH)
    regions = serializers.ListField(child=serializers.CharField(max_length=REGION_LENGTH), required=False)


class JoiningChangesSerializer(serializers.Serializer[Any]):
    """What of a draft is said anew; a field that is not sent stays."""

    statement = serializers.CharField(
        max_length=STATEMENT, required=False, allow_blank=True, help_text="What the firm would bring."
    )
    offers = serializers.ListField(child=OfferedWorkSerializer(), max_length=MOST_OFFERS, required=False)


class NewJoiningSerializer(JoiningChangesSerializer):
    """An application to begin; what is missing is asked for when it is submitted."""

    partner = serializers.CharField(max_length=REFERENCE_LENGTH, help_text="The own firm.")
    lot = serializers.CharField(max_length=REFERENCE_LENGTH)
    supplier = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, allow_null=True,
        help_text="The consortium; none: the lot, by the firm itself.",
    )  # fmt: skip


class JoiningStationSerializer(StationSerializer):
    """A station of an application."""

    status = serializers.ChoiceField(choices=Joining.Status.choices)


class JoiningLineSerializer(LineSerializer):
    """The application as a line: one station is `here`, or it has `ended` in the status that is named."""

    stations = JoiningStationSerializer(many=True)
    ended = serializers.ChoiceField(choices=Joining.Status.choices, allow_null=True)


class JoiningSummarySerializer(serializers.Serializer[Any]):
    """An application of a firm (`partner`) to join a consortium (`supplier`) on a lot; null: the lot, by itself."""

    reference = serializers.CharField()
    partner = Named()
    supplier = Named(allow_null=True)
    framework = NamedFramework()
    lot = NamedLot()
    status = serializers.ChoiceField(choices=Joining.Status.choices)
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    agreed_at = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: Joining) -> dict[str, Any]:
        lot, framework, supplier = row.lot, row.lot.framework, row.supplier
        return {
            "reference": row.reference,
            "partner": {"reference": row.partner.reference, "name": row.partner.shown_name},
            "supplier": {"reference": supplier.reference, "name": supplier.name} if supplier else None,
            "framework": {
                "reference": framework.reference,
                "name": framework.name,
                "number": framework.number,
            },
            "lot": {"reference": lot.reference, "name": lot.name, "number": lot.number},
            "status": row.status,
            "created_at": row.created_at,
            "submitted_at": row.submitted_at,
            "agreed_at": row.agreed_at,
            "checked_at": row.checked_at,
            "ended_at": row.ended_at,
            "reason": row.reason,
            "revision": row.revision,
        }


class JoiningSerializer(JoiningSummarySerializer):
    """An application. `offers` is what the firm would offer once it belongs; `line` where it stands and who acts next;
    `available_actions` what you may do with it now.
    """

    statement = serializers.CharField(allow_blank=True)
    offers = OfferedWorkSerializer(many=True)
    line = JoiningLineSerializer()
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Joining) -> dict[str, Any]:
        application = application_of(row)
        return super().to_representation(row) | {
            "statement": row.statement,
            "offers": row.offers,
            "line": JoiningLineSerializer(joining_line(application)).data,
            "available_actions": joining_steps(application, joining_parts(self.context["actor"], row)),
        }

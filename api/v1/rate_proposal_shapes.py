"""What proposals of rate cards look like in the API: sent, listed, in full with their line, and beside the card in
force.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.v1.call_off_shapes import LineSerializer, StationSerializer
from api.v1.rate_cards import CAVEATS
from api.v1.shapes import Named, NamedFramework, amount
from procurement.actions.rate_comparison import RULES, STOPS, ComparedLine, Comparison
from procurement.actions.rate_proposal_lines import MOST_LINES, lines_of, told
from procurement.actions.rate_proposals import NOTE, proposal_parts
from procurement.models import RateCard, RateProposal
from procurement.models.base import REFERENCE_LENGTH
from procurement.rate_proposal_line import proposal_line
from procurement.states import RATE_PROPOSALS

AMOUNT = r"^-?\d+\.\d{2}$"


class ProposedRateSerializer(serializers.Serializer[Any]):
    """One row of a card. `key` names it for ever; without one it is the row in force that says the same but for its
    rate, else a new one. Lot and grade by reference or as files name them. Null is unknown, never none.
    """

    key = serializers.CharField(required=False, allow_null=True)
    lot = serializers.CharField(required=False, allow_null=True)
    grade = serializers.CharField(required=False, allow_null=True)
    role_title = serializers.CharField(required=False, allow_null=True)
    work_type = serializers.CharField(required=False, allow_null=True)
    min_experience = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="Years."
    )
    max_experience = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="Years."
    )
    qualification = serializers.CharField(required=False, allow_null=True)
    site = serializers.CharField(required=False, allow_null=True)
    size = serializers.CharField(required=False, allow_null=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    amount = serializers.CharField(
        help_text="In the card's currency, for one of its units, VAT excluded, such as 650.00."
    )


class RateProposalChangesSerializer(serializers.Serializer[Any]):
    """What of a draft is said anew; a field that is not sent stays. `lines` are the whole card."""

    valid_from = serializers.DateField(
        required=False, allow_null=True, help_text="The day from which it is to be in force."
    )
    note = serializers.CharField(
        max_length=NOTE, required=False, allow_blank=True, help_text="What the framework's owner should know."
    )
    lines = serializers.ListField(child=ProposedRateSerializer(), max_length=MOST_LINES, required=False)


class NewRateProposalSerializer(RateProposalChangesSerializer):
    """A proposal to begin. Without `lines` it begins with those in force; without `unit` it is the framework's."""

    supplier = serializers.CharField(max_length=REFERENCE_LENGTH)
    framework = serializers.CharField(max_length=REFERENCE_LENGTH)
    currency = serializers.CharField(max_length=3, required=False, help_text="ISO 4217; GBP if not stated.")
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices, required=False)


class ApprovalSerializer(serializers.Serializer[Any]):
    """`compared_with` is the version that the comparison was read with (0: there was none): another is 412."""

    compared_with = serializers.IntegerField(min_value=0, required=False)


class RateProposalSummarySerializer(serializers.Serializer[Any]):
    """A version of a card that a supplier proposes. `version` is what it became; `reason` why it was refused."""

    reference = serializers.CharField()
    supplier = Named()
    framework = NamedFramework()
    currency = serializers.CharField(help_text="ISO 4217")
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    basis = serializers.ChoiceField(choices=RateCard.Basis.choices)
    caveat = serializers.CharField()
    vat = serializers.ChoiceField(choices=["excluded"])
    status = serializers.ChoiceField(choices=RateProposal.Status.choices)
    valid_from = serializers.DateField(allow_null=True)
    line_count = serializers.IntegerField(min_value=0)
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField(min_value=1, allow_null=True)
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: RateProposal) -> dict[str, Any]:
        supplier, framework = row.supplier, row.framework
        return {
            "reference": row.reference,
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "framework": {
                "reference": framework.reference,
                "name": framework.name,
                "number": framework.number,
            },
            "currency": row.currency,
            "unit": row.unit,
            "basis": row.basis,
            "caveat": CAVEATS[RateCard.Basis(row.basis)],
            "vat": "excluded",
            "status": row.status,
            "valid_from": row.valid_from,
            "line_count": len(row.lines),
            "created_at": row.created_at,
            "submitted_at": row.submitted_at,
            "ended_at": row.ended_at,
            "reason": row.reason,
            "version": row.version.number if row.version else None,
            "revision": row.revision,
        }


class RateProposalStationSerializer(StationSerializer):
    """A station of a proposal."""

    status = serializers.ChoiceField(choices=RateProposal.Status.choices)


class RateProposalLineSerializer(LineSerializer):
    """The proposal as a line: one station is `here`, or it has `ended` in the status that is named."""

    stations = RateProposalStationSerializer(many=True)
    ended = serializers.ChoiceField(choices=RateProposal.Status.choices, allow_null=True)


class RateProposalSerializer(RateProposalSummarySerializer):
    """A proposal with all its rates, which nobody prices with before they are in force. `line` says where it stands and
    who acts next; `available_actions` what you may do with it now.
    """

    note = serializers.CharField(allow_blank=True)
    stated_source = serializers.CharField(allow_blank=True, help_text="The file that its rates came in.")
    lines = ProposedRateSerializer(many=True)
    line = RateProposalLineSerializer()
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: RateProposal) -> dict[str, Any]:
        way = proposal_line(row.status, submitted=row.submitted_at is not None)
        return super().to_representation(row) | {
            "note": row.note,
            "stated_source": row.source,
            "lines": [told(one) for one in lines_of(row)],
            "line": RateProposalLineSerializer(way).data,
            "available_actions": RATE_PROPOSALS.available(
                row.status, proposal_parts(self.context["actor"], row)
            ),
        }


class RateRuleSerializer(serializers.Serializer[Any]):
    """What is said of a row; `stops`: no card may hold it."""

    rule = serializers.ChoiceField(choices=list(RULES))
    meaning = serializers.CharField()
    stops = serializers.BooleanField()


class ComparedRateLineSerializer(serializers.Serializer[Any]):
    """A row that does not stay as it is: amounts in the card's currency for one of its units, VAT excluded; `before`
    null where it is added, `after` null where it is withdrawn; `per_cent` of the rate before, to a tenth. `others` are
    fields beside the rate that change.
    """

    change = serializers.ChoiceField(choices=["added", "changed", "withdrawn"])
    key = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    grade = serializers.CharField(allow_null=True)
    role_title = serializers.CharField(allow_null=True)
    before = serializers.RegexField(AMOUNT, allow_null=True)
    after = serializers.RegexField(AMOUNT, allow_null=True)
    difference = serializers.RegexField(AMOUNT, allow_null=True)
    per_cent = serializers.RegexField(r"^-?\d+\.\d$", allow_null=True)
    others = serializers.ListField(child=serializers.CharField())
    rules = RateRuleSerializer(many=True)


class RateCountsSerializer(serializers.Serializer[Any]):
    """So many rows are added, changed (raised or lowered in their rate), unchanged, withdrawn."""

    added = serializers.IntegerField(min_value=0)
    changed = serializers.IntegerField(min_value=0)
    raised = serializers.IntegerField(min_value=0)
    lowered = serializers.IntegerField(min_value=0)
    unchanged = serializers.IntegerField(min_value=0)
    withdrawn = serializers.IntegerField(min_value=0)


class RateComparisonSerializer(serializers.Serializer[Any]):
    """A proposal beside the card in force, once it has ended beside the one that was then. `compared_with` is that
    version, 0 where there is none; `rise_ceiling` the per cent by which a rate may be raised, null: not stated.
    """

    reference = serializers.CharField()
    compared_with = serializers.IntegerField(min_value=0)
    rise_ceiling = serializers.DecimalField(5, 2, allow_null=True)
    counts = RateCountsSerializer()
    lines = ComparedRateLineSerializer(many=True)


def comparison_shown(row: RateProposal, version: int, found: Comparison) -> dict[str, Any]:
    """The comparison as RateComparisonSerializer tells it."""
    ceiling = row.framework.rate_rise_ceiling
    return {
        "reference": row.reference,
        "compared_with": version,
        "rise_ceiling": None if ceiling is None else str(ceiling),
        "counts": found.counts,
        "lines": [_line(one) for one in found.lines],
    }


def _line(one: ComparedLine) -> dict[str, Any]:
    line = one.change.line
    return {
        "change": one.change.kind,
        "key": line.key,
        "lot": line.lot,
        "grade": line.grade,
        "role_title": line.role_title or None,
        "before": None if one.old is None else amount(one.old),
        "after": None if one.new is None else amount(one.new),
        "difference": None if one.difference is None else amount(one.difference),
        "per_cent": None if one.per_cent is None else str(one.per_cent),
        "others": [name for name in one.change.values() if name != "price"],
        "rules": [{"rule": rule, "meaning": RULES[rule], "stops": rule in STOPS} for rule in one.rules],
    }

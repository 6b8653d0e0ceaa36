"""What claims for outcomes look like in the API. Amounts are decimal strings of pounds, VAT excluded."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.v1.shapes import Money, Named, money
from procurement.actions.claims import COUNTED, EVIDENCE
from procurement.actions.contracts import contract_parts
from procurement.available import claim_steps
from procurement.models import Claim, ClaimFile, OutcomePayment
from procurement.models.base import REFERENCE_LENGTH
from procurement.outcome_terms import MOST_OUTCOMES
from procurement.permissions import Actor


class NewClaimSerializer(serializers.Serializer[Any]):
    """So many outcomes of a measure that the contract pays for, reached from the first to the last day, and what shows
    it.
    """

    measure = serializers.CharField(max_length=REFERENCE_LENGTH)
    count = serializers.IntegerField(min_value=1, max_value=MOST_OUTCOMES)
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    evidence = serializers.CharField(max_length=EVIDENCE)


class CountedSerializer(serializers.Serializer[Any]):
    """How many of the outcomes that were claimed are borne out."""

    counted = serializers.IntegerField(min_value=1, max_value=MOST_OUTCOMES)


class ClaimedMeasureSerializer(Named):
    """What is counted."""

    unit = serializers.CharField()


class ClaimSummarySerializer(serializers.Serializer[Any]):
    """A claim without its evidence and payments. `price` is of one outcome, `claimed` of all that are claimed;
    `counted` are borne out and `amount` is to be paid for them within the caps, both null until the claim is verified;
    what comes to 0.00 is not paid.
    """

    reference = serializers.CharField()
    contract = serializers.CharField()
    call_off = serializers.CharField()
    organisation = Named()
    supplier = Named()
    measure = ClaimedMeasureSerializer()
    status = serializers.ChoiceField(choices=Claim.Status.choices)
    count = serializers.IntegerField(min_value=1)
    counted = serializers.IntegerField(min_value=1, allow_null=True)
    price = Money()
    claimed = Money()
    amount = Money(allow_null=True)
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    claimed_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: Claim) -> dict[str, Any]:
        contract, measure = row.contract, row.measure.measure
        buyer, supplier = contract.call_off.organisation, contract.appointment.supplier
        currency, verified = contract.currency, row.status in COUNTED
        return {
            "reference": row.reference,
            "contract": contract.reference,
            "call_off": contract.call_off.reference,
            "organisation": {"reference": buyer.reference, "name": buyer.name},
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "measure": {"reference": measure.reference, "name": measure.name, "unit": measure.unit},
            "status": row.status,
            "count": row.count,
            "counted": row.counted if verified else None,
            "price": money(row.measure.price_minor, currency),
            "claimed": money(row.count * row.measure.price_minor, currency),
            "amount": money(row.amount_minor, currency) if verified else None,
            "first_day": row.first_day,
            "last_day": row.last_day,
            "claimed_at": row.claimed_at,
            "verified_at": row.verified_at,
            "paid_at": row.paid_at,
            "reason": row.reason,
            "revision": row.revision,
        }


class PaymentSerializer(serializers.Serializer[Any]):
    """What one body pays of a claim; `fund` names its top-up fund."""

    organisation = Named()
    fund = serializers.CharField(allow_blank=True)
    amount = Money()
    paid_at = serializers.DateTimeField()

    def to_representation(self, row: OutcomePayment) -> dict[str, Any]:
        payer = row.payer
        return {
            "organisation": {"reference": payer.organisation.reference, "name": payer.organisation.name},
            "fund": payer.fund,
            "amount": money(row.minor),
            "paid_at": row.paid_at,
        }


class ClaimFileSerializer(serializers.ModelSerializer[ClaimFile]):
    """Evidence of a claim. Its bytes are at /api/v1/files/{reference}/, `digest` is their SHA-256."""

    class Meta:
        model = ClaimFile
        fields = ("reference", "name", "media_type", "size", "digest", "added_at")


class ClaimSerializer(ClaimSummarySerializer):
    """A claim with its evidence, what each body has paid of it, and what you may do with it now."""

    evidence = serializers.CharField()
    files = ClaimFileSerializer(many=True)
    payments = PaymentSerializer(many=True)
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Claim) -> dict[str, Any]:
        actor: Actor = self.context["actor"]
        parts = contract_parts(actor, row.contract)
        return super().to_representation(row) | {
            "evidence": row.evidence,
            "files": ClaimFileSerializer(row.files.all(), many=True).data,
            "payments": PaymentSerializer(row.payments.all(), many=True).data,
            "available_actions": claim_steps(
                row.status,
                parts,
                claimed=actor.reference == row.claimed_by,
                verified=actor.reference == row.verified_by,
                amount=row.amount_minor,
            ),
        }

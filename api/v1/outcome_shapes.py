"""What paying for outcomes looks like in the API: measures, a call-off's plan with its payers and totals.

For the schema and for answers. Amounts are decimal strings of pounds, VAT excluded; shares are decimal strings of per
cent. Claims are in claim_shapes.py.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.v1.call_off_shapes import POUNDS, RuleFaultSerializer, told
from api.v1.offer_shapes import NamedCallOff
from api.v1.shapes import Money, Named, amount, money
from procurement.actions.claims import totals
from procurement.actions.outcome_plans import TEXT, plan_parts
from procurement.available import plan_steps
from procurement.identifiers import SCHEMES
from procurement.models import OutcomeMeasure, OutcomePlan, Payer
from procurement.models.base import REFERENCE_LENGTH
from procurement.outcome_checks import ended_of, plan_faults
from procurement.outcome_terms import MEASURES, MOST_OUTCOMES, PAYERS
from procurement.outcomes import QUESTIONS, Totals
from procurement.permissions import Action, Actor, can
from procurement.profiles import NOTE_LENGTH

SHARE = r"^\d{1,3}(\.\d{1,2})?$"


class NewMeasureSerializer(serializers.Serializer[Any]):
    """An outcome for the library. It is never edited: another is added."""

    name = serializers.CharField(max_length=200)
    definition = serializers.CharField(max_length=TEXT, help_text="When one of them is reached.")
    data_source = serializers.CharField(max_length=TEXT, help_text="Where the count comes from.")
    unit = serializers.CharField(max_length=80, help_text="What is counted.")
    organisation = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="Needed by who acts for several buyers."
    )


class MeasureSerializer(serializers.Serializer[Any]):
    """An outcome that can be counted: when one of them is reached, where the count comes from, which buyer added it."""

    reference = serializers.CharField()
    name = serializers.CharField()
    definition = serializers.CharField()
    data_source = serializers.CharField()
    unit = serializers.CharField()
    organisation = Named()
    created_at = serializers.DateTimeField()


class AnswerSerializer(serializers.Serializer[Any]):
    """Yes or no, and why."""

    answer = serializers.BooleanField()
    why = serializers.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)


class SuitabilitySerializer(serializers.Serializer[Any]):
    """The check of suitability: each is answered yes, with why, before the plan is proposed."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            name: AnswerSerializer(required=False, help_text=f"{asked}.") for name, asked in QUESTIONS.items()
        }


class MeasureTermsSerializer(serializers.Serializer[Any]):
    """A measure of the library, and what one outcome is paid with. `baseline` and `target` are counts without and with
    the service; `most` outcomes are paid for.
    """

    measure = serializers.CharField(max_length=REFERENCE_LENGTH)
    baseline = serializers.IntegerField(min_value=0, max_value=MOST_OUTCOMES, required=False)
    target = serializers.IntegerField(min_value=1, max_value=MOST_OUTCOMES)
    price = serializers.RegexField(POUNDS, help_text="Of one outcome, in pounds, VAT excluded.")
    most = serializers.IntegerField(min_value=1, max_value=MOST_OUTCOMES)


class PayerTermsSerializer(serializers.Serializer[Any]):
    """A body that pays a share of each payment. A top-up fund has a name, a pot, a first and a last day."""

    organisation = serializers.CharField(max_length=REFERENCE_LENGTH)
    share = serializers.RegexField(SHARE, help_text="Per cent, such as 33.33; together they come to 100.")
    fund = serializers.CharField(max_length=200, required=False, allow_blank=True)
    pot = serializers.RegexField(
        POUNDS, required=False, allow_null=True, help_text="In pounds, VAT excluded."
    )
    opens_on = serializers.DateField(required=False, allow_null=True)
    closes_on = serializers.DateField(required=False, allow_null=True)


class InvestorTermsSerializer(serializers.Serializer[Any]):
    """A social investor by name and identifier, such as GB-COH and 01234567."""

    name = serializers.CharField(max_length=200)
    scheme = serializers.ChoiceField(choices=[(name, label) for name, (label, _) in SCHEMES.items()])
    identifier = serializers.CharField(max_length=60)


class InvestorNoteSerializer(serializers.Serializer[Any]):
    """Where the social investor's word is written: needed of the buyer's approver who records it."""

    note = serializers.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)


class InvestorSerializer(serializers.Serializer[Any]):
    """The social investor; `reference` null: it is not known here. `approved_at` null: it has not approved its part;
    `note` says where its word is written.
    """

    reference = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    scheme = serializers.CharField(allow_blank=True)
    identifier = serializers.CharField(allow_blank=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True)

    def to_representation(self, plan: OutcomePlan) -> dict[str, Any]:
        known, approval = plan.investor, plan.investor_approval or {}
        who = plan.investor_named or {}
        if known is not None:
            who = {"name": known.name, "scheme": known.scheme, "identifier": known.identifier}
        return {
            "reference": known.reference if known else None,
            **who,
            "approved_at": approval.get("at"),
            "note": approval.get("note", ""),
        }


class OutcomeTermsSerializer(serializers.Serializer[Any]):
    """All that a call-off pays for outcomes. `cap` is the most that is paid in all, in pounds, VAT excluded; outcomes
    after `long_stop_on` are not paid for.
    """

    suitability = SuitabilitySerializer(required=False)
    long_stop_on = serializers.DateField(required=False, allow_null=True)
    cap = serializers.RegexField(POUNDS, required=False, allow_null=True)
    investor = serializers.CharField(
        max_length=REFERENCE_LENGTH,
        required=False,
        allow_null=True,
        help_text="A social investor that is known here.",
    )
    investor_named = InvestorTermsSerializer(
        required=False, allow_null=True, help_text="One that is not: instead of `investor`."
    )
    measures = serializers.ListField(child=MeasureTermsSerializer(), max_length=MEASURES, required=False)
    payers = serializers.ListField(child=PayerTermsSerializer(), max_length=PAYERS, required=False)


class PaidMeasureSerializer(serializers.Serializer[Any]):
    """A measure in a plan; `cap` is the most that it comes to."""

    measure = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    baseline = serializers.IntegerField(min_value=0)
    target = serializers.IntegerField(min_value=1)
    price = Money()
    most = serializers.IntegerField(min_value=1)
    cap = Money()

    def to_representation(self, row: OutcomeMeasure) -> dict[str, Any]:
        return {
            "measure": row.measure.reference,
            "name": row.measure.name,
            "unit": row.measure.unit,
            "baseline": row.baseline,
            "target": row.target,
            "price": money(row.price_minor),
            "most": row.most,
            "cap": money(row.price_minor * row.most),
        }


class PayerSerializer(serializers.Serializer[Any]):
    """A body that pays, its share in per cent, and what it has paid. Of a top-up fund `left` is what remains in its
    pot, which it pays from the first to the last of its days; null: a body without a pot.
    """

    organisation = Named()
    share = serializers.CharField()
    fund = serializers.CharField(allow_blank=True)
    pot = Money(allow_null=True)
    opens_on = serializers.DateField(allow_null=True)
    closes_on = serializers.DateField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    paid = Money()
    left = Money(allow_null=True)

    def to_representation(self, row: Payer) -> dict[str, Any]:
        # As OutcomePlanQuerySet.whole() fetches it.
        paid: int = getattr(row, "paid", None) or 0
        return {
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "share": amount(row.share),
            "fund": row.fund,
            "pot": money(row.pot_minor),
            "opens_on": row.opens_on,
            "closes_on": row.closes_on,
            "approved_at": row.approved_at,
            "paid": money(paid),
            "left": None if row.pot_minor is None else money(row.pot_minor - paid),
        }


class TotalsSerializer(serializers.Serializer[Any]):
    """Where a plan stands: the most that it pays, what is claimed and not yet verified (at its full price), verified
    and not yet paid, paid; and what may still be verified.
    """

    cap = Money()
    claimed = Money()
    verified = Money()
    paid = Money()
    left = Money()

    def to_representation(self, sums: Totals) -> dict[str, Any]:
        return {name: money(getattr(sums, name)) for name in ("cap", "claimed", "verified", "paid", "left")}


class OutcomePlanSummarySerializer(serializers.Serializer[Any]):
    """A plan without its measures, payers and totals. `organisation` is the buyer."""

    reference = serializers.CharField()
    call_off = NamedCallOff()
    organisation = Named()
    status = serializers.ChoiceField(choices=OutcomePlan.Status.choices)
    cap = Money()
    long_stop_on = serializers.DateField(allow_null=True)
    investor = InvestorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: OutcomePlan) -> dict[str, Any]:
        call_off = row.call_off
        return {
            "reference": row.reference,
            "call_off": {
                "reference": call_off.reference,
                "ocid": call_off.ocid,
                "title": call_off.title,
            },
            "organisation": {
                "reference": call_off.organisation.reference,
                "name": call_off.organisation.name,
            },
            "status": row.status,
            "cap": money(row.cap_minor),
            "long_stop_on": row.long_stop_on,
            "investor": InvestorSerializer(row).data if row.investor or row.investor_named else None,
            "created_at": row.created_at,
            "revision": row.revision,
        }


class EndedSerializer(serializers.Serializer[Any]):
    """How a purchase ended: the status of its call-off or its contract, and why where somebody has said."""

    status = serializers.ChoiceField(choices=["cancelled", "unsuccessful", "terminated", "complete"])
    reason = serializers.CharField(allow_blank=True)


class OutcomePlanSerializer(OutcomePlanSummarySerializer):
    """What a call-off pays for outcomes. `blocking` lists what is missing before a draft is proposed; `totals` where it
    stands at each step; `available_actions` what you may do with it now; `ended` how its purchase ended, null while it
    has not.
    """

    suitability = SuitabilitySerializer()
    measures = PaidMeasureSerializer(many=True)
    payers = PayerSerializer(many=True)
    totals = TotalsSerializer()
    blocking = RuleFaultSerializer(many=True)
    ended = EndedSerializer(allow_null=True)
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: OutcomePlan) -> dict[str, Any]:
        actor: Actor = self.context["actor"]
        payers = list(row.payers.all())
        waiting = any(
            one.approved_at is None and can(actor, Action.APPROVE_PART, one.organisation_id) for one in payers
        )
        parts, investor = plan_parts(actor, row), row.waits_for_investor
        steps = plan_steps(row.status, row.call_off.status, parts, waiting=waiting, investor=investor)
        draft, ended = row.status == OutcomePlan.Status.DRAFT, ended_of(row.call_off)
        return super().to_representation(row) | {
            "suitability": row.suitability,
            "measures": PaidMeasureSerializer(row.measures.all(), many=True).data,
            "payers": PayerSerializer(payers, many=True).data,
            "totals": TotalsSerializer(totals(row)).data,
            "blocking": [told(one) for one in plan_faults(row)] if draft else [],
            "ended": EndedSerializer(ended).data if ended else None,
            "available_actions": steps,
        }

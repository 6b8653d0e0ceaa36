"""What competitions look like in the API: the plan, its preview, what is told to all, people, ranking, low prices.

For the schema and for answers; procurement/querysets_competitions.py says who sees what.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from api.v1.call_off_shapes import POUNDS, RuleFaultSerializer, told
from api.v1.shapes import FICTIONAL_SUPPLIER, Money, Named
from procurement.actions.competitions import Preview
from procurement.available import competition_steps
from procurement.evaluation_rules import KINDS, METHODS, MOST_CRITERIA, PRICE_BASES, TIE_BREAKS
from procurement.fictional import fictional_on
from procurement.models import (
    Amendment,
    CallOffPerson,
    Clarification,
    Competition,
    CompetitionDocument,
    Invitation,
    LowPriceQuestion,
    RateCardVersion,
    RuledOut,
)
from procurement.parts import buyer_parts
from procurement.profiles import NAME_LENGTH, NOTE_LENGTH, TEXT_LENGTH

WEIGHT = r"^\d{1,3}(\.\d{1,2})?$"
DECLARED = (("none", "Not declared"), ("clear", "No conflict"), ("conflict", "A conflict of interest"))


class CriterionSerializer(serializers.Serializer[Any]):
    """An award criterion: scored from 0 to `scale`, counted with `weight` of 100; below `pass_mark` a tender fails."""

    key = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=NAME_LENGTH)
    kind = serializers.ChoiceField(choices=list(KINDS.items()), required=False)
    weight = serializers.RegexField(WEIGHT)
    scale = serializers.IntegerField(min_value=1, required=False)
    pass_mark = serializers.IntegerField(min_value=0, required=False)
    question = serializers.CharField(max_length=NOTE_LENGTH)
    words = serializers.IntegerField(
        min_value=1, required=False, help_text="The most that an answer may have."
    )


class RulesSerializer(serializers.Serializer[Any]):
    """How tenders are evaluated; frozen when it is published. `price_weight` and the criteria's weights are 100
    together; `low_price` is the per cent of the mean of the other prices below which a price is asked about.
    """

    criteria = serializers.ListField(child=CriterionSerializer(), required=False, max_length=MOST_CRITERIA)
    price_weight = serializers.RegexField(WEIGHT, required=False)
    method = serializers.ChoiceField(choices=list(METHODS.items()), required=False)
    threshold = serializers.RegexField(WEIGHT, required=False)
    price_basis = serializers.ChoiceField(choices=list(PRICE_BASES.items()), required=False)
    decimals = serializers.IntegerField(min_value=0, required=False)
    tie_break = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TIE_BREAKS.items())), required=False
    )
    assessors = serializers.IntegerField(min_value=1, required=False)
    low_price = serializers.IntegerField(min_value=1, max_value=99, required=False)


class MomentsSerializer(serializers.Serializer[Any]):
    """Until when interest is expressed (null: none is asked for first), questions are taken, tenders are taken."""

    interest_until = serializers.DateTimeField(required=False, allow_null=True)
    clarify_until = serializers.DateTimeField(required=False, allow_null=True)
    deadline = serializers.DateTimeField(required=False, allow_null=True)


class PlanSerializer(MomentsSerializer):
    """A competition as it is planned. `standstill`: the award waits for one after the intention is told."""

    rules = RulesSerializer(required=False)
    standstill = serializers.BooleanField(required=False)


class ExtensionOfTimeSerializer(MomentsSerializer):
    """Moments that move to later, and why, which all are told."""

    reason = serializers.CharField(max_length=NOTE_LENGTH)


class AmendingSerializer(serializers.Serializer[Any]):
    """Why what is asked for is amended. A `material` amendment asks every tenderer to confirm or to submit anew."""

    reason = serializers.CharField(max_length=NOTE_LENGTH)
    material = serializers.BooleanField()
    deadline = serializers.DateTimeField(required=False, allow_null=True)


class AmendedSerializer(serializers.Serializer[Any]):
    """What differs, by JSON pointer into what was published."""

    pointer = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class AmendmentSerializer(serializers.ModelSerializer[Amendment]):
    """An amendment, told to all."""

    number = serializers.IntegerField(min_value=1)
    difference = AmendedSerializer(many=True)

    class Meta:
        model = Amendment
        fields = ("number", "material", "difference", "reason", "at")


class DocumentSerializer(serializers.ModelSerializer[CompetitionDocument]):
    """A document of a competition; `told_at` null: suppliers do not know of it yet. Its bytes are at
    /api/v1/files/{reference}/, `digest` is their SHA-256.
    """

    class Meta:
        model = CompetitionDocument
        fields = ("reference", "name", "media_type", "size", "digest", "added_at", "told_at")


class RuledOutSerializer(serializers.Serializer[Any]):
    """A supplier on the lot that is not invited, by which rule, and what the rule found."""

    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    rule = serializers.ChoiceField(choices=RuledOut.Rule.choices)
    found = serializers.ListField(child=serializers.DictField())

    def to_representation(self, row: Any) -> dict[str, Any]:
        supplier = row.appointment.supplier
        return {
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "fictional": row.appointment.supplier_id in self.context["made_up"],
            "rule": row.rule,
            "found": row.found,
        }


class AskedFirstSerializer(serializers.Serializer[Any]):
    """A supplier that is asked; `interest` is blank where none was asked for first."""

    invitation = serializers.CharField()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    interest = serializers.ChoiceField(choices=Invitation.Interest.choices, allow_blank=True)

    def to_representation(self, row: Invitation) -> dict[str, Any]:
        supplier = row.asked.appointment.supplier
        return {
            "invitation": row.reference,
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "fictional": supplier.pk in self.context["made_up"],
            "interest": row.interest,
        }


class CompetitionSerializer(PlanSerializer):
    """A competition as its buyer sees it. Until the deadline it tells of tenders how many suppliers are invited and how
    many have declined, and no more. `document` is what was published, `digest` the SHA-256 of its canonical JSON.
    `revision` is the call-off's.
    """

    call_off = serializers.CharField()
    digest = serializers.CharField(allow_blank=True)
    document = serializers.DictField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    invited_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    standstill_until = serializers.DateTimeField(allow_null=True)
    invited_count = serializers.IntegerField(min_value=0)
    declined_count = serializers.IntegerField(min_value=0)
    asked = AskedFirstSerializer(many=True)
    ruled_out = RuledOutSerializer(many=True)
    amendments = AmendmentSerializer(many=True)
    documents = DocumentSerializer(many=True)
    available_actions = serializers.ListField(child=serializers.CharField())
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: Competition) -> dict[str, Any]:
        asked = row.invitations.select_related("asked__appointment__supplier").order_by("pk")
        ruled_out = row.ruled_out.select_related("appointment__supplier")
        made_up = {"made_up": fictional_on(row.call_off.lot_id)}
        parts = buyer_parts(self.context["actor"], row.call_off)
        ahead = row.deadline is not None and timezone.now() < row.deadline
        return {
            "call_off": row.call_off.reference,
            "rules": row.rules,
            "interest_until": row.interest_until,
            "clarify_until": row.clarify_until,
            "deadline": row.deadline,
            "standstill": row.standstill,
            "digest": row.digest,
            "document": json.loads(row.document) if row.document else None,
            "published_at": row.published_at,
            "invited_at": row.invited_at,
            "closed_at": row.closed_at,
            "opened_at": row.opened_at,
            "standstill_until": row.standstill_until,
            "invited_count": vars(row)["invited_count"],
            "declined_count": vars(row)["declined_count"],
            "asked": AskedFirstSerializer(asked, many=True, context=made_up).data,
            "ruled_out": RuledOutSerializer(ruled_out, many=True, context=made_up).data,
            "amendments": AmendmentSerializer(row.amendments.all(), many=True).data,
            "documents": DocumentSerializer(row.documents.filter(removed_at=None), many=True).data,
            "available_actions": competition_steps(row.call_off.status, parts, ahead=ahead),
            "revision": row.call_off.revision,
        }


class EntitledSerializer(serializers.Serializer[Any]):
    """A supplier that would be invited; `rate_card` is its card in force today, which bounds what it tenders."""

    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    rate_card = serializers.CharField(allow_null=True)


class PreviewSerializer(MomentsSerializer):
    """What publishing now would do: whom it invites, whom a rule keeps out, what is in the way, under which digest.
    `starts_on` and `ends_on` are the first and last day of the work without options; null: it does not say.
    `standstill_until`: when a standstill would end if the outcome were told, and its notice published, at the
    deadline.
    """

    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    invited = EntitledSerializer(many=True)
    ruled_out = RuledOutSerializer(many=True)
    blocking = RuleFaultSerializer(many=True)
    digest = serializers.CharField()
    standstill_until = serializers.DateTimeField(allow_null=True)

    def to_representation(self, found: Preview) -> dict[str, Any]:
        cards: dict[int, RateCardVersion] = self.context["cards"]
        made_up = fictional_on(found.competition.call_off.lot_id)
        return {
            "interest_until": found.competition.interest_until,
            "clarify_until": found.competition.clarify_until,
            "deadline": found.competition.deadline,
            "starts_on": found.starts_on,
            "ends_on": found.ends_on,
            "invited": [
                {
                    "supplier": {"reference": one.supplier.reference, "name": one.supplier.name},
                    "fictional": one.supplier_id in made_up,
                    "rate_card": cards[one.supplier_id].card.reference if one.supplier_id in cards else None,
                }
                for one in found.invited
            ],
            "ruled_out": RuledOutSerializer(found.out, many=True, context={"made_up": made_up}).data,
            "blocking": [told(one) for one in found.faults()],
            "digest": found.digest,
            "standstill_until": found.standstill_until,
        }


class NewPersonSerializer(serializers.Serializer[Any]):
    """Somebody of the buyer's organisation, by reference, and their part in this evaluation."""

    user = serializers.CharField(max_length=120)
    part = serializers.ChoiceField(choices=("assessor", "moderator"))


class PersonSerializer(NewPersonSerializer):
    """Somebody's part, and what they declared of their interests last."""

    declared = serializers.ChoiceField(choices=DECLARED)

    def to_representation(self, row: CallOffPerson) -> dict[str, Any]:
        conflict = self.context["declared"].get(row.user_id)
        said = "none" if conflict is None else "conflict" if conflict else "clear"
        return {"user": row.user.reference, "part": row.part, "declared": said}


class NewDeclarationSerializer(serializers.Serializer[Any]):
    """Whether there is a conflict of interest with any tenderer, and what; a note is required with one."""

    conflict = serializers.BooleanField()
    note = serializers.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)


class DeclarationSerializer(NewDeclarationSerializer):
    """What somebody declared; their last word counts."""

    user = serializers.CharField()
    at = serializers.DateTimeField()

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {"conflict": row.conflict, "note": row.note, "user": row.user.reference, "at": row.at}


class QuestionSerializer(serializers.Serializer[Any]):
    """A question to ask."""

    question = serializers.CharField(max_length=TEXT_LENGTH)


class ClarifiedSerializer(serializers.Serializer[Any]):
    """An answer to all. `told` is the question as they read it, where something in it gives the asker away."""

    answer = serializers.CharField(max_length=TEXT_LENGTH)
    told = serializers.CharField(max_length=TEXT_LENGTH, required=False, allow_null=True)


class ClarificationSerializer(serializers.Serializer[Any]):
    """A question and its answer. Nobody is told who asked; `mine` tells whoever asked that it was they. `question` is
    as it was asked for the buyer and the asker, as it is told for everybody else.
    """

    reference = serializers.CharField()
    number = serializers.IntegerField(min_value=1)
    question = serializers.CharField()
    answer = serializers.CharField(allow_blank=True)
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    mine = serializers.BooleanField()

    def to_representation(self, row: Clarification) -> dict[str, Any]:
        mine = row.invitation_id == self.context.get("invitation")
        whole = mine or self.context.get("buyer", False)
        return {
            "reference": row.reference,
            "number": row.number,
            "question": row.question if whole else row.told,
            "answer": row.answer,
            "asked_at": row.asked_at,
            "answered_at": row.answered_at,
            "mine": mine,
        }


class PlacedCriterionSerializer(serializers.Serializer[Any]):
    """What a criterion came to: `points` is an exact fraction, `shown` the arithmetic."""

    key = serializers.CharField()
    score = serializers.IntegerField(min_value=0)
    points = serializers.CharField()
    shown = serializers.CharField()


class PlacedSerializer(serializers.Serializer[Any]):
    """A tender's place. `rank` null: it does not rank, for the reason in `failed`. `result` is what was compared,
    `shown` how it came about; `told_apart` is by what equal ones were.
    """

    tender = serializers.CharField()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    rank = serializers.IntegerField(min_value=1, allow_null=True)
    result = serializers.CharField(allow_null=True)
    quality = serializers.CharField()
    price = Money()
    price_points = serializers.CharField()
    criteria = PlacedCriterionSerializer(many=True)
    shown = serializers.CharField(allow_blank=True)
    failed = serializers.CharField(allow_blank=True)
    told_apart = serializers.CharField(allow_blank=True)
    low_against = serializers.RegexField(
        POUNDS,
        allow_null=True,
        help_text="The mean of the others' prices in pounds, where its own looks low.",
    )


class RankingSerializer(serializers.Serializer[Any]):
    """The tenders in their order, by the rules that were published."""

    method = serializers.ChoiceField(choices=list(METHODS.items()))
    decimals = serializers.IntegerField(min_value=0)
    rows = PlacedSerializer(many=True)


class PriceQuestionSerializer(serializers.Serializer[Any]):
    """A question about a price that looks abnormally low. `accepted` null: not decided."""

    tender = serializers.CharField()
    question = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    answer = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    accepted = serializers.BooleanField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)

    def to_representation(self, row: LowPriceQuestion) -> dict[str, Any]:
        return {
            "tender": row.tender.reference,
            "question": row.question,
            "asked_at": row.asked_at,
            "answer_by": row.answer_by,
            "answer": row.answer,
            "answered_at": row.answered_at,
            "accepted": row.accepted,
            "reason": row.reason,
        }


class LowPriceSerializer(serializers.Serializer[Any]):
    """A tender whose price looks abnormally low, and how far the question about it has come."""

    tender = serializers.CharField()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    price = Money()
    mean = Money(help_text="Of the others' prices, rounded to the penny.")
    question = PriceQuestionSerializer(allow_null=True)


class LowPricesSerializer(serializers.Serializer[Any]):
    """Every price that looks abnormally low by the rules that were published."""

    results = LowPriceSerializer(many=True)

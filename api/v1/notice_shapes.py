"""What public notices look like in the API: counted down, as a draft, and as they are kept once published."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from procurement.actions.public_notices import NUMBER_LENGTH
from procurement.models import IndicatorRating
from procurement.notice_draft import notice_draft
from procurement.public_notices import KINDS, DueNotice, Status


class NoticeSerializer(serializers.Serializer[Any]):
    """A notice that the law asks for. `key` names it within its contract; `source` is the rule. `due_on` is the last
    day on which it is in time, `days_left` the days to it, below 0 once it has passed; both null where the law names
    no day or it is not known yet. `number` is the notice's own, once it was published.
    """

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=[(one.kind, one.name) for one in KINDS.values()])
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    status = serializers.ChoiceField(choices=[(one.value, one.value) for one in Status])
    due_on = serializers.DateField(allow_null=True)
    days_left = serializers.IntegerField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    published_on = serializers.DateField(allow_null=True)

    def to_representation(self, one: DueNotice) -> dict[str, Any]:
        return {
            "key": one.key,
            "kind": one.rule.kind,
            "name": one.rule.name,
            "source": one.rule.source,
            "status": one.status,
            "due_on": one.due_on,
            "days_left": one.days_left,
            "number": one.number or None,
            "published_on": one.published_on,
        }


class PublicationSerializer(serializers.Serializer[Any]):
    """That a notice was published: its own number where it stands, and the day."""

    number = serializers.CharField(max_length=NUMBER_LENGTH)
    published_on = serializers.DateField()


class PartyIdentifierSerializer(serializers.Serializer[Any]):
    """An identifier of org-id.guide."""

    scheme = serializers.CharField()
    id = serializers.CharField()


class PartySerializer(serializers.Serializer[Any]):
    """A party; `identifier` null where no register number is known."""

    role = serializers.ChoiceField(choices=[("buyer", "buyer"), ("supplier", "supplier")])
    reference = serializers.CharField()
    name = serializers.CharField()
    identifier = PartyIdentifierSerializer(allow_null=True)


class DraftedNoticeSerializer(serializers.Serializer[Any]):
    """Which notice it is, and the rule that asks for it."""

    kind = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class NumberedSerializer(serializers.Serializer[Any]):
    """A framework or a lot, named."""

    reference = serializers.CharField()
    number = serializers.CharField()
    name = serializers.CharField()


class ProcedureSerializer(serializers.Serializer[Any]):
    """How it was bought; `reason` says why without competition."""

    route = serializers.CharField()
    reason = serializers.CharField(allow_null=True)
    light_touch = serializers.BooleanField()


class DraftedOptionSerializer(serializers.Serializer[Any]):
    """An option: its pounds without VAT, and the day on which it was taken."""

    months = serializers.IntegerField()
    amount = serializers.CharField()
    taken_on = serializers.DateField(allow_null=True)


class DraftedContractSerializer(serializers.Serializer[Any]):
    """The contract and its days; `signed_on` is that of the second signature. Before the award it has neither reference
    nor status.
    """

    reference = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    awarded_on = serializers.DateField(allow_null=True)
    signed_on = serializers.DateField(allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    ended_reason = serializers.CharField(allow_blank=True)
    options = DraftedOptionSerializer(many=True)


class DraftedValueSerializer(serializers.Serializer[Any]):
    """What it may come to with every option, in pounds; and the first term alone."""

    currency = serializers.CharField()
    without_vat = serializers.CharField()
    with_vat = serializers.CharField()
    of_first_term_without_vat = serializers.CharField()


class DraftedIndicatorSerializer(serializers.Serializer[Any]):
    """A key performance indicator: its place from 1, and what counts as met."""

    position = serializers.IntegerField(min_value=1)
    name = serializers.CharField()
    target = serializers.CharField()


class DraftedRatingSerializer(serializers.Serializer[Any]):
    """How the contract performed by the indicator at that place."""

    position = serializers.IntegerField(min_value=1)
    rating = serializers.ChoiceField(choices=IndicatorRating.Rating.choices)
    note = serializers.CharField(allow_blank=True)


class PerformanceSerializer(serializers.Serializer[Any]):
    """The ratings of every indicator, and the period that they are for."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    ratings = DraftedRatingSerializer(many=True)


class NoticeDraftSerializer(serializers.Serializer[Any]):
    """A notice as a draft: what we hold for its form. `indicators`, or why there are none, stand in the contract
    details notice and in those of performance, `performance` in these alone once it is assessed. `missing` names what
    the notice asks for and we do not hold.
    """

    format = serializers.IntegerField()
    notice = DraftedNoticeSerializer()
    due_on = serializers.DateField(allow_null=True)
    ocid = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    framework = NumberedSerializer()
    lot = NumberedSerializer()
    procedure = ProcedureSerializer()
    parties = PartySerializer(many=True)
    contract = DraftedContractSerializer()
    value = DraftedValueSerializer()
    cpv = serializers.ListField(child=serializers.CharField(), help_text="CPV 2008 codes.")
    indicators = DraftedIndicatorSerializer(many=True)
    no_indicators = serializers.CharField(allow_blank=True)
    performance = PerformanceSerializer(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Any) -> dict[str, Any]:
        return notice_draft(row, self.context["notice"])

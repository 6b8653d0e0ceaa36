"""What offers, contracts and a buyer's limit look like in the API; for the schema and for answers."""

from __future__ import annotations

import json
from typing import Any, Final

from django.utils import timezone
from rest_framework import serializers

from api.v1.call_off_shapes import POUNDS
from api.v1.indicator_shapes import IndicatorSerializer
from api.v1.notice_shapes import NoticeSerializer
from api.v1.shapes import (
    FICTIONAL_SUPPLIER,
    Money,
    Named,
    NamedFramework,
    NamedLot,
    ToldOutcomesSerializer,
    money,
)
from procurement.actions.awards import supplier_signed
from procurement.actions.contracts import IDENTIFIER_LENGTH, IDENTIFIERS, contract_parts
from procurement.actions.offers import offer_parts
from procurement.available import contract_steps, offer_steps, signed_by
from procurement.indicators import indicators_of, lacking, to_assess, to_publish
from procurement.models import CallOff, Contract, Offer
from procurement.notice_facts import contract_facts, contract_notices
from procurement.order_form import outcomes_told
from procurement.public_notices import told_before, told_first, told_of_end, told_terminated, why_none

FORMS: Final = ("json", "pdf")


class NamedCallOff(serializers.Serializer[Any]):
    """A call-off, as both sides know it."""

    reference = serializers.CharField()
    ocid = serializers.CharField()
    title = serializers.CharField()


def bought(call_off: CallOff) -> dict[str, Any]:
    """What both sides know of a call-off."""
    lot, framework = call_off.lot, call_off.lot.framework
    return {
        "call_off": {"reference": call_off.reference, "ocid": call_off.ocid, "title": call_off.title},
        "organisation": {
            "reference": call_off.organisation.reference,
            "name": call_off.organisation.name,
        },
        "framework": {
            "reference": framework.reference,
            "name": framework.name,
            "number": framework.number,
        },
        "lot": {"reference": lot.reference, "name": lot.name, "number": lot.number},
    }


class LongerSerializer(serializers.Serializer[Any]):
    """Until when an offer may be answered."""

    reply_by = serializers.DateTimeField(
        help_text="Later than it stands, and within 30 working days from today."
    )


class OfferSummarySerializer(serializers.Serializer[Any]):
    """An offer without its order. `price` is of the work, expenses and options excluded; `organisation` is the
    buyer.
    """

    reference = serializers.CharField()
    call_off = NamedCallOff()
    organisation = Named()
    framework = NamedFramework()
    lot = NamedLot()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    partners = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=Offer.Status.choices)
    price = Money()
    sent_at = serializers.DateTimeField()
    reply_by = serializers.DateTimeField(
        help_text="Until when it may be answered: as its order says, or later where the buyer has extended it."
    )
    viewed_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: Offer) -> dict[str, Any]:
        supplier = row.asked.appointment.supplier
        return {
            "reference": row.reference,
            **bought(row.call_off),
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "fictional": vars(row)["fictional"],
            "partners": sorted(one.reference for one in row.asked.partners.all()),
            "status": row.status,
            "price": money(row.price_minor, row.currency),
            "sent_at": row.sent_at,
            "reply_by": row.reply_by,
            "viewed_at": row.viewed_at,
            "answered_at": row.answered_at,
            "reason": row.reason,
            "revision": row.revision,
        }


class OfferSerializer(OfferSummarySerializer):
    """An offer with its order as it was sent. `digest` is the SHA-256 of the order in canonical JSON (names sorted, no
    blanks, UTF-8); `total` is with expenses and every option; `available_actions` is what you may do with it now.
    """

    total = Money()
    order = serializers.DictField()
    digest = serializers.CharField()
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Offer) -> dict[str, Any]:
        order = json.loads(row.document)
        parts = offer_parts(self.context["actor"], row)
        signed = supplier_signed(row.call_off)
        steps = offer_steps(row.status, row.call_off.status, parts, row.reply_by, timezone.now(), signed)
        return super().to_representation(row) | {
            "total": order["total"],
            "order": order,
            "digest": row.digest,
            "available_actions": steps,
        }


class IdentifiersSerializer(serializers.Serializer[Any]):
    """What others call a contract; null takes one away."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            kind: serializers.CharField(
                max_length=IDENTIFIER_LENGTH, required=False, allow_null=True, help_text=label
            )
            for kind, label in IDENTIFIERS.items()
        }


class ContractChangesSerializer(serializers.Serializer[Any]):
    """What of a contract is said anew; an identifier that is not sent stays."""

    identifiers = IdentifiersSerializer()


class OptionSerializer(serializers.Serializer[Any]):
    """A priced option to extend, and whether it has been taken."""

    months = serializers.IntegerField(min_value=1)
    amount = Money()
    taken = serializers.BooleanField()


class SignaturesSerializer(serializers.Serializer[Any]):
    """When each side signed."""

    buyer = serializers.DateTimeField(allow_null=True)
    supplier = serializers.DateTimeField(allow_null=True)


class ContractSummarySerializer(serializers.Serializer[Any]):
    """A contract. `value` is with expenses and the options taken, `maximum` with every option; `organisation` is the
    buyer.
    """

    reference = serializers.CharField()
    call_off = NamedCallOff()
    organisation = Named()
    framework = NamedFramework()
    lot = NamedLot()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    status = serializers.ChoiceField(choices=Contract.Status.choices)
    starts_on = serializers.DateField(
        help_text="As agreed; the day of the second signature where that is later."
    )
    ends_on = serializers.DateField()
    value = Money()
    maximum = Money()
    options = OptionSerializer(many=True)
    identifiers = IdentifiersSerializer()
    signed = SignaturesSerializer()
    ended_on = serializers.DateField(allow_null=True)
    ended_reason = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: Contract) -> dict[str, Any]:
        supplier = row.appointment.supplier
        return {
            "reference": row.reference,
            **bought(row.call_off),
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "fictional": vars(row)["fictional"],
            "status": row.status,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "value": money(row.value_minor, row.currency),
            "maximum": money(row.maximum_minor, row.currency),
            "options": [
                {
                    "months": one["months"],
                    "amount": money(one["minor"], row.currency),
                    "taken": number < row.taken,
                }
                for number, one in enumerate(row.options)
            ],
            "identifiers": {kind: row.identifiers.get(kind) for kind in IDENTIFIERS},
            "signed": {"buyer": row.buyer_signed_at, "supplier": row.supplier_signed_at},
            "ended_on": row.ended_on,
            "ended_reason": row.ended_reason,
            "revision": row.revision,
        }


class ContractSerializer(ContractSummarySerializer):
    """A contract, the public notices that the law asks of it, and what you may do with it now. `no_notices` says why
    none is asked for, empty where one is. `outcomes` null: none is paid for; else `maximum` is with their cap.
    `no_indicators` says why it has no key performance indicators, empty where it has or the buyer has not said.
    """

    outcomes = ToldOutcomesSerializer(allow_null=True)
    notices = NoticeSerializer(many=True)
    no_notices = serializers.CharField(allow_blank=True)
    indicators = IndicatorSerializer(many=True)
    no_indicators = serializers.CharField(allow_blank=True)
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Contract) -> dict[str, Any]:
        today = timezone.localdate()
        notices, indicators = contract_notices(row, today), indicators_of(row)
        steps = contract_steps(
            row.status,
            contract_parts(self.context["actor"], row),
            signed=signed_by(row),
            options_left=len(row.options) - row.taken,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            on=today,
            to_publish=bool(to_publish(notices, indicators)),
            to_tell=told_before(notices, row.taken + 1) is not None,
            to_tell_first=told_first(notices) is not None or bool(lacking(row, indicators)),
            end_told=told_of_end(notices) is not None,
            termination_told=told_terminated(notices) is not None,
            to_assess=bool(to_assess(notices, indicators)),
        )
        return super().to_representation(row) | {
            "outcomes": outcomes_told(row.call_off),
            "notices": NoticeSerializer(notices, many=True).data,
            "no_notices": "" if notices else why_none(contract_facts(row)),
            "indicators": IndicatorSerializer(indicators, many=True).data,
            "no_indicators": row.no_indicators or "",
            "available_actions": steps,
        }


class NewLimitSerializer(serializers.Serializer[Any]):
    """From which total on, options included, call-offs are approved: pounds, VAT excluded."""

    approval_from = serializers.RegexField(POUNDS)


class LimitSerializer(serializers.Serializer[Any]):
    """From which total on a buyer's call-offs are approved before they go out; null: none is."""

    organisation = serializers.CharField()
    approval_from = Money(allow_null=True)

"""What call-offs look like in the API: sent, listed, and in full with suppliers, prices, what blocks and the line.

For the schema and for answers; procurement/call_off_facts.py reads what is shown.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from api.v1.notice_shapes import NoticeSerializer
from api.v1.shapes import FICTIONAL_SUPPLIER, Money, Named, NamedFramework, NamedLot, money
from procurement.actions.call_offs import CallOffDraft
from procurement.call_off_facts import CallOffFacts, facts_of
from procurement.errors import Fault
from procurement.fictional import fictional_suppliers
from procurement.line import Line, Place
from procurement.models import CallOff, CallOffSupplier, Contract, Offer
from procurement.models.base import REFERENCE_LENGTH
from procurement.order_form import Priced, terms_of
from procurement.profiles import NAME_LENGTH, NOTE_LENGTH
from procurement.requirements import LONGEST_MONTHS
from procurement.states import Part
from procurement.terms import LONGEST_REPLY, MECHANISMS, MOST_EXTENSIONS

POUNDS = r"^\d{1,12}(\.\d{1,2})?$"


class ExtensionSerializer(serializers.Serializer[Any]):
    """An option to go on for so many months."""

    months = serializers.IntegerField(min_value=1, max_value=LONGEST_MONTHS)
    amount = serializers.RegexField(POUNDS, help_text="At most, in pounds, VAT excluded.")


class TermsSerializer(serializers.Serializer[Any]):
    """The commercial terms. Amounts are decimal strings of pounds, VAT excluded; what is null is not stated."""

    value = serializers.RegexField(
        POUNDS, required=False, allow_null=True,
        help_text="The price of the work where it is not priced by a team's days.",
    )  # fmt: skip
    expenses = serializers.RegexField(POUNDS, required=False, help_text="At most, beside the price.")
    extensions = serializers.ListField(
        child=ExtensionSerializer(), max_length=MOST_EXTENSIONS, required=False
    )
    hours_per_day = serializers.CharField(
        max_length=6, required=False, allow_null=True, help_text="Needed where the card is by the hour."
    )
    reply_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_REPLY, required=False,
        help_text="Working days that a supplier has to answer an offer.",
    )  # fmt: skip
    mechanism = serializers.ChoiceField(
        choices=list(MECHANISMS.items()), required=False, allow_blank=True,
        help_text="On what a direct award rests.",
    )  # fmt: skip
    reason = serializers.CharField(
        max_length=NOTE_LENGTH, required=False, allow_blank=True, help_text="Why it is awarded directly."
    )


class CallOffChangesSerializer(serializers.Serializer[Any]):
    """What of a draft is said anew; a field that is not sent stays, `terms` are replaced whole."""

    title = serializers.CharField(max_length=NAME_LENGTH, required=False)
    route = serializers.ChoiceField(choices=CallOff.Route.choices, required=False)
    requirement = serializers.CharField(
        max_length=REFERENCE_LENGTH,
        required=False,
        help_text="An open one that names a lot; as it now stands.",
    )
    shortlist = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, allow_null=True,
        help_text="A locked one: its suppliers that are in, in their order.",
    )  # fmt: skip
    terms = TermsSerializer(required=False)


class NewCallOffSerializer(CallOffChangesSerializer):
    """A call-off to begin. What is missing is told in `blocking` and asked for when it goes out."""

    title = serializers.CharField(max_length=NAME_LENGTH)
    route = serializers.ChoiceField(choices=CallOff.Route.choices)
    requirement = serializers.CharField(max_length=REFERENCE_LENGTH)
    organisation = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="Needed by who acts for several buyers."
    )


class ReasonSerializer(serializers.Serializer[Any]):
    """Why something is so."""

    reason = serializers.CharField(max_length=NOTE_LENGTH)


class SendingSerializer(serializers.Serializer[Any]):
    """To whom an order form is meant to go."""

    supplier = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, allow_null=True,
        help_text="The supplier that is meant, as `is_next` names it; none: whoever is next.",
    )  # fmt: skip


class AwardSerializer(serializers.Serializer[Any]):
    """What is known of conflicts of interest on the day of award, such as "None known"."""

    conflicts = serializers.CharField(max_length=NOTE_LENGTH)


class RuleFaultSerializer(serializers.Serializer[Any]):
    """A rule that is not kept; `pointer` names the field of the call-off that it is about."""

    pointer = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    message = serializers.CharField()


class AskedSerializer(serializers.Serializer[Any]):
    """A supplier that it may go to. `price` is of the work on its card today, `total` with expenses and every option;
    both null where `unpriced` says why. `offer` is the one it was sent. `is_next` is whether the next order form of a
    direct award would go to it; `passed_over` why that would go past it, to one behind it in the order.
    """

    position = serializers.IntegerField(min_value=1)
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    partners = Named(many=True, help_text="Those that are wanted; none: it is left to the supplier.")
    price = Money(allow_null=True)
    total = Money(allow_null=True)
    unpriced = RuleFaultSerializer(many=True)
    offer = serializers.CharField(allow_null=True)
    is_next = serializers.BooleanField()
    passed_over = RuleFaultSerializer(many=True)


class SentBackSerializer(serializers.Serializer[Any]):
    """Why an approver did not approve it as it stood."""

    reason = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="By an opaque reference.")


class ApprovalSerializer(serializers.Serializer[Any]):
    """Whether the buyer's limit asks for an approval, up to which total it was given, or why an approver sent it back,
    until something is done about that.
    """

    asked = serializers.BooleanField()
    approved_at = serializers.DateTimeField(allow_null=True)
    up_to = Money(allow_null=True)
    sent_back = SentBackSerializer(allow_null=True)


class StationSerializer(serializers.Serializer[Any]):
    """A station of the route."""

    status = serializers.ChoiceField(choices=CallOff.Status.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    place = serializers.ChoiceField(choices=[(one.value, one.value) for one in Place])


class TurnSerializer(serializers.Serializer[Any]):
    """Who acts next, by any of which steps (those of its plan of outcomes until that is agreed, of its tenders while
    they are written, scored or asked about a low price; `express_interest` where that is asked for first), and by when
    (null: no window is open); `system` alone once the window has ended and until the clock has moved it, and while a
    standstill runs, to that moment.
    """

    who = serializers.ListField(
        child=serializers.ChoiceField(choices=[(one.value, one.value) for one in Part])
    )
    steps = serializers.ListField(child=serializers.CharField())
    by = serializers.DateTimeField(allow_null=True)


class LineSerializer(serializers.Serializer[Any]):
    """The route as a line: one station is `here`, or it has `ended` in the status that is named."""

    stations = StationSerializer(many=True)
    ended = serializers.ChoiceField(choices=CallOff.Status.choices, allow_null=True)
    next = TurnSerializer()

    def to_representation(self, line: Line) -> dict[str, Any]:
        return {
            "stations": [
                {"status": one.status, "label": one.label, "place": one.place} for one in line.stations
            ],
            "ended": line.ended,
            "next": {"who": list(line.next.who), "steps": list(line.next.steps), "by": line.next.by},
        }


class ShortOfferSerializer(serializers.Serializer[Any]):
    """An offer, in short."""

    reference = serializers.CharField()
    supplier = serializers.CharField()
    status = serializers.ChoiceField(choices=Offer.Status.choices)
    price = Money()
    sent_at = serializers.DateTimeField()
    reply_by = serializers.DateTimeField()

    def to_representation(self, row: Offer) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "supplier": row.asked.appointment.supplier.reference,
            "status": row.status,
            "price": money(row.price_minor, row.currency),
            "sent_at": row.sent_at,
            "reply_by": row.reply_by,
        }


class ShortContractSerializer(serializers.Serializer[Any]):
    """A contract, in short."""

    reference = serializers.CharField()
    supplier = serializers.CharField()
    status = serializers.ChoiceField(choices=Contract.Status.choices)
    value = Money()

    def to_representation(self, row: Contract) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "supplier": row.appointment.supplier.reference,
            "status": row.status,
            "value": money(row.value_minor, row.currency),
        }


class LockedSerializer(serializers.Serializer[Any]):
    """The shortlist that it rests on, and which snapshot of it."""

    reference = serializers.CharField()
    snapshot = serializers.IntegerField(min_value=1)


class CallOffSummarySerializer(serializers.Serializer[Any]):
    """A call-off without its suppliers, prices and line. `ocid` names it in open data."""

    reference = serializers.CharField()
    ocid = serializers.CharField()
    title = serializers.CharField()
    route = serializers.ChoiceField(choices=CallOff.Route.choices)
    status = serializers.ChoiceField(choices=CallOff.Status.choices)
    organisation = Named()
    framework = NamedFramework()
    lot = NamedLot()
    requirement = serializers.CharField()
    shortlist = LockedSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: CallOff) -> dict[str, Any]:
        lot, framework, snapshot = row.lot, row.lot.framework, row.snapshot
        return {
            "reference": row.reference,
            "ocid": row.ocid,
            "title": row.title,
            "route": row.route,
            "status": row.status,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "framework": {
                "reference": framework.reference,
                "name": framework.name,
                "number": framework.number,
            },
            "lot": {"reference": lot.reference, "name": lot.name, "number": lot.number},
            "requirement": row.requirement.requirement.reference,
            "shortlist": {"reference": snapshot.shortlist.reference, "snapshot": snapshot.number}
            if snapshot
            else None,
            "created_at": row.created_at,
            "revision": row.revision,
        }


class CallOffSerializer(CallOffSummarySerializer):
    """A call-off. `requirement_revision` is the revision of the requirement that is bought; `greatest_total` the most
    that it may come to with any of its suppliers, options included; `blocking` the rules that keep it from going
    out, from its award or from its signature, and documents of a competition that is out which are told to nobody yet;
    `available_actions` what you may do with it now.
    """

    requirement_revision = serializers.IntegerField(min_value=1)
    terms = TermsSerializer()
    suppliers = AskedSerializer(many=True)
    greatest_total = Money(allow_null=True)
    approval = ApprovalSerializer()
    blocking = RuleFaultSerializer(many=True)
    line = LineSerializer()
    offers = ShortOfferSerializer(many=True)
    contract = ShortContractSerializer(allow_null=True)
    notices = NoticeSerializer(
        many=True, help_text="That the law asks of its contract, or will ask by what it may come to."
    )
    no_notices = serializers.CharField(allow_blank=True, help_text="Why none is asked for.")
    conflicts = serializers.CharField(allow_blank=True)
    ended_reason = serializers.CharField(allow_blank=True)
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: CallOff) -> dict[str, Any]:
        facts = facts_of(row, timezone.localdate())
        made_up = fictional_suppliers(one.appointment.supplier_id for one in facts.asked)
        return super().to_representation(row) | {
            "requirement_revision": row.requirement.number,
            "terms": terms_of(row).to_json(),
            "suppliers": [_asked(facts, one, made_up) for one in facts.asked],
            "greatest_total": money(facts.greatest),
            "approval": {
                "asked": facts.purchase.approval_asked,
                "approved_at": row.approved_at,
                "up_to": money(row.approved_minor),
                "sent_back": {
                    "reason": row.sent_back_reason,
                    "at": row.sent_back_at,
                    "by": row.sent_back_by,
                }
                if row.sent_back_at
                else None,
            },
            "blocking": [told(one) for one in facts.blocking],
            "line": LineSerializer(facts.line).data,
            "offers": ShortOfferSerializer(facts.offers, many=True).data,
            "contract": ShortContractSerializer(facts.contract).data if facts.contract else None,
            "notices": NoticeSerializer(facts.notices, many=True).data,
            "no_notices": facts.no_notices,
            "conflicts": row.conflicts,
            "ended_reason": row.ended_reason,
            "available_actions": facts.steps(self.context["actor"]),
        }


def told(fault: Fault) -> dict[str, str]:
    """A rule that is not kept, as it is shown."""
    return {"pointer": fault.pointer, "code": fault.code, "message": fault.message}


def draft_of(body: dict[str, Any], texts: dict[str, str | None]) -> CallOffDraft:
    """The draft that a body states; `texts` are its fields that were read as texts."""
    return CallOffDraft(
        title=body.get("title"),
        route=body.get("route"),
        requirement=texts["requirement"],
        shortlist=texts["shortlist"],
        terms=body.get("terms", {}),
        organisation=texts["organisation"],
    )


def _asked(facts: CallOffFacts, asked: CallOffSupplier, made_up: Collection[int]) -> dict[str, Any]:
    price = facts.prices.get(asked.pk, Priced(None, None))
    supplier = asked.appointment.supplier
    total = None if price.minor is None else terms_of(facts.call_off).total(price.minor)
    offer = next((one for one in facts.offers if one.asked_id == asked.pk), None)
    return {
        "position": asked.position,
        "supplier": {"reference": supplier.reference, "name": supplier.name},
        "fictional": supplier.pk in made_up,
        "partners": [
            {"reference": one.reference, "name": one.organisation.name}
            for one in sorted(asked.partners.all(), key=lambda one: one.reference)
        ],
        "price": money(price.minor),
        "total": money(total),
        "unpriced": [told(one) for one in price.faults],
        "offer": offer.reference if offer else None,
        "is_next": facts.found.is_next(asked),
        "passed_over": [told(one) for one in facts.found.passing(asked)],
    }

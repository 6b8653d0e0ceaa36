"""What was bought under frameworks, added up for those who answer for them: routes, grounds, buyers, months and
suppliers.

Totals alone: of a buyer how often, never what it needed or paid. The page /administration/spend shows the same numbers.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.parameters import reference
from api.schema import operation
from api.v1.shapes import FICTIONAL, FICTIONAL_SUPPLIER, Money, Named, NamedFramework, money
from api.views import ApiView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.models import CallOff
from procurement.permissions import Action
from procurement.querysets_administering import frameworks_of
from procurement.spending import MONTHS, MOST, AwardUse, Spending, spending
from procurement.terms import MECHANISMS
from procurement.vocabulary import BUYER_CLASSES
from search.parameters import Parameter


class RouteSpendingSerializer(serializers.Serializer[Any]):
    """Call-offs under a framework by one route: how many went out, what became of them, what contracts came to."""

    framework = NamedFramework()
    route = serializers.ChoiceField(choices=CallOff.Route.choices)
    went_out = serializers.IntegerField()
    going_on = serializers.IntegerField()
    contracted = serializers.IntegerField()
    ended_without = serializers.IntegerField()
    value = Money()


class _DirectAwardsSerializer(serializers.Serializer[Any]):
    """Direct awards: how many went out, how many are under contract, what contracts came to."""

    went_out = serializers.IntegerField()
    contracted = serializers.IntegerField()
    value = Money()


class GroundSpendingSerializer(_DirectAwardsSerializer):
    """Direct awards that rest on one ground."""

    mechanism = serializers.ChoiceField(
        choices=list(MECHANISMS.items()), allow_null=True, help_text="None: not recorded."
    )


class BodySpendingSerializer(_DirectAwardsSerializer):
    """Direct awards by bodies of one class."""

    buyer_class = serializers.ChoiceField(
        choices=list(BUYER_CLASSES.items()), allow_null=True, help_text="None: not recorded."
    )


class BuyerSpendingSerializer(serializers.Serializer[Any]):
    """How many contracts a buyer and its suppliers have signed, and how many of them came of a direct award; what they
    came to is not told.
    """

    organisation = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL)
    contracts = serializers.IntegerField()
    direct_awards = serializers.IntegerField()


class MonthSpendingSerializer(serializers.Serializer[Any]):
    """Contracts whose second signature fell into a month."""

    month = serializers.RegexField(r"^\d{4}-\d{2}$")
    contracts = serializers.IntegerField()
    value = Money()


class SupplierSpendingSerializer(serializers.Serializer[Any]):
    """Contracts of a supplier."""

    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    contracts = serializers.IntegerField()
    value = Money()


class SpendingSerializer(serializers.Serializer[Any]):
    """What was bought. Contracts that both sides have signed count, at their value without what options may add."""

    frameworks = serializers.ListField(child=serializers.CharField())
    value = Money()
    routes = RouteSpendingSerializer(many=True)
    grounds = GroundSpendingSerializer(many=True, help_text="Direct awards alone, the most frequent first.")
    buyer_classes = BodySpendingSerializer(
        many=True, help_text="Direct awards alone, the most frequent first."
    )
    buyers = BuyerSpendingSerializer(
        many=True, help_text=f"The {MOST} that have signed most direct awards, the most frequent first."
    )
    other_buyers = serializers.IntegerField(help_text="How many have signed direct awards beside these.")
    months = MonthSpendingSerializer(many=True, help_text=f"The last {MONTHS}, the current one the last.")
    suppliers = SupplierSpendingSerializer(many=True, help_text=f"The {MOST} with most.")
    other_suppliers = serializers.IntegerField(help_text="How many have contracts beside these.")


class SpendingView(ApiView):
    """What was bought."""

    varies = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        reference("framework", "Only under this framework, one of the own.", "rm6309"),
    )

    @operation(
        summary="What was bought",
        answer=SpendingSerializer,
        scope="frameworks:write",
        either="admin:write",
        headers=("validator",),
        problems=(403, 404),
        example='curl "http://127.0.0.1:8000/api/v1/spending/?framework=rm6309" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        """By route, month of signature and supplier, direct awards by ground, class of buyer and buyer: under the own
        frameworks of their owner, under all of them for an operator (with the scope `admin:write`). 404 for a
        framework of somebody else's.
        """
        actor = signed_in(request)
        asked = self.asked(request)
        require_somewhere(actor, Action.SEE_SPEND)
        frameworks = frameworks_of(actor, Action.SEE_SPEND)
        if "framework" in asked:
            frameworks = frameworks.filter(pk=one_of(frameworks, asked["framework"]).pk)
        rows = list(frameworks.order_by("reference").values_list("pk", "reference", "name"))
        found = spending([pk for pk, *_ in rows], timezone.localdate())
        return Response(_told(found, {reference: name for _, reference, name in rows}))


def _told(found: Spending, names: dict[str, str]) -> dict[str, Any]:
    def value(minor: int) -> dict[str, str] | None:
        return money(minor, found.currency)

    def awards(one: AwardUse) -> dict[str, Any]:
        return {"went_out": one.begun, "contracted": one.contracted, "value": value(one.minor)}

    return {
        "frameworks": list(names),
        "value": value(found.minor),
        "routes": [
            {
                "framework": {
                    "reference": one.reference, "name": names[one.reference], "number": one.framework,
                },
                "route": one.way,
                "went_out": one.begun,
                "going_on": one.going,
                "contracted": one.contracted,
                "ended_without": one.ended,
                "value": value(one.minor),
            }
            for one in found.routes
        ],
        "grounds": [{"mechanism": one.key or None, **awards(one)} for one in found.grounds],
        "buyer_classes": [{"buyer_class": one.key or None, **awards(one)} for one in found.bodies],
        "buyers": [
            {
                "organisation": {"reference": one.key, "name": one.label},
                "fictional": one.fictional,
                "contracts": one.contracts,
                "direct_awards": one.direct,
            }
            for one in found.buyers
        ],
        "other_buyers": found.other_buyers,
        "months": [
            {"month": one.key, "contracts": one.contracts, "value": value(one.minor)} for one in found.months
        ],
        "suppliers": [
            {
                "supplier": {"reference": one.key, "name": one.label},
                "fictional": one.fictional,
                "contracts": one.contracts,
                "value": value(one.minor),
            }
            for one in found.suppliers
        ],
        "other_suppliers": found.other_suppliers,
    }  # fmt: skip

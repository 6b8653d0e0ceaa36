"""Reads of what call-offs pay for outcomes: a plan is seen by its buyer and, once proposed, by the bodies that are to
pay and the social investor, whatever they are to the service, who do not see the call-off; a claim by the two sides of
its contract and by the bodies that pay.
"""

from __future__ import annotations

from typing import Self

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Sum

from procurement.models import Claim, Contract, OutcomeMeasure, OutcomePayment, OutcomePlan, Payer
from procurement.permissions import Action, Actor, can
from procurement.querysets_call_offs import ContractQuerySet, buying


class OutcomePlanQuerySet(QuerySet[OutcomePlan]):
    """Plans, newest first. A draft is its buyer's alone."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        own = taking_part(actor)
        pays = Exists(Payer.objects.filter(plan=OuterRef("pk"), organisation__in=own))
        asked = ~Q(status=OutcomePlan.Status.DRAFT) & (Q(pays) | Q(investor__in=own))
        return self.filter(Q(call_off__organisation__in=buying(actor)) | asked)

    def told(self) -> Self:
        """With call-off, buyer and investor."""
        return self.select_related("call_off__organisation", "investor")

    def whole(self) -> Self:
        """The same, with measures and payers; each payer with `paid`, in pence, null where it has paid nothing."""
        payers = Payer.objects.select_related("organisation").annotate(paid=Sum("payments__minor"))
        return self.told().prefetch_related(
            Prefetch("measures", OutcomeMeasure.objects.select_related("measure")),
            Prefetch("payers", payers.order_by("pk")),
        )


class ClaimQuerySet(QuerySet[Claim]):
    """Claims, newest first, of the contracts that the actor may see, and of the plans that it pays by."""

    def seen_by(self, actor: Actor) -> Self:
        if actor.system:
            return self
        contracts = ContractQuerySet(Contract).seen_by(actor).order_by()
        paying = Payer.objects.filter(plan=OuterRef("measure__plan"), organisation__in=taking_part(actor))
        return self.filter(Q(contract__in=contracts.values("pk")) | Exists(paying))

    def told(self) -> Self:
        """With contract, call-off, buyer, supplier and measure."""
        return self.select_related(
            "contract__call_off__organisation", "contract__appointment__supplier", "measure__measure"
        )

    def whole(self) -> Self:
        """The same, with its files and what each body has paid."""
        payments = OutcomePayment.objects.select_related("payer__organisation").order_by("pk")
        return self.told().prefetch_related("files", Prefetch("payments", payments))


def taking_part(actor: Actor) -> list[int]:
    """Organisations (primary keys) for which the actor sees the plans that they pay by, or invest in."""
    return [key for key in actor.organisations() if can(actor, Action.SEE_PLANS, key)]

"""Which part of a claim each body pays, read from the pots as they stand.

Journey: a claim that is verified names who may have to pay (actions/claims.py) -> each reads its part where that is
told (event_names.py), which the supplier never is -> paid, by the same arithmetic (procurement/outcomes.py's).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Sum
from django.utils import timezone

from procurement.models import Claim, OutcomePlan, Payer
from procurement.outcomes import split


def pot_left(payer: Payer, paid: int, on: date) -> int:
    """What a fund that has paid so much may still pay on that day, in pence; nothing before it opens and after it
    closes, nor where the payer is no fund.
    """
    if payer.pot_minor is None or payer.opens_on is None or payer.closes_on is None:
        return 0
    return max(0, payer.pot_minor - paid) if payer.opens_on <= on <= payer.closes_on else 0


def shares_of(claim: Claim, amount: int, on: date, turn: datetime | None = None) -> dict[str, int]:
    """What each body is to pay of an amount for a claim, in pence by its reference, as the pots stand on that day; with
    a `turn`, less what other claims take that were verified before it and are not paid. Two queries at most.
    """
    payers = _payers(claim.measure.plan)
    shares = {name: payer.share for name, (payer, _) in payers.items()}
    pots = {name: pot_left(payer, paid, on) for name, (payer, paid) in payers.items() if payer.pot_minor}
    if turn is not None and pots:
        before = Claim.objects.filter(
            measure__plan=claim.measure.plan_id, status=Claim.Status.VERIFIED, verified_at__lt=turn
        ).exclude(pk=claim.pk)
        for other in before.order_by("verified_at", "pk").values_list("amount_minor", flat=True):
            taken = split(other, shares, pots)
            pots = {name: left - taken[name] for name, left in pots.items()}
    return split(amount, shares, pots)


def may_pay(plan: OutcomePlan, on: date) -> list[str]:
    """The bodies, by reference, that may have to pay something of a claim on that day or later: whoever has no pot, and
    a fund that has not closed and is not spent, whether it is open yet or not (one query).
    """
    return sorted(
        name
        for name, (payer, paid) in _payers(plan).items()
        if payer.pot_minor is None
        or (payer.closes_on is not None and on <= payer.closes_on and paid < payer.pot_minor)
    )


def told_shares(claim: Claim, amount: int, verified_at: datetime) -> dict[str, int]:
    """The parts of a claim that was verified at that moment for so much, for those who pay: as they were paid, or as
    the pots stand. Three queries at most.
    """
    if claim.status == Claim.Status.PAID:
        return dict(claim.payments.values_list("payer__organisation__reference", "minor"))
    return shares_of(claim, amount, timezone.localdate(), verified_at)


def _payers(plan: OutcomePlan) -> dict[str, tuple[Payer, int]]:
    """By reference, each with what it has paid in pence."""
    rows = plan.payers.select_related("organisation").annotate(paid=Sum("payments__minor")).order_by("pk")
    return {one.organisation.reference: (one, one.paid or 0) for one in rows}

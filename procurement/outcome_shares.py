"""Which part of a claim each body pays, read from the pots as they stand.

Journey: a claim that is verified names who may have to pay (actions/claims.py) -> each reads its part where that is
told (event_names.py), which the supplier never is -> paid, by the same arithmetic (procurement/outcomes.py's).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q, Sum
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


def shares_of(claim: Claim, on: date) -> dict[str, int]:
    """What each body is to pay of a claim, in pence by its reference, as the pots stand on that day (one query)."""
    shares, pots = _shares_and_pots(_payers(claim.measure.plan), on)
    return split(claim.amount_minor, shares, pots)


def told_shares(claim: Claim, amount: int, at: datetime) -> dict[str, int]:
    """What each body was to pay of so much for a claim that was verified at that moment, in pence by its reference: as
    the pots stood then, less what other claims took that had been verified before and were not paid. The same whenever
    it is asked; two queries at most.
    """
    payers = _payers(claim.measure.plan, at)
    shares, pots = _shares_and_pots(payers, timezone.localdate(at))
    if pots:
        waited = Q(status=Claim.Status.VERIFIED) | Q(status=Claim.Status.PAID, paid_at__gte=at)
        others = Claim.objects.filter(waited, measure__plan=claim.measure.plan_id, verified_at__lt=at)
        others = others.exclude(pk=claim.pk).order_by("verified_at", "pk")
        for other in others.values_list("amount_minor", flat=True):
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


def _payers(plan: OutcomePlan, at: datetime | None = None) -> dict[str, tuple[Payer, int]]:
    """By reference, each with what it has paid in pence, or had paid at that moment."""
    until = None if at is None else Q(payments__paid_at__lt=at)
    rows = plan.payers.select_related("organisation").annotate(paid=Sum("payments__minor", filter=until))
    return {one.organisation.reference: (one, one.paid or 0) for one in rows.order_by("pk")}


def _shares_and_pots(payers: dict[str, tuple[Payer, int]], on: date) -> tuple[dict[str, int], dict[str, int]]:
    shares = {name: payer.share for name, (payer, _) in payers.items()}
    pots = {name: pot_left(payer, paid, on) for name, (payer, paid) in payers.items() if payer.pot_minor}
    return shares, pots

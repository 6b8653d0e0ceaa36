"""What of a call-off and its contract decides which notices are asked for, read from its rows (public_notices.py).

One query for a contract that comes with its call-off: what was published of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from procurement.models import CallOff, Contract, Intention, PublicNotice
from procurement.order_form import content_of
from procurement.public_notices import (
    DueNotice,
    NoticeFacts,
    Published,
    Taken,
    notices,
    of_award,
    with_vat,
)
from procurement.team_price import vat_rate


def contract_notices(contract: Contract, on: date) -> tuple[DueNotice, ...]:
    """The notices of a contract, which comes with call-off, buyer, requirement, lot and framework; one query, none of
    one that is about to be saved.
    """
    rows = PublicNotice.objects.filter(contract=contract) if contract.pk else ()
    kept = {row.key: Published(row.number, row.published_on, row.reminded_at is not None) for row in rows}
    return notices(contract_facts(contract), kept, on)


def next_look(contract: Contract, on: date) -> date | None:
    """The day on which the clock is to look at the contract's notices again, None where no reminder is to come."""
    days = [one.remind_on for one in contract_notices(contract, on) if one.remind_on is not None]
    return min(days, default=None)


def intention_of(call_off: CallOff) -> Intention | None:
    """The intention to award that stands, told or awarded since; None where there is none (one query)."""
    return Intention.objects.filter(competition__call_off=call_off, ended_at=None).first()


def intended_notices(
    call_off: CallOff, intention: Intention, greatest: int, on: date
) -> tuple[DueNotice, ...]:
    """The notices of a call-off whose intention to award was told and that may come to `greatest` pence without VAT:
    that of the award may be published from now on.
    """
    facts = replace(call_off_facts(call_off, greatest), intended_on=intention.told_on)
    found = notices(facts, {}, on)
    if (first := of_award(found)) is None:
        return found
    return notices(facts, {first.key: Published(intention.number, intention.published_on)}, on)


def contract_facts(contract: Contract) -> NoticeFacts:
    """The facts of a contract as it now is; one without a reference is not awarded yet."""
    both = contract.buyer_signed_at and contract.supplier_signed_at
    entered = max(contract.buyer_signed_at, contract.supplier_signed_at) if both else None  # type: ignore[type-var]
    facts = call_off_facts(contract.call_off, contract.maximum_minor)
    awarded = timezone.localdate(contract.created_at) if contract.reference else None
    if entered is None and contract.status == Contract.Status.TERMINATED:
        # Void: it was awarded and taken back, and nothing is told of it any more.
        return _of(facts, None, None, contract)
    return _of(facts, awarded, entered, contract)


def call_off_facts(call_off: CallOff, greatest: int) -> NoticeFacts:
    """The facts of a call-off that may come to `greatest` pence without VAT, before it is awarded."""
    began = timezone.localdate(call_off.created_at)
    return NoticeFacts(
        regime=call_off.lot.framework.regime,
        buyer_class=call_off.organisation.buyer_class,
        nation=call_off.organisation.nation,
        light_touch=call_off.lot.light_touch,
        value=with_vat(greatest, vat_rate(began)),
        began_on=began,
    )


def _of(
    facts: NoticeFacts, awarded: date | None, entered: datetime | None, contract: Contract
) -> NoticeFacts:
    # Who says after its last day that the work is done moves that day no more than who says nothing.
    return NoticeFacts(
        regime=facts.regime,
        buyer_class=facts.buyer_class,
        nation=facts.nation,
        light_touch=facts.light_touch,
        value=facts.value,
        began_on=facts.began_on,
        awarded_on=awarded,
        entered_on=timezone.localdate(entered) if entered else None,
        ends_on=contract.ends_on,
        ended_on=min(contract.ended_on, contract.ends_on) if entered and contract.ended_on else None,
        taken=tuple(_taken(contract)),
        no_indicators=bool(contract.no_indicators),
    )


def _taken(contract: Contract) -> list[tuple[int, Taken]]:
    """Options taken on a day that is known and the one that can be taken next, with their shares of the whole value and
    the longest term.
    """
    first = content_of(contract.call_off).months or 0
    longest = first + sum(one["months"] for one in contract.options)
    found = []
    for number, one in enumerate(contract.options[: contract.taken + 1], start=1):
        coming = number > contract.taken
        if coming or "taken_on" in one:
            day = None if coming else date.fromisoformat(one["taken_on"])
            value, term = _share(one["minor"], contract.maximum_minor), _share(one["months"], longest)
            found.append((number, Taken(day, value, term)))
    return found


def _share(part: int, whole: int) -> Decimal:
    return Decimal(100 * part) / whole if whole else Decimal(0)

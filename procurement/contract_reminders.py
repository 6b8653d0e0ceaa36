"""Of what a contract reminds its parties: a signature that is missing, an option's last day, its own end; each once.

Journey: an award or a step of a contract (actions/contracts.py) -> `next_reminder` says when the clock looks next ->
actions/due.py -> actions/contract_reminders.py -> one event for each. Days are days in Europe/London. A row
(ContractReminder) stands only for what was reminded of; where an option moves the end, its new day is reminded of anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from django.utils import timezone

from procurement.deadlines import after_working_days
from procurement.models import Contract, ContractReminder

SIGN_DAYS: Final = 5
"""Whole working days after the award, on the next of which whoever has not signed is reminded."""
Status = Contract.Status
LIVE: Final = (Status.ACTIVE, Status.EXTENDED)


class Kind(StrEnum):
    """What a reminder is of."""

    SIGNATURE = "signature"
    OPTION = "option"
    END = "end"


AHEAD: Final = {Kind.OPTION: 60, Kind.END: 30}
"""So many days before the last one, or half-way through the term where that comes later."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that is to come: the day `of` what it is about (an award, a last day), `on` which it is due."""

    kind: Kind
    of: date
    on: date


def to_come(contract: Contract, on: date) -> list[Reminder]:
    """Those that were not given yet and have not come too late, of a contract with its call-off and buyer; one query,
    none of one that is about to be saved.
    """
    rows = ContractReminder.objects.filter(contract=contract) if contract.pk else ()
    given = {(row.kind, row.of) for row in rows}
    return [one for one in _reminders(contract, on) if (one.kind, one.of) not in given]


def next_reminder(contract: Contract, on: date) -> date | None:
    """The day on which the clock is to look at the contract again, None where nothing is to be reminded of."""
    return min((one.on for one in to_come(contract, on)), default=None)


def _reminders(contract: Contract, on: date) -> Iterator[Reminder]:
    if contract.status == Status.UNSIGNED:
        waited = after_working_days(contract.created_at, SIGN_DAYS, contract.call_off.organisation.nation)
        yield Reminder(Kind.SIGNATURE, timezone.localdate(contract.created_at), timezone.localdate(waited))
    if contract.status not in LIVE or on > contract.ends_on:
        return
    term = contract.ends_on - contract.starts_on
    for kind, days in AHEAD.items():
        if kind == Kind.END or contract.taken < len(contract.options):
            due = max(contract.ends_on - timedelta(days=days), contract.starts_on + term / 2)
            yield Reminder(kind, contract.ends_on, due)

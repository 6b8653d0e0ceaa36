"""The clock reminds of a contract: who has not signed it, the last day of an option, its end; each once.

Journey: actions/due.py finds what is due -> here, again under the call-off's lock -> an event for each -> the inboxes
and e-mail of whoever may still act.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.contracts import contract_happening, locked_contract
from procurement.actions.events import record_many
from procurement.contract_reminders import Kind, Reminder, next_reminder, to_come
from procurement.models import Contract, ContractReminder
from procurement.permissions import SYSTEM


def remind_contract(reference: str, now: datetime) -> int:
    """Gives the reminders of a contract that are due; how many. Nothing where they were given, or it was signed,
    extended or ended meanwhile.
    """
    with transaction.atomic():
        contract = locked_contract(SYSTEM, reference, None)
        on = timezone.localdate(now)
        due = [one for one in to_come(contract, on) if one.on <= on]
        for one in due:
            ContractReminder.objects.create(contract=contract, kind=one.kind, of=one.of, reminded_at=now)
        contract.remind_on = next_reminder(contract, on)
        contract.save(update_fields=["remind_on"])
        record_many(
            SYSTEM,
            [
                contract_happening(contract, f"contract.{one.kind}_reminded", _told(contract, one))
                for one in due
            ],
        )
    return len(due)


def _told(contract: Contract, reminder: Reminder) -> dict[str, Any]:
    if reminder.kind == Kind.SIGNATURE:
        sides = {"buyer": contract.buyer_signed_at, "supplier": contract.supplier_signed_at}
        return {"unsigned": [side for side, signed in sides.items() if signed is None]}
    if reminder.kind == Kind.OPTION:
        return {"ends_on": reminder.of.isoformat(), "months": contract.options[contract.taken]["months"]}
    return {"ends_on": reminder.of.isoformat()}

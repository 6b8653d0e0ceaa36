"""Notices of a contract: the buyer keeps that one was published, the clock reminds of one that is close.

Journey: a step of a contract (actions/contracts.py) -> `next_look` says when the clock looks next -> actions/due.py ->
`remind_notices` -> one event for each -> POST /api/v1/contracts/{reference}/notices/{notice}/publish/ -> here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.contracts import contract_happening, contract_step, locked_contract
from procurement.actions.events import record, record_many
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.indicators import indicators_of, unassessed
from procurement.models import Contract, PublicNotice
from procurement.notice_facts import contract_notices, intention_of, next_look
from procurement.permissions import SYSTEM, Actor
from procurement.profiles import Reader
from procurement.public_notices import DueNotice, Status, of_award

NUMBER_LENGTH: Final = 60


def publish_notice(
    actor: Actor, reference: str, revision: int, key: str, number: object, published_on: object
) -> Contract:
    """Keeps that the notice was published: its `number` where it stands (1 to 60 characters) and the day (YYYY-MM-DD,
    not ahead, nor before the award; that of the award not before the intention to award where one was told). Said
    again, it corrects what was kept.

    Raises NotFound where no such notice is asked for, NotPermitted, Stale; Conflict where its time has not come (a
    change is told of before its option is taken), or it tells of performance that was not assessed (indicators.py);
    Invalid at /number and /published_on.
    """
    with transaction.atomic():
        contract = locked_contract(actor, reference, revision)
        step = contract_step(actor, contract, "publish_notice")
        today = timezone.localdate()
        notice = notice_of(contract, key, today)
        if notice.status == Status.AHEAD and not notice.open:
            raise Conflict("Its time has not come: nothing is to be published yet.")
        if why := unassessed(notice, indicators_of(contract)):
            raise Conflict(why)
        faults: list[Fault] = []
        told = Reader("/number", faults).text(number, NUMBER_LENGTH, required=True)
        day = _day(Reader("/published_on", faults), published_on, contract, notice, today)
        if faults or day is None:
            raise Invalid("The publication cannot be kept as it is.", tuple(faults))
        PublicNotice.objects.update_or_create(
            contract=contract,
            key=key,
            defaults={
                "number": told,
                "published_on": day,
                "actor": actor.reference,
                "recorded_at": timezone.now(),
            },
        )
        contract.revision += 1
        contract.notice_on = next_look(contract, today)
        contract.save(update_fields=["revision", "notice_on"])
        said = {"notice": key, "number": told, "published_on": day.isoformat()}
        record(actor, contract_happening(contract, step.event, said))
    return contract


def remind_notices(reference: str, now: datetime) -> int:
    """Reminds the buyer, once each, of the notices of a contract that are close or late; how many. Nothing where they
    were published or told of meanwhile.
    """
    with transaction.atomic():
        contract = locked_contract(SYSTEM, reference, None)
        on = timezone.localdate(now)
        close = [
            one
            for one in contract_notices(contract, on)
            if one.remind_on is not None and one.remind_on <= on and one.status != Status.PUBLISHED
        ]
        for one in close:
            PublicNotice.objects.update_or_create(
                contract=contract, key=one.key, defaults={"reminded_at": now}
            )
        contract.notice_on = next_look(contract, on)
        contract.save(update_fields=["notice_on"])
        record_many(
            SYSTEM,
            [
                contract_happening(
                    contract,
                    "contract.notice_reminded",
                    {
                        "notice": one.key,
                        "name": one.rule.name,
                        "due_on": one.due_on.isoformat() if one.due_on else None,
                    },
                )
                for one in close
            ],
        )
    return len(close)


def notice_of(contract: Contract, key: str, on: date) -> DueNotice:
    """The contract's notice of that key. Raises NotFound."""
    found = next((one for one in contract_notices(contract, on) if one.key == key), None)
    if found is None:
        raise NotFound(f"No notice {key} is asked of {contract.reference}.")
    return found


def published_day(
    reader: Reader, value: object, since: date, today: date, before: tuple[str, str]
) -> date | None:
    """The day of a publication (YYYY-MM-DD): from `since` to today, with `before` as code and message of one that is
    earlier; None where it is wrong, which the reader says.
    """
    day = reader.day(reader.text(value, 10, required=True))
    if day is None:
        return None
    if day > today:
        reader.wrong("future", "It is ahead: say it once it was published.")
    elif day < since:
        reader.wrong(*before)
    return day


def before_intention(told_on: date) -> tuple[str, str]:
    """Code and message of a publication before the intention to award was told."""
    return "before_intention", f"The intention to award was told on {told_on}: nothing was published before."


def _day(reader: Reader, value: object, contract: Contract, notice: DueNotice, today: date) -> date | None:
    awarded = timezone.localdate(contract.created_at)
    since = awarded
    before = "before_award", f"The contract was awarded on {awarded}: nothing was published before."
    if of_award([notice]) and (intention := intention_of(contract.call_off)) is not None:
        since, before = intention.told_on, before_intention(intention.told_on)
    return published_day(reader, value, since, today, before)

"""The contract award notice from the intention to award on: drafted, kept once it was published, and taken over by the
contract.

Journey: actions/competition_awards.py tells the intention -> POST
/api/v1/call-offs/{reference}/notices/{notice}/publish/ -> here: a standstill that waits for the notice runs from the
day on which it was published (Procurement Act 2023, section 51) -> the award. Taken back with the intention or the
award (tender_outcomes.py) what was published stays, and the next intention has a notice of its own.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import locked_call_off, move, permitted
from procurement.actions.closing import planned_of
from procurement.actions.public_notices import NUMBER_LENGTH, before_intention, published_day
from procurement.awarded import as_awarded
from procurement.deadlines import midnight, standstill_end
from procurement.errors import Fault, Invalid, NotFound
from procurement.invitation_document import instant
from procurement.models import CallOff, Competition, Contract, Intention, PublicNotice
from procurement.notice_facts import intended_notices, intention_of, next_look
from procurement.permissions import Actor
from procurement.profiles import Reader
from procurement.public_notices import DueNotice, of_award
from procurement.ranked_first import First, ranked_first
from procurement.sealing import require_part


def publish_intended(
    actor: Actor, reference: str, revision: int, key: str, number: object, published_on: object
) -> CallOff:
    """Keeps that the contract award notice was published: its `number` where it stands (1 to 60 characters) and the
    day (YYYY-MM-DD, from that of the intention to today). Said again, it corrects what was kept. A standstill that was
    promised ends by that day from now on, unless it was counted from the letters.

    Raises NotFound where no such notice is asked for; NotPermitted, Stale; Conflict unless an intention waits for its
    award; Invalid at /number and /published_on.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "publish_notice")
        competition = planned_of(call_off)
        today = timezone.localdate()
        intention, _, notice = _intended(call_off, key, today)
        faults: list[Fault] = []
        told = Reader("/number", faults).text(number, NUMBER_LENGTH, required=True)
        since, before = intention.told_on, before_intention(intention.told_on)
        day = published_day(Reader("/published_on", faults), published_on, since, today, before)
        if faults or day is None:
            raise Invalid("The publication cannot be kept as it is.", tuple(faults))
        if competition.standstill:
            _count(competition, intention.published_on, day)
        intention.number, intention.published_on = told, day
        intention.actor, intention.recorded_at = actor.reference, timezone.now()
        intention.save(update_fields=["number", "published_on", "actor", "recorded_at"])
        said = {
            "notice": notice.key,
            "number": told,
            "published_on": day.isoformat(),
            "standstill_until": instant(competition.standstill_until),
        }
        move(actor, call_off, "publish_notice", said)
    return call_off


def intended_contract(actor: Actor, call_off: CallOff, key: str, on: date) -> tuple[Contract, DueNotice]:
    """The contract with the tender that ranks first, not awarded yet, and its contract award notice, for a draft
    (notice_draft.py). Raises NotPermitted for whoever does not take part: until it is published it tells of a tender
    what the ranking tells. Raises NotFound where no intention waits for its award, or no such notice is asked for.
    """
    require_part(actor, call_off)
    _, first, notice = _intended(call_off, key, on)
    return as_awarded(call_off, first.asked, first.work, first.terms), notice


def waits_for_notice(call_off: CallOff, intention: Intention, first: First) -> bool:
    """Whether a standstill counts from the publication of a notice: where the law asks for one before the contract."""
    return of_award(intended_notices(call_off, intention, first.total, intention.told_on)) is not None


def take_over(contract: Contract, first: First) -> None:
    """The contract that was just awarded to the first has the notice of the intention that came before, where it was
    published.
    """
    intention = intention_of(contract.call_off)
    if intention is None or intention.published_on is None:
        return
    today = timezone.localdate()
    notice = of_award(intended_notices(contract.call_off, intention, first.total, today))
    if notice is None:
        return
    PublicNotice.objects.create(
        contract=contract,
        key=notice.key,
        number=intention.number,
        published_on=intention.published_on,
        actor=intention.actor,
        recorded_at=intention.recorded_at,
    )
    contract.notice_on = next_look(contract, today)
    contract.save(update_fields=["notice_on"])


def _intended(call_off: CallOff, key: str, on: date) -> tuple[Intention, First, DueNotice]:
    waits = call_off.status == CallOff.Status.INTENTION
    intention, first = (intention_of(call_off), ranked_first(call_off)) if waits else (None, None)
    if intention is not None and first is not None:
        notice = of_award(intended_notices(call_off, intention, first.total, on))
        if notice is not None and notice.key == key:
            return intention, first, notice
    raise NotFound(f"No notice {key} is asked of {call_off.reference} before its award.")


def _count(competition: Competition, before: date | None, day: date) -> None:
    """The standstill ends by the day of publication, once it is known and where that is corrected. One that ran before
    there was any was counted from the letters, which told its end, and keeps it.
    """
    nation = competition.call_off.organisation.nation
    ends = {
        one: standstill_end(midnight(one), act_of_2023=True, nation=nation) for one in (before, day) if one
    }
    counted = ends[before] if before else None
    if competition.standstill_until != counted or ends[day] == counted:
        return
    competition.standstill_until, competition.standstill_ended_at = ends[day], None
    competition.save(update_fields=["standstill_until", "standstill_ended_at"])

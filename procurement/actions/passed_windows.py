"""What a buyer waits for has passed, and it is told so: a standstill, and the time to explain a low price.

Journey: actions/due.py finds what is due -> here, again under the call-off's lock -> an event -> the buyer's inbox and
e-mail. Neither moves anything: the award, and what becomes of the tender, are the buyer's word.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening as of_call_off
from procurement.actions.call_offs import locked_call_off
from procurement.actions.competitions import planned
from procurement.actions.events import record
from procurement.actions.tenders import happening, locked_tender
from procurement.call_off_facts import facts_of
from procurement.competition_checks import missing_scores
from procurement.invitation_document import instant
from procurement.models import CallOff, LowPriceQuestion, Tender
from procurement.permissions import SYSTEM


def end_standstill(reference: str, now: datetime) -> bool:
    """Tells the buyer once that a standstill has ended, and whether something else blocks the award; False where
    nothing is due any more. `reference` is the call-off's.
    """
    with transaction.atomic():
        call_off = locked_call_off(SYSTEM, reference, None)
        competition = planned(call_off)
        until = competition.standstill_until
        if call_off.status != CallOff.Status.INTENTION or competition.standstill_ended_at is not None:
            return False
        if until is None or until > now:
            return False
        competition.standstill_ended_at = now
        competition.save(update_fields=["standstill_ended_at"])
        facts = facts_of(call_off, timezone.localdate(now))
        blocked = bool(facts.blocking or facts.purchase.unranked or facts.purchase.low_unsettled)
        told = {"standstill_until": instant(until), "blocked": blocked}
        record(SYSTEM, of_call_off(call_off, "call_off.standstill_ended", told))
    return True


def lapse_question(reference: str, now: datetime) -> bool:
    """Tells the buyer once that the time to explain a low price has passed without an answer; one is still taken until
    the buyer decides. False where it was answered or decided meanwhile, and while nothing is to be decided on it: its
    price does not look low as the tenders are ranked, or scores count no longer. `reference` is the tender's.
    """
    with transaction.atomic():
        tender = locked_tender(SYSTEM, reference, None)
        asked = LowPriceQuestion.objects.select_for_update().filter(tender=tender).first()
        if asked is None or asked.answer_by > now or asked.lapsed_at is not None:
            return False
        if (
            asked.answered_at is not None
            or asked.accepted is not None
            or tender.status != Tender.Status.SUBMITTED
        ):
            return False
        low = (tender.competition.ranking or {}).get("low", {})
        if tender.reference not in low or missing_scores(tender.competition):
            return False
        asked.lapsed_at = now
        asked.save(update_fields=["lapsed_at"])
        record(SYSTEM, happening(tender, "tender.price_unanswered", {"answer_by": instant(asked.answer_by)}))
    return True

"""Who has not submitted a tender is reminded before the deadline: once, and again where it moves or all are to confirm.

Journey: actions/due.py finds what is due -> here, again under the call-off's lock -> an event for each -> the lead's
inbox and e-mail. The buyer hears nothing of it: whether a tender exists is sealed.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from procurement.actions.call_offs import locked_call_off
from procurement.actions.closing import tenders_of
from procurement.actions.competitions import planned
from procurement.actions.events import record_many
from procurement.actions.tenders import happening
from procurement.invitation_document import instant
from procurement.models import CallOff, Tender
from procurement.permissions import SYSTEM

WAITED_FOR = (Tender.Status.INVITED, Tender.Status.VIEWED, Tender.Status.DRAFT)


def remind_tenders(reference: str, now: datetime) -> int:
    """Reminds whoever has neither submitted nor declined, and whoever has not answered to the last material
    amendment; how many. Nothing where the competition is closed, or they were reminded meanwhile.
    """
    with transaction.atomic():
        call_off = locked_call_off(SYSTEM, reference, None)
        competition = planned(call_off)
        deadline, at = competition.deadline, competition.remind_at
        ahead = call_off.status == CallOff.Status.OUT and deadline is not None and now < deadline
        if not ahead or competition.reminded_at is not None or at is None or at > now:
            return 0
        competition.reminded_at = now
        competition.save(update_fields=["reminded_at"])
        told = []
        for tender in tenders_of(competition):
            unconfirmed = tender.status == Tender.Status.SUBMITTED and tender.confirmed < competition.material
            if tender.status in WAITED_FOR or unconfirmed:
                tender.competition = competition
                told.append(happening(tender, "tender.reminded", {"deadline": instant(deadline)}))
        record_many(SYSTEM, told)
    return len(told)

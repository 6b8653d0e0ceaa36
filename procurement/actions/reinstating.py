"""A tender that was disqualified, or said not to sign, by mistake takes part again, before any outcome rests on its
absence.

Journey: POST /api/v1/tenders/{reference}/reinstate/ -> here -> a letter to the tenderer -> ranked anew at once, or
evaluated again first where its scores are missing (actions/ranking.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import reason_of
from procurement.actions.events import record_many
from procurement.actions.leaving import told_of_return
from procurement.actions.ranking import explained_by, rank_tenders
from procurement.actions.tender_outcomes import letter_of
from procurement.actions.tenders import locked_tender, moved, step_of
from procurement.available import EVALUATED_IN
from procurement.competition_checks import missing_scores, require_deciding
from procurement.errors import Conflict
from procurement.invitation_document import instant
from procurement.models import CallOff, LowPriceQuestion, Tender
from procurement.permissions import Actor


def reinstate(actor: Actor, reference: str, revision: int, reason: object) -> Tender:
    """A tender that was disqualified or not signed takes part again, for a reason that a letter tells it. What was
    asked about a low price is open again: one that was not explained is to be within as many days as at first, which
    the letter says (`answer_by`). Where the tenders were ranked they are ranked anew with it; where scores of it are
    missing, or others count no longer, they are evaluated again first, as nothing is told or awarded before.
    `reference` is the tender's.

    Raises NotFound, NotPermitted, Stale; Conflict unless the tenders are being evaluated or are ranked with nothing
    told, and for one that answers to an earlier amendment only; Invalid at /reason.
    """
    with transaction.atomic():
        tender = locked_tender(actor, reference, revision)
        step = step_of(actor, tender, "reinstate")
        competition = tender.competition
        require_deciding(competition.call_off, actor)
        if tender.confirmed < competition.material:
            raise Conflict("It does not answer to the last amendment: it cannot take part again.")
        if competition.call_off.status not in EVALUATED_IN:
            raise Conflict(
                "A tender takes part again only while tenders are evaluated and no outcome is told."
            )
        why = reason_of(reason, "The tender was not reinstated.")
        until = _asked_again(tender)
        answer_by: dict[str, Any] = {} if until is None else {"answer_by": instant(until)}
        tender.ground = tender.reason = ""
        letter = letter_of(tender, {"outcome": "reinstated", "reason": why, **answer_by})
        said = {"reason": why, "letter": letter.reference, "digest": letter.digest, **answer_by}
        told = moved(tender, step, said, "ground", "reason")
        if competition.call_off.status == CallOff.Status.EVALUATED and not missing_scores(competition):
            rank_tenders(competition)
            competition.save(update_fields=["ranking"])
        record_many(actor, [told, *told_of_return(tender)])
    return tender


def _asked_again(tender: Tender) -> datetime | None:
    """What was asked about its price is open again, unless the answer was taken. By when it is to be explained, None
    where it is already, or nothing was asked.
    """
    asked = LowPriceQuestion.objects.filter(tender=tender).first()
    if asked is None or asked.accepted:
        return None
    asked.accepted = asked.decided_at = None
    if asked.answered_at is None:
        # While it was out nothing could be explained: what was left of the time would be lost.
        asked.answer_by, asked.lapsed_at = explained_by(tender, timezone.now()), None
    asked.save(update_fields=["accepted", "decided_at", "answer_by", "lapsed_at"])
    return asked.answer_by if asked.answered_at is None else None

"""A tender that was disqualified, or said not to sign, by mistake takes part again, before any outcome rests on its
absence.

Journey: POST /api/v1/tenders/{reference}/reinstate/ -> here -> a letter to the tenderer -> ranked anew at once, or
evaluated again first where its scores are missing (actions/ranking.py).
"""

from __future__ import annotations

from django.db import transaction

from procurement.actions.call_offs import reason_of
from procurement.actions.events import record
from procurement.actions.ranking import rank_tenders
from procurement.actions.tender_outcomes import letter_of
from procurement.actions.tenders import locked_tender, moved, step_of
from procurement.available import EVALUATED_IN
from procurement.competition_checks import missing_scores
from procurement.errors import Conflict
from procurement.models import CallOff, LowPriceQuestion, Tender
from procurement.permissions import Actor


def reinstate(actor: Actor, reference: str, revision: int, reason: object) -> Tender:
    """A tender that was disqualified or not signed takes part again, for a reason that a letter tells it. What was
    asked about a low price is open again. Where the tenders were ranked they are ranked anew with it; where scores of
    it are missing, or others count no longer, they are evaluated again first, as nothing is told or awarded before.
    `reference` is the tender's.

    Raises NotFound, NotPermitted, Stale; Conflict unless the tenders are being evaluated or are ranked with nothing
    told, and for one that answers to an earlier amendment only; Invalid at /reason.
    """
    with transaction.atomic():
        tender = locked_tender(actor, reference, revision)
        step = step_of(actor, tender, "reinstate")
        competition = tender.competition
        if tender.confirmed < competition.material:
            raise Conflict("It does not answer to the last amendment: it cannot take part again.")
        if competition.call_off.status not in EVALUATED_IN:
            raise Conflict(
                "A tender takes part again only while tenders are evaluated and no outcome is told."
            )
        why = reason_of(reason, "The tender was not reinstated.")
        LowPriceQuestion.objects.filter(tender=tender, accepted=False).update(accepted=None, decided_at=None)
        tender.ground = tender.reason = ""
        letter = letter_of(tender, {"outcome": "reinstated", "reason": why})
        said = {"reason": why, "letter": letter.reference, "digest": letter.digest}
        told = moved(tender, step, said, "ground", "reason")
        if competition.call_off.status == CallOff.Status.EVALUATED and not missing_scores(competition):
            rank_tenders(competition)
            competition.save(update_fields=["ranking"])
        record(actor, told)
    return tender

"""What is read of one tender to say what may be done with it, and of its competition to everybody that is asked.

For the detail of the API and of the pages. Nothing here decides; actions ask the rules again.
"""

from __future__ import annotations

from django.utils import timezone

from procurement.available import EVALUATED_IN, Tendering, tender_steps
from procurement.competition_checks import conflict_declared, missing_scores
from procurement.models import CallOff, LowPriceQuestion, Tender
from procurement.parts import tender_parts
from procurement.permissions import Actor
from procurement.states import Part

SCORING = frozenset({Part.ASSESSOR, Part.MODERATOR})
DECIDING = SCORING | {Part.OWNER}
"""Parts that take steps with an opened tender, which a conflict of interest bars."""


def asked_about(tender: Tender) -> LowPriceQuestion | None:
    """What was asked about the tender's price, None where nothing was; one query for this instance, however often."""
    asked: LowPriceQuestion | None = getattr(tender, "low_price", None)
    return asked


def steps_of(actor: Actor, tender: Tender, parts: frozenset[Part] | None = None) -> list[str]:
    """What the actor may do with the tender now, by their `parts` in it (None: they are read); at most six queries, ten
    for the owner once the tenders are ranked.
    """
    parts = tender_parts(actor, tender) if parts is None else parts
    competition = tender.competition
    status = competition.call_off.status
    ahead = competition.deadline is not None and timezone.now() < competition.deadline
    conflict = None
    if competition.opened_at is not None and status in EVALUATED_IN and not DECIDING.isdisjoint(parts):
        conflict = conflict_declared(competition.call_off, actor)
    question = asked_about(tender) if competition.opened_at is not None else None
    tendering = Tendering(
        status=tender.status,
        call_off=status,
        open=status == CallOff.Status.OUT and ahead,
        confirmed=tender.confirmed >= competition.material,
        opened=competition.opened_at is not None,
        uncounted=status == CallOff.Status.EVALUATED
        and Part.OWNER in parts
        and bool(missing_scores(competition)),
        declared=conflict is False,
        conflicted=conflict is True,
        low=tender.reference in (competition.ranking or {}).get("low", {}),
        asked=question is not None,
        answered=question is not None and question.answered_at is not None,
        decided=question is not None and question.accepted is not None,
    )
    return tender_steps(tendering, parts)

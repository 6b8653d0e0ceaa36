"""A competition closes by the clock alone, and its tenders are opened afterwards.

Journey: actions/due.py finds what is past its deadline -> here, again under the call-off's lock, which a submission
takes first as well: what was submitted before counts, what comes after is refused, nothing is in between.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from procurement.actions.call_offs import locked_call_off, move
from procurement.actions.competitions import planned
from procurement.actions.events import Happening
from procurement.actions.tenders import moved
from procurement.errors import Conflict
from procurement.models import CallOff, CallOffPerson, Competition, Tender
from procurement.permissions import SYSTEM, Actor
from procurement.states import CALL_OFFS, TENDERS

NONE_SUBMITTED = "No tender was submitted by the deadline."
NOT_CONFIRMED = "not_confirmed"
SCORING: Final = (CallOffPerson.Part.ASSESSOR, CallOffPerson.Part.MODERATOR)


def close_competition(reference: str, now: datetime) -> bool:
    """Closes a competition whose deadline has passed: a tender that does not answer to the last material amendment
    takes part no longer, and where none is left the call-off is unsuccessful. False where nothing is due any more.
    """
    with transaction.atomic():
        call_off = locked_call_off(SYSTEM, reference, None)
        competition = planned(call_off)
        due = competition.deadline is not None and competition.deadline <= now
        if not due or CALL_OFFS.step("close", call_off.status, call_off.route) is None:
            return False
        competition.closed_at = now
        competition.save(update_fields=["closed_at"])
        told: list[Happening] = []
        standing = 0
        for tender in tenders_of(competition).filter(status=Tender.Status.SUBMITTED):
            tender.competition = competition
            if tender.confirmed >= competition.material:
                standing += 1
                continue
            step = TENDERS.step("disqualify", tender.status)
            assert step is not None
            tender.ground = NOT_CONFIRMED
            tender.reason = f"Neither confirmed nor submitted anew after amendment {competition.material}."
            said = {"ground": tender.ground, "reason": tender.reason}
            told.append(moved(tender, step, said, "ground", "reason"))
        if standing:
            move(SYSTEM, call_off, "close", {"tenders": standing}, also=told)
        else:
            call_off.ended_reason = NONE_SUBMITTED
            move(SYSTEM, call_off, "fail", {"reason": NONE_SUBMITTED}, "ended_reason", also=told)
    return True


def open_tenders(actor: Actor, reference: str, revision: int) -> CallOff:
    """The owner opens the tenders: what answers the criteria may be read from now on, prices when all is agreed.

    Raises NotFound, NotPermitted, Stale, Conflict before the deadline has closed it.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        competition = planned_of(call_off)
        competition.opened_at = timezone.now()
        people = call_off.people.filter(part__in=SCORING).values_list("user__reference", flat=True)
        move(actor, call_off, "open_tenders", {}, user=sorted(set(people)))
        competition.save(update_fields=["opened_at"])
    return call_off


def planned_of(call_off: CallOff) -> Competition:
    """The call-off's competition, locked. Raises Conflict on a direct award."""
    if call_off.route != CallOff.Route.COMPETITION:
        raise Conflict("A direct award has no tenders.")
    return planned(call_off)


def tenders_of(competition: Competition) -> QuerySet[Tender]:
    """Its tenders, locked, with supplier, partners and what was submitted."""
    return (
        Tender.objects.filter(competition=competition)
        .select_for_update(of=("self",))
        .select_related("current", "invitation__asked__appointment__supplier")
        .prefetch_related("drafters")
        .order_by("pk")
    )

"""A competition's outcome: the intention told to all, a standstill where it was promised, the award to the first.

Journey: POST /api/v1/call-offs/{reference}/intend/ or .../award/ -> here: every rule is asked again, of the supplier
that ranks first -> letters to all -> an unsigned contract -> actions/contracts.py. actions/awards.py takes it back.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.awards import award_direct, check_award, concluded_with, conflicts_of
from procurement.actions.call_offs import locked_call_off, move, permitted, require_approval
from procurement.actions.closing import planned_of
from procurement.actions.competitions import by_act
from procurement.actions.events import Happening
from procurement.actions.intention_notices import take_over, waits_for_notice
from procurement.actions.tender_outcomes import decided
from procurement.competition_checks import (
    require_deciding,
    require_low_prices_settled,
    require_scores_counted,
)
from procurement.deadlines import standstill_end
from procurement.errors import Conflict
from procurement.invitation_document import instant
from procurement.models import CallOff, Competition, Contract, Intention
from procurement.permissions import Actor
from procurement.ranked_first import First, ranked_first


def intend_award(actor: Actor, reference: str, revision: int) -> Competition:
    """Tells every tenderer whom the buyer means to award to. Where a standstill was promised it runs from now, ten
    calendar days under the regulations of 2015, eight working days under the Act of 2023; but from the publication of
    the contract award notice where the Act asks for one (intention_notices.py).

    Raises NotFound; NotPermitted, also for who declared a conflict of interest; Stale; Conflict where scores count no
    longer, nobody ranks, a low price is not settled or approval is missing; Invalid with every rule that the first
    breaks.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "intend")
        require_deciding(call_off, actor)
        competition = planned_of(call_off)
        require_scores_counted(competition)
        first = _first(call_off)
        _check(call_off, competition, first)
        intention = Intention.objects.create(competition=competition, told_on=timezone.localdate())
        competition.standstill_until = None
        if competition.standstill and not waits_for_notice(call_off, intention, first):
            competition.standstill_until = standstill_end(
                timezone.now(), act_of_2023=by_act(call_off), nation=call_off.organisation.nation
            )
        competition.standstill_ended_at = None
        competition.save(update_fields=["standstill_until", "standstill_ended_at"])
        also = decided(actor, competition, first.tender.reference)
        told = {"standstill_until": instant(competition.standstill_until)}
        move(actor, call_off, "intend", told, also=also)
    return competition


def award_competition(actor: Actor, reference: str, revision: int, conflicts: object) -> Contract:
    """Awards to the tenderer that ranks first; `conflicts` says what is known of conflicts of interest (1 to 1,000
    characters). Tenderers that were not told of an intention are told now.

    Raises NotFound; NotPermitted, also for who declared a conflict of interest; Stale; Conflict where scores count no
    longer, nobody ranks, a low price is not settled, approval is missing, or a standstill was promised and has not
    ended, or not begun for want of a notice; Invalid at /conflicts, and with every rule that is broken on the day of
    award.
    """
    said = conflicts_of(conflicts)
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "award")
        require_deciding(call_off, actor)
        competition = planned_of(call_off)
        _stood_still(call_off, competition)
        require_scores_counted(competition)
        first = _first(call_off)
        _check(call_off, competition, first)
        also: list[Happening] = []
        if call_off.status == CallOff.Status.EVALUATED:
            also = decided(actor, competition, first.tender.reference)
        contract = concluded_with(call_off, first.asked, first.work, first.terms)
        take_over(contract, first)
        call_off.conflicts = said
        told = {"value": contract.value_minor, "maximum": contract.maximum_minor}
        named: dict[str, Any] = {
            "supplier": first.asked.appointment.supplier.reference,
            "contract": contract.reference,
            "framework": call_off.lot.framework.reference,
            "lot": call_off.lot.reference,
        }
        move(actor, call_off, "award", told, "conflicts", also=also, **named)
    return contract


def award_call_off(actor: Actor, reference: str, revision: int, conflicts: object) -> Contract:
    """Awards a call-off by its route: award_competition, or award_direct, with what they raise."""
    route = CallOff.objects.filter(reference=reference).values_list("route", flat=True).first()
    award = award_competition if route == CallOff.Route.COMPETITION else award_direct
    return award(actor, reference, revision, conflicts)


def _first(call_off: CallOff) -> First:
    first = ranked_first(call_off)
    if first is None:
        raise Conflict("No tender ranks: the call-off is unsuccessful.")
    return first


def _check(call_off: CallOff, competition: Competition, first: First) -> None:
    require_low_prices_settled(competition)
    check_award(call_off, first.asked, first.work, first.terms)
    require_approval(call_off, first.total, first.total)


def _stood_still(call_off: CallOff, competition: Competition) -> None:
    if not competition.standstill:
        return
    if call_off.status != CallOff.Status.INTENTION:
        raise Conflict("A standstill was promised: tell the intention first.")
    if competition.standstill_until is None:
        raise Conflict(
            "The standstill that was promised begins with the day on which the contract award notice is published: say "
            "where it was."
        )
    if timezone.now() < competition.standstill_until:
        until = instant(competition.standstill_until)
        raise Conflict(f"The standstill that was promised runs until {until}.")

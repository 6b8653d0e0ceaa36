"""An expression of interest, asked of all before anybody tenders: answered by leads, ended by the clock.

Journey: POST /api/v1/invitations/{reference}/interest/ -> here -> event; when its time has passed actions/due.py ends
it, and those that said yes are invited to tender.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening as of_call_off
from procurement.actions.call_offs import locked_call_off, move
from procurement.actions.competitions import planned
from procurement.actions.events import record, record_many
from procurement.actions.invitations import happening, invite, keep_out, plan_reminder
from procurement.actions.steps import not_theirs
from procurement.departed import unname
from procurement.entitled import Out, barred_leads
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.invitation_document import instant
from procurement.models import CallOff, Invitation, RuledOut
from procurement.on_day import appointed
from procurement.parts import supplier_parts
from procurement.permissions import SYSTEM, Actor
from procurement.querysets_competitions import InvitationQuerySet
from procurement.states import Part

Interest = Invitation.Interest
NOBODY = "No supplier expressed interest."


def express_interest(actor: Actor, reference: str, interested: object) -> Invitation:
    """The lead says whether it is interested (true or false), until the day for it has passed; the last word counts.

    Raises NotFound, NotPermitted; Conflict where none is asked for or its time has passed; Invalid at /interested.
    """
    if not isinstance(interested, bool):
        fault = Fault("/interested", "type", "This must be true or false.")
        raise Invalid("Nothing was said.", (fault,))
    with transaction.atomic():
        invitation = locked_invitation(actor, reference)
        if Part.LEAD not in supplier_parts(actor, invitation.asked.appointment):
            raise not_theirs("express interest", {Part.LEAD})
        competition = invitation.competition
        until = competition.interest_until
        if until is None or competition.call_off.status != CallOff.Status.OUT:
            raise Conflict("No expression of interest is asked for.")
        now = timezone.now()
        if now >= until or competition.invited_at is not None:
            raise Conflict("The time for expressions of interest has passed.")
        answer = Interest.YES if interested else Interest.NO
        if invitation.interest != answer:
            invitation.interest, invitation.interest_at = answer, now
            invitation.save(update_fields=["interest", "interest_at"])
            told = {"interested": interested}
            record(actor, happening(competition, invitation, "invitation.interest_expressed", told))
    return invitation


def remind_interest(reference: str, now: datetime) -> int:
    """Reminds every supplier that has not answered whether it is interested; how many. Nothing where its time has
    passed, or they were reminded meanwhile.
    """
    with transaction.atomic():
        call_off = locked_call_off(SYSTEM, reference, None)
        competition = planned(call_off)
        until, at = competition.interest_until, competition.remind_at
        asking = call_off.status == CallOff.Status.OUT and competition.invited_at is None
        ahead = asking and until is not None and now < until
        if not ahead or competition.reminded_at is not None or at is None or at > now:
            return 0
        competition.reminded_at = now
        competition.save(update_fields=["reminded_at"])
        silent = competition.invitations.filter(interest=Interest.ASKED).select_related(
            "asked__appointment__supplier"
        )
        told = {"interest_until": instant(until)}
        found = silent.prefetch_related("asked__partners").order_by("pk")
        record_many(SYSTEM, [happening(competition, one, "invitation.reminded", told) for one in found])
    return len(found)


def end_interest(reference: str, now: datetime) -> bool:
    """The time for expressions of interest has passed: those that said yes are invited, if they still may be, the
    others kept with the rule; with nobody left the call-off is unsuccessful. False where nothing is due any more.
    """
    with transaction.atomic():
        call_off = locked_call_off(SYSTEM, reference, None)
        competition = planned(call_off)
        until = competition.interest_until
        waiting = call_off.status == CallOff.Status.OUT and competition.invited_at is None
        if not waiting or until is None or until > now:
            return False
        unname(call_off)
        asked = list(
            competition.invitations.select_related("asked__appointment__supplier").prefetch_related(
                "asked__partners"
            )
        )
        today = timezone.localdate(now)
        barred = dict(barred_leads([one.asked.appointment for one in asked], today))
        invited, out = [], []
        for one in asked:
            place = one.asked.appointment
            if one.interest != Interest.YES:
                out.append(Out(place, RuledOut.Rule.NO_INTEREST, [{"answer": one.interest}]))
            elif not appointed(place, call_off.lot.framework, today):
                out.append(Out(place, RuledOut.Rule.NOT_APPOINTED, []))
            elif place.pk in barred:
                out.append(Out(place, barred[place.pk], []))
            else:
                invited.append(one)
        keep_out(competition, out, now)
        competition.invited_at, competition.reminded_at = now, None
        plan_reminder(competition)
        competition.save(update_fields=["invited_at", "remind_at", "reminded_at"])
        if not invited:
            call_off.ended_reason = NOBODY
            move(SYSTEM, call_off, "fail", {"reason": NOBODY}, "ended_reason")
            return True
        Invitation.objects.filter(pk__in=[one.pk for one in invited]).update(invited_at=now)
        told = invite(competition, invited, now)
        call_off.revision += 1
        call_off.save(update_fields=["revision"])
        counts = {"invited": len(invited), "not_invited": len(out)}
        record_many(SYSTEM, [*told, of_call_off(call_off, "call_off.interest_ended", counts)])
    return True


def locked_invitation(actor: Actor, reference: str) -> Invitation:
    """The invitation, its call-off's row locked first as everywhere. Raises NotFound."""
    seen = (
        InvitationQuerySet(Invitation)
        .seen_by(actor)
        .filter(reference=reference)
        .values("pk", "competition__call_off")
        .first()
    )
    if seen is None:
        raise NotFound(f"There is no invitation {reference}.")
    call_off = (
        CallOff.objects.select_for_update(of=("self",))
        .select_related("organisation", "lot__framework", "requirement__requirement")
        .get(pk=seen["competition__call_off"])
    )
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("competition", "asked__appointment__supplier")
        .get(pk=seen["pk"])
    )
    invitation.competition.call_off = call_off
    return invitation

"""A competition begins: its rules are frozen under a digest, and every supplier that is entitled is told.

Journey: POST /api/v1/call-offs/{reference}/publish/ -> here (every rule is asked again) -> one event for each supplier
-> expressions of interest (actions/interest.py) or tenders (actions/tenders.py) -> the clock (actions/closing.py).
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import locked_call_off, move, permitted, require_approval
from procurement.actions.competitions import planned
from procurement.actions.invitations import ask, happening, invite, keep_out, plan_reminder
from procurement.call_off_checks import estimate_of, reach_faults, standing_faults
from procurement.canonical import canonical, digest_of_text
from procurement.entitled import entitled
from procurement.errors import Fault, Invalid
from procurement.invitation_document import instant, invitation_document
from procurement.models import CallOff, Competition, Invitation
from procurement.permissions import Actor
from procurement.quotes import versions_in_force


def publish_competition(actor: Actor, reference: str, revision: int) -> Competition:
    """Publishes the call-off's competition: freezes document and rules, pins each supplier's card in force today, asks
    for interest or invites, and keeps who is ruled out with the rule. A number of statements that does not grow.

    Raises NotFound, NotPermitted, Stale; Conflict where approval is missing; Invalid with every rule that it breaks, at
    /requirement/must_have where nobody on the lot is left, at /requirement/team where none of them could tender.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "publish")
        now = timezone.now()
        today = timezone.localdate(now)
        if faults := standing_faults(call_off, {}, today):
            raise Invalid("The competition cannot be published.", tuple(faults))
        competition = planned(call_off)
        total = estimate_of(call_off)
        require_approval(call_off, total, total)
        invited, out = entitled(call_off, today)
        if not invited:
            fault = Fault("/requirement/must_have", "nobody", "No supplier on the lot is left to be invited.")
            raise Invalid("The competition cannot be published.", (fault,))
        suppliers = [one.supplier_id for one in invited]
        if beyond := list(reach_faults(call_off, suppliers, today)):
            raise Invalid("The competition cannot be published.", tuple(beyond))
        _freeze(call_off, competition)
        competition.published_at = now
        first = competition.interest_until is not None
        competition.invited_at = None if first else now
        plan_reminder(competition)
        competition.save()
        competition.documents.filter(removed_at=None).update(told_at=now)
        cards, _ = versions_in_force(call_off.lot.framework, set(suppliers), today)
        asked = ask(competition, invited, cards, Invitation.Interest.ASKED if first else "", now)
        keep_out(competition, out, now)
        if first:
            until = {"interest_until": instant(competition.interest_until), "digest": competition.digest}
            told = [happening(competition, one, "invitation.interest_asked", until) for one in asked]
        else:
            told = invite(competition, asked, now)
        call_off.went_out_at = now
        changes = {
            "interest_until": instant(competition.interest_until),
            "clarify_until": instant(competition.clarify_until),
            "deadline": instant(competition.deadline),
            "digest": competition.digest,
            "invited": len(invited),
            "ruled_out": len(out),
        }
        lot = call_off.lot
        named = {"framework": lot.framework.reference, "lot": lot.reference}
        move(actor, call_off, "publish", changes, "went_out_at", also=told, **named)
    return competition


def _freeze(call_off: CallOff, competition: Competition) -> None:
    competition.document = canonical(invitation_document(call_off, competition))
    competition.digest = digest_of_text(competition.document)

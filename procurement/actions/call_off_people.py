"""Who assesses and who moderates a call-off's tenders; owner and approver follow from roles in the organisation.

Journey: POST /api/v1/call-offs/{reference}/people/ -> here -> event; each declares their interests before they score
(actions/assessing.py).
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from procurement.actions.call_offs import locked_call_off, tell
from procurement.competition_checks import has_moderated
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import Assessment, CallOff, CallOffPerson, Declaration, User
from procurement.permissions import Action, Actor, require
from procurement.profiles import Reader

PARTS: Final = (CallOffPerson.Part.ASSESSOR, CallOffPerson.Part.MODERATOR)
STAFFED: Final = frozenset(
    {
        CallOff.Status.DRAFT,
        CallOff.Status.APPROVED,
        CallOff.Status.OUT,
        CallOff.Status.CLOSED,
        CallOff.Status.EVALUATING,
    }
)
"""While scores are still to be given."""


def add_person(actor: Actor, reference: str, user: str, part: object) -> CallOffPerson:
    """Gives somebody of the buyer's organisation a part, one of PARTS; a second time changes nothing.

    Raises NotFound, NotPermitted; Conflict once the tenders are evaluated, on a direct award, and for an assessor who
    as a moderator may have read what others scored; Invalid at /user for who is not of the organisation, at /part.
    """
    faults: list[Fault] = []
    wanted = Reader("/part", faults).choice(part, PARTS)
    if faults:
        raise Invalid("Nobody was added.", tuple(faults))
    with transaction.atomic():
        call_off = _staffed(actor, reference)
        people = User.objects.filter(
            reference=user, is_active=True, memberships__organisation=call_off.organisation_id
        )
        found = people.first()
        if found is None:
            fault = Fault("/user", "unknown", "There is no such person in your organisation.")
            raise Invalid("Nobody was added.", (fault,))
        person, new = CallOffPerson.objects.get_or_create(call_off=call_off, user=found, part=wanted)
        if new and wanted == CallOffPerson.Part.ASSESSOR and _has_read_scores(call_off, found):
            raise Conflict(
                "As a moderator they may have read what others scored: name somebody else to assess."
            )
        if new:
            tell(actor, call_off, "call_off.person_added", {"part": wanted}, user=found.reference)
    return person


def remove_person(actor: Actor, reference: str, user: str, part: str) -> None:
    """Takes a part away; scores that were given stay. Raises NotFound, NotPermitted, Conflict."""
    with transaction.atomic():
        call_off = _staffed(actor, reference)
        gone, _ = CallOffPerson.objects.filter(call_off=call_off, user__reference=user, part=part).delete()
        if not gone:
            raise NotFound("They have no such part.")
        tell(actor, call_off, "call_off.person_removed", {"part": part}, user=user)


def _has_read_scores(call_off: CallOff, user: User) -> bool:
    """Whether somebody who moderates, or did, could read scores of others: they have declared no conflict of interest,
    and there are some (three queries at most).
    """
    declared = Declaration.objects.filter(competition__call_off=call_off, user=user, conflict=False)
    others = Assessment.objects.filter(tender__competition__call_off=call_off).exclude(assessor=user)
    return declared.exists() and others.exists() and has_moderated(call_off, user.reference)


def _staffed(actor: Actor, reference: str) -> CallOff:
    call_off = locked_call_off(actor, reference, None)
    require(actor, Action.WRITE_CALL_OFF, call_off.organisation_id)
    if call_off.route != CallOff.Route.COMPETITION:
        raise Conflict("A direct award has no tenders to assess.")
    if call_off.status not in STAFFED:
        raise Conflict("The scores are given.")
    return call_off

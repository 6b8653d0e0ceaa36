"""What somebody is to a call-off: the parts of states.py, from the roles of permissions.py and, for assessors and
moderators, from the call-off's own people.
"""

from __future__ import annotations

from typing import Final

from procurement.event_types import EVENT_TYPES
from procurement.models import (
    Appointment,
    CallOff,
    CallOffPerson,
    Event,
    Organisation,
    SupplierMember,
    Tender,
)
from procurement.models.outcomes import plan_reference
from procurement.permissions import Action, Actor, can
from procurement.states import Part

_OF_PEOPLE: Final[dict[str, Part]] = {
    CallOffPerson.Part.ASSESSOR: Part.ASSESSOR,
    CallOffPerson.Part.MODERATOR: Part.MODERATOR,
}

WRITTEN: Final = ("call_off", "outcome_plan")
"""Subjects of the events by which a call-off is written: itself, and what it pays for outcomes."""
NOT_WRITING: Final = frozenset(
    {
        *(
            f"call_off.{name}"
            for name in (
                "approval_asked", "approved", "sent_back", "approval_lapsed", "published", "closed",
                "interest_ended", "tenders_opened",
                "person_added", "person_removed", "interest_declared", "scores_lapsed", "evaluated",
                "evaluation_reopened", "intention", "awarded", "award_undone", "contracted", "cancelled",
                "unsuccessful", "supplier_passed_over", "notice_published", "standstill_ended",
            )
        ),
        *(
            f"outcome_plan.{name}"
            for name in (
                # That approvals lapsed comes beside the edit that made them, which writes.
                "proposed", "share_approved", "investor_approved", "agreed", "ended", "resumed",
                "approvals_lapsed",
            )
        ),
    }
)  # fmt: skip
"""What moves it, or says who does what, and changes none of what is bought: any other type, a new one too, writes."""
WRITING: Final = frozenset(
    name for name, known in EVENT_TYPES.items() if known.subject in WRITTEN and name not in NOT_WRITING
)


def buyer_parts(actor: Actor, call_off: CallOff) -> frozenset[Part]:
    """The actor's parts on the buyer's side; one query where they may see the call-off at all."""
    if actor.system:
        return frozenset({Part.SYSTEM})
    parts = set()
    if can(actor, Action.WRITE_CALL_OFF, call_off.organisation_id):
        parts.add(Part.OWNER)
    if can(actor, Action.APPROVE_CALL_OFF, call_off.organisation_id):
        parts.add(Part.APPROVER)
    if can(actor, Action.SEE_CALL_OFFS, call_off.organisation_id):
        people = call_off.people.filter(user__reference=actor.reference)
        parts.update(_OF_PEOPLE[one.part] for one in people if one.part in _OF_PEOPLE)
    return frozenset(parts)


def supplier_parts(actor: Actor, appointment: Appointment) -> frozenset[Part]:
    """The actor's parts on the side of a supplier: its lead where they answer for the lead's organisation (one
    query).
    """
    if actor.system:
        return frozenset({Part.SYSTEM})
    lead = lead_of(appointment)
    return frozenset({Part.LEAD}) if lead and can(actor, Action.ANSWER_ASKED, lead) else frozenset()


def tender_parts(actor: Actor, tender: Tender) -> frozenset[Part]:
    """The actor's parts in a tender on both sides: of its supplier's members those that its lead lets write."""
    appointment = tender.invitation.asked.appointment
    parts = buyer_parts(actor, tender.competition.call_off) | supplier_parts(actor, appointment)
    if not actor.system:
        members = SupplierMember.objects.filter(
            supplier=appointment.supplier_id, left_on=None, partner__in=tender.drafters.all()
        ).values_list("partner__organisation", flat=True)
        if any(can(actor, Action.ANSWER_ASKED, key) for key in members):
            parts |= {Part.MEMBER}
    return parts


def lead_of(appointment: Appointment) -> Organisation | None:
    """The organisation of the supplier's lead, None where nobody leads it any more."""
    member = (
        SupplierMember.objects.filter(
            supplier=appointment.supplier_id, role=SupplierMember.Role.LEAD, left_on=None
        )
        .select_related("partner__organisation")
        .first()
    )
    return member.partner.organisation if member else None


def wrote(actor: Actor, call_off: CallOff) -> bool:
    """Whether the actor, a person or an integration, began the call-off or said any of it anew, its documents and what
    it pays for outcomes among it (one query): nobody approves what they wrote.
    """
    if actor.system:
        return False
    return Event.objects.filter(
        subject_type__in=WRITTEN,
        subject__in=(call_off.reference, plan_reference(call_off.reference)),
        type__in=WRITING,
        actor=actor.reference,
    ).exists()

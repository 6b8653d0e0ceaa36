"""Who is shown: suspending and reinstating a partner or an appointment.

Each is one step of its own with its event; the search hears of it and the listing is gone within seconds.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from procurement.actions.call_offs import reason_of
from procurement.actions.events import Happening, record
from procurement.errors import Conflict, NotFound, Stale
from procurement.models import Appointment, Partner
from procurement.permissions import Action, Actor, require
from procurement.revisions import changed_since

STEPS: Final[dict[str, tuple[tuple[str, ...], str, str]]] = {
    "suspend": ((Appointment.Status.ACTIVE,), Appointment.Status.SUSPENDED, "appointment.suspended"),
    "reinstate": ((Appointment.Status.SUSPENDED,), Appointment.Status.ACTIVE, "appointment.reinstated"),
    "withdraw": (
        (Appointment.Status.ACTIVE, Appointment.Status.SUSPENDED),
        Appointment.Status.WITHDRAWN,
        "appointment.withdrawn",
    ),
}
"""Step of an appointment: the states it may be in, the state it comes to, the event."""


def suspend_partner(actor: Actor, reference: str, revision: int, reason: str) -> Partner:
    """Takes a firm out of every search until it is reinstated, for a reason (1 to 1,000 characters). Raises NotFound,
    NotPermitted, Stale, Conflict, Invalid.
    """
    return _partner(actor, reference, revision, suspended=True, reason=reason)


def reinstate_partner(actor: Actor, reference: str, revision: int, reason: str) -> Partner:
    """Shows a suspended firm again. Raises as suspend_partner does."""
    return _partner(actor, reference, revision, suspended=False, reason=reason)


def _partner(actor: Actor, reference: str, revision: int, *, suspended: bool, reason: str) -> Partner:
    with transaction.atomic():
        partner = Partner.objects.select_for_update().filter(reference=reference).first()
        if partner is None:
            raise NotFound(f"There is no partner {reference}.")
        require(actor, Action.SUSPEND_PARTNER)
        if changed_since(partner.revision, revision):
            raise Stale("The partner has changed since you read it.")
        if partner.suspended == suspended:
            raise Conflict(f"The partner is {'already' if suspended else 'not'} suspended.")
        why = reason_of(reason, "The partner stays as it is.")
        partner.suspended = suspended
        partner.revision += 1
        partner.save(update_fields=["suspended", "revision"])
        kind = "partner.suspended" if suspended else "partner.reinstated"
        record(actor, Happening(kind, "partner", reference, {}, {"suspended": suspended, "reason": why}))
    return partner


def move_appointment(
    actor: Actor, reference: str, revision: int | None, step: str, reason: str
) -> Appointment:
    """Suspends, reinstates or withdraws a supplier's place on a lot (`step` is a key of STEPS), for a reason (1 to
    1,000 characters); `revision` is the one that was read, None where nobody has.

    Raises NotFound, NotPermitted unless the actor manages the framework, Stale, Conflict where its status does not
    allow it, Invalid.
    """
    sources, target, kind = STEPS[step]
    with transaction.atomic():
        appointment = (
            Appointment.objects.select_for_update(of=("self",))
            .select_related("supplier", "lot__framework")
            .filter(reference=reference)
            .first()
        )
        if appointment is None:
            raise NotFound(f"There is no appointment {reference}.")
        framework = appointment.lot.framework
        require(actor, Action.MANAGE_SUPPLIERS, framework.owner_id)
        if changed_since(appointment.revision, revision):
            raise Stale("The appointment has changed since you read it.")
        if appointment.status not in sources:
            raise Conflict(f"The appointment is {appointment.status}.")
        why = reason_of(reason, "The appointment stays as it is.")
        appointment.status = target
        appointment.revision += 1
        appointment.save(update_fields=["status", "revision"])
        references = {
            "supplier": appointment.supplier.reference,
            "lot": appointment.lot.reference,
            "framework": framework.reference,
        }
        record(
            actor, Happening(kind, "appointment", reference, references, {"status": target, "reason": why})
        )
    return appointment

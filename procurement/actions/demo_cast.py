"""Who takes part in the demonstration's call-offs: the people who may sign in for the buyer, and whoever answers for a
supplier.

Suppliers whose firms nobody signs in for answer by a stand-in for their lead, which the log names `demo`.
"""

from __future__ import annotations

from typing import Final

from procurement.models import Appointment, Capability, Membership, Organisation, User
from procurement.parts import lead_of
from procurement.permissions import Actor, person

STAND_IN: Final = "demo"
Role = Membership.Role


class Cast:
    """The buyer's editor, approver, assessor and moderator, and the leads of its suppliers, each looked up once.

    `assessor` and `moderator` are the addresses of two of the buyer's people who write no call-offs.
    """

    def __init__(self, buyer: Organisation, assessor: str, moderator: str) -> None:
        held = Membership.objects.filter(organisation=buyer).select_related("user").order_by("pk")
        people = {one.user.email: (one.role, one.user) for one in held}
        self.editor = _of(people, Role.EDITOR)
        self.approver = _of(people, Role.APPROVER)
        self.assessor = person(people[assessor][1])
        self.moderator = person(people[moderator][1])
        self.administrator = stand_in(buyer, Capability.Kind.BUYER)
        self._leads: dict[int, Actor] = {}

    def lead(self, appointment: Appointment) -> Actor:
        """Whoever answers for the supplier that holds this place."""
        if appointment.supplier_id not in self._leads:
            organisation = lead_of(appointment)
            assert organisation is not None
            self._leads[appointment.supplier_id] = somebody_of(organisation, Capability.Kind.PARTNER)
        return self._leads[appointment.supplier_id]


def cast_of(buyer: str, assessor: str, moderator: str) -> Cast | None:
    """The cast of the buyer (its reference), None where there is no such buyer or not all of them can sign in."""
    organisation = Organisation.objects.filter(reference=buyer).first()
    if organisation is None:
        return None
    held = Membership.objects.filter(organisation=organisation)
    roles = set(held.values_list("role", flat=True))
    known = set(held.values_list("user__email", flat=True))
    if not {Role.EDITOR, Role.APPROVER} <= roles or not {assessor, moderator} <= known:
        return None
    return Cast(organisation, assessor, moderator)


def somebody_of(organisation: Organisation, kind: str) -> Actor:
    """Whoever signs in for the organisation and may write, the stand-in where nobody does."""
    held = Membership.objects.filter(organisation=organisation).exclude(role=Role.VIEWER)
    known = held.select_related("user").order_by("pk").first()
    return person(known.user) if known else stand_in(organisation, kind)


def stand_in(organisation: Organisation, kind: str) -> Actor:
    """An administrator of the organisation, which is of that kind, whom no person stands behind."""
    roles = {organisation.pk: str(Role.ADMINISTRATOR)}
    return Actor(STAND_IN, roles, {organisation.pk: frozenset({kind})})


def _of(people: dict[str, tuple[str, User]], role: str) -> Actor:
    return next(person(user) for held, user in people.values() if held == role)

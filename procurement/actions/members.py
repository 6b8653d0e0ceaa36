"""Who belongs to an organisation and in which role: an administrator of it gives another role or takes away, and
everybody may leave. How somebody comes to belong: actions/member_invitations.py, actions/belonging.py.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from procurement.actions.events import Happening, record
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import MemberInvitation, Membership, MembershipRequest, Organisation, User
from procurement.permissions import Action, Actor, require

Role = Membership.Role
EMAIL_LENGTH = 254
NAME_LENGTH = 150


def change_role(actor: Actor, organisation: str, person: str, role: str) -> Membership:
    """Gives a member (a reference) another role. Raises NotFound, NotPermitted, Invalid; Conflict where nobody would be
    left to administer, or it is their role already.
    """
    if role not in Role.values:
        raise Invalid("The role was not changed.", (role_fault(role),))
    with transaction.atomic():
        body = looked_after(actor, organisation)
        member = _member(body, person)
        if member.role == role:
            raise Conflict("That is their role already.")
        _keep_an_administrator(body, member)
        before, member.role = member.role, role
        member.save(update_fields=["role"])
        record(actor, _happening("role_changed", body, member.user, {"role": role, "before": before}))
    return member


def remove_member(actor: Actor, organisation: str, person: str) -> None:
    """Ends what a member may do for the organisation; the account stays. Raises NotFound, NotPermitted; Conflict where
    nobody would be left to administer.
    """
    with transaction.atomic():
        body = looked_after(actor, organisation)
        _end(actor, body, _member(body, person))


def leave_organisation(actor: Actor, organisation: str) -> None:
    """Ends what the actor, a person in whatever role, may do for the organisation (a reference), as if an administrator
    had taken them out. Raises NotFound; Conflict where nobody would be left to administer.
    """
    with transaction.atomic():
        body = _own(actor, organisation)
        _end(actor, body, _member(body, actor.reference))


def looked_after(actor: Actor, reference: str) -> Organisation:
    """An organisation whose people the actor looks after, locked. Raises NotFound, NotPermitted."""
    body = _own(actor, reference)
    require(actor, Action.MANAGE_MEMBERS, body)
    return body


def administrators() -> QuerySet[Membership]:
    """Whoever administers an organisation and may sign in."""
    return Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True)


def make_member(user: User, organisation: Organisation, role: str) -> tuple[Membership, list[Happening]]:
    """Gives the role to whoever has none there; with it what is to be recorded. Whatever else they had asked of the
    organisation, or it them, is answered by that.
    """
    made, new = Membership.objects.get_or_create(
        user=user, organisation=organisation, defaults={"role": role}
    )
    now = timezone.now()
    MembershipRequest.objects.filter(
        user=user, organisation=organisation, status=MembershipRequest.Status.WAITING
    ).update(status=MembershipRequest.Status.ACCEPTED, answered_at=now)
    waiting = MemberInvitation.objects.select_for_update().filter(
        email=user.email, organisation=organisation, status=MemberInvitation.Status.WAITING
    )
    happenings = [
        Happening(
            "organisation.invitation_accepted",
            "organisation",
            organisation.reference,
            {"invitation": reference, "user": user.reference},
        )
        for reference in waiting.values_list("reference", flat=True)
    ]
    waiting.update(status=MemberInvitation.Status.ACCEPTED, ended_at=now, token="")
    if new:
        happenings.append(_happening("added", organisation, user, {"role": role}))
    return made, happenings


def _own(actor: Actor, reference: str) -> Organisation:
    """Locked, so that of two administrators who remove each other one stays."""
    body = Organisation.objects.select_for_update().filter(reference=reference).first()
    if body is None or body.pk not in actor.roles:
        raise NotFound(f"There is no organisation {reference} of yours.")
    return body


def _member(body: Organisation, person: str) -> Membership:
    member = (
        Membership.objects.select_related("user").filter(organisation=body, user__reference=person).first()
    )
    if member is None:
        raise NotFound(f"There is no {person} in {body.reference}.")
    return member


def _end(actor: Actor, body: Organisation, member: Membership) -> None:
    _keep_an_administrator(body, member)
    role, user = member.role, member.user
    member.delete()
    record(actor, _happening("removed", body, user, {"role": role}))


def _keep_an_administrator(body: Organisation, member: Membership) -> None:
    others = administrators().filter(organisation=body)
    if member.role == Role.ADMINISTRATOR and not others.exclude(pk=member.pk).exists():
        raise Conflict(f"Nobody else administers {body.name}: make another person its administrator first.")


def role_fault(role: str) -> Fault:
    """What is wrong with a role that there is not."""
    return Fault("/role", "unknown", f"{role[:40]!r} is none of {', '.join(Role.values)}.")


def _happening(what: str, body: Organisation, user: User, changes: dict[str, str]) -> Happening:
    return Happening(
        f"organisation.member_{what}", "organisation", body.reference, {"user": user.reference}, changes
    )

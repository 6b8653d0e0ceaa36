"""Who belongs to an organisation and in which role: an administrator of it invites, gives another role, takes away.

An invited person who has no account gets one without a password, and sets it by a link that is sent to the address
(actions/passwords.py). One who has an account acts for the organisation at once, and its administrators see the
account's name.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from procurement.actions.events import Happening, record
from procurement.actions.passwords import send_link_after_commit
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import Membership, Organisation, User
from procurement.permissions import Action, Actor, require

Role = Membership.Role
EMAIL_LENGTH = 254
NAME_LENGTH = 150


def invite_member(actor: Actor, organisation: str, email: str, full_name: str, role: str) -> Membership:
    """Gives the person at the address a role in the organisation (a reference), and an account where there is none.

    Raises NotFound, NotPermitted, Invalid; Conflict for who belongs to it already.
    """
    address = email.strip().lower()
    _check(address, full_name, role)
    with transaction.atomic():
        body = _organisation(actor, organisation)
        user = User.objects.filter(email=address).first()
        if user is None:
            user = User.objects.create_user(address, None, full_name=full_name.strip())
            send_link_after_commit(user)
        if Membership.objects.filter(user=user, organisation=body).exists():
            raise Conflict("That person belongs to the organisation already.")
        made = Membership.objects.create(user=user, organisation=body, role=role)
        record(actor, _happening("added", body, user, {"role": role}))
    return made


def change_role(actor: Actor, organisation: str, person: str, role: str) -> Membership:
    """Gives a member (a reference) another role. Raises NotFound, NotPermitted, Invalid; Conflict where nobody would be
    left to administer, or it is their role already.
    """
    if role not in Role.values:
        raise Invalid("The role was not changed.", (role_fault(role),))
    with transaction.atomic():
        body = _organisation(actor, organisation)
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
        body = _organisation(actor, organisation)
        member = _member(body, person)
        _keep_an_administrator(body, member)
        role, user = member.role, member.user
        member.delete()
        record(actor, _happening("removed", body, user, {"role": role}))


def _organisation(actor: Actor, reference: str) -> Organisation:
    """Locked, so that of two administrators who remove each other one stays."""
    body = Organisation.objects.select_for_update().filter(reference=reference).first()
    if body is None or body.pk not in actor.roles:
        raise NotFound(f"There is no organisation {reference} of yours.")
    require(actor, Action.MANAGE_MEMBERS, body)
    return body


def _member(body: Organisation, person: str) -> Membership:
    member = (
        Membership.objects.select_related("user").filter(organisation=body, user__reference=person).first()
    )
    if member is None:
        raise NotFound(f"There is no {person} in {body.reference}.")
    return member


def _keep_an_administrator(body: Organisation, member: Membership) -> None:
    others = Membership.objects.filter(organisation=body, role=Role.ADMINISTRATOR, user__is_active=True)
    if member.role == Role.ADMINISTRATOR and not others.exclude(pk=member.pk).exists():
        raise Conflict(
            "Nobody else administers the organisation: make another person its administrator first."
        )


def _check(address: str, full_name: str, role: str) -> None:
    faults = []
    try:
        validate_email(address)
    except ValidationError:
        faults.append(Fault("/email", "shape", "Enter an email address such as name@example.org."))
    if len(address) > EMAIL_LENGTH:
        faults.append(Fault("/email", "too_long", f"At most {EMAIL_LENGTH} characters."))
    if len(full_name.strip()) > NAME_LENGTH:
        faults.append(Fault("/full_name", "too_long", f"At most {NAME_LENGTH} characters."))
    if role not in Role.values:
        faults.append(role_fault(role))
    if faults:
        raise Invalid("Nobody was invited.", tuple(faults))


def role_fault(role: str) -> Fault:
    """What is wrong with a role that there is not."""
    return Fault("/role", "unknown", f"{role[:40]!r} is none of {', '.join(Role.values)}.")


def _happening(what: str, body: Organisation, user: User, changes: dict[str, str]) -> Happening:
    return Happening(
        f"organisation.member_{what}", "organisation", body.reference, {"user": user.reference}, changes
    )

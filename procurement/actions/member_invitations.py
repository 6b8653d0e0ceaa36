"""Somebody is invited to act for an organisation and accepts or declines: nobody belongs to one who has not said so.

Inviting writes down an address and asks for no account, so that every address gets the same answer, in the same number
of queries, and the same e-mail. Journey: members' page or API -> invite_member -> the worker's e-mail (send_invitation)
-> /organisation-invitations/<token>, or the page of one's own organisations -> accept_invitation -> the role.

The link's token is made by the worker when it sends, and kept as its SHA-256: the queue is told a reference.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from procurement.actions.account_mail import owe_account_mail, send_account_mail
from procurement.actions.events import Happening, record_many
from procurement.actions.members import (
    EMAIL_LENGTH,
    NAME_LENGTH,
    administrators,
    make_member,
    role_fault,
)
from procurement.actions.new_account import checked_name
from procurement.errors import Conflict, Fault, Invalid, NotFound, NotPermitted
from procurement.models import AccountMail, MemberInvitation, Membership, Organisation, User
from procurement.permissions import ANONYMOUS, Action, Actor, can, person, require
from procurement.visible import shows_something

Status = MemberInvitation.Status
SENDINGS_MOST: Final = 5
"""An organisation sends so many to one address within a day: nobody's mailbox is filled from here."""
WAITING_MOST: Final = 200
"""So many invitations of one organisation may wait."""
FIRST: Final = "Nobody administers the organisation yet: invite its administrator, who invites the others."
DAY: Final = timedelta(days=1)
SUBJECT: Final = "Calloff: you are invited to act for an organisation"
BODY: Final = (
    "{organisation} invites you to act for it at Calloff.\n\n"
    "Accept or decline here within {days} days:\n{link}\n\n"
    "Until you accept, nothing happens, and nobody there learns whether you have an account. If you know nothing of "
    "it, do nothing.\n"
)


def invite_member(actor: Actor, organisation: str, email: str, full_name: str, role: str) -> MemberInvitation:
    """Invites whoever has the address to the role in the organisation (a reference). An invitation that waits there is
    sent again as this one says, and the link before is good no more. An operator invites whoever is to administer one
    that nobody administers yet, and nobody else.

    Raises NotFound, NotPermitted, Invalid; Conflict for who belongs to it already, and for too many.
    """
    with transaction.atomic():
        body = _invited_to(actor, organisation)
        if not _may_give(actor, body, role):
            raise Invalid("Nobody was invited.", (Fault("/role", "first", FIRST),))
        found = invite_to(actor, body, email, full_name, role)
        send_after_commit(found)
    return found


def require_inviting(actor: Actor, body: Organisation) -> None:
    """Refuses whoever may not invite to the organisation: its administrators may, and an operator's while it has none.
    Raises NotPermitted.
    """
    if can(actor, Action.MANAGE_MEMBERS, body) or not can(actor, Action.INVITE_FIRST):
        require(actor, Action.MANAGE_MEMBERS, body)
    elif administrators().filter(organisation=body).exists():
        raise NotPermitted(f"{body.name} is administered by people of its own, who invite others.")


def invite_to(actor: Actor, body: Organisation, email: str, full_name: str, role: str) -> MemberInvitation:
    """What invite_member does once it is known that the actor may, within its transaction: nothing is sent. `body` is
    locked. Raises Invalid, Conflict.
    """
    address = email.strip().lower()
    _check(address, full_name, role)
    now = timezone.now()
    waiting = MemberInvitation.objects.filter(organisation=body, status=Status.WAITING)
    # The lock first: whoever accepts at this moment is a member once it is given.
    found = _locked(waiting.filter(email=address))
    if Membership.objects.filter(user__email=address, organisation=body).exists():
        raise Conflict("That person belongs to the organisation already.")
    if found is None and waiting.count() >= WAITING_MOST:
        raise Conflict(f"{WAITING_MOST} invitations wait for an answer: withdraw some first.")
    new = found is None
    if found is None:
        _refuse_too_many(body, address)
        found = MemberInvitation(
            organisation=body, email=address, invited_at=now, sent_at=now, until=_until()
        )
    else:
        _send(found)
    found.role, found.full_name = role, full_name.strip()
    found.invited_by = User.objects.filter(reference=actor.reference).first()
    found.save()
    record_many(actor, [_happening("member_invited" if new else "invitation_sent_again", found)])
    return found


def send_again(actor: Actor, organisation: str, invitation: str) -> MemberInvitation:
    """Sends one that waits, or is too old, once more, with a new link and new days. Raises NotFound, NotPermitted;
    Conflict once it is answered or withdrawn, for too many, and where an operator would send one to another role than
    the administrator's.
    """
    with transaction.atomic():
        found = _waiting_in(_invited_to(actor, organisation), invitation)
        if not _may_give(actor, found.organisation, found.role):
            raise Conflict(FIRST)
        _send(found)
        found.save()
        send_after_commit(found)
        record_many(actor, [_happening("invitation_sent_again", found)])
    return found


def withdraw_invitation(actor: Actor, organisation: str, invitation: str) -> None:
    """Nobody can accept it any more. An operator takes back what nobody who belongs to the organisation sent, whoever
    administers it by now: a mistyped address must not stay a way in. Raises NotFound, NotPermitted; Conflict once it is
    answered or withdrawn.
    """
    with transaction.atomic():
        body = _reached(actor, organisation)
        sent = sent_by_nobody_there(body).filter(reference=invitation)
        if not (can(actor, Action.INVITE_FIRST) and sent.exists()):
            require_inviting(actor, body)
        found = _waiting_in(body, invitation)
        _end(found, Status.WITHDRAWN)
        record_many(actor, [_happening("invitation_withdrawn", found)])


def sent_by_nobody_there(body: Organisation) -> QuerySet[MemberInvitation]:
    """Those to administer the organisation that wait and that nobody who belongs to it now sent: operators did, or
    somebody who has left it or has no account any more.
    """
    own = Membership.objects.filter(organisation=body).values("user")
    rows = MemberInvitation.objects.filter(
        organisation=body, status=Status.WAITING, role=Membership.Role.ADMINISTRATOR
    )
    return rows.filter(Q(invited_by=None) | ~Q(invited_by__in=own))


def send_invitation(reference: str, sending: int) -> bool:
    """Sends the link, with a token of its own; False where that sending is not the last, or nobody is to answer."""
    with transaction.atomic():
        found = _locked(MemberInvitation.objects.filter(reference=reference, sendings=sending))
        if found is None or not _open(found):
            return False
        link = new_link(found)
    body = BODY.format(organisation=found.organisation.name, days=settings.INVITATION_DAYS, link=link)
    send_account_mail(found.email, SUBJECT, body)
    return True


def new_link(found: MemberInvitation) -> str:
    """The address where whoever has it answers, with a token of its own; the link before falls."""
    token = secrets.token_urlsafe(32)
    found.token = _hashed(token)
    found.save(update_fields=["token"])
    return f"{settings.PUBLIC_URL}{reverse('web:member-invitation', args=[token])}"


def invitation_of_link(token: str) -> MemberInvitation | None:
    """What the link invites to; None where it is used, withdrawn, sent again since, too old or made up."""
    found = (
        MemberInvitation.objects.select_related("organisation", "invited_by")
        .filter(token=_hashed(token))
        .first()
    )
    return found if found is not None and _open(found) else None


def invitations_to(user: User) -> QuerySet[MemberInvitation]:
    """Those that wait for an answer of this person, by the address of their account."""
    return (
        MemberInvitation.objects.filter(email=user.email, status=Status.WAITING, until__gt=timezone.now())
        .select_related("organisation", "invited_by")
        .order_by("pk")
    )


def accept_invitation(user: User, invitation: str) -> Membership:
    """Gives the invited person the role. Raises NotFound for what is not to their address, is answered or too old."""
    with transaction.atomic():
        return _accepted(user, _open_to(user.email, invitation))


def accept_with_new_account(token: str, full_name: str, password: str) -> User | None:
    """The account of whoever holds the link, acting for the organisation; None where the link is good no more, or the
    address has an account, whose person signs in and accepts. Raises Invalid.
    """
    invited = invitation_of_link(token)
    if invited is None:
        return None
    name = checked_name(invited.email, full_name, password)
    with transaction.atomic():
        found = _locked(MemberInvitation.objects.filter(token=_hashed(token)))
        if found is None or not _open(found) or User.objects.filter(email=found.email).exists():
            return None
        user = User.objects.create_user(found.email, password, full_name=name)
        _accepted(user, found)
    return user


def decline_invitation(user: User, invitation: str) -> None:
    """Raises NotFound for what is not to the person's address, is answered or too old."""
    with transaction.atomic():
        _declined(_open_to(user.email, invitation))


def decline_by_link(token: str) -> bool:
    """Declines for whoever holds the link, with an account or without; False where the link is good no more."""
    with transaction.atomic():
        found = _locked(MemberInvitation.objects.filter(token=_hashed(token)))
        if found is None or not _open(found):
            return False
        _declined(found)
    return True


def _accepted(user: User, found: MemberInvitation) -> Membership:
    made, happenings = make_member(user, found.organisation, found.role)
    record_many(person(user), happenings)
    return made


def _declined(found: MemberInvitation) -> None:
    _end(found, Status.DECLINED)
    # Whoever declines stays unnamed: the organisation reads its events, and is not to learn who has an account.
    record_many(ANONYMOUS, [_happening("invitation_declined", found)])


def _open(found: MemberInvitation) -> bool:
    return found.standing(timezone.now()) == Status.WAITING


def _open_to(email: str, reference: str) -> MemberInvitation:
    found = _locked(MemberInvitation.objects.filter(email=email, reference=reference))
    if found is None or not _open(found):
        raise NotFound(f"No invitation {reference} waits for your answer.")
    return found


def _reached(actor: Actor, reference: str) -> Organisation:
    """The organisation, locked, for its own people and for operators."""
    body = Organisation.objects.select_for_update().filter(reference=reference).first()
    if body is None or not (body.pk in actor.roles or can(actor, Action.INVITE_FIRST)):
        raise NotFound(f"There is no organisation {reference} of yours.")
    return body


def _invited_to(actor: Actor, reference: str) -> Organisation:
    """The organisation, locked, for whoever may invite to it."""
    body = _reached(actor, reference)
    require_inviting(actor, body)
    return body


def _may_give(actor: Actor, body: Organisation, role: str) -> bool:
    """Whether the actor, who may invite, invites to that role: an operator to the first administrator's alone."""
    return role == Membership.Role.ADMINISTRATOR or can(actor, Action.MANAGE_MEMBERS, body)


def _waiting_in(body: Organisation, reference: str) -> MemberInvitation:
    found = _locked(MemberInvitation.objects.filter(organisation=body, reference=reference))
    if found is None:
        raise NotFound(f"There is no invitation {reference} to {body.reference}.")
    if found.status != Status.WAITING:
        raise Conflict(f"The invitation is {found.status} already.")
    return found


def _locked(rows: QuerySet[MemberInvitation]) -> MemberInvitation | None:
    return rows.select_for_update(of=("self",)).select_related("organisation").first()


def _until() -> datetime:
    return timezone.now() + timedelta(days=settings.INVITATION_DAYS)


def _send(found: MemberInvitation) -> None:
    """Readies one for another sending; the link before falls at once."""
    _refuse_too_many(found.organisation, found.email)
    now = timezone.now()
    found.sendings = found.sendings + 1 if found.sent_at > now - DAY else 1
    found.sent_at, found.until, found.token = now, _until(), ""


def _refuse_too_many(body: Organisation, address: str) -> None:
    """Counts those that were withdrawn or declined too: inviting anew is no way around."""
    lately = MemberInvitation.objects.filter(
        organisation=body, email=address, sent_at__gt=timezone.now() - DAY
    )
    if (lately.aggregate(sent=Sum("sendings"))["sent"] or 0) >= SENDINGS_MOST:
        raise Conflict(f"That address was sent {SENDINGS_MOST} invitations within a day: wait a day.")


def send_after_commit(found: MemberInvitation) -> None:
    """Has the worker send the link once the transaction has ended well."""
    owe_account_mail(AccountMail.Kind.INVITATION, found.reference, found.sendings)


def _end(found: MemberInvitation, status: Status) -> None:
    found.status, found.ended_at, found.token = status, timezone.now(), ""
    found.save(update_fields=["status", "ended_at", "token"])


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


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
    if full_name.strip() and not shows_something(full_name):
        faults.append(Fault("/full_name", "shape", "This shows nothing: write a name, or leave it empty."))
    if role not in Membership.Role.values:
        faults.append(role_fault(role))
    if faults:
        raise Invalid("Nobody was invited.", tuple(faults))


def _happening(what: str, found: MemberInvitation, **references: str) -> Happening:
    """Never the address: the invitation's own reference stands for it."""
    return Happening(
        f"organisation.{what}",
        "organisation",
        found.organisation.reference,
        {"invitation": found.reference, **references},
        {"role": found.role} if what in ("member_invited", "invitation_sent_again") else {},
    )

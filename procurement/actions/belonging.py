"""Somebody asks to act for an organisation that they found by its identifier or their address; an administrator of it
answers, or an operator where nobody administers it yet.

Journey: /account/organisations (POST) -> ask -> event, inbox of the administrators -> answer -> the role.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from procurement.actions.call_offs import reason_of
from procurement.actions.events import Happening, record, record_many
from procurement.actions.members import administrators, make_member, role_fault
from procurement.email_domains import normal, wrong_with
from procurement.errors import Conflict, Fault, Invalid, NotFound, NotPermitted
from procurement.models import EmailDomain, Membership, MembershipRequest, Organisation, User
from procurement.permissions import Action, Actor, can, person

Status = MembershipRequest.Status
WAITING_MOST: Final = 10
"""So many requests of one person may wait."""


def add_domain(actor: Actor, organisation: str, domain: str) -> EmailDomain:
    """From now on people with an address of the domain are shown the organisation. An administrator adds that of their
    own address, which a link has proved, and whoever runs the service any. Raises NotFound, NotPermitted, Invalid;
    Conflict where it is its own already.
    """
    own = normal(domain)
    if wrong := wrong_with(own):
        raise Invalid("The domain was not added.", (Fault("/domain", "shape", wrong),))
    with transaction.atomic():
        body = administered(actor, organisation)
        if not (can(actor, Action.MANAGE_ORGANISATIONS) or _has_address_at(actor, own)):
            told = f"Your own address is not at {own}: an administrator who has one there adds it."
            raise Invalid("The domain was not added.", (Fault("/domain", "unproven", told),))
        if EmailDomain.objects.filter(organisation=body, domain=own).exists():
            raise Conflict(f"{own} is a domain of it already.")
        made = EmailDomain.objects.create(organisation=body, domain=own)
        _record(actor, "domain_added", body, {}, {"domain": own})
    return made


def remove_domain(actor: Actor, organisation: str, domain: str) -> None:
    """Raises NotFound, NotPermitted."""
    with transaction.atomic():
        body = administered(actor, organisation)
        removed, _ = EmailDomain.objects.filter(organisation=body, domain=normal(domain)).delete()
        if not removed:
            raise NotFound(f"{domain} is no domain of {organisation}.")
        _record(actor, "domain_removed", body, {}, {"domain": normal(domain)})


def own_domains(actor: Actor, organisation: str) -> QuerySet[EmailDomain]:
    """The domains of an organisation, for whoever may add one. Raises NotFound, NotPermitted."""
    body = Organisation.objects.filter(reference=organisation).first()
    return EmailDomain.objects.filter(organisation=_administered(actor, body, organisation))


def ask_to_belong(user: User, organisation: str) -> MembershipRequest:
    """Asks the organisation (a reference) on somebody's own behalf. Raises NotFound; Conflict for who belongs to it,
    asks it already, or asks too many.
    """
    with transaction.atomic():
        body = Organisation.objects.select_for_update().filter(reference=organisation).first()
        if body is None:
            raise NotFound(f"There is no organisation {organisation}.")
        if Membership.objects.filter(user=user, organisation=body).exists():
            raise Conflict("You act for it already.")
        waiting = MembershipRequest.objects.filter(user=user, status=Status.WAITING)
        if waiting.filter(organisation=body).exists():
            raise Conflict("You have asked it already, and it has not answered.")
        if waiting.count() >= WAITING_MOST:
            raise Conflict(f"{WAITING_MOST} of your requests wait for an answer: withdraw one first.")
        made = MembershipRequest.objects.create(user=user, organisation=body)
        _record(
            person(user), "membership_asked", body, {"user": user.reference, "request": made.reference}, {}
        )
    return made


def withdraw_request(user: User, reference: str) -> None:
    """Raises NotFound, Conflict once it is answered."""
    with transaction.atomic():
        found = _locked(MembershipRequest.objects.filter(user=user), reference)
        _end(person(user), found, Status.WITHDRAWN, "")


def accept_request(actor: Actor, reference: str, role: str) -> Membership:
    """Gives whoever asked the role. Raises NotFound, NotPermitted, Invalid, Conflict once it is answered."""
    if role not in Membership.Role.values:
        raise Invalid("The request was not accepted.", (role_fault(role),))
    with transaction.atomic():
        found = _answered_by(actor, reference)
        found.status, found.answered_at = Status.ACCEPTED, timezone.now()
        found.save(update_fields=["status", "answered_at"])
        made, happenings = make_member(found.user, found.organisation, role)
        record_many(actor, happenings)
    return made


def refuse_request(actor: Actor, reference: str, reason: str) -> None:
    """Raises NotFound, NotPermitted, Invalid without a reason, Conflict once it is answered."""
    why = reason_of(reason, "The request was not refused.")
    with transaction.atomic():
        _end(actor, _answered_by(actor, reference), Status.REFUSED, why)


def _has_address_at(actor: Actor, domain: str) -> bool:
    """Exactly there: an address below a domain proves nothing of it, as many may have one."""
    email = User.objects.filter(reference=actor.reference).values_list("email", flat=True).first()
    return email is not None and email.rpartition("@")[2] == domain


def administered(actor: Actor, reference: str) -> Organisation:
    """The organisation, locked, for whoever administers it or runs the service. Raises NotFound, NotPermitted."""
    return _administered(
        actor, Organisation.objects.select_for_update().filter(reference=reference).first(), reference
    )


def _administered(actor: Actor, body: Organisation | None, reference: str) -> Organisation:
    if body is None or not (body.pk in actor.roles or can(actor, Action.MANAGE_ORGANISATIONS)):
        raise NotFound(f"There is no organisation {reference} of yours.")
    if not (can(actor, Action.MANAGE_MEMBERS, body) or can(actor, Action.MANAGE_ORGANISATIONS)):
        raise NotPermitted(f"You may not look after the people of {reference}.")
    return body


def _answered_by(actor: Actor, reference: str) -> MembershipRequest:
    """One that waits, locked, for an administrator of what is asked, or an operator's while it has none; never for
    whoever asks. Raises NotFound, NotPermitted, Conflict.
    """
    asked = MembershipRequest.objects.filter(reference=reference)
    body = asked.values_list("organisation__reference", flat=True).first()
    if body is None:
        raise NotFound(f"There is no request {reference}.")
    held = administered(actor, body)
    if not can(actor, Action.MANAGE_MEMBERS, held) and administrators().filter(organisation=held).exists():
        raise NotPermitted(f"{held.name} is administered by people of its own, who answer.")
    found = _locked(asked, reference)
    if found.user.reference == actor.reference:
        raise NotPermitted("Nobody answers their own request: somebody else who may does.")
    return found


def _locked(rows: QuerySet[MembershipRequest], reference: str) -> MembershipRequest:
    found = (
        MembershipRequest.objects.select_for_update(of=("self",))
        .select_related("user", "organisation")
        .filter(pk__in=rows.values("pk"), reference=reference)
        .first()
    )
    if found is None:
        raise NotFound(f"There is no request {reference}.")
    if found.status != Status.WAITING:
        raise Conflict("The request is answered already.")
    return found


def _end(actor: Actor, found: MembershipRequest, status: Status, reason: str) -> None:
    found.status, found.reason, found.answered_at = status, reason, timezone.now()
    found.save(update_fields=["status", "reason", "answered_at"])
    names = {"user": found.user.reference, "request": found.reference}
    kind = "membership_refused" if status == Status.REFUSED else "membership_withdrawn"
    _record(actor, kind, found.organisation, names, {"reason": reason} if reason else {})


def _record(
    actor: Actor, what: str, body: Organisation, references: dict[str, str], changes: dict[str, str]
) -> None:
    record(actor, Happening(f"organisation.{what}", "organisation", body.reference, references, changes))

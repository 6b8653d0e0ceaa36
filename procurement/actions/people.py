"""Giving people a way to sign in and a role in an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import transaction

from procurement.actions.events import Happening, record_many
from procurement.actions.outcome import Outcome
from procurement.errors import Fault, Invalid
from procurement.models import Membership, Organisation, User
from procurement.permissions import Action, Actor, require


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """A person by e-mail address, and the role to hold in an organisation (by reference)."""

    email: str
    full_name: str
    organisation: str
    role: str


def save_people(actor: Actor, drafts: Sequence[PersonDraft], password: str) -> Outcome:
    """Make the people who have no account yet, each with the password, and give the roles that are missing.

    An account that exists keeps its password and name, and its other roles. Raises NotPermitted, Invalid.
    """
    require(actor, Action.MANAGE_ORGANISATIONS)
    with transaction.atomic():
        organisations = {
            one.reference: one
            for one in Organisation.objects.filter(reference__in={draft.organisation for draft in drafts})
        }
        _check(drafts, set(organisations))
        emails = {draft.email.lower() for draft in drafts}
        known = {user.email: user for user in User.objects.filter(email__in=emails)}
        created, changed, happenings = [], [], []
        hashed = make_password(
            password
        )  # once: the hash is slow on purpose, and all of them have the same password
        for draft in drafts:
            user = known.get(draft.email.lower())
            if user is None:
                user = User.objects.create(
                    email=draft.email.lower(), password=hashed, full_name=draft.full_name
                )
                known[user.email] = user
                created.append(user.reference)
            organisation = organisations[draft.organisation]
            if not Membership.objects.filter(user=user, organisation=organisation).exists():
                Membership.objects.create(user=user, organisation=organisation, role=draft.role)
                if user.reference not in created:
                    changed.append(user.reference)
                happenings.append(
                    Happening(
                        "organisation.member_added",
                        "organisation",
                        organisation.reference,
                        {"user": user.reference},
                        {"role": draft.role},
                    )
                )
        record_many(actor, happenings)
    return Outcome(created, changed, len(drafts) - len(created) - len(changed))


def _check(drafts: Sequence[PersonDraft], organisations: set[str]) -> None:
    faults = [
        Fault(f"/{number}/organisation", "unknown", f"There is no organisation {draft.organisation}.")
        for number, draft in enumerate(drafts)
        if draft.organisation not in organisations
    ]
    faults += [
        Fault(f"/{number}/role", "unknown", f"{draft.role} is none of {', '.join(Membership.Role.values)}.")
        for number, draft in enumerate(drafts)
        if draft.role not in Membership.Role.values
    ]
    if faults:
        raise Invalid("Nobody was given an account.", tuple(faults))

"""Who is told of what happens to the market itself: imports, places on lots, rate cards, firms, suppliers and people.

A part of the table of notices.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from procurement.models import Event, SupplierMember
from procurement.notice import URGENT, USER, Notice
from procurement.permissions import ADMINISTRATORS, SYSTEM

FRAMEWORK: Final = ("web:framework", "{framework}")
PROFILE: Final = ("web:profile", "{subject}")


def _by_somebody(event: Event) -> bool:
    """A person or an integration did it: neither the clock nor the load of a whole market."""
    return event.actor != SYSTEM.reference


def _joins_another(event: Event) -> bool:
    """Somebody had a member join: its lead does not learn of itself."""
    return _by_somebody(event) and event.changes.get("role") != SupplierMember.Role.LEAD


def _finished(said: Mapping[str, Any]) -> str:
    """A check that has found errors is told as that: that it could be made is no good news of the file."""
    if said.get("dry_run") and said.get("refused"):
        return f"A check has found errors: {said['subject']}"
    return f"Work has {said['status']}: {said['subject']}"


def _came_of_it(said: Mapping[str, Any]) -> str:
    """What became of the work, and of an import whether anything was changed."""
    kind, subject = str(said["kind"]).replace("_", " "), said["subject"]
    checked = said.get("dry_run") and said.get("refused")
    ended = "was only checked" if checked else f"has {said['status']}"
    return " ".join(filter(None, (f"The work “{kind}” ({subject}) {ended}.", said.get("outcome"))))


MARKET_NOTICES: Final[dict[str, tuple[Notice, ...]]] = {
    "operation.finished": (
        Notice("operation", _finished, _came_of_it, ("web:operation", "{subject}")),
    ),
    "appointment.made": (
        Notice("supplier", "A place on lot {lot} of {framework}",
               "{supplier} holds a place on lot {lot} of {framework} from {starts_on}.", FRAMEWORK, URGENT,
               when=_by_somebody),
    ),
    "appointment.suspended": (
        Notice("supplier", "Place on lot {lot} of {framework} suspended",
               "The place of {supplier} on lot {lot} of {framework} rests: no call-off can be made with it until it "
               "is reinstated.", FRAMEWORK, URGENT),
    ),
    "appointment.reinstated": (
        Notice("supplier", "Place on lot {lot} of {framework} reinstated",
               "The place of {supplier} on lot {lot} of {framework} holds again.", FRAMEWORK, URGENT),
    ),
    "appointment.withdrawn": (
        Notice("supplier", "Place on lot {lot} of {framework} given up",
               "The place of {supplier} on lot {lot} of {framework} was given up.", FRAMEWORK, URGENT),
    ),
    "appointment.ended": (
        Notice("supplier", "Place on lot {lot} of {framework} has ended",
               "The last day of the place of {supplier} on lot {lot} of {framework} has passed.", FRAMEWORK),
    ),
    "rate_card.published": (
        Notice("supplier", "Rate card published: {subject}",
               "Version {version} of the rate card of {supplier} on {framework} is the one that buyers read.",
               FRAMEWORK),
    ),
    "rate_card.expired": (
        Notice("lead", "Rate card expired: {subject}",
               "The last day of version {version} of the rate card of {supplier} on {framework} has passed.",
               FRAMEWORK, URGENT),
    ),
    "partner.confirmation_asked": (
        Notice("partner", "Is your profile still right?",
               "The profile of {subject} was last confirmed, or published for you, on {since}. Buyers read that day. "
               "Confirm on your firm's page that it is right, or change it.", ("web:firm", "{subject}"), URGENT),
    ),
    "partner.suspended": (
        Notice("partner", "Profile suspended", "The profile of {subject} is shown to nobody until it is reinstated.",
               PROFILE, URGENT),
    ),
    "partner.profile_taken_back": (
        Notice("partner", "Version {version} of your profile was taken back",
               "What stood before version {version} of the profile of {subject} is published again: {reason}", PROFILE,
               URGENT),
    ),
    "partner.reinstated": (
        Notice("partner", "Profile reinstated", "The profile of {subject} is shown again.", PROFILE, URGENT),
    ),
    "supplier.member_joined": (
        Notice("partner", "Joined {subject}", "{partner} belongs to the supplier {subject} from {joined_on}."),
        Notice("lead", "{partner} is a member of {subject}",
               "{partner} belongs to the supplier {subject}, which you lead, from {joined_on}.", when=_joins_another),
    ),
    "supplier.member_left": (
        Notice("partner", "Left {subject}", "{partner} does not belong to the supplier {subject} from {left_on}."),
        Notice("lead", "{partner} has left {subject}",
               "{partner} does not belong to the supplier {subject}, which you lead, from {left_on}.",
               when=_by_somebody),
    ),
    "supplier.lead_changed": (
        Notice("supplier", "{partner} leads {subject}",
               "{partner} leads the supplier {subject} from {since}, in place of {former}: it answers what buyers ask, "
               "submits and signs.", None, URGENT),
    ),
    "organisation.member_added": (
        Notice(USER, "You act for {subject}", "You may act for {subject} in the role {role}.", ("web:account", "")),
    ),
    "organisation.member_role_changed": (
        Notice(USER, "Your role in {subject}", "Your role in {subject} is now {role}; it was {before}.",
               ("web:account", "")),
    ),
    "organisation.invitation_accepted": (
        Notice("organisation", "An invitation was accepted", "Somebody who was invited to act for {subject} does so.",
               ("web:members", "{subject}")),
    ),
    "organisation.invitation_declined": (
        Notice("organisation", "An invitation was declined",
               "Somebody who was invited to act for {subject} will not. Its administrators see whom on the page of its "
               "people.", ("web:members", "{subject}")),
    ),
    "organisation.membership_asked": (
        Notice("organisation", "Somebody asks to act for {subject}",
               "Somebody asks to act for {subject}. Its administrators answer on the page of its people.",
               ("web:members", "{subject}"), URGENT, ADMINISTRATORS),
    ),
    "organisation.client_created": (
        Notice("organisation", "An integration was given access",
               "The integration {application} may act for {subject}. If nobody of yours asked for it, tell the "
               "operator.", None, URGENT, ADMINISTRATORS),
    ),
}  # fmt: skip

"""What has happened before an example of framework owners and operators runs: a place rests, a firm is suspended, two
have published anew.
"""

from __future__ import annotations

from typing import Any, Final

from django.core import mail

from procurement.actions.belonging import add_domain
from procurement.actions.member_invitations import invite_member, send_invitation
from procurement.actions.profiles import update_profile
from procurement.actions.standing import move_appointment, suspend_partner
from procurement.models import Event, MemberInvitation, Membership, Partner, User
from procurement.permissions import SYSTEM
from tests.api.buying import BUYER
from tests.api.calling_off import acting
from tests.api.competing import session_of

RESTING: Final = "rm6309~2~brightwater"
SUSPENDED: Final = "cobic"
REVIEWED: Final = {"REVIEWED": "larch", "TAKEN_BACK": "brightwater"}
"""Firms whose own people have published another profile."""


def administered() -> dict[str, str]:
    """What the examples name; `chief` of calling_off.py administers the buyer."""
    move_appointment(SYSTEM, RESTING, None, "suspend", "Its insurance has lapsed.")
    suspend_partner(SYSTEM, SUSPENDED, Partner.objects.get(reference=SUSPENDED).revision, "Wound up.")
    for firm in REVIEWED.values():
        published_anew(firm)
    return {
        "DOMAIN": add_domain(SYSTEM, BUYER, "leeds.example").domain,
        "RESTING": RESTING,
        "SUSPENDED": SUSPENDED,
        "CHIEF": session_of("chief"),
        "MEMBER_INVITATION": member_invitation(),
        "INVITED": session_of("partner"),
        "LINK": link_of(invited("partner@example.org")),
        **REVIEWED,
    }


def member_invitation() -> str:
    """Somebody whom the buyer has invited, and who has not answered."""
    return invited("invited@example.org")


def invited(email: str, role: str = "viewer") -> str:
    """The buyer invites an address."""
    return invite_member(acting("chief"), BUYER, email, "", role).reference


def link_of(invitation: str) -> str:
    """The token of the link that is sent to whoever is invited."""
    assert send_invitation(invitation, 1)
    return str(mail.outbox[-1].body).partition("/organisation-invitations/")[2].split()[0]


def published_anew(firm: str) -> int:
    """Publishes a profile as the person of the firm; the number of the version."""
    partner = Partner.objects.get(reference=firm)
    changed = update_profile(
        acting(firm), firm, partner.revision, {"summary": f"What {firm} does, said anew."}
    )
    assert changed.published is not None
    return changed.published.number


def invitations_kept() -> list[Any]:
    """All that the refusal of an invitation, or of its answer, must leave as it is."""
    return [
        Event.objects.count(),
        list(MemberInvitation.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values_list("user", "organisation", "role")),
        User.objects.count(),
    ]

"""What may happen to the market itself: organisations and their people, firms, suppliers, places, rates, frameworks.

A part of the table of event_types.py, which listeners read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EventType:
    """`subject` is the kind of object that the event's subject names; `references` the kinds it names
    beside.

    A `public` event is read by everybody who may read events, without what `withheld` names of its changes and
    without its actor. Any other is read by the organisations that it `concerns`, each a way of concerned.py from
    subject or references to organisations, and by operators. The default tells an organisation that the event
    names and nobody else: a type that says nothing never tells a partner what a buyer does.
    """

    subject: str
    references: tuple[str, ...]
    meaning: str
    concerns: tuple[str, ...] = ("organisation",)
    public: bool = False
    withheld: tuple[str, ...] = ()


MARKET_EVENTS: Final[dict[str, EventType]] = {
    "organisation.created": EventType(
        "organisation", (), "A legal body is known to the service.", public=True
    ),
    "organisation.changed": EventType(
        "organisation", (), "Its name, identifier or capabilities changed.", public=True
    ),
    "organisation.member_added": EventType(
        "organisation", ("user",), "A person may act for it; changes hold the role."
    ),
    "organisation.member_role_changed": EventType(
        "organisation",
        ("user",),
        "A person has another role in it; changes hold the role and the one before.",
    ),
    "organisation.member_removed": EventType(
        "organisation", ("user",), "A person acts for it no more; changes hold the role that ended."
    ),
    "organisation.member_invited": EventType(
        "organisation",
        ("invitation",),
        "Somebody is invited to act for it, and has not answered; changes hold the role.",
    ),
    "organisation.invitation_sent_again": EventType(
        "organisation",
        ("invitation",),
        "An invitation was sent once more, and its link before is good no more; changes hold the role.",
    ),
    "organisation.invitation_withdrawn": EventType(
        "organisation", ("invitation",), "Nobody can accept the invitation any more."
    ),
    "organisation.invitation_accepted": EventType(
        "organisation", ("invitation", "user"), "Whoever was invited accepted, and may act for it."
    ),
    "organisation.invitation_declined": EventType(
        "organisation",
        ("invitation",),
        "Whoever was invited will not act for it; no event says who they are.",
    ),
    "organisation.domain_added": EventType(
        "organisation", (), "Whoever has an address of a domain is shown it; changes hold the domain."
    ),
    "organisation.domain_removed": EventType("organisation", (), "That domain is no longer its own."),
    "organisation.membership_asked": EventType(
        "organisation",
        ("user", "request"),
        "Somebody asks to act for it, with the address they signed up with.",
    ),
    "organisation.membership_refused": EventType(
        "organisation", ("user", "request"), "Whoever asked may not act for it; changes hold the reason."
    ),
    "organisation.membership_withdrawn": EventType(
        "organisation", ("user", "request"), "Whoever asked asks no longer."
    ),
    "organisation.client_created": EventType(
        "organisation", ("application",), "An integration may act for it; changes hold the client's name."
    ),
    "partner.profile_published": EventType(
        "partner",
        ("organisation",),
        "A profile version became the one that buyers read; changes hold its fields.",
        public=True,
        withheld=("values",),
    ),
    "partner.profile_reviewed": EventType(
        "partner",
        (),
        "What the firm published was looked at and left; changes hold the version.",
        ("partner",),
    ),
    "partner.profile_taken_back": EventType(
        "partner",
        (),
        "What the firm published was taken back, what stood before is published; changes hold version and reason.",
        ("partner",),
    ),
    "partner.profile_confirmed": EventType(
        "partner", (), "The firm stood by its profile as it is.", public=True
    ),
    "partner.confirmation_asked": EventType(
        "partner",
        (),
        "It has long not confirmed its profile and is asked to; changes hold since when.",
        ("partner",),
    ),
    "partner.suspended": EventType(
        "partner",
        (),
        "The firm is shown to nobody until it is reinstated.",
        public=True,
        withheld=("reason",),
    ),
    "partner.reinstated": EventType(
        "partner", (), "A suspended firm is shown again.", public=True, withheld=("reason",)
    ),
    "supplier.created": EventType("supplier", (), "A party that may be appointed to lots.", public=True),
    "supplier.changed": EventType("supplier", (), "Its name or form changed.", public=True),
    "supplier.member_joined": EventType(
        "supplier", ("partner",), "A partner belongs to it from the stated day.", public=True
    ),
    "supplier.member_left": EventType(
        "supplier", ("partner",), "A partner no longer belongs to it.", public=True
    ),
    "supplier.lead_changed": EventType(
        "supplier",
        ("partner",),
        "Another partner leads it; changes hold who led before, since when, and whether that one stays a member.",
        public=True,
    ),
    "appointment.made": EventType(
        "appointment", ("supplier", "lot", "framework"), "A supplier's place on a lot.", public=True
    ),
    **{
        f"appointment.{what}": EventType(
            "appointment", ("supplier", "lot", "framework"), meaning, public=True, withheld=("reason",)
        )
        for what, meaning in {
            "suspended": "The place rests.",
            "reinstated": "The place holds again.",
            "withdrawn": "The place was given up.",
        }.items()
    },
    "appointment.started": EventType(
        "appointment", ("supplier", "lot", "framework"), "Its first day came.", public=True
    ),
    "appointment.ended": EventType(
        "appointment", ("supplier", "lot", "framework"), "Its last day passed.", public=True
    ),
    "appointment.changed": EventType(
        "appointment", ("supplier", "lot", "framework"), "Its days or marks changed.", public=True
    ),
    "offering.published": EventType(
        "partner",
        ("supplier", "framework"),
        "What the partner offers within the supplier on the framework changed.",
        public=True,
        withheld=("offerings",),
    ),
    "rate_card.published": EventType(
        "rate_card", ("supplier", "framework"), "A version became the card to read.", public=True
    ),
    "rate_card.took_effect": EventType(
        "rate_card", ("supplier", "framework"), "A version's first day came.", public=True
    ),
    "rate_card.expired": EventType(
        "rate_card", ("supplier", "framework"), "A version's last day passed.", public=True
    ),
    "rate_card.lines_changed": EventType(
        "rate_card",
        ("supplier", "framework"),
        "Lines of the version in force began or ended on the stated day, by their own days.",
        public=True,
    ),
    "framework.published": EventType(
        "framework", (), "A framework with its lots, specialisms and grades is known.", public=True
    ),
    "framework.changed": EventType(
        "framework", (), "It, or one of its lots, specialisms or grades, changed.", public=True
    ),
    "framework.went_live": EventType("framework", (), "Its first day came.", public=True),
    "framework.expired": EventType("framework", (), "Its last day passed.", public=True),
    "regions.published": EventType(
        "regions", (), "Regions, their names or their twins changed.", public=True
    ),
}

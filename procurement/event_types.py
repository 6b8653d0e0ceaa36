"""What may happen: every type of event, its subject and what it refers to. The one list that listeners rely
on.

A listener (the search's outbox, the change feed, notifications) reads a type here before it listens to it; a
test holds the log of the demonstration market against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EventType:
    """`subject` is the kind of object that the event's subject names; `references` the kinds it names
    beside.
    """

    subject: str
    references: tuple[str, ...]
    meaning: str


EVENT_TYPES: Final[dict[str, EventType]] = {
    "organisation.created": EventType("organisation", (), "A legal body is known to the service."),
    "organisation.changed": EventType("organisation", (), "Its name, identifier or capabilities changed."),
    "organisation.member_added": EventType(
        "organisation", ("user",), "A person may act for it; changes hold the role."
    ),
    "organisation.client_created": EventType(
        "organisation", ("application",), "An integration may act for it; changes hold the client's name."
    ),
    "partner.profile_published": EventType(
        "partner",
        ("organisation",),
        "A profile version became the one that buyers read; changes hold its fields.",
    ),
    "partner.profile_confirmed": EventType("partner", (), "The firm stood by its profile as it is."),
    "partner.suspended": EventType("partner", (), "The firm is shown to nobody until it is reinstated."),
    "partner.reinstated": EventType("partner", (), "A suspended firm is shown again."),
    "supplier.created": EventType("supplier", (), "A party that may be appointed to lots."),
    "supplier.changed": EventType("supplier", (), "Its name or form changed."),
    "supplier.member_joined": EventType(
        "supplier", ("partner",), "A partner belongs to it from the stated day."
    ),
    "supplier.member_left": EventType("supplier", ("partner",), "A partner no longer belongs to it."),
    "appointment.made": EventType(
        "appointment", ("supplier", "lot", "framework"), "A supplier's place on a lot."
    ),
    "appointment.suspended": EventType("appointment", ("supplier", "lot", "framework"), "The place rests."),
    "appointment.reinstated": EventType(
        "appointment", ("supplier", "lot", "framework"), "The place holds again."
    ),
    "appointment.withdrawn": EventType(
        "appointment", ("supplier", "lot", "framework"), "The place was given up."
    ),
    "appointment.started": EventType("appointment", ("supplier", "lot", "framework"), "Its first day came."),
    "appointment.ended": EventType("appointment", ("supplier", "lot", "framework"), "Its last day passed."),
    "appointment.changed": EventType(
        "appointment", ("supplier", "lot", "framework"), "Its days or marks changed."
    ),
    "offering.published": EventType(
        "partner",
        ("supplier", "framework"),
        "What the partner offers within the supplier on the framework changed.",
    ),
    "rate_card.published": EventType(
        "rate_card", ("supplier", "framework"), "A version became the card to read."
    ),
    "rate_card.took_effect": EventType("rate_card", ("supplier", "framework"), "A version's first day came."),
    "rate_card.expired": EventType("rate_card", ("supplier", "framework"), "A version's last day passed."),
    "framework.published": EventType(
        "framework", (), "A framework with its lots, specialisms and grades is known."
    ),
    "framework.changed": EventType(
        "framework", (), "It, or one of its lots, specialisms or grades, changed."
    ),
    "framework.went_live": EventType("framework", (), "Its first day came."),
    "framework.expired": EventType("framework", (), "Its last day passed."),
    "regions.published": EventType("regions", (), "Regions, their names or their twins changed."),
    "operation.queued": EventType("operation", ("shortlist",), "Long work was asked for."),
    "operation.cancelled": EventType("operation", (), "Somebody stopped it before it wrote anything."),
    "operation.finished": EventType("operation", (), "It succeeded or failed; changes say which."),
    "requirement.created": EventType(
        "requirement",
        ("organisation", "framework", "lot"),
        "A buyer said what it needs; changes hold the number and digest of what was said, not its words.",
    ),
    "requirement.revised": EventType(
        "requirement",
        ("organisation", "framework", "lot"),
        "It was said anew; changes name the fields that differ.",
    ),
    "requirement.withdrawn": EventType("requirement", ("organisation",), "It is needed no longer."),
    "match.kept": EventType(
        "match",
        ("organisation", "requirement", "framework", "lot"),
        "A requirement was answered; changes hold the answer's digest and by what it was made.",
    ),
    "shortlist.created": EventType(
        "shortlist",
        ("organisation", "requirement", "match", "listing"),
        "A buyer began a choice; changes hold where it comes from and how many listings.",
    ),
    "shortlist.retitled": EventType("shortlist", ("organisation",), "Its title changed."),
    "shortlist.entries_added": EventType("shortlist", ("organisation", "listing"), "Listings were added."),
    "shortlist.entry_removed": EventType("shortlist", ("organisation", "listing"), "A listing was removed."),
    "shortlist.entry_decided": EventType(
        "shortlist",
        ("organisation", "listing"),
        "A listing is in, out or undecided; changes hold the reason.",
    ),
    "shortlist.reordered": EventType("shortlist", ("organisation", "listing"), "Its entries stand anew."),
    "shortlist.noted": EventType(
        "shortlist", ("organisation",), "A note was written; changes hold its number, not its words."
    ),
    "shortlist.locked": EventType(
        "shortlist",
        ("organisation",),
        "It stands, with a snapshot of what was relied on; changes hold the digests of the whole and of its parts.",
    ),
    "shortlist.unlocked": EventType(
        "shortlist", ("organisation",), "It is open again; the snapshot stays. Changes hold the reason."
    ),
    "saved_search.kept": EventType(
        "saved_search",
        ("organisation",),
        "A buyer keeps a search; changes hold what it wants to be told and how many listings it finds, not its words.",
    ),
    "saved_search.changed": EventType(
        "saved_search", ("organisation",), "It asks or tells otherwise; changes name the fields."
    ),
    "saved_search.unsubscribed": EventType(
        "saved_search", ("organisation",), "It tells nothing more: the link in its e-mail was followed."
    ),
    "saved_search.deleted": EventType("saved_search", ("organisation",), "It is kept no longer."),
    "saved_search.matched": EventType(
        "saved_search",
        ("organisation", "listing"),
        "It has found listings that are new or changed; changes say which of them have changed.",
    ),
    "demo.loaded": EventType("demo", (), "The demonstration market was loaded."),
}

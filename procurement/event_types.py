"""What may happen: every type of event, its subject and what it refers to. The one list that listeners rely
on; the rows of the market itself stand in market_events.py, those of a tender in tender_events.py.

A listener (the search's outbox, the change feed, notifications) reads a type here before it listens to it; a
test holds the log of the demonstration market against it. Who may read an event (procurement/concerned.py, the
feed, webhooks) follows from its type's row, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from procurement.market_events import MARKET_EVENTS, EventType
from procurement.models import Capability
from procurement.tender_events import NAMED, PARTIES, TENDER_EVENTS

COMPETING: Final = ("organisation", "invited", "writers")
"""The buyer, the lead of every supplier that a competition has invited, or asks for interest, and the members that it
lets write.
"""

EVENT_TYPES: Final[dict[str, EventType]] = {
    **MARKET_EVENTS,
    "operation.queued": EventType(
        "operation", ("shortlist",), "Long work was asked for.", concerns=("operation",)
    ),
    "operation.cancelled": EventType(
        "operation", (), "Somebody stopped it before it wrote anything.", concerns=("operation",)
    ),
    "operation.finished": EventType(
        "operation",
        (),
        "It succeeded or failed; changes say which, and of an import its outcome.",
        concerns=("operation",),
    ),
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
    "call_off.drafted": EventType(
        "call_off",
        ("organisation", "framework", "lot", "requirement", "shortlist"),
        "A buyer began a purchase; changes hold its route and its OCID.",
    ),
    "call_off.edited": EventType(
        "call_off", ("organisation", "requirement", "shortlist"), "It was said anew; changes name the fields."
    ),
    "call_off.published": EventType(
        "call_off", ("organisation", "framework", "lot"), "A competition began; changes hold its dates."
    ),
    **{
        f"call_off.{what}": EventType("call_off", ("organisation",), meaning)
        for what, meaning in {
            "closed": "The deadline for tenders passed.",
            "evaluated": "Its tenders were ranked.",
            "intention": "Whom the buyer means to award to was told.",
            "notice_published": "The contract award notice was published after the intention; changes hold its number "
            "and day, and until when a promised standstill runs.",
            "standstill_ended": "The promised standstill has ended; changes hold whether the award is blocked.",
            "approval_asked": "An approval is asked for; changes hold of which greatest total, in pence.",
            "approved": "The buyer's approver let it go on; changes hold the greatest total.",
            "sent_back": "The buyer's approver sent it back; changes hold the reason.",
            "interest_ended": "Expressions of interest ended; changes hold how many are invited.",
            "document_added": "A document was put with a competition; changes hold its reference.",
            "document_removed": "One that no supplier was told of was taken away.",
            "scores_lapsed": "By a conflict declared since, scores that its tenders were ranked by count no longer.",
            "interest_declared": "An assessor or moderator declared their interests; changes hold nothing of them.",
        }.items()
    },
    "call_off.approval_lapsed": EventType(
        "call_off",
        ("organisation", "user"),
        "An approval of it fell; it names who gave it. Changes say whether it was sent back, or else said anew.",
    ),
    "call_off.tenders_opened": EventType(
        "call_off", ("organisation", "user"), "Its tenders were opened; it names who assesses and moderates."
    ),
    "call_off.evaluation_reopened": EventType(
        "call_off",
        ("organisation", "user"),
        "Scores are given anew; it names who assesses and moderates, changes hold why, and whether it `corrects` one.",
    ),
    "call_off.awarded": EventType(
        "call_off",
        ("organisation", "supplier", "contract", "offer", "framework", "lot"),
        "It was awarded; changes hold the value.",
        # The winner alone beside the buyer: value and most are those of the contract that waits for it.
        concerns=PARTIES,
    ),
    "call_off.award_undone": EventType(
        "call_off",
        ("organisation", "supplier", "contract", "offer"),
        "The award was taken back before contract; changes hold the reason.",
    ),
    "call_off.contracted": EventType(
        "call_off", ("organisation", "supplier", "contract", "framework", "lot"), "Both parties have signed."
    ),
    "call_off.cancelled": EventType(
        "call_off",
        ("organisation", "offer", "contract"),
        "Nothing is bought; changes hold the reason.",
        concerns=(*COMPETING, "offered"),
    ),
    "call_off.unsuccessful": EventType(
        "call_off",
        ("organisation",),
        "No supplier would or could; changes hold the reason.",
        concerns=COMPETING,
    ),
    "call_off.person_added": EventType(
        "call_off", ("organisation", "user"), "Somebody has a part in it; changes hold the part."
    ),
    "call_off.person_removed": EventType(
        "call_off", ("organisation", "user"), "Somebody has that part no longer."
    ),
    "call_off.supplier_passed_over": EventType(
        "call_off",
        ("organisation", "supplier"),
        "The next supplier in the order could not be asked; changes hold its position and why.",
    ),
    "organisation.limit_set": EventType(
        "organisation", (), "From which total on its call-offs are approved, in pence; null: none is."
    ),
    **{
        f"offer.{what}": EventType(
            "offer",
            ("call_off", "organisation", "supplier", "partner"),
            meaning,
            concerns=(*PARTIES, "wanted_in_offer"),
        )
        for what, meaning in {
            "sent": "An order form went to a supplier; changes hold digest, price and the end of its window.",
            "reminded": "Half of its window has passed without an answer.",
            "extended": "There is longer to answer it; changes hold the end of its window, and what it was before.",
            "viewed": "The lead supplier has read it.",
            "accepted": "The lead supplier takes the order.",
            "declined": "The lead supplier does not take it; changes hold the reason.",
            "expired": "Its window passed without an answer.",
            "withdrawn": "The buyer took it back; changes hold the reason.",
            "not_signed": "It was accepted, and the supplier did not sign.",
        }.items()
    },
    **{
        f"contract.{what}": EventType(
            "contract", ("call_off", "organisation", "supplier"), meaning, concerns=PARTIES
        )
        for what, meaning in {
            "signed": "One of the two parties has signed; changes say which, and whether both have.",
            "concluded": "The second of the two parties has signed: the contract stands.",
            "identified": "Others call it so: notice, purchase order, the buyer's own reference.",
            "indicators_set": "Its key performance indicators were set; changes hold their names, or why it has none.",
            "assessed": "Its performance was assessed; changes hold the notice, the period and each rating.",
            "notice_published": "A public notice of it was published; changes hold which, its number and day.",
            "extended": "The next priced option was taken; changes hold the new last day and value.",
            "completed": "The work is done.",
            "reopened": "It was complete by mistake and goes on; changes hold the reason.",
            "terminated": "It ended before its time; changes hold the reason.",
            "voided": "The award that it rested on was taken back before both had signed.",
        }.items()
    },
    **{
        f"contract.{what}_reminded": EventType(
            "contract",
            ("call_off", "organisation", "supplier"),
            meaning,
            concerns=("organisation",) if what == "option" else PARTIES,
        )
        for what, meaning in {
            "signature": "It waits for a signature since days; changes say whose.",
            "option": "The last day to take its next priced option is close; changes hold it, and the option's months.",
            "end": "Its last day is close; changes hold it.",
        }.items()
    },
    "contract.notice_reminded": EventType(
        "contract",
        ("call_off", "organisation", "supplier"),
        "A public notice of it is close to its last day; changes hold which, and by when.",
    ),
    **{
        f"joining.{what}": EventType(
            "joining",
            ("partner", "supplier", "lot", "framework"),
            meaning,
            # A draft is its firm's alone.
            concerns=("partner",) if what in {"drafted", "edited"} else ("partner", "lead", "owner"),
        )
        for what, meaning in {
            "drafted": "A firm began to apply to join a consortium, or a lot by itself.",
            "edited": "It was said anew; changes name the fields.",
            "submitted": "The firm applied.",
            "agreed": "The lead of the consortium would have it.",
            "checked": "The framework owner has checked it.",
            "joined": "It belongs from now on.",
            "refused": "It was not taken; changes hold the reason.",
            "withdrawn": "The firm applies no longer; of a draft the event names the firm alone.",
        }.items()
    },
    **{
        f"rate_proposal.{what}": EventType(
            "rate_proposal",
            ("supplier", "framework"),
            meaning,
            # A draft is its supplier's alone; no member but the lead sees what is not in force yet.
            concerns=("lead",) if what in {"drafted", "edited"} else ("lead", "owner"),
        )
        for what, meaning in {
            "drafted": "A supplier's lead began to propose a version of its rate card.",
            "edited": "It was said anew; changes name the fields.",
            "submitted": "It was proposed; changes hold the day it asks for and how many lines change, no rate.",
            "approved": "It is the card's next version; changes hold which, and its first day.",
            "refused": "It was not taken; changes hold the reason.",
            "withdrawn": "The lead proposes it no longer; of a draft the event names the supplier alone.",
        }.items()
    },
    "measure.added": EventType(
        "measure", ("organisation",), "An outcome that can be counted joined the library."
    ),
    **{
        f"outcome_plan.{what}": EventType(
            "outcome_plan",
            ("call_off", "organisation", "payer", "investor"),
            meaning,
            concerns=("organisation",) if what == "edited" else ("organisation", "payer", "investor"),
        )
        for what, meaning in {
            "edited": "What a call-off pays for was said; changes hold the cap, in pence without VAT.",
            "proposed": "It is found suitable and complete, and goes to the bodies that pay.",
            "share_approved": "A body that pays has approved its share, in hundredths of a per cent.",
            "investor_approved": "The social investor has approved; changes say whether itself or by the buyer's word.",
            "agreed": "Every body that pays has approved its share, and the social investor its part.",
            "removed": "It was taken away, and names the bodies that were asked; changes hold its last revision.",
        }.items()
    },
    "outcome_plan.ended": EventType(
        "outcome_plan",
        ("call_off", "organisation", "payer", "investor", "dropped"),
        "Its purchase ended; changes hold how, why, and what is left of each pot, in pence. Where it is being said "
        "anew it names as dropped those that had been asked, and no pots.",
        concerns=("organisation", "payer", "investor", "dropped"),
    ),
    "outcome_plan.resumed": EventType(
        "outcome_plan",
        ("call_off", "organisation", "payer", "investor"),
        "Its purchase had ended by mistake and goes on; changes hold why.",
        concerns=("organisation", "payer", "investor"),
    ),
    "outcome_plan.approvals_lapsed": EventType(
        "outcome_plan",
        ("call_off", "organisation", "payer", "investor", "dropped"),
        "It is said anew after bodies were asked: it names those asked again, and those that have no part any more.",
        concerns=("organisation", "payer", "investor", "dropped"),
    ),
    **{
        f"claim.{what}": EventType(
            "claim", ("contract", "call_off", "organisation", "supplier"), meaning, concerns=PARTIES
        )
        for what, meaning in {
            "submitted": "A supplier claims outcomes; changes hold how many.",
            "file_added": "A file was put with it as evidence; changes hold its reference and digest.",
            "rejected": "They were not borne out; changes hold the reason.",
        }.items()
    },
    **{
        f"claim.{what}": EventType(
            "claim",
            ("contract", "call_off", "organisation", "supplier", "payer"),
            meaning,
            concerns=(*PARTIES, "payer"),
        )
        for what, meaning in {
            "verified": "They were checked; changes hold how many are borne out, and in pence what is paid for them.",
            "unverified": "That was taken back before it was paid; changes hold what it was, and the reason.",
        }.items()
    },
    "claim.paid": EventType(
        "claim",
        ("contract", "call_off", "organisation", "supplier", "payer"),
        "They were paid; changes hold the amount by payer, in pence without VAT.",
        concerns=(*PARTIES, "payer"),
    ),
    "offer.partner_left": EventType(
        "offer",
        ("call_off", "organisation", "supplier", "partner"),
        "A firm that is wanted in an open offer left the supplier.",
        concerns=NAMED,
    ),
    "contract.partner_left": EventType(
        "contract",
        ("call_off", "organisation", "supplier", "partner"),
        "A firm that was wanted left the supplier of a live contract.",
        concerns=NAMED,
    ),
    "contract.partner_left_meanwhile": EventType(
        "contract",
        ("call_off", "organisation", "supplier", "partner"),
        "It goes on, and a firm that was wanted left its supplier while it was complete; changes hold since when.",
        # The firm itself heard of its leaving as it left, and hears nothing newer.
        concerns=PARTIES,
    ),
    "offer.lead_changed": EventType(
        "offer",
        ("call_off", "organisation", "supplier", "partner"),
        "Another firm leads the supplier of an open offer.",
        concerns=NAMED,
    ),
    "contract.lead_changed": EventType(
        "contract",
        ("call_off", "organisation", "supplier", "partner"),
        "Another firm leads the supplier of a live contract.",
        concerns=NAMED,
    ),
    "call_off.extended": EventType(
        "call_off",
        ("organisation",),
        "Moments of a competition moved to later; changes hold both, and the reason.",
        concerns=COMPETING,
    ),
    "call_off.amended": EventType(
        "call_off",
        ("organisation",),
        "What is competed for changed; changes hold number, whether it is material, and what differs, not the words.",
        concerns=COMPETING,
    ),
    **{
        f"invitation.{what}": EventType(
            "invitation",
            ("call_off", "organisation", "supplier", "partner"),
            meaning,
            concerns=(*PARTIES, "wanted_in_invitation"),
        )
        for what, meaning in {
            "interest_asked": "A supplier is asked whether it is interested; changes hold until when.",
            "interest_expressed": "It answered; changes hold which way.",
            "reminded": "It has not answered whether it is interested; changes hold until when it can.",
            "sent": "A supplier is invited to tender; changes hold tender, dates and digest of what was published.",
        }.items()
    },
    "clarification.asked": EventType(
        "clarification",
        ("call_off", "organisation"),
        "A question was asked. Recorded as the service's own: whoever asks is hidden, and an actor would tell.",
    ),
    "clarification.answered": EventType(
        "clarification",
        ("call_off", "organisation"),
        "It was answered, to all at once.",
        concerns=COMPETING,
    ),
    **TENDER_EVENTS,
    "webhook.registered": EventType(
        "webhook", ("organisation",), "An organisation is told of events at an address of its own."
    ),
    "webhook.changed": EventType(
        "webhook", ("organisation",), "Its address, types or status changed; changes name the fields."
    ),
    "webhook.rotated": EventType(
        "webhook", ("organisation",), "It has a new secret; the one before is good for a day."
    ),
    "webhook.tested": EventType(
        "webhook", ("organisation",), "Somebody asked for a message to try it; sent to it alone."
    ),
    "webhook.replayed": EventType(
        "webhook", ("organisation", "delivery"), "Somebody asked for a message to be sent again."
    ),
    "webhook.disabled": EventType("webhook", ("organisation",), "It is sent nothing more; changes say why."),
    "webhook.deleted": EventType("webhook", ("organisation",), "The organisation is told there no more."),
    "delivery.redriven": EventType("delivery", (), "An operator had a dead letter tried again.", concerns=()),
    "demo.loaded": EventType("demo", (), "The demonstration market was loaded.", concerns=()),
}

PUBLIC: Final = frozenset(name for name, known in EVENT_TYPES.items() if known.public)
"""Types whose events everybody reads who may read events."""

BEGINNINGS: Final = tuple(sorted({f"{name.partition('.')[0]}." for name in EVENT_TYPES}))
"""How types begin, each a pattern of its own."""

OFTEN: Final[dict[str, tuple[str, ...]]] = {
    Capability.Kind.BUYER: ("call_off.", "contract.concluded"),
    Capability.Kind.PARTNER: ("invitation.", "offer.sent"),
    Capability.Kind.FRAMEWORK_OWNER: ("joining.submitted", "appointment."),
    Capability.Kind.OPERATOR: ("operation.finished", "partner."),
}
"""What an organisation asks for first, by what it is: examples for a form."""

UNLISTED: Final = EventType("", (), "", concerns=())
"""What is taken of a type that stands in no table: operators alone read it."""


def known_type(name: str) -> EventType:
    """The type's row."""
    return EVENT_TYPES.get(name, UNLISTED)


def matches(pattern: str, name: str) -> bool:
    """Whether a type is meant by a pattern: its name, or a beginning that ends in a dot, such as `partner.`."""
    return name.startswith(pattern) if pattern.endswith(".") else name == pattern


def examples_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """Patterns that an organisation of these kinds (Capability.Kind) may want; those of a buyer where it has none."""
    held = frozenset(kinds) or {Capability.Kind.BUYER}
    return tuple(one for kind, often in OFTEN.items() if kind in held for one in often)


def nearest(pattern: str) -> str:
    """The type, or beginning of types, that is written most like the pattern; "" where none is."""
    known = [*EVENT_TYPES, *BEGINNINGS]
    return next(iter(get_close_matches(pattern.strip().lower(), known, 1)), "")


def matching(patterns: Iterable[str]) -> frozenset[str]:
    """The known types that any of the patterns means."""
    wanted = tuple(patterns)
    return frozenset(name for name in EVENT_TYPES if any(matches(one, name) for one in wanted))

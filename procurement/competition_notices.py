"""Who is told of what happens in a competition: invitations, clarifications, its moments, tenders and their outcome.

A part of the table of notices.py. What is told of both routes alike stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from procurement.models import Event
from procurement.notice import URGENT, USER, Notice

ASSESSED: Final = ("web:competition", "{subject}")
CALL_OFF: Final = ("web:call-off", "{call_off}")
COMPETED: Final = ("web:call-off", "{subject}")
INVITATION: Final = ("web:invitation", "{subject}")
INVITED_TO: Final = ("web:invited", "{subject}")
"""An event of a call-off that tells all who compete: each is led to its own invitation."""
INVITED_BY: Final = ("web:invited", "{call_off}")
TENDER: Final = ("web:tender", "{subject}")


def _subject(said: Mapping[str, Any]) -> str:
    return str(said["names"].get("subject", said["subject"]))


def _evaluated_again(said: Mapping[str, Any]) -> str:
    if said.get("corrects"):
        return f"A moderator corrects an agreed score of the tenders of {_subject(said)}: {said['reason']}"
    return f"Scores of the tenders of {_subject(said)} count no longer or are missing: those are given and agreed."


def _standstill_ended(said: Mapping[str, Any]) -> str:
    """That it can be awarded, too, where nothing else keeps it back."""
    ended = f"The standstill of the competition {_subject(said)} has ended"
    return f"{ended}." if said.get("blocked") else f"{ended}: it can be awarded."


def _reinstated(said: Mapping[str, Any]) -> str:
    """That its price is to be explained, too, where it was asked about and was not."""
    call_off = said["names"].get("call_off", said["call_off"])
    again = f"Your tender for the call-off {call_off} takes part again: its letter says why."
    return f"{again} Its price is to be explained: it says by when." if "answer_by" in said else again


def _corrects(event: Event) -> bool:
    """A moderator reopened what the buyer had ranked: the scores that it was ranked by counted."""
    return bool(event.changes.get("corrects"))


COMPETITION_NOTICES: Final[dict[str, tuple[Notice, ...]]] = {
    "invitation.interest_asked": (
        Notice("lead", "Are you interested? {call_off}",
               "A buyer asks {supplier} whether it is interested in the call-off {call_off}.", INVITATION, URGENT),
    ),
    "invitation.reminded": (
        Notice("lead", "An answer is missing: {call_off}",
               "A buyer waits to hear whether {supplier} is interested in the call-off {call_off}, until "
               "{interest_until}.", INVITATION, URGENT),
    ),
    "invitation.sent": (
        Notice("lead", "Invited to tender: {call_off}",
               "A buyer invites {supplier} to tender for the call-off {call_off}. It says until when.",
               INVITATION, URGENT),
    ),
    "clarification.asked": (
        Notice("organisation", "A question to answer: {call_off}",
               "A supplier asks about the call-off {call_off}. The answer goes to all who are invited.",
               CALL_OFF, URGENT),
    ),
    "clarification.answered": (
        Notice("invited", "A question was answered: {call_off}",
               "The buyer has answered a question about the call-off {call_off}.", INVITED_BY, URGENT),
        Notice("writers", "A question was answered: {call_off}",
               "The buyer has answered a question about the call-off {call_off}, whose tender your lead lets you "
               "write.", INVITED_BY, URGENT),
    ),
    "call_off.person_added": (
        Notice(USER, "You are {part} of {subject}",
               "You are named {part} of the competition {subject}. Its tenders are read once it has closed and is "
               "opened.", ASSESSED),
    ),
    "call_off.tenders_opened": (
        Notice(USER, "Tenders to assess: {subject}",
               "The tenders of the competition {subject} are opened: declare your interests, then score or moderate.",
               ASSESSED),
    ),
    "call_off.scores_lapsed": (
        Notice("organisation", "Scores count no longer: {subject}",
               "A conflict of interest was declared after the tenders of {subject} were ranked: nothing is told or "
               "awarded by scores that count no longer. They are evaluated again.", ASSESSED, URGENT),
    ),
    "call_off.evaluation_reopened": (
        Notice(USER, "Evaluated again: {subject}", _evaluated_again, ASSESSED),
        Notice("organisation", "Evaluated again: {subject}", _evaluated_again, ASSESSED, when=_corrects),
    ),
    "call_off.extended": (
        Notice("invited", "More time: {subject}", "The moments of the competition {subject} are later now.", INVITED_TO,
               URGENT),
        Notice("writers", "More time: {subject}",
               "The moments of the competition {subject}, whose tender your lead lets you write, are later now.",
               INVITED_TO, URGENT),
    ),
    "call_off.amended": (
        Notice("invited", "Changed: {subject}",
               "The buyer has changed what the competition {subject} asks for: read the difference, and confirm your "
               "tender or submit it anew where it says so.", INVITED_TO, URGENT),
        Notice("writers", "Changed: {subject}",
               "The buyer has changed what the competition {subject} asks for, whose tender your lead lets you write: "
               "read the difference. Your lead confirms the tender or submits it anew where it says so.", INVITED_TO,
               URGENT),
    ),
    "call_off.closed": (
        Notice("organisation", "Closed to tenders: {subject}",
               "The deadline of the competition {subject} has passed; its tenders can be opened.",
               ("web:call-off", "{subject}"), URGENT),
        Notice("writers", "Closed to tenders: {subject}",
               "The deadline of the competition {subject}, whose tender your lead let you write, has passed: what was "
               "submitted before counts.", INVITED_TO, URGENT),
    ),
    "call_off.standstill_ended": (
        Notice("organisation", "The standstill has ended: {subject}",
               _standstill_ended, COMPETED, URGENT),
    ),
    "tender.drafters_named": (
        Notice("partner", "A tender to write: {call_off}",
               "The lead of {supplier} lets you write its tender for the call-off {call_off}. The lead submits it.",
               TENDER, URGENT),
    ),
    "tender.submitted": (
        Notice("lead", "Tender received: {call_off}",
               "The tender of {supplier} for the call-off {call_off} was received and is sealed.", TENDER),
    ),
    "tender.lead_changed": (
        Notice("lead", "Your tender: {call_off}",
               "You lead {supplier} from {since}: its tender for the call-off {call_off} is yours now.",
               TENDER, URGENT),
        Notice("organisation", "{partner} leads {supplier}",
               "{partner} leads the supplier {supplier} of a tender for the call-off {call_off} from {since}.",
               CALL_OFF, URGENT),
    ),
    **dict.fromkeys(("tender.partner_left", "tender.partner_left_meanwhile"), (
        Notice("lead", "{partner} has left {supplier}",
               "{partner}, which your tender for the call-off {call_off} names, does not belong to "
               "{supplier} any more: see whether what you have written stands.", TENDER, URGENT),
        Notice("organisation", "{partner} has left {supplier}",
               "{partner}, which a tender for the call-off {call_off} names, does not belong to {supplier} any more.",
               CALL_OFF, URGENT),
    )),
    "tender.reminded": (
        Notice("lead", "The deadline is close: {call_off}",
               "Your tender for the call-off {call_off} is not submitted, or does not answer to the last "
               "amendment. The deadline is {deadline}.", TENDER, URGENT),
        Notice("drafters", "The deadline is close: {call_off}",
               "The tender of {supplier} for {call_off}, which your lead lets you write, is not submitted, "
               "or does not answer to the last amendment. The deadline is {deadline}.", TENDER, URGENT),
    ),
    "tender.price_asked": (
        Notice("lead", "A question about your price: {call_off}",
               "The price of your tender for the call-off {call_off} looks abnormally low: the buyer asks you to "
               "explain it.", TENDER, URGENT),
    ),
    "tender.price_answered": (
        Notice("organisation", "A price was explained: {call_off}",
               "{supplier} has explained the price of its tender for the call-off {call_off}.", TENDER),
    ),
    "tender.price_unanswered": (
        Notice("organisation", "A price was not explained: {call_off}",
               "The time of {supplier} to explain the price of its tender for the call-off {call_off} has passed "
               "without an answer: decide on the tender.", TENDER, URGENT),
    ),
    "tender.disqualified": (
        Notice("lead", "Disqualified: {call_off}",
               "Your tender for the call-off {call_off} takes part no longer: it says why.",
               TENDER, URGENT),
    ),
    "tender.reinstated": (
        Notice("lead", "Takes part again: {call_off}",
               _reinstated, TENDER, URGENT),
    ),
    "tender.ended": (
        # The call-off's own message is the urgent one: this one says what became of the tender.
        Notice("lead", "Nothing comes of it: {call_off}",
               "The call-off {call_off} ended without a contract, and your tender with it: it says why.",
               TENDER),
    ),
    "tender.told": (
        Notice("lead", "The outcome of {call_off}", "The letter on the outcome of your tender is there.", TENDER,
               URGENT),
    ),
}  # fmt: skip

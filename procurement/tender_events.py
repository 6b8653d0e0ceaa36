"""What happens to a tender, and who reads it: the rows of event_types.py that are about one."""

from __future__ import annotations

from typing import Final

from procurement.market_events import EventType

PARTIES: Final = ("organisation", "lead")
"""The buyer, and the lead that answers for a supplier: no other member of it, and no other supplier."""
NAMED: Final = (*PARTIES, "partner")
"""These, and the firm that the event is about."""
_PARTIES_ALONE: Final = ("partner_left_meanwhile",)
"""Those that no other firm reads, nor the one that they are about: it has left, and hears nothing newer."""
_BUYERS_ALONE: Final = ("assessed", "agreed")
"""Of a tender's events those that its supplier does not read."""
_OF_A_FIRM: Final = ("drafters_named", "partner_left", "lead_changed")
"""Those that are about a firm, which reads them; the others are read by the members that are let write."""
_MEANINGS: Final[dict[str, str]] = {
    "viewed": "The lead supplier has read the invitation.",
    "declined": "The lead supplier will not tender.",
    "drafters_named": "The lead said which of its members may write; it names those that may from now on.",
    "drafted": "Something of it was written.",
    "submitted": "It was submitted; changes hold the receipt, its number, digest and time.",
    "confirmed": "What was submitted stands after a material amendment.",
    "withdrawn": "It was taken back before the deadline.",
    "disqualified": "It takes part no longer; changes hold ground and reason.",
    "reinstated": "It takes part again; changes hold the reason, the letter that tells it with its digest, and by when "
    "its price is to be explained where it was asked about and was not.",
    "assessed": "An assessor scored a criterion; changes hold which, not the score.",
    "agreed": "The score of a criterion was agreed; changes hold which, not the score.",
    "price_asked": "Its price looks abnormally low: the tenderer is asked.",
    "price_unanswered": "The time to explain its price passed without an answer.",
    "price_answered": "The tenderer explained its price.",
    "price_accepted": "The explanation was taken.",
    "successful": "It is to be awarded.",
    "unsuccessful": "Another is to be awarded.",
    "not_signed": "It was awarded and its supplier did not sign; changes hold the reason.",
    "ended": "Its call-off was cancelled or given up; changes hold the reason.",
    "reopened": "The award or the intention was taken back; changes hold the reason.",
    "partner_left": "A firm that it names left the supplier; changes hold since when.",
    "partner_left_meanwhile": "It takes part again, or its outcome is open again, and a firm that it names left the "
    "supplier meanwhile; changes hold since when.",
    "lead_changed": "Another firm leads its supplier; changes hold since when.",
    "reminded": "Its deadline is close and it is not submitted, or not confirmed after a material amendment.",
    "told": "The tenderer was told of the outcome; changes hold the letter and its digest.",
}
"""What happens to a tender. Until the deadline such an event names no `organisation`: the buyer is told of none."""


def _readers(what: str) -> tuple[str, ...]:
    if what in _BUYERS_ALONE:
        return ("organisation",)
    if what in _PARTIES_ALONE:
        return PARTIES
    return NAMED if what in _OF_A_FIRM else (*PARTIES, "drafters")


TENDER_EVENTS: Final = {
    f"tender.{what}": EventType(
        "tender", ("call_off", "organisation", "supplier", "partner"), meaning, concerns=_readers(what)
    )
    for what, meaning in _MEANINGS.items()
}

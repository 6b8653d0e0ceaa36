"""Who is told of what is paid for outcomes: of plans, by whoever is to pay or to invest, and of claims.

A part of the table of notices.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from procurement.models import Event
from procurement.notice import URGENT, Notice
from procurement.permissions import APPROVERS
from procurement.pricing import money

HOW: Final = {
    "cancelled": "was cancelled",
    "unsuccessful": "ended without an award",
    "terminated": "ended before its time",
    "complete": "is complete: outcomes may be claimed until the last day that is paid for",
}
"""How a purchase ended, by the status of its call-off or contract."""
CALL_OFF: Final = ("web:call-off", "{call_off}")
PLAN: Final = ("web:outcome-plan", "{subject}")
PAID_BY: Final = ("web:outcome-plan", "{call_off}~outcomes")
CLAIM_CONTRACT: Final = ("web:contract", "{contract}")


def _purchase_ended(said: Mapping[str, Any]) -> str:
    """How and why, and what is left of the pots that its plan names."""
    purchase = said["names"].get("call_off", said["call_off"])
    how = f"The purchase {purchase}, whose outcomes are paid for by {said['subject']}, {HOW[said['ended']]}."
    left = ", ".join(f"£{money(pence)} of {body}" for body, pence in _by_name(said, "left"))
    return " ".join(one for one in (how, said["reason"], f"Left in pots: {left}." if left else "") if one)


def _by_name(said: Mapping[str, Any], kind: str) -> list[tuple[str, int]]:
    """What is said of each body, by its name as far as that is known."""
    found = said.get(kind, {}).items()
    return sorted((said["names"].get(f"body:{body}", body), pence) for body, pence in found)


def _to_pay(said: Mapping[str, Any]) -> str:
    """How a verified claim is headed for whoever approves what is paid."""
    return f"{'Outcomes' if said['amount'] else 'Nothing'} to pay: {said['subject']}"


def _verified(said: Mapping[str, Any]) -> str:
    """How many are borne out, and what is paid for them within the caps, or nothing: who pays which part of it stays
    with those who pay.
    """
    return _borne_out(said, "")


def _verified_by_part(said: Mapping[str, Any]) -> str:
    """The same, with who is to pay which part (event_names.py)."""
    parts = said["names"].get("parts", "")
    return _borne_out(said, f": {parts}" if parts else "")


def _borne_out(said: Mapping[str, Any], parts: str) -> str:
    count, amount = said["counted"], said["amount"]
    borne_out = f"{count:,} outcome{' is' if count == 1 else 's are'} borne out"
    claim = f"The claim {said['subject']} on {said['contract']} was verified: {borne_out}"
    if not amount:
        return f"{claim}, and nothing is to be paid, as the most that is paid for has been reached."
    return f"{claim}, for which £{money(amount)} is to be paid{parts}."


def _was_asked(event: Event) -> bool:
    """They had the plan before them, and do not know already that it is said anew."""
    return bool(event.changes["before"] != "draft")


_FELL: Final = (
    "What is paid for the outcomes of {call_off} ({subject}) is said anew: what your organisation was asked, and may "
    "have approved, counts no longer. It is asked again once that is proposed, and cannot be read before."
)

OUTCOME_NOTICES: Final[dict[str, tuple[Notice, ...]]] = {
    "outcome_plan.proposed": (
        Notice("payer", "A share to approve: {call_off}",
               "You are named as a body that pays for the outcomes of {call_off} ({subject}).", PLAN, URGENT,
               APPROVERS),
        Notice("investor", "A part to approve: {call_off}",
               "You are named as the social investor in the outcomes of {call_off} ({subject}).", PLAN, URGENT,
               APPROVERS),
    ),
    "outcome_plan.removed": (
        Notice("payer", "No share to approve: {call_off}",
               "The plan for the outcomes of {call_off} ({subject}) was taken away: nobody is asked to pay."),
        Notice("investor", "No part to approve: {call_off}",
               "The plan for the outcomes of {call_off} ({subject}) was taken away: nobody is asked to invest."),
    ),
    "outcome_plan.approvals_lapsed": (
        Notice("dropped", "No part any more: {call_off}",
               "Your organisation is no longer named in what is paid for the outcomes of {call_off} ({subject}): it "
               "neither pays nor invests, what it approved counts no longer, and it can read the plan no more.", None,
               URGENT, APPROVERS),
        Notice("payer", "Said anew: {call_off}", _FELL, None, URGENT, APPROVERS, _was_asked),
        Notice("investor", "Said anew: {call_off}", _FELL, None, URGENT, APPROVERS, _was_asked),
    ),
    "outcome_plan.ended": (
        Notice("payer", "A purchase has ended: {call_off}", _purchase_ended, PLAN, URGENT, APPROVERS),
        Notice("investor", "A purchase has ended: {call_off}", _purchase_ended, PLAN, URGENT, APPROVERS),
        # Their plan is a draft again, which they cannot read.
        Notice("dropped", "A purchase has ended: {call_off}", _purchase_ended, None, URGENT, APPROVERS),
    ),
    "outcome_plan.resumed": tuple(
        Notice(whom, "A purchase goes on: {call_off}",
               "The purchase {call_off}, whose outcomes are paid for by {subject}, is not complete after all: {reason}",
               PLAN, URGENT, APPROVERS)
        for whom in ("payer", "investor")
    ),
    "outcome_plan.agreed": (
        Notice("organisation", "Every share approved: {call_off}",
               "Whoever pays for the outcomes of {call_off} ({subject}), or invests in them, has approved.", CALL_OFF,
               URGENT),
    ),
    "claim.submitted": (
        Notice("organisation", "Outcomes claimed: {subject}",
               "{supplier} claims outcomes of the contract {contract} ({subject}).", CLAIM_CONTRACT, URGENT),
    ),
    "claim.verified": (
        Notice("lead", "Outcomes verified: {subject}", _verified, CLAIM_CONTRACT),
        Notice("organisation", _to_pay, _verified_by_part, CLAIM_CONTRACT, URGENT, APPROVERS),
        # Those alone who may have to pay something of it are named as payers.
        Notice("payer", "Outcomes to pay: {call_off}", _verified_by_part, PAID_BY, URGENT, APPROVERS),
    ),
    "claim.unverified": (
        Notice("lead", "Verification taken back: {subject}",
               "That the claim {subject} on {contract} is borne out was taken back: it is decided on anew. {reason}",
               CLAIM_CONTRACT, URGENT),
        Notice("organisation", "Verification taken back: {subject}",
               "That the claim {subject} on {contract} is borne out was taken back: it is verified, or rejected, anew. "
               "{reason}", CLAIM_CONTRACT, URGENT),
        Notice("payer", "Nothing to pay yet: {call_off}",
               "That outcomes of {call_off} ({subject}) are borne out was taken back: they are decided on anew. "
               "{reason}", PAID_BY, URGENT, APPROVERS),
    ),
    "claim.rejected": (
        Notice("lead", "Claim rejected: {subject}", "The claim {subject} on {contract} was not borne out.",
               CLAIM_CONTRACT,
               URGENT),
    ),
    "claim.paid": (
        Notice("lead", "Outcomes paid: {subject}", "The claim {subject} on {contract} is paid.",
               CLAIM_CONTRACT),
        Notice("payer", "Outcomes paid: {subject}",
               "What your organisation owes for outcomes of {call_off} ({subject}) is recorded as paid.", PAID_BY,
               URGENT, APPROVERS),
    ),
}  # fmt: skip

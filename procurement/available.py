"""Which steps would be taken now: the tables of states.py, less what a step needs beside the status.

Pure. Representations and pages tell `available_actions` from here; an action that is named is refused for neither
state nor want of a part. Rules of the purchase (procurement/rules.py) are told beside it as what blocks.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from procurement.models.call_offs import CallOff, Contract, Offer
from procurement.states import CALL_OFFS, CLAIMS, CONTRACTS, OFFERS, PLANS, TENDERS, Part

WAITING: Final = frozenset({Offer.Status.SENT, Offer.Status.VIEWED})
ELSEWHERE: Final = frozenset({"not_sign"})
"""Steps of a direct award that are taken with its offer."""
IN_TIME: Final = ("decline", "let", "draft", "submit", "withdraw")
"""Steps of a tender that its deadline ends."""
WITH_CALL_OFF: Final = ("win", "lose", "end", "not_sign", "reopen")
GOING_OUT: Final = frozenset({"send_offer", "publish", "intend", "award"})
"""Steps that an approval which is missing keeps back."""
DECIDES: Final = frozenset({"approve", "send_back", "intend", "award", "undo", "not_sign"})
DECIDES_ON_TENDER: Final = frozenset({"accept_price", "disqualify", "reinstate"})
"""Steps of a call-off and of a tender by which it is decided to whom a competition is awarded."""
DIRECT: Final = CallOff.Route.DIRECT_AWARD
NOT_OUT: Final = frozenset({CallOff.Status.DRAFT, CallOff.Status.APPROVED})
"""Statuses of a call-off in which what it pays for outcomes may still be said."""


EVALUATED_IN: Final = frozenset({CallOff.Status.EVALUATING, CallOff.Status.EVALUATED})
"""Statuses of a call-off in which a tender that was disqualified or not signed may take part again: no outcome is
told.
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """Who acts next, by any of which steps (those of its plan of outcomes until that is agreed), and by when; the clock
    alone (`system`, without a step) once a window has ended and until it is moved, and while a standstill runs until
    that moment. `who` is empty once the line has ended, unless a public notice of its contract waits.
    """

    who: tuple[Part, ...] = ()
    steps: tuple[str, ...] = ()
    by: datetime | None = None


class Bar(StrEnum):
    """What breaks a rule where it would be awarded or signed: the supplier or its price, where another may do, what is
    bought itself, or that a public notice, or its indicators, must come first.
    """

    OF_NOTICE = "of_notice"
    OF_SUPPLIER = "of_supplier"
    OF_CALL_OFF = "of_call_off"


@dataclass(frozen=True, slots=True)
class Purchase:
    """What of a call-off decides who does what next, beside its status.

    `approval_asked`: the buyer's limit asks for one; `approval_missing`: what would go out next, or be awarded to the
    tender that ranks first, is not covered by one; `sent_back`: an approver did not give it, and nothing was done
    since. `offer` is the status of its live offer, None without one, `left`
    how many suppliers can be asked and were not, none where their order stands no longer. `due` is when the window that
    is open ends; `past`: it has, and the clock has not moved it yet. `signed` are the sides that have signed its
    contract. `passed` are the statuses on its way, first to last (procurement/line.py).
    `to_publish`: a public notice is the next thing, by the end of the day `publish_by` where the law names one;
    `telling` are the steps by which it, or what else must come before a signature, is brought on.
    `plan`: the steps of its plan of outcomes that are waited for until that is agreed. `mending`: the steps by which
    the owner says anew what breaks a rule before it goes out, or before its next order form does. `barred`: it would be
    awarded or signed now, and a rule that is broken keeps it.

    Of a competition: `asking` while suppliers are asked for their interest first; `unscored` while a score is not
    agreed, and who brings the next; `uncounted` where scores that it was ranked by count no longer; `unranked` where no
    tender ranks; `low_unsettled` while a price that looks abnormally low is not decided on, and who brings that on;
    `held` while a standstill that was promised keeps the award, to `held_until` once it runs: after the intention it
    waits for the contract award notice to be published until then.
    """

    route: str
    status: str
    approval_asked: bool = False
    approval_missing: bool = False
    offer: str | None = None
    left: int = 0
    due: datetime | None = None
    past: bool = False
    signed: frozenset[Part] = frozenset()
    passed: tuple[str, ...] = ()
    asking: bool = False
    unscored: Turn | None = None
    uncounted: bool = False
    unranked: bool = False
    low_unsettled: Turn | None = None
    held: bool = False
    held_until: datetime | None = None
    barred: Bar | None = None
    to_publish: bool = False
    publish_by: datetime | None = None
    telling: tuple[str, ...] = ("publish_notice",)
    plan: tuple[str, ...] = ()
    mending: tuple[str, ...] = ()
    sent_back: bool = False


@dataclass(frozen=True, slots=True)
class Tendering:
    """What of a tender decides who does what next, beside its status.

    `open`: its competition is out and the deadline ahead. `confirmed`: it answers to the last material amendment.
    `call_off` is the status of the call-off. `opened`: the tenders are. `uncounted`: scores that they were ranked by
    count no longer, so that none can be ranked anew before they are given again. `declared`: whoever asks has declared
    their interests, and no conflict; `conflicted`: a conflict. `low`: its price looks abnormally low; `asked`,
    `answered` and `decided` say how far the question about it has come.
    """

    status: str
    call_off: str
    open: bool = False
    confirmed: bool = True
    opened: bool = False
    uncounted: bool = False
    declared: bool = False
    low: bool = False
    asked: bool = False
    answered: bool = False
    decided: bool = False
    conflicted: bool = False


def call_off_steps(
    purchase: Purchase,
    parts: Collection[Part],
    *,
    wrote: bool,
    declared: bool = False,
    conflicted: bool = False,
) -> list[str]:
    """The steps of a call-off that somebody with these parts may take now, in the table's order. `wrote`: they are a
    person who wrote it, and so neither approve it nor send it back. `declared`: they have declared their interests, and
    no conflict, as a moderator must who leads back where every score counts. `conflicted`: they have declared a
    conflict of interest with a tenderer, and so decide nothing between them.
    """
    corrects = declared and Part.MODERATOR in parts
    return [
        name
        for name in CALL_OFFS.available(purchase.status, parts, purchase.route)
        if not (name in ELSEWHERE and purchase.route == DIRECT)
        and not (name in DECIDES and conflicted)
        and (_possible(purchase, name, wrote) or (name == "evaluate_again" and corrects))
    ]


def _possible(purchase: Purchase, name: str, wrote: bool) -> bool:
    direct = purchase.route == DIRECT
    if name in ("ask_approval", "approve", "send_back"):
        if purchase.status in NOT_OUT:
            asked = purchase.approval_asked
        else:
            # Nobody approves an award by a ranking that does not stand yet.
            asked = purchase.approval_missing and not (purchase.uncounted or purchase.low_unsettled)
        return asked and not (wrote and name != "ask_approval")
    if name in GOING_OUT and purchase.approval_missing:
        return False
    if name == "send_offer":
        return purchase.offer is None and purchase.left > 0
    if name == "award" and direct:
        return purchase.offer == Offer.Status.ACCEPTED
    if name == "fail" and direct:
        return purchase.offer is None
    if name == "publish_notice":
        return purchase.to_publish
    if name == "not_sign":
        return Part.LEAD not in purchase.signed
    if name == "conclude":
        return not purchase.unscored
    if name == "evaluate_again":
        return purchase.uncounted
    if name in ("intend", "award"):
        settled = not purchase.unranked and not purchase.low_unsettled and not purchase.uncounted
        return settled and not (name == "award" and purchase.held)
    return True


def competition_steps(status: str, parts: Collection[Part], *, ahead: bool) -> list[str]:
    """What the owner may change of a competition beside moving its call-off: its plan until it is published, moments
    and what is asked for while it is out and the deadline is `ahead`.
    """
    if Part.OWNER not in parts:
        return []
    if status in (CallOff.Status.DRAFT, CallOff.Status.APPROVED):
        return ["plan"]
    return ["extend", "amend", "answer"] if status == CallOff.Status.OUT and ahead else []


def tender_steps(tendering: Tendering, parts: Collection[Part]) -> list[str]:
    """The steps of a tender that somebody with these parts may take now, in the table's order. What the outcome does to
    it (win, lose, end, not_sign, reopen) follows from steps of its call-off and is not among them.
    """
    evaluating = tendering.call_off == CallOff.Status.EVALUATING
    evaluated = tendering.call_off == CallOff.Status.EVALUATED
    questioned = tendering.asked and not tendering.decided
    needed = dict.fromkeys(IN_TIME, tendering.open) | {
        "confirm": tendering.open and not tendering.confirmed,
        "assess": evaluating and tendering.declared,
        "agree": evaluating and tendering.declared,
        "ask_price": evaluated and tendering.low and not tendering.asked,
        "answer_price": questioned,
        "accept_price": questioned and tendering.answered,
        "disqualify": tendering.opened and not (evaluated and tendering.uncounted),
        "reinstate": tendering.confirmed and tendering.call_off in EVALUATED_IN,
        **dict.fromkeys(WITH_CALL_OFF, False),
    }
    if tendering.conflicted:
        needed |= dict.fromkeys(DECIDES_ON_TENDER, False)
    return [name for name in TENDERS.available(tendering.status, parts) if needed.get(name, True)]


def offer_steps(
    status: str,
    call_off_status: str,
    parts: Collection[Part],
    reply_by: datetime,
    now: datetime,
    signed: bool = False,
) -> list[str]:
    """The steps of an offer that somebody with these parts may take at `now`: an answer within its window, or a longer
    one from the buyer, the buyer's withdrawal before the award, and what follows an award that the supplier has not
    `signed`.
    """
    needed = {
        "extend": now < reply_by,
        "accept": now < reply_by,
        "decline": now < reply_by,
        "withdraw": call_off_status == CallOff.Status.OUT,
        "not_sign": call_off_status == CallOff.Status.AWARDED and not signed,
    }
    return [name for name in OFFERS.available(status, parts) if needed.get(name, True)]


def contract_steps(
    status: str,
    parts: Collection[Part],
    *,
    signed: Collection[Part],
    options_left: int,
    starts_on: date,
    ends_on: date,
    on: date,
    to_publish: bool = False,
    to_tell: bool = False,
    to_tell_first: bool = False,
    end_told: bool = False,
    termination_told: bool = False,
    to_assess: bool = False,
) -> list[str]:
    """The steps of a contract that somebody with these parts may take: a side signs once, the buyer not while a notice
    must be published, or indicators be set, before the contract is entered into (`to_tell_first`); an option is taken
    while there is one, before the last day has passed, and not while a notice of it must be published first
    (`to_tell`) or once it was published that the contract is over (`termination_told`); the work is done no earlier
    than it starts, and goes on after all while the last day is ahead and it was not published that it has ended
    (`end_told`); a notice is published once its time has come (`to_publish`), one of performance once that is assessed,
    which it is in its own time (`to_assess`); indicators are set at any time, unless the contract was taken back before
    both had signed.
    """
    unsigned = not (frozenset(parts) & {Part.OWNER, Part.LEAD}) <= frozenset(signed)
    # Where the buyer had signed before, the supplier's signature would be the second.
    enters = Part.OWNER in parts or Part.OWNER in signed
    needed = {
        "sign": unsigned and not (to_tell_first and enters),
        "extend": options_left > 0 and on <= ends_on and not (to_tell or termination_told),
        "complete": on >= starts_on,
        "reopen": on <= ends_on and not end_told,
        "publish_notice": to_publish,
        "assess": to_assess,
        "set_indicators": status != Contract.Status.TERMINATED
        or {Part.OWNER, Part.LEAD} <= frozenset(signed),
    }
    return [name for name in CONTRACTS.available(status, parts) if needed.get(name, True)]


def plan_steps(
    status: str, call_off_status: str, parts: Collection[Part], *, waiting: bool, investor: bool = False
) -> list[str]:
    """The steps of a plan of outcomes that somebody with these parts may take until its call-off goes out. `waiting`: a
    body that they approve for has not approved its share; `investor`: there is a social investor that has not approved
    its part.
    """
    if call_off_status not in NOT_OUT:
        return []
    needed = {"approve_share": waiting, "approve_investor": investor}
    return [name for name in PLANS.available(status, parts) if needed.get(name, True)]


def claim_steps(
    status: str, parts: Collection[Part], *, claimed: bool, verified: bool = False, amount: int = 1
) -> list[str]:
    """The steps of a claim that somebody with these parts may take; `claimed`: they claimed it, and so do not verify
    it; `verified`: its verification is theirs, which somebody else who pays does not take back; `amount`, in pence, is
    what it comes to once it is verified: nothing is not paid.
    """
    needed = {
        "verify": not claimed,
        "unverify": takes_back(parts, claimed=claimed, verified=verified),
        "pay": amount > 0,
    }
    return [name for name in CLAIMS.available(status, parts) if needed.get(name, True)]


def takes_back(parts: Collection[Part], *, claimed: bool, verified: bool) -> bool:
    """Whether somebody with these parts takes a verification back: whose it was, and who else verifies and neither
    claimed nor pays.
    """
    return verified or not (claimed or Part.APPROVER in parts)


def signed_by(contract: Contract | None) -> frozenset[Part]:
    """The sides that have signed."""
    if contract is None:
        return frozenset()
    signed = set()
    if contract.buyer_signed_at is not None:
        signed.add(Part.OWNER)
    if contract.supplier_signed_at is not None:
        signed.add(Part.LEAD)
    return frozenset(signed)

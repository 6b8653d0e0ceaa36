"""How a purchase moves, how a firm joins, how a rate card changes: small tables, one for each kind of object.

The one place that says from which status to which a step leads, who may take it and which event it is. Actions ask
here before they write, representations say what may be done next (`available_actions`), docs/states.md and the tests
of every status times every step are made from it. Rules that a step must meet beside its status are in rules.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from procurement.models.call_offs import CallOff, Contract, Offer
from procurement.models.joining import Joining
from procurement.models.outcomes import Claim, OutcomePlan
from procurement.models.rate_proposals import RateProposal
from procurement.models.tenders import Tender

Call, Sent, Deal, Route = CallOff.Status, Offer.Status, Contract.Status, CallOff.Route
Join, Plan, Claimed = Joining.Status, OutcomePlan.Status, Claim.Status
Bid, Rates = Tender.Status, RateProposal.Status


class Part(StrEnum):
    """What somebody is to a call-off."""

    OWNER = "owner"
    APPROVER = "approver"
    ASSESSOR = "assessor"
    MODERATOR = "moderator"
    LEAD = "lead supplier"
    MEMBER = "member"
    FRAMEWORK_OWNER = "framework owner"
    PAYER = "payer"
    INVESTOR = "social investor"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Transition:
    """A step by `name` from any of `sources` to `target`, by any of `who`. `route` None: on both routes.

    `target` "" leaves the status as it is: what is said changes, not where it stands. `event` is the type of the event
    that records it.
    """

    name: str
    sources: frozenset[str]
    target: str
    who: frozenset[Part]
    event: str
    meaning: str
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """The table of one kind of object; `last` are the statuses out of which nothing leads, none of what stands by
    another table: a plan of outcomes by its call-off going out, a tender by its call-off ending.
    """

    kind: str
    first: str
    labels: dict[str, str]
    transitions: tuple[Transition, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of its steps, each once, in the order of the table."""
        return tuple(dict.fromkeys(one.name for one in self.transitions))

    @property
    def last(self) -> frozenset[str]:
        """Out of these nothing leads; what is said of them may still change."""
        leading = (one for one in self.transitions if one.target)
        return frozenset(self.labels) - {source for one in leading for source in one.sources - {one.target}}

    def step(self, name: str, status: str, route: str | None = None) -> Transition | None:
        """The step of that name out of that status, None where there is none."""
        return next((one for one in self._out_of(status, route) if one.name == name), None)

    def available(self, status: str, parts: Collection[Part], route: str | None = None) -> list[str]:
        """The steps out of that status that somebody with any of these parts may take, in the table's order."""
        return list(
            dict.fromkeys(one.name for one in self._out_of(status, route) if not one.who.isdisjoint(parts))
        )

    def _out_of(self, status: str, route: str | None) -> Iterator[Transition]:
        for one in self.transitions:
            if status in one.sources and (one.route is None or route is None or one.route == route):
                yield one


def _step(
    name: str,
    sources: Collection[str],
    target: str,
    who: Collection[Part],
    event: str,
    meaning: str,
    route: str | None = None,
) -> Transition:
    return Transition(name, frozenset(sources), target, frozenset(who), event, meaning, route)


_OWNER, _APPROVER, _LEAD, _SYSTEM = {Part.OWNER}, {Part.APPROVER}, {Part.LEAD}, {Part.SYSTEM}
_READY: Final = (Call.DRAFT, Call.APPROVED)
_UNDECIDED: Final = (Call.CLOSED, Call.EVALUATING, Call.EVALUATED)
_WON: Final = (Call.EVALUATED, Call.INTENTION)
_BEFORE_CONTRACT: Final = (*_READY, Call.OUT, *_UNDECIDED, Call.INTENTION, Call.AWARDED)

CALL_OFFS: Final = Machine(
    "call_off",
    Call.DRAFT,
    dict(Call.choices),
    (
        _step("edit", _READY, Call.DRAFT, _OWNER, "call_off.edited",
              "What is bought or its terms are said anew; an approval falls."),
        _step("ask_approval", (Call.DRAFT, *_WON), "", _OWNER, "call_off.approval_asked",
              "The buyer's approvers are asked for the approval that the limits ask for."),
        _step("ask_approval", (Call.OUT,), "", _OWNER, "call_off.approval_asked",
              "The same, of the next order form.", Route.DIRECT_AWARD),
        _step("approve", (Call.DRAFT,), Call.APPROVED, _APPROVER, "call_off.approved",
              "Approved, where the buyer's limits ask for it."),
        _step("approve", _WON, "", _APPROVER, "call_off.approved",
              "The limits ask for an approval of what the tender that ranks first comes to.", Route.COMPETITION),
        _step("approve", (Call.OUT,), "", _APPROVER, "call_off.approved",
              "The next order form comes to more than was approved: it is approved before it is sent.",
              Route.DIRECT_AWARD),
        _step("send_back", _READY, Call.DRAFT, _APPROVER, "call_off.sent_back",
              "It is not approved as it stands, for a reason; an approval falls. It is edited, or asked for again."),
        _step("send_back", _WON, "", _APPROVER, "call_off.sent_back",
              "The same, of what the tender that ranks first comes to.", Route.COMPETITION),
        _step("send_back", (Call.OUT,), "", _APPROVER, "call_off.sent_back",
              "The same, of the next order form.", Route.DIRECT_AWARD),
        _step("send_offer", (*_READY, Call.OUT), Call.OUT, _OWNER, "offer.sent",
              "An order form goes to the next supplier in the locked order.", Route.DIRECT_AWARD),
        _step("publish", _READY, Call.OUT, _OWNER, "call_off.published",
              "The competition begins: every supplier that is entitled is told.", Route.COMPETITION),
        _step("close", (Call.OUT,), Call.CLOSED, _SYSTEM, "call_off.closed",
              "The deadline for tenders passed.", Route.COMPETITION),
        _step("open_tenders", (Call.CLOSED,), Call.EVALUATING, _OWNER, "call_off.tenders_opened",
              "The tenders are opened for evaluation.", Route.COMPETITION),
        _step("conclude", (Call.EVALUATING,), Call.EVALUATED, {Part.OWNER, Part.MODERATOR},
              "call_off.evaluated", "Scores are agreed and the tenders ranked.", Route.COMPETITION),
        _step("evaluate_again", (Call.EVALUATED,), Call.EVALUATING, {Part.OWNER, Part.MODERATOR},
              "call_off.evaluation_reopened",
              "Agreed scores count no longer, as a conflict of interest was declared since, or are missing of a tender "
              "that takes part again, and are given; or a moderator corrects one that is wrong, for a reason.",
              Route.COMPETITION),
        _step("intend", (Call.EVALUATED,), Call.INTENTION, _OWNER, "call_off.intention",
              "The intention to award is told to every tenderer; a standstill may follow, by the Act once the "
              "contract award notice is published.", Route.COMPETITION),
        _step("publish_notice", (Call.INTENTION,), "", _OWNER, "call_off.notice_published",
              "The contract award notice that the law asks for was published; its number is kept, and a promised "
              "standstill runs from its day.", Route.COMPETITION),
        _step("award", (Call.OUT,), Call.AWARDED, _OWNER, "call_off.awarded",
              "Awarded to the supplier that accepted.", Route.DIRECT_AWARD),
        _step("award", _WON, Call.AWARDED, _OWNER, "call_off.awarded",
              "Awarded to the tenderer that ranks first.", Route.COMPETITION),
        _step("undo", (Call.AWARDED,), Call.OUT, _APPROVER, "call_off.award_undone",
              "The award is taken back before contract, for a reason; what was accepted stands.",
              Route.DIRECT_AWARD),
        _step("undo", (Call.INTENTION, Call.AWARDED), Call.EVALUATED, _APPROVER, "call_off.award_undone",
              "The award, or the intention, is taken back before contract, for a reason.", Route.COMPETITION),
        _step("not_sign", (Call.AWARDED,), Call.OUT, _OWNER, "call_off.award_undone",
              "The supplier accepted and did not sign: another may be asked.", Route.DIRECT_AWARD),
        _step("not_sign", (Call.AWARDED,), Call.EVALUATED, _OWNER, "call_off.award_undone",
              "The successful tenderer did not sign: the others are ranked anew, and the next may be awarded.",
              Route.COMPETITION),
        _step("contract", (Call.AWARDED,), Call.CONTRACTED, _SYSTEM, "call_off.contracted",
              "Both parties have signed."),
        _step("cancel", _BEFORE_CONTRACT, Call.CANCELLED, _OWNER, "call_off.cancelled",
              "Nothing is bought; every supplier that was asked is told, with the reason."),
        _step("fail", (Call.OUT, *_UNDECIDED), Call.UNSUCCESSFUL, {Part.OWNER, Part.SYSTEM},
              "call_off.unsuccessful", "No supplier would or could, with the reason."),
    ),
)  # fmt: skip

OFFERS: Final = Machine(
    "offer",
    Sent.SENT,
    dict(Sent.choices),
    (
        _step("view", (Sent.SENT,), Sent.VIEWED, _LEAD, "offer.viewed", "The lead supplier has read it."),
        _step("extend", (Sent.SENT, Sent.VIEWED), "", _OWNER, "offer.extended",
              "The lead supplier has longer to answer; what it was sent stays as it was."),
        _step("accept", (Sent.SENT, Sent.VIEWED), Sent.ACCEPTED, _LEAD, "offer.accepted",
              "The lead supplier takes the order as it stands."),
        _step("decline", (Sent.SENT, Sent.VIEWED), Sent.DECLINED, _LEAD, "offer.declined",
              "The lead supplier does not take it, with the reason."),
        _step("expire", (Sent.SENT, Sent.VIEWED), Sent.EXPIRED, _SYSTEM, "offer.expired",
              "The reply window passed without an answer."),
        _step("withdraw", (Sent.SENT, Sent.VIEWED, Sent.ACCEPTED), Sent.WITHDRAWN, {Part.OWNER, Part.SYSTEM},
              "offer.withdrawn", "The buyer takes it back, with the reason."),
        _step("not_sign", (Sent.ACCEPTED,), Sent.NOT_SIGNED, _OWNER, "offer.not_signed",
              "It was accepted, and the supplier did not sign."),
    ),
)  # fmt: skip

CONTRACTS: Final = Machine(
    "contract",
    Deal.UNSIGNED,
    dict(Deal.choices),
    (
        _step("sign", (Deal.UNSIGNED,), "", {Part.OWNER, Part.LEAD}, "contract.signed",
              "One of the two parties has signed; under the Act the buyer signs what is above "
              "the threshold once its award notice is published, and above £5m once its indicators are set."),
        _step("begin", (Deal.UNSIGNED,), Deal.ACTIVE, _SYSTEM, "contract.concluded",
              "The second of the two parties has signed: the contract stands, from this day on where its first has "
              "passed."),
        _step("identify", (Deal.UNSIGNED, Deal.ACTIVE, Deal.EXTENDED, Deal.COMPLETE), "", _OWNER,
              "contract.identified", "What others call it: notice, purchase order, the buyer's reference."),
        _step("set_indicators", tuple(Deal), "", _OWNER, "contract.indicators_set",
              "What its performance is assessed by, or why by nothing; what was assessed keeps its words. Once it has "
              "ended, too, for the notice of its end; not where it was taken back before both had signed."),
        _step("assess", (Deal.ACTIVE, Deal.EXTENDED, Deal.COMPLETE, Deal.TERMINATED), "", _OWNER, "contract.assessed",
              "Each indicator is rated for a period, until the notice that tells of it is published."),
        _step("publish_notice", tuple(Deal), "", _OWNER, "contract.notice_published",
              "A notice that the law asks for was published elsewhere; its number is kept."),
        _step("extend", (Deal.ACTIVE, Deal.EXTENDED), Deal.EXTENDED, _OWNER, "contract.extended",
              "The next priced option is taken."),
        _step("complete", (Deal.ACTIVE, Deal.EXTENDED), Deal.COMPLETE, _OWNER,
              "contract.completed", "The work has begun and is done; outcomes may be claimed until the long stop."),
        _step("reopen", (Deal.COMPLETE,), Deal.ACTIVE, _OWNER, "contract.reopened",
              "It was said by mistake that the work is done: it goes on, for a reason, while its last day is ahead."),
        _step("reopen_extended", (Deal.COMPLETE,), Deal.EXTENDED, _SYSTEM, "contract.reopened",
              "The same of a contract of which an option was taken: that stands."),
        _step("void", (Deal.UNSIGNED,), Deal.TERMINATED, _SYSTEM, "contract.voided",
              "The award that it rested on was taken back before both had signed."),
        _step("terminate", (Deal.ACTIVE, Deal.EXTENDED), Deal.TERMINATED, _OWNER,
              "contract.terminated", "It ended before its time, with the reason."),
    ),
)  # fmt: skip

_FRAMEWORK: Final = {Part.FRAMEWORK_OWNER}
_OPEN: Final = (Join.SUBMITTED, Join.AGREED, Join.CHECKED)

JOININGS: Final = Machine(
    "joining",
    Join.DRAFT,
    dict(Join.choices),
    (
        _step("edit", (Join.DRAFT,), "", {Part.MEMBER}, "joining.edited", "The firm says it anew."),
        _step("submit", (Join.DRAFT,), Join.SUBMITTED, {Part.MEMBER}, "joining.submitted",
              "The firm applies."),
        _step("agree", (Join.SUBMITTED,), Join.AGREED, _LEAD, "joining.agreed",
              "The lead of the consortium would have it."),
        _step("check", (Join.SUBMITTED, Join.AGREED), Join.CHECKED, _FRAMEWORK, "joining.checked",
              "The framework owner has checked it: of a consortium, once its lead has agreed."),
        _step("admit", (Join.CHECKED,), Join.JOINED, _FRAMEWORK, "joining.joined",
              "It belongs from today on, with what it offers."),
        _step("refuse", (Join.SUBMITTED,), Join.REFUSED, _LEAD | _FRAMEWORK, "joining.refused",
              "The lead, or the framework owner, does not take it, with the reason."),
        _step("refuse", (Join.AGREED, Join.CHECKED), Join.REFUSED, _FRAMEWORK, "joining.refused",
              "The framework owner does not take it, with the reason."),
        _step("withdraw", (Join.DRAFT, *_OPEN), Join.WITHDRAWN, {Part.MEMBER}, "joining.withdrawn",
              "The firm applies no longer."),
    ),
)  # fmt: skip

PLANS: Final = Machine(
    "outcome_plan",
    Plan.DRAFT,
    dict(Plan.choices),
    (
        _step("edit", tuple(Plan), Plan.DRAFT, _OWNER, "outcome_plan.edited",
              "It is said anew until its call-off goes out; every approval falls, that of the call-off too, and "
              "whoever had been asked is told."),
        _step("remove", (Plan.DRAFT, Plan.PROPOSED), "", _OWNER, "outcome_plan.removed",
              "It is taken away: the call-off pays for no outcomes, and an approval of it falls."),
        _step("propose", (Plan.DRAFT,), Plan.PROPOSED, _OWNER, "outcome_plan.proposed",
              "It is found suitable and complete, and goes to the bodies that pay."),
        _step("approve_share", (Plan.PROPOSED,), "", {Part.PAYER}, "outcome_plan.share_approved",
              "A body that pays has approved its share."),
        _step("approve_investor", (Plan.PROPOSED,), "", {Part.INVESTOR, Part.APPROVER},
              "outcome_plan.investor_approved",
              "The social investor has approved its part, or the buyer's approver records where it has."),
        _step("agree", (Plan.PROPOSED,), Plan.AGREED, _SYSTEM, "outcome_plan.agreed",
              "Every body that pays has approved its share, and the social investor its part where there is one."),
    ),
)  # fmt: skip

CLAIMS: Final = Machine(
    "claim",
    Claimed.SUBMITTED,
    dict(Claimed.choices),
    (
        _step("add_file", (Claimed.SUBMITTED,), "", _LEAD, "claim.file_added",
              "A file is put with it as evidence."),
        _step("verify", (Claimed.SUBMITTED,), Claimed.VERIFIED, _OWNER, "claim.verified",
              "Somebody else than who claimed has checked the evidence. Where nothing is left under the caps the claim "
              "comes to nothing and rests so."),
        _step("reject", (Claimed.SUBMITTED,), Claimed.REJECTED, _OWNER, "claim.rejected",
              "The evidence does not bear it, with the reason."),
        _step("unverify", (Claimed.VERIFIED,), Claimed.SUBMITTED, _OWNER, "claim.unverified",
              "A verification is taken back before it is paid, by whose it was or somebody else who verifies, with the "
              "reason; it is decided on anew."),
        _step("pay", (Claimed.VERIFIED,), Claimed.PAID, _APPROVER, "claim.paid",
              "What was verified is paid, each body its share; a claim that comes to nothing is not."),
    ),
)  # fmt: skip

_UNSENT: Final = (Bid.INVITED, Bid.VIEWED, Bid.DECLINED, Bid.DRAFT, Bid.WITHDRAWN)

TENDERS: Final = Machine(
    "tender",
    Bid.INVITED,
    dict(Bid.choices),
    (
        _step("view", (Bid.INVITED,), Bid.VIEWED, _LEAD, "tender.viewed", "The lead supplier has read the invitation."),
        _step("decline", (Bid.INVITED, Bid.VIEWED, Bid.DRAFT), Bid.DECLINED, _LEAD, "tender.declined",
              "The lead supplier will not tender, with the reason; until the deadline it may think again."),
        _step("let", (*_UNSENT, Bid.SUBMITTED), "", _LEAD, "tender.drafters_named",
              "The lead says which of its members may write."),
        _step("draft", _UNSENT, Bid.DRAFT, {Part.LEAD, Part.MEMBER}, "tender.drafted",
              "Something was written or a file put with it; what, nobody else is told."),
        _step("draft", (Bid.SUBMITTED,), "", {Part.LEAD, Part.MEMBER}, "tender.drafted",
              "What was submitted stands until it is submitted anew."),
        _step("submit", (Bid.DRAFT, Bid.SUBMITTED), Bid.SUBMITTED, _LEAD, "tender.submitted",
              "The lead supplier submits what is written; the last before the deadline counts."),
        _step("confirm", (Bid.SUBMITTED,), "", _LEAD, "tender.confirmed",
              "What was submitted stands after a material amendment."),
        _step("withdraw", (Bid.DRAFT, Bid.SUBMITTED), Bid.WITHDRAWN, _LEAD, "tender.withdrawn",
              "The lead supplier takes it back before the deadline."),
        _step("assess", (Bid.SUBMITTED,), "", {Part.ASSESSOR}, "tender.assessed",
              "An assessor scores a criterion, blind to the scores of others."),
        _step("agree", (Bid.SUBMITTED,), "", {Part.MODERATOR}, "tender.agreed",
              "The score of a criterion that counts, with its reason."),
        _step("ask_price", (Bid.SUBMITTED,), "", _OWNER, "tender.price_asked",
              "Its price looks abnormally low and is asked about."),
        _step("answer_price", (Bid.SUBMITTED,), "", _LEAD, "tender.price_answered", "The tenderer explains it."),
        _step("accept_price", (Bid.SUBMITTED,), "", _OWNER, "tender.price_accepted", "The explanation is taken."),
        _step("disqualify", (Bid.SUBMITTED,), Bid.DISQUALIFIED, {Part.OWNER, Part.SYSTEM}, "tender.disqualified",
              "It takes part no longer, on a stated ground and with the reason."),
        _step("reinstate", (Bid.DISQUALIFIED, Bid.NOT_SIGNED), Bid.SUBMITTED, _OWNER, "tender.reinstated",
              "It was disqualified, or said not to sign, by mistake and takes part again, with the reason, while "
              "tenders are evaluated and no outcome is told."),
        _step("win", (Bid.SUBMITTED,), Bid.SUCCESSFUL, _OWNER, "tender.successful", "It is to be awarded."),
        _step("lose", (Bid.SUBMITTED,), Bid.UNSUCCESSFUL, _OWNER, "tender.unsuccessful",
              "Another is to be awarded."),
        _step("end", (Bid.SUBMITTED, Bid.SUCCESSFUL), Bid.UNSUCCESSFUL, _OWNER, "tender.ended",
              "The call-off was cancelled or given up: nothing comes of it, for the reason of the call-off."),
        _step("not_sign", (Bid.SUCCESSFUL,), Bid.NOT_SIGNED, _OWNER, "tender.not_signed",
              "It was awarded, and the supplier did not sign, with the reason: it takes part no longer."),
        _step("reopen", (Bid.SUCCESSFUL,), Bid.SUBMITTED, _APPROVER, "tender.reopened",
              "The award or the intention was taken back: its outcome is open again."),
        _step("reopen", (Bid.UNSUCCESSFUL,), Bid.SUBMITTED, {Part.OWNER, Part.APPROVER}, "tender.reopened",
              "The same, or the supplier of the tender that was awarded did not sign."),
    ),
)  # fmt: skip

RATE_PROPOSALS: Final = Machine(
    "rate_proposal",
    Rates.DRAFT,
    dict(Rates.choices),
    (
        _step("edit", (Rates.DRAFT,), "", _LEAD, "rate_proposal.edited", "The supplier's lead says it anew."),
        _step("submit", (Rates.DRAFT,), Rates.SUBMITTED, _LEAD, "rate_proposal.submitted",
              "The lead proposes it to the framework owner; what it says stands from now on."),
        _step("approve", (Rates.SUBMITTED,), Rates.APPROVED, _FRAMEWORK, "rate_proposal.approved",
              "It becomes the card's next version, in force from its day."),
        _step("refuse", (Rates.SUBMITTED,), Rates.REFUSED, _FRAMEWORK, "rate_proposal.refused",
              "The framework owner does not take it, with the reason."),
        _step("withdraw", (Rates.DRAFT, Rates.SUBMITTED), Rates.WITHDRAWN, _LEAD, "rate_proposal.withdrawn",
              "The lead proposes it no longer."),
    ),
)  # fmt: skip

MACHINES: Final = {
    one.kind: one for one in (CALL_OFFS, OFFERS, TENDERS, CONTRACTS, JOININGS, PLANS, CLAIMS, RATE_PROPOSALS)
}

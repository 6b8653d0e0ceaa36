"""What is read of one call-off to show it: suppliers with today's prices, offers, contract, what blocks, the line.

For the detail of the API and of the pages: a fixed number of queries however many suppliers it has. Nothing here
decides; actions ask the rules again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from procurement.available import DIRECT, WAITING, Bar, Purchase, call_off_steps, signed_by
from procurement.awaited import prices_awaited, scores_awaited
from procurement.call_off_checks import (
    DECIDING,
    OF_SUPPLIER,
    Prices,
    approval_asked,
    approval_missing,
    asked_of,
    award_faults,
    greatest_total,
    limit_of,
    prices_of,
    signing_faults,
    standing_faults,
    unreached_faults,
)
from procurement.competition_checks import UNCOUNTED, conflict_declared, missing_scores, untold_faults
from procurement.deadlines import end_of
from procurement.errors import Fault
from procurement.indicators import lacking, step_towards
from procurement.line import Line, line_of, way
from procurement.models import CallOff, CallOffSupplier, Competition, Contract, Event, Offer
from procurement.models.call_offs import LIVE_OFFER
from procurement.next_supplier import Next, faults_beside, next_of
from procurement.notice_facts import call_off_facts as notice_facts_of
from procurement.notice_facts import contract_facts, contract_notices, intended_notices, intention_of
from procurement.order_form import terms_of
from procurement.outcome_checks import OF_PLAN, waited_for
from procurement.parts import buyer_parts, wrote
from procurement.permissions import Actor
from procurement.public_notices import DueNotice, told_first, why_none
from procurement.public_notices import notices as notices_of
from procurement.ranked_first import First, ranked_first
from procurement.states import CALL_OFFS

_BEFORE: Final = frozenset({CallOff.Status.DRAFT, CallOff.Status.APPROVED})
_OF_OTHERS: Final = frozenset({"not_agreed", "approval_missing"})
_OF_COMPETITION: Final = frozenset({"competition", "rules", "interest_until", "clarify_until", "deadline"})
"""First steps of pointers into a competition's plan."""
OF_NOTICES: Final = "/notices"
OF_INDICATORS: Final = "/indicators"
TOLD_FIRST: Final = {OF_INDICATORS: "set_indicators", OF_NOTICES: "publish_notice"}
"""Where what must be told before a signature is missing, and the step by which it is."""
_CONFLICTED: Final = frozenset({*DECIDING, CallOff.Status.AWARDED})
"""Statuses of a competition in which whoever declared a conflict of interest may not take every step."""
_SIGNING: Final = frozenset({CallOff.Status.AWARDED, CallOff.Status.CONTRACTED})


@dataclass(frozen=True, slots=True)
class CallOffFacts:
    """One call-off as it is shown. `prices` are today's by the key of the supplier's row, none in a competition;
    `greatest` is the most that it may come to in pence, VAT excluded; `blocking` what keeps it from going out, its next
    order form from being sent, its award to whoever accepted or ranks first, or its contract from being signed, and
    what was added to a competition that is out and is told to nobody. `found`
    is whom the next order form of a direct award would go to, past whom and why: nobody while one is open.
    `notices` are those that the law asks of its contract, or would ask of one for `greatest`; `no_notices` says why
    none is asked for, "" where one is or nothing says what it comes to.
    """

    call_off: CallOff
    asked: list[CallOffSupplier]
    prices: Prices
    offers: list[Offer]
    contract: Contract | None
    greatest: int | None
    blocking: list[Fault]
    found: Next
    purchase: Purchase
    notices: tuple[DueNotice, ...]
    no_notices: str

    @property
    def line(self) -> Line:
        return line_of(self.purchase)

    def steps(self, actor: Actor) -> list[str]:
        """What the actor may do with it now; three queries, four for whoever has a part in what is ranked."""
        parts = buyer_parts(actor, self.call_off)
        conflict = None
        if parts and self.call_off.route != DIRECT and self.call_off.status in _CONFLICTED:
            conflict = conflict_declared(self.call_off, actor)
        return call_off_steps(
            self.purchase,
            parts,
            wrote=wrote(actor, self.call_off),
            declared=conflict is False,
            conflicted=conflict is True,
        )


def facts_of(call_off: CallOff, on: date) -> CallOffFacts:
    """All of it, as of a day."""
    asked = asked_of(call_off)
    direct = call_off.route == DIRECT
    prices = prices_of(call_off, asked, on)
    limit, greatest = limit_of(call_off.organisation_id), greatest_total(call_off, prices)
    offers = list(call_off.offers.select_related("asked__appointment__supplier").order_by("pk"))
    live = next((one for one in offers if one.status in LIVE_OFFER), None)
    contract = None
    if call_off.status in _SIGNING:
        contract = call_off.contracts.select_related("appointment__supplier").order_by("-pk").first()
        if contract is not None:
            contract.call_off = call_off
    first = ranked_first(call_off) if call_off.status in DECIDING else None
    notices, no_notices = _notices(call_off, contract, first, greatest, on)
    next_notice = _next_notice(call_off, notices)
    sent = {one.asked_id for one in offers}
    outcome = approval_missing(call_off, limit, first.total, first.total) if first else ""
    goes_out = call_off.status in _BEFORE or (direct and call_off.status == CallOff.Status.OUT and not live)
    found = next_of(call_off, asked if direct and goes_out else (), sent, prices, on)
    missing = outcome
    if goes_out:
        next_total = _next_total(call_off, found.asked, prices)
        missing = approval_missing(call_off, limit, next_total, greatest)
    # A draft waits for its approval at a station of its own: there it is no rule that is broken.
    unapproved = "" if call_off.status == CallOff.Status.DRAFT else missing
    barred = _barring(call_off, asked, live, first, contract, on)
    if call_off.status == CallOff.Status.AWARDED:
        barred += _untold(contract, notices)
    rules = [*(standing_faults(call_off, prices, on) if goes_out else barred), *_not_approved(unapproved)]
    if not direct and goes_out and not rules:
        rules += unreached_faults(call_off, on)
    known = {one.code for one in rules}
    if direct and goes_out:
        rules += faults_beside(rules, found, asked)
    now = timezone.now()
    waiting = live is not None and live.status in WAITING
    window = {"due": live.reply_by if live and waiting else None} if direct else competing(call_off, now)
    if window.get("uncounted"):
        rules.append(UNCOUNTED)
    if not direct and call_off.status == CallOff.Status.OUT:
        rules += untold_faults(call_off)
    due = window.get("due")
    purchase = Purchase(
        route=call_off.route,
        status=call_off.status,
        approval_asked=approval_asked(limit, first.total if first else greatest),
        approval_missing=bool(missing),
        sent_back=call_off.sent_back_at is not None,
        offer=live.status if live else None,
        left=0 if "unlocked" in known else found.left,
        signed=signed_by(contract),
        passed=_way(call_off),
        to_publish=next_notice is not None,
        publish_by=end_of(next_notice.due_on) if next_notice and next_notice.due_on else None,
        telling=_telling(contract, next_notice, barred),
        past=due is not None and due <= now,
        plan=waited_for(call_off) if goes_out and known & OF_PLAN else (),
        mending=_mending(rules) if goes_out else (),
        barred=_bar(barred),
        **window,
    )
    return CallOffFacts(
        call_off=call_off,
        asked=asked,
        prices=prices,
        offers=offers,
        contract=contract,
        greatest=greatest,
        blocking=rules,
        found=found,
        purchase=purchase,
        notices=notices,
        no_notices=no_notices,
    )


def competing(call_off: CallOff, now: datetime) -> dict[str, Any]:
    """What of a competition decides who does what next, as fields of Purchase; at most two queries, seven while
    tenders are scored, six once they are ranked. `due` is the end of the expression of interest, or the deadline for
    tenders.
    """
    competition = Competition.objects.filter(call_off=call_off).defer("document").first()
    if competition is None:
        return {}
    competition.call_off = call_off
    status = call_off.status
    asking = competition.invited_at is None and competition.interest_until is not None
    until = competition.standstill_until if status == CallOff.Status.INTENTION else None
    rows = (competition.ranking or {}).get("rows", [])
    return {
        "due": (competition.interest_until if asking else competition.deadline)
        if status == CallOff.Status.OUT
        else None,
        "asking": asking,
        "unscored": scores_awaited(competition) if status == CallOff.Status.EVALUATING else None,
        "uncounted": status in DECIDING and bool(missing_scores(competition)),
        "unranked": not any(one["rank"] == 1 for one in rows),
        "low_unsettled": prices_awaited(competition, now) if status in DECIDING else None,
        "held": competition.standstill and (until is None or now < until),
        "held_until": until,
    }


def _barring(
    call_off: CallOff,
    suppliers: Iterable[CallOffSupplier],
    live: Offer | None,
    first: First | None,
    contract: Contract | None,
    on: date,
) -> list[Fault]:
    """Why what would be awarded or signed next is refused on that day; at most two queries. Nothing before a supplier
    has accepted, a tender ranks first, or a contract waits for its signatures.
    """
    found = {one.pk: one for one in suppliers}
    if call_off.status == CallOff.Status.OUT and live is not None and live.status == Offer.Status.ACCEPTED:
        return award_faults(call_off, found[live.asked_id], live.price_minor, on)
    if first is not None:
        return award_faults(call_off, found[first.asked.pk], first.work, on, first.terms)
    if call_off.status == CallOff.Status.AWARDED and contract is not None:
        asked = next(one for one in found.values() if one.appointment_id == contract.appointment_id)
        return signing_faults(call_off, asked, contract.value_minor, on)
    return []


def _untold(contract: Contract | None, notices: Iterable[DueNotice]) -> list[Fault]:
    """Why a contract that was awarded is not entered into yet: its indicators are set, and a notice published,
    before.
    """
    found = []
    if contract is not None and (message := lacking(contract)):
        found.append(Fault(OF_INDICATORS, "indicators_first", message))
    if (first := told_first(notices)) is not None:
        where = f"say under {first.key} where it was."
        message = f"The {first.rule.name} is published before the contract is entered into: {where}"
        found.append(Fault(OF_NOTICES, "notice_first", message))
    return found


def _telling(contract: Contract | None, notice: DueNotice | None, barred: Iterable[Fault]) -> tuple[str, ...]:
    """The steps by which what must be told before a signature is, or else the notice that is next."""
    first = tuple(TOLD_FIRST[one.pointer] for one in barred if one.pointer in TOLD_FIRST)
    if first or contract is None or notice is None:
        return first
    return (step_towards(contract, notice),)


def _bar(faults: Iterable[Fault]) -> Bar | None:
    """Whether another supplier, at its own price, may be awarded where these faults keep one from it; whether only
    what must be told before a signature does.
    """
    pointers = {one.pointer for one in faults}
    if not pointers:
        return None
    pointers -= TOLD_FIRST.keys()
    if not pointers:
        return Bar.OF_NOTICE
    return Bar.OF_SUPPLIER if pointers <= {OF_SUPPLIER, "/terms/value"} else Bar.OF_CALL_OFF


def _notices(
    call_off: CallOff, contract: Contract | None, first: First | None, greatest: int | None, on: date
) -> tuple[tuple[DueNotice, ...], str]:
    """The notices of the contract (one query), of the intention to award to the `first` (one query), or of one that
    comes to `greatest`; why there are none.
    """
    if call_off.status in CALL_OFFS.last - {CallOff.Status.CONTRACTED} or (
        contract is None and greatest is None
    ):
        return (), ""
    if contract is not None:
        found, facts = contract_notices(contract, on), contract_facts(contract)
    elif call_off.status == CallOff.Status.INTENTION and first and (intention := intention_of(call_off)):
        found = intended_notices(call_off, intention, first.total, on)
        facts = notice_facts_of(call_off, first.total)
    else:
        assert greatest is not None
        facts = notice_facts_of(call_off, greatest)
        found = notices_of(facts, {}, on)
    return found, "" if found else why_none(facts)


def _next_notice(call_off: CallOff, notices: Iterable[DueNotice]) -> DueNotice | None:
    """The notice that is the next thing: before both have signed one that must come first, then the one that is due
    first.
    """
    if call_off.status == CallOff.Status.AWARDED:
        return told_first(notices)
    waiting = [one for one in notices if one.waits]
    return min(waiting, key=lambda one: one.due_on or date.min, default=None)


def _mending(blocking: Iterable[Fault]) -> tuple[str, ...]:
    """By which steps the owner mends what blocks it: the plan of a competition is said by a step of its own; what its
    approvers or those who pay for outcomes have not said yet is not the owner's to mend.
    """
    broken = {one.pointer.split("/")[1] for one in blocking if one.code not in _OF_OTHERS}
    steps = {"edit": bool(broken - _OF_COMPETITION), "plan": bool(broken & _OF_COMPETITION)}
    return tuple(name for name, wanted in steps.items() if wanted)


def _not_approved(missing: str) -> list[Fault]:
    """Why what lacks its approval is not sent or awarded."""
    return [Fault("/approval", "approval_missing", missing)] if missing else []


def _next_total(call_off: CallOff, asked: CallOffSupplier | None, prices: Prices) -> int | None:
    price = prices.get(asked.pk) if asked else None
    return terms_of(call_off).total(price.minor) if price and price.minor is not None else None


def _way(call_off: CallOff) -> tuple[str, ...]:
    sent = Q(subject_type="offer", type="offer.sent", subject__startswith=f"{call_off.reference}~")
    own = Q(subject_type="call_off", subject=call_off.reference)
    return way(
        Event.objects.filter(own | sent).order_by("position").values_list("type", flat=True), call_off.route
    )

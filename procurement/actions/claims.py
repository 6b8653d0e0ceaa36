"""Outcomes that a supplier claims, somebody of the buyer verifies and the buyer's approver pays: never above a cap,
never before they are verified.

Journey: POST /api/v1/contracts/{reference}/claims/ by the lead supplier -> here -> verified by another person -> paid,
each body its share -> events. The arithmetic is procurement/outcomes.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from procurement.actions.call_offs import reason_of
from procurement.actions.contracts import contract_parts, locked_contract
from procurement.actions.events import Happening, record
from procurement.actions.steps import allowed, not_theirs
from procurement.available import takes_back
from procurement.errors import Conflict, Fault, Invalid, NotFound, NotPermitted, Stale
from procurement.models import Claim, Contract, Event, OutcomeMeasure, OutcomePayment, OutcomePlan, Payer
from procurement.outcome_shares import may_pay, pot_left, shares_of
from procurement.outcome_terms import MOST_OUTCOMES
from procurement.outcomes import Priced, Totals, payable
from procurement.permissions import Actor
from procurement.profiles import Reader
from procurement.querysets_call_offs import ContractQuerySet
from procurement.references import numbered
from procurement.requirements import day_of
from procurement.revisions import changed_since
from procurement.states import CLAIMS, Part, Transition
from procurement.terms import whole_of

EVIDENCE: Final = 10_000
CLAIMED_UNDER: Final = (Contract.Status.ACTIVE, Contract.Status.EXTENDED, Contract.Status.COMPLETE)
"""Statuses of a contract under which outcomes are claimed: many show only after the work is done."""
COUNTED: Final = (Claim.Status.VERIFIED, Claim.Status.PAID)
_VERIFYING: Final = ("counted", "amount_minor", "verified_by", "verified_at", "reason")


@dataclass(frozen=True, slots=True)
class ClaimDraft:
    """So many outcomes of a measure (its reference in the library), reached from the first to the last day, with what
    shows it.
    """

    measure: object
    count: object
    first_day: object
    last_day: object
    evidence: object


def submit_claim(actor: Actor, contract: str, revision: int, draft: ClaimDraft) -> Claim:
    """The lead supplier claims outcomes of a contract that both have signed. Raises NotFound, NotPermitted, Stale;
    Conflict where the contract pays for none or was not signed; Invalid for what is wrong, at /last_day beyond the long
    stop or the day on which the contract was terminated, at /first_day where a claim that was not rejected is of any of
    the days for that measure.
    """
    with transaction.atomic():
        row = locked_contract(actor, contract, revision)
        if Part.LEAD not in contract_parts(actor, row):
            raise not_theirs("claim outcomes", {Part.LEAD})
        if not claimable(row):
            raise Conflict(f"The contract is {Contract.Status(row.status).label.lower()}.")
        plan = plan_of(row)
        measure, count, first, last, evidence = _read(draft, plan, row)
        if other := overlapping(measure, first, last).exclude(status=Claim.Status.REJECTED).first():
            told = (
                f"{other.reference} claims this outcome from {other.first_day} to {other.last_day} already."
            )
            fault = Fault("/first_day", "claimed", told)
            raise Invalid("An outcome is claimed once.", (fault,))
        claim = Claim.objects.create(
            reference=numbered("CL", timezone.localdate()),
            contract=row,
            measure=measure,
            count=count,
            first_day=first,
            last_day=last,
            evidence=evidence,
            claimed_by=actor.reference,
            claimed_at=timezone.now(),
        )
        row.revision += 1
        row.save(update_fields=["revision"])
        said = {"measure": measure.measure.reference, "count": count}
        record(actor, _happening(claim, "claim.submitted", said))
    return claim


def verify_claim(actor: Actor, reference: str, revision: int, counted: object) -> Claim:
    """Somebody of the buyer, never who claimed, says how many of the outcomes are borne out (at most those claimed); of
    them only those within the caps are paid for. Where that is none, nothing more is to be done with the claim.

    Raises NotFound, NotPermitted, Stale; Conflict, also where a claim of the same measure and of any of its days was
    verified; Invalid at /counted.
    """
    with transaction.atomic():
        claim, contract = locked_claim(actor, reference, revision)
        step = claim_step(actor, claim, contract, "verify")
        if actor.reference == claim.claimed_by:
            raise NotPermitted("Whoever claimed does not verify it.")
        faults: list[Fault] = []
        borne_out = whole_of(Reader("/counted", faults), counted, claim.count)
        if faults:
            raise Invalid("The claim was not verified.", tuple(faults))
        plan = plan_of(contract)
        measure = claim.measure
        others = overlapping(measure, claim.first_day, claim.last_day).exclude(pk=claim.pk)
        if other := others.filter(status__in=COUNTED).first():
            raise Conflict(f"{other.reference} was verified for some of these days: nothing is paid twice.")
        priced = Priced(measure.price_minor, measure.most)
        amount = payable(borne_out, priced, _spent_on(measure), totals(plan).left)
        claim.counted, claim.amount_minor = borne_out, amount
        claim.verified_by, claim.verified_at, claim.reason = actor.reference, timezone.now(), ""
        told = {"counted": borne_out, "amount": amount}
        move_claim(actor, claim, step, told, *_VERIFYING)
    return claim


def unverify_claim(actor: Actor, reference: str, revision: int, reason: object) -> Claim:
    """Takes a verification back before it is paid, for a reason: the claim stands as submitted again, and what it was
    to come to is free under the caps. By whose it was, or somebody else who verifies, never by who pays.

    Raises NotFound, NotPermitted, Stale, Conflict, Invalid at /reason.
    """
    with transaction.atomic():
        claim, contract = locked_claim(actor, reference, revision)
        step = claim_step(actor, claim, contract, "unverify")
        own, claimed = actor.reference == claim.verified_by, actor.reference == claim.claimed_by
        if not takes_back(contract_parts(actor, contract), claimed=claimed, verified=own):
            raise NotPermitted("Whoever pays, or claimed, does not take back what somebody else verified.")
        why = reason_of(reason, "The verification stands.")
        told = {"counted": claim.counted, "amount": claim.amount_minor, "reason": why}
        claim.counted, claim.amount_minor, claim.reason = 0, 0, why
        claim.verified_by, claim.verified_at = "", None
        move_claim(actor, claim, step, told, *_VERIFYING)
    return claim


def reject_claim(actor: Actor, reference: str, revision: int, reason: object) -> Claim:
    """The evidence does not bear it out, for a reason. Raises NotFound, NotPermitted, Stale, Conflict, Invalid at
    /reason.
    """
    with transaction.atomic():
        claim, contract = locked_claim(actor, reference, revision)
        step = claim_step(actor, claim, contract, "reject")
        why = reason_of(reason, "The claim was not rejected.")
        claim.reason = why
        move_claim(actor, claim, step, {"reason": why}, "reason")
    return claim


def pay_claim(actor: Actor, reference: str, revision: int) -> Claim:
    """Records that what was verified is paid, each body its share, a fund no more than its pot holds and only between
    its days. Raises NotFound, NotPermitted, Stale; Conflict, also where it comes to nothing.
    """
    with transaction.atomic():
        claim, contract = locked_claim(actor, reference, revision)
        step = claim_step(actor, claim, contract, "pay")
        if not claim.amount_minor:
            raise Conflict("It comes to nothing: the most that is paid for had been reached.")
        now = timezone.now()
        parts = shares_of(claim, timezone.localdate(now))
        payers = {one.organisation.reference: one for one in _payers(claim)}
        OutcomePayment.objects.bulk_create(
            OutcomePayment(claim=claim, payer=payers[name], minor=minor, paid_at=now)
            for name, minor in parts.items()
        )
        claim.paid_by, claim.paid_at = actor.reference, now
        move_claim(actor, claim, step, {"paid": parts}, "paid_by", "paid_at")
    return claim


def _payers(claim: Claim) -> list[Payer]:
    return list(claim.measure.plan.payers.select_related("organisation").order_by("pk"))


def claimable(contract: Contract) -> bool:
    """Whether its outcomes are claimed: once both have signed. Of one that was terminated, those reached until then."""
    if contract.status == Contract.Status.TERMINATED:
        # One that was void had not been signed by both.
        return contract.supplier_signed_at is not None and contract.buyer_signed_at is not None
    return contract.status in CLAIMED_UNDER


def plan_of(contract: Contract) -> OutcomePlan:
    """The plan that a contract pays outcomes by. Raises Conflict where it pays for none."""
    plan = OutcomePlan.objects.filter(call_off=contract.call_off_id, status=OutcomePlan.Status.AGREED).first()
    if plan is None:
        raise Conflict("The contract pays for no outcomes.")
    return plan


def overlapping(measure: OutcomeMeasure, first: date, last: date) -> QuerySet[Claim]:
    """Claims of the measure that are of any day from the first to the last. Asked under the lock of the call-off, which
    every claim takes first, it leaves nothing in between.
    """
    return measure.claims.filter(first_day__lte=last, last_day__gte=first).order_by("pk")


def totals(plan: OutcomePlan) -> Totals:
    """Where the plan stands, in pence without VAT (one query). What is claimed is counted at its full price."""
    sums = {Claim.Status.SUBMITTED: 0, Claim.Status.VERIFIED: 0, Claim.Status.PAID: 0}
    rows = Claim.objects.filter(measure__plan=plan).values_list(
        "status", "amount_minor", "count", "measure__price_minor"
    )
    for status, amount, count, price in rows:
        if status == Claim.Status.SUBMITTED:
            sums[Claim.Status.SUBMITTED] += count * price
        elif status in sums:
            sums[Claim.Status(status)] += amount
    return Totals(
        plan.cap_minor,
        sums[Claim.Status.SUBMITTED],
        sums[Claim.Status.VERIFIED],
        sums[Claim.Status.PAID],
    )


def left_in(payer: Payer, on: date) -> int:
    """What a fund may still pay on that day, in pence; nothing before it opens and after it closes."""
    return pot_left(payer, payer.payments.aggregate(paid=Sum("minor"))["paid"] or 0, on)


def _read(
    draft: ClaimDraft, plan: OutcomePlan, contract: Contract
) -> tuple[OutcomeMeasure, int, date, date, str]:
    faults: list[Fault] = []
    measure = plan.measures.select_related("measure").filter(measure__reference=str(draft.measure)).first()
    if measure is None:
        faults.append(Fault("/measure", "unknown", "The contract pays for no such outcome."))
    count = whole_of(Reader("/count", faults), draft.count, MOST_OUTCOMES)
    first = _stated(Reader("/first_day", faults), draft.first_day)
    last = _stated(Reader("/last_day", faults), draft.last_day)
    evidence = Reader("/evidence", faults).text(draft.evidence, EVIDENCE, required=True, lines=True)
    if first and last and last < first:
        faults.append(Fault("/last_day", "order", "The last day is on or after the first."))
    if first and first < contract.starts_on:
        told = f"The contract began on {contract.starts_on}."
        faults.append(Fault("/first_day", "before_contract", told))
    if last and plan.long_stop_on and last > plan.long_stop_on:
        told = f"No outcome after {plan.long_stop_on} is paid for."
        faults.append(Fault("/last_day", "long_stop", told))
    ended = contract.ended_on if contract.status == Contract.Status.TERMINATED else None
    if last and ended and last > ended:
        told = f"The contract ended on {ended}: what was reached until then can be claimed."
        faults.append(Fault("/last_day", "ended", told))
    if last and last > timezone.localdate():
        faults.append(Fault("/last_day", "future", "Only what has been reached can be claimed."))
    if faults or measure is None or first is None or last is None:
        raise Invalid("The claim cannot be taken as it is.", tuple(faults))
    return measure, count, first, last, evidence


def _stated(reader: Reader, value: object) -> date | None:
    if value is None:
        reader.wrong("required", "Say which day.")
    return day_of(reader, value)


def _spent_on(measure: OutcomeMeasure) -> int:
    """What the measure's claims that are verified or paid come to, in pence (one query)."""
    found = measure.claims.filter(status__in=COUNTED).aggregate(minor=Sum("amount_minor"))["minor"]
    return found or 0


def locked_claim(actor: Actor, reference: str, revision: int) -> tuple[Claim, Contract]:
    """The claim and its contract, with the row of the call-off locked first, as everywhere. Raises NotFound, Stale."""
    seen = ContractQuerySet(Contract).seen_by(actor).filter(claims__reference=reference).first()
    if seen is None:
        raise NotFound(f"There is no claim {reference}.")
    contract = locked_contract(actor, seen.reference, None)
    claim = (
        Claim.objects.select_for_update(of=("self",))
        .select_related("measure__plan", "measure__measure")
        .get(reference=reference)
    )
    claim.contract = contract
    if changed_since(claim.revision, revision):
        raise Stale("The claim has changed since you read it.")
    return claim, contract


def claim_step(actor: Actor, claim: Claim, contract: Contract, name: str) -> Transition:
    """The step of that name for this actor. Raises NotPermitted, Conflict."""
    told = f"The claim is {Claim.Status(claim.status).label.lower()}."
    return allowed(CLAIMS, name, claim.status, contract_parts(actor, contract), told)


def move_claim(actor: Actor, claim: Claim, step: Transition, changes: dict[str, Any], *fields: str) -> None:
    """Takes a step with a claim whose row is locked: saves it with these `fields`, records the event."""
    claim.status = step.target or claim.status
    claim.revision += 1
    claim.save(update_fields=["status", "revision", *fields])
    record(actor, _happening(claim, step.event, changes))


def _happening(claim: Claim, kind: str, changes: dict[str, Any]) -> Happening:
    contract = claim.contract
    references: dict[str, Any] = {
        "contract": contract.reference,
        "call_off": contract.call_off.reference,
        "organisation": contract.call_off.organisation.reference,
        "supplier": contract.appointment.supplier.reference,
    }
    if kind == "claim.paid":
        references["payer"] = sorted(name for name, minor in changes["paid"].items() if minor)
    elif kind == "claim.verified":
        # Which part is whose is not said here: the supplier reads this, too.
        today = timezone.localdate()
        references["payer"] = may_pay(claim.measure.plan, today) if claim.amount_minor else []
    elif kind == "claim.unverified":
        references["payer"] = _told_to_pay(claim)
    return Happening(kind, "claim", claim.reference, references, changes)


def _told_to_pay(claim: Claim) -> list[str]:
    """The bodies, by reference, that the claim's last verification told to pay; all that pay by its plan where that is
    from before they were named in it.
    """
    verified = (
        Event.objects.filter(type="claim.verified", subject=claim.reference).order_by("-position").first()
    )
    if verified is None:
        return []
    told = verified.references.get("payer")
    return sorted(one.organisation.reference for one in _payers(claim)) if told is None else list(told)

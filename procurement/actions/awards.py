"""A call-off is awarded to the supplier that accepted, the award is taken back before contract, or nothing comes of it.

Journey: POST /api/v1/call-offs/{reference}/award/ -> here: eligibility, appointment and exclusion are asked again,
what is known of conflicts of interest is said again -> an unsigned contract -> event -> actions/contracts.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import locked_call_off, move, permitted, reason_of
from procurement.actions.events import Happening
from procurement.actions.offers import end_offer, locked_offer, step_of
from procurement.actions.tender_outcomes import ended, passed_by, reopened
from procurement.awarded import as_awarded
from procurement.call_off_checks import award_faults
from procurement.competition_checks import require_deciding
from procurement.contract_reminders import next_reminder
from procurement.errors import Conflict, Fault, Invalid
from procurement.models import CallOff, CallOffSupplier, Contract, Offer
from procurement.models.call_offs import LIVE_OFFER
from procurement.notice_facts import next_look
from procurement.permissions import SYSTEM, Actor
from procurement.profiles import NOTE_LENGTH, Reader
from procurement.references import numbered
from procurement.states import CONTRACTS, OFFERS
from procurement.terms import Terms

ENDS: Final = {"cancel": CallOff.Status.CANCELLED, "fail": CallOff.Status.UNSUCCESSFUL}
"""How a call-off ends by a step of its own without a contract."""


def award_direct(actor: Actor, reference: str, revision: int, conflicts: object) -> Contract:
    """Awards to the supplier whose offer stands accepted; `conflicts` says what is known of conflicts of interest (1 to
    1,000 characters, such as "None known").

    Raises NotFound, NotPermitted, Stale; Conflict without an accepted offer; Invalid at /conflicts, and with every rule
    that is broken on the day of award.
    """
    said = conflicts_of(conflicts)
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "award")
        offer = (
            call_off.offers.filter(status=Offer.Status.ACCEPTED)
            .select_related("asked__appointment__supplier")
            .first()
        )
        if offer is None:
            raise Conflict("No supplier has accepted: an award goes to the one that has.")
        check_award(call_off, offer.asked, offer.price_minor)
        contract = concluded_with(call_off, offer.asked, offer.price_minor)
        call_off.conflicts = said
        told = {"value": contract.value_minor, "maximum": contract.maximum_minor}
        named: dict[str, Any] = {
            "supplier": offer.asked.appointment.supplier.reference,
            "contract": contract.reference,
            "offer": offer.reference,
            "framework": call_off.lot.framework.reference,
            "lot": call_off.lot.reference,
        }
        move(actor, call_off, "award", told, "conflicts", **named)
    return contract


def undo_award(actor: Actor, reference: str, revision: int, reason: object) -> CallOff:
    """Takes an award back before both parties have signed, for a reason. Of a direct award the acceptance stands: it
    may be awarded again, or the offer withdrawn for the next to be asked; in a competition the outcome of every tender
    is open again and all tenderers are told.

    Raises NotFound, NotPermitted, Stale, Conflict once it is contracted, Invalid at /reason.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "undo")
        require_deciding(call_off, actor)
        why = reason_of(reason, "The award was not undone.")
        voided = void_contracts(call_off, why)
        also = [*voided, *reopened(actor, call_off, why)]
        told = {"reason": why}
        move(actor, call_off, "undo", told, also=also, contract=[one.subject for one in voided])
    return call_off


def offer_not_signed(actor: Actor, reference: str, revision: int, reason: object) -> Offer:
    """The supplier accepted and did not sign: the award falls, and the next may be asked.

    `reference` and `revision` are the offer's. Raises NotFound, NotPermitted, Stale, Conflict (once the supplier has
    signed, too: an approver undoes the award), Invalid at /reason.
    """
    with transaction.atomic():
        offer = locked_offer(actor, reference, revision)
        step = step_of(actor, offer, "not_sign")
        call_off = offer.call_off
        if supplier_signed(call_off):
            raise Conflict("The supplier has signed the contract.")
        why = reason_of(reason, "Nothing was changed.")
        offer.reason = why
        what = end_offer(actor, offer, step, {"reason": why}, told=False)
        also = [*void_contracts(call_off, why), what]
        move(actor, call_off, "not_sign", {"reason": why}, also=also, offer=offer.reference)
    return offer


def award_not_signed(actor: Actor, reference: str, revision: int, reason: object) -> CallOff:
    """The supplier that a competition was awarded to did not sign, for a reason that it is told: the award falls, its
    tender takes part no longer, and the others are ranked anew, so that the next may be awarded.

    Raises NotFound, NotPermitted, Stale; Conflict unless it is awarded, once the supplier has signed (an approver
    undoes the award) and on a direct award, whose offer says so; Invalid at /reason.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "not_sign")
        if call_off.route != CallOff.Route.COMPETITION:
            raise Conflict("Of a direct award it is said of the offer that was accepted.")
        require_deciding(call_off, actor)
        if supplier_signed(call_off):
            raise Conflict("The supplier has signed the contract.")
        why = reason_of(reason, "Nothing was changed.")
        voided = void_contracts(call_off, why)
        also = [*voided, *passed_by(actor, call_off, why)]
        move(
            actor, call_off, "not_sign", {"reason": why}, also=also, contract=[one.subject for one in voided]
        )
    return call_off


def cancel_call_off(actor: Actor, reference: str, revision: int, reason: object) -> CallOff:
    """Nothing is bought, for a reason; an open offer is withdrawn with it. Raises NotFound, NotPermitted, Stale,
    Conflict once it is contracted or has ended, Invalid at /reason.
    """
    return _ended_without(actor, reference, revision, reason, "cancel")


def fail_call_off(actor: Actor, reference: str, revision: int, reason: object) -> CallOff:
    """No supplier would or could, for a reason. Raises NotFound, NotPermitted, Stale; Conflict before it goes out,
    while an offer is open and once it has ended; Invalid at /reason.
    """
    return _ended_without(actor, reference, revision, reason, "fail")


def check_award(call_off: CallOff, asked: CallOffSupplier, price: int, tendered: Terms | None = None) -> None:
    """Asks every rule again on the day of award, by the call-off's terms or those that were tendered. Raises
    Invalid.
    """
    if faults := award_faults(call_off, asked, price, timezone.localdate(), tendered):
        raise Invalid("The call-off cannot be awarded.", tuple(faults))


def concluded_with(
    call_off: CallOff, asked: CallOffSupplier, price: int, tendered: Terms | None = None
) -> Contract:
    """The contract as awarded, not yet signed: initial term, priced options, the most that it may come to, by the
    call-off's terms or those that were tendered.
    """
    today = timezone.localdate()
    contract = as_awarded(call_off, asked, price, tendered)
    contract.reference = numbered("CT", today)
    contract.notice_on = next_look(contract, today)
    contract.remind_on = next_reminder(contract, today)
    contract.save()
    return contract


def supplier_signed(call_off: CallOff) -> bool:
    """Whether the supplier has signed the contract that waits for the buyer (one query)."""
    waiting = call_off.contracts.filter(status=Contract.Status.UNSIGNED)
    return waiting.exclude(supplier_signed_at=None).exists()


def void_contracts(call_off: CallOff, reason: str) -> list[Happening]:
    """Ends what is unsigned of a call-off; what happened, not yet recorded."""
    found = []
    for contract in call_off.contracts.select_for_update().filter(status=Contract.Status.UNSIGNED):
        step = CONTRACTS.step("void", contract.status)
        assert step is not None
        contract.status, contract.ended_on, contract.ended_reason = (
            step.target,
            timezone.localdate(),
            reason,
        )
        contract.revision += 1
        contract.notice_on = contract.remind_on = None
        fields = ("status", "ended_on", "ended_reason", "revision", "notice_on", "remind_on")
        contract.save(update_fields=fields)
        references = {
            "call_off": call_off.reference,
            "organisation": call_off.organisation.reference,
            "supplier": contract.appointment.supplier.reference,
        }
        found.append(Happening(step.event, "contract", contract.reference, references, {"reason": reason}))
    return found


def conflicts_of(value: object) -> str:
    """What is said of conflicts of interest (1 to 1,000 characters). Raises Invalid at /conflicts."""
    faults: list[Fault] = []
    said = Reader("/conflicts", faults).text(value, NOTE_LENGTH, required=True, lines=True)
    if faults:
        raise Invalid("Say what is known of conflicts of interest.", tuple(faults))
    return said


def _ended_without(actor: Actor, reference: str, revision: int, reason: object, name: str) -> CallOff:
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, name)
        open_offers: Iterable[Offer] = call_off.offers.filter(status__in=LIVE_OFFER)
        if name == "fail" and list(open_offers):
            raise Conflict("An offer is open: wait for its answer, or withdraw it.")
        why = reason_of(reason, "The call-off was not ended.")
        also: list[Happening] = list(void_contracts(call_off, why))
        also.extend(_ended(offer, "withdraw", why) for offer in open_offers)
        also.extend(ended(actor, call_off, ENDS[name], why))
        call_off.ended_reason = why
        move(actor, call_off, name, {"reason": why}, "ended_reason", also=also)
    return call_off


def _ended(offer: Offer, name: str, reason: str) -> Happening:
    """Ends an offer along with its call-off, whose row is locked."""
    step = OFFERS.step(name, offer.status)
    assert step is not None
    offer.reason = reason
    return end_offer(SYSTEM, offer, step, {"reason": reason}, told=False)

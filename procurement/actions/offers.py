"""Direct award: an order form goes to one supplier at a time, in the locked order, and is answered, expires or is taken
back.

Journey: POST /api/v1/call-offs/{reference}/offers/ -> here (the rules are asked again) -> events -> the lead supplier's
answer -> actions/awards.py. The next supplier is asked on the buyer's word alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening as of_call_off
from procurement.actions.call_offs import locked_call_off, permitted, reason_of, require_approval, taken_up
from procurement.actions.competitions import moment
from procurement.actions.events import Happening, record, record_many
from procurement.actions.steps import allowed
from procurement.call_off_checks import asked_of, greatest_total, place_faults, prices_of
from procurement.canonical import canonical, digest_of_text
from procurement.deadlines import after_working_days, half_way
from procurement.errors import Conflict, Fault, Invalid, NotFound, Stale
from procurement.models import CallOff, CallOffSupplier, Offer
from procurement.models.call_offs import LIVE_OFFER
from procurement.next_supplier import Next, Passed, next_of, nobody_faults
from procurement.order_form import Priced, order_document, terms_of
from procurement.parts import buyer_parts, supplier_parts
from procurement.permissions import SYSTEM, Actor
from procurement.profiles import Reader
from procurement.querysets_call_offs import OfferQuerySet
from procurement.revisions import changed_since
from procurement.states import OFFERS, Part, Transition
from procurement.terms import LONGEST_REPLY

Status = Offer.Status


def send_offer(actor: Actor, reference: str, revision: int, supplier: str | None = None) -> Offer:
    """Sends the order form to the next supplier in the locked order that can be asked (who was passed over, and why, is
    recorded), at the rates of its card in force today, to be answered within the terms' working days. `supplier` is the
    one that the sender means (None: whoever is next).

    Raises NotFound, NotPermitted, Stale; Conflict while another offer is open, where every supplier was asked, where
    another is next than is meant, where approval is missing or the shortlist was unlocked meanwhile; Invalid with every
    rule that it breaks, also where nobody who is left can be asked.
    """
    with transaction.atomic():
        call_off = locked_call_off(actor, reference, revision)
        permitted(actor, call_off, "send_offer")
        if call_off.offers.filter(status__in=LIVE_OFFER).exists():
            raise Conflict("An offer is open: one supplier is asked at a time.")
        now = timezone.now()
        today = timezone.localdate(now)
        faults = list(place_faults(call_off, today))
        if gone := [one.message for one in faults if one.code == "unlocked"]:
            raise Conflict(gone[0])
        suppliers = asked_of(call_off)
        prices = prices_of(call_off, suppliers, today)
        sent = set(call_off.offers.values_list("asked_id", flat=True))
        found = next_of(call_off, suppliers, sent, prices, today)
        asked = found.asked
        _meant(supplier, found)
        faults.extend(found.faults)
        if asked is None and found.passed:
            faults.extend(nobody_faults(found, suppliers))
        if faults:
            raise Invalid("The offer cannot be sent.", tuple(faults))
        if asked is None:
            raise Conflict("Every supplier of the shortlist has been asked.")
        price = prices[asked.pk]
        assert price.minor is not None
        total = terms_of(call_off).total(price.minor)
        require_approval(call_off, total, greatest_total(call_off, prices))
        offer = _made(actor, call_off, asked, price, now)
        fields = (*(() if call_off.went_out_at else ("went_out_at",)), *taken_up(call_off))
        call_off.went_out_at = call_off.went_out_at or now
        told = {"digest": offer.digest, "price": offer.price_minor, "reply_by": offer.reply_by.isoformat()}
        passed = [_passed_over(call_off, one) for one in found.passed]
        _moved(actor, call_off, [*passed, happening(offer, "offer.sent", told)], *fields)
    return offer


def view_offer(actor: Actor, reference: str) -> Offer:
    """Notes that the lead supplier has read it; a second time, or by anybody else who sees it, changes nothing.

    Raises NotFound.
    """
    with transaction.atomic():
        offer = locked_offer(actor, reference, None)
        parts = offer_parts(actor, offer)
        if offer.status == Status.SENT and Part.LEAD in parts:
            offer.viewed_at = timezone.now()
            _step(actor, offer, "view", {}, "viewed_at")
    return offer


def accept_offer(actor: Actor, reference: str, revision: int) -> Offer:
    """The lead supplier takes the order as it stands. Raises NotFound, NotPermitted, Stale; Conflict once it is
    answered, withdrawn or past its window.
    """
    with transaction.atomic():
        offer = locked_offer(actor, reference, revision)
        _in_time(actor, offer, "accept")
        offer.answered_at = timezone.now()
        _step(actor, offer, "accept", {"digest": offer.digest}, "answered_at")
    return offer


def decline_offer(actor: Actor, reference: str, revision: int, reason: object) -> Offer:
    """The lead supplier does not take it, for a reason (1 to 1,000 characters). Raises NotFound, NotPermitted, Stale;
    Conflict once it is answered, withdrawn or past its window; Invalid at /reason.
    """
    with transaction.atomic():
        offer = locked_offer(actor, reference, revision)
        _in_time(actor, offer, "decline")
        why = reason_of(reason, "The offer was not declined.")
        offer.answered_at, offer.reason = timezone.now(), why
        _step(actor, offer, "decline", {"reason": why}, "answered_at", "reason")
    return offer


def withdraw_offer(actor: Actor, reference: str, revision: int, reason: object) -> Offer:
    """The buyer takes it back, for a reason, before it is awarded. Raises NotFound, NotPermitted, Stale, Conflict,
    Invalid at /reason.
    """
    with transaction.atomic():
        offer = locked_offer(actor, reference, revision)
        step = step_of(actor, offer, "withdraw")
        if offer.call_off.status != CallOff.Status.OUT:
            raise Conflict("The call-off is awarded: undo the award first.")
        why = reason_of(reason, "The offer was not withdrawn.")
        offer.reason = why
        end_offer(actor, offer, step, {"reason": why})
    return offer


def extend_offer(actor: Actor, reference: str, revision: int, reply_by: object) -> Offer:
    """The lead supplier has until `reply_by` (ISO 8601 with a time zone) to answer: later than stands now, and no later
    than an offer that is sent today may be answered. Where half of the longer window is still ahead it is reminded
    then, though it was before. The order form stays as it was sent.

    Raises NotFound, NotPermitted, Stale; Conflict once it is answered, withdrawn or past its window; Invalid at
    /reply_by.
    """
    with transaction.atomic():
        offer = locked_offer(actor, reference, revision)
        _in_time(actor, offer, "extend")
        now = timezone.now()
        later, before = _later(offer, reply_by, now).astimezone(UTC), offer.reply_by
        offer.reply_by, offer.remind_at = later, half_way(offer.sent_at, later)
        if offer.remind_at > now:
            offer.reminded_at = None
        told = {"reply_by": later.isoformat(), "before": before.isoformat()}
        _step(actor, offer, "extend", told, "reply_by", "remind_at", "reminded_at")
    return offer


def expire_offer(reference: str, now: datetime) -> bool:
    """Ends an offer whose window passed without an answer; False where it was answered meanwhile."""
    with transaction.atomic():
        offer = locked_offer(SYSTEM, reference, None)
        if OFFERS.step("expire", offer.status) is None or offer.reply_by > now:
            return False
        _step(SYSTEM, offer, "expire", {})
    return True


def remind_offer(reference: str, now: datetime) -> bool:
    """Half of the window has passed: reminds once; False where it was answered or reminded meanwhile."""
    with transaction.atomic():
        offer = locked_offer(SYSTEM, reference, None)
        waiting = offer.status in (Status.SENT, Status.VIEWED) and offer.reminded_at is None
        if not waiting or offer.remind_at > now:
            return False
        offer.reminded_at = now
        offer.save(update_fields=["reminded_at"])
        record(SYSTEM, happening(offer, "offer.reminded", {"reply_by": offer.reply_by.isoformat()}))
    return True


def locked_offer(actor: Actor, reference: str, revision: int | None) -> Offer:
    """The offer and its call-off, their rows locked until the transaction ends, the call-off's first as everywhere.

    Raises NotFound, Stale.
    """
    seen = OfferQuerySet(Offer).seen_by(actor).filter(reference=reference).first()
    if seen is None:
        raise NotFound(f"There is no offer {reference}.")
    call_off = (
        CallOff.objects.select_for_update(of=("self",))
        .select_related("organisation", "lot__framework", "requirement__requirement")
        .get(pk=seen.call_off_id)
    )
    offer = (
        Offer.objects.select_for_update(of=("self",))
        .select_related("asked__appointment__supplier")
        .get(pk=seen.pk)
    )
    offer.call_off = call_off
    if changed_since(offer.revision, revision):
        raise Stale("The offer has changed since you read it.")
    return offer


def step_of(actor: Actor, offer: Offer, name: str) -> Transition:
    """The step of that name for this actor. Raises NotPermitted, Conflict."""
    told = f"The offer is {Status(offer.status).label.lower()}."
    return allowed(OFFERS, name, offer.status, offer_parts(actor, offer), told)


def end_offer(
    actor: Actor, offer: Offer, step: Transition, changes: dict[str, Any], *, told: bool = True
) -> Happening:
    """Takes a step that ends an offer whose row is locked; records it unless the caller does (`told` False)."""
    offer.status = step.target
    offer.revision += 1
    offer.save(update_fields=["status", "revision", "reason"])
    what = happening(offer, step.event, changes)
    if told:
        record(actor, what)
    return what


def happening(offer: Offer, kind: str, changes: dict[str, Any]) -> Happening:
    """What happened to an offer, not yet recorded."""
    references = {
        "call_off": offer.call_off.reference,
        "organisation": offer.call_off.organisation.reference,
        "supplier": offer.asked.appointment.supplier.reference,
        "partner": sorted(one.reference for one in offer.asked.partners.all()),
    }
    return Happening(kind, "offer", offer.reference, references, changes)


def _meant(supplier: str | None, found: Next) -> None:
    """Raises Conflict where the order form would go to another supplier than is meant: nothing takes it back unread."""
    if not supplier or found.asked is None or found.asked.appointment.supplier.reference == supplier.lower():
        return
    goes_to = found.asked.appointment.supplier
    told = f"The order form would go to {goes_to.name} ({goes_to.reference}) now, not to {supplier}."
    mine = (one for one in found.passed if one.asked.appointment.supplier.reference == supplier.lower())
    why = " ".join(fault.message for one in mine for fault in one.faults)
    raise Conflict(f"{told} {why}".rstrip())


def _made(actor: Actor, call_off: CallOff, asked: CallOffSupplier, price: Priced, now: datetime) -> Offer:
    reply_by = after_working_days(now, terms_of(call_off).reply_days, call_off.organisation.nation)
    text = canonical(order_document(call_off, asked, price, now, reply_by))
    assert price.minor is not None
    return Offer.objects.create(
        reference=f"{call_off.reference}~{asked.position}",
        call_off=call_off,
        asked=asked,
        card_version=price.quote.held.version if price.quote and price.quote.held else None,
        document=text,
        digest=digest_of_text(text),
        price_minor=price.minor,
        currency="GBP",
        actor=actor.reference,
        sent_at=now,
        remind_at=half_way(now, reply_by),
        reply_by=reply_by,
    )


def _moved(actor: Actor, call_off: CallOff, what: Sequence[Happening], *fields: str) -> None:
    """The call-off goes out with its first offer; the offer's event, the last of `what`, is the one of the step."""
    call_off.status = CallOff.Status.OUT
    call_off.revision += 1
    call_off.save(update_fields=["status", "revision", *fields])
    record_many(actor, what)


def _passed_over(call_off: CallOff, passed: Passed) -> Happening:
    """That a supplier in the order cannot be asked, and why; for the buyer alone."""
    changes = {
        "position": passed.asked.position,
        "codes": sorted({one.code for one in passed.faults}),
        "reason": " ".join(one.message for one in passed.faults),
    }
    supplier = passed.asked.appointment.supplier.reference
    return of_call_off(call_off, "call_off.supplier_passed_over", changes, supplier=supplier)


def _step(actor: Actor, offer: Offer, name: str, changes: dict[str, Any], *fields: str) -> None:
    step = step_of(actor, offer, name)
    offer.status = step.target or offer.status
    offer.revision += 1
    offer.save(update_fields=["status", "revision", *fields])
    record(actor, happening(offer, step.event, changes))


def offer_parts(actor: Actor, offer: Offer) -> frozenset[Part]:
    """The actor's parts on both sides of an offer."""
    return buyer_parts(actor, offer.call_off) | supplier_parts(actor, offer.asked.appointment)


def _later(offer: Offer, value: object, now: datetime) -> datetime:
    """The moment until which it may be answered from now on. Raises Invalid at /reply_by."""
    faults: list[Fault] = []
    reader = Reader("/reply_by", faults)
    read = moment(reader, "" if value is None else value)
    furthest = after_working_days(now, LONGEST_REPLY, offer.call_off.organisation.nation)
    if read is not None and read <= offer.reply_by:
        reader.wrong("earlier", "It may move later, never earlier.")
    elif read is not None and read > furthest:
        reader.wrong(
            "too_far", f"An offer may be answered within {LONGEST_REPLY} working days from today at most."
        )
    if read is None or faults:
        raise Invalid("The offer was not extended.", tuple(faults))
    return read


def _in_time(actor: Actor, offer: Offer, name: str) -> None:
    step_of(actor, offer, name)
    if timezone.now() >= offer.reply_by:
        raise Conflict("The window for an answer has passed.")

"""Every status of call-offs, offers and contracts against every step, through the actions.

A step that the tables do not have is refused with Conflict, by whoever has no part in it with NotPermitted, and
changes nothing; what procurement/available.py offers is what the actions take.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest
from django.db import transaction
from django.utils import timezone

from procurement import public_notices
from procurement.actions.awards import (
    award_direct,
    cancel_call_off,
    fail_call_off,
    offer_not_signed,
    undo_award,
)
from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off, send_back
from procurement.actions.contracts import (
    complete_contract,
    contract_parts,
    extend_contract,
    identify_contract,
    reopen_contract,
    sign_contract,
    terminate_contract,
)
from procurement.actions.events import verify
from procurement.actions.indicators import set_indicators
from procurement.actions.offers import (
    accept_offer,
    decline_offer,
    expire_offer,
    extend_offer,
    offer_parts,
    send_offer,
    view_offer,
    withdraw_offer,
)
from procurement.actions.public_notices import publish_notice
from procurement.available import Turn, contract_steps, offer_steps, signed_by
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, NotFound, NotPermitted, Stale
from procurement.models import (
    BuyerLimit,
    CallOff,
    Contract,
    Delivery,
    Event,
    Framework,
    Offer,
    Organisation,
)
from procurement.notice_facts import contract_notices
from procurement.notices import notice_for, worded
from procurement.permissions import Actor
from procurement.states import CALL_OFFS, CONTRACTS, OFFERS, Part
from tests.bought import Market, accepted, active, awarded, begun, drafted, offered
from tests.competed import after

pytestmark = [pytest.mark.django_db, pytest.mark.whole]

WHY: Final = "Because."


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values()),
        list(Offer.objects.order_by("pk").values()),
        list(Contract.objects.order_by("pk").values()),
    ]


def outcome(act: Callable[[Actor, str, int], Any], actor: Actor, one: Any) -> type[Exception] | None:
    """By what the step was refused, None where it was taken."""
    try:
        act(actor, one.reference, one.revision)
    except (Conflict, NotPermitted) as refusal:
        return type(refusal)
    return None


def limited(market: Market) -> CallOff:
    """A draft that an approval is asked for."""
    body = Organisation.objects.get(reference="shire")
    BuyerLimit.objects.create(organisation=body, approval_from_minor=1)
    return drafted(market.buyer)


def approved(market: Market) -> CallOff:
    call_off = limited(market)
    return approve_call_off(market.approver, call_off.reference, call_off.revision)


def declined(market: Market) -> CallOff:
    offer = offered(market)
    return decline_offer(market.oak, offer.reference, offer.revision, WHY).call_off


def cancelled(market: Market) -> CallOff:
    call_off = drafted(market.buyer)
    return cancel_call_off(market.buyer, call_off.reference, call_off.revision, WHY)


def unsuccessful(market: Market) -> CallOff:
    call_off = declined(market)
    return fail_call_off(market.buyer, call_off.reference, call_off.revision, WHY)


CALLED_OFF: Final[dict[str, Callable[[Market], CallOff]]] = {
    "draft": lambda market: drafted(market.buyer),
    "draft to be approved": limited,
    "approved": approved,
    "out": declined,
    "out, asked": lambda market: offered(market).call_off,
    "out, accepted": lambda market: accepted(market).call_off,
    "awarded": lambda market: awarded(market).call_off,
    "contracted": lambda market: active(market).call_off,
    "cancelled": cancelled,
    "unsuccessful": unsuccessful,
}
MOVES: Final[dict[str, Callable[[Actor, str, int], Any]]] = {
    "edit": lambda actor, one, at: edit_call_off(actor, one, at, {"title": "Another"}),
    "ask_approval": ask_approval,
    "approve": approve_call_off,
    "send_back": lambda actor, one, at: send_back(actor, one, at, WHY),
    "send_offer": send_offer,
    "award": lambda actor, one, at: award_direct(actor, one, at, "None known."),
    "undo": lambda actor, one, at: undo_award(actor, one, at, WHY),
    "cancel": lambda actor, one, at: cancel_call_off(actor, one, at, WHY),
    "fail": lambda actor, one, at: fail_call_off(actor, one, at, WHY),
}
"""The steps of a direct award that somebody takes with the call-off itself."""


@pytest.mark.parametrize("at", list(CALLED_OFF))
def test_every_step_of_a_call_off_out_of_every_status(market: Market, at: str) -> None:
    call_off = CALLED_OFF[at](market)
    call_off = CallOff.objects.get(pk=call_off.pk)
    assert call_off.status == at.partition(" ")[0].strip(",")
    before = kept()
    for actor in (market.buyer, market.approver):
        steps = facts_of(call_off, timezone.localdate()).steps(actor)
        assert set(steps) <= set(MOVES)
        for name, act in MOVES.items():
            with transaction.atomic():
                refusal = outcome(act, actor, call_off)
                if refusal:
                    assert kept() == before, name
                else:
                    step = CALL_OFFS.step(name, call_off.status, "direct_award")
                    assert step is not None
                    assert CallOff.objects.get(pk=call_off.pk).status == (step.target or call_off.status)
                    assert Event.objects.filter(type=step.event).exists()
                    assert verify() is None
                transaction.set_rollback(True)
            assert (refusal is None) is (name in steps), (name, refusal, steps)
            forbidden = actor is market.buyer and name in ("approve", "send_back", "undo")
            assert (refusal is NotPermitted) is forbidden, name
    assert kept() == before
    for stranger in (market.stranger, market.oak, market.ash):
        for act in MOVES.values():
            with pytest.raises(NotFound):
                act(stranger, call_off.reference, call_off.revision)
        assert kept() == before, stranger
    for act in MOVES.values():
        with pytest.raises(Stale):
            act(market.buyer, call_off.reference, call_off.revision + 1)
    assert kept() == before


def withdrawn(market: Market) -> Offer:
    offer = offered(market)
    return withdraw_offer(market.buyer, offer.reference, offer.revision, WHY)


def expired(market: Market) -> Offer:
    offer = offered(market)
    assert expire_offer(offer.reference, offer.reply_by)
    return offer


def not_signed(market: Market) -> Offer:
    offer = awarded(market).call_off.offers.get()
    return offer_not_signed(market.buyer, offer.reference, offer.revision, WHY)


OFFERED: Final[dict[str, Callable[[Market], Offer]]] = {
    "sent": offered,
    "viewed": lambda market: view_offer(market.oak, offered(market).reference),
    "accepted": accepted,
    "accepted, awarded": lambda market: awarded(market).call_off.offers.get(),
    "accepted, contracted": lambda market: active(market).call_off.offers.get(),
    "declined": lambda market: declined(market).offers.get(),
    "expired": expired,
    "withdrawn": withdrawn,
    "not_signed": not_signed,
}
ANSWERS: Final[dict[str, Callable[[Actor, str, int], Any]]] = {
    "accept": accept_offer,
    "decline": lambda actor, one, at: decline_offer(actor, one, at, WHY),
    "extend": lambda actor, one, at: extend_offer(actor, one, at, after(days=12)),
    "withdraw": lambda actor, one, at: withdraw_offer(actor, one, at, WHY),
    "not_sign": lambda actor, one, at: offer_not_signed(actor, one, at, WHY),
}


@pytest.mark.parametrize("at", list(OFFERED))
def test_every_step_of_an_offer_out_of_every_status(market: Market, at: str) -> None:
    offer = Offer.objects.get(pk=OFFERED[at](market).pk)
    assert offer.status == at.partition(",")[0]
    before = kept()
    for actor in (market.buyer, market.oak, market.ash):
        parts = offer_parts(actor, offer)
        steps = offer_steps(offer.status, offer.call_off.status, parts, offer.reply_by, timezone.now())
        for name, act in ANSWERS.items():
            with transaction.atomic():
                refusal = outcome(act, actor, offer)
                if refusal:
                    allowed = any(
                        not one.who.isdisjoint(parts) for one in OFFERS.transitions if one.name == name
                    )
                    assert refusal is (Conflict if allowed else NotPermitted), name
                    assert kept() == before, name
                else:
                    step = OFFERS.step(name, offer.status)
                    assert step is not None
                    assert Offer.objects.get(pk=offer.pk).status == (step.target or offer.status)
                    assert verify() is None
                transaction.set_rollback(True)
            assert (refusal is None) is (name in steps), (name, steps)
    for stranger in (market.stranger, market.yew):
        for act in (*ANSWERS.values(), lambda actor, one, _: view_offer(actor, one)):
            with pytest.raises(NotFound):
                act(stranger, offer.reference, offer.revision)
    for actor, names in (
        (market.oak, ("accept", "decline")),
        (market.buyer, ("extend", "withdraw", "not_sign")),
    ):
        for name in names:
            with pytest.raises(Stale):
                ANSWERS[name](actor, offer.reference, offer.revision + 1)
    assert kept() == before


def extended(market: Market) -> Contract:
    return extend_contract(market.buyer, active(market).reference, 3)


CONTRACTED: Final[dict[str, Callable[[Market], Contract]]] = {
    "unsigned": awarded,
    "unsigned, one side": lambda market: sign_contract(market.oak, awarded(market).reference, 1),
    "active": active,
    "extended": extended,
    "active, begun": begun,
    "complete": lambda market: complete_contract(market.buyer, begun(market).reference, 3),
    "terminated": lambda market: terminate_contract(market.buyer, active(market).reference, 3, WHY),
}
DEALS: Final[dict[str, Callable[[Actor, str, int], Any]]] = {
    "sign": sign_contract,
    "identify": lambda actor, one, at: identify_contract(actor, one, at, {"notice": "N-1"}),
    "set_indicators": lambda actor, one, at: set_indicators(actor, one, at, {"no_indicators": WHY}),
    "publish_notice": lambda actor, one, at: publish_notice(
        actor, one, at, "uk7-below", "N-1", timezone.localdate().isoformat()
    ),
    "extend": extend_contract,
    "complete": complete_contract,
    "reopen": lambda actor, one, at: reopen_contract(actor, one, at, WHY),
    "terminate": lambda actor, one, at: terminate_contract(actor, one, at, WHY),
}


@pytest.mark.parametrize("at", list(CONTRACTED))
def test_every_step_of_a_contract_out_of_every_status(
    market: Market, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the Act asked to be told of the smallest contract, once both have signed.
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    monkeypatch.setattr(public_notices, "LEAST", (1, 1))
    contract = Contract.objects.get(pk=CONTRACTED[at](market).pk)
    assert contract.status == at.partition(",")[0]
    before = kept()
    for actor in (market.buyer, market.oak, market.ash):
        parts = contract_parts(actor, contract)
        steps = contract_steps(
            contract.status,
            parts,
            signed=signed_by(contract),
            options_left=len(contract.options) - contract.taken,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            on=timezone.localdate(),
            to_publish=any(one.waits for one in contract_notices(contract, timezone.localdate())),
        )
        for name, act in DEALS.items():
            with transaction.atomic():
                refusal = outcome(act, actor, contract)
                if refusal:
                    allowed = any(
                        not one.who.isdisjoint(parts) for one in CONTRACTS.transitions if one.name == name
                    )
                    assert refusal is (Conflict if allowed else NotPermitted), name
                    assert kept() == before, name
                else:
                    assert verify() is None
                transaction.set_rollback(True)
            assert (refusal is None) is (name in steps), (name, steps)
    for stranger in (market.stranger, market.yew):
        for act in DEALS.values():
            with pytest.raises(NotFound):
                act(stranger, contract.reference, contract.revision)
    for act in DEALS.values():
        with pytest.raises(Stale):
            act(market.buyer, contract.reference, contract.revision + 1)
    assert kept() == before


def test_the_options_of_a_contract_are_taken_to_their_end(market: Market) -> None:
    contract = active(market)
    starts = contract.starts_on
    assert (contract.value_minor, contract.maximum_minor) == (635_000, 685_000)
    contract = extend_contract(market.buyer, contract.reference, contract.revision)
    assert (contract.value_minor, contract.status, contract.taken) == (685_000, "extended", 1)
    months = (contract.ends_on + timedelta(days=1)).year * 12 + (contract.ends_on + timedelta(days=1)).month
    assert months - (starts.year * 12 + starts.month) == 9
    before = kept()
    with pytest.raises(Conflict, match="No priced option"):
        extend_contract(market.buyer, contract.reference, contract.revision)
    assert kept() == before


def test_a_contract_whose_last_day_has_passed_is_not_extended(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = active(market)
    late: date = contract.ends_on + timedelta(days=1)
    before = kept()
    monkeypatch.setattr(timezone, "localdate", lambda *_: late)
    with pytest.raises(Conflict, match="no longer be extended"):
        extend_contract(market.buyer, contract.reference, contract.revision)
    assert kept() == before
    monkeypatch.setattr(timezone, "localdate", lambda *_: contract.ends_on)
    assert extend_contract(market.buyer, contract.reference, contract.revision).status == "extended"


def test_a_side_signs_once(market: Market) -> None:
    contract = sign_contract(market.oak, awarded(market).reference, 1)
    before = kept()
    with pytest.raises(Conflict, match="has signed"):
        sign_contract(market.oak, contract.reference, contract.revision)
    assert kept() == before


def test_the_next_supplier_is_asked_on_the_buyers_word_and_each_once(market: Market) -> None:
    call_off = declined(market)
    assert Offer.objects.count() == 1
    second = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert (second.asked.appointment.supplier.reference, second.reference) == (
        "yew",
        f"{call_off.reference}~2",
    )
    assert second.price_minor == 10 * 50_000 + 237_500
    decline_offer(market.yew, second.reference, second.revision, WHY)
    call_off.refresh_from_db()
    before = kept()
    with pytest.raises(Conflict, match="has been asked"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert kept() == before


def test_an_award_undone_by_mistake_is_made_again_to_the_same_supplier(market: Market) -> None:
    contract = awarded(market)
    call_off = CallOff.objects.get(pk=contract.call_off_id)
    undone = undo_award(market.approver, call_off.reference, call_off.revision, WHY)
    facts = facts_of(undone, timezone.localdate())
    assert (facts.line.next, facts.blocking) == (Turn((Part.OWNER,), ("award",)), [])
    assert facts.steps(market.buyer) == ["award", "cancel"]
    before = kept()
    with pytest.raises(Conflict, match="one supplier is asked at a time"):
        send_offer(market.buyer, undone.reference, undone.revision)
    assert kept() == before
    again = award_direct(market.buyer, undone.reference, undone.revision, "None known.")
    assert (again.appointment, again.value_minor) == (contract.appointment, contract.value_minor)
    assert list(Contract.objects.order_by("pk").values_list("status", flat=True)) == [
        "terminated",
        "unsigned",
    ]
    sign_contract(market.oak, again.reference, again.revision)
    again.refresh_from_db()
    sign_contract(market.buyer, again.reference, again.revision)
    call_off.refresh_from_db()
    assert (call_off.status, Offer.objects.get().status) == ("contracted", "accepted")


def test_an_award_that_is_undone_voids_the_contract_and_the_next_is_asked_once_the_offer_is_withdrawn(
    market: Market,
) -> None:
    contract = awarded(market)
    call_off = CallOff.objects.get(pk=contract.call_off_id)
    undone = undo_award(market.approver, call_off.reference, call_off.revision, WHY)
    contract.refresh_from_db()
    assert (undone.status, contract.status, contract.ended_reason) == ("out", "terminated", WHY)
    offer = Offer.objects.get()
    assert offer.status == "accepted"
    types = list(Event.objects.order_by("-position").values_list("type", flat=True)[:2])
    assert types == ["call_off.award_undone", "contract.voided"]
    withdraw_offer(market.buyer, offer.reference, offer.revision, WHY)
    undone.refresh_from_db()
    second = send_offer(market.buyer, undone.reference, undone.revision)
    accept_offer(market.yew, second.reference, second.revision)
    undone.refresh_from_db()
    again = award_direct(market.buyer, undone.reference, undone.revision, "None known.")
    assert again.appointment.supplier.reference == "yew"


def test_a_supplier_that_does_not_sign_makes_way_for_the_next(market: Market) -> None:
    offer = not_signed(market)
    assert offer.status == "not_signed"
    call_off = CallOff.objects.get()
    assert (call_off.status, Contract.objects.get().status) == ("out", "terminated")
    assert send_offer(market.buyer, call_off.reference, call_off.revision).asked.position == 2


def test_a_cancelled_call_off_withdraws_its_open_offer_with_the_reason(market: Market) -> None:
    offer = offered(market)
    call_off = offer.call_off
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "The need has gone.")
    offer.refresh_from_db()
    assert (offer.status, offer.reason) == ("withdrawn", "The need has gone.")
    types = list(Event.objects.order_by("-position").values_list("type", flat=True)[:2])
    assert types == ["call_off.cancelled", "offer.withdrawn"]
    with pytest.raises(Conflict):
        accept_offer(market.oak, offer.reference, offer.revision)


def test_a_supplier_that_had_declined_is_told_of_the_cancellation_with_the_reason(market: Market) -> None:
    offer = offered(market)
    decline_offer(market.oak, offer.reference, offer.revision, "No people.")
    call_off = CallOff.objects.get()
    send_offer(market.buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "The need has gone.")
    event = Event.objects.get(type="call_off.cancelled")
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "oak", "yew"}
    owed = Delivery.objects.filter(event=event, channel="inbox")
    assert set(owed.values_list("recipient", "whom")) == {("oak", "offered"), ("yew", "offered")}
    notice = notice_for("call_off.cancelled", "offered")
    assert worded(event, notice, {}).text.endswith("The need has gone.")


def test_a_cancelled_award_voids_its_contract(market: Market) -> None:
    contract = awarded(market)
    call_off = CallOff.objects.get()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, WHY)
    contract.refresh_from_db()
    assert (contract.status, Offer.objects.get().status) == ("terminated", "withdrawn")
    with pytest.raises(Conflict):
        sign_contract(market.oak, contract.reference, contract.revision)

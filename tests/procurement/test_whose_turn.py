"""Whom the line of a direct award names next, where its status alone does not say: what is named is not refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct, undo_award
from procurement.actions.call_offs import approve_call_off, edit_call_off
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import send_offer, withdraw_offer
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.available import Turn
from procurement.errors import Conflict, Invalid
from procurement.models import BuyerLimit, CallOff, Lot, Offer, Shortlist
from procurement.snapshots import Index
from procurement.states import Part
from tests.bought import READY, Market, accepted, awarded, drafted, offered
from tests.turns import codes, shown, suspend, turn
from tests.world import publish_rates

pytestmark = pytest.mark.django_db

OWNER, APPROVER = (Part.OWNER,), (Part.APPROVER,)


def test_an_accepted_offer_of_a_supplier_that_was_suspended_is_withdrawn_or_cancelled(market: Market) -> None:
    offer = accepted(market)
    call_off = offer.call_off
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("award",)), [])
    suspend("oak")
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("withdraw", "cancel")), ["suspended"])
    with pytest.raises(Invalid) as refusal:
        award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
    assert [one.code for one in refusal.value.faults] == codes(call_off)
    withdraw_offer(market.buyer, offer.reference, offer.revision, "Suspended.")
    assert turn(call_off) == Turn(OWNER, ("send_offer",))


def test_an_award_to_a_supplier_that_was_suspended_is_taken_back(market: Market) -> None:
    contract = awarded(market)
    call_off = contract.call_off
    assert (turn(call_off).steps, codes(call_off)) == (("sign",), [])
    suspend("oak")
    assert (turn(call_off), codes(call_off)) == (Turn(APPROVER, ("undo",)), ["suspended"])
    with pytest.raises(Invalid) as refusal:
        sign_contract(market.buyer, contract.reference, contract.revision)
    assert [one.code for one in refusal.value.faults] == codes(call_off)
    call_off.refresh_from_db()
    undo_award(market.approver, call_off.reference, call_off.revision, "Suspended.")
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("withdraw", "cancel")), ["suspended"])
    offer = call_off.offers.get()
    withdraw_offer(market.buyer, offer.reference, offer.revision, "Suspended.")
    assert turn(call_off) == Turn(OWNER, ("send_offer",))


@pytest.mark.parametrize("stage", ["out", "awarded"])
def test_where_the_lot_has_closed_nothing_but_cancelling_is_left(market: Market, stage: str) -> None:
    call_off = accepted(market).call_off if stage == "out" else awarded(market).call_off
    Lot.objects.filter(reference="wr1~1").update(closes_on=timezone.localdate() - timedelta(days=1))
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("cancel",)), ["lot_closed"])


def test_a_shortlist_that_was_unlocked_is_named_again_before_anything_is_sent(market: Market) -> None:
    call_off = drafted(market.buyer)
    shortlist = Shortlist.objects.get(title=READY)
    unlock_shortlist(market.buyer, shortlist.reference, shortlist.revision, "One more.")
    told = [(one.pointer, one.code) for one in shown(call_off).blocking]
    assert (told, turn(call_off)) == ([("/shortlist", "unlocked")], Turn(OWNER, ("edit",)))
    assert "send_offer" not in shown(call_off).steps(market.buyer)
    with pytest.raises(Conflict, match="was unlocked since"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    lock_shortlist(market.buyer, shortlist.reference, shortlist.revision + 1, Index("embedded", 1))
    assert turn(call_off) == Turn(OWNER, ("edit",))
    edit_call_off(market.buyer, call_off.reference, call_off.revision, {"shortlist": shortlist.reference})
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("send_offer",)), [])


def test_what_comes_to_more_than_was_approved_is_said_anew(market: Market) -> None:
    call_off = drafted(market.buyer)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=100)
    approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert turn(call_off) == Turn(OWNER, ("send_offer",))
    publish_rates("yew", "wr1", {"wr1~1~G1": 60_000, "wr1~1~G2": 80_000, "wr1~1~G3": 99_000})
    CallOff.objects.update(approved_minor=1)
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("edit",)), ["approval_missing"])
    with pytest.raises(Conflict, match="more than was approved"):
        send_offer(market.buyer, call_off.reference, call_off.revision + 1)


def test_an_offer_that_is_open_is_the_suppliers_whatever_befell_it(market: Market) -> None:
    offer = offered(market)
    suspend("oak")
    assert turn(offer.call_off) == Turn((Part.LEAD,), ("accept", "decline"), offer.reply_by)
    assert Offer.objects.get().status == "sent"

"""A direct award that is out and whose next order form comes to more than was approved: an approver lets it go on."""

from __future__ import annotations

import pytest
from django.utils import timezone

from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off
from procurement.actions.offers import decline_offer, send_offer
from procurement.call_off_checks import NEXT_NOT_APPROVED
from procurement.call_off_facts import CallOffFacts, facts_of
from procurement.errors import Conflict, Invalid, NotPermitted
from procurement.models import BuyerLimit, CallOff, Event, Framework, Offer
from procurement.states import Part
from tests.bought import Market, drafted
from tests.competed import told
from tests.world import publish_rates

pytestmark = pytest.mark.django_db


def shown() -> CallOffFacts:
    return facts_of(CallOff.objects.get(), timezone.localdate())


def kept() -> list[object]:
    return [Event.objects.count(), list(CallOff.objects.values()), list(Offer.objects.values())]


def dearer(market: Market) -> CallOff:
    """Approved up to 7,975.00, what yew comes to; oak declines, and yew raises its rates: it comes to 8,975.00."""
    call_off = drafted(market.buyer)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1)
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    offer = send_offer(market.buyer, approved.reference, approved.revision)
    decline_offer(market.oak, offer.reference, offer.revision, "Not enough people.")
    publish_rates("yew", "wr1", {"wr1~1~G1": 60_000, "wr1~1~G2": 70_000, "wr1~1~G3": 95_000})
    return CallOff.objects.get()


def test_the_next_order_form_is_approved_where_it_comes_to_more(market: Market) -> None:
    call_off = dearer(market)
    facts = shown()
    assert [(one.pointer, one.message) for one in facts.blocking] == [("/approval", NEXT_NOT_APPROVED)]
    assert (facts.line.next.who, facts.line.next.steps) == ((Part.APPROVER,), ("approve",))
    assert facts.steps(market.buyer) == ["ask_approval", "cancel", "fail"]
    assert "approve" in facts.steps(market.approver)
    call_off = ask_approval(market.buyer, call_off.reference, call_off.revision)
    assert told("call_off.approval_asked") == {"inbox": {"shire"}, "email": {"approver@shire.example.org"}}
    assert Event.objects.latest("position").changes == {"greatest_total": 897_500}
    before = kept()
    with pytest.raises(Conflict, match="more than was approved"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    with pytest.raises(Conflict, match="edit is not possible"):
        edit_call_off(market.buyer, call_off.reference, call_off.revision, {"title": "Another"})
    with pytest.raises(NotPermitted):
        approve_call_off(market.buyer, call_off.reference, call_off.revision)
    assert kept() == before
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert (approved.status, approved.approved_minor) == ("out", 897_500)
    event = Event.objects.order_by("-position")[0]
    assert (event.type, event.changes) == ("call_off.approved", {"greatest_total": 897_500})
    assert shown().blocking == []
    assert "approve" not in shown().steps(market.approver)
    offer = send_offer(market.buyer, approved.reference, approved.revision)
    assert offer.asked.appointment.supplier.reference == "yew"
    assert [one.status for one in shown().line.stations][:3] == ["draft", "approved", "out"]


def test_a_limit_that_is_set_once_it_is_out_asks_for_an_approval_of_the_next_order_form(
    market: Market,
) -> None:
    call_off = drafted(market.buyer)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1)
    call_off.refresh_from_db()
    before = kept()
    assert "approve" not in shown().steps(market.approver)
    with pytest.raises(Conflict, match="An offer is open"):
        approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert kept() == before
    decline_offer(market.oak, offer.reference, offer.revision, "Not enough people.")
    assert shown().line.next.steps == ("approve",)
    assert approve_call_off(market.approver, call_off.reference, call_off.revision).approved_minor == 797_500


def test_what_is_covered_is_not_approved_again(market: Market) -> None:
    call_off = dearer(market)
    BuyerLimit.objects.update(approval_from_minor=897_501)
    before = kept()
    for ask in (approve_call_off, ask_approval):
        with pytest.raises(Conflict, match="no approval"):
            ask(market.approver, call_off.reference, call_off.revision)
    assert kept() == before
    assert shown().line.next.steps == ("send_offer",)


def test_no_next_order_form_is_approved_that_could_not_be_sent(market: Market) -> None:
    call_off = dearer(market)
    Framework.objects.update(status="expired")
    codes = [one.code for one in shown().blocking]
    assert "approval_missing" in codes
    assert len(codes) > 1
    before = kept()
    for ask in (approve_call_off, ask_approval):
        with pytest.raises(Invalid) as refusal:
            ask(market.approver, call_off.reference, call_off.revision)
        assert [one.code for one in refusal.value.faults] == [
            one for one in codes if one != "approval_missing"
        ]
    assert kept() == before


def test_where_nobody_is_left_there_is_nothing_to_approve(market: Market) -> None:
    call_off = dearer(market)
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    offer = send_offer(market.buyer, approved.reference, approved.revision)
    decline_offer(market.yew, offer.reference, offer.revision, "Not enough people.")
    BuyerLimit.objects.update(approval_from_minor=0)
    call_off.refresh_from_db()
    with pytest.raises(Conflict, match="no approval"):
        approve_call_off(market.approver, call_off.reference, call_off.revision)

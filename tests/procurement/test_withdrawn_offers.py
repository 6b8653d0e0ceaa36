"""A supplier has one offer in a call-off: one that was withdrawn, by mistake or not, is not sent again."""

from __future__ import annotations

from typing import Any

import pytest

from procurement.actions.awards import cancel_call_off
from procurement.actions.call_offs import CallOffDraft, create_call_off
from procurement.actions.offers import send_offer, withdraw_offer
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict
from procurement.models import CallOff, Event, Offer
from tests.bought import TERMS, Market, offered

pytestmark = pytest.mark.django_db


def withdrawn(market: Market, offer: Offer) -> CallOff:
    """Takes an offer back; its call-off as it then is."""
    withdraw_offer(market.buyer, offer.reference, offer.revision, "A slip.")
    return CallOff.objects.get(pk=offer.call_off_id)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values("revision", "status")),
        list(Offer.objects.order_by("pk").values()),
    ]


def test_after_an_offer_that_was_withdrawn_the_next_is_asked_and_never_the_same_again(market: Market) -> None:
    first = offered(market)
    call_off = withdrawn(market, first)
    second = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert [one.asked.appointment.supplier.reference for one in (first, second)] == ["oak", "yew"]
    call_off = withdrawn(market, second)
    before = kept()
    assert "send_offer" not in facts_of(call_off, call_off.created_at.date()).steps(market.buyer)
    with pytest.raises(Conflict) as refusal:
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert str(refusal.value) == "Every supplier of the shortlist has been asked."
    assert kept() == before


def test_a_new_call_off_with_the_same_requirement_and_shortlist_asks_the_first_again(market: Market) -> None:
    call_off = withdrawn(market, offered(market))
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "Begun anew.")
    assert call_off.snapshot is not None
    requirement, shortlist = call_off.requirement.requirement.reference, call_off.snapshot.shortlist.reference
    again = create_call_off(
        market.buyer, CallOffDraft("Evaluation", "direct_award", requirement, shortlist, TERMS)
    )
    offer = send_offer(market.buyer, again.reference, again.revision)
    assert offer.asked.appointment.supplier.reference == "oak"

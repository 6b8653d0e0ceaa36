"""What a draft rests on may change under it: it is told beside the draft before anybody finds out by a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.awards import cancel_call_off
from procurement.actions.call_offs import (
    CallOffDraft,
    approve_call_off,
    create_call_off,
    edit_call_off,
)
from procurement.actions.files import add_document, remove_document
from procurement.actions.offers import send_offer
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import create_requirement, withdraw_requirement
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid
from procurement.models import BuyerLimit, CallOff, Event, Invitation, Lot, Offer, Requirement, Shortlist
from procurement.snapshots import Index
from tests.bought import ASH, TERMS, YEW, Market, drafted, locked_shortlist, need
from tests.competed import Contest, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(contest: Contest) -> Market:
    """One world for both routes."""
    return contest.market


def blocking() -> list[tuple[str, str]]:
    facts = facts_of(CallOff.objects.get(), timezone.localdate())
    return [(one.pointer, one.code) for one in facts.blocking]


def kept() -> list[object]:
    found: list[Any] = [CallOff, Offer, Invitation, Requirement]
    return [Event.objects.count(), *(list(one.objects.order_by("pk").values()) for one in found)]


def test_a_shortlist_that_was_unlocked_blocks_until_it_is_named_anew(market: Market) -> None:
    call_off = drafted(market.buyer)
    assert blocking() == []
    shortlist = Shortlist.objects.get()
    unlock_shortlist(market.buyer, shortlist.reference, shortlist.revision, "Another need.")
    assert blocking() == [("/shortlist", "unlocked")]
    assert facts_of(CallOff.objects.get(), timezone.localdate()).line.next.steps == ("edit",)
    before = kept()
    with pytest.raises(Conflict, match="was unlocked since"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert kept() == before
    shortlist.refresh_from_db()
    lock_shortlist(market.buyer, shortlist.reference, shortlist.revision, Index("embedded", 1))
    assert blocking() == [("/shortlist", "unlocked")]
    call_off = edit_call_off(
        market.buyer, call_off.reference, call_off.revision, {"shortlist": shortlist.reference}
    )
    assert blocking() == []
    assert send_offer(market.buyer, call_off.reference, call_off.revision).status == "sent"


def test_a_withdrawn_requirement_is_not_bought(market: Market) -> None:
    call_off = drafted(market.buyer)
    requirement = Requirement.objects.get()
    withdraw_requirement(market.buyer, requirement.reference, requirement.revision)
    assert blocking() == [("/requirement", "withdrawn")]
    before = kept()
    with pytest.raises(Invalid) as refusal:
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert [one.code for one in refusal.value.faults] == ["withdrawn"]
    assert kept() == before
    other = create_requirement(market.buyer, need())
    edit_call_off(market.buyer, call_off.reference, call_off.revision, {"requirement": other.reference})
    assert blocking() == []


def test_a_competition_for_a_withdrawn_requirement_is_not_published(contest: Contest) -> None:
    call_off = planned(contest)
    requirement = Requirement.objects.get()
    withdraw_requirement(contest.market.buyer, requirement.reference, requirement.revision)
    before = kept()
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert [one.code for one in refusal.value.faults] == ["withdrawn"]
    assert kept() == before


def test_what_suppliers_have_been_asked_for_is_withdrawn_by_cancelling(market: Market) -> None:
    call_off = drafted(market.buyer)
    send_offer(market.buyer, call_off.reference, call_off.revision)
    requirement = Requirement.objects.get()
    before = kept()
    with pytest.raises(Conflict, match=f"{call_off.reference} is under way for it"):
        withdraw_requirement(market.buyer, requirement.reference, requirement.revision)
    assert kept() == before
    call_off.refresh_from_db()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "No longer needed.")
    assert (
        withdraw_requirement(market.buyer, requirement.reference, requirement.revision).status == "withdrawn"
    )


def test_nothing_is_approved_that_could_not_be_sent(market: Market) -> None:
    """Yew comes first in the order and above the cap, oak after it and below."""
    Lot.objects.filter(reference="wr1~1").update(direct_award_cap_pence=700_000)
    shortlist = locked_shortlist(market.buyer, YEW, ASH, title="Yew, then Oak")
    requirement = create_requirement(market.buyer, need())
    draft = CallOffDraft("Evaluation", "direct_award", requirement.reference, shortlist.reference, TERMS)
    call_off = create_call_off(market.buyer, draft)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1)
    assert blocking() == [("/terms/value", "above_cap")]
    before = kept()
    with pytest.raises(Invalid) as refusal:
        approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert [one.code for one in refusal.value.faults] == ["above_cap"]
    assert kept() == before


def test_an_approval_falls_with_the_documents_that_were_approved(contest: Contest) -> None:
    market = contest.market
    call_off = planned(contest)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1)
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    added = add_document(market.buyer, call_off.reference, "Brief.txt", [b"More to do."])
    call_off = CallOff.objects.get()
    assert (call_off.status, call_off.approved_by, call_off.revision) == ("draft", "", approved.revision + 1)
    assert Event.objects.latest("position").changes["fields"] == ["competition.documents"]
    before = kept()
    with pytest.raises(Conflict):
        publish_competition(market.buyer, call_off.reference, call_off.revision)
    assert kept() == before
    approve_call_off(market.approver, call_off.reference, call_off.revision)
    remove_document(market.buyer, call_off.reference, added.reference)
    assert CallOff.objects.get().status == "draft"


def test_terms_are_replaced_by_terms_alone(market: Market) -> None:
    call_off = drafted(market.buyer)
    before = kept()
    with pytest.raises(Invalid) as refusal:
        edit_call_off(market.buyer, call_off.reference, call_off.revision, {"terms": None})
    assert [one.pointer for one in refusal.value.faults] == ["/terms"]
    assert kept() == before

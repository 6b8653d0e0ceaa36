"""Whoever declared a conflict of interest with a tenderer takes no step that decides between the tenders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from procurement.actions.assessing import declare_interests
from procurement.actions.awards import award_not_signed, undo_award
from procurement.actions.call_offs import approve_call_off, send_back
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.ranking import disqualify
from procurement.actions.reinstating import reinstate
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, NotPermitted
from procurement.models import BuyerLimit, CallOff, Contract, Event, Tender
from procurement.permissions import Actor
from procurement.tender_facts import steps_of
from tests.competed import Contest, evaluated, tender_of
from tests.world import editor_of

pytestmark = pytest.mark.django_db

BARRED = "You declared a conflict of interest"
NOTE = "My brother works there."


def steps(call_off: CallOff, actor: Actor) -> set[str]:
    return set(facts_of(again(call_off), timezone.localdate()).steps(actor))


def again(call_off: CallOff) -> CallOff:
    return CallOff.objects.get(pk=call_off.pk)


def tender_steps(tender: Tender, actor: Actor) -> set[str]:
    return set(steps_of(actor, Tender.objects.get(pk=tender.pk)))


@pytest.mark.parametrize("step", [intend_award, partial(award_competition, conflicts="None.")])
def test_an_owner_with_a_conflict_neither_tells_nor_awards(
    contest: Contest, step: Callable[..., object]
) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    declare_interests(buyer, call_off.reference, conflict=True, note=NOTE)
    assert {"intend", "award"}.isdisjoint(steps(call_off, buyer))
    assert {"intend", "award"} <= steps(call_off, editor_of("shire", "editor", "another"))
    before = Event.objects.count()
    with pytest.raises(NotPermitted, match=BARRED):
        step(buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    assert (call_off.status, Event.objects.count(), Contract.objects.count()) == ("evaluated", before, 0)
    declare_interests(buyer, call_off.reference, conflict=False)
    step(buyer, call_off.reference, call_off.revision)
    assert again(call_off).status in ("intention", "awarded")


def test_an_owner_with_a_conflict_neither_disqualifies_nor_reinstates(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    oak, another = tender_of(call_off, "oak"), editor_of("shire", "editor", "another")
    declare_interests(buyer, call_off.reference, conflict=True, note=NOTE)
    assert ("disqualify" in tender_steps(oak, buyer), "disqualify" in tender_steps(oak, another)) == (
        False,
        True,
    )
    with pytest.raises(NotPermitted, match=BARRED):
        disqualify(buyer, oak.reference, oak.revision, "not_compliant", "It lacks a plan.")
    assert Tender.objects.get(pk=oak.pk).status == "submitted"
    out = disqualify(another, oak.reference, oak.revision, "not_compliant", "It lacks a plan.")
    assert ("reinstate" in tender_steps(oak, buyer), "reinstate" in tender_steps(oak, another)) == (
        False,
        True,
    )
    with pytest.raises(NotPermitted, match=BARRED):
        reinstate(buyer, oak.reference, out.revision, "It has one.")
    assert Tender.objects.get(pk=oak.pk).status == "disqualified"


def test_nobody_with_a_conflict_takes_an_award_back(contest: Contest) -> None:
    market, call_off = contest.market, evaluated(contest)
    award_competition(market.buyer, call_off.reference, call_off.revision, "None.")
    for actor, name, step in (
        (market.approver, "undo", undo_award),
        (market.buyer, "not_sign", award_not_signed),
    ):
        assert name in steps(call_off, actor)
        declare_interests(actor, call_off.reference, conflict=True, note=NOTE)
        assert name not in steps(call_off, actor)
        with pytest.raises(NotPermitted, match=BARRED):
            step(actor, call_off.reference, again(call_off).revision, "They are late.")
    assert again(call_off).status == "awarded"


def test_an_approver_with_a_conflict_approves_no_award_and_what_they_approved_falls(contest: Contest) -> None:
    approver, call_off = contest.market.approver, evaluated(contest, terms={"value": "5000.00"})
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=600_000)
    approved = approve_call_off(approver, call_off.reference, call_off.revision)
    declare_interests(approver, call_off.reference, conflict=True, note=NOTE)
    fell = again(call_off)
    assert (fell.approved_by, fell.approved_minor, fell.approved_at) == ("", None, None)
    assert fell.revision == approved.revision + 1
    assert Event.objects.filter(type="call_off.approval_lapsed").count() == 1
    with pytest.raises(Conflict, match="asks for an approval"):
        intend_award(contest.market.buyer, call_off.reference, fell.revision)
    assert {"approve", "send_back"}.isdisjoint(steps(call_off, approver))
    for step in (approve_call_off, partial(send_back, reason="Not yet.")):
        with pytest.raises(NotPermitted, match=BARRED):
            step(approver, call_off.reference, fell.revision)
    another = editor_of("shire", "approver", "another")
    assert approve_call_off(another, call_off.reference, fell.revision).approved_by == another.reference
    # Of what somebody else approved nothing falls.
    declare_interests(approver, call_off.reference, conflict=True, note=NOTE)
    assert again(call_off).approved_by == another.reference

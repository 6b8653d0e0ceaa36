"""A draft that breaks a rule: its line says what its owner mends, and what is refused says how."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.actions.call_offs import CallOffDraft, create_call_off, edit_call_off
from procurement.actions.competitions import plan_competition
from procurement.actions.offers import send_offer
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import create_requirement
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid
from procurement.line import Turn
from procurement.models import BuyerLimit, CallOff, Event, Lot
from procurement.states import Part
from tests.bought import ASH, TERMS, Market, drafted, locked_shortlist, need
from tests.competed import COMPETED, RULES, after

pytestmark = pytest.mark.django_db
EDIT = Turn((Part.OWNER,), ("edit",))


def turn(call_off: CallOff) -> Turn:
    return facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate()).line.next


def test_the_owner_mends_a_draft_before_it_is_approved_or_sent(market: Market) -> None:
    call_off = drafted(market.buyer, terms={"mechanism": "", "reason": ""})
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=100)
    assert turn(call_off) == EDIT
    call_off = edit_call_off(market.buyer, call_off.reference, call_off.revision, {"terms": TERMS})
    assert turn(call_off) == Turn((Part.APPROVER,), ("approve",))
    BuyerLimit.objects.all().delete()
    assert turn(call_off) == Turn((Part.OWNER,), ("send_offer",))


def test_once_it_is_out_and_nothing_may_be_offered_any_more_it_is_ended(market: Market) -> None:
    call_off = drafted(market.buyer)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    type(offer).objects.update(status="declined")
    assert turn(call_off) == Turn((Part.OWNER,), ("send_offer",))
    Lot.objects.filter(reference="wr1~1").update(closes_on=timezone.localdate() - timedelta(days=1))
    assert turn(call_off) == Turn((Part.OWNER,), ("cancel", "fail"))


def test_a_competition_is_planned_and_its_terms_are_said_before_it_is_published(market: Market) -> None:
    requirement = create_requirement(market.buyer, need())
    draft = CallOffDraft("Evaluation", "competition", requirement.reference, None, {"value": None})
    call_off = create_call_off(market.buyer, draft)
    assert turn(call_off).steps == ("edit", "plan")
    call_off = edit_call_off(market.buyer, call_off.reference, call_off.revision, {"terms": COMPETED})
    assert turn(call_off) == Turn((Part.OWNER,), ("plan",))
    plan = {"rules": RULES, "clarify_until": after(days=7), "deadline": after(days=14)}
    plan_competition(market.buyer, call_off.reference, call_off.revision, plan)
    assert turn(call_off) == Turn((Part.OWNER,), ("publish",))


def test_a_step_of_the_other_route_is_refused_as_that(market: Market) -> None:
    call_off = drafted(market.buyer)
    before = Event.objects.count()
    with pytest.raises(Conflict, match="The call-off is a direct award, which has no such step: publish"):
        publish_competition(market.buyer, call_off.reference, call_off.revision)
    assert Event.objects.count() == before


def test_a_shortlist_of_which_nothing_is_in_says_so(market: Market) -> None:
    shortlist = locked_shortlist(market.buyer, out=(ASH,))
    requirement = create_requirement(market.buyer, need())
    draft = CallOffDraft("Evaluation", "direct_award", requirement.reference, shortlist.reference, TERMS)
    with pytest.raises(Invalid) as refusal:
        create_call_off(market.buyer, draft)
    (fault,) = refusal.value.faults
    assert (fault.pointer, fault.code) == ("/shortlist", "nothing_in")
    assert "No listing of the shortlist was decided to be in" in fault.message


def test_an_amount_and_days_that_are_numbers_say_what_they_should_be(market: Market) -> None:
    with pytest.raises(Invalid) as refusal:
        create_requirement(market.buyer, need(team=[{"grade": "G1", "days": 10}], lot="1"))
    assert [(one.pointer, one.code, one.message) for one in refusal.value.faults] == [
        ("/lot", "other_framework", "1 is no lot of wr1: a lot's reference begins with wr1~."),
        ("/team/0/days", "type", 'This must be text: days as a decimal string, such as "12.5".'),
    ]
    call_off = drafted(market.buyer)
    with pytest.raises(Invalid) as refusal:
        edit_call_off(
            market.buyer, call_off.reference, call_off.revision, {"terms": {"expenses": 100, "cost": "1"}}
        )
    told = {one.pointer: one.message for one in refusal.value.faults}
    assert told["/terms/expenses"] == 'This must be text: an amount in pounds, such as "50000.00".'
    assert told["/terms/cost"].startswith("There is no field “cost” here; there are value, expenses, ")

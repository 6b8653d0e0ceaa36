"""The line of a draft that pays for outcomes: until its plan is agreed, whoever's word is missing acts next."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.outcome_plans import approve_investor, approve_share, propose_plan, save_plan
from procurement.available import Purchase
from procurement.call_off_facts import facts_of
from procurement.line import Turn, line_of
from procurement.models import BuyerLimit, CallOff
from procurement.states import Part
from tests.bought import Market, drafted
from tests.paid import body, measure_of
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db


def turn(call_off: CallOff) -> Turn:
    return facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate()).line.next


def test_whoever_brings_the_plan_on_acts_next_until_it_is_agreed(market: Market) -> None:
    make_buyers("ministry")
    payer = editor_of("ministry", "approver")
    call_off, measure = drafted(market.buyer), measure_of(market).reference
    # An approval is asked for as well: it would be refused before the plan is agreed.
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=100)
    assert turn(call_off) == Turn((Part.APPROVER,), ("approve",))
    save_plan(market.buyer, call_off.reference, call_off.revision, body(measure, cap=None))
    assert turn(call_off) == Turn((Part.OWNER,), ("edit",))
    call_off.refresh_from_db()
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, body(measure, investor="borough"))
    assert turn(call_off) == Turn((Part.OWNER,), ("propose",))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    both = ("approve_share", "approve_investor")
    assert turn(call_off) == Turn((Part.APPROVER, Part.PAYER, Part.INVESTOR), both)
    plan = approve_share(payer, plan.reference, plan.revision)
    assert turn(call_off).steps == both
    plan = approve_share(market.approver, plan.reference, plan.revision)
    assert turn(call_off) == Turn((Part.APPROVER, Part.INVESTOR), ("approve_investor",))
    plan = approve_investor(market.stranger, plan.reference, plan.revision, "")
    assert plan.status == "agreed"
    assert turn(call_off) == Turn((Part.APPROVER,), ("approve",))
    BuyerLimit.objects.all().delete()
    assert turn(call_off) == Turn((Part.OWNER,), ("send_offer",))


@pytest.mark.parametrize("route", ["direct_award", "competition"])
@pytest.mark.parametrize("status", ["draft", "approved"])
@pytest.mark.parametrize(
    ("plan", "who"),
    [
        (("edit",), (Part.OWNER,)),
        (("propose",), (Part.OWNER,)),
        (("approve_share",), (Part.PAYER,)),
        (("approve_investor",), (Part.APPROVER, Part.INVESTOR)),
    ],
)
def test_the_plan_comes_first_on_both_routes(
    route: str, status: str, plan: tuple[str, ...], who: tuple[Part, ...]
) -> None:
    said: dict[str, Any] = {"approval_asked": True, "left": 1, "plan": plan, "passed": ("draft",)}
    assert line_of(Purchase(route, status, **said)).next == Turn(who, plan)

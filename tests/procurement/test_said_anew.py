"""A plan of outcomes that is said anew: whoever had been asked is told that their word fell, or that they have no part
any more, and nobody who did not know of it learns anything.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from procurement.actions.awards import cancel_call_off
from procurement.actions.outcome_plans import approve_share, propose_plan, remove_plan, save_plan
from procurement.models import CallOff, Delivery, Event, EventAudience, OutcomePlan
from procurement.notices import notice_for, worded
from procurement.permissions import Actor
from procurement.querysets_outcomes import OutcomePlanQuerySet
from tests.bought import Market, drafted
from tests.paid import body, measure_of
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db

LAPSED: Final = "outcome_plan.approvals_lapsed"


@pytest.fixture
def payers(market: Market) -> tuple[Actor, Actor]:
    """Approvers of the ministry and of the county."""
    make_buyers("ministry", "county")
    return editor_of("ministry", "approver"), editor_of("county", "approver")


def shares(**given: str) -> list[dict[str, str]]:
    return [{"organisation": name, "share": share} for name, share in given.items()]


def saved(market: Market, call_off: CallOff, **changes: Any) -> OutcomePlan:
    call_off.refresh_from_db()
    return save_plan(market.buyer, call_off.reference, call_off.revision, body("in-work", **changes))


def proposed(market: Market, payer: Actor) -> CallOff:
    """The ministry has approved forty per cent, the county and the investor, which is borough, have not."""
    measure_of(market)
    call_off = drafted(market.buyer)
    plan = saved(market, call_off, payers=shares(shire="40", ministry="40", county="20"), investor="borough")
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    approve_share(payer, plan.reference, plan.revision)
    return call_off


def told(event: Event) -> dict[str, str]:
    """By organisation the way by which it is told in its inbox."""
    rows = Delivery.objects.filter(event=event, channel="inbox")
    return dict(rows.values_list("organisation__reference", "whom"))


def lapsed() -> list[Event]:
    return list(Event.objects.filter(type=LAPSED).order_by("position"))


def test_whoever_was_asked_is_told_that_it_is_said_anew_or_that_it_has_no_part_any_more(
    market: Market, payers: tuple[Actor, Actor]
) -> None:
    call_off = proposed(market, payers[0])
    plan = saved(market, call_off, payers=shares(shire="10", ministry="90"), investor="borough")
    (event,) = lapsed()
    assert event.changes == {"before": "proposed"}
    assert {name: event.references[name] for name in ("payer", "dropped", "investor")} == {
        "payer": ["ministry", "shire"], "dropped": ["county"], "investor": "borough",
    }  # fmt: skip
    assert told(event) == {
        "shire": "payer", "ministry": "payer", "county": "dropped", "borough": "investor",
    }  # fmt: skip
    mailed = Delivery.objects.filter(event=event, channel="email").values_list("user__email", flat=True)
    assert {"approver@ministry.example.org", "approver@county.example.org"} <= set(mailed)
    for actor in payers:
        assert not OutcomePlanQuerySet(OutcomePlan).seen_by(actor).filter(pk=plan.pk).exists()
    # The cap of the draft is its buyer's own.
    edited = Event.objects.filter(type="outcome_plan.edited").latest("position")
    read = EventAudience.objects.filter(event=edited).values_list("organisation__reference", flat=True)
    assert set(read) == {"shire"}


def test_whoever_falls_out_of_a_draft_that_had_been_proposed_is_told_once_and_nobody_else_again(
    market: Market, payers: tuple[Actor, Actor]
) -> None:
    call_off = proposed(market, payers[0])
    everybody = shares(shire="40", ministry="40", county="20")
    saved(market, call_off, payers=everybody, investor="borough")
    saved(market, call_off, payers=everybody, investor="borough", cap="1.00")
    assert len(lapsed()) == 1
    saved(market, call_off, payers=shares(shire="60", ministry="40"))
    event = lapsed()[1]
    assert event.changes == {"before": "draft"}
    assert told(event) == {"county": "dropped", "borough": "dropped"}
    saved(market, call_off, payers=shares(shire="100"))
    assert told(lapsed()[2]) == {"ministry": "dropped"}
    saved(market, call_off, payers=everybody, investor="borough")
    assert len(lapsed()) == 3


def test_an_investor_that_becomes_a_payer_is_asked_again(market: Market, payers: tuple[Actor, Actor]) -> None:
    call_off = proposed(market, payers[0])
    saved(market, call_off, payers=shares(shire="60", borough="40"))
    (event,) = lapsed()
    assert told(event) == {
        "shire": "payer", "borough": "payer", "ministry": "dropped", "county": "dropped",
    }  # fmt: skip


def test_a_draft_that_was_never_proposed_is_told_to_nobody(
    market: Market, payers: tuple[Actor, Actor]
) -> None:
    measure_of(market)
    call_off = drafted(market.buyer)
    saved(market, call_off, payers=shares(shire="60", ministry="40"))
    plan = saved(market, call_off, payers=shares(shire="60", county="40"), investor="borough")
    assert lapsed() == []
    remove_plan(market.buyer, plan.reference, plan.revision)
    removed = Event.objects.get(type="outcome_plan.removed")
    assert told(removed) == {}
    assert {"payer", "investor"}.isdisjoint(removed.references)


def test_a_draft_that_had_been_proposed_is_removed_with_word_to_those_that_wait(
    market: Market, payers: tuple[Actor, Actor]
) -> None:
    call_off = proposed(market, payers[0])
    plan = saved(market, call_off, payers=shares(shire="60", ministry="40"), investor="borough")
    remove_plan(market.buyer, plan.reference, plan.revision)
    removed = Event.objects.get(type="outcome_plan.removed")
    assert told(removed) == {"shire": "payer", "ministry": "payer", "borough": "investor"}
    # What follows under its reference begins anew.
    saved(market, call_off, payers=shares(shire="100"))
    assert len(lapsed()) == 1


def test_whoever_waits_for_a_plan_that_is_said_anew_is_told_that_the_purchase_ended(
    market: Market, payers: tuple[Actor, Actor]
) -> None:
    call_off = proposed(market, payers[0])
    plan = saved(market, call_off, payers=shares(shire="10", ministry="90"), investor="borough")
    call_off.refresh_from_db()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "The budget is gone.")
    event = Event.objects.get(type="outcome_plan.ended")
    assert event.subject == plan.reference
    assert event.references == {
        "call_off": call_off.reference,
        "organisation": "shire",
        "dropped": ["borough", "ministry", "shire"],
    }
    # What is said of pots in the draft is its buyer's own.
    assert event.changes == {"ended": "cancelled", "reason": "The budget is gone."}
    assert told(event) == dict.fromkeys(("borough", "ministry", "shire"), "dropped")
    message = worded(event, notice_for(event.type, "dropped"), {})
    how = (
        f"The purchase {call_off.reference}, whose outcomes are paid for by {plan.reference}, was cancelled."
    )
    assert (message.text, message.link) == (f"{how} The budget is gone.", "")

"""Nobody approves what they wrote: what a call-off says, its documents, and what it pays for outcomes."""

from __future__ import annotations

import pytest
from django.utils import timezone

from procurement.actions.call_offs import approve_call_off
from procurement.actions.events import Happening, record
from procurement.actions.outcome_plans import approve_share, propose_plan, remove_plan, save_plan
from procurement.call_off_facts import facts_of
from procurement.errors import NotPermitted
from procurement.event_types import EVENT_TYPES
from procurement.models import BuyerLimit, CallOff, Event
from procurement.parts import NOT_WRITING, WRITING, WRITTEN, wrote
from procurement.permissions import Actor
from tests.bought import Market, drafted
from tests.paid import body, measure_of
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db


def limited(market: Market) -> CallOff:
    """A draft of the buyer's that needs an approval."""
    call_off = drafted(market.buyer)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=100)
    return call_off


def refused(actor: Actor, call_off: CallOff) -> None:
    call_off = CallOff.objects.get(pk=call_off.pk)
    before = Event.objects.count()
    assert "approve" not in facts_of(call_off, timezone.localdate()).steps(actor)
    with pytest.raises(NotPermitted, match="Whoever wrote a call-off, or any of it"):
        approve_call_off(actor, call_off.reference, call_off.revision)
    after = CallOff.objects.get(pk=call_off.pk)
    assert (after.status, after.revision, Event.objects.count()) == ("draft", call_off.revision, before)


def test_whoever_said_what_is_paid_for_outcomes_does_not_approve_it(market: Market) -> None:
    make_buyers("ministry")
    payer, call_off = editor_of("ministry", "approver"), limited(market)
    plan = save_plan(
        market.approver, call_off.reference, call_off.revision, body(measure_of(market).reference)
    )
    plan = propose_plan(market.approver, plan.reference, plan.revision)
    plan = approve_share(payer, plan.reference, plan.revision)
    plan = approve_share(market.approver, plan.reference, plan.revision)
    assert plan.status == "agreed"
    refused(market.approver, call_off)
    another = editor_of("shire", "approver", "another")
    call_off.refresh_from_db()
    assert approve_call_off(another, call_off.reference, call_off.revision).status == "approved"


def test_whoever_took_the_plan_away_does_not_approve_what_is_left(market: Market) -> None:
    make_buyers("ministry")
    call_off = limited(market)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, body(measure_of(market).reference))
    remove_plan(market.approver, plan.reference, plan.revision)
    refused(market.approver, call_off)


def test_whoever_only_approved_a_share_of_the_plan_approves_the_call_off(market: Market) -> None:
    make_buyers("ministry")
    payer, call_off = editor_of("ministry", "approver"), limited(market)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, body(measure_of(market).reference))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    plan = approve_share(payer, plan.reference, plan.revision)
    approve_share(market.approver, plan.reference, plan.revision)
    call_off.refresh_from_db()
    assert approve_call_off(market.approver, call_off.reference, call_off.revision).status == "approved"


@pytest.mark.parametrize("kind", sorted(WRITING))
def test_whoever_did_any_of_these_wrote_it(market: Market, kind: str) -> None:
    call_off = drafted(market.buyer)
    assert not wrote(market.approver, call_off)
    subject = call_off.reference if kind.startswith("call_off.") else f"{call_off.reference}~outcomes"
    references = {"organisation": call_off.organisation.reference}
    record(market.approver, Happening(kind, kind.partition(".")[0], subject, references, {}))
    assert wrote(market.approver, call_off)


def test_every_type_of_a_buyers_change_is_either_writing_or_named_as_not() -> None:
    known = {name for name, one in EVENT_TYPES.items() if one.subject in WRITTEN}
    assert known > NOT_WRITING
    assert known - NOT_WRITING == WRITING
    assert {
        "call_off.drafted",
        "call_off.edited",
        "call_off.extended",
        "call_off.amended",
        "call_off.document_added",
        "call_off.document_removed",
        "outcome_plan.edited",
        "outcome_plan.removed",
    } == WRITING

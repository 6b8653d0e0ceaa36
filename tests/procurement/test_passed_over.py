"""A direct award whose next supplier cannot be asked: the one after it is, and the order stays explained."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.due import move_due
from procurement.actions.offers import decline_offer, send_offer
from procurement.call_off_checks import asked_of, prices_of
from procurement.call_off_facts import CallOffFacts, facts_of
from procurement.errors import Conflict, Invalid
from procurement.models import Appointment, CallOff, Event, Offer, Organisation, SupplierMember
from procurement.next_supplier import next_of
from procurement.states import Part
from tests.bought import Market, accepted, drafted, offered

pytestmark = pytest.mark.django_db


def suspended(supplier: str, status: str = "suspended") -> None:
    Appointment.objects.filter(supplier__reference=supplier, lot__reference="wr1~1").update(status=status)


def shown(call_off: CallOff) -> CallOffFacts:
    return facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate())


def declined(market: Market) -> CallOff:
    """Oak, the first, has declined: yew is next."""
    offer = offered(market)
    decline_offer(market.oak, offer.reference, offer.revision, "Not enough people.")
    return CallOff.objects.get()


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (lambda: suspended("oak"), "not_appointed"),
        (
            lambda: Organisation.objects.filter(reference="oak").update(excluded_since=timezone.localdate()),
            "excluded",
        ),
        (
            lambda: SupplierMember.objects.filter(partner__organisation__reference="ash").update(
                left_on=timezone.localdate()
            ),
            "not_a_member",
        ),
    ],
    ids=["suspended", "lead_excluded", "partner_left"],
)
def test_one_that_cannot_be_asked_is_passed_over_and_it_is_said_why(
    market: Market, happens: Callable[[], object], code: str
) -> None:
    call_off = drafted(market.buyer)
    happens()
    facts = shown(call_off)
    assert (facts.blocking, facts.purchase.left, "send_offer" in facts.steps(market.buyer)) == ([], 1, True)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert offer.asked.appointment.supplier.reference == "yew"
    passed, sent = Event.objects.order_by("-position")[:2][::-1]
    assert (passed.type, sent.type) == ("call_off.supplier_passed_over", "offer.sent")
    assert (passed.references["supplier"], passed.changes["position"]) == ("oak", 1)
    assert passed.changes["codes"] == [code]
    assert {one.organisation.reference for one in passed.audience.all()} == {"shire"}
    assert "oak" not in str(sent.changes)


def test_whom_it_would_go_to_and_past_whom_and_why_is_shown_before(market: Market) -> None:
    call_off = drafted(market.buyer)
    found = shown(call_off).found
    assert [(found.is_next(one), found.passing(one)) for one in asked_of(call_off)] == [
        (True, ()), (False, ()),
    ]  # fmt: skip
    suspended("oak")
    found = shown(call_off).found
    first, second = asked_of(call_off)
    assert (found.is_next(first), [one.code for one in found.passing(first)]) == (False, ["not_appointed"])
    assert (found.is_next(second), found.passing(second)) == (True, ())
    send_offer(market.buyer, call_off.reference, call_off.revision)
    found = shown(call_off).found
    assert [(found.is_next(one), found.passing(one)) for one in asked_of(call_off)] == [
        (False, ()), (False, ()),
    ]  # fmt: skip


def test_an_order_form_that_would_go_to_another_than_is_meant_is_not_sent(market: Market) -> None:
    call_off = drafted(market.buyer)
    suspended("oak")
    before = Event.objects.count()
    with pytest.raises(Conflict) as refused:
        send_offer(market.buyer, call_off.reference, call_off.revision, "oak")
    told = str(refused.value)
    assert told.startswith("The order form would go to Yew Digital (yew) now, not to oak. ")
    assert shown(call_off).found.passed[0].faults[0].message in told
    with pytest.raises(Conflict, match=r"would go to Yew Digital \(yew\) now, not to elm\.$"):
        send_offer(market.buyer, call_off.reference, call_off.revision, "elm")
    assert (Event.objects.count(), Offer.objects.count()) == (before, 0)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision, "yew")
    assert offer.asked.appointment.supplier.reference == "yew"


def test_one_that_can_be_asked_again_is_next_in_its_order(market: Market) -> None:
    call_off = drafted(market.buyer)
    suspended("oak")
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    decline_offer(market.yew, offer.reference, offer.revision, "Not enough people.")
    suspended("oak", "active")
    call_off.refresh_from_db()
    again = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert again.asked.appointment.supplier.reference == "oak"
    assert Event.objects.filter(type="call_off.supplier_passed_over").count() == 1


def test_where_nobody_who_is_left_can_be_asked_nothing_is_offered_and_it_is_said_why(market: Market) -> None:
    call_off = declined(market)
    suspended("yew")
    facts = shown(call_off)
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/supplier", "not_appointed")]
    assert facts.steps(market.buyer) == ["cancel", "fail"]
    before = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert [one.code for one in refusal.value.faults] == ["not_appointed"]
    assert (Event.objects.count(), Offer.objects.count()) == (before, 1)


def test_where_everybody_was_asked_it_is_said(market: Market) -> None:
    call_off = declined(market)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    assert shown(call_off).blocking == []
    decline_offer(market.yew, offer.reference, offer.revision, "Not enough people.")
    facts = shown(call_off)
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/shortlist", "nobody_left")]
    assert facts.steps(market.buyer) == ["cancel", "fail"]
    assert (facts.line.next.who, facts.line.next.steps) == ((Part.OWNER,), ("cancel", "fail"))
    with pytest.raises(Conflict, match="has been asked"):
        send_offer(market.buyer, call_off.reference, call_off.revision + 1)


def test_an_offer_past_its_window_waits_for_the_clock_and_not_for_the_supplier(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = offered(market)
    call_off = CallOff.objects.get()
    turn = shown(call_off).line.next
    assert (turn.who, turn.steps, turn.by) == ((Part.LEAD,), ("accept", "decline"), offer.reply_by)
    monkeypatch.setattr(timezone, "now", lambda: offer.reply_by)
    turn = shown(call_off).line.next
    assert (turn.who, turn.steps, turn.by) == ((Part.SYSTEM,), (), offer.reply_by)
    move_due()
    turn = shown(call_off).line.next
    assert (turn.who, turn.steps, turn.by) == ((Part.OWNER,), ("send_offer",), None)


def test_an_award_is_not_waited_for_by_the_end_of_the_window_to_answer(market: Market) -> None:
    call_off = accepted(market).call_off
    turn = shown(call_off).line.next
    assert (turn.who, turn.steps, turn.by) == ((Part.OWNER,), ("award",), None)


def test_who_is_next_takes_one_query(
    market: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    call_off, today = drafted(market.buyer), timezone.localdate()
    suppliers = asked_of(call_off)
    prices = prices_of(call_off, suppliers, today)
    with django_assert_num_queries(1):
        found = next_of(call_off, suppliers, (), prices, today)
    assert (found.left, found.passed) == (2, ())

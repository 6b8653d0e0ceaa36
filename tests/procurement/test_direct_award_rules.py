"""The rules of a direct award, asked again when it goes out, at award and at signature; approvals; the order kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct
from procurement.actions.call_offs import CallOffDraft, approve_call_off, create_call_off, edit_call_off
from procurement.actions.contracts import sign_contract
from procurement.actions.limits import set_limit
from procurement.actions.offers import decline_offer, send_offer
from procurement.actions.snapshots import lock_shortlist, unlock_shortlist
from procurement.call_off_checks import asked_of, prices_of, standing_faults
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted
from procurement.models import (
    Appointment,
    BuyerLimit,
    CallOff,
    Contract,
    Event,
    Framework,
    Lot,
    Offer,
    Organisation,
    Partner,
    RateCardVersion,
)
from procurement.requirements import RequirementContent
from procurement.rules import term_faults, value_faults
from procurement.snapshots import Index
from procurement.terms import Extension, Terms
from tests.bought import TERMS, Market, accepted, drafted, need
from tests.world import editor_of, publish_rates

pytestmark = pytest.mark.django_db


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values()),
        list(Offer.objects.order_by("pk").values()),
        list(Contract.objects.order_by("pk").values()),
    ]


def of_lot(**values: Any) -> None:
    Lot.objects.filter(reference="wr1~1").update(**values)


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is broken: how, its code and pointer, and at which of the three moments it is asked about."""

    code: str
    pointer: str
    happens: Callable[[], object]
    moments: tuple[str, ...] = ("send", "award")


EVERY: Final = ("send", "award", "sign")
ASKED: Final = ("award", "sign")
"""Of a rule about the supplier: an order form goes to the next instead."""
BREACHES: Final = (
    Breach("above_cap", "/terms/value", lambda: of_lot(direct_award_cap_pence=684_999)),
    Breach("below_minimum", "/terms/value", lambda: of_lot(minimum_value_pence=685_001)),
    Breach("above_maximum", "/terms/value", lambda: of_lot(maximum_value_pence=684_999)),
    Breach("too_long", "/terms/extensions", lambda: of_lot(longest_term_months=8)),
    Breach("lot_closed", "/lot", lambda: of_lot(closes_on=yesterday()), EVERY),
    Breach("route_not_allowed", "/route", lambda: of_lot(direct_award=False)),
    Breach(
        "framework_not_open",
        "/lot",
        lambda: Framework.objects.filter(reference="wr1").update(ends_on=yesterday()),
        EVERY,
    ),
    Breach(
        "not_eligible",
        "/organisation",
        lambda: Framework.objects.filter(reference="wr1").update(buyer_classes=["health"]),
        EVERY,
    ),
    Breach(
        "excluded",
        "/supplier",
        lambda: Organisation.objects.filter(reference="oak").update(excluded_since=timezone.localdate()),
        ASKED,
    ),
    Breach(
        "excluded",
        "/supplier",
        lambda: Organisation.objects.filter(reference="ash").update(excluded_since=timezone.localdate()),
        ASKED,
    ),
    Breach(
        "suspended",
        "/supplier",
        lambda: Partner.objects.filter(reference="oak").update(suspended=True),
        ASKED,
    ),
    Breach(
        "not_appointed",
        "/supplier",
        lambda: Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~1").update(
            status="suspended"
        ),
        ASKED,
    ),
    Breach(
        "not_appointed",
        "/supplier",
        lambda: Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~1").update(
            ends_on=yesterday()
        ),
        ASKED,
    ),
)


@pytest.mark.parametrize("moment", EVERY)
@pytest.mark.parametrize(
    "breach", BREACHES, ids=[f"{one.code}-{number}" for number, one in enumerate(BREACHES)]
)
def test_a_rule_is_asked_about_at_its_moments(market: Market, breach: Breach, moment: str) -> None:
    if moment == "send":
        call_off = drafted(market.buyer)
        breach.happens()
        before = kept()
        act: Callable[[], object] = lambda: send_offer(market.buyer, call_off.reference, call_off.revision)  # noqa: E731
    else:
        call_off = accepted(market).call_off
        if moment == "award":
            breach.happens()
            act = lambda: award_direct(market.buyer, call_off.reference, call_off.revision, "None.")  # noqa: E731
        else:
            contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None.")
            breach.happens()
            act = lambda: sign_contract(market.oak, contract.reference, contract.revision)  # noqa: E731
        before = kept()
    if moment not in breach.moments:
        act()
        return
    with pytest.raises(Invalid) as refusal:
        act()
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [(breach.pointer, breach.code)]
    assert kept() == before
    standing, today = CallOff.objects.get(pk=call_off.pk), timezone.localdate()
    told = standing_faults(standing, prices_of(standing, asked_of(standing), today), today)
    if breach.pointer not in ("/supplier", "/terms/value"):
        assert [one.code for one in told] == [breach.code]


@pytest.mark.parametrize(
    "happens",
    [
        lambda: of_lot(direct_award_cap_pence=685_000),
        lambda: of_lot(minimum_value_pence=685_000, maximum_value_pence=685_000),
        lambda: of_lot(longest_term_months=9),
        lambda: of_lot(closes_on=timezone.localdate()),
        lambda: Framework.objects.filter(reference="wr1").update(ends_on=timezone.localdate()),
    ],
)
def test_a_bound_includes_its_own_value(market: Market, happens: Callable[[], object]) -> None:
    call_off = drafted(market.buyer)
    happens()
    assert send_offer(market.buyer, call_off.reference, call_off.revision).status == "sent"


@pytest.mark.parametrize(
    ("total", "codes"),
    [
        (99, ["below_minimum"]),
        (100, []),
        (150, []),
        (151, ["above_cap"]),
        (201, ["above_cap", "above_maximum"]),
    ],
)
def test_bounds_of_the_value(total: int, codes: list[str]) -> None:
    lot = Lot(number="1", minimum_value_pence=100, maximum_value_pence=200, direct_award_cap_pence=150)
    assert [one.code for one in value_faults(lot, "direct_award", total)] == codes
    without = [one for one in codes if one != "above_cap"]
    assert [one.code for one in value_faults(lot, "competition", total)] == without


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"starts_on": None}, ["start_missing"]),
        ({"months": None}, ["length_missing"]),
        ({"months": 10}, ["too_long"]),
        ({"starts_on": (timezone.localdate() - timedelta(days=1)).isoformat()}, ["start_past"]),
        ({"starts_on": "2020-01-01"}, ["end_past"]),
    ],
)
def test_the_term_is_stated_ahead_and_not_too_long(changes: dict[str, Any], codes: list[str]) -> None:
    content = RequirementContent.from_json(need() | changes)
    lot = Lot(number="1", longest_term_months=12)
    terms = Terms(extensions=(Extension(3, 0), Extension(3, 0)))
    assert [one.code for one in term_faults(lot, content, terms, timezone.localdate())] == codes


def test_a_direct_award_says_why_and_from_which_order(market: Market) -> None:
    call_off = drafted(market.buyer, terms={})
    edited = edit_call_off(market.buyer, call_off.reference, call_off.revision, {"shortlist": None})
    before = kept()
    with pytest.raises(Invalid) as refusal:
        send_offer(market.buyer, edited.reference, edited.revision)
    assert [one.pointer for one in refusal.value.faults] == [
        "/terms/mechanism",
        "/terms/reason",
        "/shortlist",
    ]
    assert kept() == before


def test_an_unlocked_shortlist_holds_the_order_no_longer(market: Market) -> None:
    call_off = drafted(market.buyer)
    assert call_off.snapshot is not None
    shortlist = call_off.snapshot.shortlist
    shortlist.refresh_from_db()
    unlock_shortlist(market.buyer, shortlist.reference, shortlist.revision, "One was overlooked.")
    before = kept()
    with pytest.raises(Conflict, match="was unlocked"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    shortlist.refresh_from_db()
    lock_shortlist(market.buyer, shortlist.reference, shortlist.revision, Index("embedded", 1))
    with pytest.raises(Conflict, match="was unlocked"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert kept()[1:] == before[1:]
    edited = edit_call_off(
        market.buyer, call_off.reference, call_off.revision, {"shortlist": shortlist.reference}
    )
    assert send_offer(market.buyer, edited.reference, edited.revision).status == "sent"


def test_the_card_of_the_day_is_pinned(market: Market) -> None:
    offer = accepted(market)
    publish_rates("oak", "wr1", {"wr1~1~G1": 1_000, "wr1~1~G2": 1_000, "wr1~1~G3": 1_000})
    call_off = CallOff.objects.get()
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None.")
    assert (offer.price_minor, contract.value_minor) == (625_000, 635_000)
    assert offer.card_version is not None
    assert (
        offer.card_version.number
        < RateCardVersion.objects.filter(card__supplier__reference="oak").latest("number").number
    )


def limited(pence: int) -> None:
    BuyerLimit.objects.update_or_create(
        organisation=Organisation.objects.get(reference="shire"), defaults={"approval_from_minor": pence}
    )


def test_without_the_approval_that_is_asked_for_nothing_goes_out(market: Market) -> None:
    call_off = drafted(market.buyer)
    # Oak comes to 6,850.00 and yew, who would be asked next, to 7,975.00: nobody could approve that once it is out.
    limited(797_500)
    before = kept()
    with pytest.raises(Conflict, match="asks for an approval"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert kept() == before
    limited(797_501)
    assert send_offer(market.buyer, call_off.reference, call_off.revision).status == "sent"


def test_an_approval_covers_every_supplier_and_falls_with_an_edit(market: Market) -> None:
    limited(1)
    call_off = drafted(market.buyer)
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert (approved.status, approved.approved_minor) == ("approved", 797_500)
    edited = edit_call_off(market.buyer, approved.reference, approved.revision, {"title": "Another"})
    assert (edited.status, edited.approved_minor, edited.approved_by) == ("draft", None, "")
    before = kept()
    with pytest.raises(Conflict, match="asks for an approval"):
        send_offer(market.buyer, edited.reference, edited.revision)
    assert kept() == before


def test_an_edit_that_says_the_same_leaves_the_approval(market: Market) -> None:
    limited(1)
    call_off = drafted(market.buyer)
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    before = kept()
    edit_call_off(market.buyer, approved.reference, approved.revision, {"title": approved.title})
    assert kept() == before


def test_an_offer_that_comes_to_more_than_was_approved_is_refused(market: Market) -> None:
    limited(1)
    call_off = drafted(market.buyer)
    approved = approve_call_off(market.approver, call_off.reference, call_off.revision)
    offer = send_offer(market.buyer, approved.reference, approved.revision)
    decline_offer(market.oak, offer.reference, offer.revision, "Not enough people.")
    publish_rates("yew", "wr1", {"wr1~1~G1": 60_000, "wr1~1~G2": 70_000, "wr1~1~G3": 95_000})
    call_off.refresh_from_db()
    before = kept()
    with pytest.raises(Conflict, match="more than was approved"):
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert kept() == before


def test_whoever_wrote_any_of_it_does_not_approve_it(market: Market) -> None:
    limited(1)
    own = drafted(market.approver)
    before = kept()
    with pytest.raises(NotPermitted, match="wrote"):
        approve_call_off(market.approver, own.reference, own.revision)
    assert kept() == before
    call_off = drafted(market.buyer)
    edited = edit_call_off(market.approver, call_off.reference, call_off.revision, {"title": "Ours"})
    before = kept()
    with pytest.raises(NotPermitted, match="wrote"):
        approve_call_off(market.approver, edited.reference, edited.revision)
    assert kept() == before
    another = editor_of("shire", "administrator")
    assert approve_call_off(another, edited.reference, edited.revision).status == "approved"


def test_what_is_not_ready_is_not_approved(market: Market) -> None:
    limited(1)
    call_off = drafted(market.buyer, terms={})
    before = kept()
    with pytest.raises(Invalid) as refusal:
        approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert {one.pointer for one in refusal.value.faults} == {"/terms/mechanism", "/terms/reason"}
    assert kept() == before


def test_who_sets_a_limit(market: Market) -> None:
    chief = editor_of("shire", "administrator")
    for actor in (market.buyer, market.approver):
        with pytest.raises(NotPermitted):
            set_limit(actor, "shire", "5.00")
    for actor in (market.stranger, market.oak):
        with pytest.raises(NotFound):
            set_limit(actor, "shire", "5.00")
    assert not BuyerLimit.objects.exists()
    events = Event.objects.count()
    assert set_limit(chief, "shire", "5000.5") == 500_050
    assert set_limit(chief, "shire", "5000.50") == 500_050
    assert set_limit(chief, "shire", None) is None
    assert set_limit(chief, "shire", None) is None
    told = Event.objects.filter(type="organisation.limit_set").order_by("position")
    assert [one.changes for one in told] == [{"approval_from": 500_050}, {"approval_from": None}]
    assert Event.objects.count() == events + 2
    with pytest.raises(Invalid):
        set_limit(chief, "shire", "-1")


def test_a_draft_of_what_is_not_the_buyers_is_refused(market: Market) -> None:
    call_off = drafted(market.buyer)
    before = kept()
    for actor, requirement in (
        (market.stranger, call_off.requirement.requirement.reference),
        (market.buyer, "X-1"),
    ):
        with pytest.raises(Invalid) as refusal:
            create_call_off(actor, CallOffDraft("Mine", "direct_award", requirement, None, TERMS))
        assert [one.pointer for one in refusal.value.faults] == ["/requirement"]
    with pytest.raises(NotPermitted):
        create_call_off(market.oak, CallOffDraft("Mine", "direct_award", "X-1", None, TERMS))
    assert kept() == before

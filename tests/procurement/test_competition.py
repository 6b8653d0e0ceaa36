"""A further competition from draft to signed contract, and what keeps one from being published."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.call_offs import approve_call_off
from procurement.actions.competition_awards import award_competition
from procurement.actions.competitions import plan_competition, preview
from procurement.actions.contracts import sign_contract
from procurement.actions.due import move_due
from procurement.actions.publishing import publish_competition
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.event_types import EVENT_TYPES
from procurement.models import BuyerLimit, CallOff, Event, Invitation, Organisation, RuledOut, Tender
from tests.competed import (
    RULES,
    Contest,
    after,
    at,
    evaluated,
    past_deadline,
    planned,
    published,
)

pytestmark = pytest.mark.django_db


def test_a_competition_walks_from_draft_to_signed_contract(contest: Contest) -> None:
    call_off, market = evaluated(contest), contest.market
    ranking = call_off.competition.ranking
    assert [(one["rank"], one["result"], one["price"]["amount"]) for one in ranking["rows"]] == [
        (1, "86.00", "6350.00"),
        (2, "72.56", "7350.00"),
    ]
    contract = award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    assert (contract.value_minor, contract.maximum_minor) == (635_000, 685_000)
    assert contract.appointment.supplier.reference == "oak"
    contract = sign_contract(market.oak, contract.reference, contract.revision)
    sign_contract(market.buyer, contract.reference, contract.revision)
    call_off.refresh_from_db()
    assert call_off.status == "contracted"
    kinds = Event.objects.filter(references__call_off=call_off.reference) | Event.objects.filter(
        subject=call_off.reference
    )
    told = list(kinds.order_by("position").values_list("type", flat=True))
    assert [one for one in told if one.startswith("call_off.")] == [
        "call_off.drafted",
        "call_off.edited",
        "call_off.published",
        "call_off.person_added",
        "call_off.person_added",
        "call_off.person_added",
        "call_off.closed",
        "call_off.tenders_opened",
        "call_off.interest_declared",
        "call_off.interest_declared",
        "call_off.interest_declared",
        "call_off.evaluated",
        "call_off.awarded",
        "call_off.contracted",
    ]


def test_every_event_is_of_a_known_type_and_names_only_what_the_type_says(contest: Contest) -> None:
    call_off = evaluated(contest)
    award_competition(contest.market.buyer, call_off.reference, call_off.revision, "None known")
    for event in Event.objects.filter(references__has_key="call_off"):
        kind = EVENT_TYPES[event.type]
        assert event.subject_type == kind.subject, event.type
        assert set(event.references) <= set(kind.references), event.type


def test_publishing_invites_every_supplier_of_the_lot_and_freezes_what_it_says(contest: Contest) -> None:
    call_off = published(contest)
    competition = call_off.competition
    assert (call_off.status, call_off.went_out_at) == ("out", competition.published_at)
    found = [
        (one.asked.position, one.asked.appointment.supplier.reference, one.card_version.card.supplier.reference)
        for one in Invitation.objects.select_related("asked__appointment__supplier", "card_version__card__supplier")
    ]  # fmt: skip
    assert found == [(1, "oak", "oak"), (2, "yew", "yew")]
    assert list(Tender.objects.values_list("status", flat=True)) == ["invited", "invited"]
    assert RuledOut.objects.count() == 0
    assert '"method":"lowest_over_price"' in competition.document
    assert "9000.00" not in competition.document
    with pytest.raises(Conflict):
        plan_competition(contest.market.buyer, call_off.reference, call_off.revision, {"standstill": True})


def test_what_publishing_would_do_is_shown_before_and_is_what_it_does(contest: Contest) -> None:
    call_off = planned(contest, plan={"standstill": True})
    shown = preview(contest.market.buyer, call_off.reference)
    assert [one.supplier.reference for one in shown.invited] == ["oak", "yew"]
    assert (shown.out, shown.faults()) == ([], [])
    assert shown.standstill_until is not None
    made = publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert made.digest == shown.digest
    with pytest.raises(NotFound):
        preview(contest.market.oak, call_off.reference)


def test_a_supplier_that_lacks_what_must_be_had_is_kept_with_the_rule(contest: Contest) -> None:
    call_off = published(
        contest,
        specialisms=["wr1~1~1", "wr1~1~2"],
        regions=["TLC"],
        must_have={"specialisms": ["wr1~1~2"], "regions": []},
    )
    out = RuledOut.objects.get()
    assert (out.appointment.supplier.reference, out.rule) == ("yew", "capability")
    assert out.found == [{"specialism": "wr1~1~2", "region": "TLC"}]
    assert [one.asked.appointment.supplier.reference for one in Invitation.objects.all()] == ["oak"]
    assert Event.objects.get(type="call_off.published").changes["ruled_out"] == 1
    assert call_off.status == "out"


def test_a_region_that_must_be_had_is_met_by_an_offering_in_a_region_above_it(contest: Contest) -> None:
    published(contest, regions=["TLC3"], must_have={"specialisms": [], "regions": ["TLC3"]})
    assert Invitation.objects.count() == 2


def test_an_excluded_lead_is_kept_out_by_its_rule(contest: Contest) -> None:
    Organisation.objects.filter(reference="yew").update(excluded_since=timezone.localdate())
    published(contest)
    assert [(one.appointment.supplier.reference, one.rule) for one in RuledOut.objects.all()] == [
        ("yew", "excluded")
    ]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"plan": {"deadline": None}}, "/deadline", "required"),
        ({"plan": {"clarify_until": None}}, "/clarify_until", "required"),
        ({"plan": {"clarify_until": after(days=20)}}, "/clarify_until", "order"),
        ({"plan": {"interest_until": after(days=15)}}, "/interest_until", "order"),
        ({"plan": {"rules": RULES | {"price_weight": "30"}}}, "/rules/criteria", "weights"),
        ({"terms": {"value": None}}, "/terms/value", "required"),
        ({"months": None}, "/requirement", "length_missing"),
    ],
)
def test_what_is_missing_keeps_it_from_being_published(
    contest: Contest, changes: dict[str, Any], pointer: str, code: str
) -> None:
    call_off = planned(contest, **changes)
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert (pointer, code) in {(one.pointer, one.code) for one in refusal.value.faults}
    call_off.refresh_from_db()
    assert (call_off.status, Invitation.objects.count(), call_off.competition.digest) == ("draft", 0, "")


def test_nobody_left_on_the_lot_keeps_it_from_being_published(contest: Contest) -> None:
    call_off = planned(
        contest, specialisms=["wr1~1~3"], must_have={"specialisms": ["wr1~1~3"], "regions": []}
    )
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert [one.code for one in refusal.value.faults] == ["nobody"]
    assert RuledOut.objects.count() == 0


def test_only_the_owner_publishes_as_it_was_read_and_as_it_was_approved(contest: Contest) -> None:
    call_off, market = planned(contest), contest.market
    with pytest.raises(NotFound):
        publish_competition(market.stranger, call_off.reference, call_off.revision)
    with pytest.raises(NotPermitted):
        publish_competition(contest.first, call_off.reference, call_off.revision)
    with pytest.raises(Stale):
        publish_competition(market.buyer, call_off.reference, call_off.revision - 1)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=500_000)
    with pytest.raises(Conflict):
        publish_competition(market.buyer, call_off.reference, call_off.revision)
    assert Invitation.objects.count() == 0
    approve_call_off(market.approver, call_off.reference, call_off.revision)
    publish_competition(market.buyer, call_off.reference, call_off.revision + 1)
    assert Invitation.objects.count() == 2


def test_an_approval_falls_with_a_changed_plan(contest: Contest) -> None:
    call_off = planned(contest)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=0)
    call_off = approve_call_off(contest.market.approver, call_off.reference, call_off.revision)
    plan_competition(contest.market.buyer, call_off.reference, call_off.revision, {"standstill": True})
    call_off.refresh_from_db()
    assert (call_off.status, call_off.approved_minor) == ("draft", None)
    event = Event.objects.get(type="call_off.approval_lapsed")
    assert event.references["user"] == [contest.market.approver.reference]


def test_a_plan_is_read_whole_and_what_is_wrong_is_named(contest: Contest) -> None:
    call_off = planned(contest)
    said = {"deadline": "2026-03-01T12:00:00", "standstill": "yes", "colour": 1, "rules": {"method": "x"}}
    with pytest.raises(Invalid) as refusal:
        plan_competition(contest.market.buyer, call_off.reference, call_off.revision, said)
    assert sorted((one.pointer, one.code) for one in refusal.value.faults) == [
        ("/colour", "unknown_field"),
        ("/deadline", "shape"),
        ("/rules/method", "unknown_value"),
        ("/standstill", "type"),
    ]


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("9999-12-31T23:59:59-12:00", "shape"),
        ("0001-01-01T00:00:00Z", "shape"),
        ("9999-12-31T23:59:59Z", "too_far"),
        ("2400-01-01T00:00:00+01:00", "too_far"),
    ],
)
def test_a_moment_at_the_end_of_the_calendar_is_refused_where_it_stands(
    contest: Contest, moment: str, code: str
) -> None:
    call_off = planned(contest)
    said = {"deadline": moment, "standstill": True}
    with pytest.raises(Invalid) as refusal:
        plan_competition(contest.market.buyer, call_off.reference, call_off.revision, said)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/deadline", code)]
    before = past_deadline(call_off)
    call_off.competition.refresh_from_db()
    assert past_deadline(call_off) == before


def test_the_clock_alone_closes_and_a_second_sweep_changes_nothing(contest: Contest) -> None:
    call_off = published(contest)
    assert move_due()["competitions_closed"] == 0
    with at(past_deadline(call_off) - timedelta(microseconds=1)):
        assert move_due()["competitions_closed"] == 0
    with at(past_deadline(call_off) + timedelta(days=3)):
        assert move_due()["competitions_closed"] == 1
        assert move_due()["competitions_closed"] == 0
    call_off.refresh_from_db()
    assert (call_off.status, call_off.ended_reason) == (
        "unsuccessful",
        "No tender was submitted by the deadline.",
    )
    assert CallOff.objects.get().competition.opened_at is None

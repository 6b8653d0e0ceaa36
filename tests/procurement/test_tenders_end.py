"""What was submitted ends with its call-off: cancelled or given up, and each tenderer is told what became of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from procurement.actions.awards import cancel_call_off, fail_call_off, undo_award
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.ranking import disqualify
from procurement.errors import Conflict
from procurement.models import CallOff, Event, Tender
from procurement.permissions import Actor
from procurement.tender_facts import steps_of
from tests.competed import Contest, closed, evaluated, opened, published, submitted, tender_of, told, written

pytestmark = pytest.mark.django_db

WHY = "The money has gone."
End = Callable[[Actor, str, int, object], CallOff]


def statuses() -> dict[str, str]:
    rows = Tender.objects.values_list("invitation__asked__appointment__supplier__reference", "status")
    return dict(rows)


def ended_events() -> list[Event]:
    return list(Event.objects.filter(type="tender.ended").order_by("position"))


@pytest.mark.parametrize("end", [cancel_call_off, fail_call_off])
@pytest.mark.parametrize("reach", [closed, opened, evaluated])
def test_a_submitted_tender_ends_with_its_call_off(
    contest: Contest, reach: Callable[[Contest], CallOff], end: End
) -> None:
    call_off = reach(contest)
    end(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    assert statuses() == {"oak": "unsuccessful", "yew": "unsuccessful"}
    assert {one.reason for one in Tender.objects.all()} == {WHY}
    first, second = ended_events()
    assert [first.references["supplier"], second.references["supplier"]] == ["oak", "yew"]
    assert (first.changes, first.references["organisation"]) == ({"reason": WHY}, "shire")
    last = Event.objects.latest("position")
    assert (last.type, last.position) == (
        f"call_off.{'cancelled' if end is cancel_call_off else 'unsuccessful'}",
        second.position + 1,
    )
    tender = tender_of(call_off, "oak")
    assert steps_of(contest.market.oak, tender) == steps_of(contest.market.buyer, tender) == []


def test_each_tenderer_is_told_what_became_of_its_own(contest: Contest) -> None:
    call_off = closed(contest)
    cancel_call_off(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    whom = {
        event.references["supplier"]: {
            (one.channel, one.organisation.reference) for one in event.deliveries.all()
        }
        for event in ended_events()
    }
    assert whom == {"oak": {("inbox", "oak")}, "yew": {("inbox", "yew")}}
    assert [{one.organisation.reference for one in event.audience.all()} for event in ended_events()] == [
        {"shire", "oak"},
        {"shire", "yew"},
    ]


def test_before_the_deadline_the_buyer_does_not_hear_that_there_was_one(contest: Contest) -> None:
    call_off = published(contest)
    submitted(contest.market.oak, call_off, "oak")
    written(contest.market.yew, call_off, "yew")
    cancel_call_off(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    assert statuses() == {"oak": "unsuccessful", "yew": "draft"}
    (event,) = ended_events()
    assert "organisation" not in event.references
    assert {one.organisation.reference for one in event.audience.all()} == {"oak"}
    assert told("tender.ended") == {"inbox": {"oak"}}


def test_the_one_that_was_to_be_awarded_ends_too_and_nothing_changes_for_the_others(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    intend_award(buyer, call_off.reference, call_off.revision)
    assert statuses() == {"oak": "successful", "yew": "unsuccessful"}
    call_off.refresh_from_db()
    cancel_call_off(buyer, call_off.reference, call_off.revision, WHY)
    assert statuses() == {"oak": "unsuccessful", "yew": "unsuccessful"}
    assert [one.references["supplier"] for one in ended_events()] == ["oak"]


def test_an_awarded_one_ends_with_its_contract_and_a_disqualified_one_stays_so(contest: Contest) -> None:
    call_off, market = evaluated(contest), contest.market
    yew = tender_of(call_off, "yew")
    disqualify(market.buyer, yew.reference, yew.revision, "not_compliant", "Not as asked.")
    call_off.refresh_from_db()
    award_competition(market.buyer, call_off.reference, call_off.revision, "None known.")
    call_off.refresh_from_db()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, WHY)
    assert statuses() == {"oak": "unsuccessful", "yew": "disqualified"}
    kinds = list(Event.objects.order_by("-position").values_list("type", flat=True)[:5])
    assert kinds == [
        "call_off.cancelled", "tender.ended", "tender.told", "tender.told", "contract.voided",
    ]  # fmt: skip
    call_off.refresh_from_db()
    before = (Event.objects.count(), statuses())
    with pytest.raises(Conflict):
        undo_award(market.approver, call_off.reference, call_off.revision, "A mistake.")
    assert (Event.objects.count(), statuses()) == before

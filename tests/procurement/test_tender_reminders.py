"""Before the deadline who has not submitted is reminded: once, also after an outage, and the buyer hears nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.due import move_due
from procurement.actions.interest import express_interest
from procurement.actions.requirements import revise_requirement
from procurement.actions.tenders import confirm_tender, decline_tender
from procurement.concerned import Concerned
from procurement.deadlines import before_working_days, tender_reminder
from procurement.event_types import known_type
from procurement.models import CallOff, Competition, Event, Invitation
from procurement.working_days import LONDON, is_working_day
from tests.bought import need
from tests.competed import Contest, after, at, past_deadline, published, submitted, tender_of, told, written

SECOND = timedelta(seconds=1)


def again(call_off: CallOff) -> CallOff:
    return CallOff.objects.get(pk=call_off.pk)


def reminders() -> list[str]:
    return list(
        Event.objects.filter(type="tender.reminded").order_by("position").values_list("subject", flat=True)
    )


def remind_at(call_off: CallOff) -> datetime:
    found = Competition.objects.get(call_off=call_off).remind_at
    assert found is not None
    return found


def test_whoever_has_not_submitted_is_reminded_once(contest: Contest) -> None:
    call_off = published(contest)
    submitted(contest.market.yew, call_off, "yew")
    due = remind_at(call_off)
    assert due == tender_reminder(call_off.competition.invited_at, past_deadline(call_off))
    assert move_due(due - SECOND)["tenders_reminded"] == 0
    assert move_due(due)["tenders_reminded"] == 1
    assert (
        move_due(due)["tenders_reminded"]
        == move_due(past_deadline(call_off) - SECOND)["tenders_reminded"]
        == 0
    )
    assert reminders() == [tender_of(call_off, "oak").reference]


def test_only_the_supplier_is_told_of_it(contest: Contest) -> None:
    call_off = published(contest)
    written(contest.market.oak, call_off, "oak")
    move_due(remind_at(call_off))
    event = Event.objects.get(type="tender.reminded", subject=tender_of(call_off, "oak").reference)
    ways = known_type(event.type).concerns
    concerned = Concerned([(event, way) for way in ways])
    assert {party.reference for way in ways for party in concerned.by(event, way)} == {"oak"}
    assert event.actor == "system"


def test_who_declined_is_left_alone_and_who_is_to_confirm_is_not(contest: Contest) -> None:
    call_off = published(contest)
    oak = tender_of(call_off, "oak")
    decline_tender(contest.market.oak, oak.reference, oak.revision, "No.")
    submitted(contest.market.yew, call_off, "yew")
    Competition.objects.filter(call_off=call_off).update(material=1)
    assert move_due(remind_at(call_off))["tenders_reminded"] == 1
    assert reminders() == [tender_of(call_off, "yew").reference]


def test_after_an_outage_it_comes_late_but_never_after_the_deadline(contest: Contest) -> None:
    first, second = published(contest), published(contest, plan={"deadline": after(days=21)})
    late = past_deadline(first)
    assert move_due(late)["tenders_reminded"] == 0
    assert move_due(past_deadline(second) - SECOND)["tenders_reminded"] == 2
    assert move_due(past_deadline(second))["tenders_reminded"] == 0
    assert {one.competition.call_off_id for one in (tender_of(second, "oak"), tender_of(second, "yew"))} == {
        second.pk
    }
    assert sorted(reminders()) == sorted(tender_of(second, one).reference for one in ("oak", "yew"))


def test_it_moves_with_the_deadline(contest: Contest) -> None:
    call_off = published(contest)
    before = remind_at(call_off)
    extend_competition(
        contest.market.buyer, call_off.reference, call_off.revision, {"deadline": after(days=28)}, "Asked."
    )
    call_off = CallOff.objects.get(pk=call_off.pk)
    assert (
        remind_at(call_off)
        == tender_reminder(call_off.competition.invited_at, past_deadline(call_off))
        > before
    )
    assert move_due(before)["tenders_reminded"] == 0


def test_whoever_is_missing_is_reminded_again_before_a_deadline_that_moved(contest: Contest) -> None:
    call_off = published(contest)
    submitted(contest.market.yew, call_off, "yew")
    before = remind_at(call_off)
    assert move_due(before)["tenders_reminded"] == 1
    with at(before + SECOND):
        changes = {"deadline": after(days=14)}
        extend_competition(contest.market.buyer, call_off.reference, again(call_off).revision, changes, "So.")
    due = remind_at(call_off)
    assert due > before + timedelta(days=7)
    assert move_due(due - SECOND)["tenders_reminded"] == 0
    assert (move_due(due)["tenders_reminded"], move_due(due)["tenders_reminded"]) == (1, 0)
    assert reminders() == [tender_of(call_off, "oak").reference] * 2


def test_a_deadline_that_moves_by_less_than_was_left_reminds_nobody_twice(contest: Contest) -> None:
    call_off = published(contest)
    before = remind_at(call_off)
    assert move_due(before)["tenders_reminded"] == 2
    later = past_deadline(call_off) + timedelta(hours=1)
    with at(before + timedelta(hours=20)):
        changes = {"deadline": later.isoformat()}
        extend_competition(contest.market.buyer, call_off.reference, again(call_off).revision, changes, "So.")
    assert move_due(later - SECOND)["tenders_reminded"] == 0


def test_after_a_material_amendment_whoever_has_not_confirmed_is_reminded_again(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    for lead, supplier in ((market.oak, "oak"), (market.yew, "yew")):
        submitted(lead, call_off, supplier)
    move_due(remind_at(call_off))
    moment, deadline = remind_at(call_off) + SECOND, past_deadline(call_off) + timedelta(days=7)
    with at(moment):
        revise_requirement(
            market.buyer,
            call_off.requirement.requirement.reference,
            call_off.requirement.requirement.revision,
            need(months=7),
        )
        amend_competition(
            market.buyer,
            call_off.reference,
            again(call_off).revision,
            "A month more.",
            material=True,
            deadline=deadline.isoformat(),
        )
        oak = tender_of(call_off, "oak")
        confirm_tender(market.oak, oak.reference, oak.revision)
    due = remind_at(call_off)
    assert due == tender_reminder(moment, past_deadline(again(call_off)))
    assert move_due(due - SECOND)["tenders_reminded"] == 0
    assert (move_due(due)["tenders_reminded"], move_due(due)["tenders_reminded"]) == (1, 0)
    assert reminders() == [tender_of(call_off, "yew").reference]


def test_after_an_expression_of_interest_it_is_counted_from_the_invitation(contest: Contest) -> None:
    call_off = published(contest, plan={"interest_until": after(days=3)})
    for lead in (contest.market.oak, contest.market.yew):
        for one in Invitation.objects.filter(competition__call_off=call_off):
            if one.asked.appointment.supplier.reference == ("oak" if lead is contest.market.oak else "yew"):
                express_interest(lead, one.reference, interested=True)
    ended = call_off.competition.interest_until
    assert ended is not None
    with at(ended):
        move_due()
    assert remind_at(call_off) == tender_reminder(ended, past_deadline(call_off))


def test_whoever_has_not_said_whether_it_is_interested_is_reminded_once(contest: Contest) -> None:
    call_off = published(contest, plan={"interest_until": after(days=5)})
    oak = Invitation.objects.get(asked__appointment__supplier__reference="oak")
    express_interest(contest.market.oak, oak.reference, interested=False)
    competition = Competition.objects.get(call_off=call_off)
    due, until = remind_at(call_off), competition.interest_until
    assert competition.published_at is not None
    assert until is not None
    assert due == tender_reminder(competition.published_at, until)
    assert move_due(due - SECOND)["interest_reminded"] == 0
    assert move_due(due)["interest_reminded"] == 1
    assert move_due(due)["interest_reminded"] == move_due(until - SECOND)["interest_reminded"] == 0
    event = Event.objects.get(type="invitation.reminded")
    assert event.references["supplier"] == "yew"
    assert told(event.type) == {"inbox": {"yew"}, "email": {"editor@yew.example.org"}}


def test_the_reminder_of_interest_moves_with_its_end_and_never_comes_after_it(contest: Contest) -> None:
    call_off = published(contest, plan={"interest_until": after(days=5), "clarify_until": after(days=9)})
    before = remind_at(call_off)
    changes = {"interest_until": after(days=8)}
    extend_competition(contest.market.buyer, call_off.reference, call_off.revision, changes, "Asked.")
    assert remind_at(call_off) > before
    assert move_due(before)["interest_reminded"] == 0
    until = Competition.objects.get(call_off=call_off).interest_until
    assert until is not None
    with at(until):
        assert (move_due()["interest_reminded"], move_due()["interest_reminded"]) == (0, 0)
    assert not Event.objects.filter(type="invitation.reminded").exists()


def test_whoever_is_silent_is_reminded_again_where_the_end_of_interest_moved(contest: Contest) -> None:
    call_off = published(contest, plan={"interest_until": after(days=5), "clarify_until": after(days=12)})
    before = remind_at(call_off)
    assert move_due(before)["interest_reminded"] == 2
    with at(before + SECOND):
        changes = {"interest_until": after(days=7)}
        extend_competition(contest.market.buyer, call_off.reference, again(call_off).revision, changes, "So.")
    due = remind_at(call_off)
    assert due > before
    assert move_due(due - SECOND)["interest_reminded"] == 0
    assert (move_due(due)["interest_reminded"], move_due(due)["interest_reminded"]) == (2, 0)
    assert Event.objects.filter(type="invitation.reminded").count() == 4


@pytest.mark.parametrize(
    ("deadline", "days", "moment"),
    [
        ("2026-03-06T12:00", 2, "2026-03-04T12:00"),
        # A Monday: the Friday and the Thursday before it.
        ("2026-03-09T12:00", 2, "2026-03-05T12:00"),
        # After Easter.
        ("2026-04-07T09:00", 2, "2026-04-01T09:00"),
        # The clocks go forward between: the time of the day stays London's.
        ("2026-03-30T12:00", 1, "2026-03-27T12:00"),
    ],
)
def test_working_days_are_counted_back(deadline: str, days: int, moment: str) -> None:
    ends, found = (datetime.fromisoformat(one).replace(tzinfo=LONDON) for one in (deadline, moment))
    assert before_working_days(ends, days) == found


@given(
    invited=st.datetimes(
        min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis asks for naive bounds
        max_value=datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.just(LONDON),
    ),
    hours=st.integers(min_value=1, max_value=24 * 60),
)
def test_a_reminder_lies_between_invitation_and_deadline_in_its_later_half(
    invited: datetime, hours: int
) -> None:
    deadline = invited + timedelta(hours=hours)
    due = tender_reminder(invited, deadline)
    assert invited < due < deadline
    assert due - invited >= (deadline - invited) / 2 - timedelta(hours=1)
    between = [due.astimezone(LONDON).date() + timedelta(days=n) for n in range((deadline - due).days + 2)]
    assert sum(is_working_day(one) for one in between if one < deadline.astimezone(LONDON).date()) <= 3

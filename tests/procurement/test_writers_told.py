"""Members whom a lead lets write a tender hear what it hears; the buyer hears what has passed, and what is untold."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from procurement.actions.assessing import declare_interests
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.due import move_due
from procurement.actions.files import add_document, remove_document
from procurement.actions.passed_windows import lapse_question
from procurement.actions.ranking import ask_about_price, explain_price
from procurement.actions.tenders import let_write
from procurement.call_off_facts import facts_of
from procurement.models import CallOff, Competition, Delivery, Event, LowPriceQuestion, SupplierMember
from procurement.notices import notice_for, worded
from tests.competed import (
    RULES,
    Contest,
    after,
    at,
    evaluated,
    past_deadline,
    published,
    submitted,
    team,
    tender_of,
    told,
)

SECOND = timedelta(seconds=1)
ASH, OAK, YEW = (f"editor@{one}.example.org" for one in ("ash", "oak", "yew"))
BUYERS = {"editor@shire.example.org", "approver@shire.example.org"}
CHEAP = {"rules": RULES | {"low_price": 95}}


def let(contest: Contest, call_off: CallOff, *partners: str) -> None:
    tender = tender_of(call_off, "oak")
    let_write(contest.market.oak, tender.reference, tender.revision, partners)


def emailed(kind: str, position: int = -1) -> set[str]:
    """Who gets an e-mail of one of the events of a type, the last unless told."""
    event = list(Event.objects.filter(type=kind).order_by("position"))[position]
    rows = Delivery.objects.filter(event=event, channel="email")
    return set(rows.values_list("user__email", flat=True))


def test_a_member_that_may_write_is_told_once_and_the_buyer_hears_nothing(contest: Contest) -> None:
    call_off = published(contest)
    let(contest, call_off, "ash")
    assert told("tender.drafters_named") == {"inbox": {"ash"}, "email": {ASH}}
    event = Event.objects.get(type="tender.drafters_named")
    assert {one.organisation.reference for one in event.audience.all()} == {"oak", "ash"}
    let(contest, call_off, "ash", "elm")
    assert emailed("tender.drafters_named") == set()
    last = Event.objects.filter(type="tender.drafters_named").latest("position")
    assert (last.references["partner"], last.changes["drafters"]) == (["elm"], ["ash", "elm"])


def test_a_member_that_may_write_hears_of_changes_the_reminder_and_the_close(contest: Contest) -> None:
    call_off = published(contest)
    let(contest, call_off, "ash")
    call_off.refresh_from_db()
    changes = {"deadline": after(days=28)}
    extend_competition(contest.market.buyer, call_off.reference, call_off.revision, changes, "Asked.")
    assert emailed("call_off.extended") == {ASH, OAK, YEW}
    due = Competition.objects.get(call_off=call_off).remind_at
    assert due is not None
    move_due(due)
    of_oak = Event.objects.get(type="tender.reminded", subject=tender_of(call_off, "oak").reference)
    rows = Delivery.objects.filter(event=of_oak, channel="email")
    assert set(rows.values_list("user__email", flat=True)) == {ASH, OAK}
    call_off = CallOff.objects.get(pk=call_off.pk)
    with at(past_deadline(call_off)):
        move_due()
    # Nobody has tendered.
    assert emailed("call_off.unsuccessful") == {ASH, OAK, YEW} | BUYERS


def test_a_member_hears_that_it_has_closed_and_not_with_how_many_tenders(contest: Contest) -> None:
    call_off = published(contest)
    let(contest, call_off, "ash")
    submitted(contest.market.yew, call_off, "yew", team=team("500.00", "900.00"))
    with at(past_deadline(call_off)):
        move_due()
    assert emailed("call_off.closed") == {ASH} | BUYERS
    event = Event.objects.get(type="call_off.closed")
    assert {one.organisation.reference for one in event.audience.all()} == {"shire"}


def test_one_that_left_hears_nothing_more(contest: Contest) -> None:
    call_off = published(contest)
    let(contest, call_off, "ash")
    SupplierMember.objects.filter(partner__reference="ash").update(left_on=timezone.localdate())
    call_off.refresh_from_db()
    changes = {"deadline": after(days=28)}
    extend_competition(contest.market.buyer, call_off.reference, call_off.revision, changes, "Asked.")
    assert emailed("call_off.extended") == {OAK, YEW}


def test_the_buyer_is_told_once_that_a_standstill_has_ended(contest: Contest) -> None:
    call_off, buyer = evaluated(contest, plan={"standstill": True}), contest.market.buyer
    until = intend_award(buyer, call_off.reference, call_off.revision).standstill_until
    assert until is not None
    assert move_due(until - SECOND)["standstills_ended"] == 0
    assert move_due(until)["standstills_ended"] == 1
    assert move_due(until + timedelta(days=9))["standstills_ended"] == 0
    assert told("call_off.standstill_ended") == {"inbox": {"shire"}, "email": BUYERS}
    assert Event.objects.get(type="call_off.standstill_ended").actor == "system"
    call_off.refresh_from_db()
    with at(until):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    assert move_due(until + timedelta(days=9))["standstills_ended"] == 0


def said_of_standstill() -> tuple[bool, str]:
    """Whether the award is blocked, and what the buyer is told."""
    event = Event.objects.get(type="call_off.standstill_ended")
    return event.changes["blocked"], worded(event, notice_for(event.type, "organisation"), {}).text


def test_that_it_can_be_awarded_is_told_where_nothing_else_blocks_it(contest: Contest) -> None:
    call_off, buyer = evaluated(contest, plan={"standstill": True}), contest.market.buyer
    until = intend_award(buyer, call_off.reference, call_off.revision).standstill_until
    move_due(until)
    ended = f"The standstill of the competition {call_off.reference} has ended"
    assert said_of_standstill() == (False, f"{ended}: it can be awarded.")


def test_where_scores_count_no_longer_only_the_end_of_the_standstill_is_told(contest: Contest) -> None:
    call_off, buyer = evaluated(contest, plan={"standstill": True}), contest.market.buyer
    until = intend_award(buyer, call_off.reference, call_off.revision).standstill_until
    declare_interests(contest.moderator, call_off.reference, conflict=True, note="A cousin.")
    move_due(until)
    ended = f"The standstill of the competition {call_off.reference} has ended"
    assert said_of_standstill() == (True, f"{ended}.")


def test_a_price_that_does_not_look_low_now_is_not_told_as_unexplained(contest: Contest) -> None:
    call_off, market = evaluated(contest, plan=CHEAP), contest.market
    oak = tender_of(call_off, "oak")
    asked = ask_about_price(market.buyer, oak.reference, "How so?")
    competition = Competition.objects.get(call_off=call_off)
    ranked = competition.ranking
    assert ranked is not None
    for none_low in (ranked | {"low": {}}, None):
        Competition.objects.filter(pk=competition.pk).update(ranking=none_low)
        assert move_due(asked.answer_by)["prices_unanswered"] == 0
        assert not lapse_question(oak.reference, asked.answer_by)
        assert LowPriceQuestion.objects.get().lapsed_at is None
    assert Event.objects.filter(type="tender.price_unanswered").count() == 0
    # Once it looks low again, it is told.
    Competition.objects.filter(pk=competition.pk).update(ranking=ranked)
    declare_interests(contest.moderator, call_off.reference, conflict=True, note="A cousin.")
    assert move_due(asked.answer_by)["prices_unanswered"] == 0
    declare_interests(contest.moderator, call_off.reference, conflict=False)
    assert move_due(asked.answer_by)["prices_unanswered"] == 1


def test_the_buyer_is_told_once_that_a_low_price_was_not_explained_in_time(contest: Contest) -> None:
    call_off, market = evaluated(contest, plan=CHEAP), contest.market
    asked = ask_about_price(market.buyer, tender_of(call_off, "oak").reference, "How so?")
    assert move_due(asked.answer_by - SECOND)["prices_unanswered"] == 0
    assert move_due(asked.answer_by)["prices_unanswered"] == 1
    assert move_due(asked.answer_by)["prices_unanswered"] == 0
    assert told("tender.price_unanswered") == {"inbox": {"shire"}, "email": BUYERS}


def test_nobody_is_told_of_a_price_that_was_explained_in_time(contest: Contest) -> None:
    call_off, market = evaluated(contest, plan=CHEAP), contest.market
    oak = tender_of(call_off, "oak")
    asked = ask_about_price(market.buyer, oak.reference, "How so?")
    explain_price(market.oak, oak.reference, "We own the tools.")
    assert move_due(asked.answer_by)["prices_unanswered"] == 0
    assert Event.objects.filter(type="tender.price_unanswered").count() == 0


def test_a_document_that_is_told_to_nobody_is_mentioned_until_it_is_told_or_removed(contest: Contest) -> None:
    call_off, buyer = published(contest), contest.market.buyer

    def untold() -> list[tuple[str, str, str]]:
        facts = facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate())
        return [(one.pointer, one.code, one.message) for one in facts.blocking]

    assert untold() == []
    later = add_document(buyer, call_off.reference, "More.txt", [b"More."])
    assert untold() == [
        (
            "/documents",
            "not_told",
            "More.txt was added since it went out and is told to nobody: amend the competition with it, or remove it.",
        )
    ]
    remove_document(buyer, call_off.reference, later.reference)
    assert untold() == []
    add_document(buyer, call_off.reference, "Last.txt", [b"Last."])
    call_off.refresh_from_db()
    amend_competition(buyer, call_off.reference, call_off.revision, "A form.", material=False)
    assert untold() == []

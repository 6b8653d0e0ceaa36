"""Who is told, in the inbox and by e-mail, of each turn that somebody else took, or the clock."""

from __future__ import annotations

import pytest

from procurement.actions.awards import award_direct, cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition
from procurement.actions.contracts import complete_contract, extend_contract, sign_contract
from procurement.actions.due import move_due
from procurement.actions.interest import express_interest
from procurement.actions.joining import (
    JoiningDraft,
    agree_joining,
    check_joining,
    draft_joining,
    submit_joining,
    withdraw_joining,
)
from procurement.actions.ranking import disqualify
from procurement.models import BuyerLimit, Contract, Delivery, Event, Framework, Invitation
from tests.bought import accepted, begin, drafted
from tests.competed import (
    Contest,
    after,
    at,
    closed,
    evaluated,
    past_deadline,
    published,
    tender_of,
    told,
)
from tests.world import editor_of

pytestmark = pytest.mark.django_db

BUYER = {"editor@shire.example.org", "approver@shire.example.org"}
OAK = {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
OAK_AND_YEW = {"inbox": {"oak", "yew"}, "email": {"editor@oak.example.org", "editor@yew.example.org"}}
OWNER = {"inbox": {"owner"}, "email": {"editor@owner.example.org"}}
YEW_INBOX = {"inbox": {"yew"}}
TO_OAK = JoiningDraft("yew", "wr1~1", "oak", "We evaluate.", [{"specialism": "wr1~1~3", "regions": ["TLC"]}])
ALONE = JoiningDraft("ash", "wr1~2a", None, "We design.", [{"specialism": "wr1~2a~3"}])


def readers(event: Event) -> set[str]:
    return {one.organisation.reference for one in event.audience.all()}


def together(*told_to: dict[str, set[str]]) -> dict[str, set[str]]:
    return {
        channel: set().union(*(one.get(channel, set()) for one in told_to)) for channel in ("inbox", "email")
    }


def test_the_buyer_is_told_where_the_clock_ends_a_competition_without_a_tender(contest: Contest) -> None:
    call_off = published(contest)
    with at(past_deadline(call_off)):
        move_due()
    assert told("call_off.unsuccessful") == together(OAK_AND_YEW, {"inbox": {"shire"}, "email": BUYER})


def test_the_buyer_is_not_told_what_it_did_itself(contest: Contest) -> None:
    call_off = published(contest)
    fail_call_off(contest.market.buyer, call_off.reference, call_off.revision, "The need has gone.")
    assert told("call_off.unsuccessful") == OAK_AND_YEW


def test_all_that_were_asked_are_told_where_nobody_was_interested(contest: Contest) -> None:
    call_off = published(contest, plan={"interest_until": after(days=3)})
    yew = Invitation.objects.get(asked__appointment__supplier__reference="yew")
    express_interest(contest.market.yew, yew.reference, interested=False)
    until = call_off.competition.interest_until
    assert until is not None
    with at(until):
        move_due()
    assert told("call_off.unsuccessful") == together(OAK_AND_YEW, {"inbox": {"shire"}, "email": BUYER})
    assert readers(Event.objects.get(type="call_off.unsuccessful")) == {"shire", "oak", "yew"}


def test_a_disqualified_tenderer_is_told_at_once_and_where_the_award_is_taken_back(contest: Contest) -> None:
    market, call_off = contest.market, evaluated(contest)
    yew = tender_of(call_off, "yew")
    disqualify(market.buyer, yew.reference, yew.revision, "not_compliant", "Not as asked.")
    assert told("tender.disqualified") == {"inbox": {"yew"}, "email": {"editor@yew.example.org"}}
    call_off.refresh_from_db()
    award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    call_off.refresh_from_db()
    undo_award(market.approver, call_off.reference, call_off.revision, "A score was wrong.")
    yew.refresh_from_db()
    assert (yew.status, yew.letters.count()) == ("disqualified", 2)
    assert Event.objects.filter(type="tender.told", references__supplier="yew").count() == 2
    call_off.refresh_from_db()
    cancel_call_off(market.buyer, call_off.reference, call_off.revision, "The need has gone.")
    assert told("call_off.cancelled") == OAK_AND_YEW


def test_an_award_is_read_by_the_winner_and_by_no_other_supplier(contest: Contest) -> None:
    call_off = evaluated(contest)
    award_competition(contest.market.buyer, call_off.reference, call_off.revision, "None known")
    event = Event.objects.get(type="call_off.awarded")
    assert (event.references["supplier"], readers(event)) == ("oak", {"shire", "oak"})
    assert set(event.changes) == {"value", "maximum"}


def test_the_second_signature_tells_that_both_have_signed_and_later_turns_reach_the_supplier(
    contest: Contest,
) -> None:
    market = contest.market
    call_off = accepted(market).call_off
    call_off.refresh_from_db()
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known")
    sign_contract(market.oak, contract.reference, 1)
    assert told("contract.signed") == {"inbox": {"oak", "shire"}}
    first = Event.objects.get(type="contract.signed")
    sign_contract(market.buyer, contract.reference, 2)
    second = Event.objects.filter(type="contract.signed").latest("position")
    assert (first.changes, second.changes) == (
        {"side": "supplier", "both": False},
        {"side": "buyer", "both": True},
    )
    assert not Delivery.objects.filter(event=second).exists()
    assert told("contract.concluded") == together(OAK, {"inbox": {"shire"}, "email": BUYER})
    extend_contract(market.buyer, contract.reference, 3)
    complete_contract(market.buyer, begin(Contract.objects.get()).reference, 4)
    assert told("contract.extended") == told("contract.completed") == OAK


def test_whoever_scores_is_told_when_named_and_when_the_tenders_are_opened(contest: Contest) -> None:
    call_off = closed(contest)
    people = {one.reference for one in (contest.first, contest.second, contest.moderator)}
    named = Event.objects.filter(type="call_off.person_added").order_by("position")
    rows = Delivery.objects.filter(event__in=named).values_list("channel", "user__reference")
    assert set(rows) == {("inbox", one) for one in people}
    open_tenders(contest.market.buyer, call_off.reference, call_off.revision)
    event = Event.objects.get(type="call_off.tenders_opened")
    assert set(event.references["user"]) == people
    rows = Delivery.objects.filter(event=event).values_list("channel", "user__reference")
    assert sorted(rows) == sorted(("inbox", one) for one in people)


def test_the_approvers_are_told_that_an_approval_is_asked_for(contest: Contest) -> None:
    market = contest.market
    call_off = drafted(market.buyer)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=0)
    ask_approval(market.buyer, call_off.reference, call_off.revision)
    assert told("call_off.approval_asked") == {"inbox": {"shire"}, "email": {"approver@shire.example.org"}}
    call_off.refresh_from_db()
    assert (call_off.status, call_off.approved_minor) == ("draft", None)


def test_an_approval_is_told_to_those_who_may_go_on(contest: Contest) -> None:
    market = contest.market
    call_off = drafted(market.buyer)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=0)
    approve_call_off(market.approver, call_off.reference, call_off.revision)
    assert told("call_off.approved") == {"inbox": {"shire"}, "email": BUYER}


@pytest.mark.parametrize("name", ["buyer", "approver"])
def test_whoever_gave_an_approval_that_an_edit_takes_away_is_told_once(contest: Contest, name: str) -> None:
    market = contest.market
    call_off = drafted(market.buyer)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=0)
    call_off = approve_call_off(market.approver, call_off.reference, call_off.revision)
    editor = getattr(market, name)
    call_off = edit_call_off(editor, call_off.reference, call_off.revision, {"title": call_off.title})
    assert (call_off.status, Event.objects.filter(type="call_off.approval_lapsed").count()) == ("approved", 0)
    call_off = edit_call_off(editor, call_off.reference, call_off.revision, {"title": "Another"})
    # What no approval stands for any more is said to nobody.
    edit_call_off(editor, call_off.reference, call_off.revision, {"title": "Another one"})
    event = Event.objects.get(type="call_off.approval_lapsed")
    assert event.references == {"organisation": "shire", "user": [market.approver.reference]}
    rows = Delivery.objects.filter(event=event).values_list("channel", "user__reference")
    assert list(rows) == [("inbox", market.approver.reference)]
    assert readers(event) == {"shire"}


def test_an_application_is_told_to_whoever_is_to_act_on_it(contest: Contest) -> None:
    market = contest.market
    owner = editor_of("owner")
    joining = draft_joining(market.yew, TO_OAK)
    submit_joining(market.yew, joining.reference, 1)
    assert told("joining.submitted") == OAK
    agree_joining(market.oak, joining.reference, 2)
    assert told("joining.agreed") == together(OWNER, YEW_INBOX)
    check_joining(owner, joining.reference, 3)
    assert told("joining.checked") == YEW_INBOX
    withdraw_joining(market.yew, joining.reference, 4)
    assert told("joining.withdrawn") == {"inbox": {"oak", "owner"}}
    assert readers(Event.objects.get(type="joining.withdrawn")) == {"oak", "owner", "yew"}


def test_what_a_firm_alone_submits_is_told_to_the_owner_and_a_draft_that_ends_to_nobody(
    contest: Contest,
) -> None:
    market = contest.market
    editor_of("owner")
    draft = draft_joining(market.yew, TO_OAK)
    withdraw_joining(market.yew, draft.reference, 1)
    assert told("joining.withdrawn") == {}
    assert readers(Event.objects.get(type="joining.withdrawn")) == {"yew"}
    Framework.objects.update(regime="pa2023")
    joining = draft_joining(market.ash, ALONE)
    submit_joining(market.ash, joining.reference, 1)
    assert told("joining.submitted") == OWNER

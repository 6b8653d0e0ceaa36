"""A tender that was disqualified, or said not to sign, by mistake takes part again while tenders are evaluated and no
outcome is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from procurement.actions.assessing import agree, assess
from procurement.actions.awards import award_not_signed, cancel_call_off, undo_award
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competition_changes import amend_competition
from procurement.actions.due import move_due
from procurement.actions.ranking import (
    ANSWER_DAYS,
    accept_price,
    ask_about_price,
    conclude_evaluation,
    disqualify,
    evaluate_again,
    explain_price,
)
from procurement.actions.reinstating import reinstate
from procurement.actions.requirements import revise_requirement
from procurement.available import Turn
from procurement.deadlines import after_working_days
from procurement.errors import Conflict, Invalid, NotPermitted, Stale
from procurement.invitation_document import instant
from procurement.models import CallOff, Event, LowPriceQuestion, OutcomeLetter, Tender
from procurement.notices import notice_for, worded
from procurement.states import Part
from procurement.tender_facts import steps_of
from tests.competed import (
    RULES,
    Contest,
    at,
    evaluated,
    opened,
    past_deadline,
    published,
    submitted,
    tender_of,
    told,
)
from tests.turns import codes, turn

pytestmark = pytest.mark.django_db

WHY = "Its answer was on another page."


def out(contest: Contest, call_off: CallOff, ground: str = "not_compliant") -> Tender:
    """Oak's tender, disqualified."""
    oak = tender_of(call_off, "oak")
    return disqualify(contest.market.buyer, oak.reference, oak.revision, ground, "Not as asked.")


def ranks(call_off: CallOff) -> list[str]:
    call_off.competition.refresh_from_db()
    rows = (call_off.competition.ranking or {"rows": []})["rows"]
    names = {tender_of(call_off, one).reference: one for one in ("oak", "yew")}
    return [names[one["tender"]] for one in sorted(rows, key=lambda one: one["rank"])]


def kept() -> list[Any]:
    return [
        Event.objects.count(),
        OutcomeLetter.objects.count(),
        list(Tender.objects.order_by("pk").values()),
        list(LowPriceQuestion.objects.values()),
        list(CallOff.objects.values()),
    ]


def refused(contest: Contest, tender: Tender, kind: type[Exception], message: str) -> None:
    before = kept()
    with pytest.raises(kind) as refusal:
        reinstate(contest.market.buyer, tender.reference, tender.revision, WHY)
    assert str(refusal.value) == message
    assert kept() == before
    assert "reinstate" not in steps_of(contest.market.buyer, Tender.objects.get(pk=tender.pk))


def test_it_is_ranked_anew_and_a_letter_tells_its_lead_why(contest: Contest) -> None:
    call_off = evaluated(contest)
    first = ranks(call_off)
    oak = out(contest, call_off)
    assert ranks(call_off) == ["yew"]
    assert "reinstate" in steps_of(contest.market.buyer, oak)
    oak = reinstate(contest.market.buyer, oak.reference, oak.revision, WHY)
    assert (oak.status, oak.ground, oak.reason, ranks(call_off)) == ("submitted", "", "", first)
    letter = OutcomeLetter.objects.get(tender=oak)
    said = json.loads(letter.document)
    assert (said["outcome"], said["reason"], said["tender"]) == ("reinstated", WHY, oak.reference)
    event = Event.objects.get(type="tender.reinstated")
    assert event.changes == {"reason": WHY, "letter": letter.reference, "digest": letter.digest}
    assert told("tender.reinstated") == {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
    assert codes(call_off) == []
    assert "intend" in turn(call_off).steps


def test_one_that_was_out_before_it_was_scored_is_scored_before_anything_is_told(contest: Contest) -> None:
    call_off = opened(contest)
    oak, yew = out(contest, call_off), tender_of(call_off, "yew")
    for key in ("method", "social"):
        assess(contest.first, yew.reference, key, 4, "So.")
        agree(contest.moderator, yew.reference, key, 4, "So.")
    call_off.refresh_from_db()
    conclude_evaluation(contest.market.buyer, call_off.reference, call_off.revision)
    oak = reinstate(contest.market.buyer, oak.reference, oak.revision, WHY)
    assert ranks(call_off) == ["yew"]
    call_off.refresh_from_db()
    assert codes(call_off) == ["not_counted"]
    assert turn(call_off) == Turn((Part.OWNER, Part.MODERATOR), ("evaluate_again",))
    with pytest.raises(Conflict):
        intend_award(contest.market.buyer, call_off.reference, call_off.revision)
    evaluate_again(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    # What counts stands, as prices have been read; what is missing is given.
    with pytest.raises(Conflict):
        agree(contest.moderator, yew.reference, "method", 1, "So.")
    for key in ("method", "social"):
        assess(contest.first, oak.reference, key, 5, "So.")
        agree(contest.moderator, oak.reference, key, 5, "So.")
    call_off.refresh_from_db()
    conclude_evaluation(contest.market.buyer, call_off.reference, call_off.revision)
    assert set(ranks(call_off)) == {"oak", "yew"}
    call_off.refresh_from_db()
    assert codes(call_off) == []


def test_while_it_is_evaluated_it_is_scored_with_the_others(contest: Contest) -> None:
    call_off = opened(contest)
    oak = out(contest, call_off)
    oak = reinstate(contest.market.buyer, oak.reference, oak.revision, WHY)
    call_off.refresh_from_db()
    assert (oak.status, call_off.status, ranks(call_off)) == ("submitted", "evaluating", [])
    assess(contest.first, oak.reference, "method", 4, "So.")
    assert "reinstate" not in steps_of(contest.market.buyer, oak)


def test_what_was_asked_about_its_low_price_is_open_again(contest: Contest) -> None:
    call_off = evaluated(contest, plan={"rules": RULES | {"low_price": 95}})
    buyer, oak = contest.market.buyer, tender_of(call_off, "oak")
    asked = ask_about_price(buyer, oak.reference, "How?")
    by = asked.answer_by
    explain_price(contest.market.oak, oak.reference, "From other work.")
    with at(asked.answer_by + timedelta(seconds=1)):
        oak = out(contest, call_off, "abnormally_low")
        oak = reinstate(buyer, oak.reference, oak.revision, WHY)
    asked.refresh_from_db()
    assert (asked.accepted, asked.decided_at, asked.answer) == (None, None, "From other work.")
    assert asked.answer_by == by
    assert "answer_by" not in Event.objects.get(type="tender.reinstated").changes
    assert turn(call_off) == Turn((Part.OWNER,), ("accept_price", "disqualify"))
    accept_price(buyer, oak.reference, "Seen.")
    assert "intend" in turn(call_off).steps


@pytest.mark.parametrize("ground", ["abnormally_low", "not_compliant"])
def test_a_low_price_that_was_not_explained_is_to_be_within_new_days_that_the_letter_says(
    contest: Contest, ground: str
) -> None:
    call_off = evaluated(contest, plan={"rules": RULES | {"low_price": 95}})
    buyer, oak = contest.market.buyer, tender_of(call_off, "oak")
    asked = ask_about_price(buyer, oak.reference, "How?")
    late = asked.answer_by + timedelta(days=3)
    assert move_due(asked.answer_by)["prices_unanswered"] == 1
    with at(late):
        oak = out(contest, call_off, ground)
        oak = reinstate(buyer, oak.reference, oak.revision, WHY)
        until = after_working_days(late, ANSWER_DAYS)
        asked.refresh_from_db()
        assert (asked.accepted, asked.decided_at, asked.lapsed_at) == (None, None, None)
        assert (asked.answer_by, asked.answered_at, asked.question) == (until, None, "How?")
        assert turn(call_off) == Turn((Part.LEAD,), ("answer_price",), until)
        before = kept()
        with pytest.raises(Conflict, match="The time to explain its price still runs"):
            out(contest, call_off, "abnormally_low")
        assert kept() == before
    event = Event.objects.get(type="tender.reinstated")
    letter = OutcomeLetter.objects.get(tender=oak)
    assert json.loads(letter.document)["answer_by"] == event.changes["answer_by"] == instant(until)
    assert worded(event, notice_for(event.type, "lead"), {}).text == (
        f"Your tender for the call-off {call_off.reference} takes part again: its letter says why. "
        "Its price is to be explained: it says by when."
    )
    assert move_due(until - timedelta(seconds=1))["prices_unanswered"] == 0
    assert move_due(until)["prices_unanswered"] == 1
    with at(until):
        assert turn(call_off) == Turn((Part.OWNER,), ("disqualify",))


def test_once_an_outcome_is_told_it_is_taken_back_first(contest: Contest) -> None:
    call_off = evaluated(contest)
    oak = out(contest, call_off)
    call_off.refresh_from_db()
    intend_award(contest.market.buyer, call_off.reference, call_off.revision)
    oak.refresh_from_db()
    late = "A tender takes part again only while tenders are evaluated and no outcome is told."
    refused(contest, oak, Conflict, late)
    call_off.refresh_from_db()
    undo_award(contest.market.approver, call_off.reference, call_off.revision, "Oak was right.")
    oak.refresh_from_db()
    assert "reinstate" in steps_of(contest.market.buyer, oak)
    reinstate(contest.market.buyer, oak.reference, oak.revision, WHY)
    assert set(ranks(call_off)) == {"oak", "yew"}


def test_one_that_was_said_not_to_sign_is_ranked_and_awarded_again(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    award_competition(buyer, call_off.reference, call_off.revision, "None known")
    call_off.refresh_from_db()
    call_off = award_not_signed(buyer, call_off.reference, call_off.revision, "They never wrote.")
    oak = tender_of(call_off, "oak")
    assert (oak.status, ranks(call_off)) == ("not_signed", ["yew"])
    oak = reinstate(buyer, oak.reference, oak.revision, "Their letter had gone astray.")
    assert (oak.status, oak.reason, ranks(call_off)) == ("submitted", "", ["oak", "yew"])
    call_off.refresh_from_db()
    contract = award_competition(buyer, call_off.reference, call_off.revision, "None known")
    assert contract.appointment.supplier.reference == "oak"


def test_it_is_not_once_the_call_off_has_ended(contest: Contest) -> None:
    call_off = evaluated(contest)
    oak = out(contest, call_off)
    call_off.refresh_from_db()
    cancel_call_off(contest.market.buyer, call_off.reference, call_off.revision, "No money.")
    oak.refresh_from_db()
    refused(
        contest,
        oak,
        Conflict,
        "A tender takes part again only while tenders are evaluated and no outcome is told.",
    )


def test_one_that_answers_to_an_earlier_amendment_stays_out(contest: Contest) -> None:
    call_off = published(contest)
    submitted(contest.market.oak, call_off, "oak")
    requirement = call_off.requirement.requirement
    revise_requirement(contest.market.buyer, requirement.reference, requirement.revision, {"text": "More."})
    amend_competition(contest.market.buyer, call_off.reference, call_off.revision, "More.", material=True)
    submitted(contest.market.yew, call_off, "yew")
    with at(past_deadline(call_off)):
        move_due()
    call_off.refresh_from_db()
    open_tenders(contest.market.buyer, call_off.reference, call_off.revision)
    from_the_clock = tender_of(call_off, "oak")
    assert (from_the_clock.status, from_the_clock.ground) == ("disqualified", "not_confirmed")
    refused(
        contest,
        from_the_clock,
        Conflict,
        "It does not answer to the last amendment: it cannot take part again.",
    )


@pytest.mark.parametrize(
    ("who", "stale", "reason", "kind"),
    [
        (lambda all_: all_.first, 0, WHY, NotPermitted),
        (lambda all_: all_.moderator, 0, WHY, NotPermitted),
        (lambda all_: all_.market.oak, 0, WHY, NotPermitted),
        (lambda all_: all_.market.buyer, 1, WHY, Stale),
        (lambda all_: all_.market.buyer, 0, " ", Invalid),
    ],
)
def test_nobody_but_the_owner_with_a_reason_lets_it(
    contest: Contest, who: Callable[[Contest], Any], stale: int, reason: str, kind: type[Exception]
) -> None:
    oak = out(contest, evaluated(contest))
    before = kept()
    with pytest.raises(kind):
        reinstate(who(contest), oak.reference, oak.revision - stale, reason)
    assert kept() == before

"""Whom the line of a competition names next, where its status alone does not say: what is named is not refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.awards import undo_award
from procurement.actions.call_off_people import add_person, remove_person
from procurement.actions.call_offs import approve_call_off
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.due import move_due
from procurement.actions.interest import express_interest
from procurement.actions.ranking import accept_price, ask_about_price, disqualify, explain_price
from procurement.available import Turn
from procurement.call_off_facts import competing
from procurement.errors import Conflict, Invalid
from procurement.models import BuyerLimit, Invitation, Organisation
from procurement.states import Part
from tests.competed import (
    RULES,
    Contest,
    after,
    at,
    closed,
    evaluated,
    opened,
    past_deadline,
    published,
    submitted,
    tender_of,
)
from tests.turns import codes, shown, suspend, turn
from tests.world import editor_of

pytestmark = pytest.mark.django_db

ASSESSORS, MODERATOR = (Part.ASSESSOR,), (Part.MODERATOR,)
OWNER, APPROVER, CLOCK = (Part.OWNER,), (Part.APPROVER,), (Part.SYSTEM,)
CHEAP: dict[str, Any] = {"rules": RULES | {"low_price": 95}}
"""With it oak's 6,350.00 looks low beside yew's 7,350.00."""


def test_assessors_declare_and_score_then_the_moderator_agrees_then_it_is_concluded(contest: Contest) -> None:
    call_off = closed(contest)
    assert turn(call_off) == Turn(OWNER, ("open_tenders",))
    open_tenders(contest.market.buyer, call_off.reference, call_off.revision)
    assert turn(call_off) == Turn(ASSESSORS, ("declare",))
    declare_interests(contest.first, call_off.reference, conflict=False)
    assert turn(call_off) == Turn(ASSESSORS, ("declare", "assess"))
    declare_interests(contest.second, call_off.reference, conflict=False)
    assert turn(call_off) == Turn(ASSESSORS, ("assess",))
    places = [(tender_of(call_off, name), key) for name in ("oak", "yew") for key in ("method", "social")]
    for tender, key in places:
        assert turn(call_off) == Turn(ASSESSORS, ("assess",))
        assess(contest.first, tender.reference, key, 4, "Read.")
    assert turn(call_off) == Turn(MODERATOR, ("declare",))
    declare_interests(contest.moderator, call_off.reference, conflict=False)
    for tender, key in places:
        assert turn(call_off) == Turn(MODERATOR, ("agree",))
        agree(contest.moderator, tender.reference, key, 4, "Sound.")
    assert turn(call_off) == Turn((Part.OWNER, Part.MODERATOR), ("conclude",))


def test_while_it_is_out_leads_are_to_say_whether_they_are_interested_then_to_write_and_submit(
    contest: Contest,
) -> None:
    call_off = published(contest, plan={"interest_until": after(days=2)})
    asked = turn(call_off)
    assert (asked.who, asked.steps) == ((Part.LEAD,), ("express_interest",))
    for name in ("oak", "yew"):
        one = Invitation.objects.get(asked__appointment__supplier__reference=name)
        express_interest(getattr(contest.market, name), one.reference, True)
    assert turn(call_off) == asked
    assert asked.by is not None
    with at(asked.by):
        assert turn(call_off) == Turn(CLOCK, (), asked.by)
        move_due()
        tendering = turn(call_off)
        assert (tendering.who, tendering.steps) == ((Part.LEAD,), ("draft", "submit"))
        submitted(contest.market.oak, call_off, "oak")
        # Nothing of what is written or submitted is told before the deadline.
        assert turn(call_off) == tendering
    assert tendering.by == past_deadline(call_off)


def test_where_nobody_is_left_to_score_the_owner_names_somebody(contest: Contest) -> None:
    call_off, buyer = opened(contest), contest.market.buyer
    declare_interests(contest.first, call_off.reference, conflict=True, note="A cousin.")
    assert turn(call_off) == Turn(ASSESSORS, ("assess",))
    remove_person(buyer, call_off.reference, contest.second.reference, "assessor")
    assert turn(call_off) == Turn(OWNER, ("add_person",))
    another = editor_of("shire", "viewer", "another")
    add_person(buyer, call_off.reference, another.reference, "assessor")
    assert turn(call_off) == Turn(ASSESSORS, ("declare",))


def test_where_an_assessor_has_scored_all_another_is_waited_for(contest: Contest) -> None:
    call_off = opened(contest, plan={"rules": RULES | {"assessors": 2}})
    for name in ("oak", "yew"):
        for key in ("method", "social"):
            assess(contest.first, tender_of(call_off, name).reference, key, 4, "Read.")
    assert turn(call_off) == Turn(ASSESSORS, ("assess",))
    remove_person(contest.market.buyer, call_off.reference, contest.second.reference, "assessor")
    assert turn(call_off) == Turn(OWNER, ("add_person",))


def test_a_moderator_with_a_conflict_is_replaced_before_anything_is_agreed(contest: Contest) -> None:
    call_off = opened(contest)
    for name in ("oak", "yew"):
        for key in ("method", "social"):
            assess(contest.first, tender_of(call_off, name).reference, key, 4, "Read.")
    declare_interests(contest.moderator, call_off.reference, conflict=True, note="A cousin.")
    assert turn(call_off) == Turn(OWNER, ("add_person",))
    add_person(contest.market.buyer, call_off.reference, contest.second.reference, "moderator")
    assert turn(call_off) == Turn(MODERATOR, ("agree",))


def test_a_low_price_is_asked_about_explained_and_judged_before_anybody_tells_the_intention(
    contest: Contest,
) -> None:
    market, call_off = contest.market, evaluated(contest, plan=CHEAP)
    oak = tender_of(call_off, "oak")
    assert turn(call_off) == Turn(OWNER, ("ask_price",))
    asked = ask_about_price(market.buyer, oak.reference, "How do you do it for so little?")
    assert turn(call_off) == Turn((Part.LEAD,), ("answer_price",), asked.answer_by)
    with at(asked.answer_by):
        assert turn(call_off) == Turn(OWNER, ("disqualify",))
    explain_price(market.oak, oak.reference, "We are nearby.")
    assert turn(call_off) == Turn(OWNER, ("accept_price", "disqualify"))
    accept_price(market.buyer, oak.reference, "It holds.")
    assert turn(call_off) == Turn(OWNER, ("intend", "award"))


def test_a_low_price_is_settled_before_its_tender_is_approved(contest: Contest) -> None:
    call_off = evaluated(contest, plan=CHEAP)
    body = Organisation.objects.get(reference="shire")
    BuyerLimit.objects.create(organisation=body, approval_from_minor=100)
    assert turn(call_off) == Turn(OWNER, ("ask_price",))


def test_while_a_standstill_runs_nobody_but_the_clock_acts_and_then_the_owner(contest: Contest) -> None:
    buyer, call_off = contest.market.buyer, evaluated(contest, plan={"standstill": True})
    assert turn(call_off) == Turn(OWNER, ("intend",))
    competition = intend_award(buyer, call_off.reference, call_off.revision)
    until = competition.standstill_until
    assert until is not None
    assert turn(call_off) == Turn(CLOCK, (), until)
    with at(until - timedelta(seconds=1)), pytest.raises(Conflict, match="runs until"):
        award_competition(buyer, call_off.reference, call_off.revision + 1, "None known.")
    with at(until):
        assert turn(call_off) == Turn(OWNER, ("award",))
        award_competition(buyer, call_off.reference, call_off.revision + 1, "None known.")


def test_an_approval_is_waited_for_before_the_standstill(contest: Contest) -> None:
    market, call_off = contest.market, evaluated(contest, plan={"standstill": True})
    until = intend_award(market.buyer, call_off.reference, call_off.revision).standstill_until
    body = Organisation.objects.get(reference="shire")
    BuyerLimit.objects.create(organisation=body, approval_from_minor=100)
    assert turn(call_off) == Turn(APPROVER, ("approve",))
    approve_call_off(market.approver, call_off.reference, call_off.revision + 1)
    assert turn(call_off) == Turn(CLOCK, (), until)


def test_where_nothing_ranks_it_is_ended(contest: Contest) -> None:
    call_off = evaluated(contest, {"oak": (1, 1), "yew": (1, 1)})
    assert turn(call_off) == Turn(OWNER, ("cancel", "fail"))
    assert {"intend", "award"}.isdisjoint(shown(call_off).steps(contest.market.buyer))


def test_where_every_tender_is_out_it_is_ended(contest: Contest) -> None:
    call_off = evaluated(contest)
    for name in ("oak", "yew"):
        tender = tender_of(call_off, name)
        disqualify(contest.market.buyer, tender.reference, tender.revision, "not_compliant", "Off the point.")
    assert turn(call_off) == Turn(OWNER, ("cancel", "fail"))


def test_a_first_rank_that_was_suspended_makes_room_or_the_call_off_ends(contest: Contest) -> None:
    buyer, call_off = contest.market.buyer, evaluated(contest)
    suspend("oak")
    out = Turn(OWNER, ("disqualify", "cancel", "fail"))
    assert (turn(call_off), codes(call_off)) == (out, ["suspended"])
    with pytest.raises(Invalid):
        intend_award(buyer, call_off.reference, call_off.revision)
    oak = tender_of(call_off, "oak")
    disqualify(buyer, oak.reference, oak.revision, "excluded", "Suspended.")
    assert (turn(call_off), codes(call_off)) == (Turn(OWNER, ("intend", "award")), [])


def test_an_intention_for_a_supplier_that_was_suspended_is_taken_back(contest: Contest) -> None:
    market, call_off = contest.market, evaluated(contest, plan={"standstill": True})
    intend_award(market.buyer, call_off.reference, call_off.revision)
    suspend("oak")
    assert (turn(call_off), codes(call_off)) == (Turn(APPROVER, ("undo",)), ["suspended"])
    undo_award(market.approver, call_off.reference, call_off.revision + 1, "Suspended.")
    assert turn(call_off).steps == ("disqualify", "cancel", "fail")


def test_whom_it_waits_for_takes_as_many_queries_however_many_scores_are_missing(
    contest: Contest, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    call_off, now = opened(contest), timezone.now()
    with django_assert_num_queries(6):
        competing(call_off, now)
    assess(contest.first, tender_of(call_off, "oak").reference, "method", 4, "Read.")
    with django_assert_num_queries(6):
        competing(call_off, now)

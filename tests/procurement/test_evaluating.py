"""Tenders assessed blind, agreed, ranked, low prices asked about, the outcome told, awarded and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.awards import award_direct, cancel_call_off, undo_award
from procurement.actions.call_off_people import add_person, remove_person
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.contracts import sign_contract
from procurement.actions.ranking import (
    accept_price,
    ask_about_price,
    conclude_evaluation,
    disqualify,
    explain_price,
)
from procurement.actions.standing import move_appointment
from procurement.competition_checks import missing_scores
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from procurement.models import (
    Assessment,
    CallOff,
    CallOffPerson,
    Consensus,
    Contract,
    Event,
    Framework,
    LowPriceQuestion,
    Organisation,
    OutcomeLetter,
    Tender,
)
from procurement.permissions import SYSTEM
from procurement.querysets_competitions import AssessmentQuerySet, TenderQuerySet
from procurement.sealing import open_to
from tests.competed import (
    RULES,
    Contest,
    agreed,
    at,
    closed,
    evaluated,
    opened,
    published,
    tender_of,
)
from tests.standing import standing
from tests.world import editor_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def one_for_all(contest_of_module: Contest, module_database: None) -> Iterator[None]:
    with standing(contest_of_module, opened):
        yield


CHEAP = {"rules": RULES | {"low_price": 95}}
"""With it oak's 6,350.00 looks low beside yew's 7,350.00."""


def test_people_of_the_organisation_alone_get_a_part_and_lose_it(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    before = CallOffPerson.objects.count()
    add_person(market.buyer, call_off.reference, contest.first.reference, "assessor")
    assert CallOffPerson.objects.count() == before
    for user, part, pointer in (
        (market.stranger.reference, "assessor", "/user"),
        ("usr_nobody", "assessor", "/user"),
        (contest.first.reference, "owner", "/part"),
    ):
        with pytest.raises(Invalid) as refusal:
            add_person(market.buyer, call_off.reference, user, part)
        assert [one.pointer for one in refusal.value.faults] == [pointer]
    with pytest.raises(NotPermitted):
        add_person(contest.first, call_off.reference, contest.second.reference, "moderator")
    remove_person(market.buyer, call_off.reference, contest.first.reference, "assessor")
    assert CallOffPerson.objects.count() == before - 1
    with pytest.raises(NotFound):
        remove_person(market.buyer, call_off.reference, contest.first.reference, "assessor")


def test_nobody_scores_before_declaring_nor_with_a_conflict(contest: Contest) -> None:
    call_off = closed(contest)
    tender = tender_of(call_off, "oak").reference
    with pytest.raises(Conflict):
        declare_interests(contest.first, call_off.reference, conflict=False)
    open_tenders(contest.market.buyer, call_off.reference, call_off.revision)
    with pytest.raises(NotPermitted, match="Declare"):
        assess(contest.first, tender, "method", 3, "Good.")
    with pytest.raises(NotPermitted):
        declare_interests(editor_of("shire", "viewer"), call_off.reference, conflict=False)
    with pytest.raises(Invalid):
        declare_interests(contest.first, call_off.reference, conflict=True)
    declare_interests(contest.first, call_off.reference, conflict=True, note="I worked there.")
    with pytest.raises(NotPermitted, match="conflict"):
        assess(contest.first, tender, "method", 3, "Good.")
    assert Assessment.objects.count() == 0
    assert "worked there" not in str(list(Event.objects.values_list("changes", flat=True)))
    declare_interests(contest.first, call_off.reference, conflict=False)
    assess(contest.first, tender, "method", 3, "Good.")
    assert Assessment.objects.get().score == 3


def test_scores_of_somebody_with_a_conflict_do_not_count(contest: Contest) -> None:
    call_off = opened(contest)
    rules = {"method": (4, "Good."), "social": (3, "Some.")}
    for supplier in ("oak", "yew"):
        tender = tender_of(call_off, supplier).reference
        for key, (score, why) in rules.items():
            assess(contest.first, tender, key, score, why)
            agree(contest.moderator, tender, key, score, why)
    buyer = contest.market.buyer
    declare_interests(contest.first, call_off.reference, conflict=True, note="My sister works there.")
    call_off.refresh_from_db()
    before = Event.objects.count()
    with pytest.raises(Conflict, match="Not every score is agreed"):
        conclude_evaluation(buyer, call_off.reference, call_off.revision)
    tender = tender_of(call_off, "oak").reference
    with pytest.raises(Conflict, match="0 of 1 have scored this"):
        agree(contest.moderator, tender, "method", 5, "Very good.")
    assert Event.objects.count() == before
    for supplier in ("oak", "yew"):
        tender = tender_of(call_off, supplier).reference
        for key, (score, why) in rules.items():
            assess(contest.second, tender, key, score, why)
            agree(contest.moderator, tender, key, score, why)
    call_off.refresh_from_db()
    assert conclude_evaluation(buyer, call_off.reference, call_off.revision).ranking is not None


def test_scores_of_a_moderator_with_a_conflict_are_agreed_anew(contest: Contest) -> None:
    call_off = opened(contest)
    tender = tender_of(call_off, "oak").reference
    assess(contest.first, tender, "method", 4, "Good.")
    agree(contest.moderator, tender, "method", 4, "Good.")
    competition = call_off.competition
    assert len(missing_scores(competition)) == 3
    declare_interests(contest.moderator, call_off.reference, conflict=True, note="I own shares.")
    assert len(missing_scores(competition)) == 4


def test_scores_are_blind_until_they_are_agreed(contest: Contest) -> None:
    call_off = opened(contest)
    tender = tender_of(call_off, "oak")
    assess(contest.first, tender.reference, "method", 5, "Very good.")
    assess(contest.second, tender.reference, "method", 2, "Poor.")

    def seen(actor: object) -> list[int]:
        return [one.score for one in AssessmentQuerySet(Assessment).seen_by(actor).order_by("score")]  # type: ignore[arg-type]

    assert (seen(contest.first), seen(contest.second)) == ([5], [2])
    assert (seen(contest.market.buyer), seen(contest.market.oak)) == ([], [])
    assert seen(contest.moderator) == [2, 5]
    told = Event.objects.filter(type="tender.assessed").values_list("changes", flat=True)
    assert list(told) == [{"criterion": "method"}] * 2


def test_prices_stay_hidden_from_everybody_who_buys_until_all_is_agreed(contest: Contest) -> None:
    call_off = opened(contest)
    tender, people = (
        tender_of(call_off, "oak"),
        (contest.market.buyer, contest.market.approver, contest.first),
    )
    for actor in people:
        found = open_to(actor, tender)
        assert (found.own, found.answers, found.price) == (False, True, False)
    agreed(contest, call_off, {"oak": (4, 3), "yew": (3, 4)})
    assert not open_to(contest.market.buyer, tender_of(call_off, "oak")).price
    call_off.refresh_from_db()
    conclude_evaluation(contest.moderator, call_off.reference, call_off.revision)
    assert open_to(contest.market.buyer, tender_of(call_off, "oak")).price
    assert not open_to(contest.market.yew, tender_of(call_off, "oak")).answers


def test_an_opened_tender_is_read_by_those_with_a_part_who_declared_no_conflict(contest: Contest) -> None:
    call_off, market = closed(contest), contest.market
    open_tenders(market.buyer, call_off.reference, call_off.revision)
    tender, viewer = tender_of(call_off, "oak"), editor_of("shire", "viewer")
    runs = {"buyer": market.buyer, "approver": market.approver, "chief": editor_of("shire", "administrator")}
    scores = {"first": contest.first, "second": contest.second, "moderator": contest.moderator}

    def reading() -> list[str]:
        asked = runs | scores | {"viewer": viewer}
        return [name for name, actor in asked.items() if open_to(actor, tender).answers]

    assert reading() == ["buyer", "approver", "chief"]
    declare_interests(contest.first, call_off.reference, conflict=False)
    declare_interests(contest.second, call_off.reference, conflict=True, note="I worked there.")
    assert reading() == ["buyer", "approver", "chief", "first"]
    # Whoever has the part beside their role declares as everybody who scores does.
    add_person(market.buyer, call_off.reference, market.approver.reference, "assessor")
    assert reading() == ["buyer", "chief", "first"]
    declare_interests(market.approver, call_off.reference, conflict=True, note="My sister works there.")
    remove_person(market.buyer, call_off.reference, market.approver.reference, "assessor")
    remove_person(market.buyer, call_off.reference, contest.first.reference, "assessor")
    assert reading() == ["buyer", "chief"]
    assert TenderQuerySet(Tender).seen_by(viewer).filter(competition__call_off=call_off).count() == 2


@pytest.mark.parametrize(
    ("criterion", "score", "pointer"),
    [
        ("colour", 3, "/criterion"),
        ("method", 6, "/score"),
        ("method", -1, "/score"),
        ("method", True, "/score"),
    ],
)
def test_a_score_is_of_a_criterion_and_on_its_scale(
    contest: Contest, criterion: str, score: int, pointer: str
) -> None:
    tender = tender_of(opened(contest), "oak")
    for step, actor in ((assess, contest.first), (agree, contest.moderator)):
        with pytest.raises(Invalid) as refusal:
            step(actor, tender.reference, criterion, score, "Good.")
        assert [one.pointer for one in refusal.value.faults] == [pointer]
    with pytest.raises(Invalid):
        assess(contest.first, tender.reference, "method", 3, "")
    assert (Assessment.objects.count(), Consensus.objects.count()) == (0, 0)


def test_a_consensus_needs_as_many_scores_as_the_rules_say_and_ends_scoring(contest: Contest) -> None:
    call_off = opened(contest, plan={"rules": RULES | {"assessors": 2}})
    tender = tender_of(call_off, "oak").reference
    assess(contest.first, tender, "method", 5, "Very good.")
    with pytest.raises(Conflict, match="1 of 2"):
        agree(contest.moderator, tender, "method", 4, "Good.")
    assess(contest.second, tender, "method", 2, "Poor.")
    with pytest.raises(NotPermitted):
        agree(contest.first, tender, "method", 4, "Good.")
    agree(contest.moderator, tender, "method", 4, "Good.")
    agree(contest.moderator, tender, "method", 3, "On reflection.")
    assert Consensus.objects.get().score == 3
    with pytest.raises(Conflict, match="agreed"):
        assess(contest.second, tender, "method", 5, "Better.")
    call_off.refresh_from_db()
    with pytest.raises(Conflict, match="Not every score"):
        conclude_evaluation(contest.market.buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    assert call_off.status == "evaluating"


def test_nothing_is_ranked_or_awarded_out_of_its_turn(contest: Contest) -> None:
    call_off, buyer = closed(contest), contest.market.buyer
    tender = tender_of(call_off, "oak")
    for step in (conclude_evaluation, intend_award):
        with pytest.raises(Conflict):
            step(buyer, call_off.reference, call_off.revision)
    with pytest.raises(Conflict):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    with pytest.raises(Refused):
        assess(contest.first, tender.reference, "method", 3, "Good.")
    after = CallOff.objects.get(pk=call_off.pk)
    assert (after.status, after.revision) == ("closed", call_off.revision)


def test_the_intention_is_told_to_all_in_letters_with_their_own_scores(contest: Contest) -> None:
    call_off = evaluated(contest)
    intend_award(contest.market.buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    assert call_off.status == "intention"
    assert [tender_of(call_off, one).status for one in ("oak", "yew")] == ["successful", "unsuccessful"]
    letter = json.loads(OutcomeLetter.objects.get(tender=tender_of(call_off, "yew")).document)
    assert letter["outcome"] == "unsuccessful"
    assert [(one["key"], one["score"], one["reason"]) for one in letter["criteria"]] == [
        ("method", 3, "method is worth 3."),
        ("social", 4, "social is worth 4."),
    ]
    assert letter["successful"] == {
        "supplier": "oak",
        "name": "Oak Consortium",
        "result": "86.00",
        "criteria": [{"key": "method", "score": 4}, {"key": "social", "score": 3}],
    }
    assert (letter["ranked"]["rank"], letter["ranked"]["tender"]) == (2, tender_of(call_off, "yew").reference)
    # How its own price came to its points would name the lowest price of all.
    assert "shown" not in letter["ranked"]
    assert Event.objects.filter(type="tender.told").count() == 2


@pytest.mark.parametrize(("regime", "days"), [("pcr2015", 10), ("pa2023", 8)])
def test_a_promised_standstill_holds_the_award_back(contest: Contest, regime: str, days: int) -> None:
    Framework.objects.filter(reference="wr1").update(regime=regime)
    call_off, buyer = evaluated(contest, plan={"standstill": True}), contest.market.buyer
    with pytest.raises(Conflict, match="tell the intention"):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    competition = intend_award(buyer, call_off.reference, call_off.revision)
    until = competition.standstill_until
    assert until is not None
    assert until > timezone.now() + timedelta(days=days - 1)
    call_off.refresh_from_db()
    with at(until - timedelta(seconds=1)), pytest.raises(Conflict, match="runs until"):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    assert Contract.objects.count() == 0
    with at(until):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    assert Contract.objects.get().value_minor == 635_000
    # Told once: with the intention.
    assert OutcomeLetter.objects.count() == 2


def test_an_award_asks_again_who_may_contract(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    place = tender_of(call_off, "oak").invitation.asked.appointment.reference
    steps = (intend_award, lambda *given: award_competition(*given, "None known"))

    def refused(code: str) -> None:
        for step in steps:
            with pytest.raises(Invalid) as refusal:
                step(buyer, call_off.reference, call_off.revision)
            assert code in {one.code for one in refusal.value.faults}

    move_appointment(SYSTEM, place, None, "suspend", "x")
    refused("not_appointed")
    move_appointment(SYSTEM, place, None, "reinstate", "x")
    Organisation.objects.filter(reference="oak").update(excluded_since=timezone.localdate())
    refused("excluded")
    assert (Contract.objects.count(), OutcomeLetter.objects.count()) == (0, 0)
    assert tender_of(call_off, "oak").status == "submitted"


def test_an_award_needs_its_words_and_is_not_the_direct_one(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    with pytest.raises(Invalid):
        award_competition(buyer, call_off.reference, call_off.revision, "")
    with pytest.raises(Conflict):
        award_direct(buyer, call_off.reference, call_off.revision, "None known")
    with pytest.raises(NotPermitted):
        award_competition(contest.first, call_off.reference, call_off.revision, "None known")
    assert Contract.objects.count() == 0


def test_the_approver_takes_an_award_back_and_every_tenderer_is_told(contest: Contest) -> None:
    call_off, market = evaluated(contest), contest.market
    award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    call_off.refresh_from_db()
    with pytest.raises(NotPermitted):
        undo_award(market.buyer, call_off.reference, call_off.revision, "A mistake.")
    with pytest.raises(Invalid):
        undo_award(market.approver, call_off.reference, call_off.revision, "")
    undo_award(market.approver, call_off.reference, call_off.revision, "A mistake.")
    call_off.refresh_from_db()
    assert (call_off.status, Contract.objects.get().status) == ("evaluated", "terminated")
    assert [tender_of(call_off, one).status for one in ("oak", "yew")] == ["submitted", "submitted"]
    told = [json.loads(one.document)["outcome"] for one in OutcomeLetter.objects.order_by("pk")]
    assert sorted(told) == ["reopened", "reopened", "successful", "unsuccessful"]
    assert Event.objects.filter(type="tender.reopened", changes={"reason": "A mistake."}).count() == 2
    contract = award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    sign_contract(market.oak, contract.reference, contract.revision)
    contract.refresh_from_db()
    sign_contract(market.buyer, contract.reference, contract.revision)
    call_off.refresh_from_db()
    with pytest.raises(Conflict):
        undo_award(market.approver, call_off.reference, call_off.revision, "Too late.")
    assert CallOff.objects.get().status == "contracted"


def test_a_low_price_is_asked_about_and_answered_before_anything_rests_on_it(contest: Contest) -> None:
    call_off, market = evaluated(contest, plan=CHEAP), contest.market
    oak, yew = tender_of(call_off, "oak"), tender_of(call_off, "yew")
    assert call_off.competition.ranking["low"] == {oak.reference: "7350"}
    for step in (intend_award, lambda *given: award_competition(*given, "None known")):
        with pytest.raises(Conflict, match="abnormally low"):
            step(market.buyer, call_off.reference, call_off.revision)
    with pytest.raises(Conflict):
        ask_about_price(market.buyer, yew.reference, "Why?")
    with pytest.raises(Conflict, match="first"):
        disqualify(market.buyer, oak.reference, oak.revision, "abnormally_low", "Too low.")
    with pytest.raises(Conflict):
        explain_price(market.oak, oak.reference, "We own the tools.")
    ask_about_price(market.buyer, oak.reference, "How so?")
    with pytest.raises(Conflict):
        ask_about_price(market.buyer, oak.reference, "How so?")
    with pytest.raises(Conflict, match="not answered"):
        accept_price(market.buyer, oak.reference, "Plausible.")
    oak.refresh_from_db()
    with pytest.raises(Conflict, match="still runs"):
        disqualify(market.buyer, oak.reference, oak.revision, "abnormally_low", "Too low.")
    with pytest.raises(NotPermitted):
        explain_price(market.buyer, oak.reference, "We own the tools.")
    explain_price(market.oak, oak.reference, "We own the tools.")
    accept_price(market.buyer, oak.reference, "Plausible.")
    assert LowPriceQuestion.objects.get().accepted is True
    award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    assert Contract.objects.get().appointment.supplier.reference == "oak"
    assert "own the tools" not in str(list(Event.objects.values_list("changes", flat=True)))


def test_a_low_price_without_an_explanation_is_out_and_the_others_are_ranked_anew(contest: Contest) -> None:
    call_off, market = evaluated(contest, plan=CHEAP), contest.market
    oak = tender_of(call_off, "oak")
    asked = ask_about_price(market.buyer, oak.reference, "How so?")
    oak.refresh_from_db()
    with at(asked.answer_by):
        disqualify(market.buyer, oak.reference, oak.revision, "abnormally_low", "Not explained.")
    call_off.competition.refresh_from_db()
    rows = call_off.competition.ranking["rows"]
    assert [(one["tender"], one["rank"], one["result"]) for one in rows] == [
        (tender_of(call_off, "yew").reference, 1, "78.00")
    ]
    award_competition(market.buyer, call_off.reference, call_off.revision, "None known")
    letter = json.loads(OutcomeLetter.objects.get(tender=oak).document)
    assert (letter["outcome"], letter["ground"], letter["reason"]) == (
        "disqualified",
        "abnormally_low",
        "Not explained.",
    )


def test_where_nobody_passes_nobody_is_awarded_and_the_call_off_ends(contest: Contest) -> None:
    call_off, buyer = evaluated(contest, {"oak": (1, 5), "yew": (0, 5)}), contest.market.buyer
    assert {one["failed"] for one in call_off.competition.ranking["rows"]} == {"below_pass_mark"}
    with pytest.raises(Conflict, match="No tender ranks"):
        award_competition(buyer, call_off.reference, call_off.revision, "None known")
    assert CallOff.objects.get().status == "evaluated"


def test_what_was_never_opened_stays_sealed_where_the_buyer_cancels(contest: Contest) -> None:
    call_off, buyer = closed(contest), contest.market.buyer
    cancel_call_off(buyer, call_off.reference, call_off.revision, "No money.")
    found = open_to(buyer, tender_of(call_off, "oak"))
    assert (found.answers, found.price) == (False, False)
    with pytest.raises(Conflict):
        open_tenders(buyer, call_off.reference, call_off.revision + 1)

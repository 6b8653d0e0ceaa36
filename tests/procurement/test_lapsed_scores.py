"""A conflict of interest declared once the tenders are ranked: nothing is decided by scores that count no longer, and
others give them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.awards import undo_award
from procurement.actions.call_off_people import add_person
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.ranking import conclude_evaluation, disqualify, evaluate_again
from procurement.available import Turn
from procurement.call_off_facts import facts_of
from procurement.competition_checks import missing_scores
from procurement.errors import Conflict, Invalid, NotPermitted
from procurement.models import CallOff, Competition, Consensus, Contract, Delivery, Event
from procurement.sealing import open_to
from procurement.states import Part
from procurement.tender_facts import steps_of
from tests.competed import Contest, evaluated, tender_of
from tests.standing import standing
from tests.turns import codes, shown, suspend, turn

pytestmark = pytest.mark.django_db

WHY = "The moderator declared a conflict of interest."
AGAIN = Turn((Part.OWNER, Part.MODERATOR), ("evaluate_again",))
UNDO = Turn((Part.APPROVER,), ("undo",))


@pytest.fixture(autouse=True, scope="module")
def one_for_all(contest_of_module: Contest, module_database: None) -> Iterator[None]:
    with standing(contest_of_module, evaluated):
        yield


def again(call_off: CallOff) -> CallOff:
    return CallOff.objects.get(pk=call_off.pk)


def lapsed(contest: Contest, call_off: CallOff, name: str = "moderator") -> CallOff:
    declare_interests(getattr(contest, name), call_off.reference, conflict=True, note="A cousin.")
    return again(call_off)


def kept() -> list[Any]:
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values()),
        list(Competition.objects.order_by("pk").values()),
        list(Consensus.objects.order_by("pk").values()),
        Contract.objects.count(),
    ]


@pytest.mark.parametrize("name", ["moderator", "first"])
def test_nothing_is_told_or_awarded_and_nobody_disqualified_by_scores_that_count_no_longer(
    contest: Contest, name: str
) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    assert codes(call_off) == []
    call_off = lapsed(contest, call_off, name)
    suspend("oak")
    assert (codes(call_off), turn(call_off)) == (["suspended", "not_counted"], AGAIN)
    offered = facts_of(call_off, timezone.localdate()).steps(buyer)
    assert offered == ["evaluate_again", "cancel", "fail"]
    tender, before = tender_of(call_off, "oak"), kept()
    assert "disqualify" not in steps_of(buyer, tender)
    with pytest.raises(Conflict, match="count no longer"):
        disqualify(buyer, tender.reference, tender.revision, "excluded", "Suspended.")
    with pytest.raises(Conflict, match="count no longer"):
        intend_award(buyer, call_off.reference, call_off.revision)
    with pytest.raises(Conflict, match="count no longer"):
        award_competition(buyer, call_off.reference, call_off.revision, "None known.")
    assert kept() == before


def test_the_buyer_is_told_once_that_scores_count_no_longer(contest: Contest) -> None:
    call_off = lapsed(contest, evaluated(contest))
    lapsed(contest, call_off)
    told = Event.objects.filter(type="call_off.scores_lapsed")
    assert [(one.subject, one.changes) for one in told] == [(call_off.reference, {})]
    owed = Delivery.objects.filter(event__type="call_off.scores_lapsed", channel="inbox")
    assert [one.recipient for one in owed] == ["shire"]
    declare_interests(contest.moderator, call_off.reference, conflict=False)
    assert (codes(call_off), turn(call_off).steps) == ([], ("intend", "award"))


def test_another_moderator_is_named_and_agrees_what_counts_no_longer_and_it_is_ranked_anew(
    contest: Contest,
) -> None:
    call_off, market = lapsed(contest, evaluated(contest)), contest.market
    with pytest.raises(Conflict, match="The scores are given"):
        add_person(market.buyer, call_off.reference, contest.second.reference, "moderator")
    with pytest.raises(NotPermitted):
        evaluate_again(contest.second, call_off.reference, call_off.revision, WHY)
    with pytest.raises(Invalid):
        evaluate_again(market.buyer, call_off.reference, call_off.revision, " ")
    evaluate_again(market.buyer, call_off.reference, call_off.revision, WHY)
    call_off = again(call_off)
    assert (call_off.status, turn(call_off)) == ("evaluating", Turn((Part.OWNER,), ("add_person",)))
    assert not open_to(market.buyer, tender_of(call_off, "oak")).price
    event = Event.objects.get(type="call_off.evaluation_reopened")
    assert event.changes == {"reason": WHY, "corrects": False}
    people = {contest.first.reference, contest.second.reference, contest.moderator.reference}
    assert set(event.references["user"]) == people
    owed = Delivery.objects.filter(event=event).values_list("channel", "recipient")
    assert set(owed) == {("inbox", one) for one in people}
    add_person(market.buyer, call_off.reference, contest.second.reference, "moderator")
    declare_interests(contest.second, call_off.reference, conflict=False)
    for name in ("oak", "yew"):
        for key in ("method", "social"):
            assert turn(call_off).steps == ("agree",)
            agree(contest.second, tender_of(call_off, name).reference, key, 5, "Very good.")
    with pytest.raises(Conflict, match="This score counts"):
        agree(contest.second, tender_of(call_off, "oak").reference, "method", 1, "On reflection.")
    call_off = again(call_off)
    conclude_evaluation(market.buyer, call_off.reference, call_off.revision)
    call_off = again(call_off)
    assert (call_off.status, codes(call_off), missing_scores(call_off.competition)) == ("evaluated", [], [])
    assert Consensus.objects.get(tender=tender_of(call_off, "oak"), criterion="method").score == 5
    assert (
        award_competition(market.buyer, call_off.reference, call_off.revision, "Declared.").status
        == "unsigned"
    )


def test_another_assessor_scores_where_too_few_are_left(contest: Contest) -> None:
    call_off, market = lapsed(contest, evaluated(contest), "first"), contest.market
    evaluate_again(contest.moderator, call_off.reference, call_off.revision, WHY)
    assert turn(call_off) == Turn((Part.ASSESSOR,), ("assess",))
    for name in ("oak", "yew"):
        for key in ("method", "social"):
            tender = tender_of(call_off, name).reference
            assess(contest.second, tender, key, 3, "Fair.")
            # What was agreed before does not rest on that.
            assert turn(call_off).steps == (("assess",) if (name, key) != ("yew", "social") else ("agree",))
    for name in ("oak", "yew"):
        for key in ("method", "social"):
            tender = tender_of(call_off, name).reference
            agree(contest.moderator, tender, key, 3, "Fair.")
    call_off = again(call_off)
    conclude_evaluation(market.buyer, call_off.reference, call_off.revision)
    assert turn(call_off).steps == ("intend", "award")


@pytest.mark.parametrize("decide", [intend_award, award_competition])
def test_what_was_decided_is_undone_and_then_evaluated_again(contest: Contest, decide: Any) -> None:
    call_off, market = evaluated(contest), contest.market
    more = ("None known.",) if decide is award_competition else ()
    decide(market.buyer, call_off.reference, call_off.revision, *more)
    call_off = lapsed(contest, call_off)
    if decide is intend_award:
        assert (codes(call_off), turn(call_off)) == (["not_counted"], UNDO)
        before = kept()
        with pytest.raises(Conflict, match="count no longer"):
            award_competition(market.buyer, call_off.reference, call_off.revision, "None known.")
        assert kept() == before
    undo_award(market.approver, call_off.reference, call_off.revision, "A conflict of interest.")
    assert (codes(call_off), turn(call_off)) == (["not_counted"], AGAIN)
    call_off = again(call_off)
    evaluate_again(market.buyer, call_off.reference, call_off.revision, WHY)
    assert shown(call_off).call_off.status == "evaluating"


def test_nothing_is_evaluated_again_while_every_score_counts(contest: Contest) -> None:
    call_off = evaluated(contest)
    before = kept()
    with pytest.raises(Conflict, match="Every agreed score counts"):
        evaluate_again(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    assert kept() == before

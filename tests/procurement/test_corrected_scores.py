"""An agreed score that is wrong, mistyped say, and was ranked by: a moderator corrects it before anything is told."""

from __future__ import annotations

import pytest
from django.utils import timezone

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.call_off_people import add_person
from procurement.actions.competition_awards import intend_award
from procurement.actions.ranking import conclude_evaluation, evaluate_again
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid, NotPermitted
from procurement.models import CallOff, Competition, Consensus, Delivery, Event
from procurement.permissions import Actor
from procurement.sealing import open_to
from tests.competed import Contest, agreed, evaluated, opened, tender_of
from tests.world import editor_of

pytestmark = pytest.mark.django_db

WHY = "The method of yew was agreed as 5 and entered as 3."


def again(call_off: CallOff) -> CallOff:
    return CallOff.objects.get(pk=call_off.pk)


def offered(call_off: CallOff, actor: Actor) -> bool:
    return "evaluate_again" in facts_of(again(call_off), timezone.localdate()).steps(actor)


def first(call_off: CallOff) -> str:
    ranking = Competition.objects.get(call_off=call_off).ranking
    assert ranking is not None
    return str(ranking["rows"][0]["tender"])


def test_a_moderator_corrects_an_agreed_score_for_a_reason_that_all_who_score_and_the_buyer_are_told(
    contest: Contest,
) -> None:
    call_off, market = evaluated(contest), contest.market
    oak, yew = tender_of(call_off, "oak").reference, tender_of(call_off, "yew").reference
    assert first(call_off) == oak
    assert (offered(call_off, contest.moderator), offered(call_off, market.buyer)) == (True, False)
    evaluate_again(contest.moderator, call_off.reference, call_off.revision, WHY)
    event = Event.objects.latest("position")
    assert (event.type, event.actor) == ("call_off.evaluation_reopened", contest.moderator.reference)
    assert event.changes == {"reason": WHY, "corrects": True}
    people = {one.reference for one in (contest.first, contest.second, contest.moderator)}
    inbox = Delivery.objects.filter(event=event, channel="inbox").values_list("recipient", flat=True)
    assert set(inbox) == {*people, "shire"}
    call_off = again(call_off)
    assert (call_off.status, call_off.competition.ranking) == ("evaluating", None)
    assert not open_to(market.buyer, tender_of(call_off, "oak")).price
    # What each assessor found stands: it is the agreed score that was wrong.
    with pytest.raises(Conflict, match="The score is agreed"):
        assess(contest.first, yew, "method", 5, "On reflection.")
    agree(contest.moderator, yew, "method", 5, "As agreed: very good.")
    conclude_evaluation(market.buyer, call_off.reference, again(call_off).revision)
    kept = Consensus.objects.get(tender__reference=yew, criterion="method")
    assert (kept.score, kept.reason) == (5, "As agreed: very good.")
    assert first(call_off) == yew
    intend_award(market.buyer, call_off.reference, again(call_off).revision)


def test_nobody_but_a_moderator_corrects_and_none_without_a_reason_or_once_it_is_told(
    contest: Contest,
) -> None:
    call_off, market = evaluated(contest), contest.market
    before = (Event.objects.count(), call_off.revision, call_off.competition.ranking)
    with pytest.raises(Conflict, match="only a moderator"):
        evaluate_again(market.buyer, call_off.reference, call_off.revision, WHY)
    with pytest.raises(NotPermitted):
        evaluate_again(contest.first, call_off.reference, call_off.revision, WHY)
    with pytest.raises(Invalid):
        evaluate_again(contest.moderator, call_off.reference, call_off.revision, " ")
    call_off = again(call_off)
    assert (Event.objects.count(), call_off.revision, call_off.competition.ranking) == before
    intend_award(market.buyer, call_off.reference, call_off.revision)
    assert not offered(call_off, contest.moderator)
    events = Event.objects.count()
    with pytest.raises(Conflict):
        evaluate_again(contest.moderator, call_off.reference, again(call_off).revision, WHY)
    assert (again(call_off).status, Event.objects.count()) == ("intention", events)


def test_a_moderator_with_a_conflict_of_interest_or_without_a_declaration_leads_nothing_back(
    contest: Contest,
) -> None:
    call_off, other = opened(contest), editor_of("shire", "viewer", "other")
    add_person(contest.market.buyer, call_off.reference, other.reference, "moderator")
    agreed(contest, call_off, {"oak": (4, 3), "yew": (3, 4)})
    conclude_evaluation(contest.market.buyer, call_off.reference, again(call_off).revision)

    def refused(said: str) -> None:
        before = again(call_off)
        held = (Event.objects.count(), before.revision, before.competition.ranking)
        assert not offered(call_off, other)
        with pytest.raises(NotPermitted, match=said):
            evaluate_again(other, call_off.reference, before.revision, WHY)
        after = again(call_off)
        assert (Event.objects.count(), after.revision, after.competition.ranking) == held

    refused("Declare your interests first")
    declare_interests(other, call_off.reference, conflict=True, note="A cousin at yew.")
    refused("You declared a conflict of interest")
    declare_interests(other, call_off.reference, conflict=False)
    assert offered(call_off, other)
    evaluate_again(other, call_off.reference, again(call_off).revision, WHY)
    assert again(call_off).status == "evaluating"

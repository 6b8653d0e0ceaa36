"""Scores are blind for somebody who assesses and moderates, too: what others gave is read once nothing is left to give,
and nothing that was given changes then.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.call_off_people import add_person, remove_person
from procurement.actions.ranking import disqualify
from procurement.actions.reinstating import reinstate
from procurement.errors import Conflict
from procurement.models import Assessment, CallOff, CallOffPerson, Event
from procurement.permissions import Actor
from procurement.querysets_competitions import AssessmentQuerySet
from tests.competed import Contest, opened, tender_of
from tests.standing import standing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def one_for_all(contest_of_module: Contest, module_database: None) -> Iterator[None]:
    with standing(contest_of_module, opened):
        yield


def seen(actor: Actor) -> list[tuple[str, int]]:
    """What somebody reads, by criterion."""
    rows = AssessmentQuerySet(Assessment).seen_by(actor)
    return sorted(rows.values_list("criterion", "score"))


def of_both_parts(contest: Contest) -> CallOff:
    """The second assessor moderates too; the first has scored oak by both criteria, and yew's method."""
    call_off = opened(contest)
    add_person(contest.market.buyer, call_off.reference, contest.second.reference, "moderator")
    for supplier, key, score in (("oak", "method", 5), ("oak", "social", 4), ("yew", "method", 1)):
        assess(contest.first, tender_of(call_off, supplier).reference, key, score, "Read.")
    return call_off


def refused(contest: Contest, call_off: CallOff, actor: Actor, supplier: str, key: str) -> None:
    """Another score is not taken, and nothing changes."""
    kept = list(Assessment.objects.order_by("pk").values_list("score", "note", "at"))
    before = Event.objects.count()
    with pytest.raises(Conflict, match="Yours stands"):
        assess(actor, tender_of(call_off, supplier).reference, key, 3, "On reflection.")
    assert list(Assessment.objects.order_by("pk").values_list("score", "note", "at")) == kept
    assert Event.objects.count() == before


def test_who_moderates_too_reads_others_of_a_criterion_by_which_they_have_scored_all(
    contest: Contest,
) -> None:
    call_off = of_both_parts(contest)
    assert seen(contest.second) == []
    assess(contest.second, tender_of(call_off, "oak").reference, "method", 2, "Poor.")
    assert seen(contest.second) == [("method", 2)]
    assess(contest.second, tender_of(call_off, "yew").reference, "method", 3, "Fair.")
    # Of the other criterion nothing is scored yet, and nothing read.
    assert seen(contest.second) == [("method", 1), ("method", 2), ("method", 3), ("method", 5)]
    assert seen(contest.first) == [("method", 1), ("method", 5), ("social", 4)]
    assert ("social", 4) in seen(contest.moderator)


def test_what_they_gave_stands_once_somebody_else_has_scored_the_same(contest: Contest) -> None:
    call_off = of_both_parts(contest)
    yew = tender_of(call_off, "yew").reference
    assess(contest.second, yew, "social", 2, "Poor.")
    # Nobody else has: it is theirs to correct.
    assess(contest.second, yew, "social", 4, "Mistyped.")
    assess(contest.first, yew, "social", 5, "Very good.")
    refused(contest, call_off, contest.second, "yew", "social")
    # Who only assesses reads nothing, and corrects until it is agreed.
    assess(contest.first, yew, "social", 3, "Mistyped.")
    agree(contest.second, yew, "social", 3, "Fair.")


def test_it_stands_after_they_moderate_no_more_and_after_a_tender_takes_part_again(contest: Contest) -> None:
    call_off, buyer = of_both_parts(contest), contest.market.buyer
    yew = tender_of(call_off, "yew")
    out = disqualify(buyer, yew.reference, yew.revision, "not_compliant", "It answers another question.")
    assess(contest.second, tender_of(call_off, "oak").reference, "method", 2, "Poor.")
    assert seen(contest.second) == [("method", 1), ("method", 2), ("method", 5)]
    reinstate(buyer, out.reference, out.revision, "It does answer.")
    assert seen(contest.second) == [("method", 2)]
    refused(contest, call_off, contest.second, "oak", "method")
    remove_person(buyer, call_off.reference, contest.second.reference, "moderator")
    refused(contest, call_off, contest.second, "oak", "method")


def test_who_may_have_read_scores_as_a_moderator_is_made_no_assessor(contest: Contest) -> None:
    call_off, buyer = opened(contest), contest.market.buyer
    oak = tender_of(call_off, "oak").reference
    add_person(buyer, call_off.reference, contest.moderator.reference, "assessor")
    remove_person(buyer, call_off.reference, contest.moderator.reference, "assessor")
    assess(contest.first, oak, "method", 5, "Very good.")
    assert seen(contest.moderator) == [("method", 5)]

    def not_added() -> None:
        people, events = CallOffPerson.objects.count(), Event.objects.count()
        with pytest.raises(Conflict, match="may have read"):
            add_person(buyer, call_off.reference, contest.moderator.reference, "assessor")
        assert (CallOffPerson.objects.count(), Event.objects.count()) == (people, events)

    not_added()
    remove_person(buyer, call_off.reference, contest.moderator.reference, "moderator")
    not_added()
    # Who assesses already is one still, and may moderate beside.
    add_person(buyer, call_off.reference, contest.first.reference, "moderator")
    add_person(buyer, call_off.reference, contest.first.reference, "assessor")


def test_a_moderator_who_has_read_nothing_yet_may_assess(contest: Contest) -> None:
    call_off, buyer = opened(contest), contest.market.buyer
    other = contest.market.approver
    add_person(buyer, call_off.reference, other.reference, "moderator")
    assess(contest.first, tender_of(call_off, "oak").reference, "method", 5, "Very good.")
    add_person(buyer, call_off.reference, other.reference, "assessor")
    declare_interests(other, call_off.reference, conflict=False)
    assert seen(other) == []

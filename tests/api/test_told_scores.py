"""A tenderer reads the scores that a letter has told it, and none that are set anew while its outcome is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.actions.assessing import agree, declare_interests
from procurement.actions.awards import cancel_call_off, undo_award
from procurement.actions.competition_awards import intend_award
from procurement.actions.ranking import conclude_evaluation, evaluate_again
from procurement.models import CallOff
from tests.api import competing
from tests.api.buying import buyer
from tests.api.calling_off import acting
from tests.api.competing import again, evaluated, intended
from tests.competed import tender_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

FIRST = [("method", 4, "A sound method.")]
WHY = "It was mistyped."


@pytest.fixture(autouse=True, scope="module")
def contest(market: None, module_database: None) -> None:
    competing.place_contest()


@pytest.fixture
def scores(person: Callable[[str], Client]) -> Callable[[CallOff, str], list[tuple[Any, ...]]]:
    """The scores of the losing tender, Brightwater's, as somebody reads them."""

    def read(call_off: CallOff, name: str = "brightwater") -> list[tuple[Any, ...]]:
        tender = tender_of(call_off, "brightwater").reference
        told = person(name).get(f"/api/v1/tenders/{tender}/consensus/").json()
        assert told["count"] == len(told["results"])
        return [(one["criterion"], one["score"], one["reason"]) for one in told["results"]]

    return read


def scored_anew(call_off: CallOff, score: int) -> CallOff:
    """Led back by a moderator, with another score agreed for both."""
    evaluate_again(acting("moderator"), call_off.reference, again(call_off).revision, WHY)
    for supplier in ("larch", "brightwater"):
        agree(acting("moderator"), tender_of(call_off, supplier).reference, "method", score, "On reflection.")
    return again(call_off)


def test_a_score_that_is_set_anew_is_told_with_the_next_letter(
    scores: Callable[..., list[tuple[Any, ...]]],
) -> None:
    call_off = intended()
    assert scores(call_off) == FIRST
    undo_award(acting("approver"), call_off.reference, call_off.revision, WHY)
    assert scores(call_off) == []
    call_off = scored_anew(call_off, 2)
    anew = [("method", 2, "On reflection.")]
    assert (scores(call_off), scores(call_off, "moderator")) == ([], anew)
    conclude_evaluation(buyer(), call_off.reference, call_off.revision)
    intend_award(buyer(), call_off.reference, again(call_off).revision)
    assert scores(call_off) == anew


def test_what_ends_while_it_is_evaluated_again_tells_the_scores_of_the_last_letter(
    scores: Callable[..., list[tuple[Any, ...]]],
) -> None:
    call_off = intended()
    undo_award(acting("approver"), call_off.reference, call_off.revision, WHY)
    call_off = scored_anew(call_off, 2)
    cancel_call_off(buyer(), call_off.reference, call_off.revision, "The need has gone.")
    assert (tender_of(call_off, "brightwater").status, scores(call_off)) == ("unsuccessful", FIRST)


def test_scores_that_count_no_longer_are_not_told_where_it_ends(
    scores: Callable[..., list[tuple[Any, ...]]],
) -> None:
    call_off = evaluated()
    declare_interests(acting("moderator"), call_off.reference, conflict=True, note="A cousin.")
    cancel_call_off(buyer(), call_off.reference, again(call_off).revision, "The need has gone.")
    assert scores(call_off) == []
    assert scores(call_off, "buyer") == FIRST

"""Where nobody is awarded each tenderer whose tender was ranked reads its own scores and why nobody is, of no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from procurement.actions.assessing import declare_interests
from procurement.actions.awards import cancel_call_off, fail_call_off
from procurement.actions.competition_awards import intend_award
from procurement.actions.ranking import disqualify
from procurement.canonical import digest_of_text
from procurement.models import CallOff, Event, OutcomeLetter
from tests.competed import Contest, closed, evaluated, opened, tender_of

pytestmark = pytest.mark.django_db

WHY = "None reaches the pass mark."
BELOW = {"oak": (1, 3), "yew": (0, 4)}
"""Below the pass mark of 2 for the method."""


def failed(contest: Contest, call_off: CallOff) -> None:
    call_off.refresh_from_db()
    fail_call_off(contest.market.buyer, call_off.reference, call_off.revision, WHY)


def letter(call_off: CallOff, supplier: str) -> dict[str, Any]:
    """The last that the tenderer was told."""
    found = tender_of(call_off, supplier).letters.latest("pk")
    assert digest_of_text(found.document) == found.digest
    told: dict[str, Any] = json.loads(found.document)
    return told


def scores(told: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(one["key"], one["score"], one["reason"]) for one in told["criteria"]]


def test_where_all_are_below_the_pass_mark_each_is_told_its_own_scores_and_that_nobody_is_awarded(
    contest: Contest,
) -> None:
    call_off = evaluated(contest, scores=BELOW)
    failed(contest, call_off)
    assert OutcomeLetter.objects.count() == 2
    for supplier, other in (("oak", "yew"), ("yew", "oak")):
        told = letter(call_off, supplier)
        method, social = BELOW[supplier]
        assert scores(told) == [
            ("method", method, f"method is worth {method}."),
            ("social", social, f"social is worth {social}."),
        ]
        assert (told["outcome"], told["reason"], told["successful"]) == ("ended", WHY, None)
        assert told["nobody"] == {"status": "unsuccessful", "reason": WHY}
        own = tender_of(call_off, supplier)
        assert (told["ranked"]["tender"], told["ranked"]["rank"]) == (own.reference, None)
        others = tender_of(call_off, other)
        text = json.dumps(told)
        assert others.reference not in text
        assert others.invitation.asked.appointment.supplier.name not in text
        event = Event.objects.get(type="tender.told", subject=own.reference)
        assert {one.organisation.reference for one in event.deliveries.filter(channel="inbox")} == {supplier}


@pytest.mark.parametrize("end", [cancel_call_off, fail_call_off])
@pytest.mark.parametrize("reach", [closed, opened])
def test_before_the_tenders_are_ranked_nothing_of_them_is_told(
    contest: Contest, reach: Callable[[Contest], CallOff], end: Callable[..., CallOff]
) -> None:
    call_off = reach(contest)
    end(contest.market.buyer, call_off.reference, call_off.revision, WHY)
    assert OutcomeLetter.objects.count() == 0
    assert not Event.objects.filter(type="tender.told").exists()


def test_what_was_told_before_is_followed_by_how_it_ended_for_the_disqualified_too(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    yew = tender_of(call_off, "yew")
    disqualify(buyer, yew.reference, yew.revision, "not_compliant", "Not as asked.")
    call_off.refresh_from_db()
    intend_award(buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    cancel_call_off(buyer, call_off.reference, call_off.revision, WHY)
    assert OutcomeLetter.objects.count() == 4
    first, second = letter(call_off, "oak"), letter(call_off, "yew")
    assert (first["outcome"], first["nobody"]) == ("ended", {"status": "cancelled", "reason": WHY})
    # What its price earned, and so its result, would tell the lowest price, which may be another's.
    assert set(first["ranked"]) == {"tender", "rank", "quality", "price", "criteria"}
    assert (first["ranked"]["rank"], first["ranked"]["price"]["amount"]) == (1, "6350.00")
    assert (second["outcome"], second["ground"], second["reason"]) == (
        "disqualified", "not_compliant", "Not as asked.",
    )  # fmt: skip
    assert (second["nobody"]["reason"], second["ranked"], second["successful"]) == (WHY, None, None)
    assert [one["score"] for one in second["criteria"]] == [3, 4]


def test_scores_that_count_no_longer_are_not_told(contest: Contest) -> None:
    call_off = evaluated(contest, scores=BELOW)
    declare_interests(contest.moderator, call_off.reference, True, "A cousin works there.")
    failed(contest, call_off)
    told = letter(call_off, "oak")
    assert (told["criteria"], told["ranked"], told["nobody"]["reason"]) == ([], None, WHY)

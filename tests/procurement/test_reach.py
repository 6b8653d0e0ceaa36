"""A competition goes out only where some supplier could tender: its team at the ceilings of the cards, in the lot's
bounds.
"""

from __future__ import annotations

import pytest
from django.utils import timezone

from procurement import call_off_checks
from procurement.actions.call_offs import approve_call_off
from procurement.actions.competition_changes import amend_competition
from procurement.actions.competitions import preview
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import revise_requirement
from procurement.actions.tenders import submit_tender
from procurement.call_off_facts import facts_of
from procurement.errors import Fault, Invalid
from procurement.models import (
    Amendment,
    BuyerLimit,
    CallOff,
    Event,
    Invitation,
    Lot,
    RateCard,
    TenderRevision,
)
from tests.competed import Contest, planned, published, written
from tests.guards import unguarded

pytestmark = pytest.mark.django_db

MOST = 797_500
"""Pence that the team comes to at yew's ceilings, the dearer ones: 7,375.00, with 100.00 of expenses and an option of
500.00.
"""
ROOM = {"value": "20000.00"}


def least_value(pence: int) -> None:
    Lot.objects.filter(reference="wr1~1").update(minimum_value_pence=pence)


def test_a_team_that_never_reaches_the_lots_least_value_is_told_before_anybody_is_asked(
    contest: Contest,
) -> None:
    least_value(MOST + 1)
    call_off = planned(contest, terms=ROOM)
    events = Event.objects.count()
    (shown,) = preview(contest.market.buyer, call_off.reference).faults()
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert refusal.value.faults == (shown,)
    assert blocking(call_off) == ([shown], ("edit",))
    assert (shown.pointer, shown.code) == ("/requirement/team", "below_minimum")
    assert "£7975.01" in shown.message
    assert "£7975.00 at most" in shown.message
    assert (Invitation.objects.count(), Event.objects.count()) == (0, events)
    assert CallOff.objects.get(pk=call_off.pk).status == "draft"


def blocking(call_off: CallOff) -> tuple[list[Fault], tuple[str, ...]]:
    """What a draft tells before anybody previews it, and which steps are next."""
    facts = facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate())
    return facts.blocking, facts.line.next.steps


def test_one_that_some_supplier_reaches_goes_out(contest: Contest) -> None:
    least_value(MOST)
    assert published(contest, terms=ROOM).status == "out"


@pytest.mark.parametrize("at_first", [1, 2, 50])
def test_whoever_is_priced_first_makes_no_difference(
    at_first: int, contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """yew alone reaches it, which comes after oak."""
    monkeypatch.setattr(call_off_checks, "FEW", at_first)
    least_value(MOST)
    assert preview(contest.market.buyer, planned(contest, terms=ROOM).reference).faults() == []
    least_value(MOST + 1)
    (shown,) = preview(contest.market.buyer, planned(contest, terms=ROOM).reference).faults()
    assert "£7975.00 at most" in shown.message
    assert blocking(CallOff.objects.latest("pk")) == ([shown], ("edit",))


def test_a_team_without_a_rate_on_any_card_is_told_before_anybody_is_asked(contest: Contest) -> None:
    """By the hour, and the terms do not say how many hours a day has."""
    with unguarded():
        RateCard.objects.update(unit="hour")
    call_off = planned(contest, terms=ROOM)
    (shown,) = preview(contest.market.buyer, call_off.reference).faults()
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert refusal.value.faults == (shown,)
    assert blocking(call_off) == ([shown], ("edit",))
    assert (shown.pointer, shown.code) == ("/requirement/team", "unpriced")
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1)
    with pytest.raises(Invalid) as refusal:
        approve_call_off(contest.market.approver, call_off.reference, call_off.revision)
    assert refusal.value.faults == (shown,)
    assert CallOff.objects.get(pk=call_off.pk).approved_minor is None
    assert Invitation.objects.count() == 0
    requirement = call_off.requirement.requirement
    revise_requirement(contest.market.buyer, requirement.reference, requirement.revision, {"months": 3})
    ((later,), _steps) = blocking(call_off)
    assert later.message == (
        f"{shown.message} The call-off is of revision 1 of {requirement.reference}; name {requirement.reference} as "
        "its requirement again to take revision 2."
    )


def test_an_amendment_that_no_tender_could_answer_is_refused_whole(contest: Contest) -> None:
    least_value(MOST)
    call_off = published(contest, terms=ROOM)
    requirement = call_off.requirement.requirement
    fewer = [{"grade": "G1", "days": "9"}, {"grade": "G3", "days": "2.5"}]
    revise_requirement(contest.market.buyer, requirement.reference, requirement.revision, {"team": fewer})
    events = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        amend_competition(
            contest.market.buyer, call_off.reference, call_off.revision, "Fewer days.", material=True
        )
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [
        ("/requirement/team", "below_minimum")
    ]
    assert (Amendment.objects.count(), Event.objects.count()) == (0, events)
    assert CallOff.objects.get(pk=call_off.pk).requirement_id == call_off.requirement_id


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ({"maximum_value_pence": 900_000}, "above_maximum"),
        ({"minimum_value_pence": 900_000}, None),
    ],
)
def test_what_is_paid_for_outcomes_counts_in_a_tender_as_at_publishing_and_award(
    contest: Contest, bounds: dict[str, int], code: str | None
) -> None:
    call_off = published(contest)
    CallOff.objects.filter(pk=call_off.pk).update(outcomes_minor=250_000)
    Lot.objects.filter(reference="wr1~1").update(**bounds)
    # 6,250.00 of work, 100.00, 500.00, and 2,500.00 at most for outcomes.
    tender = written(contest.market.oak, call_off, "oak")
    if code is None:
        submit_tender(contest.market.oak, tender.reference, tender.revision)
        return
    with pytest.raises(Invalid) as refusal:
        submit_tender(contest.market.oak, tender.reference, tender.revision)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/price", code)]
    assert TenderRevision.objects.count() == 0

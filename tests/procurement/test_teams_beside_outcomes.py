"""A competition that pays for outcomes beside a team: its days count in what it comes to, and no amendment brings a
team to outcomes that are paid instead of days.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.utils import timezone

from procurement.actions.competition_changes import amend_competition
from procurement.actions.competitions import preview
from procurement.actions.outcome_plans import approve_share, propose_plan, save_plan
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import revise_requirement
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid
from procurement.invitation_document import invitation_document
from procurement.models import Amendment, BuyerLimit, CallOff, Event, Invitation
from tests.competed import Contest, planned
from tests.paid import body, measure_of

pytestmark = pytest.mark.django_db

TEAM: Final = [{"grade": "G1", "days": "1000"}]
BUDGET: Final = {"amount": "500000.00", "currency": "GBP"}
ALONE: Final[dict[str, Any]] = {"value": None, "extensions": []}
PAID: Final = [{"organisation": "shire", "share": "100"}]


def paying(contest: Contest, **changes: Any) -> CallOff:
    """A draft without a value whose competition is planned and whose outcomes, at most 2,500.00, are agreed."""
    market = contest.market
    call_off = planned(contest, terms=ALONE, **changes)
    said = body(measure_of(market).reference, payers=PAID)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    approve_share(market.approver, plan.reference, plan.revision)
    call_off.refresh_from_db()
    return call_off


def published(contest: Contest, **changes: Any) -> CallOff:
    """The same, published."""
    call_off = paying(contest, **changes)
    publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    return call_off


def revised(contest: Contest, call_off: CallOff, **changes: Any) -> None:
    needed = call_off.requirement.requirement
    revise_requirement(contest.market.buyer, needed.reference, needed.revision, changes)


def refused_amendment(contest: Contest, call_off: CallOff) -> list[tuple[str, str]]:
    """What the refusal of taking over the requirement names; nothing has changed."""
    before = (CallOff.objects.values().get(pk=call_off.pk), Event.objects.count())
    with pytest.raises(Invalid) as refusal:
        amend_competition(
            contest.market.buyer, call_off.reference, call_off.revision, "As needed.", material=True
        )
    after = (CallOff.objects.values().get(pk=call_off.pk), Event.objects.count())
    assert (after, Amendment.objects.count()) == (before, 0)
    return [(one.pointer, one.code) for one in refusal.value.faults]


def test_a_team_beside_outcomes_is_not_estimated_at_the_outcomes_alone(contest: Contest) -> None:
    BuyerLimit.objects.create(
        organisation=paying(contest, team=TEAM).organisation, approval_from_minor=1_000_000
    )
    call_off = CallOff.objects.get()
    facts = facts_of(call_off, timezone.localdate())
    assert (facts.greatest, facts.purchase.approval_asked) == (None, True)
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/terms/value", "required")]
    (shown,) = preview(contest.market.buyer, call_off.reference).faults()
    assert (shown.pointer, shown.code) == ("/terms/value", "required")
    events = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert refusal.value.faults == (shown,)
    assert (Event.objects.count(), Invitation.objects.count()) == (events, 0)
    assert CallOff.objects.get().status == "draft"


def test_a_budget_says_what_a_team_beside_outcomes_comes_to_and_the_limit_counts_it(contest: Contest) -> None:
    call_off = paying(contest, team=TEAM, budget=BUDGET)
    BuyerLimit.objects.create(organisation=call_off.organisation, approval_from_minor=1_000_000)
    facts = facts_of(call_off, timezone.localdate())
    # 500,000.00 for days, 100.00 of expenses, 2,500.00 at most for outcomes.
    assert (facts.greatest, facts.blocking) == (50_260_000, [])
    with pytest.raises(Conflict, match="asks for an approval"):
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert (CallOff.objects.get().status, Invitation.objects.count()) == ("draft", 0)


def test_no_amendment_brings_a_team_to_outcomes_that_are_paid_instead_of_days(contest: Contest) -> None:
    call_off = published(contest, team=[])
    assert invitation_document(call_off, call_off.competition)["outcomes"]["instead_of_days"] is True
    revised(contest, call_off, team=TEAM, budget=BUDGET)
    assert refused_amendment(contest, call_off) == [("/requirement/team", "outcomes_stand")]


def test_no_amendment_takes_the_team_from_beside_outcomes(contest: Contest) -> None:
    call_off = published(contest, team=TEAM, budget=BUDGET)
    revised(contest, call_off, team=[])
    assert refused_amendment(contest, call_off) == [("/requirement/team", "outcomes_stand")]


def test_no_amendment_takes_away_what_says_how_much_it_comes_to(contest: Contest) -> None:
    call_off = published(contest, team=TEAM, budget=BUDGET)
    revised(contest, call_off, budget=None)
    assert refused_amendment(contest, call_off) == [("/terms/value", "required")]

"""Work lies ahead of whoever is asked for it: not before tenders can be opened, not over when a contract is signed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct
from procurement.actions.competition_awards import award_competition
from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.contracts import extend_contract, sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import revise_requirement
from procurement.deadlines import months_after
from procurement.errors import Invalid
from procurement.models import CallOff, Competition, Contract, Event
from procurement.requirements import RequirementContent
from procurement.rules import opening_faults
from procurement.working_days import LONDON
from tests.bought import TERMS, accepted, active, awarded, drafted
from tests.competed import Contest, after, at, evaluated, planned, published

pytestmark = pytest.mark.django_db

FIRST = 30
"""The work of tests/bought.py begins in so many days."""


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.values()),
        list(Competition.objects.values()),
        list(Contract.objects.values()),
    ]


def later(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


@pytest.mark.parametrize(
    ("starts_on", "months", "told"),
    [
        ("2026-01-06", 1, "2026-01-06 and ends on 2026-02-05, before"),
        ("2026-02-15", 1, "2026-02-15, before"),
        ("2026-02-16", 1, ""),
        (None, 1, ""),
    ],
)
def test_work_begins_no_earlier_than_the_day_on_which_tenders_can_be_opened(
    starts_on: str | None, months: int, told: str
) -> None:
    content = RequirementContent(
        starts_on=date.fromisoformat(starts_on) if starts_on else None, months=months
    )
    deadline = datetime(2026, 2, 16, 12, tzinfo=LONDON)
    faults = list(opening_faults(content, deadline))
    assert [one.pointer for one in faults] == (["/deadline"] if told else [])
    assert all(told in one.message for one in faults)
    assert list(opening_faults(content, None)) == []


def test_nothing_is_published_whose_work_is_over_before_tenders_can_be_opened(contest: Contest) -> None:
    starts_on = (timezone.localdate() + timedelta(days=2)).isoformat()
    plan = {"clarify_until": after(days=20), "deadline": after(days=41)}
    call_off = planned(contest, plan=plan, starts_on=starts_on, months=1)
    before = kept()
    with pytest.raises(Invalid) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/deadline", "after_start")]
    assert kept() == before


def test_the_deadline_moves_past_the_first_day_only_with_it(contest: Contest) -> None:
    call_off, buyer = published(contest), contest.market.buyer
    moved = {"deadline": after(days=FIRST + 5)}
    before = kept()
    with pytest.raises(Invalid) as refusal:
        extend_competition(buyer, call_off.reference, call_off.revision, moved, "More time.")
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/deadline", "after_start")]
    assert kept() == before
    requirement = call_off.requirement.requirement
    starts_on = (timezone.localdate() + timedelta(days=FIRST + 4)).isoformat()
    revise_requirement(buyer, requirement.reference, requirement.revision, {"starts_on": starts_on})
    said: dict[str, Any] = {"material": True, **moved}
    before = kept()
    with pytest.raises(Invalid) as refusal:
        amend_competition(buyer, call_off.reference, call_off.revision, "Later.", **said)
    assert [one.code for one in refusal.value.faults] == ["after_start"]
    assert kept() == before
    requirement.refresh_from_db()
    starts_on = (timezone.localdate() + timedelta(days=FIRST + 5)).isoformat()
    revise_requirement(buyer, requirement.reference, requirement.revision, {"starts_on": starts_on})
    made = amend_competition(buyer, call_off.reference, call_off.revision, "Later.", **said)
    assert [one["pointer"] for one in made.difference] == ["/requirement/starts_on", "/deadline"]


def test_nothing_is_awarded_by_competition_once_its_work_was_to_be_over(contest: Contest) -> None:
    call_off, buyer = evaluated(contest), contest.market.buyer
    with at(later(days=FIRST + 200)):
        before = kept()
        with pytest.raises(Invalid) as refusal:
            award_competition(buyer, call_off.reference, call_off.revision, "None known.")
        assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/requirement", "end_past")]
        assert kept() == before
    # A first day that has come meanwhile bars nothing: the award has the days that were published.
    with at(later(days=FIRST + 20)):
        contract = award_competition(buyer, call_off.reference, call_off.revision, "None known.")
    assert contract.starts_on == timezone.localdate() + timedelta(days=FIRST)


def test_a_direct_award_is_neither_awarded_nor_signed_once_its_work_was_to_be_over(contest: Contest) -> None:
    market = contest.market
    offer = accepted(market)
    call_off = CallOff.objects.get(pk=offer.call_off_id)
    with at(later(days=FIRST + 200)):
        before = kept()
        with pytest.raises(Invalid) as refusal:
            award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
        assert [one.code for one in refusal.value.faults] == ["end_past"]
        assert kept() == before
    contract = awarded(market)
    with at(later(days=FIRST + 200)):
        before = kept()
        with pytest.raises(Invalid) as refusal:
            sign_contract(market.oak, contract.reference, contract.revision)
        assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/requirement", "end_past")]
        assert kept() == before


def test_a_first_day_that_passes_while_it_is_answered_moves_to_the_second_signature(contest: Contest) -> None:
    market, day = contest.market, timezone.localdate() + timedelta(days=1)
    call_off = drafted(market.buyer, terms=TERMS | {"reply_days": 10}, starts_on=day.isoformat())
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    with at(later(days=3)):
        call_off = accept_offer(market.oak, offer.reference, offer.revision).call_off
        contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
        agreed = (day, months_after(day, 6))
        contract = sign_contract(market.oak, contract.reference, contract.revision)
        assert (contract.status, contract.starts_on, contract.ends_on) == ("unsigned", *agreed)
    with at(later(days=5)):
        contract = sign_contract(market.buyer, contract.reference, contract.revision)
        # It ends as agreed, and so do its options.
        assert (contract.status, contract.starts_on) == ("active", timezone.localdate())
        assert contract.ends_on == agreed[1]
        contract = extend_contract(market.buyer, contract.reference, contract.revision)
        assert contract.ends_on == months_after(day, 9)


def test_a_contract_that_is_signed_before_its_first_day_begins_on_it(contest: Contest) -> None:
    assert active(contest.market).starts_on == timezone.localdate() + timedelta(days=FIRST)

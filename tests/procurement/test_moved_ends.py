"""A contract whose end moves: what was told of the former end is not taken for the new one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from procurement.actions.contracts import complete_contract, extend_contract, reopen_contract
from procurement.actions.due import move_due
from procurement.actions.indicators import assess_contract, set_indicators
from procurement.actions.public_notices import publish_notice
from procurement.deadlines import end_of
from procurement.indicators import of_performance
from procurement.models import Contract, Event, Framework, IndicatorRating, PublicNotice
from procurement.notice_facts import contract_notices
from procurement.public_notices import DueNotice, Status, year_of
from tests.bought import Market, begun
from tests.competed import at
from tests.indicated import GOOD, ROWS

pytestmark = pytest.mark.django_db

WHY = "The last report is still to come."


def noon(day: date) -> datetime:
    return end_of(day) - timedelta(hours=12)


def large(market: Market) -> Contract:
    """As if it were large enough for the Act to ask for every notice of it; its work has begun."""
    contract = begun(market)
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    Contract.objects.update(
        value_minor=600_000_000, maximum_minor=600_050_000, notice_on=timezone.localdate()
    )
    return set_indicators(market.buyer, contract.reference, contract.revision, {"indicators": ROWS})


def again(contract: Contract) -> Contract:
    return Contract.objects.get(pk=contract.pk)


def published(market: Market, contract: Contract, key: str, number: str) -> None:
    now, today = again(contract), timezone.localdate().isoformat()
    if of_performance(notice(contract, key)):
        now = assess_contract(market.buyer, now.reference, now.revision, key, GOOD)
    publish_notice(market.buyer, now.reference, now.revision, key, number, today)


def extended(market: Market, contract: Contract) -> Contract:
    published(market, contract, "uk10-1", "N-10")
    now = again(contract)
    return extend_contract(market.buyer, now.reference, now.revision)


def notice(contract: Contract, key: str) -> DueNotice:
    return {one.key: one for one in contract_notices(contract, timezone.localdate())}[key]


def reminded(key: str) -> list[str]:
    """The last days that a notice was reminded of."""
    told = Event.objects.filter(type="contract.notice_reminded", changes__notice=key).order_by("position")
    return [one.changes["due_on"] for one in told]


def test_the_last_yearly_notice_is_reminded_of_before_the_end_that_an_option_moves_it_to(
    market: Market,
) -> None:
    contract = large(market)
    first = contract.ends_on
    move_due(noon(first - timedelta(days=10)))
    assert reminded("uk9-end") == [first.isoformat()]
    with at(noon(first - timedelta(days=9))):
        contract = extended(market, contract)
        assert not PublicNotice.objects.filter(key="uk9-end").exists()
        found = notice(contract, "uk9-end")
        assert (found.status, found.due_on) == (Status.AHEAD, contract.ends_on)
        assert contract.notice_on == contract.ends_on - timedelta(days=30)
    assert contract.ends_on > first + timedelta(days=80)
    for _ in range(2):
        move_due(noon(contract.ends_on - timedelta(days=10)))
    assert reminded("uk9-end") == [first.isoformat(), contract.ends_on.isoformat()]


def test_a_yearly_notice_that_was_the_last_counts_for_its_year_and_another_is_asked_for(
    market: Market,
) -> None:
    contract = large(market)
    with at(noon(contract.ends_on - timedelta(days=5))):
        published(market, contract, "uk9-end", "N-9")
        contract = extended(market, contract)
        kept = {one.key: one.number for one in PublicNotice.objects.exclude(number="")}
        assert kept == {"uk9-1": "N-9", "uk10-1": "N-10"}
        assert set(IndicatorRating.objects.values_list("key", flat=True)) == {"uk9-1"}
        assert (notice(contract, "uk9-end").status, notice(contract, "uk9-end").number) == (Status.AHEAD, "")
        # It tells of no end any more: a contract that is complete by mistake goes on.
        complete_contract(market.buyer, contract.reference, contract.revision)
        now = again(contract)
        assert reopen_contract(market.buyer, now.reference, now.revision, WHY).status == "extended"


def test_a_yearly_notice_of_its_year_that_stands_already_stays(market: Market) -> None:
    contract = large(market)
    PublicNotice.objects.create(
        contract=contract, key="uk9-1", number="N-1", published_on=timezone.localdate(), actor="x"
    )
    with at(noon(contract.ends_on)):
        published(market, contract, "uk9-end", "N-9")
        published(market, contract, "uk11", "N-11")
        extended(market, contract)
    kept = {one.key: one.number for one in PublicNotice.objects.exclude(number="")}
    assert kept == {"uk9-1": "N-1", "uk10-1": "N-10"}


def test_the_notice_of_the_end_is_reminded_of_anew_once_a_contract_goes_on(market: Market) -> None:
    contract = large(market)
    done = complete_contract(market.buyer, contract.reference, contract.revision)
    assert done.ended_on is not None
    late = done.ended_on + timedelta(days=25)
    move_due(noon(late))
    assert reminded("uk11") == [(done.ended_on + timedelta(days=29)).isoformat()]
    with at(noon(late)):
        contract = reopen_contract(market.buyer, done.reference, again(done).revision, WHY)
        assert not PublicNotice.objects.filter(key__in=("uk9-end", "uk11")).exists()
    move_due(noon(contract.ends_on + timedelta(days=25)))
    assert reminded("uk11")[1:] == [(contract.ends_on + timedelta(days=29)).isoformat()]
    assert reminded("uk9-end") == [done.ended_on.isoformat(), contract.ends_on.isoformat()]


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 2), "uk9-1"),
        (date(2027, 3, 1), "uk9-1"),
        (date(2027, 3, 2), "uk9-2"),
        (date(2029, 3, 1), "uk9-3"),
    ],
)
def test_a_year_is_counted_from_the_day_on_which_the_contract_was_entered_into(day: date, year: str) -> None:
    assert year_of("uk9", date(2026, 3, 2), day) == year

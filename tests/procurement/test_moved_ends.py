"""A contract whose end moves: what was told of the former end is not taken for the new one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from procurement.actions.contracts import complete_contract, extend_contract, reopen_contract
from procurement.actions.due import move_due
from procurement.actions.indicators import assess_contract, set_indicators
from procurement.actions.public_notices import publish_notice
from procurement.deadlines import end_of, months_after
from procurement.errors import Conflict
from procurement.indicators import of_performance, period_of
from procurement.models import Contract, Event, Framework, IndicatorRating, PublicNotice
from procurement.notice_draft import notice_draft
from procurement.notice_facts import contract_notices
from procurement.public_notices import DueNotice, Status, former_key
from tests.bought import Market, begun
from tests.competed import at
from tests.indicated import BIG, GOOD, ROWS, active

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


def test_a_notice_that_was_the_last_stays_and_the_next_is_about_the_days_after_it(market: Market) -> None:
    contract = large(market)
    first, entered = contract.ends_on, timezone.localdate()
    # Of its first year one stands already.
    PublicNotice.objects.create(
        contract=contract, key="uk9-1", number="N-1", published_on=timezone.localdate(), actor="x"
    )
    with at(noon(first - timedelta(days=5))):
        published(market, contract, "uk9-end", "N-9")
        contract = extended(market, contract)
        former = f"uk9-{first.isoformat()}"
        kept = {one.key: one.number for one in PublicNotice.objects.exclude(number="")}
        assert kept == {"uk9-1": "N-1", former: "N-9", "uk10-1": "N-10"}
        assert set(IndicatorRating.objects.values_list("key", flat=True)) == {former}
        told = notice(contract, former)
        assert (told.status, told.number, told.due_on, told.remind_on) == (
            Status.PUBLISHED, "N-9", first, None,
        )  # fmt: skip
        assert notice_draft(contract, told)["performance"] == {
            "first_day": entered.isoformat(),
            "last_day": first.isoformat(),
            "ratings": GOOD,
        }
        last = notice(contract, "uk9-end")
        assert (last.status, last.number) == (Status.AHEAD, "")
        assert period_of(last) == (first + timedelta(days=1), contract.ends_on)
        # Its number may be put right, and it tells of no end any more: what is complete by mistake goes on.
        today = timezone.localdate().isoformat()
        publish_notice(market.buyer, contract.reference, contract.revision, former, "N-99", today)
        complete_contract(market.buyer, contract.reference, again(contract).revision)
        now = again(contract)
        assert reopen_contract(market.buyer, now.reference, now.revision, WHY).status == "extended"
        assert notice(now, former).number == "N-99"


def test_the_year_in_which_the_end_was_is_told_of_from_there_on(market: Market) -> None:
    terms = BIG | {"extensions": [{"months": 12, "amount": "500.00"}]}
    contract, entered = active(market, terms=terms, months=14), timezone.localdate()
    first = contract.ends_on
    years = [months_after(entered, 12 * number) for number in (1, 2)]
    with at(noon(years[0])):
        published(market, contract, "uk9-1", "N-1")
    with at(noon(first - timedelta(days=25))):
        published(market, contract, "uk9-end", "N-9")
        contract = extended(market, contract)
        found = [one for one in contract_notices(contract, timezone.localdate()) if of_performance(one)]
    day = timedelta(days=1)
    assert [(one.key, one.status, *period_of(one)) for one in found] == [
        ("uk9-1", Status.PUBLISHED, entered, years[0]),
        (f"uk9-{first.isoformat()}", Status.PUBLISHED, years[0] + day, first),
        ("uk9-2", Status.AHEAD, first + day, years[1]),
        ("uk9-end", Status.AHEAD, years[1] + day, contract.ends_on),
    ]


def test_an_end_that_was_that_of_a_year_is_told_of_as_the_year(market: Market) -> None:
    terms = BIG | {"extensions": [{"months": 12, "amount": "500.00"}]}
    contract = active(market, terms=terms, months=12)
    # As if both had signed on the first day of the work.
    signed = noon(contract.starts_on)
    Contract.objects.update(buyer_signed_at=signed, supplier_signed_at=signed)
    contract = again(contract)
    year = contract.ends_on
    with at(noon(year - timedelta(days=5))):
        published(market, contract, "uk9-end", "N-9")
        contract = extended(market, contract)
        found = [one for one in contract_notices(contract, timezone.localdate()) if of_performance(one)]
    assert set(IndicatorRating.objects.values_list("key", "last_day")) == {("uk9-1", year)}
    assert [(one.key, one.number, *period_of(one)) for one in found] == [
        ("uk9-1", "N-9", contract.starts_on, year),
        ("uk9-end", "", year + timedelta(days=1), contract.ends_on),
    ]


def test_no_option_is_taken_once_it_was_published_that_the_contract_is_over(market: Market) -> None:
    contract = large(market)
    with at(noon(contract.ends_on)):
        published(market, contract, "uk10-1", "N-10")
        published(market, contract, "uk11", "N-11")
        now = again(contract)
        before = list(PublicNotice.objects.order_by("pk").values()), Event.objects.count()
        with pytest.raises(Conflict, match="UK11 contract termination notice says publicly"):
            extend_contract(market.buyer, now.reference, now.revision)
        assert (list(PublicNotice.objects.order_by("pk").values()), Event.objects.count()) == before
        assert (again(contract).revision, again(contract).taken) == (now.revision, 0)


def test_who_says_late_that_the_work_is_done_moves_no_last_day(market: Market) -> None:
    contract = large(market)
    end = contract.ends_on
    with at(noon(end - timedelta(days=5))):
        published(market, contract, "uk9-end", "N-9")
    with at(noon(end + timedelta(days=40))):
        now = again(contract)
        done = complete_contract(market.buyer, now.reference, now.revision)
        assert done.ended_on == end + timedelta(days=40)
        last, over = notice(done, "uk9-end"), notice(done, "uk11")
        assert (last.status, last.due_on) == (Status.PUBLISHED, end)
        assert (over.status, over.due_on) == (Status.OVERDUE, end + timedelta(days=29))
        assert notice_draft(done, over)["contract"]["ended_on"] == end.isoformat()


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
    ("end", "key"),
    [
        (date(2026, 3, 2), "uk9-2026-03-02"),
        (date(2027, 3, 1), "uk9-1"),
        (date(2027, 3, 2), "uk9-2027-03-02"),
        (date(2029, 2, 28), "uk9-2029-02-28"),
        (date(2029, 3, 1), "uk9-3"),
    ],
)
def test_a_former_end_is_that_of_a_year_only_on_its_last_day(end: date, key: str) -> None:
    assert former_key("uk9", date(2026, 3, 2), end) == key

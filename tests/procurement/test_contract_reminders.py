"""A contract reminds its parties: of a missing signature, of an option's last day, of its own end; each once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.actions.awards import undo_award
from procurement.actions.contracts import complete_contract, extend_contract, sign_contract
from procurement.actions.due import move_due
from procurement.contract_reminders import Kind, to_come
from procurement.deadlines import after_working_days, midnight
from procurement.models import CallOff, Contract, ContractReminder, Event, Organisation
from tests.bought import TERMS, Market, active, awarded, begun, drafted
from tests.competed import at, told

pytestmark = pytest.mark.django_db

BUYER = {"inbox": {"shire"}, "email": {"approver@shire.example.org", "editor@shire.example.org"}}
LEAD = {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
BOTH = {channel: BUYER[channel] | LEAD[channel] for channel in BUYER}


def reminded(moment: datetime | date) -> int:
    """How many reminders of contracts are given at a moment, or at the noon of a day."""
    if not isinstance(moment, datetime):
        moment = midnight(moment) + timedelta(hours=12)
    with at(moment):
        return move_due(moment)["contracts_reminded"]


def kinds() -> list[str]:
    found = Event.objects.filter(type__in=[f"contract.{kind}_reminded" for kind in Kind])
    return list(found.order_by("position").values_list("type", flat=True))


def test_whoever_has_not_signed_is_reminded_after_five_working_days_once(market: Market) -> None:
    contract = awarded(market)
    sign_contract(market.oak, contract.reference, 1)
    due = after_working_days(contract.created_at, 5)
    assert reminded(due - timedelta(seconds=1)) == 0
    assert reminded(due) == 1
    assert reminded(due) == reminded(due + timedelta(days=90)) == 0
    event = Event.objects.get(type="contract.signature_reminded")
    assert (event.actor, event.changes) == ("system", {"unsigned": ["buyer"]})
    assert told(event.type) == BUYER


def test_both_are_reminded_where_neither_has_signed_and_nobody_once_it_is_void(market: Market) -> None:
    contract = awarded(market)
    due = after_working_days(contract.created_at, 5)
    assert reminded(due) == 1
    assert told("contract.signature_reminded") == BOTH
    call_off = CallOff.objects.get()
    undo_award(market.approver, call_off.reference, call_off.revision, "A mistake.")
    contract.refresh_from_db()
    assert (contract.status, contract.remind_on) == ("terminated", None)
    assert reminded(due + timedelta(days=400)) == 0


def test_an_options_last_day_and_the_end_are_reminded_of_and_anew_once_it_is_extended(market: Market) -> None:
    contract = active(market)
    ends = contract.ends_on
    assert contract.remind_on == ends - timedelta(days=60)
    assert reminded(ends - timedelta(days=61)) == 0
    assert reminded(ends - timedelta(days=60)) == 1
    option = Event.objects.get(type="contract.option_reminded")
    assert option.changes == {"ends_on": ends.isoformat(), "months": 3}
    assert told(option.type) == BUYER
    assert {one.organisation.reference for one in option.audience.all()} == {"shire"}
    assert reminded(ends - timedelta(days=30)) == 1
    assert told("contract.end_reminded") == BOTH
    with at(midnight(ends)):
        contract.refresh_from_db()
        contract = extend_contract(market.buyer, contract.reference, contract.revision)
    assert contract.remind_on == contract.ends_on - timedelta(days=30) > ends
    assert reminded(contract.ends_on - timedelta(days=30)) == 1
    assert kinds() == ["contract.option_reminded", "contract.end_reminded", "contract.end_reminded"]
    contract.refresh_from_db()
    assert contract.remind_on is None
    rows = ContractReminder.objects.order_by("pk").values_list("kind", "of")
    assert list(rows) == [("option", ends), ("end", ends), ("end", contract.ends_on)]


def test_after_an_outage_each_comes_late_but_never_after_the_last_day(market: Market) -> None:
    contract = active(market)
    assert reminded(contract.ends_on) == 2
    assert sorted(kinds()) == ["contract.end_reminded", "contract.option_reminded"]
    ContractReminder.objects.all().delete()
    Contract.objects.update(remind_on=contract.ends_on)
    assert reminded(contract.ends_on + timedelta(days=1)) == 0
    contract.refresh_from_db()
    assert contract.remind_on is None


def test_a_contract_that_is_complete_is_left_alone(market: Market) -> None:
    contract = begun(market)
    contract = complete_contract(market.buyer, contract.reference, contract.revision)
    assert contract.remind_on is None
    Contract.objects.update(remind_on=contract.starts_on)
    assert reminded(contract.ends_on - timedelta(days=1)) == 0
    assert kinds() == []


def test_without_an_option_the_end_alone_is_reminded_of(market: Market) -> None:
    call_off = drafted(market.buyer, terms=TERMS | {"extensions": []})
    row = Contract(
        call_off=call_off,
        status="active",
        created_at=call_off.created_at,
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
    )
    (only,) = to_come(row, date(2026, 1, 1))
    assert (only.kind, only.of, only.on) == (Kind.END, date(2026, 12, 31), date(2026, 12, 1))


@given(
    days=st.integers(min_value=1, max_value=2_000),
    on=st.integers(min_value=0, max_value=2_100),
    options=st.integers(min_value=0, max_value=3),
    taken=st.integers(min_value=0, max_value=3),
)
def test_a_reminder_lies_in_the_later_half_of_the_term_and_never_after_it(
    days: int, on: int, options: int, taken: int
) -> None:
    starts = date(2026, 1, 1)
    row = Contract(
        call_off=CallOff(organisation=Organisation()),
        status="extended" if taken else "active",
        starts_on=starts,
        ends_on=starts + timedelta(days=days),
        options=[{"months": 3, "minor": 100}] * options,
        taken=min(taken, options),
    )
    found = to_come(row, starts + timedelta(days=on))
    left = min(taken, options) < options
    assert [one.kind for one in found] == ([] if on > days else [Kind.OPTION] * left + [Kind.END])
    for one in found:
        assert starts + timedelta(days=days // 2) <= one.on <= one.of == row.ends_on

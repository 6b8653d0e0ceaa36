"""What the clock moves: reminders and ends of windows, found by what is due, once, also after an outage."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from procurement.actions import due
from procurement.actions.due import move_due
from procurement.actions.offers import accept_offer, decline_offer, send_offer, withdraw_offer
from procurement.deadlines import after_working_days, half_way, months_after
from procurement.errors import Conflict
from procurement.models import CallOff, Event, Offer
from procurement.working_days import LONDON, is_working_day
from tests.bought import TERMS, Market, drafted, make_market, offered

KINDS = ("offers_expired", "offers_reminded", "tenders_reminded", "notices_reminded", "competitions_closed",
         "interest_ended", "interest_reminded", "contracts_reminded", "standstills_ended",
         "prices_unanswered")  # fmt: skip
NOTHING = dict.fromkeys(KINDS, 0)
SECOND = timedelta(seconds=1)


@pytest.fixture
def market(db: None) -> Market:
    return make_market()


def types() -> list[str]:
    return list(
        Event.objects.filter(subject_type="offer").order_by("position").values_list("type", flat=True)
    )


def test_half_way_it_reminds_and_at_the_end_it_expires_each_once(market: Market) -> None:
    offer = offered(market)
    assert move_due(offer.remind_at - SECOND) == NOTHING
    assert move_due(offer.remind_at) == NOTHING | {"offers_reminded": 1}
    assert move_due(offer.remind_at) == move_due(offer.reply_by - SECOND) == NOTHING
    assert move_due(offer.reply_by) == NOTHING | {"offers_expired": 1}
    assert move_due(offer.reply_by + timedelta(days=9)) == NOTHING
    assert types() == ["offer.sent", "offer.reminded", "offer.expired"]
    offer.refresh_from_db()
    assert (offer.status, offer.reminded_at) == ("expired", offer.remind_at)
    call_off = CallOff.objects.get()
    assert call_off.status == "out"
    assert send_offer(market.buyer, call_off.reference, call_off.revision).asked.position == 2


def test_after_an_outage_nothing_is_left_behind_and_no_late_reminder_goes(market: Market) -> None:
    offers = [offered(market)]
    call_off = drafted(market.buyer, terms=TERMS | {"reply_days": 20})
    offers.append(send_offer(market.buyer, call_off.reference, call_off.revision))
    late = max(offers[0].reply_by, offers[1].remind_at) + timedelta(hours=1)
    assert move_due(late) == NOTHING | {"offers_expired": 1, "offers_reminded": 1}
    assert move_due(late) == NOTHING
    assert move_due(offers[1].reply_by) == NOTHING | {"offers_expired": 1}
    assert types() == ["offer.sent", "offer.sent", "offer.expired", "offer.reminded", "offer.expired"]


def test_what_was_answered_or_withdrawn_meanwhile_stays_so(market: Market) -> None:
    first = offered(market)
    accept_offer(market.oak, first.reference, first.revision)
    for _ in range(2):
        other = offered(market)
    decline_offer(market.oak, other.reference, other.revision, "No.")
    third = Offer.objects.exclude(pk__in=[first.pk, other.pk]).get()
    withdraw_offer(market.buyer, third.reference, third.revision, "No.")
    before = Event.objects.count()
    assert move_due(timezone.now() + timedelta(days=90)) == NOTHING
    assert Event.objects.count() == before


def test_a_viewed_offer_is_reminded_and_expires_too(market: Market) -> None:
    offer = offered(market)
    Offer.objects.filter(pk=offer.pk).update(status="viewed")
    assert move_due(offer.remind_at)["offers_reminded"] == 1
    assert move_due(offer.reply_by)["offers_expired"] == 1


def test_a_sweep_takes_a_batch_and_the_next_the_rest(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "BATCH", 2)
    for _ in range(3):
        offer = offered(market)
    assert [move_due(offer.reply_by)["offers_expired"] for _ in range(3)] == [2, 1, 0]


def test_past_its_window_an_offer_takes_no_answer_though_no_sweep_has_come(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = offered(market)
    before = Event.objects.count()
    monkeypatch.setattr(timezone, "now", lambda: offer.reply_by)
    with pytest.raises(Conflict, match="window"):
        accept_offer(market.oak, offer.reference, offer.revision)
    with pytest.raises(Conflict, match="window"):
        decline_offer(market.oak, offer.reference, offer.revision, "No.")
    assert Event.objects.count() == before
    monkeypatch.setattr(timezone, "now", lambda: offer.reply_by - SECOND)
    assert accept_offer(market.oak, offer.reference, offer.revision).status == "accepted"


@pytest.mark.parametrize(
    ("sent", "days", "end"),
    [
        # A Thursday: Friday and Monday are the two days, the window ends at midnight after Monday.
        ("2026-03-05T10:00", 2, "2026-03-10T00:00"),
        ("2026-03-07T10:00", 2, "2026-03-11T00:00"),
        # Before Easter: Good Friday and Easter Monday do not count.
        ("2026-04-02T23:59", 2, "2026-04-09T00:00"),
        # The clocks go forward on 29 March; midnight is London's.
        ("2026-03-27T10:00", 1, "2026-03-31T00:00"),
        ("2026-12-24T10:00", 1, "2026-12-30T00:00"),
    ],
)
def test_a_window_gives_whole_working_days(sent: str, days: int, end: str) -> None:
    began = datetime.fromisoformat(sent).replace(tzinfo=LONDON)
    assert after_working_days(began, days) == datetime.fromisoformat(end).replace(tzinfo=LONDON)


@given(
    sent=st.datetimes(
        min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis asks for naive bounds
        max_value=datetime(2035, 1, 1),  # noqa: DTZ001
        timezones=st.just(LONDON),
    ),
    days=st.integers(min_value=1, max_value=30),
)
def test_a_window_holds_its_days_and_ends_with_the_last_of_them(sent: datetime, days: int) -> None:
    end = after_working_days(sent, days)
    inside = [sent.date() + timedelta(days=one) for one in range(1, (end.date() - sent.date()).days)]
    assert sum(map(is_working_day, inside)) == days
    assert is_working_day(inside[-1])
    assert end.time().isoformat() == "00:00:00"
    assert sent < half_way(sent, end) < end


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        ("2026-01-01", 1, "2026-01-31"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-03-15", 12, "2027-03-14"),
        ("2026-12-01", 1, "2026-12-31"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
    ],
)
def test_a_term_ends_the_day_before_the_corresponding_one(first: str, months: int, last: str) -> None:
    assert months_after(date.fromisoformat(first), months) == date.fromisoformat(last)

"""A contract is assessed against its key performance indicators for each period, and its notices tell how it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from procurement.actions.contracts import (
    complete_contract,
    extend_contract,
    reopen_contract,
    terminate_contract,
)
from procurement.actions.indicators import assess_contract, set_indicators
from procurement.actions.public_notices import notice_of, publish_notice
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid, Refused
from procurement.indicators import indicators_of, of_performance, period_of
from procurement.models import (
    CallOff,
    Contract,
    Event,
    Indicator,
    IndicatorRating,
)
from procurement.notice_draft import notice_draft
from procurement.notice_facts import contract_facts, contract_notices
from procurement.notices import notice_for, worded
from tests.bought import Market
from tests.indicated import (
    GOOD,
    NONE,
    NUMBER,
    ROWS,
    active,
    awarded,
    due,
    ended,
    faults_of,
    kept,
    noon,
    rated,
    today,
)


def test_a_period_is_assessed_and_only_then_is_its_notice_published(market: Market) -> None:
    contract = ended(market)
    notice = due(contract)
    said: tuple[Any, ...] = (market.buyer, contract.reference, 6, notice.key, NUMBER, today().isoformat())
    before = kept()
    line = facts_of(CallOff.objects.get(), today()).line
    with pytest.raises(Conflict, match=f"assessed for {today()} to {today()} before the UK9"):
        publish_notice(*said)
    assert kept() == before
    made = assess_contract(market.buyer, contract.reference, 6, notice.key, GOOD)
    assert made.revision == 7
    assert list(
        IndicatorRating.objects.values_list("indicator__position", "rating", "note", "first_day", "last_day")
    ) == [
        (1, "good", "", today(), today()),
        (2, "approaching_target", "As the returns show.", today(), today()),
        (3, "other", "As the returns show.", today(), today()),
    ]
    event = Event.objects.get(type="contract.assessed")
    assert event.changes == {
        "notice": notice.key,
        "first_day": today().isoformat(),
        "last_day": today().isoformat(),
        "ratings": ["good", "approaching_target", "other"],
    }
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "oak"}
    told = worded(event, notice_for("contract.assessed", "lead"), {})
    assert told.title == f"Performance assessed: {contract.reference}"
    assert line.next.steps == ("assess",)
    # Until it is published it may be said again.
    assess_contract(market.buyer, contract.reference, 7, notice.key, rated("good", "good", "good"))
    assert IndicatorRating.objects.filter(rating="good", note="").count() == 3
    publish_notice(market.buyer, contract.reference, 8, *said[3:])
    before = kept()
    with pytest.raises(Conflict, match="UK9 contract performance notice was published: what it says stands"):
        assess_contract(market.buyer, contract.reference, 9, notice.key, GOOD)
    assert kept() == before
    # Its number may still be put right.
    publish_notice(market.buyer, contract.reference, 9, notice.key, "2026/S 000-2", today().isoformat())


def test_an_assessment_that_cannot_be_is_refused_and_nothing_changes(market: Market) -> None:
    contract = ended(market)
    key = due(contract).key
    before = kept()
    refused: tuple[tuple[Any, Any, list[tuple[str, str]]], ...] = (
        ("uk7", GOOD, [("/notice", "unknown_value")]),
        ("uk9-7", GOOD, [("/notice", "unknown_value")]),
        ("", GOOD, [("/notice", "required")]),
        (7, GOOD, [("/notice", "type")]),
        (key, GOOD[:2], [("/ratings", "required")]),
        (key, [*GOOD, GOOD[0]], [("/ratings/3/position", "duplicate")]),
        (key, [*GOOD, GOOD[0] | {"position": 4}], [("/ratings/3/position", "unknown_value")]),
        (
            key,
            [*GOOD[1:], GOOD[0] | {"position": "1"}],
            [("/ratings/2/position", "type"), ("/ratings", "required")],
        ),
        (key, [*GOOD[:2], GOOD[2] | {"rating": "fair"}], [("/ratings/2/rating", "unknown_value")]),
        (key, [*GOOD[:2], {"position": 3}], [("/ratings/2/rating", "required")]),
        *(
            (key, rated("good", one, "good", note=" "), [("/ratings/1/note", "required")])
            for one in ("requires_improvement", "inadequate", "other")
        ),
        (key, rated("good", "inadequate", "good", note="a" * 1_001), [("/ratings/1/note", "too_long")]),
    )
    for named, ratings, faults in refused:
        with pytest.raises(Invalid) as refusal:
            assess_contract(market.buyer, contract.reference, 6, named, ratings)
        assert faults_of(refusal) == faults
    assert kept() == before
    # Close to its target says it all.
    assess_contract(
        market.buyer, contract.reference, 6, key, rated("good", "approaching_target", "good", note="")
    )


def test_a_period_is_assessed_in_its_last_month_or_once_it_has_ended(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = active(market, months=18)
    closes = next(one for one in contract_notices(contract, today()) if of_performance(one)).due_on
    assert closes is not None
    before = kept()
    with pytest.raises(Conflict, match="in its last month, or once it has ended"):
        assess_contract(market.buyer, contract.reference, 5, "uk9-1", GOOD)
    assert kept() == before
    first = today()
    monkeypatch.setattr(timezone, "now", lambda: noon(closes - timedelta(days=30)))
    assess_contract(market.buyer, contract.reference, 5, "uk9-1", GOOD)
    assert set(IndicatorRating.objects.values_list("first_day", "last_day")) == {(first, closes)}
    publish_notice(market.buyer, contract.reference, 6, "uk9-1", NUMBER, today().isoformat())
    contract = terminate_contract(market.buyer, contract.reference, 7, "The service was closed.")
    # Ended within its first year, of which it was told: what is left is told of with the end.
    assert period_of(due(contract)) == (first, today())


def test_the_end_is_about_what_is_left_since_the_last_whole_year(market: Market) -> None:
    contract = active(market, months=30)
    found = next(one for one in contract_notices(contract, today()) if of_performance(one))
    year = found.due_on
    assert year is not None
    assert period_of(found) == (today(), year)
    last = next(one for one in contract_notices(contract, today()) if one.key == "uk9-end")
    begins, ends = period_of(last)
    assert (begins - timedelta(days=1)).month == year.month
    assert begins.year == year.year + 1
    assert ends == contract.ends_on


def test_an_assessment_is_of_its_period_alone(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option that is taken moves the end, and with it what is told of there."""
    contract = active(market)
    monkeypatch.setattr(timezone, "now", lambda: noon(contract.ends_on - timedelta(days=3)))
    key = due(contract).key
    assess_contract(market.buyer, contract.reference, 5, key, GOOD)
    publish_notice(market.buyer, contract.reference, 6, "uk10-1", NUMBER, today().isoformat())
    extend_contract(market.buyer, contract.reference, 7)
    contract.refresh_from_db()
    monkeypatch.setattr(timezone, "now", lambda: noon(contract.ends_on))
    assert due(contract).key == key
    before = kept()
    with pytest.raises(Conflict, match=f"to {contract.ends_on} before the UK9"):
        publish_notice(market.buyer, contract.reference, 8, key, NUMBER, today().isoformat())
    assert kept() == before
    assess_contract(market.buyer, contract.reference, 8, key, GOOD)
    publish_notice(market.buyer, contract.reference, 9, key, NUMBER, today().isoformat())
    # What was said of the former end stays.
    assert IndicatorRating.objects.filter(indicator__position=1).count() == 2


def test_what_was_assessed_keeps_its_words_and_its_place(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = active(market)
    monkeypatch.setattr(timezone, "now", lambda: noon(contract.ends_on))
    assess_contract(market.buyer, contract.reference, 5, due(contract).key, GOOD)
    before = kept()
    other = {"name": "Complaints", "target": "None upheld."}
    for content, faults in (
        ({"indicators": [ROWS[0] | {"target": "Nine in ten."}, *ROWS[1:]]}, ["/indicators/0"]),
        ({"indicators": [ROWS[1], ROWS[0], ROWS[2]]}, ["/indicators/0", "/indicators/1"]),
        ({"indicators": [*ROWS[:2], other, ROWS[2]]}, ["/indicators/2"]),
        ({"no_indicators": NONE}, ["/no_indicators"] * 3),
    ):
        with pytest.raises(Invalid) as refusal:
            set_indicators(market.buyer, contract.reference, 6, content)
        assert faults_of(refusal) == [(one, "assessed") for one in faults]
    with pytest.raises(Invalid, match="cannot be set as they are") as refusal:
        set_indicators(market.buyer, contract.reference, 6, {"indicators": ROWS[:2]})
    assert faults_of(refusal) == [("/indicators", "too_few"), ("/indicators", "assessed")]
    assert "Indicator 3, “Satisfied users”, was assessed" in refusal.value.faults[1].message
    assert kept() == before
    set_indicators(market.buyer, contract.reference, 6, {"indicators": [*ROWS, other]})
    # With another one the period is not assessed whole.
    with pytest.raises(Conflict, match="before the UK9"):
        publish_notice(market.buyer, contract.reference, 7, due(contract).key, NUMBER, today().isoformat())


def test_the_drafts_tell_indicators_and_how_they_were_met(market: Market) -> None:
    contract = ended(market)

    def draft(key: str) -> dict[str, Any]:
        contract.refresh_from_db()
        return notice_draft(contract, notice_of(contract, key, today()))

    key = due(contract).key
    named = [{"position": at, **row} for at, row in enumerate(ROWS, start=1)]
    details = draft("uk7")
    assert (details["indicators"], details["no_indicators"], details["performance"]) == (named, "", None)
    assert not [one for one in details["missing"] if "indicators" in one]
    told = draft(key)
    assert (told["indicators"], told["performance"]) == (named, None)
    assert "ratings: performance is not assessed for the period yet" in told["missing"]
    assess_contract(market.buyer, contract.reference, 6, key, GOOD)
    told = draft(key)
    assert told["performance"] == {
        "first_day": today().isoformat(),
        "last_day": today().isoformat(),
        "ratings": GOOD,
    }
    assert not [one for one in told["missing"] if "ratings" in one]
    for other in ("uk11", "copy"):
        assert (draft(other)["indicators"], draft(other)["performance"]) == ([], None)


def test_the_draft_of_one_that_was_published_tells_what_it_told(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = active(market)
    first, end = today(), contract.ends_on
    monkeypatch.setattr(timezone, "now", lambda: noon(end - timedelta(days=20)))
    # Complete by mistake, and assessed for that day.
    complete_contract(market.buyer, contract.reference, 5)
    assess_contract(market.buyer, contract.reference, 6, "uk9-end", rated("inadequate", "good", "good"))
    reopen_contract(market.buyer, contract.reference, 7, "Work is still to come.")
    monkeypatch.setattr(timezone, "now", lambda: noon(end - timedelta(days=10)))
    assess_contract(market.buyer, contract.reference, 8, "uk9-end", GOOD)
    publish_notice(market.buyer, contract.reference, 9, "uk9-end", NUMBER, today().isoformat())

    def told() -> dict[str, Any]:
        contract.refresh_from_db()
        return notice_draft(contract, notice_of(contract, "uk9-end", today()))

    performance = {"first_day": first.isoformat(), "last_day": end.isoformat(), "ratings": GOOD}
    assert told()["performance"] == performance
    other = {"name": "Complaints", "target": "None upheld."}
    set_indicators(market.buyer, contract.reference, 10, {"indicators": [*ROWS, other]})
    assert (told()["performance"], len(told()["indicators"])) == (performance, 4)
    # Earlier than its last day, of which it was told.
    complete_contract(market.buyer, contract.reference, 11)
    assert told()["performance"] == performance
    assert not [one for one in told()["missing"] if "ratings" in one]
    notice = notice_of(contract, "uk9-end", today())
    assert period_of(notice, indicators_of(contract)) == (first, end)


def test_the_database_keeps_one_rating_for_a_period_and_whole_indicators(market: Market) -> None:
    contract = ended(market)
    assess_contract(market.buyer, contract.reference, 6, due(contract).key, GOOD)
    rating, indicator = IndicatorRating.objects.all()[0], Indicator.objects.all()[0]
    for row, changes in (
        (rating, {}),
        (rating, {"key": "uk9-9", "last_day": rating.first_day - timedelta(days=1)}),
        (indicator, {}),
        (indicator, {"position": 0}),
        (indicator, {"position": 9, "name": ""}),
        (indicator, {"position": 9, "target": ""}),
    ):
        made = type(row)(
            **{
                one.attname: getattr(row, one.attname)
                for one in row._meta.concrete_fields
                if not one.primary_key
            }
            | changes
        )
        with pytest.raises((IntegrityError, DataError)), transaction.atomic():
            made.save()


def test_a_contract_that_was_taken_back_is_assessed_by_nobody(market: Market) -> None:
    contract = awarded(market)
    Contract.objects.update(status="terminated", ended_on=today())
    with pytest.raises(Conflict, match="taken back before both had signed: nothing of it is assessed"):
        set_indicators(market.buyer, contract.reference, 2, {"indicators": ROWS})
    for act in (
        lambda: set_indicators(market.buyer, contract.reference, 2, {"no_indicators": NONE}),
        lambda: assess_contract(market.buyer, contract.reference, 2, "uk9-1", GOOD),
    ):
        with pytest.raises(Refused):
            act()
    assert (contract_facts(Contract.objects.get()).entered_on, Indicator.objects.count()) == (None, 0)

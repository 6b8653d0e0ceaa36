"""Notices that the law asks for: which, from which value, by when; reminded of once, kept once they are published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from procurement.actions.awards import award_direct, undo_award
from procurement.actions.contracts import complete_contract, extend_contract, sign_contract
from procurement.actions.due import move_due
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.public_notices import publish_notice
from procurement.available import Bar
from procurement.call_off_facts import facts_of
from procurement.deadlines import end_of
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from procurement.models import CallOff, Contract, Event, Framework, Lot, Organisation, Partner, PublicNotice
from procurement.notice_draft import notice_draft
from procurement.notice_facts import contract_notices
from procurement.public_notices import (
    LARGE,
    NoticeFacts,
    Published,
    Status,
    Taken,
    notices,
    told_first,
    why_none,
    with_vat,
)
from procurement.states import Part
from tests.bought import TERMS, Market, begin, drafted

SIGNED = date(2026, 3, 2)
FACTS = NoticeFacts(
    regime="pa2023",
    buyer_class="local-government",
    nation="england",
    light_touch=False,
    value=300_000_00,
    began_on=date(2026, 2, 2),
    awarded_on=date(2026, 2, 27),
    entered_on=SIGNED,
    ends_on=date(2026, 8, 31),
)
TWELVE = TERMS | {"expenses": "240000.00"}
ONE_MONTH = TWELVE | {"extensions": [{"months": 1, "amount": "500.00"}]}
"""Beside twelve months less than a tenth of term and value, which the law does not ask to be told of."""


def asked(on: date = SIGNED, published: dict[str, Published] | None = None, **changes: Any) -> dict[str, Any]:
    """The notices of FACTS with these changes, by key: status and last day."""
    found = notices(replace(FACTS, **changes), published or {}, on)
    return {one.key: (one.status.value, one.due_on) for one in found}


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, {"uk6", "uk7", "uk11"}),
        ({"value": 207_720_00}, {"uk6", "uk7", "uk11"}),
        ({"value": 207_719_99}, {"uk7-below"}),
        ({"value": 207_720_00, "began_on": date(2025, 12, 31)}, {"uk7-below"}),
        ({"value": 30_000_00}, {"uk7-below"}),
        ({"value": 29_999_99}, set()),
        ({"value": 135_018_00, "buyer_class": "central-government"}, {"uk6", "uk7", "uk11"}),
        ({"value": 135_018_00, "buyer_class": "health"}, {"uk6", "uk7", "uk11"}),
        ({"value": 12_000_00, "buyer_class": "central-government"}, {"uk7-below"}),
        ({"light_touch": True}, {"uk7-below"}),
        ({"light_touch": True, "value": 663_540_00}, {"uk6", "uk7", "uk11"}),
        ({"value": LARGE}, {"uk6", "uk7", "uk11"}),
        ({"value": LARGE + 1}, {"uk6", "uk7", "copy", "uk9-end", "uk11"}),
        ({"value": LARGE + 1, "nation": "wales"}, {"uk6", "uk7", "uk9-end", "uk11"}),
        ({"value": LARGE + 1, "light_touch": True}, {"uk6", "uk7", "copy", "uk11"}),
        ({"nation": "scotland"}, set()),
        ({"regime": "pcr2015"}, {"award"}),
        ({"regime": "pcr2015", "value": 30_000_00}, {"award"}),
        ({"regime": "pcr2015", "value": 29_999_99}, set()),
        ({"regime": "pcr2015", "value": 12_000_00, "buyer_class": "central-government"}, {"award"}),
        ({"regime": "pcr2015", "value": 12_000_00, "buyer_class": "health"}, set()),
        ({"regime": "pcr2015", "nation": "wales"}, set()),
        ({"regime": "pcr2015", "buyer_class": "devolved"}, set()),
    ],
)
def test_regime_value_buyer_and_nation_say_which_notices_are_asked_for(
    changes: dict[str, Any], keys: set[str]
) -> None:
    assert set(asked(**changes)) == keys
    if not keys:
        assert why_none(replace(FACTS, **changes)).endswith(".")


@pytest.mark.parametrize(
    ("regime", "named"), [("pa2023", "Schedule 9A"), ("pcr2015", "procurement law of its own")]
)
def test_a_scottish_buyer_is_told_where_to_look_and_not_that_nothing_is_due(regime: str, named: str) -> None:
    told = why_none(replace(FACTS, nation="scotland", regime=regime))
    assert named in told
    assert "look there before you award" in told


@pytest.mark.parametrize(
    ("changes", "key", "last"),
    [
        # The day of signing is the first of the thirty.
        ({}, "uk7", date(2026, 3, 31)),
        ({"light_touch": True, "value": 700_000_00}, "uk7", date(2026, 6, 29)),
        ({"value": LARGE + 1}, "copy", date(2026, 5, 30)),
        ({}, "uk11", date(2026, 9, 29)),
        ({"ended_on": date(2026, 5, 4)}, "uk11", date(2026, 6, 2)),
        # After the award: its own day does not count.
        ({"regime": "pcr2015"}, "award", date(2026, 5, 28)),
        ({"regime": "pcr2015", "buyer_class": "central-government"}, "award", date(2026, 3, 29)),
        ({}, "uk6", None),
        ({"value": 40_000_00}, "uk7-below", None),
        ({"value": LARGE + 1, "ends_on": date(2028, 3, 1)}, "uk9-1", date(2027, 3, 1)),
    ],
)
def test_the_last_day_is_counted_as_the_rule_says(
    changes: dict[str, Any], key: str, last: date | None
) -> None:
    assert asked(**changes)[key][1] == last


def test_a_notice_waits_from_its_moment_on_and_is_late_after_its_last_day() -> None:
    before = {"entered_on": None}
    assert asked(**before)["uk6"] == ("due", None)
    assert asked(**before)["uk7"] == ("not_due_yet", None)
    assert asked(awarded_on=None, **before)["uk6"] == ("not_due_yet", None)
    assert asked()["uk6"] == ("overdue", None)
    last = date(2026, 3, 31)
    assert [asked(last + timedelta(days=n))["uk7"][0] for n in (-29, 0, 1)] == ["due", "due", "overdue"]
    kept = {"uk7": Published("2026/S 1", date(2026, 3, 9))}
    assert asked(last + timedelta(days=9), kept)["uk7"] == ("published", last)
    assert asked(date(2026, 8, 30))["uk11"][0] == "not_due_yet"
    assert asked(date(2026, 8, 31))["uk11"][0] == "due"


def test_performance_is_told_each_year_and_at_the_end() -> None:
    long = {"value": LARGE + 1, "ends_on": date(2028, 6, 30)}
    assert [key for key in asked(**long) if key.startswith("uk9")] == ["uk9-1", "uk9-end"]
    assert asked(date(2027, 1, 29), **long)["uk9-1"] == ("not_due_yet", date(2027, 3, 1))
    assert asked(date(2027, 1, 30), **long)["uk9-1"][0] == "due"
    first = {"uk9-1": Published("N-1", date(2027, 2, 2))}
    assert [key for key in asked(published=first, **long) if key.startswith("uk9")] == [
        "uk9-1",
        "uk9-2",
        "uk9-end",
    ]


def test_only_an_option_of_more_than_a_tenth_is_told_of() -> None:
    tenth, more = Decimal(10), Decimal("10.01")
    taken = (
        (1, Taken(date(2026, 6, 1), tenth, tenth)),
        (2, Taken(date(2026, 7, 1), tenth, more)),
        (3, Taken(date(2026, 8, 1), more, tenth)),
    )
    found = asked(date(2026, 7, 2), taken=taken)
    assert [key for key in found if key.startswith("uk10")] == ["uk10-2", "uk10-3"]
    assert found["uk10-2"] == ("overdue", date(2026, 7, 1))
    assert not [key for key in asked(taken=taken, light_touch=True, value=700_000_00) if "uk10" in key]


def test_a_change_is_told_of_before_its_option_is_taken_and_only_while_the_contract_is_live() -> None:
    coming = ((1, Taken(None, Decimal(20), Decimal(5))),)
    assert asked(taken=coming)["uk10-1"] == ("not_due_yet", None)
    assert "uk10-1" not in asked(taken=((1, Taken(None, Decimal(10), Decimal(10))),))
    assert "uk10-1" not in asked(taken=coming, entered_on=None)
    assert "uk10-1" not in asked(taken=coming, ended_on=SIGNED)
    early = {"uk10-1": Published("N-1", SIGNED)}
    assert asked(published=early, taken=coming)["uk10-1"] == ("published", None)
    taken = ((1, Taken(date(2026, 7, 1), Decimal(20), Decimal(5))),)
    assert asked(date(2026, 7, 2), early, taken=taken)["uk10-1"] == ("published", date(2026, 7, 1))


def test_vat_is_added_to_the_penny() -> None:
    assert with_vat(100_00, Decimal(20)) == 120_00
    assert with_vat(1, Decimal("17.5")) == 1
    assert with_vat(3, Decimal("17.5")) == 4


@given(
    value=st.integers(min_value=0, max_value=2 * LARGE),
    days=st.integers(min_value=-60, max_value=900),
    regime=st.sampled_from(["pa2023", "pcr2015"]),
    light=st.booleans(),
    nation=st.sampled_from(["", "england", "wales", "northern-ireland", "scotland"]),
    told=st.sets(st.sampled_from(["uk6", "uk7", "uk7-below", "copy", "uk9-1", "uk9-end", "uk11", "award"])),
    reminded=st.booleans(),
)
def test_whatever_is_asked_for_is_counted_down_alike(
    value: int, days: int, regime: str, light: bool, nation: str, told: set[str], reminded: bool
) -> None:
    on = SIGNED + timedelta(days=days)
    kept = {key: Published("N", on, reminded) for key in told}
    facts = replace(
        FACTS, value=value, regime=regime, light_touch=light, nation=nation, ends_on=date(2028, 1, 1)
    )
    found = notices(facts, kept, on)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert one.days_left == ((one.due_on - on).days if one.due_on else None)
        assert (one.status == Status.PUBLISHED) is (one.key in told)
        assert one.waits is (one.status in (Status.DUE, Status.OVERDUE))
        if one.key in told:
            assert one.remind_on is None
        if one.status == Status.OVERDUE:
            assert one.days_left is None or one.days_left < 0


def awarded(market: Market, terms: dict[str, Any] = TWELVE, **changes: Any) -> Contract:
    """Above the threshold, by a local authority under the Act; `changes` are of the requirement."""
    Organisation.objects.filter(reference="shire").update(buyer_class="local-government")
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    call_off = drafted(market.buyer, terms=terms, **changes)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    accept_offer(market.oak, offer.reference, offer.revision)
    call_off.refresh_from_db()
    return award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")


def active(market: Market, **changes: Any) -> Contract:
    """Signed by both, what must be told of before as published as it has to be; its revision is 3 either way."""
    contract = awarded(market, **changes)
    if told_first(contract_notices(contract, timezone.localdate())) is not None:
        PublicNotice.objects.create(
            contract=contract,
            key="uk6",
            number="N-6",
            published_on=timezone.localdate(),
            actor=market.buyer.reference,
            recorded_at=timezone.now(),
        )
    sign_contract(market.oak, contract.reference, 1)
    return sign_contract(market.buyer, contract.reference, 2)


def kept() -> list[Any]:
    return [
        Event.objects.count(),
        list(Contract.objects.values()),
        list(PublicNotice.objects.values()),
    ]


def test_before_signature_the_award_notice_is_the_next_thing_and_then_the_details_notice(
    market: Market,
) -> None:
    contract = awarded(market)
    today = timezone.localdate()
    line = facts_of(CallOff.objects.get(), today).line
    assert (line.next.who, line.next.steps, line.next.by) == ((Part.OWNER,), ("publish_notice",), None)
    publish_notice(market.buyer, contract.reference, 1, "uk6", "2026/S 000-1", today.isoformat())
    assert facts_of(CallOff.objects.get(), today).line.next.steps == ("sign",)
    sign_contract(market.oak, contract.reference, 2)
    sign_contract(market.buyer, contract.reference, 3)
    line = facts_of(CallOff.objects.get(), today).line
    assert line.ended == "contracted"
    assert (line.next.who, line.next.steps) == ((Part.OWNER,), ("publish_notice",))
    assert line.next.by == end_of(today + timedelta(days=29))
    publish_notice(market.buyer, contract.reference, 4, "uk7", "2026/S 000-2", today.isoformat())
    assert facts_of(CallOff.objects.get(), today).line.next.who == ()


def test_the_buyer_signs_once_the_award_notice_is_published_and_until_then_blocking_says_so(
    market: Market,
) -> None:
    contract = sign_contract(market.oak, awarded(market).reference, 1)
    today, before = timezone.localdate(), kept()
    with pytest.raises(
        Conflict, match=r"UK6 contract award notice is published before .* says under uk6 where"
    ):
        sign_contract(market.buyer, contract.reference, 2)
    assert kept() == before
    facts = facts_of(CallOff.objects.get(), today)
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/notices", "notice_first")]
    assert (facts.purchase.barred, facts.line.next.steps) == (Bar.OF_NOTICE, ("publish_notice",))
    publish_notice(market.buyer, contract.reference, 2, "uk6", "2026/S 000-1", today.isoformat())
    facts = facts_of(CallOff.objects.get(), today)
    assert (facts.blocking, facts.purchase.barred) == ([], None)
    assert sign_contract(market.buyer, contract.reference, 3).status == "active"


def test_a_second_signature_waits_for_the_award_notice_whoever_gives_it(market: Market) -> None:
    contract = awarded(market)
    # Signed by the buyer before this was kept to.
    Contract.objects.update(buyer_signed_at=timezone.now(), buyer_signed_by=market.buyer.reference)
    before = kept()
    with pytest.raises(Conflict, match="UK6 contract award notice"):
        sign_contract(market.oak, contract.reference, 1)
    assert kept() == before


def test_a_supplier_that_is_suspended_bars_before_a_notice_that_is_missing_does(market: Market) -> None:
    awarded(market)
    Partner.objects.filter(reference="oak").update(suspended=True)
    facts = facts_of(CallOff.objects.get(), timezone.localdate())
    assert [one.code for one in facts.blocking] == ["suspended", "notice_first"]
    assert (facts.purchase.barred, facts.line.next.steps) == (Bar.OF_SUPPLIER, ("undo",))


@pytest.mark.parametrize(("regime", "terms"), [("pa2023", TERMS), ("pcr2015", TWELVE)])
def test_no_signature_waits_for_a_notice_that_the_law_asks_for_afterwards(
    market: Market, regime: str, terms: dict[str, Any]
) -> None:
    contract = awarded(market, terms)
    Framework.objects.filter(reference="wr1").update(regime=regime)
    sign_contract(market.buyer, contract.reference, 1)
    assert sign_contract(market.oak, contract.reference, 2).status == "active"


def test_a_contract_is_complete_no_earlier_than_its_work_starts(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = active(market, terms=TERMS)
    before, first = kept(), contract.starts_on
    with pytest.raises(Conflict, match=f"The work starts on {first}: it is not done before"):
        complete_contract(market.buyer, contract.reference, 3)
    assert kept() == before
    monkeypatch.setattr(timezone, "now", lambda: noon(first))
    assert complete_contract(market.buyer, contract.reference, 3).status == "complete"


def test_a_small_call_off_is_told_that_nothing_is_due(market: Market) -> None:
    facts = facts_of(drafted(market.buyer), timezone.localdate())
    assert facts.notices == ()
    assert facts.no_notices == (
        "Nothing is due: its value, with VAT and options, is below what the law asks to be told of."
    )


def test_a_draft_is_told_what_will_be_asked_of_its_contract(market: Market) -> None:
    Framework.objects.filter(reference="wr1").update(regime="pa2023")
    found = facts_of(drafted(market.buyer, terms=TWELVE), timezone.localdate()).notices
    assert {one.key: one.status.value for one in found} == dict.fromkeys(
        ("uk6", "uk7", "uk11"), "not_due_yet"
    )


def test_a_publication_is_kept_and_may_be_corrected(market: Market) -> None:
    contract, today = active(market), timezone.localdate().isoformat()
    made = publish_notice(market.buyer, contract.reference, 3, "uk7", " 2026/S 000-1 ", today)
    publish_notice(market.buyer, contract.reference, made.revision, "uk7", "2026/S 000-2", today)
    row = PublicNotice.objects.exclude(key="uk6").get()
    assert (row.key, row.number, row.published_on, row.actor) == (
        "uk7",
        "2026/S 000-2",
        timezone.localdate(),
        market.buyer.reference,
    )
    events = Event.objects.filter(type="contract.notice_published").order_by("position")
    assert [one.changes for one in events] == [
        {"notice": "uk7", "number": number, "published_on": today}
        for number in ("2026/S 000-1", "2026/S 000-2")
    ]


def test_a_publication_that_cannot_be_is_refused_and_nothing_changes(market: Market) -> None:
    contract, today = active(market), timezone.localdate()
    before = kept()
    said: tuple[Any, ...] = (contract.reference, contract.revision)
    for key, error in (("uk11", Conflict), ("uk9-1", NotFound), ("award", NotFound), ("x", NotFound)):
        with pytest.raises(error):
            publish_notice(market.buyer, *said, key, "N-1", today.isoformat())
    for actor, error in ((market.oak, NotPermitted), (market.stranger, NotFound), (market.yew, NotFound)):
        with pytest.raises(error):
            publish_notice(actor, *said, "uk7", "N-1", today.isoformat())
    with pytest.raises(Stale):
        publish_notice(market.buyer, contract.reference, 9, "uk7", "N-1", today.isoformat())
    for number, day, pointers in (
        ("", today.isoformat(), ["/number"]),
        ("N-1", "", ["/published_on"]),
        ("N-1", "9 March", ["/published_on"]),
        ("N-1", today.strftime("%Y%m%d"), ["/published_on"]),
        ("N-1", today.strftime("%G-W%V-%u"), ["/published_on"]),
        ("N-1", (today + timedelta(days=1)).isoformat(), ["/published_on"]),
        ("N-1", (today - timedelta(days=1)).isoformat(), ["/published_on"]),
        ("N" * 61, 7, ["/number", "/published_on"]),
    ):
        with pytest.raises(Invalid) as refusal:
            publish_notice(market.buyer, *said, "uk7", number, day)
        assert [one.pointer for one in refusal.value.faults] == pointers
    assert kept() == before


def noon(day: date) -> datetime:
    return end_of(day) - timedelta(hours=12)


def test_the_buyer_is_reminded_of_each_once_and_after_an_outage_too(market: Market) -> None:
    contract, today = awarded(market), timezone.localdate()
    # The award notice is reminded of a day after the award.
    assert contract.notice_on == today + timedelta(days=1)
    assert move_due(noon(today))["notices_reminded"] == 0
    assert move_due(noon(today + timedelta(days=1)))["notices_reminded"] == 1
    assert move_due(noon(today + timedelta(days=1)))["notices_reminded"] == 0
    publish_notice(market.buyer, contract.reference, 1, "uk6", "N-6", today.isoformat())
    sign_contract(market.oak, contract.reference, 2)
    sign_contract(market.buyer, contract.reference, 3)
    contract.refresh_from_db()
    assert contract.notice_on == today + timedelta(days=22)
    late = today + timedelta(days=40)
    assert move_due(noon(late))["notices_reminded"] == 1
    assert move_due(noon(late))["notices_reminded"] == 0
    told = Event.objects.filter(type="contract.notice_reminded").order_by("position")
    assert [(one.changes["notice"], one.changes["due_on"]) for one in told] == [
        ("uk6", None),
        ("uk7", (today + timedelta(days=29)).isoformat()),
    ]


def test_what_was_published_or_taken_back_is_not_reminded_of(market: Market) -> None:
    contract, today = active(market), timezone.localdate()
    publish_notice(market.buyer, contract.reference, 3, "uk7", "N-1", today.isoformat())
    contract.refresh_from_db()
    assert contract.notice_on == contract.ends_on + timedelta(days=22)
    assert move_due(noon(today + timedelta(days=40)))["notices_reminded"] == 0
    other = awarded(market)
    call_off = CallOff.objects.get(pk=other.call_off_id)
    undo_award(market.approver, call_off.reference, call_off.revision, "A mistake.")
    other.refresh_from_db()
    assert other.notice_on is None
    assert contract_notices(other, today)[0].status == Status.AHEAD


def test_an_option_and_an_end_ask_for_notices_of_their_own(market: Market) -> None:
    contract, today = active(market), timezone.localdate()
    found = {one.key: one for one in contract_notices(contract, today)}
    assert (found["uk10-1"].status, found["uk10-1"].due_on, found["uk10-1"].waits) == (
        Status.AHEAD,
        None,
        False,
    )
    contract.refresh_from_db()
    with pytest.raises(Conflict, match="time has not come"):
        publish_notice(market.buyer, contract.reference, 3, "uk11", "N-11", today.isoformat())
    before = kept()
    with pytest.raises(
        Conflict, match=r"UK10 contract change notice is published before .*: say under uk10-1"
    ):
        extend_contract(market.buyer, contract.reference, 3)
    assert kept() == before
    publish_notice(market.buyer, contract.reference, 3, "uk10-1", "N-10", today.isoformat())
    extend_contract(market.buyer, contract.reference, 4)
    contract.refresh_from_db()
    found = {one.key: one for one in contract_notices(contract, today)}
    assert (found["uk10-1"].status, found["uk10-1"].number, found["uk10-1"].due_on) == (
        Status.PUBLISHED,
        "N-10",
        today,
    )
    assert contract.options[0]["taken_on"] == today.isoformat()
    complete_contract(market.buyer, begin(contract).reference, 5)
    contract.refresh_from_db()
    found = {one.key: one for one in contract_notices(contract, today)}
    assert (found["uk11"].status, found["uk11"].due_on) == (Status.DUE, today + timedelta(days=29))


def test_an_option_that_the_law_does_not_ask_to_be_told_of_is_taken_at_once(market: Market) -> None:
    light, small = active(market), active(market, terms=ONE_MONTH, months=12)
    assert extend_contract(market.buyer, small.reference, 3).status == "extended"
    Lot.objects.filter(reference="wr1~1").update(light_touch=True)
    assert extend_contract(market.buyer, light.reference, 3).status == "extended"


def test_a_draft_holds_what_is_known_and_names_what_is_not(market: Market) -> None:
    contract = Contract.objects.get(pk=active(market).pk)
    [_, due, *_] = contract_notices(contract, timezone.localdate())
    drawn = notice_draft(contract, due)
    assert drawn["notice"]["key"] == "uk7"
    assert drawn["ocid"] == contract.call_off.ocid
    assert drawn["value"] == {
        "currency": "GBP",
        "without_vat": "246750.00",
        "with_vat": "296100.00",
        "of_first_term_without_vat": "246250.00",
    }
    assert [one["role"] for one in drawn["parties"]] == ["buyer", "supplier"]
    assert drawn["contract"]["signed_on"] == timezone.localdate().isoformat()
    assert "the buyer's identifier" in drawn["missing"]

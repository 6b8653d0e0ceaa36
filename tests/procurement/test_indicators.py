"""Key performance indicators are set before a large contract is signed; whoever asks for none says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from procurement.actions.awards import award_direct
from procurement.actions.contracts import (
    sign_contract,
)
from procurement.actions.due import move_due
from procurement.actions.indicators import assess_contract, set_indicators
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.public_notices import notice_of, publish_notice
from procurement.available import Bar
from procurement.call_off_facts import facts_of
from procurement.errors import Conflict, Invalid, Stale
from procurement.indicators import MISSING, indicators_asked
from procurement.models import (
    CallOff,
    Contract,
    Delivery,
    Event,
    Framework,
    Indicator,
    Lot,
    Organisation,
    Partner,
)
from procurement.notice_draft import notice_draft
from procurement.notice_facts import contract_notices
from procurement.notices import notice_for, worded
from procurement.public_notices import LARGE, notices
from procurement.states import Part
from tests.bought import TERMS, Market, drafted, refused_to_all_but_its_buyer
from tests.indicated import (
    BIG,
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
    today,
)
from tests.procurement.test_public_notices import FACTS, SIGNED


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"value": LARGE + 1}, True),
        ({"value": LARGE}, False),
        ({"value": LARGE + 1, "light_touch": True}, False),
        ({"value": LARGE + 1, "regime": "pcr2015"}, False),
        ({"value": LARGE + 1, "nation": "wales"}, True),
        ({"value": LARGE + 1, "nation": "scotland"}, False),
        ({"value": LARGE + 1, "no_indicators": True}, True),
    ],
)
def test_the_act_asks_for_indicators_above_five_million(changes: dict[str, Any], asked: bool) -> None:
    assert indicators_asked(replace(FACTS, **changes)) is asked


def test_where_there_are_none_for_a_reason_no_notice_of_performance_is_asked_for() -> None:
    large = replace(FACTS, value=LARGE + 1)
    assert "uk9-end" in {one.key for one in notices(large, {}, SIGNED)}
    found = {one.key for one in notices(replace(large, no_indicators=True), {}, SIGNED)}
    assert found == {"uk6", "uk7", "copy", "uk11"}


def test_neither_the_buyer_signs_nor_is_a_second_signature_taken_before_indicators_are_set(
    market: Market,
) -> None:
    contract = sign_contract(market.oak, awarded(market).reference, 2)
    before = kept()
    with pytest.raises(Conflict) as refusal:
        sign_contract(market.buyer, contract.reference, 3)
    assert refusal.value.message == MISSING
    assert kept() == before
    facts = facts_of(CallOff.objects.get(), today())
    assert [(one.pointer, one.code) for one in facts.blocking] == [("/indicators", "indicators_first")]
    assert facts.purchase.barred == Bar.OF_NOTICE
    assert (facts.line.next.who, facts.line.next.steps) == ((Part.OWNER,), ("set_indicators",))
    set_indicators(market.buyer, contract.reference, 3, {"indicators": ROWS})
    facts = facts_of(CallOff.objects.get(), today())
    assert (facts.blocking, facts.purchase.barred, facts.line.next.steps) == ([], None, ("sign",))
    assert sign_contract(market.buyer, contract.reference, 4).status == "active"


def test_a_supplier_gives_no_second_signature_before_indicators_are_set(market: Market) -> None:
    contract = awarded(market)
    # Signed by the buyer before this was kept to.
    Contract.objects.update(buyer_signed_at=timezone.now(), buyer_signed_by=market.buyer.reference)
    before = kept()
    with pytest.raises(Conflict, match="three key performance indicators"):
        sign_contract(market.oak, contract.reference, 2)
    assert kept() == before


def test_what_is_missing_before_a_signature_is_told_together(market: Market) -> None:
    contract = awarded(market)
    contract.public_notices.all().delete()
    facts = facts_of(CallOff.objects.get(), today())
    assert [one.code for one in facts.blocking] == ["indicators_first", "notice_first"]
    assert facts.line.next.steps == ("set_indicators", "publish_notice")
    Partner.objects.filter(reference="oak").update(suspended=True)
    facts = facts_of(CallOff.objects.get(), today())
    assert (facts.purchase.barred, facts.line.next.steps) == (Bar.OF_SUPPLIER, ("undo",))


@pytest.mark.parametrize("changes", [{"regime": "pcr2015"}, {"light": True}, {"terms": TERMS}])
def test_no_signature_waits_where_the_law_asks_for_none(market: Market, changes: dict[str, Any]) -> None:
    Lot.objects.filter(reference="wr1~1").update(light_touch=changes.get("light", False))
    Organisation.objects.filter(reference="shire").update(buyer_class="local-government")
    Framework.objects.filter(reference="wr1").update(regime=changes.get("regime", "pa2023"))
    call_off = drafted(market.buyer, terms=changes.get("terms", BIG | {"expenses": "4300000.00"}))
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    accept_offer(market.oak, offer.reference, offer.revision)
    call_off.refresh_from_db()
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
    if "light" in changes:
        publish_notice(market.buyer, contract.reference, 1, "uk6", NUMBER, today().isoformat())
    contract.refresh_from_db()
    sign_contract(market.oak, contract.reference, contract.revision)
    assert sign_contract(market.buyer, contract.reference, contract.revision + 1).status == "active"


def test_indicators_are_set_whole_and_told_to_both_sides(market: Market) -> None:
    contract = set_indicators(market.buyer, awarded(market).reference, 2, {"indicators": ROWS})
    assert list(Indicator.objects.values("position", "name", "target")) == [
        {"position": at, **row} for at, row in enumerate(ROWS, start=1)
    ]
    assert (contract.revision, contract.no_indicators) == (3, None)
    fewer = [ROWS[2], ROWS[0], {"name": " Complaints ", "target": "None upheld."}]
    set_indicators(market.buyer, contract.reference, 3, {"indicators": fewer, "no_indicators": ""})
    assert list(Indicator.objects.values_list("position", "name")) == [
        (1, "Satisfied users"),
        (2, "Reports on time"),
        (3, "Complaints"),
    ]
    event = Event.objects.filter(type="contract.indicators_set").latest("position")
    assert event.changes == {
        "indicators": ["Satisfied users", "Reports on time", "Complaints"],
        "no_indicators": "",
    }
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "oak"}
    owed = Delivery.objects.filter(event=event, channel="inbox")
    assert set(owed.values_list("recipient", "whom")) == {("shire", "organisation"), ("oak", "lead")}
    told = worded(event, notice_for("contract.indicators_set", "lead"), {})
    assert (
        told.text == f"The performance of {contract.reference} is assessed by 3 key performance indicators."
    )
    before = kept()
    set_indicators(
        market.buyer, contract.reference, 4, {"indicators": [*fewer[:2], fewer[2] | {"name": "Complaints"}]}
    )
    assert kept() == before


def test_a_reason_why_there_are_none_takes_their_place_and_no_performance_is_told_of(market: Market) -> None:
    contract = active(market, {"no_indicators": f" {NONE} "})
    assert (contract.status, contract.no_indicators, Indicator.objects.count()) == ("active", NONE, 0)
    keys = [one.key for one in contract_notices(contract, today())]
    assert [one for one in keys if one.startswith("uk9")] == []
    for one in ("uk7", "copy"):
        contract = publish_notice(
            market.buyer, contract.reference, contract.revision, one, NUMBER, today().isoformat()
        )
    # The next that is reminded of is that of the end.
    assert contract.notice_on == contract.ends_on + timedelta(days=22)
    event = Event.objects.get(type="contract.indicators_set")
    assert event.changes == {"indicators": [], "no_indicators": NONE}
    told = worded(event, notice_for("contract.indicators_set", "lead"), {})
    assert told.text.endswith(f"is assessed by no indicators: {NONE}")
    made = set_indicators(market.buyer, contract.reference, contract.revision, {"indicators": ROWS})
    assert made.no_indicators is None
    assert "uk9-end" in [one.key for one in contract_notices(made, today())]
    assert made.notice_on == made.ends_on - timedelta(days=30)


def test_a_smaller_contract_has_as_many_as_its_buyer_likes(market: Market) -> None:
    contract = awarded(market, TERMS | {"expenses": "240000.00"})
    made = set_indicators(market.buyer, contract.reference, 2, {"indicators": ROWS[:1]})
    assert Indicator.objects.count() == 1
    made = set_indicators(market.buyer, contract.reference, 3, {})
    assert (made.revision, Indicator.objects.count()) == (4, 0)
    told = worded(Event.objects.latest("position"), notice_for("contract.indicators_set", "lead"), {})
    assert told.text == f"The performance of {contract.reference} is assessed by no indicators any more."


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ({}, [("/indicators", "too_few")]),
        ({"indicators": ROWS[:2]}, [("/indicators", "too_few")]),
        ({"indicators": [], "no_indicators": "  "}, [("/indicators", "too_few")]),
        ({"indicators": ROWS, "no_indicators": NONE}, [("/no_indicators", "both")]),
        ({"indicators": ROWS * 7}, [("/indicators", "too_many")]),
        ({"indicators": "three"}, [("/indicators", "type")]),
        ({"indicators": ["three"]}, [("/indicators/0", "type")]),
        ({"no_indicators": "a" * 1_001}, [("/no_indicators", "too_long")]),
        ({"reason": NONE}, [("/reason", "unknown_field")]),
        (
            {"indicators": [{"name": "a" * 201}, {"name": "", "target": "b", "weight": 1}, ROWS[0]]},
            [
                ("/indicators/0/name", "too_long"),
                ("/indicators/0/target", "required"),
                ("/indicators/1/weight", "unknown_field"),
                ("/indicators/1/name", "required"),
            ],
        ),
    ],
)
def test_indicators_that_cannot_be_are_refused_and_nothing_changes(
    market: Market, content: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    contract = awarded(market)
    before = kept()
    with pytest.raises(Invalid) as refusal:
        set_indicators(market.buyer, contract.reference, 2, content)
    assert faults_of(refusal) == faults
    assert kept() == before


def test_indicators_are_the_buyers_to_set_and_to_assess(market: Market) -> None:
    contract = ended(market)
    key = due(contract).key
    before = kept()
    refused_to_all_but_its_buyer(
        market, lambda actor: set_indicators(actor, contract.reference, 6, {"indicators": ROWS})
    )
    refused_to_all_but_its_buyer(
        market, lambda actor: assess_contract(actor, contract.reference, 6, key, GOOD)
    )
    for act in (
        lambda: set_indicators(market.buyer, contract.reference, 5, {"indicators": ROWS}),
        lambda: assess_contract(market.buyer, contract.reference, 5, key, GOOD),
    ):
        with pytest.raises(Stale):
            act()
    assert kept() == before


@pytest.mark.parametrize("status", ["active", "complete", "terminated"])
def test_a_contract_that_was_signed_without_them_sets_them_and_is_asked_for_its_notices(
    market: Market, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    contract = awarded(market)
    # Signed by both before this was kept to.
    Contract.objects.update(
        supplier_signed_at=timezone.now(),
        buyer_signed_at=timezone.now(),
        status=status,
        ended_on=None if status == "active" else contract.ends_on,
    )
    CallOff.objects.update(status="contracted")
    contract.refresh_from_db()
    monkeypatch.setattr(timezone, "now", lambda: noon(contract.ends_on))
    for key in ("uk7", "copy"):
        contract = publish_notice(
            market.buyer, contract.reference, contract.revision, key, NUMBER, today().isoformat()
        )
    key = due(contract).key
    before = kept()
    said = (market.buyer, contract.reference, contract.revision)
    with pytest.raises(Conflict, match="has no key performance indicators: set and assess them"):
        publish_notice(*said, key, NUMBER, today().isoformat())
    with pytest.raises(Conflict, match="has no key performance indicators: set them first"):
        assess_contract(*said, key, GOOD)
    assert kept() == before
    assert facts_of(CallOff.objects.get(), today()).line.next.steps == ("set_indicators",)
    made = set_indicators(*said, {"indicators": ROWS})
    assert facts_of(CallOff.objects.get(), today()).line.next.steps == ("assess",)
    made = assess_contract(market.buyer, contract.reference, made.revision, key, GOOD)
    assert facts_of(CallOff.objects.get(), today()).line.next.steps == ("publish_notice",)
    publish_notice(market.buyer, contract.reference, made.revision, key, NUMBER, today().isoformat())


def test_a_draft_names_indicators_as_missing_only_where_the_law_asks_for_them(market: Market) -> None:
    missing = "key performance indicators: three or more, or why there are none"
    contract = awarded(market)
    for one in ("uk7", "uk9-end"):
        notice = next((at for at in contract_notices(contract, today()) if at.key == one), None)
        if notice is not None:
            assert missing in notice_draft(contract, notice)["missing"]
    made = set_indicators(market.buyer, contract.reference, 2, {"no_indicators": NONE})
    told = notice_draft(contract, notice_of(made, "uk7", today()))
    assert missing in told["missing"]
    told = notice_draft(made, notice_of(made, "uk7", today()))
    assert (missing in told["missing"], told["no_indicators"], told["indicators"]) == (False, NONE, [])
    Lot.objects.filter(reference="wr1~1").update(light_touch=True)
    contract = Contract.objects.get()
    Contract.objects.update(no_indicators=None)
    assert missing not in notice_draft(contract, notice_of(contract, "uk7", today()))["missing"]


def test_the_buyer_is_reminded_of_performance_unless_there_is_a_reason(market: Market) -> None:
    contract = active(market)
    late = noon(contract.ends_on)
    assert move_due(late)["notices_reminded"] == 3
    told = Event.objects.filter(type="contract.notice_reminded").values_list("changes__notice", flat=True)
    assert {one for one in told if one.startswith("uk9")} == {"uk9-end"}

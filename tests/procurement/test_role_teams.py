"""A team by role from quote to contract: each supplier's own line, frozen in the order form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procurement.actions.awards import award_direct
from procurement.actions.contracts import sign_contract
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.requirements import create_requirement
from procurement.call_off_checks import asked_of, prices_of
from procurement.errors import Fault, Invalid, Refused
from procurement.evidence.order import order_pack
from procurement.models import Contract, Event, Framework, Lot, Offer, Requirement
from procurement.named import Terms, question_of, suppliers_named
from procurement.quotes import Quote, quotes
from procurement.team_lines import TeamLine
from tests.bought import TERMS, Market, drafted, need
from tests.roles import TEAM, publish_role_cards

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)
ENGINEER = TeamLine("", Decimal(10), "data engineer", 6)
DESIGNER = TeamLine("", Decimal(20), "Designer", unit="hour")
BY_DAY = TERMS | {"hours_per_day": "8"}


@pytest.fixture(autouse=True)
def by_role(market: Market) -> None:
    publish_role_cards()


def asked(*team: TeamLine, suppliers: tuple[str, ...] = ("oak", "yew"), **terms: Any) -> list[Quote]:
    framework, lot = Framework.objects.get(reference="wr1"), Lot.objects.get(reference="wr1~1")
    question = question_of(framework, lot, replace(Terms(team, TODAY), **terms), suppliers)
    return quotes(question, suppliers_named(suppliers), TODAY)


def why(quote: Quote) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in quote.unpriced]


def test_each_supplier_is_priced_by_its_own_cheapest_line_that_satisfies(market: Market) -> None:
    oak, yew = asked(replace(ENGINEER, experience=3))
    assert oak.price is not None
    assert yew.price is not None
    assert (oak.price.total, yew.price.total) == (600_000, 500_000)
    assert [one.price.lines[0].rate.taken.key for one in (oak, yew)] == ["e5", "1"]  # type: ignore[union-attr]


def test_who_has_no_such_line_is_ruled_out_by_name(market: Market) -> None:
    oak, yew = asked(ENGINEER, DESIGNER, hours_per_day=Decimal(8))
    assert oak.price is not None
    assert (oak.price.total, [line.amount for line in oak.price.lines]) == (812_500, [700_000, 112_500])
    assert yew.price is None
    assert why(yew) == [
        ("no_experience", "The card has data engineer, but no line of it asks for 6 years or more."),
        ("no_role", "The card has no Designer."),
    ]


def test_hours_on_a_card_by_the_day_need_the_hours_of_a_day(market: Market) -> None:
    [oak] = asked(DESIGNER, suppliers=("oak",))
    assert why(oak) == [
        (
            "hours_per_day",
            "Its card is by the day and some of the team is in hours: say hours_per_day, and it is priced.",
        )
    ]


def test_a_role_is_proposed_by_its_title_at_or_below_the_line_that_is_taken(market: Market) -> None:
    [oak] = asked(ENGINEER, suppliers=("oak",), proposed={"oak": {"Data Engineer": 65_000}})
    assert oak.price is not None
    assert (oak.price.total, oak.price.lines[0].rate.ceiling) == (650_000, 70_000)
    with pytest.raises(Invalid) as refusal:
        asked(ENGINEER, suppliers=("oak",), proposed={"oak": {"Data engineer": 70_001}})
    assert refusal.value.faults == (
        Fault(
            "/proposed/oak/Data engineer",
            "above_ceiling",
            "DATA ENGINEER: 700.01 is above the card's ceiling of 700.00.",
        ),
    )


def test_a_role_takes_two_queries_more_whatever_the_number_of_suppliers(market: Market) -> None:
    def queries(*team: TeamLine, suppliers: tuple[str, ...]) -> int:
        question = question_of(Framework.objects.get(reference="wr1"), None, Terms(team, TODAY), suppliers)
        known = suppliers_named(suppliers)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            quotes(question, known, TODAY)
        return len(seen)

    assert queries(TeamLine("G1", Decimal(1)), suppliers=("oak",)) == 3
    assert queries(ENGINEER, suppliers=("oak",)) == 5
    assert queries(ENGINEER, replace(ENGINEER, experience=1), suppliers=("oak", "yew")) == 5


def test_a_requirement_names_roles_that_some_card_of_the_lot_names(market: Market) -> None:
    kept = create_requirement(market.buyer, need(team=TEAM))
    assert kept.current is not None
    assert kept.current.content["team"] == [
        {"role": "data engineer", "experience": 6, "days": "10"},
        {"role": "Designer", "experience": None, "hours": "20"},
    ]
    before = Requirement.objects.count(), Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        create_requirement(market.buyer, need(team=[*TEAM, {"role": "Astronaut", "days": "1"}]))
    assert refusal.value.faults == (
        Fault("/team/2/role", "unknown", "No rate card on lot 1 of WR1 names the role Astronaut."),
    )
    assert (Requirement.objects.count(), Event.objects.count()) == before


def test_a_direct_award_freezes_the_line_that_was_taken_through_to_the_contract(market: Market) -> None:
    call_off = drafted(market.buyer, terms=BY_DAY, team=TEAM)
    offer = send_offer(market.buyer, call_off.reference, call_off.revision)
    price = json.loads(offer.document)["price"]
    assert (price["amount"], price["basis"]) == ("8125.00", "team")
    assert price["lines"] == [
        {
            "role": "data engineer", "experience": 6, "days": "10", "name": "DATA ENGINEER",
            "rate": "700.00", "ceiling": "700.00", "amount": "7000.00",
            "line": {
                "key": "e8", "role": "DATA ENGINEER", "min_experience": 8, "qualification": "", "site": "customer",
            },
        },
        {
            "role": "Designer", "experience": None, "hours": "20", "name": "Designer",
            "rate": "450.00", "ceiling": "450.00", "amount": "1125.00",
            "line": {"key": "d", "role": "Designer", "min_experience": 2, "qualification": "", "site": ""},
        },
    ]  # fmt: skip
    rates = next(
        one for one in order_pack(offer.document, offer.digest).tables if one.title == "Work and rates"
    )
    assert rates.columns == ("Grade or role", "Of the card", "Work", "Rate", "Amount")
    assert list(rates.rows) == [
        ("data engineer (6 years or more)", "DATA ENGINEER, line e8, 8 years or more, Customer's premises",
         "10 days", "700.00", "7000.00"),
        ("Designer", "Designer, line d, 2 years or more", "20 hours", "450.00", "1125.00"),
    ]  # fmt: skip
    publish_role_cards(valid_from=date(2026, 1, 1))
    offer = accept_offer(market.oak, offer.reference, offer.revision)
    call_off.refresh_from_db()
    contract = award_direct(market.buyer, call_off.reference, call_off.revision, "None known.")
    sign_contract(market.oak, contract.reference, 1)
    contract = sign_contract(market.buyer, contract.reference, 2)
    assert (contract.status, contract.value_minor) == (Contract.Status.ACTIVE, 822_500)


def test_the_supplier_without_the_role_is_passed_over_by_name(market: Market) -> None:
    call_off = drafted(market.buyer, terms=BY_DAY, team=TEAM)
    asked_ = asked_of(call_off)
    oak, yew = (prices_of(call_off, asked_, TODAY)[one.pk] for one in asked_)
    assert (oak.minor, yew.minor) == (812_500, None)
    assert [fault.message for fault in yew.faults] == [
        "The card has data engineer, but no line of it asks for 6 years or more.",
        "The card has no Designer.",
    ]


def test_nothing_goes_out_where_no_card_has_the_experience(market: Market) -> None:
    call_off = drafted(market.buyer, team=[{"role": "Designer", "experience": 30, "days": "1"}])
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        send_offer(market.buyer, call_off.reference, call_off.revision)
    assert "The card has Designer, but no line of it asks for 30 years or more." in [
        fault.message for fault in refusal.value.faults
    ]
    assert (Offer.objects.count(), Event.objects.count()) == (0, before)

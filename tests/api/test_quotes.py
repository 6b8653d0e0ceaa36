"""Pricing a team through the API: side by side in the order asked, strict about its body, open to everybody."""

from __future__ import annotations

import json
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from django.test import Client

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.permissions import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

QUESTION: dict[str, Any] = {
    "framework": "rm6309",
    "lot": "7",
    "work_type": "advice",
    "starts_on": "2026-01-05",
    "team": [{"grade": "G3", "days": 10}, {"grade": "G5", "days": "2.5"}],
    "suppliers": ["brightwater"],
}
FOUNDERS: dict[str, Any] = {
    "framework": "rm3745", "lot": "rm3745~5", "starts_on": "2020-01-06",
    "team": [{"grade": "G3", "days": 1}], "suppliers": ["ppl"],
}  # fmt: skip


def post(client: Client, question: Any, status: int = 200, **changes: Any) -> Any:
    body = {**question, **changes} if isinstance(question, dict) else question
    body = (
        {name: value for name, value in body.items() if value is not ...} if isinstance(body, dict) else body
    )
    answer = client.post("/api/v1/quotes/", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def faults(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in told["errors"]]


def test_a_team_is_priced_line_by_line(client: Client) -> None:
    told = post(client, QUESTION, months=6)
    assert (told["lot"]["reference"], told["ends_on"]) == ("rm6309~7", "2026-07-04")
    assert told["team"] == [{"grade": "G3", "days": "10"}, {"grade": "G5", "days": "2.5"}]
    assert told["compared"] == [
        {"currency": "GBP", "count": 1, "cheapest": "10550.00", "median": "10550.00", "illustrative": False}
    ]
    [found] = told["results"]
    assert found["supplier"] == {"reference": "brightwater", "name": "Brightwater Advisory"}
    assert found["card"] == {
        "reference": "rm6309~brightwater", "version": 1, "valid_from": "2025-08-18", "valid_to": "2028-08-18",
        "unit": "day", "basis": "published",
        "caveat": "Ceilings: the most that the supplier may charge, VAT excluded.",
    }  # fmt: skip
    assert (found["not_priced"], found["notes"], found["listing"]) == ([], [], None)
    price = found["price"]
    assert [(line["grade"], line["days"], line["rate"], line["amount"]) for line in price["lines"]] == [
        ("G3", "10", "780.00", "7800.00"),
        ("G5", "2.5", "1100.00", "2750.00"),
    ]
    assert (price["total"], price["vat_rate"], price["vat"], price["total_with_vat"]) == (
        "10550.00", "20", "2110.00", "12660.00",
    )  # fmt: skip
    assert price["difference"] == {"cheapest": "0.00", "median": "0.00"}
    assert price["place"] == {"below": 0, "equal": 1, "above": 0, "percentile": 100.0}


def test_vat_is_left_out_where_it_is_not_asked_for(client: Client) -> None:
    price = post(client, QUESTION, vat=False)["results"][0]["price"]
    assert (price["total"], price["vat_rate"], price["vat"], price["total_with_vat"]) == (
        "10550.00", None, None, None,
    )  # fmt: skip


def test_an_illustrative_card_of_an_expired_framework_stands_out(client: Client) -> None:
    told = post(client, FOUNDERS)
    [found] = told["results"]
    assert (found["price"]["total"], found["card"]["basis"]) == ("725.00", "illustrative")
    assert [note["code"] for note in found["notes"]] == ["framework_ends", "illustrative"]
    assert told["compared"][0]["illustrative"] is True


def test_listings_stand_in_for_their_suppliers(client: Client) -> None:
    asked = ["rm3745~ppl~scie", "rm3745~ppl~opm-group"]
    told = post(client, FOUNDERS, suppliers=..., listings=asked)
    assert [(each["listing"], each["supplier"]["reference"]) for each in told["results"]] == [
        ("rm3745~ppl~scie", "ppl"),
        ("rm3745~ppl~opm-group", "ppl"),
    ]
    wrong = post(
        client, FOUNDERS, 422, suppliers=..., listings=["rm3745~ppl~nobody", "rm6309~ppl~scie", "ppl"]
    )
    assert faults(wrong) == [
        ("/listings/0", "unknown"),
        ("/listings/1", "unknown"),
        ("/listings/2", "unknown"),
    ]


LOT = "rm6309~7"


def card(supplier: str, **prices: int) -> CardDraft:
    """A card on the lot: pence by grade and work type, `G3_advice=78_000`."""
    lines = tuple(
        LineDraft(
            key,
            price,
            lot=LOT,
            grade=f"{LOT}~{key.partition('_')[0].lower()}",
            work_type=key.partition("_")[2],
        )
        for key, price in prices.items()
    )
    return CardDraft(supplier, "rm6309", lines, valid_from=date(2025, 8, 18))


def three() -> list[str]:
    """Brightwater and two more on its lot: one cheaper, one without a card."""
    names, since = ["cheaper", "cardless"], date(2025, 8, 18)
    save_partners(SYSTEM, [PartnerDraft(name, name.title()) for name in names])
    alone = [
        SupplierDraft(name, name.title(), "alone", (MemberDraft(name, "lead", since),)) for name in names
    ]
    save_suppliers(SYSTEM, alone)
    save_appointments(SYSTEM, [AppointmentDraft(name, LOT, since) for name in names])
    publish_cards(SYSTEM, [card("cheaper", G3_advice=68_000, G5_advice=100_000)])
    return ["brightwater", *names]


def test_permuting_the_suppliers_permutes_the_answers(client: Client) -> None:
    names = three()
    answers = {
        each["supplier"]["reference"]: each for each in post(client, QUESTION, suppliers=names)["results"]
    }
    assert answers["brightwater"]["price"]["difference"] == {"cheapest": "1250.00", "median": "1250.00"}
    assert answers["cheaper"]["price"]["total"] == "9300.00"
    assert [why["code"] for why in answers["cardless"]["not_priced"]] == ["no_card"]
    assert answers["cardless"]["price"] is None
    for order in permutations(names):
        told = post(client, QUESTION, suppliers=list(order))
        assert told["results"] == [answers[name] for name in order]


def test_a_work_type_that_is_not_said_is_asked_for_only_where_it_matters(client: Client) -> None:
    assert post(client, QUESTION, work_type=...)["results"][0]["price"]["total"] == "10550.00"
    prices = {"G3_advice": 78_000, "G3_delivery": 78_001, "G5_advice": 110_000, "G5_delivery": 110_001}
    publish_cards(SYSTEM, [card("brightwater", **prices)])
    [found] = post(client, QUESTION, work_type=...)["results"]
    assert [(why["code"], why["grade"], why["choices"]) for why in found["not_priced"]] == [
        ("work_type", "G3", ["advice", "delivery"]),
        ("work_type", "G5", ["advice", "delivery"]),
    ]
    assert post(client, QUESTION, work_type="advice")["results"][0]["price"]["total"] == "10550.00"


def test_a_rate_above_the_ceiling_is_refused_by_line(client: Client) -> None:
    lower = post(client, QUESTION, proposed={"brightwater": {"G3": "700.00"}})
    assert lower["results"][0]["price"]["lines"][0] == {
        "grade": "G3", "name": lower["results"][0]["price"]["lines"][0]["name"], "days": "10", "rate": "700.00",
        "ceiling": "780.00", "amount": "7000.00",
    }  # fmt: skip
    told = post(client, QUESTION, 422, proposed={"brightwater": {"G3": "780.01"}})
    assert told["errors"] == [
        {
            "pointer": "/proposed/brightwater/G3",
            "code": "above_ceiling",
            "detail": "G3: 780.01 is above the card's ceiling of 780.00.",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"colour": "red"}, [("/colour", "unknown_field")]),
        ({"team": [{"grade": "G1", "days": 1, "colour": "red"}]}, [("/team/0/colour", "unknown_field")]),
        ({"team": []}, [("/team", "min_length")]),
        ({"team": [{"grade": "G1"}]}, [("/team/0/days", "required")]),
        ({"team": [{"grade": "G1", "days": "1.001"}]}, [("/team/0/days", "max_decimal_places")]),
        ({"team": [{"grade": "G1", "days": 0}]}, [("/team/0/days", "min_value")]),
        ({"team": [{"grade": "G1", "days": "١٢"}]}, [("/team/0/days", "invalid")]),
        ({"months": "٦"}, [("/months", "invalid")]),
        ({"team": [{"grade": "G1", "days": True}]}, [("/team/0/days", "invalid")]),
        ({"suppliers": []}, [("/suppliers", "min_length")]),
        ({"suppliers": ["ppl"] * 51}, [("/suppliers", "max_length")]),
        ({"suppliers": ...}, [("/suppliers", "conflict")]),
        ({"listings": ["rm6309~brightwater~brightwater"]}, [("/suppliers", "conflict")]),
        ({"starts_on": "5 January"}, [("/starts_on", "invalid")]),
        ({"months": 0}, [("/months", "min_value")]),
        ({"work_type": "magic"}, [("/work_type", "invalid_choice")]),
        ({"proposed": {"brightwater": {"G3": "-1"}}}, [("/proposed/brightwater/G3", "invalid")]),
        ({"framework": ...}, [("/framework", "required")]),
    ],
)  # fmt: skip
def test_a_malformed_question_is_refused_by_pointer(
    client: Client, changes: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    assert faults(post(client, QUESTION, 400, **changes)) == wrong


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"framework": "rm1"}, [("/framework", "unknown")]),
        ({"lot": "99"}, [("/lot", "unknown")]),
        ({"lot": "rm3745~5"}, [("/lot", "unknown")]),
        ({"suppliers": ["brightwater", "nobody"]}, [("/suppliers/1", "unknown")]),
        ({"suppliers": ["brightwater"] * 2}, [("/suppliers/1", "twice")]),
        ({"team": [{"grade": "G1", "days": 1}, {"grade": "g1", "days": 1}]}, [("/team/1/grade", "twice")]),
        ({"months": 1, "ends_on": "2026-03-01"}, [("/months", "conflict")]),
        ({"starts_on": "9999-12-31"}, [("/starts_on", "range")]),
    ],
)  # fmt: skip
def test_a_question_that_breaks_a_rule_is_refused_by_pointer(
    client: Client, changes: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    assert faults(post(client, QUESTION, 422, **changes)) == wrong


def test_a_body_that_is_no_object_is_refused(client: Client) -> None:
    assert faults(post(client, [QUESTION], 400)) == [("", "type")]


def test_asking_spends_what_searching_may(client: Client, settings: Any) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "search": 1, "write": 0}
    post(client, QUESTION)
    post(client, QUESTION, 429)

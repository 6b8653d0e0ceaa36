"""Money that people type: what is taken, and what is refused as it was written."""

from __future__ import annotations

import pytest
from django.test import Client

from procurement.models import CallOff
from tests.web.buying import signed
from tests.web.calling_off import form
from tests.web.reading import read
from tests.web.reading import wrong as faults
from web.typed import amount_typed


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("£1,250", "1250"),
        (" £ 1,250,000.50 ", "1250000.50"),
        ("999,999", "999999"),
        ("650.5", "650.5"),
        ("9,99", "9,99"),
        ("70,00", "70,00"),
        ("1,2500", "1,2500"),
        ("1234,567", "1234,567"),
        ("1,250,00", "1,250,00"),
        ("0.123,456", "0.123,456"),
        (",250", ",250"),
        ("٣,٣٣٣", "٣,٣٣٣"),
    ],
)
def test_a_comma_stands_between_thousands_alone(typed: str, taken: str) -> None:
    assert amount_typed(typed) == taken


@pytest.mark.parametrize(
    ("address", "wrong", "right", "told"),
    [
        (
            "/search?framework=rm1&grade=G2&max_rate=",
            "9,99",
            "£1,999",
            "Rate up to must be an amount such as",
        ),
        ("/rates?framework=rm1&proposed=", "5,50", "£5,500", "Price to compare must be an amount such as"),
        ("/rates?framework=rm1&min_rate=", "6,5", "£ 6,500", "Rate from must be an amount such as"),
    ],
)
def test_an_address_with_a_comma_for_a_point_is_refused(
    page: Client, address: str, wrong: str, right: str, told: str
) -> None:
    answer = page.get(address + wrong)
    assert (answer.status_code, f"{told} 650 or 650.50" in read(answer).texts("a")) == (400, True)
    assert page.get(address + right).status_code == 200


def test_a_call_off_whose_price_has_a_comma_for_a_point_is_not_begun(page: Client) -> None:
    sent = form(signed(page), value="70,00", expenses="1,2500", amount=["2,5", "", "", ""])
    answer = page.post("/call-offs/new", sent)
    shown = read(answer)
    how = "an amount is in pounds, such as 1250 or 1250.50, without VAT: pence follow a point"
    assert (answer.status_code, CallOff.objects.count()) == (422, 0)
    assert faults(shown) == [
        (f"Price of the work: {how}", "#value"),
        (f"Expenses: {how}", "#expenses"),
        (f"Amount of option 1: {how}", "#amount-1"),
    ]
    assert shown.one("input", id="value").attributes["value"] == "70,00"


def test_a_budget_with_a_comma_for_a_point_is_not_matched(page: Client) -> None:
    answer = page.post("/match", {"text": "Evaluation", "budget": "70,00"})
    told = ("Budget: it must be an amount such as 50000 or 50000.50", "#budget")
    assert (answer.status_code, faults(read(answer))) == (422, [told])

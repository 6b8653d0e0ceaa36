"""Comparisons through the API: what stands side by side, medians, files a spreadsheet may open, what is refused."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.permissions import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

FOUNDERS = "listing=rm3745~ppl~opm-group&listing=rm3745~ppl~scie"
LOT, SINCE = "rm6309~7", date(2025, 8, 18)


def rival(name: str, title: str, **card: Any) -> str:
    """A firm alone on Brightwater's lot, with these pence a day by grade and work type; its listing's reference."""
    basis = card.pop("basis", "published")
    save_partners(SYSTEM, [PartnerDraft(name, title)])
    publish_profiles(SYSTEM, [ProfileDraft(name, {"name": title, "size": "small"})])
    save_suppliers(SYSTEM, [SupplierDraft(name, title, "alone", (MemberDraft(name, "lead", SINCE),))])
    save_appointments(SYSTEM, [AppointmentDraft(name, LOT, SINCE)])
    offered = (OfferingDraft(LOT, f"{LOT}~1", ("UKC",)),)
    save_offerings(SYSTEM, [Placement("rm6309", name, name, offered)])
    lines = tuple(
        LineDraft(key, price, lot=LOT, grade=f"{LOT}~{key[:2].lower()}", work_type=key[3:])
        for key, price in card.items()
    )
    if lines:
        publish_cards(SYSTEM, [CardDraft(name, "rm6309", lines, basis=basis, valid_from=SINCE)])
    return f"rm6309~{name}~{name}"


def market() -> list[str]:
    """Brightwater, one cheaper and hostile, one that differs by work type, one illustrative, one without a card."""
    return [
        "rm6309~brightwater~brightwater",
        rival("cheap", "=1+1", G3_advice=70_000, G5_advice=100_000),
        rival("split", "Split", G3_advice=75_000, G3_delivery=60_000),
        rival("made-up", "Made up", G3_advice=10_000, basis="illustrative"),
        rival("bare", "Bare"),
    ]


def query(listings: list[str], more: str = "") -> str:
    return "&".join(f"listing={one}" for one in listings) + more


def get(client: Client, asked: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/comparisons/?{asked}")
    assert answer.status_code == status, answer.content
    return answer.json()


def rate(listing: dict[str, Any], grade: str) -> dict[str, Any]:
    [found] = [one for one in listing["rates"] if one["grade"] == grade]
    return found


def test_listings_stand_side_by_side_in_the_order_asked(client: Client) -> None:
    told = get(client, f"{FOUNDERS}&lot=5&team=G3:10&team=G5:2.5")
    opm, scie = told["results"]
    assert (opm["reference"], scie["reference"]) == ("rm3745~ppl~opm-group", "rm3745~ppl~scie")
    assert opm["partner"] == {"reference": "opm-group", "name": "OPM Group"}
    assert opm["framework"]["status"] == "expired"
    assert [lot["number"] for lot in opm["lots"]] == ["5", "6", "8"]
    assert (opm["ownership"], opm["specialisms_stated"]) == ("employee-owned", False)
    assert opm["card"]["basis"] == "illustrative"
    assert rate(opm, "G3") == {
        "grade": "G3", "name": rate(opm, "G3")["name"], "amount": "725.00", "difference": "0.00",
        "lowest": "725.00", "highest": "725.00", "not_priced": None,
    }  # fmt: skip
    assert opm["team_price"] == {"total": "9875.00", "difference": "0.00", "vat": "excluded"}
    assert told["only_illustrative"] is True
    assert (
        get(client, "&".join(reversed(FOUNDERS.split("&"))))["results"][0]["reference"] == scie["reference"]
    )


def test_illustrative_cards_stay_out_of_the_median(client: Client) -> None:
    listings = market()
    told = get(client, query(listings, "&work_type=advice&lot=7&team=G3:1"))
    assert told["only_illustrative"] is False
    # The published rates are 700, 750 and 780: the median is 750.
    assert [rate(one, "G3")["difference"] for one in told["results"]] == [
        "30.00", "-50.00", "0.00", "-650.00", None,
    ]  # fmt: skip
    assert [one["team_price"] and one["team_price"]["difference"] for one in told["results"]] == [
        "30.00", "-50.00", "0.00", "-650.00", None,
    ]  # fmt: skip
    bare = told["results"][-1]
    assert (bare["card"], [why["code"] for why in bare["not_priced"]]) == (None, ["no_card"])


def test_a_rate_that_differs_by_work_type_is_told_from_lowest_to_highest(client: Client) -> None:
    told = get(client, query(market()[:3], "&team=G3:1"))
    split = told["results"][2]
    found = rate(split, "G3")
    assert (found["amount"], found["lowest"], found["highest"]) == (None, "600.00", "750.00")
    assert (found["not_priced"]["code"], found["not_priced"]["choices"]) == (
        "work_type",
        ["advice", "delivery"],
    )
    assert (split["team_price"], split["not_priced"][0]["code"]) == (None, "work_type")
    assert rate(split, "G5")["not_priced"]["code"] == "no_grade"


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("", [("listing", "range")]),
        ("listing=rm3745~ppl~scie", [("listing", "range")]),
        (query([f"rm3745~ppl~p{number}" for number in range(11)]), [("listing", "range")]),
        (f"{FOUNDERS}&listing=rm3745~ppl~scie", [("listing", "repeated")]),
        (f"{FOUNDERS}&listing=rm3745~ppl~nobody&listing=x", [("listing", "choice"), ("listing", "choice")]),
        (f"{FOUNDERS}&lot=99", [("lot", "choice")]),
        (f"{FOUNDERS}&lot=rm6309~7", [("lot", "conflict")]),
        ("listing=rm3745~ppl~scie&listing=rm6309~brightwater~brightwater&lot=5", [("lot", "conflict")]),
        (f"{FOUNDERS}&team=G3", [("team", "shape")]),
        (f"{FOUNDERS}&team=G3:0", [("team", "range")]),
        (f"{FOUNDERS}&team=G3:1.001", [("team", "shape")]),
        (f"{FOUNDERS}&team=G3:1&team=g3:1", [("team", "twice")]),
        (f"{FOUNDERS}&team=G3:1&team=G3:1", [("team", "twice")]),
        (f"{FOUNDERS}&work_type=magic", [("work_type", "choice")]),
        (f"{FOUNDERS}&colour=red", [("colour", "unknown")]),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_by_parameter(
    client: Client, asked: str, wrong: list[tuple[str, str]]
) -> None:
    for path in ("comparisons/", "comparisons.csv", "comparisons.xlsx"):
        answer = client.get(f"/api/v1/{path}?{asked}")
        assert answer.status_code == 400
        assert [(each["parameter"], each["code"]) for each in answer.json()["errors"]] == wrong


def test_an_unknown_listing_is_named(client: Client) -> None:
    told = get(client, f"{FOUNDERS}&listing=rm3745~ppl~nobody", 400)
    assert told["detail"] == "There is no listing rm3745~ppl~nobody."


def test_the_file_has_the_rows_and_no_formula(client: Client) -> None:
    answer = client.get(f"/api/v1/comparisons.csv?{query(market(), '&work_type=advice&lot=7&team=G3:2')}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="comparison.csv"'
    lines = {line[0]: line[1:] for line in csv.reader(io.StringIO(answer.content.decode()))}
    assert lines[""] == ["Brightwater Advisory", "'=1+1", "Split", "Made up", "Bare"]
    [grade] = [label for label in lines if label.startswith("G3 ") and "difference" not in label]
    assert lines[grade] == ["780.00", "700.00", "750.00", "100.00", "Not offered"]
    assert lines[f"{grade}: difference to the median"] == ["30.00", "-50.00", "0.00", "-650.00", ""]
    assert lines["Team without VAT: 2 × G3"] == [
        "1560.00", "1400.00", "1500.00", "200.00", "It has no rate card in force.",
    ]  # fmt: skip
    assert lines["Rate card"][3].startswith("Illustrative, not its own rates; GBP a day, without VAT, ")


def test_the_workbook_has_the_rows_and_no_formula(client: Client) -> None:
    answer = client.get(f"/api/v1/comparisons.xlsx?{query(market(), '&work_type=advice&lot=7')}")
    assert answer["Content-Disposition"] == 'attachment; filename="comparison.xlsx"'
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    lines = {line[0].value: line[1:] for line in sheet.iter_rows()}
    assert [cell.value for cell in lines["Listing"]][:2] == [
        "rm6309~brightwater~brightwater",
        "rm6309~cheap~cheap",
    ]
    assert "f" not in {cell.data_type for line in sheet.iter_rows() for cell in line}
    assert sheet["C1"].value == "'=1+1"
    [grade] = [label for label in lines if label and label.startswith("G3 ") and "difference" not in label]
    assert [cell.value for cell in lines[grade]] == [780, 700, 750, 100, "Not offered"]


def test_the_number_of_queries_does_not_grow_with_the_listings(client: Client) -> None:
    listings = market()
    counts = []
    for some in (listings[:2], listings):
        with CaptureQueriesContext(connection) as queries:
            get(client, query(some, "&team=G3:1"))
        counts.append(len(queries))
    assert counts == [14, 14], [each["sql"] for each in queries]

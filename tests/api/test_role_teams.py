"""A team by role through the API: priced, compared and matched by each card's own line; what is wrong is named."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.permissions import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

BRIGHTWATER = "rm6309~brightwater~brightwater"
LINES = (
    LineDraft("7", 9_500, "Data engineer", min_experience=3, qualification="bachelors"),
    LineDraft("8", 12_000, "Data  Engineer", min_experience=8, site="customer"),
    LineDraft("9", 8_000, "Data engineer"),
    LineDraft("10", 7_000, "Designer"),
)
ENGINEER = {"role": "Data Engineer", "experience": 5, "hours": 40}
QUESTION: dict[str, Any] = {
    "framework": "rm6309", "lot": "7", "starts_on": "2026-01-05", "suppliers": ["brightwater"],
    "team": [ENGINEER, {"role": "Designer", "days": "2.5"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def by_role(market: None, db: None) -> None:
    """Brightwater's card states roles in place of grades."""
    publish_cards(SYSTEM, [CardDraft("brightwater", "rm6309", LINES, valid_from=date(2025, 8, 18))])


def post(client: Client, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(f"/api/v1/{path}/", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_team_by_role_is_priced_and_the_lines_that_were_taken_are_told(client: Client) -> None:
    told = post(client, "quotes", {**QUESTION, "hours_per_day": "8"})
    assert told["team"] == [
        {"role": "Data Engineer", "experience": 5, "hours": "40"},
        {"role": "Designer", "experience": None, "days": "2.5"},
    ]
    [found] = told["results"]
    assert (found["not_priced"], found["price"]["total"]) == ([], "775.00")
    assert found["price"]["lines"] == [
        {
            "role": "Data Engineer", "experience": 5, "hours": "40", "name": "Data  Engineer",
            "rate": "120.00", "ceiling": "120.00", "amount": "600.00",
            "line": {
                "key": "8", "role": "Data  Engineer", "min_experience": 8, "qualification": "", "site": "customer",
            },
        },
        {
            "role": "Designer", "experience": None, "days": "2.5", "name": "Designer",
            "rate": "70.00", "ceiling": "70.00", "amount": "175.00",
            "line": {"key": "10", "role": "Designer", "min_experience": None, "qualification": "", "site": ""},
        },
    ]  # fmt: skip


def test_a_qualification_and_a_site_are_asked_for_of_a_role(client: Client) -> None:
    team = [
        {"role": "Data engineer", "qualification": "bachelors", "days": 10},
        {"role": "Data engineer", "site": "customer", "experience": 2, "days": 10},
        {"role": "Data engineer", "qualification": None, "site": None, "days": 10},
    ]
    told = post(client, "quotes", {**QUESTION, "team": team})
    assert told["team"] == [
        {"role": "Data engineer", "experience": None, "days": "10", "qualification": "bachelors"},
        {"role": "Data engineer", "experience": 2, "days": "10", "site": "customer"},
        {"role": "Data engineer", "experience": None, "days": "10"},
    ]
    lines = told["results"][0]["price"]["lines"]
    assert [(one["line"]["key"], one["amount"]) for one in lines] == [
        ("7", "950.00"), ("8", "1200.00"), ("9", "800.00"),
    ]  # fmt: skip
    away = {"role": "Data engineer", "site": "contractor", "days": 1}
    doctor = {"role": "Data engineer", "qualification": "phd", "days": 1}
    [found] = post(client, "quotes", {**QUESTION, "team": [away, doctor]})["results"]
    assert (found["price"], [one["code"] for one in found["not_priced"]]) == (
        None, ["no_site", "no_qualification"],
    )  # fmt: skip
    composed = {name: QUESTION[name] for name in ("framework", "lot", "starts_on", "suppliers")}
    [whole] = post(client, "teams", {**composed, "specialisms": ["1"], "team": team[:2]})["results"]
    assert [one["line"]["key"] for one in whole["quote"]["price"]["lines"]] == ["7", "8"]


def test_who_lacks_a_role_or_its_experience_is_not_priced_and_says_which(client: Client) -> None:
    inexperienced = {"role": "Designer", "experience": 1, "days": 1}
    team = [{"role": "Astronaut", "days": 1}, inexperienced, {"grade": "G3", "days": 1}]
    [found] = post(client, "quotes", {**QUESTION, "team": team})["results"]
    assert found["price"] is None
    assert found["not_priced"] == [
        {
            "code": "no_role", "detail": "The card has no Astronaut.", "grade": None, "role": "Astronaut",
            "choices": [],
        },
        {
            "code": "no_experience", "role": "Designer", "grade": None, "choices": [],
            "detail": "The card has Designer, but no line of it asks for 1 year or more.",
        },
        {"code": "no_grade", "detail": "The card has no rates by grade.", "grade": "G3", "choices": []},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "pointer", "code"),
    [
        ({"days": 1}, "/team/0/grade", "required"),
        ({"grade": "G3"}, "/team/0/days", "required"),
        ({"grade": "G3", "days": 1, "hours": 1}, "/team/0/hours", "conflict"),
        ({"grade": "G3", "days": 1, "experience": 1}, "/team/0/experience", "conflict"),
        ({"grade": "G3", "days": 1, "qualification": "phd"}, "/team/0/qualification", "conflict"),
        ({"grade": "G3", "days": 1, "site": "both"}, "/team/0/site", "conflict"),
        ({"role": "A", "days": 1, "qualification": "none such"}, "/team/0/qualification", "invalid_choice"),
        ({"role": "A", "days": 1, "site": "moon"}, "/team/0/site", "invalid_choice"),
        ({"grade": "G3", "role": "A", "days": 1}, "/team/0/role", "conflict"),
        ({"role": "A"}, "/team/0/days", "conflict"),
        ({"role": "A", "days": 1, "hours": 1}, "/team/0/days", "conflict"),
        ({"role": "A", "days": 1, "experience": 61}, "/team/0/experience", "max_value"),
        ({"role": "", "days": 1}, "/team/0/role", "blank"),
    ],
)
def test_a_line_that_says_too_much_or_too_little_is_refused_by_name(
    client: Client, line: dict[str, Any], pointer: str, code: str
) -> None:
    told = post(client, "quotes", {**QUESTION, "team": [line]}, 400)
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [(pointer, code)]


def test_a_comparison_prices_roles_beside_grades(client: Client) -> None:
    def compared(*roles: str, status: int = 200) -> Any:
        asked = f"listing={BRIGHTWATER}&listing=rm3745~ppl~scie"
        more = "".join(f"&role={quote(role)}" for role in roles)
        answer = client.get(f"/api/v1/comparisons/?{asked}{more}")
        assert answer.status_code == status, answer.content
        return answer.json()

    told = compared("data engineer:10:5+", "Designer:2.5")
    assert told["team"] == [
        {"role": "data engineer", "experience": 5, "days": "10"},
        {"role": "Designer", "experience": None, "days": "2.5"},
    ]
    ours, other = told["results"]
    assert (ours["team_price"]["total"], ours["not_priced"]) == ("1375.00", [])
    assert [line["line"]["key"] for line in ours["team_price"]["lines"]] == ["8", "10"]
    assert other["team_price"] is None
    assert [(one["code"], one["role"]) for one in other["not_priced"]] == [
        ("no_role", "data engineer"),
        ("no_role", "Designer"),
    ]
    [hourly] = compared("Designer:8h")["results"][0]["not_priced"]
    assert hourly["code"] == "hours_per_day"
    refused = compared("Designer", "A:1:61+", "B:0", "C:1", "c:2", status=400)
    assert [(one["parameter"], one["code"]) for one in refused["errors"]] == [("role", "shape")]
    refused = compared("A:1:61+", "B:0", "C:1", "c:2", status=400)
    assert [(one["parameter"], one["code"]) for one in refused["errors"]] == [
        ("role", "range"), ("role", "range"), ("role", "twice"),
    ]  # fmt: skip


def test_a_match_prices_roles_from_the_cards_and_says_who_has_no_such_line(client: Client) -> None:
    team = [{"role": "data engineer", "experience": 5, "days": "10"}]
    need = {"text": "Evaluation", "framework": "rm6309", "lot": "rm6309~7", "team": team}
    asked = {"need": need | {"budget": {"amount": "1000.00"}}, "seed": 1}
    told = post(client, "matches", asked)["answer"]
    prices = {one["reference"]: one["price"] for one in told["results"]}
    assert prices[BRIGHTWATER] == {
        "total": "1200.00", "currency": "GBP", "vat": "excluded", "card": "rm6309~brightwater", "version": 2,
        "basis": "published", "percentile": 100.0, "among": 1, "budget": "above", "because": "",
        "lines": [
            {
                "role": "data engineer", "experience": 5, "days": "10", "name": "Data  Engineer",
                "rate": "120.00", "ceiling": "120.00", "amount": "1200.00",
                "line": {
                    "key": "8", "role": "Data  Engineer", "min_experience": 8, "qualification": "",
                    "site": "customer",
                },
            }
        ],
    }  # fmt: skip
    assert "price" in told["scored_by"]
    cheapest = post(client, "matches", {**asked, "mode": "price"})["answer"]
    assert cheapest["results"][0]["reference"] == BRIGHTWATER


def test_a_need_with_a_role_that_no_card_names_is_refused(client: Client) -> None:
    need = {
        "text": "x",
        "framework": "rm6309",
        "lot": "rm6309~7",
        "team": [{"role": "Astronaut", "days": "1"}],
    }
    told = post(client, "matches", {"need": need}, 422)
    assert [(one["pointer"], one["code"], one["detail"]) for one in told["errors"]] == [
        ("/need/team/0/role", "unknown", "No rate card on lot 7 of RM6309 names the role Astronaut.")
    ]

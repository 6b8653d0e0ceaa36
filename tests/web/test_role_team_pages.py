"""A team by role on the pages: asked for with suggestions, priced, compared, offered, its mistakes at their fields."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from procurement.actions.frameworks import FrameworkDraft, LotDraft, save_framework
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.models import Event, Match
from procurement.permissions import SYSTEM
from tests.web.buying import ALDER, DOGWOOD, NEED, signed
from tests.web.calling_off import begun, need, step
from tests.web.reading import Page, read, rows, summary, wrong
from web import role_rows

LINES = (
    LineDraft("5", 60_000, "Data engineer", min_experience=5, qualification="bachelors"),
    LineDraft("8", 70_000, "DATA ENGINEER", min_experience=8, site="customer"),
    LineDraft("d", 45_000, "Designer"),
)
OPEN: dict[str, Any] = NEED | {
    "must_specialism": [], "grade": [], "days": [], "budget": "",
    "role": ["data engineer", "", "Designer"], "years": ["6", "", ""],
    "worked": ["10", "", "2.5"], "per": ["days", "days", "days"],
}  # fmt: skip
SHEET = 15_000
ASKED = ("Data engineer (6 years or more)", "Designer")
TOLD = "£8,125 without VAT, at or above 100 per cent of 1 published card"
TAKEN = [
    "DATA ENGINEER (8 years or more), line 8 of the card, Customer's premises",
    "Designer, line d of the card",
]


@pytest.fixture(autouse=True)
def by_role(page: Client) -> None:
    publish_cards(SYSTEM, [CardDraft("dogwood", "rm1", LINES)])


def gradeless(unit: str, *titles: str) -> None:
    """A framework rm2 whose one lot has no grades, with a card of these roles."""
    save_framework(
        SYSTEM,
        FrameworkDraft(
            reference="rm2", number="RM2", name="Roles", owner="owner", status="live", regime="pcr2015",
            starts_on=date(2020, 1, 1), ends_on=date(2099, 12, 31), region_scheme="ITL2025", rate_unit=unit,
            lots=(LotDraft("1", "Engineers", (), (), direct_award=True, competition=True),),
        ),
    )  # fmt: skip
    lines = tuple(LineDraft(str(at), 1_000, title) for at, title in enumerate(titles))
    publish_cards(SYSTEM, [CardDraft("dogwood", "rm2", lines, unit=unit)])


def choices(page: Client, **changes: Any) -> Page:
    return read(page.post("/match", {"framework": "rm2", "lot": "rm2~1", "do": "choices"} | changes))


def test_where_cards_name_roles_the_form_asks_for_them_with_suggestions(page: Client) -> None:
    gradeless("hour", "Tester", "data  engineer", "Data engineer")
    shown = choices(page)
    assert not shown.all("select", name="grade")
    first = shown.elements.index(shown.one("datalist", id="roles"))
    suggested = [one.attributes["value"] for one in shown.elements[first + 1 :] if one.tag == "option"]
    assert suggested[:2] == ["Data engineer", "Tester"]
    assert {one.attributes.get("list") for one in shown.all("input", name="role")} == {"roles"}
    assert len(shown.all("input", name="role")) == 6
    assert "Team by role" in shown.texts("legend")


def test_many_roles_are_not_all_suggested(page: Client) -> None:
    gradeless("day", *(f"Role {number}" for number in range(201)))
    shown = choices(page)
    assert {one.attributes.get("list") for one in shown.all("input", name="role")} == {None}
    assert not shown.all("datalist")


def test_where_cards_name_grades_the_form_asks_for_grades(page: Client) -> None:
    shown = read(page.post("/match", {"framework": "rm1", "lot": "rm1~1", "do": "choices"}))
    assert not shown.all("input", name="role")
    assert len(shown.all("select", name="grade")) == 6


def test_a_match_says_what_the_roles_cost_and_by_which_lines(page: Client) -> None:
    shown = read(page.post("/match", OPEN))
    facts = shown.texts("dd")
    assert any(one.startswith(TOLD) for one in facts), facts
    assert [one for one in shown.texts("li") if one in TAKEN] == TAKEN
    assert "The card has no data engineer. The card has no Designer." in facts


def test_a_kept_need_shows_its_roles_and_asks_the_same_again(page: Client) -> None:
    answer = signed(page).post("/match", OPEN)
    assert answer.status_code == 303
    assert Match.objects.get().content["team"] == [
        {"role": "data engineer", "experience": 6, "days": "10"},
        {"role": "Designer", "experience": None, "days": "2.5"},
    ]
    shown = read(page.get(answer["Location"]))
    assert summary(shown)["Team"] == "10 days of data engineer (6 years or more); 2.5 days of Designer"
    again = [(one.attributes["name"], one.attributes["value"]) for one in shown.all("input", type="hidden")]
    assert [pair for pair in again if pair[0] in role_rows.FIELDS] == [
        ("role", "data engineer"), ("years", "6"), ("worked", "10"), ("per", "days"),
        ("role", "Designer"), ("years", ""), ("worked", "2.5"), ("per", "days"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"role": ["Astronaut", "", "Designer"]},
         ("Role in row 1 of the team: no rate card on lot 1 of RM1 names the role Astronaut", "#role-0")),
        ({"role": ["data engineer", "", ""]}, ("Role in row 3 of the team: say which", "#role-2")),
        ({"years": ["six", "", ""]},
         ("Years of experience in row 1 of the team: it must be a whole number such as 5", "#years-0")),
        ({"worked": ["10", "", "x"]},
         ("Days or hours in row 3 of the team: they must be a number such as 10 or 12.5", "#worked-2")),
        ({"worked": ["", "", "1"]}, ("Days or hours in row 1 of the team: say how many", "#worked-0")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told_at_its_field(
    page: Client, changes: dict[str, Any], told: tuple[str, str]
) -> None:
    before = Event.objects.count()
    answer = signed(page).post("/match", OPEN | changes)
    assert answer.status_code == 422
    assert wrong(read(answer)) == [told]
    assert Event.objects.count() == before


def roles_of(many: int) -> dict[str, list[str]]:
    """So many rows of roles."""
    return {
        "role": [f"Engineer of the kind {at}" for at in range(many)], "years": [""] * many,
        "worked": ["12.5"] * many, "per": ["hours"] * many,
    }  # fmt: skip


def test_rows_are_added_until_the_team_is_as_large_as_any(page: Client) -> None:
    gradeless("hour", "Tester")
    for sent, shown, more in ((0, 12, True), (12, 18, True), (46, 50, False), (50, 50, False)):
        answer = page.post("/match", {"framework": "rm2", "lot": "rm2~1", "do": "rows"} | roles_of(sent))
        form = read(answer)
        assert len(form.all("input", name="role")) == shown
        assert ("Add rows to the team" in form.texts("button")) is more
        written = [
            one.attributes["value"] for one in form.all("input", name="role") if "value" in one.attributes
        ]
        assert written == [f"Engineer of the kind {at}" for at in range(sent)]
        assert len(answer.content) + SHEET < 100_000


def test_a_team_is_as_large_as_any_and_no_larger(page: Client) -> None:
    lines = tuple(LineDraft(str(at), 1_000, f"Engineer of the kind {at}") for at in range(51))
    publish_cards(SYSTEM, [CardDraft("dogwood", "rm1", lines)])
    asked = {**OPEN, **roles_of(50), "per": ["days"] * 50}
    taken = signed(page).post("/match", asked)
    assert taken.status_code == 303, wrong(read(taken))
    assert len(Match.objects.get().content["team"]) == 50
    told = read(page.get(taken["Location"])).texts("li")
    assert [one for one in told if one.endswith("of the card")] == [
        f"Engineer of the kind {at}, line {at} of the card" for at in range(6)
    ]
    assert "and 44 lines more" in told
    before = Event.objects.count()
    refused = page.post("/match", asked | roles_of(51) | {"per": ["days"] * 51})
    assert refused.status_code == 422
    assert wrong(read(refused)) == [("Team: at most 50 entries; these are 51", "#framework")]
    assert (Match.objects.count(), Event.objects.count()) == (1, before)


def test_roles_are_compared(page: Client) -> None:
    asked = {"listing": [DOGWOOD, ALDER], "role": "Data engineer:10:6+; Designer:2.5"}
    table = rows(read(page.get("/compare", asked)), "Listings side by side")
    engineer, designer = (next(row for row in table if row[0] == name) for name in ASKED)
    assert engineer[1].replace("\n", " ").startswith("£700")
    assert "Line 8 of the card, 8 years or more, Customer's premises" in engineer[1]
    assert (engineer[2], designer[2]) == ("Not offered", "Not offered")
    [team] = [row for row in table if row[0].startswith("Team without VAT")]
    assert team[0] == "Team without VAT: 10 days × Data engineer (6 years or more), 2.5 days × Designer"
    assert team[1].startswith("£8,125")
    assert team[2] == "The card has no Data engineer. The card has no Designer."
    refused = page.get("/compare", asked | {"role": "Designer"})
    assert refused.status_code == 400
    assert [anchor for _, anchor in wrong(read(refused))] == ["#role"]


def test_an_order_form_shows_the_line_that_was_taken(page: Client) -> None:
    team = [{"role": "data engineer", "experience": 6, "days": "10"}]
    publish_cards(SYSTEM, [CardDraft("alders", "rm1", LINES)])
    address = begun(signed(page), requirement=need(team=team))
    assert step(page, address, "send_offer").status_code == 303
    signed(page, "alder@example.org")
    offer = f"/offers/{address.rpartition('/')[2]}~1"
    assert rows(read(page.get(offer)), "The team, line by line")[1] == [
        "DATA ENGINEER (8 years or more), line 8 of the card, Customer's premises",
        "Work: 10 days",
        "Rate: £700",
        "Amount: £7,000",
    ]

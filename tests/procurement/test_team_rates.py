"""Which line of a card holds for a line of a team, and how a team is read, written and priced by role."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from procurement.canonical import digest
from procurement.errors import Fault, Invalid
from procurement.requirements import RequirementContent
from procurement.team_lines import TeamLine, needs_hours, team_faults
from procurement.team_price import price_team
from procurement.team_rates import CardLine, CardLines, LineRate, RoleLine, Unpriced, proposed_rate, rate_for
from procurement.tenders import TenderContent

ON = date(2026, 3, 2)
ENGINEERS = (
    RoleLine("5", "Data engineer", None, "", 60_000, 5, "bachelors"),
    RoleLine("10", "Data  Engineer", None, "", 85_000, 10, "masters"),
    RoleLine("8", "DATA ENGINEER", None, "", 70_000, 8, site="customer"),
    RoleLine("8b", "Data engineer", None, "", 70_000, 9),
    RoleLine("?", "Data engineer", None, "", 40_000),
    RoleLine("old", "Data engineer", None, "", 10_000, 20, valid_to=date(2025, 12, 31)),
)


def found(
    *lines: RoleLine, years: int | None = None, lot: str | None = "f~1", kind: str | None = None
) -> LineRate | Unpriced:
    asked = TeamLine("", Decimal(1), " data ENGINEER ", years)
    return rate_for(asked, CardLines(roles=lines), lot, kind, ON)


@pytest.mark.parametrize(
    ("years", "key", "minor"),
    [(None, "?", 40_000), (0, "5", 60_000), (5, "5", 60_000), (6, "8", 70_000), (9, "8b", 70_000), (10, "10", 85_000)],
)  # fmt: skip
def test_the_cheapest_line_with_the_experience_asked_for_is_taken(
    years: int | None, key: str, minor: int
) -> None:
    rate = found(*ENGINEERS, years=years)
    assert isinstance(rate, LineRate)
    assert rate.taken is not None
    assert (rate.taken.key, rate.grade, rate.name) == (key, "", rate.taken.role)
    assert (rate.minor, rate.ceiling) == (minor, minor)


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"qualification": "bachelors"}, "5"),
        ({"qualification": "high-school"}, "5"),
        ({"qualification": "masters"}, "10"),
        ({"experience": 6, "qualification": "bachelors"}, "10"),
        ({"site": "customer"}, "8"),
        ({"site": "contractor"}, "both"),
        ({"site": "both"}, "both"),
        ({"experience": 9, "site": "customer"}, "both"),
    ],
)
def test_the_cheapest_line_with_the_qualification_and_site_asked_for_is_taken(
    asked: dict[str, Any], key: str
) -> None:
    lines = (*ENGINEERS, RoleLine("both", "Data engineer", None, "", 90_000, 9, site="both"))
    line = TeamLine("", Decimal(1), "Data engineer", **asked)
    rate = rate_for(line, CardLines(roles=lines), "f~1", None, ON)
    assert isinstance(rate, LineRate)
    assert rate.taken is not None
    assert rate.taken.key == key


def test_a_card_without_the_qualification_or_the_site_says_which() -> None:
    card = CardLines(roles=ENGINEERS)
    doctor = TeamLine("", Decimal(1), "Data engineer", qualification="phd")
    told = "The card has Data engineer, but no line of it asks for a qualification (at least: doctorate)."
    assert rate_for(doctor, card, "f~1", None, ON) == Unpriced("no_qualification", told, role="Data engineer")
    away = TeamLine("", Decimal(1), "Data engineer", site="contractor")
    told = (
        "The card has Data engineer, but no line of it is for the place that is asked for "
        "(site: supplier's premises)."
    )
    assert rate_for(away, card, "f~1", None, ON) == Unpriced("no_site", told, role="Data engineer")


def test_a_role_stands_once_for_each_of_what_is_asked_of_it_and_says_no_more_than_was() -> None:
    plain = TeamLine("", Decimal(1), "Data engineer", 5)
    graduate = TeamLine("", Decimal(1), "Data engineer", 5, qualification="bachelors", site="customer")
    assert team_faults([plain, graduate]) == []
    assert plain.to_json() == {"role": "Data engineer", "experience": 5, "days": "1"}
    assert graduate.to_json() == {**plain.to_json(), "qualification": "bachelors", "site": "customer"}
    [twice] = team_faults([graduate, plain, graduate])
    assert twice == Fault(
        "/team/2/role",
        "twice",
        "Data engineer (5 years or more, at least: bachelor's degree, site: customer's premises) stands in the team "
        "already: add the days up in one line.",
    )


def test_a_card_without_the_role_or_its_experience_says_which() -> None:
    assert found() == Unpriced("no_role", "The card has no  data ENGINEER .", role=" data ENGINEER ")
    senior = found(*ENGINEERS, years=11)
    assert senior == Unpriced(
        "no_experience",
        "The card has  data ENGINEER , but no line of it asks for 11 years or more.",
        role=" data ENGINEER ",
    )


def test_lot_and_work_type_are_asked_for_and_never_chosen_by_price() -> None:
    lines = (
        RoleLine("1", "Data engineer", "f~1", "advice", 50_000),
        RoleLine("2", "Data engineer", "f~1", "delivery", 40_000),
        RoleLine("3", "Data engineer", "f~1", "delivery", 45_000),
        RoleLine("4", "Data engineer", None, "", 10_000),
    )
    kinds = found(*lines)
    assert isinstance(kinds, Unpriced)
    assert (kinds.code, kinds.choices, kinds.message) == (
        "work_type",
        ("advice", "delivery"),
        " data ENGINEER  differs by work type: advice, delivery.",
    )
    own, other = found(*lines, kind="delivery"), found(*lines, lot="f~2")
    assert isinstance(own, LineRate)
    assert isinstance(other, LineRate)
    assert own.taken == lines[1]
    assert other.taken == lines[3]
    elsewhere = found(lines[0], lot="f~2")
    assert isinstance(elsewhere, Unpriced)
    assert (elsewhere.code, elsewhere.message) == ("no_role", "The card has no  data ENGINEER  on f~2.")


def test_lines_by_grade_and_by_role_do_not_stand_in_for_each_other() -> None:
    card = CardLines((CardLine("G1", "Junior", None, "", 40_000),), (RoleLine("1", "G1", None, "", 10_000),))
    by_grade = rate_for(TeamLine("g1", Decimal(1)), card, None, None, ON)
    by_role = rate_for(TeamLine("", Decimal(1), "g1"), card, None, None, ON)
    assert by_grade == LineRate("G1", "Junior", 40_000, 40_000)
    assert by_role == LineRate("", "G1", 10_000, 10_000, card.roles[0])


def test_a_role_may_be_proposed_lower_and_not_higher() -> None:
    rate = LineRate("", "Data engineer", 60_000, 60_000, ENGINEERS[0])
    assert proposed_rate(rate, 59_999, "/x") == LineRate("", "Data engineer", 59_999, 60_000, ENGINEERS[0])
    assert proposed_rate(rate, 60_001, "/x") == Fault(
        "/x", "above_ceiling", "Data engineer: 600.01 is above the card's ceiling of 600.00."
    )


@pytest.mark.parametrize(
    ("unit", "card", "hours", "amount"),
    [("day", "day", None, 60_000 * 10), ("hour", "hour", None, 60_000 * 10), ("day", "hour", "7.5", 60_000 * 75),
     ("hour", "day", "8", 75_000), ("hour", "day", "7", 85_714)],
)  # fmt: skip
def test_days_and_hours_are_turned_into_the_cards_unit(
    unit: Any, card: str, hours: str | None, amount: int
) -> None:
    line = TeamLine("", Decimal(10), "Data engineer", None, unit)
    rate = LineRate("", "Data engineer", 60_000, 60_000, ENGINEERS[0])
    assert needs_hours([line], card) == (hours is not None)
    priced = price_team([line], {line.key: rate}, None, Decimal(hours) if hours else None, card)
    assert (priced.total, priced.lines[0].to_json()["line"]["key"]) == (amount, "5")


def test_a_role_stands_in_a_team_once_for_each_experience() -> None:
    team = [
        TeamLine("", Decimal(1), "Engineer"),
        TeamLine("", Decimal(1), "Engineer", 5),
        TeamLine("", Decimal(2), " engineer", 5, "hour"),
        TeamLine("", Decimal("0.001"), "Designer", None, "hour"),
    ]
    assert team_faults(team) == [
        Fault(
            "/team/2/role",
            "twice",
            " engineer (5 years or more) stands in the team already: add the hours up in one line.",
        ),
        Fault("/team/3/hours", "shape", "It may have at most two decimals."),
    ]


def test_what_is_digested_of_a_team_by_grade_stays_as_it_was() -> None:
    said = {"text": "Evaluate a service.", "framework": "wr1", "lot": "wr1~1"}
    team = [{"grade": "G1", "days": "10"}, {"grade": "G3", "days": "2.50"}]
    content = RequirementContent.from_json({**said, "team": team})
    assert content.digest() == "4c61179fc985577323e137cea00d11fde2294f8f0d27be92d4b16ddd5ab57d2c"
    offered = TenderContent.from_json(
        {"team": [{"grade": "G1", "days": "10", "rate": "390.00", "people": "Ann"}]}
    )
    assert digest(offered.to_json()) == "9497a33962cfd8d5b4fd173f509340919a4d3b579d98d617887bd08972553269"


def test_a_line_by_role_is_written_as_it_is_read() -> None:
    team = [
        {"role": "Data engineer", "experience": 5, "days": "10"},
        {"role": "Data engineer", "experience": None, "hours": "7.5"},
    ]
    content = RequirementContent.from_json({"text": "Build it.", "framework": "wr1", "team": team})
    assert content.to_json()["team"] == team
    assert [(line.named, line.worked) for line in content.team] == [
        ("Data engineer (5 years or more)", "10 days"),
        ("Data engineer", "7.5 hours"),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"role": "A", "grade": "G1", "days": "1"}, ("/team/0/grade", "unknown_field")),
        ({"role": " ", "days": "1"}, ("/team/0/role", "required")),
        ({"role": None, "days": "1"}, ("/team/0/role", "type")),
        ({"role": "A"}, ("/team/0/days", "required")),
        ({"role": "A", "days": "1", "hours": "1"}, ("/team/0/days", "conflict")),
        ({"role": "A", "hours": "1.234"}, ("/team/0/hours", "shape")),
        ({"role": "A", "hours": "0"}, ("/team/0/hours", "range")),
        ({"role": "A", "days": 1}, ("/team/0/days", "type")),
        ({"role": "A", "days": "1", "experience": "5"}, ("/team/0/experience", "type")),
        ({"role": "A", "days": "1", "experience": True}, ("/team/0/experience", "type")),
        ({"role": "A", "days": "1", "experience": 61}, ("/team/0/experience", "range")),
        ({"grade": "G1", "hours": "1"}, ("/team/0/hours", "unknown_field")),
    ],
)
def test_a_line_that_says_too_much_or_too_little_is_refused_by_name(
    line: dict[str, Any], fault: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        RequirementContent.from_json({"text": "Build it.", "framework": "wr1", "team": [line]})
    assert (refusal.value.faults[0].pointer, refusal.value.faults[0].code) == fault
    with pytest.raises(Invalid) as refusal:
        TenderContent.from_json({"team": [{"rate": "1.00"} | line]})
    assert fault[0] in [one.pointer for one in refusal.value.faults]


def test_the_same_role_with_the_same_experience_is_refused() -> None:
    team = [{"role": "Engineer", "days": "1"}, {"role": "ENGINEER ", "hours": "3"}]
    with pytest.raises(Invalid) as refusal:
        RequirementContent.from_json({"text": "Build it.", "framework": "wr1", "team": team})
    assert refusal.value.faults == (Fault("/team/1/role", "duplicate", "ENGINEER stands in the team twice."),)
    with pytest.raises(Invalid) as refusal:
        TenderContent.from_json({"team": [{**one, "rate": "1.00"} for one in team]})
    assert refusal.value.faults == (Fault("/team/1/role", "twice", "ENGINEER stands in the team already."),)

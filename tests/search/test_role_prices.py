"""A match of a team by role: candidates priced on the cards of the database, ranked by that, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procurement.requirements import Budget, RequirementContent
from procurement.team_lines import TeamLine
from search.engines import gathering
from search.engines.base import Writer
from search.index import engine
from search.matching import MatchOptions, match
from search.need import Mode
from tests.roles import publish_role_cards

TODAY = date(2026, 11, 25)
ENGINEER = TeamLine("", Decimal(10), "data engineer", 3)


@pytest.fixture(autouse=True)
def by_role(writer: Writer) -> None:
    """The index knows the world as it was before its cards named roles."""
    publish_role_cards()


def asked(*team: TeamLine, mode: Mode = "price", **told: Any) -> dict[str, Any]:
    content = RequirementContent(text="Evaluation", framework="wr1", team=team, **told)
    return match(content, MatchOptions(TODAY, mode, seed=0), engine()).answer


def prices(answer: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    return [(one["reference"], one["price"]["total"], one["price"]["because"]) for one in answer["results"]]


def test_the_cheapest_card_of_the_database_ranks_first_whatever_the_index_holds() -> None:
    answer = asked(ENGINEER, budget=Budget(550_000))
    assert prices(answer)[0] == ("wr1~yew~yew", "5000.00", "")
    assert sorted(prices(answer)[1:]) == [
        ("wr1~oak~ash", "6000.00", ""),
        ("wr1~oak~elm", "6000.00", ""),
        ("wr1~oak~oak", "6000.00", ""),
    ]
    first, second = (one["price"] for one in answer["results"][:2])
    assert (first["percentile"], first["among"], first["budget"]) == (50.0, 2, "within")
    assert (second["percentile"], second["among"], second["budget"]) == (100.0, 2, "above")
    assert [line["line"]["key"] for line in (*first["lines"], *second["lines"])] == ["1", "e5"]
    assert "price" in answer["scored_by"]
    assert not [note for note in answer["notes"] if note.startswith("Roles")]


def test_a_team_of_grades_and_roles_is_priced_whole_or_not_at_all() -> None:
    answer = asked(ENGINEER, TeamLine("G1", Decimal(1)))
    assert {total for _, total, _ in prices(answer)} == {None}
    assert {because for *_, because in prices(answer)} == {"The card has no rates by grade."}


def test_a_role_in_hours_is_asked_about_on_cards_by_the_day() -> None:
    assert {one[1:] for one in prices(asked(replace(ENGINEER, unit="hour")))} == {
        (
            None,
            "Its card is by the day and some of the team is in hours: say hours_per_day, and it is priced.",
        )
    }


def test_it_is_said_where_others_than_the_candidates_might_be_cheaper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "TOGETHER", 2)
    monkeypatch.setattr(gathering, "AT_LEAST", 0)
    answer = asked(ENGINEER, mode="balanced")
    assert (answer["eligible"], answer["count"]) == (4, 2)
    chosen = "Roles are priced after the first 2 of 4 were chosen by everything else"
    assert answer["notes"] == [f"{chosen}: a cheaper team may be among the others."]


def test_the_database_is_asked_the_same_number_of_times_and_only_for_roles() -> None:
    with CaptureQueriesContext(connection) as for_roles:
        asked(ENGINEER, lot="wr1~1")
    with CaptureQueriesContext(connection) as for_grades:
        asked(TeamLine("G1", Decimal(1)), lot="wr1~1")
    assert (len(for_roles), len(for_grades)) == (8, 0)

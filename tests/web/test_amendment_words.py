"""What an amendment changed, as its readers are told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from procurement.actions.competition_changes import KEPT
from procurement.actions.competitions import MOMENTS
from procurement.differences import differences
from procurement.requirements import Budget, Preferences, RequirementContent
from procurement.team_lines import TeamLine
from web.amendment_words import FIELDS, Amended, amended


def told(before: RequirementContent, after: RequirementContent) -> list[Amended]:
    return amended(differences(before.to_json(), after.to_json(), "/requirement"))


def pointers(value: Any, pointer: str) -> set[str]:
    """Where something can differ: each member, and each object that may be absent."""
    if not isinstance(value, dict):
        return {pointer}
    return set().union(*(pointers(one, f"{pointer}/{name}") for name, one in value.items()))


def test_every_field_that_can_be_amended_has_a_name() -> None:
    whole = RequirementContent(budget=Budget(1)).to_json()
    needed = pointers({name: one for name, one in whole.items() if name not in KEPT}, "/requirement")
    assert set(FIELDS) == needed | {"/requirement/budget"} | {f"/{name}" for name in MOMENTS}


def test_each_field_says_what_stands_and_what_stood() -> None:
    before = RequirementContent(
        framework="rm1",
        text="A review.",
        months=12,
        team=(TeamLine("G3", Decimal(10)),),
        budget=Budget(95_000_00),
        preferences=Preferences(sector=("health",)),
    )
    after = RequirementContent.from_json(
        before.to_json()
        | {
            "text": "A review of <b>all</b>.",
            "months": 18,
            "team": [
                {"grade": "G3", "days": "12.5"},
                {"role": "Data engineer", "experience": 5, "hours": "80"},
            ],
            "budget": {"amount": "100000.50", "currency": "EUR"},
            "starts_on": "2027-04-01",
            "work_type": "advice",
            "preferences": {"ownership": ["social-enterprise"]},
        }
    )
    assert told(before, after) == [
        Amended("Budget", "95,000", "100,000.50"),
        Amended("Currency", "GBP", "EUR"),
        Amended("Length in months", "12", "18"),
        Amended("Ownership", "", "Social enterprise"),
        Amended("Sector", "Health", ""),
        Amended("First day of the work", "", "1 April 2027"),
        Amended("Team", "10 days of G3", "12.5 days of G3, 80 hours of Data engineer (5 years or more)"),
        Amended("What you need", "A review.", "A review of <b>all</b>."),
        Amended("Kind of work", "", "Advice"),
    ]


def test_a_budget_that_was_not_stated_a_moment_and_a_document_are_said_whole() -> None:
    assert told(RequirementContent(), RequirementContent(budget=Budget(95_000_50))) == [
        Amended("Budget", "", "£95,000.50")
    ]
    moved = {"pointer": "/deadline", "before": "2027-03-01T12:00:00Z", "after": "2027-06-01T12:00:00Z"}
    added = {"pointer": "/documents/doc_1", "before": None, "after": {"name": "annex.txt"}}
    assert amended([added, moved]) == [
        Amended("Document", "", "annex.txt"),
        Amended("Deadline for tenders", "1 March 2027 at 12:00pm", "1 June 2027 at 1:00pm"),
    ]

"""A competition for a team by role: rates are below the line of the pinned card that was taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from procurement.actions.publishing import publish_competition
from procurement.actions.tenders import submit_tender
from procurement.errors import Fault, Refused
from procurement.models import Event, TenderRevision
from procurement.tender_document import ceilings
from procurement.tender_document import submitted as document_of
from procurement.tenders import TenderContent
from tests.competed import Contest, planned, published, submitted, tender_of, written
from tests.roles import TEAM, publish_role_cards

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_role(contest: Contest) -> None:
    publish_role_cards()


def team(engineer: str = "690.00", designer: str = "450.00", **changes: Any) -> list[dict[str, Any]]:
    return [{**TEAM[0], "rate": engineer, **changes}, {**TEAM[1], "rate": designer}]


def test_a_team_by_role_is_tendered_below_the_lines_ceiling(contest: Contest) -> None:
    call_off = published(contest, terms={"hours_per_day": "8"}, team=TEAM)
    revision = submitted(contest.market.oak, call_off, "oak", team=team())
    document = document_of(revision)
    assert document["price"]["work"] == "8025.00"
    assert document["content"]["team"][0] == {
        "role": "data engineer", "experience": 6, "days": "10", "rate": "690.00", "people": "",
    }  # fmt: skip
    content = TenderContent.from_json({"team": team()})
    rates = ceilings(tender_of(call_off, "oak"), content)
    assert [rate.taken.key for rate in rates.values() if rate.taken] == ["e8", "d"]


@pytest.mark.parametrize(
    ("offered", "faults"),
    [
        (
            team("700.01"),
            [Fault("/team/0/rate", "above_ceiling",
                   "data engineer (6 years or more): 700.01 is above the card's ceiling of 700.00.")],
        ),
        (
            team(experience=5),
            [
                Fault("/team/0/role", "not_asked", "data engineer (5 years or more) is not asked for."),
                Fault("/team", "required", "Offer data engineer (6 years or more)."),
                Fault(
                    "/team/0/rate",
                    "above_ceiling",
                    "data engineer (5 years or more): 690.00 is above the card's ceiling of 600.00.",
                ),
            ],
        ),
        (
            team(days="9"),
            [Fault("/team/0/days", "other_days",
                   "10 days of data engineer (6 years or more) are asked for, so that tenders can be compared.")],
        ),
        (
            [team()[0], {"role": "Designer", "days": "20", "rate": "450.00"}],
            [Fault("/team/1/days", "other_days",
                   "20 hours of Designer are asked for, so that tenders can be compared.")],
        ),
        (team()[:1], [Fault("/team", "required", "Offer Designer.")]),
    ],
)  # fmt: skip
def test_a_tender_that_answers_another_team_or_is_above_its_ceiling_is_refused_by_name(
    contest: Contest, offered: list[dict[str, Any]], faults: list[Fault]
) -> None:
    call_off = published(contest, terms={"hours_per_day": "8"}, team=TEAM)
    tender = written(contest.market.oak, call_off, "oak", team=offered)
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        submit_tender(contest.market.oak, tender.reference, tender.revision)
    assert list(refusal.value.faults) == faults
    assert (TenderRevision.objects.count(), Event.objects.count()) == (0, before)


def test_who_has_no_such_line_cannot_tender(contest: Contest) -> None:
    call_off = published(contest, terms={"hours_per_day": "8"}, team=TEAM)
    tender = written(contest.market.yew, call_off, "yew", team=team("400.00", "400.00"))
    with pytest.raises(Refused) as refusal:
        submit_tender(contest.market.yew, tender.reference, tender.revision)
    assert [(fault.pointer, fault.message) for fault in refusal.value.faults] == [
        (
            "/team/0/role",
            "Your rate card in force at publishing has no rate for data engineer (6 years or more).",
        ),
        ("/team/1/role", "Your rate card in force at publishing has no rate for Designer."),
    ]


def test_a_competition_whose_team_no_card_prices_is_not_published(contest: Contest) -> None:
    nobody = [{"role": "Designer", "experience": 30, "days": "1"}]
    call_off = planned(contest, team=nobody)
    with pytest.raises(Refused) as refusal:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    assert [fault.pointer for fault in refusal.value.faults] == ["/requirement/team"]
    assert refusal.value.faults[0].message.startswith("None of the suppliers could tender for this team")


def test_hours_of_a_role_are_compared_as_they_are_paid(contest: Contest) -> None:
    team_ = [{"role": "Designer", "hours": "7.5"}]
    call_off = published(contest, terms={"hours_per_day": "7.5"}, team=team_)
    revision = submitted(contest.market.oak, call_off, "oak", team=[{**team_[0], "rate": "450.00"}])
    assert Decimal(document_of(revision)["price"]["work"]) == Decimal("450.00")

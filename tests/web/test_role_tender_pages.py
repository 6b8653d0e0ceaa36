"""A competition for a team by role on the pages: the invitation, the form of the tender, the tender once opened."""

from __future__ import annotations

import pytest
from django.test import Client

from procurement.actions.closing import open_tenders
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.models import Event, TenderRevision
from procurement.permissions import SYSTEM
from tests.web.buying import signed
from tests.web.calling_off import need
from tests.web.competing import (
    LEAD,
    acting,
    call_off_of,
    closed_by_the_clock,
    drafted,
    invitation_of,
    plan,
    revision,
    taken,
    tender_of,
    written,
)
from tests.web.reading import read, rows, wrong

LINES = (
    LineDraft("5", 60_000, "Data engineer", min_experience=5),
    LineDraft("8", 70_000, "Data engineer", min_experience=8),
)
TEAM = [{"role": "data engineer", "experience": 6, "days": "10"}, {"role": "Data engineer", "days": "1"}]


@pytest.fixture
def invited(page: Client) -> str:
    """The address of a competition for ten days of an engineer with experience and one of anybody, published."""
    publish_cards(SYSTEM, [CardDraft(one, "rm1", LINES) for one in ("alders", "dogwood")])
    address = f"{drafted(signed(page), requirement=need(team=TEAM))}/competition"
    planned = page.post(f"{address}/plan", plan() | {"revision": revision(address)})
    assert planned.status_code == 303, planned.content.decode()[2000:6000]
    taken(page, address, "publish")
    return address


def test_the_invitation_and_the_form_name_each_role_with_its_ceiling(page: Client, invited: str) -> None:
    invitation = invitation_of(invited)
    shown = read(signed(page, LEAD).get(invitation))
    told = "The team: 10 days of data engineer (6 years or more), 1 day of Data engineer."
    assert told in shown.texts("p")
    form = read(page.get(f"{invitation}/tender"))
    labels = form.texts("label")
    assert "Rate of data engineer (6 years or more), a day" in labels
    assert "Who, for Data engineer" in labels
    hints = form.texts("div", class_="govuk-hint")
    assert "10 days asked for. At most £700 by your card" in hints
    assert "1 day asked for. At most £600 by your card" in hints


def test_a_rate_above_the_line_s_ceiling_is_refused_at_its_field(page: Client, invited: str) -> None:
    invitation, before = invitation_of(invited), TenderRevision.objects.count()
    signed(page, LEAD).get(invitation)
    events = Event.objects.count()
    answer = written(page, invitation, "submit", rate=["700.01", "600"], people=["Ann", ""])
    assert answer.status_code == 422
    named = "data engineer (6 years or more)"
    told = f"Rate of {named}: {named}: 700.01 is above the card's ceiling of 700.00"
    assert wrong(read(answer)) == [(told, "#rate-1")]
    assert (TenderRevision.objects.count(), tender_of(invited, "alders").status) == (before, "draft")
    latest = Event.objects.latest("position").type
    assert (Event.objects.count() - events, latest) == (1, "tender.drafted")


def test_what_was_tendered_is_read_by_the_buyer_once_it_is_open(page: Client, invited: str) -> None:
    invitation = invitation_of(invited)
    signed(page, LEAD)
    answer = written(page, invitation, "submit", rate=["690", "600"], people=["Ann", "Bo"])
    assert answer.status_code == 303, answer.content.decode()[2000:6000]
    closed_by_the_clock(invited)
    one = call_off_of(invited)
    open_tenders(acting("buyer@example.org"), one.reference, one.revision)
    shown = read(signed(page).get(f"/tenders/{tender_of(invited, 'alders').reference}"))
    assert rows(shown, "The team")[1:] == [
        ["data engineer (6 years or more)", "Work: 10 days", "Ann"],
        ["Data engineer", "Work: 1 day", "Bo"],
    ]

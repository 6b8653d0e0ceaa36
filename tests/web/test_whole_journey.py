"""The whole of a purchase in a browser, on the demonstration: a buyer is led by the finder and the map, compares,
matches, shortlists and locks, runs a competition and a direct award, and reads what it was told; two partner firms
answer, one of which proposes a rate card that is approved; an administrator admits a firm, suspends one and takes that
back. Nothing is sent but by the forms that the pages show.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser

from procurement.actions.deliveries import deliver_due
from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.models import CallOff, Contract, InboxMessage, RateProposal, ShortlistEntry
from tests.web.visiting import Visitor, Walk
from web.formats import LONDON

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200), pytest.mark.django_db(transaction=True)]

BUYER, APPROVER = "buyer@example.org", "approver@example.org"
ASSESSOR, MODERATOR = "assessor@example.org", "moderator@example.org"
LEAD, RIVAL = "lead@example.org", "rival@example.org"
OWNER: Final = "owner@example.org"
GLASDALE, ISLAYWATH = "Glasdale Consortium", "Islaywath Compact"
SKELCOMBE: Final = "The Skelcombe Evidence Practice"
COBBLOW: Final = "cx-demo-01~islaywath-compact~cobblow-caldrigg-llp"
NEED: Final = (
    "Evaluate how the family hubs help families, with the people who use them, and what they change."
)
FOUND: Final = "Found on the map"
COMPETITION, AWARD = "Evaluation of family hubs", "Short advice on family hubs"


@pytest.fixture
def address(settings: Any, tmp_path: Any, transactional_db: None, live_server: Any) -> str:
    """The demonstration, running."""
    settings.INDEX_FOLDER = tmp_path / "index"
    call_command("load_fixtures", verbosity=0)
    call_command("rebuild_index", verbosity=0)
    return str(live_server.url)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_need_becomes_a_contract_by_either_route(
    address: str, browser: Browser, settings: Any, javascript: bool
) -> None:
    walk = Walk(browser, address, settings.DEMO_PASSWORD, javascript)
    _looked_around(walk)
    competition = _out(walk)
    _tendered(walk, LEAD, "We ask the families.", "420")
    _tendered(walk, RIVAL, "We count.", "400")
    _answered(walk, competition)
    real = timezone.now
    with patch("django.utils.timezone.now", lambda: real() + timedelta(days=15)):
        move_due()
        _judged(walk, competition, {GLASDALE: "5", ISLAYWATH: "2"})
        first = _awarded(walk, f"{competition}/competition")
        _signed(walk, first, "/invitations", COMPETITION)
        second = _by_direct_award(walk)
        _signed(walk, second, "/offers", AWARD)
        _administered(walk)
        deliver_due()
        _read(walk)
        _rates_approved(walk)
    for contract in (first, second):
        made = Contract.objects.get(reference=contract.rpartition("/")[2])
        assert (made.status, made.call_off.status) == ("active", CallOff.Status.CONTRACTED)
        assert made.appointment.supplier.name == GLASDALE
    verify()
    print(f"{walk.pages} pages")
    assert walk.faults == []
    # A form that is refused is told by its status too.
    assert [said for said in walk.said if "status of 422" not in said] == []


def _looked_around(walk: Walk) -> None:
    """The finder leads to who fits; the map to a region's listings: two are compared, one is shortlisted."""
    with walk.as_(BUYER) as buyer:
        _led(buyer)
        buyer.goto("/map")
        buyer.fill({"What you need": "evaluation"})
        buyer.press("Show")
        buyer.click(buyer.page.locator(".app-map__link", has_text="Yorkshire"))
        for _ in range(2):
            buyer.click(buyer.page.get_by_role("link", name=re.compile("^Add to comparison")).first)
        buyer.follow("Compare them side by side")
        assert buyer.page.get_by_role("heading", level=1).inner_text() == "Compare 2 listings"
        buyer.page.go_back()
        firm = buyer.page.locator(".app-result__title a").first.get_attribute("href")
        buyer.click(buyer.page.get_by_role("button", name=re.compile("^Add to a shortlist")).first)
        buyer.page.get_by_role("radio", name="A new shortlist").check()
        buyer.fill({"Title of a new shortlist": FOUND})
        buyer.take("Add the listing")
        assert buyer.page.locator(".app-result__title a").first.get_attribute("href") == firm
    kept = ShortlistEntry.objects.filter(shortlist__title=FOUND).values_list("listing", flat=True)
    assert [f"/listings/{listing}" for listing in kept] == [firm]


def _led(buyer: Visitor) -> None:
    """Answers the seven questions of the finder."""
    buyer.goto("/find")
    buyer.fill({"In a sentence or two": NEED})
    buyer.press("Continue")
    buyer.page.get_by_role("radio", name="Local government").check()
    buyer.press("Continue")
    buyer.page.get_by_role("checkbox", name="Yorkshire and The Humber").check()
    for label, value in (
        ("", ""),
        ("In all, without VAT", "70000"),
        ("First day", (timezone.localdate() + timedelta(days=60)).isoformat()),
        ("Months", "6"),
    ):
        if label:
            buyer.fill({label: value})
        buyer.press("Continue")
    buyer.page.get_by_role("radio", name="Days of people").check()
    buyer.press("Continue")
    assert "on lot" in buyer.page.get_by_role("heading", level=1).inner_text()
    buyer.follow("See who fits, and why")
    assert buyer.page.get_by_label("What you need", exact=True).input_value() == NEED


def _out(walk: Walk) -> str:
    """The need is found for, matched, shortlisted, planned, approved and published; the call-off's address."""
    with walk.as_(BUYER) as buyer:
        shortlist = _locked(buyer, "2a", "100", "50")
        call_off = _begun(
            buyer, shortlist, COMPETITION, "Further competition", {"Price of the work": "70,000"}
        )
        _planned(buyer, call_off)
        buyer.goto(call_off)
        buyer.take("Ask for approval")
    with walk.as_(APPROVER) as approver:
        approver.goto(call_off)
        approver.take("Approve")
    with walk.as_(BUYER) as buyer:
        buyer.goto(f"{call_off}/competition")
        buyer.take("Publish the competition")
        for name, part in (("Demo Assessor", "Assessor"), ("Demo Moderator", "Moderator")):
            buyer.unfold("Change who takes part")
            buyer.choose({"Colleague": name, "Part": part})
            buyer.take("Add")
    return call_off


def _locked(buyer: Visitor, lot: str, consultant: str, senior: str) -> str:
    """Searches, looks at a firm, matches the need on a lot (by its number; days of G2 and G3) and locks a shortlist of
    the firms that will answer; its address.
    """
    buyer.goto("/")
    buyer.fill({"What do you need?": "evaluation of family hubs"})
    buyer.press("Search")
    buyer.click(buyer.page.locator(".app-result__title a").first)
    buyer.goto(f"/match?framework=cx-demo-01&lot=cx-demo-01~{lot}")
    starts = timezone.localdate() + timedelta(days=60)
    buyer.fill({"What you need": NEED, "First day of the work": starts.isoformat(), "Length in months": "6"})
    buyer.fill({"Days of grade 1": consultant, "Days of grade 2": senior})
    buyer.choose({"Grade 1": "G2 Consultant", "Grade 2": "G3 Senior consultant"})
    buyer.click(buyer.page.get_by_role("button", name="Find matches").first)
    buyer.page.get_by_role("checkbox", name=re.compile(f"Shortlist.*{SKELCOMBE}")).check()
    buyer.take("Start a shortlist from these")
    buyer.fill({"Listings": COBBLOW})
    buyer.take("Add")
    for number in (1, 2):
        deciding = buyer.page.locator("details", has=buyer.page.locator(f"#decision-{number}"))
        if deciding.get_attribute("open") is None:
            deciding.locator("summary").click()
        buyer.page.locator(f"#decision-{number}").select_option("in")
    buyer.click(deciding.get_by_role("button", name="Keep the decisions", exact=True))
    buyer.done()
    buyer.take("Keep the decisions and lock")
    return buyer.page.url.partition("?")[0]


def _begun(buyer: Visitor, shortlist: str, title: str, route: str, said: dict[str, str]) -> str:
    """Takes a locked shortlist on to a call-off; its address."""
    buyer.goto(shortlist)
    buyer.press("Begin a call-off")
    buyer.fill({"Title": title, **said})
    buyer.choose({"Route": route})
    if route == "Direct award":
        buyer.choose({"On what the direct award rests": "First in an order made by objective criteria"})
    buyer.take("Keep the draft")
    return buyer.page.url.partition("?")[0]


def _planned(buyer: Visitor, call_off: str) -> None:
    """Plans a competition by two criteria and the price."""
    buyer.goto(f"{call_off}/competition/plan")
    buyer.fill({"Questions until": _ahead(7), "Deadline for tenders": _ahead(14)})
    criteria = (("Method", "Quality", "45"), ("Social value", "Social value", "20"))
    for at, (name, kind, weight) in enumerate(criteria, start=1):
        buyer.fill({f"Name of criterion {at}": name, f"Weight of criterion {at}": weight})
        buyer.fill({f"Question of criterion {at}": f"How does {name.lower()} come about?"})
        buyer.choose({f"Kind of criterion {at}": kind})
    buyer.fill({"Weight of the price": "35", "Assessors for each criterion": "1"})
    buyer.take("Keep the plan")


def _ahead(days: int) -> str:
    """A moment from now, as a browser's field takes it: in London."""
    return (timezone.now().astimezone(LONDON) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def _tendered(walk: Walk, email: str, answer: str, rate: str) -> None:
    """The lead of a supplier reads its invitation, asks a question, is refused a price above its card, and tenders."""
    with walk.as_(email) as lead:
        lead.goto("/invitations")
        lead.follow(COMPETITION)
        lead.follow("Ask the buyer a question")
        lead.fill({"Question": "Which neighbourhoods are meant?"})
        lead.take("Ask the buyer")
        lead.click(lead.page.locator("a", has_text=re.compile("^Write .*the tender$")))
        lead.fill({"Method": answer, "Social value": f"{answer} And two paid placements."})
        for field in lead.page.get_by_label(re.compile("^Who, for ")).all():
            field.fill("A team of two")
        for price in ("900", rate):
            for field in lead.page.get_by_label(re.compile("^Rate of ")).all():
                field.fill(price)
            lead.press("Keep and submit")
            if price == "900":
                problem = lead.page.get_by_role(
                    "link", name=re.compile("^Rate of G2: .*above the card's ceiling")
                )
                assert problem.is_visible(), lead.page.locator("main").inner_text()[:1000]
        lead.done()


def _answered(walk: Walk, call_off: str) -> None:
    """The buyer answers the questions, for everybody."""
    with walk.as_(BUYER) as buyer:
        buyer.goto(f"{call_off}/competition")
        buyer.follow("Answer the questions")
        for number in (1, 2):
            buyer.fill({f"Answer to question {number}": "All of the city's."})
            buyer.take(f"Answer question {number}")


def _judged(walk: Walk, call_off: str, suppliers: dict[str, str]) -> None:
    """Opened by the buyer, declared for, scored by the assessor, agreed by the moderator, ranked by the buyer: each
    supplier by its score.
    """
    with walk.as_(BUYER) as buyer:
        buyer.goto(f"{call_off}/competition")
        buyer.take("Open the tenders")
    for email in (ASSESSOR, MODERATOR):
        with walk.as_(email) as judge:
            judge.goto(f"{call_off}/competition")
            judge.choose({"Conflict of interest": "I have none"})
            judge.take("Declare")
            for supplier, score in suppliers.items():
                _scored(judge, f"{call_off}/competition", supplier, score, agrees=email == MODERATOR)
    with walk.as_(BUYER) as buyer:
        buyer.goto(f"{call_off}/competition")
        buyer.take("Rank the tenders")


def _scored(judge: Visitor, competition: str, supplier: str, score: str, *, agrees: bool) -> None:
    judge.goto(competition)
    judge.follow(supplier)
    for name in ("Method", "Social value"):
        if agrees:
            reason = {f"Reason that the tenderer is told, for {name}": "Sound, and with the people."}
            judge.fill({f"Agreed score of {name}": score} | reason)
        else:
            judge.fill({f"Your score of {name}": score, f"Why, for {name}": "Sound."})
    judge.take("Agree the scores" if agrees else "Keep my scores")


def _awarded(walk: Walk, page: str) -> str:
    """The buyer awards; the contract's address."""
    with walk.as_(BUYER) as buyer:
        buyer.goto(page)
        buyer.fill({"Conflicts of interest": "None known"})
        buyer.take("Award")
        buyer.click(buyer.page.locator("a[href^='/contracts/']").first)
        return buyer.page.url


def _signed(walk: Walk, contract: str, asked: str, title: str) -> None:
    """By the lead, who comes to it from what it was asked, and by the buyer."""
    with walk.as_(LEAD) as lead:
        lead.goto(asked)
        lead.follow(title)
        lead.click(lead.page.locator("a[href^='/contracts/']").first)
        assert lead.page.url == contract
        lead.take("Sign the contract")
    with walk.as_(BUYER) as buyer:
        buyer.goto(contract)
        buyer.take("Sign the contract")


def _by_direct_award(walk: Walk) -> str:
    """The same need, small enough for the first lot: the order form goes to the first of the shortlist, who accepts."""
    with walk.as_(BUYER) as buyer:
        shortlist = _locked(buyer, "1", "10", "5")
        why = {"Why without competition": "First in the ranking."}
        call_off = _begun(buyer, shortlist, AWARD, "Direct award", why)
        buyer.goto(call_off)
        buyer.take("Send the order form to Glasdale Consortium")
    with walk.as_(LEAD) as lead:
        lead.goto("/offers")
        lead.follow(AWARD)
        lead.take("Accept the order")
    return _awarded(walk, call_off)


def _administered(walk: Walk) -> None:
    """The framework's owner admits a firm that its consortium agreed to, suspends a supplier's place on a lot for a
    reason, and takes that back.
    """
    with walk.as_(OWNER) as owner:
        owner.goto("/joinings")
        owner.click(owner.page.get_by_role("link", name=re.compile("^Craycombe Modelling Trust")))
        owner.take("Admit the firm")
        owner.goto("/administration/frameworks/cx-demo-01")
        owner.fill({"Name of the supplier": ISLAYWATH})
        owner.press("Show")
        owner.click(owner.page.get_by_role("link", name=re.compile(f"^{ISLAYWATH} on lot")).first)
        for heading, do, reason in (
            ("Suspend this place", "Suspend", "Its insurance has lapsed."),
            ("Reinstate this place", "Reinstate", "It is insured again."),
        ):
            owner.unfold(heading)
            owner.page.locator(f"#{do.lower()}-reason").fill(reason)
            owner.take(do)


def _read(walk: Walk) -> None:
    """The buyer opens what it was told last, comes back and marks it as read."""
    with walk.as_(BUYER) as buyer:
        buyer.goto("/inbox")
        unread = buyer.page.locator("section", has=buyer.page.get_by_text("Unread", exact=True))
        before = InboxMessage.objects.filter(read_at__isnull=True).count()
        buyer.click(unread.first.get_by_role("link"))
        buyer.page.go_back()
        buyer.click(unread.first.get_by_role("button", name=re.compile("^Mark as read")))
        assert InboxMessage.objects.filter(read_at__isnull=True).count() == before - 1


def _rates_approved(walk: Walk) -> None:
    """A supplier's lead takes back the rate card that it proposed and proposes another; the framework's owner approves
    that.
    """
    with walk.as_(LEAD) as lead:
        lead.goto("/rate-proposals?status=submitted")
        lead.follow(GLASDALE)
        lead.take("Withdraw the proposal")
        lead.goto("/rate-proposals")
        lead.follow("Propose a rate card")
        if lead.page.get_by_label("Card", exact=True).count():
            card = lead.page.locator("#card option", has_text=f"{GLASDALE}").first.inner_text()
            lead.choose({"Card": card})
        lead.take("Begin the proposal")
        lead.fill({"In force from": (timezone.localdate() + timedelta(days=30)).isoformat()})
        lead.page.locator("#rate-0").fill("305")
        lead.take("Keep and submit")
        proposed = lead.page.url.partition("?")[0]
    with walk.as_(OWNER) as owner:
        owner.goto("/rate-proposals?status=submitted")
        owner.follow(GLASDALE)
        assert owner.page.url == proposed
        owner.take("Approve the rate card")
    approved = RateProposal.objects.get(reference=proposed.rpartition("/")[2])
    assert (approved.status, approved.supplier.name) == ("approved", GLASDALE)
    assert approved.version is not None

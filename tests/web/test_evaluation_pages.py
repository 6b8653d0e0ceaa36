"""Tenders on the buyer's pages: sealed, opened, scored blind, moderated, ranked, asked about, awarded, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.tenders import withdraw_tender
from procurement.models import (
    Assessment,
    BuyerLimit,
    CallOff,
    Competition,
    Consensus,
    Event,
    Framework,
    Partner,
    Tender,
    User,
)
from tests.standing import standing
from tests.web.buying import colleague, signed
from tests.web.competing import (
    ASSESSOR,
    LEAD,
    MARKER,
    MODERATOR,
    OTHER,
    acting,
    at,
    call_off_of,
    closed,
    closed_by_the_clock,
    evaluated,
    invitation_of,
    opened,
    published,
    scored,
    sent,
    taken,
    tender_of,
    tendered,
)
from tests.web.reading import read, rows, summary


@pytest.fixture(autouse=True, scope="module")
def one_for_all(market: None, module_database: None) -> Iterator[None]:
    with standing(Client(), evaluated, published):
        yield


def state() -> tuple[Any, ...]:
    """All that a refusal must leave alone."""
    return (
        list(CallOff.objects.order_by("pk").values_list("status", "revision")),
        list(Tender.objects.order_by("pk").values_list("status", "revision", "ground")),
        list(Assessment.objects.order_by("pk").values_list("criterion", "score", "note")),
        list(Consensus.objects.order_by("pk").values_list("criterion", "score", "reason")),
        Event.objects.count(),
    )


def offered(page: Client, address: str) -> set[str]:
    """The steps that the page offers forms for."""
    return {one.attributes["value"] for one in read(page.get(address)).all(name="do")}


def tender_address(address: str, supplier: str) -> str:
    return f"/tenders/{tender_of(address, supplier).reference}"


def test_no_page_of_the_buyer_tells_of_a_tender_before_the_deadline(page: Client) -> None:
    address = published(page)
    quiet = page.get(address).content
    tendered(address, LEAD, "alders", "613.00", f"{MARKER} answer")
    tender = tender_address(address, "alders")
    for email in ("buyer@example.org", ASSESSOR, MODERATOR):
        signed(page, email)
        for one in ("/", "/call-offs", address.removesuffix("/competition"), address):
            shown = page.get(one)
            assert shown.status_code == 200
            assert MARKER.encode() not in shown.content
            assert b"613" not in shown.content
        assert page.get(tender).status_code == 404
        assert page.post(tender, {"do": "disqualify", "revision": 3}).status_code == 404
    signed(page)
    again = read(page.get(address)).texts("p")
    assert any(one.startswith("2 invited to tender, 0 declined.") for one in again)
    assert b"invited to tender, 0 declined" in quiet


def test_a_closed_competition_is_opened_and_prices_stay_hidden(page: Client) -> None:
    address = closed(page, alder="613.57")
    tender = tender_address(address, "alders")
    assert b"We ask everybody." not in page.get(tender).content
    taken(page, address, "open_tenders")
    colleague("reads@example.org", "council", "viewer")
    for email in ("reads@example.org", ASSESSOR, MODERATOR):
        signed(page, email)
        told = read(page.get(tender)).texts("p")
        assert b"We ask everybody." not in page.get(tender).content
        assert [one for one in told if one.startswith("It is read by whoever runs or approves")]
    for email in (ASSESSOR, MODERATOR):
        signed(page, email)
        taken(page, address, "declare", conflict="no", note="")
    for email in ("buyer@example.org", ASSESSOR, MODERATOR):
        signed(page, email)
        shown = page.get(tender).content
        assert b"We ask everybody." in shown
        # Pence, as keys of forms are random and may hold any three digits.
        shown += page.get(address).content
        assert not [price for price in (b"613.57", b"6135.7", b"6,135.7") if price in shown]
    assert summary(read(page.get(tender)))["Price"].startswith("Hidden until every score is agreed")


def test_a_tender_that_was_taken_back_before_the_deadline_is_not_shown(page: Client) -> None:
    address = published(page)
    tendered(address, LEAD, "alders", "613.57", f"{MARKER} answer")
    tendered(address, OTHER, "dogwood", "500.00")
    alders = tender_of(address, "alders")
    withdraw_tender(acting(LEAD), alders.reference, alders.revision, "We are busy elsewhere.")
    closed_by_the_clock(address)
    taken(page, address, "open_tenders")
    shown = page.get(tender_address(address, "alders"))
    assert not [one for one in (MARKER.encode(), b"613.57", b"6,135.7") if one in shown.content]
    assert "No tender stood at the deadline." in read(shown).texts("p")
    assert summary(read(shown)) == {"Reason": "We are busy elsewhere."}
    assert b"We ask everybody." in page.get(tender_address(address, "dogwood")).content


def test_an_assessor_declares_first_and_sees_no_score_of_others(page: Client) -> None:
    address = closed(page)
    taken(page, address, "open_tenders")
    colleague("second@example.org", "council", "viewer")
    taken(
        page,
        address,
        "add_person",
        user=User.objects.get(email="second@example.org").reference,
        part="assessor",
    )
    tender = tender_address(address, "alders")
    signed(page, ASSESSOR)
    assert offered(page, tender) == set()
    assert any("declare your interests" in one for one in read(page.get(tender)).texts("a"))
    before = state()
    assert scored(page, address, "assess", "alders", "method", "4", "Good.").status_code == 403
    assert sent(page, address, "declare", conflict="", note="").status_code == 422
    assert sent(page, address, "declare", conflict="yes", note="").status_code == 422
    assert state() == before
    taken(page, address, "declare", conflict="no", note="")
    assert offered(page, tender) == {"assess"}
    assert scored(page, address, "assess", "alders", "method", "4", "Seldom read.").status_code == 303
    assert any("4 of 5. Seldom read." in one for one in read(page.get(tender)).texts("li"))
    signed(page, "second@example.org")
    taken(page, address, "declare", conflict="no", note="")
    assert b"Seldom read." not in page.get(tender).content
    signed(page, MODERATOR)
    taken(page, address, "declare", conflict="no", note="")
    assert b"Seldom read." in page.get(tender).content
    assert offered(page, tender) == {"agree"}


def test_whoever_has_a_conflict_scores_nothing(page: Client) -> None:
    address = closed(page)
    taken(page, address, "open_tenders")
    signed(page, ASSESSOR)
    taken(page, address, "declare", conflict="yes", note="My sister works there.")
    before = state()
    assert offered(page, tender_address(address, "alders")) == set()
    assert scored(page, address, "assess", "alders", "method", "4", "Good.").status_code == 403
    assert state() == before


@pytest.mark.parametrize(
    ("criterion", "score", "why", "anchor"),
    [
        ("method", "6", "Good.", "assess-score-method"),
        ("method", "", "Good.", "assess-score-method"),
        ("social-value", "3", "", "assess-note-social-value"),
        ("{0}", "3", "Good.", ""),
    ],
)
def test_a_score_that_breaks_a_rule_changes_nothing(
    page: Client, criterion: str, score: str, why: str, anchor: str
) -> None:
    address = opened(page)
    signed(page, ASSESSOR)
    before = state()
    answer = scored(page, address, "assess", "alders", criterion, score, why)
    shown = read(answer)
    assert (answer.status_code, state()) == (422, before)
    links = {one.attributes.get("href") for one in shown.all("a")}
    assert not anchor or (
        f"#{anchor}" in links and anchor in {one.attributes.get("id") for one in shown.elements}
    )


def test_the_ranking_shows_its_arithmetic_and_opens_prices(page: Client) -> None:
    address = evaluated(page)
    shown = read(page.get(address))
    by = "Ranking, by quality points and the lowest price over the price, times its weight"
    assert rows(shown, by)[1:] == [
        ["Rank: 1", "Consortium Alder Fictional firm", "Quality: 46", "Price: £7,000", "Result: 80.29"],
        ["Rank: 2", "Dogwood Digital Fictional firm", "Quality: 38", "Price: £6,000", "Result: 78.00"],
    ]
    assert rows(shown, "The arithmetic")[1][1].startswith("Method: 4 of 5 × 50 = 40")
    assert summary(read(page.get(tender_address(address, "alders"))))["The work"] == "£6,000 without VAT"


def test_a_low_price_is_asked_about_explained_and_taken_before_the_award(page: Client) -> None:
    address = evaluated(page, alder="600.00", dogwood="100.00")
    tender = tender_address(address, "dogwood")
    assert sent(page, address, "intend").status_code == 409
    assert "ask_price" in offered(page, tender)
    before = state()
    assert page.post(tender, {"do": "ask_price", "question": " "}).status_code == 422
    assert state() == before
    assert page.post(tender, {"do": "ask_price", "question": "How so?"}).status_code == 303
    revision = tender_of(address, "dogwood").revision
    refused = page.post(
        tender, {"do": "disqualify", "revision": revision, "ground": "abnormally_low", "reason": "Low."}
    )
    assert refused.status_code == 409
    assert page.post(tender, {"do": "disqualify", "revision": revision, "ground": ""}).status_code == 422
    said = {"do": "disqualify", "revision": revision, "ground": "not_compliant", "reason": "Another service."}
    assert page.post(tender, said).status_code == 303
    assert [row[1] for row in rows(read(page.get(address)), "The arithmetic")[1:]] != []
    assert "reinstate" in offered(page, tender)
    revision, before = tender_of(address, "dogwood").revision, state()
    assert page.post(tender, {"do": "reinstate", "revision": revision, "reason": " "}).status_code == 422
    assert state() == before
    taking = {"do": "reinstate", "revision": revision, "reason": "It was the right service."}
    assert page.post(tender, taking).status_code == 303
    assert tender_of(address, "dogwood").status == "submitted"
    assert "reinstate" not in offered(page, tender)
    assert page.post(tender, {**said, "revision": revision + 1}).status_code == 303
    taken(page, address, "intend")
    assert "reinstate" not in offered(page, tender)
    assert offered(page, address) >= {"award", "cancel"}


def test_the_first_is_awarded_and_the_award_taken_back(page: Client) -> None:
    address = evaluated(page)
    taken(page, address, "intend")
    before = state()
    answer = sent(page, address, "award", conflicts=" ")
    assert (answer.status_code, state()) == (422, before)
    taken(page, address, "award", conflicts="None known")
    assert call_off_of(address).contracts.get().appointment.supplier.reference == "alders"
    assert any(
        one.attributes.get("href", "").startswith("/contracts/") for one in read(page.get(address)).all("a")
    )
    assert sent(page, address, "undo", reason="x").status_code == 403
    colleague("approver@example.org", "council", "approver")
    signed(page, "approver@example.org")
    assert sent(page, address, "undo", reason=" ").status_code == 422
    taken(page, address, "undo", reason="A score was wrong.")
    assert call_off_of(address).status == "evaluated"
    # Its tenderer reads both letters: the outcome, and that it is open again.
    own = invitation_of(address)
    signed(page, LEAD)
    assert page.get(f"{own}/tender").status_code == 409
    letters = read(page.get(own))
    assert [
        one
        for one in letters.texts("h3")
        if one in ("The outcome is open again", "Your tender is successful")
    ] == [
        "The outcome is open again",
        "Your tender is successful",
    ]
    assert "A score was wrong." in letters.texts("p")


def test_what_the_first_comes_to_is_approved_on_the_page_where_the_limit_asks(page: Client) -> None:
    address = evaluated(page)
    BuyerLimit.objects.create(organisation=call_off_of(address).organisation, approval_from_minor=1)
    assert offered(page, address) & {"approve", "intend", "award"} == set()
    assert "Before it can be awarded" in page.get(address).content.decode()
    colleague("approver@example.org", "council", "approver")
    signed(page, "approver@example.org")
    assert offered(page, address) & {"approve", "send_back", "intend", "award"} == {"approve", "send_back"}
    before = state()
    assert sent(page, address, "send_back", reason="").status_code == 422
    assert state() == before
    taken(page, address, "send_back", reason="Ask about the price first.")
    shown = page.get(address).content.decode()
    assert ("Sent back by " in shown, "Ask about the price first." in shown) == (True, True)
    taken(page, address, "approve")
    assert "Sent back by " not in page.get(address).content.decode()
    call_off = call_off_of(address)
    assert (call_off.status, call_off.approved_minor is None) == ("evaluated", False)
    assert "Before it can be awarded" not in page.get(address).content.decode()
    signed(page)
    assert offered(page, address) & {"approve", "intend", "award"} == {"intend", "award"}


def test_scores_that_count_no_longer_are_told_and_given_anew(page: Client) -> None:
    address = evaluated(page)
    signed(page, MODERATOR)
    taken(page, address, "declare", conflict="yes", note="A cousin.")
    assert "evaluate_again" in offered(page, address)
    signed(page)
    assert {"intend", "award"}.isdisjoint(offered(page, address))
    assert any("count no longer" in one for one in read(page.get(address)).texts("li"))
    assert "disqualify" not in offered(page, tender_address(address, "dogwood"))
    before = state()
    assert (sent(page, address, "evaluate_again", reason=" ").status_code, state()) == (422, before)
    assert (sent(page, address, "intend").status_code, state()) == (409, before)
    taken(page, address, "evaluate_again", reason="The moderator has a conflict of interest.")
    assert call_off_of(address).status == "evaluating"
    assert "Next: the buyer, to add person." in page.get(address).content.decode()


def test_a_promised_standstill_comes_before_the_award(page: Client) -> None:
    address = evaluated(page, standstill="yes")
    assert "award" not in offered(page, address)
    taken(page, address, "intend")
    assert sent(page, address, "award", conflicts="None").status_code == 409
    until = Competition.objects.get(call_off=call_off_of(address)).standstill_until
    assert until is not None
    assert summary(read(page.get(address)))["Standstill"].startswith("Until ")
    assert "Next: the clock, until " in page.get(address).content.decode()
    with at(until):
        signed(page)
        assert "Next: the buyer, to award." in page.get(address).content.decode()
        taken(page, address, "award", conflicts="None")


def test_where_the_law_asks_for_a_notice_the_standstill_begins_with_its_publication(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(regime="pa2023")
    address = evaluated(page, standstill="yes", expenses="£300,000")
    taken(page, address, "intend")
    shown = page.get(address).content.decode()
    assert "Next: the buyer, to publish notice." in shown
    assert "award" not in offered(page, address)
    draft = f"/call-offs/{call_off_of(address).reference}/notices/uk6"
    assert f'href="{draft}"' in shown
    assert page.get(draft).json()["notice"]["key"] == "uk6"
    assert page.get(draft.replace("uk6", "uk7")).status_code == 404
    today, before = timezone.localdate().isoformat(), state()
    wrong = sent(page, address, "publish_notice", notice="uk6", number=" ", published_on=today)
    assert (wrong.status_code, state()) == (422, before)
    taken(page, address, "publish_notice", notice="uk6", number="2026/S 000-1", published_on=today)
    assert "publish_notice" not in offered(page, address)
    assert summary(read(page.get(address)))["Standstill"].startswith("Until ")
    assert "Next: the clock, until " in page.get(address).content.decode()
    # Its tenderers read in their letters what it is counted from.
    own = invitation_of(address)
    signed(page, LEAD)
    assert (
        "begin with the day on which the contract award notice is published" in page.get(own).content.decode()
    )


def test_whom_the_evaluation_waits_for_is_told_on_both_pages(page: Client) -> None:
    address = opened(page)
    for one in (address, address.removesuffix("/competition")):
        assert "Next: an assessor, to assess." in page.get(one).content.decode()


def test_a_first_that_may_not_be_awarded_to_is_told_and_no_form_offered_that_would_fail(page: Client) -> None:
    address = evaluated(page)
    Partner.objects.update(suspended=True)
    assert offered(page, address) & {"intend", "award"} == set()
    for one in (address, address.removesuffix("/competition")):
        shown = page.get(one).content.decode()
        assert "Before it can be awarded" in shown
        assert "Next: the buyer, to disqualify or cancel or fail." in shown


def test_to_others_a_tender_is_not_there(page: Client) -> None:
    address = evaluated(page)
    tender = tender_address(address, "alders")
    colleague("district@example.org", "district", "administrator")
    before = state()
    for email in ("district@example.org", OTHER, LEAD, "nobody@example.org"):
        signed(page, email)
        answer = page.get(tender)
        # Its own tenderer is led to where it reads it.
        own = (302, invitation_of(address)) if email == LEAD else (404, None)
        assert (answer.status_code, answer.get("Location")) == own, email
        assert (
            page.post(tender, {"do": "assess", "criterion": "method", "score": "1", "note": "x"}).status_code
            == 404
        )
    colleague("reads@example.org", "council", "viewer")
    signed(page, "reads@example.org")
    assert offered(page, tender) == set()
    assert scored(page, address, "assess", "alders", "method", "1", "x").status_code == 403
    assert state() == before


def test_a_competition_without_a_tender_ends_by_the_clock(page: Client) -> None:
    address = published(page)
    closed_by_the_clock(address)
    assert call_off_of(address).status == "unsuccessful"
    shown = read(page.get(address))
    assert [row[1] for row in rows(shown, "Tenders")[1:]] == ["Invited", "Invited"]
    assert offered(page, address) == set()


def test_the_pages_take_a_bounded_number_of_queries(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = evaluated(page)
    with django_assert_max_num_queries(45):
        page.get(address)
    with django_assert_max_num_queries(30):
        page.get(tender_address(address, "alders"))


def test_where_the_winner_does_not_sign_the_owner_says_so_and_the_next_ranks_first(page: Client) -> None:
    address = evaluated(page)
    taken(page, address, "award", conflicts="None known")
    assert "not_sign" in offered(page, address)
    before = state()
    assert (sent(page, address, "not_sign", reason=" ").status_code, state()) == (422, before)
    taken(page, address, "not_sign", reason="It has no people for it any more.")
    assert offered(page, address) & {"not_sign", "intend", "award"} == {"intend", "award"}
    assert (tender_of(address, "alders").status, tender_of(address, "dogwood").status) == (
        "not_signed",
        "submitted",
    )
    own = invitation_of(address)
    signed(page, LEAD)
    letters = read(page.get(own))
    assert "Your tender takes part no longer: the contract was not signed" in letters.texts("h3")
    assert "It has no people for it any more." in letters.texts("p")

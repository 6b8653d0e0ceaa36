"""Invitations on the pages of suppliers: read, answered, asked about, tendered for, withdrawn, told of the outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.due import move_due
from procurement.models import (
    Clarification,
    Competition,
    Event,
    Invitation,
    Tender,
    TenderFile,
    TenderRevision,
)
from tests.standing import standing
from tests.web.buying import colleague, signed
from tests.web.competing import (
    LEAD,
    MARKER,
    MODERATOR,
    OTHER,
    answered,
    at,
    call_off_of,
    closed_by_the_clock,
    evaluated,
    fetched,
    in_days,
    invitation_of,
    past,
    published,
    sent,
    taken,
    tender_of,
    tendered,
    written,
)
from tests.web.reading import read, rows, summary, wrong
from web.formats import second


@pytest.fixture(autouse=True, scope="module")
def one_for_all(market: None, module_database: None) -> Iterator[None]:
    with standing(Client(), published):
        yield


def state() -> tuple[Any, ...]:
    """All that a refusal must leave alone."""
    return (
        list(Invitation.objects.order_by("pk").values_list("interest", flat=True)),
        list(Tender.objects.order_by("pk").values_list("status", "revision", "draft")),
        TenderRevision.objects.count(),
        Clarification.objects.count(),
        Event.objects.count(),
    )


def offered(page: Client, address: str) -> set[str]:
    """The steps that the page offers forms for, and `ask` where it leads to the form of a question."""
    shown = read(page.get(address))
    asks = f"{address}/question" in {one.attributes.get("href") for one in shown.all("a")}
    return {one.attributes["value"] for one in shown.all("input", name="do")} | ({"ask"} if asks else set())


def status(page: Client, address: str) -> str:
    [_, told, *_] = read(page.get(address)).texts("strong", class_="govuk-tag")
    return told


def test_the_lead_reads_writes_submits_and_sees_the_receipt(page: Client) -> None:
    address = published(page)
    invitation = invitation_of(address)
    signed(page, LEAD)
    listed = read(page.get("/invitations")).texts("strong", class_="govuk-tag")
    assert listed == ["Demo", "Invited", "Fictional firm"]
    assert status(page, invitation) == "Viewed"
    assert offered(page, invitation) == {"ask", "add_file", "let", "decline"}
    shown = read(page.get(f"{invitation}/tender"))
    assert "10 days asked for. At most £650.50 by your card" in shown.texts("div", class_="govuk-hint")
    answer = written(page, invitation, "draft")
    assert (answer.status_code, answer["Location"]) == (303, f"{invitation}?done=draft")
    assert read(page.get(f"{invitation}/tender")).one("input", name="rate").attributes["value"] == "600.00"
    assert written(page, invitation, "submit").status_code == 303
    [receipt] = TenderRevision.objects.all()
    assert (receipt.work_minor, status(page, invitation)) == (600_000, "Submitted")
    [line] = rows(read(page.get(invitation)), "Receipts, the last of which counts")[1:]
    assert line == [
        f"{receipt.reference}, {second(receipt.submitted_at)}", "The work: £6,000", f"Digest: {receipt.digest}",
    ]  # fmt: skip
    since = (
        "What you have written since is not submitted: what was submitted last counts until you submit anew."
    )
    assert since not in read(page.get(invitation)).texts("div", class_="govuk-inset-text")
    assert written(page, invitation, "draft", rate=["595"]).status_code == 303
    assert since in read(page.get(invitation)).texts("div", class_="govuk-inset-text")
    assert written(page, invitation, "submit", rate=["590"]).status_code == 303
    assert since not in read(page.get(invitation)).texts("div", class_="govuk-inset-text")
    assert tender_of(address, "alders").current.work_minor == 590_000  # type: ignore[union-attr]
    assert answered(page, invitation, "withdraw", reason="No capacity.").status_code == 303
    assert status(page, invitation) == "Withdrawn"


@pytest.mark.parametrize(
    ("changes", "anchor", "told"),
    [
        ({"rate": ["700"]}, "rate-1", "Rate of G2: G2: 700.00 is above the card's ceiling of 650.50"),
        ({"rate": [""]}, "rate-1", "Offer G2"),
        ({"rate": ["much"]}, "rate-1", "Rate of G2: an amount is in pounds"),
        (
            {"rate": ["9,99"]},
            "rate-1",
            "Rate of G2: an amount is in pounds, such as 1250 or 1250.50, without VAT: pence follow a point",
        ),
        ({"answer-method": ""}, "answer-method", "Method: answer Method"),
        ({"answer-method": "word " * 501}, "answer-method", "Method: at most 500 words; these are 501"),
        ({"expenses": "2,000"}, "expenses", "Expenses: at most £1,000 is paid"),
        ({"option": ["9,999"]}, "option-1", "Price of option 1: at most £2,500.50 is paid"),
    ],
)
def test_a_tender_that_breaks_a_rule_is_not_submitted_and_keeps_what_was_typed(
    page: Client, changes: dict[str, Any], anchor: str, told: str
) -> None:
    invitation = invitation_of(published(page))
    signed(page, LEAD)
    answer = written(page, invitation, "submit", **changes)
    shown = read(answer)
    assert (answer.status_code, TenderRevision.objects.count()) == (422, 0)
    link = next(one for one in shown.all("a") if one.attributes.get("href") == f"#{anchor}")
    assert link.text.startswith(told), link.text
    assert anchor in {one.attributes.get("id") for one in shown.elements}
    assert shown.one("input", name="people").attributes["value"] == "Ann"


def test_a_file_is_part_of_the_tender_and_sealed_from_the_buyer(page: Client) -> None:
    address = published(page)
    invitation = invitation_of(address)
    signed(page, LEAD)
    for part in ("quality", "price"):
        file = SimpleUploadedFile(f"{MARKER}-{part}.txt", MARKER.encode())
        assert answered(page, invitation, "add_file", file=file, part=part).status_code == 303
    before = state()
    refused = answered(page, invitation, "add_file", file=SimpleUploadedFile("a.exe", b"x"), part="quality")
    assert (refused.status_code, state()) == (422, before)
    assert "#file" in {one.attributes.get("href") for one in read(refused).all("a")}
    for do, told in (
        ("add_file", ("Choose a file", "#file")),
        ("ask", ("Question: this must not be empty", "#question")),
    ):
        empty = answered(page, invitation, do, part="quality", question=" ")
        assert (empty.status_code, wrong(read(empty)), state()) == (422, [told], before)
    assert written(page, invitation, "submit", **{"answer-method": MARKER}).status_code == 303
    quality, price = (TenderFile.objects.get(part=part).reference for part in ("quality", "price"))
    assert fetched(page, f"/files/{quality}") == MARKER.encode()
    signed(page)
    tender = f"/tenders/{tender_of(address, 'alders').reference}"
    for one in ("/", "/call-offs", address, address.removesuffix("/competition")):
        assert MARKER.encode() not in page.get(one).content
    for one in (tender, f"/files/{quality}", f"/files/{price}", invitation, f"{invitation}/tender"):
        assert page.get(one).status_code == 404, one
    closed_by_the_clock(address)
    taken(page, address, "open_tenders")
    assert fetched(page, f"/files/{quality}") == MARKER.encode()
    assert page.get(f"/files/{price}").status_code == 404
    assert f"{MARKER}-price".encode() not in page.get(tender).content


def test_a_question_is_answered_to_all_and_its_asker_stays_hidden(page: Client) -> None:
    address = published(page)
    mine, theirs = invitation_of(address), invitation_of(address, "dogwood")
    signed(page, LEAD)
    before = state()
    refused = answered(page, mine, "ask", question=" ")
    assert (refused.status_code, state()) == (422, before)
    assert answered(page, mine, "ask", question="May we at Alder meet?").status_code == 303
    assert "Question 1, yours, not answered yet" in read(page.get(mine)).texts("h3")
    signed(page, OTHER)
    assert b"May we" not in page.get(theirs).content
    signed(page)
    shown = read(page.get(address))
    assert "1 question waits for an answer. Answer the questions." in shown.texts("p")
    answering = f"{address}/questions"
    assert answering in {one.attributes.get("href") for one in shown.all("a")}
    for one in (address, answering):
        assert b"Consortium Alder:" not in page.get(one).content
    assert page.post(address, {"do": "answer", "question": "x"}).status_code == 404
    reference = Clarification.objects.get().reference
    told = {f"told-{reference}": "May one meet?"}
    refused = page.post(answering, {"do": "answer", "question": reference, **told})
    assert refused.status_code == 422
    assert f"#answer-{reference}" in {one.attributes.get("href") for one in read(refused).all("a")}
    yes = {"do": "answer", "question": reference, **told, f"answer-{reference}": "Yes."}
    assert page.post(answering, yes)["Location"] == f"{address}?done=answer"
    for email, invitation in ((LEAD, mine), (OTHER, theirs)):
        shown = signed(page, email).get(invitation).content
        assert b"May one meet?" in shown
        assert b"May we at Alder" not in shown


def test_interest_is_expressed_before_tenders_are_asked_for(page: Client) -> None:
    address = published(page, interest_until=in_days(3))
    mine, theirs = invitation_of(address), invitation_of(address, "dogwood")
    signed(page, LEAD)
    assert (status(page, mine), offered(page, mine)) == ("Asked", {"interested", "not_interested", "ask"})
    assert page.get(f"{mine}/tender").status_code == 404
    assert answered(page, mine, "interested").status_code == 303
    assert answered(page, mine, "decline", reason="x").status_code == 404
    signed(page, OTHER)
    assert answered(page, theirs, "not_interested").status_code == 303
    signed(page)
    assert any(one.startswith("0 invited to tender") for one in read(page.get(address)).texts("p"))
    until = Competition.objects.get(call_off=call_off_of(address)).interest_until
    assert until is not None
    with at(until):
        move_due()
    assert rows(read(page.get(address)), "Ruled out")[1:] == [
        ["Dogwood Digital Fictional firm", "Did not express interest", "no"]
    ]
    signed(page, LEAD)
    assert status(page, mine) == "Viewed"
    signed(page, OTHER)
    assert offered(page, theirs) == {"ask"}


def test_members_write_only_where_the_lead_lets_them(page: Client) -> None:
    address = published(page)
    invitation = invitation_of(address)
    colleague("birch@example.org", "birch", "editor")
    signed(page, "birch@example.org")
    assert page.get(invitation).status_code == 404
    signed(page, LEAD)
    assert answered(page, invitation, "let", partners=["dogwood"]).status_code == 422
    assert answered(page, invitation, "let", partners=["birch"]).status_code == 303
    signed(page, "birch@example.org")
    assert offered(page, invitation) == {"ask", "add_file"}
    assert written(page, invitation, "draft").status_code == 303
    before = TenderRevision.objects.count()
    assert written(page, invitation, "submit").status_code == 403
    assert TenderRevision.objects.count() == before


def test_a_material_amendment_is_confirmed(page: Client) -> None:
    address = published(page)
    invitation = invitation_of(address)
    signed(page, LEAD)
    assert written(page, invitation, "submit").status_code == 303
    assert answered(page, invitation, "confirm").status_code == 409
    signed(page)
    taken(page, address, "add_document", file=SimpleUploadedFile("annex.txt", b"More."))
    taken(page, address, "amend", reason="An annex.", material="yes")
    signed(page, LEAD)
    assert "confirm" in offered(page, invitation)
    assert answered(page, invitation, "confirm").status_code == 303
    assert "confirm" not in offered(page, invitation)


def test_after_the_deadline_nothing_is_taken(page: Client) -> None:
    address = published(page)
    invitation = invitation_of(address)
    signed(page, LEAD)
    assert written(page, invitation, "draft").status_code == 303
    before = state()
    with at(past(address)):
        signed(page, LEAD)
        assert offered(page, invitation) == set()
        assert written(page, invitation, "submit").status_code == 409
        for closed in (f"{invitation}/tender", f"{invitation}/question"):
            assert page.get(closed).status_code == 409
        assert answered(page, invitation, "withdraw", reason="Late.").status_code == 409
        assert answered(page, invitation, "ask", question="Late?").status_code == 409
        assert state() == before
        move_due()
        assert status(page, invitation) == "Not submitted"
        listed = read(page.get("/invitations")).texts("strong", class_="govuk-tag")
        assert listed == ["Demo", "Not submitted", "Fictional firm"]


def test_a_tender_from_an_older_state_changes_nothing_and_says_so(page: Client) -> None:
    invitation = invitation_of(published(page))
    signed(page, LEAD)
    assert written(page, invitation, "draft").status_code == 303
    before = state()
    mine = {"rate": ["£590"], "answer-method": "We ask a few."}
    answer = written(page, invitation, "submit", revision=1, **mine)
    assert (answer.status_code, state()) == (409, before)
    shown = read(answer)
    assert wrong(shown) == [
        ("Method: now “We ask everybody.”", "#answer-method"),
        ("Rate of G2: now “600.00”", "#rate-1"),
    ]
    assert "You changed this last, on " in answer.content.decode()
    assert shown.one("textarea", id="answer-method").text == "We ask a few."
    assert shown.one("input", id="rate-1").attributes["value"] == "£590"
    assert written(page, invitation, "draft", **mine).status_code == 303
    assert page.post(invitation, {"do": "publish", "revision": 1}).status_code == 404


def test_the_outcome_is_told_in_a_letter_and_a_low_price_explained(page: Client) -> None:
    address = evaluated(page, dogwood="100.00")
    tender = f"/tenders/{tender_of(address, 'dogwood').reference}"
    page.post(tender, {"do": "ask_price", "question": "How so?"})
    signed(page, OTHER)
    theirs = invitation_of(address, "dogwood")
    assert "How so?" in read(page.get(theirs)).texts("p")
    assert answered(page, theirs, "answer_price", answer="").status_code == 422
    assert answered(page, theirs, "answer_price", answer="We have it built.").status_code == 303
    signed(page)
    assert page.post(tender, {"do": "accept_price", "reason": "It holds."}).status_code == 303
    taken(page, address, "intend")
    signed(page, LEAD)
    mine = read(page.get(invitation_of(address)))
    assert {one for one in mine.texts("h3") if "tender is" in one} == {"Your tender is unsuccessful"}
    letters = [one for one in mine.all("caption") if one.text.startswith("Your scores in letter")]
    assert rows(mine, letters[0].text)[1][1:] == ["Your score: 4 of 5", "method is worth 4."]
    assert any(one.startswith("Successful: Dogwood Digital, with") for one in mine.texts("p"))
    signed(page, OTHER)
    assert "Your tender is successful" in read(page.get(theirs)).texts("h3")


def test_who_won_comes_to_its_contract_from_its_invitation_and_nobody_else_does(page: Client) -> None:
    address = evaluated(page)
    lead, other = invitation_of(address), invitation_of(address, "dogwood")
    signed(page, LEAD)
    assert "Contract" not in summary(read(page.get(lead)))
    signed(page)
    taken(page, address, "award", conflicts="None known")
    contract = call_off_of(address).contracts.get().reference
    signed(page, LEAD)
    found = read(page.get(lead))
    assert summary(found)["Contract"] == f"{contract} Unsigned"
    [link] = [one.attributes["href"] for one in found.all("a") if one.text == contract]
    assert page.get(link).status_code == 200
    signed(page, OTHER)
    assert "Contract" not in summary(read(page.get(other)))
    assert page.get(link).status_code == 404


def test_to_others_an_invitation_is_not_there(page: Client) -> None:
    address = published(page)
    mine, theirs = invitation_of(address), invitation_of(address, "dogwood")
    colleague("district@example.org", "district", "administrator")
    before = state()
    for email, invitation in (
        (LEAD, theirs), (OTHER, mine), ("buyer@example.org", mine), (MODERATOR, mine),
        ("district@example.org", mine), ("nobody@example.org", mine),
    ):  # fmt: skip
        signed(page, email)
        for one in (invitation, f"{invitation}/tender", f"{invitation}/question"):
            assert page.get(one).status_code == 404, (email, one)
        assert answered(page, invitation, "ask", question="Who?").status_code == 404
    assert page.get("/invitations").status_code == 404
    assert state() == before


def test_a_colleague_of_the_firm_who_only_reads_is_offered_no_step(page: Client) -> None:
    address = published(page)
    invitation = invitation_of(address)
    signed(page, LEAD)
    assert written(page, invitation, "submit", **{"answer-method": MARKER}).status_code == 303
    signed(page, "reader@example.org")
    before = state()
    assert offered(page, invitation) == set()
    assert page.get(f"{invitation}/tender").status_code == 403
    assert answered(page, invitation, "withdraw", reason="x").status_code == 403
    assert written(page, invitation, "draft").status_code == 403
    assert state() == before


def test_the_pages_take_a_bounded_number_of_queries(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    invitation = invitation_of(published(page))
    signed(page, LEAD)
    assert written(page, invitation, "submit").status_code == 303
    with django_assert_max_num_queries(10):
        assert len(read(page.get("/invitations")).all("th", scope="row")) == 1
    with django_assert_max_num_queries(30):
        assert summary(read(page.get(invitation)))["Buyer"] == "The Council"


def test_a_receipt_is_fetched_byte_for_byte_by_its_tenderer_alone(page: Client) -> None:
    address = published(signed(page))
    tendered(address, LEAD, "alders", "600.00")
    made = TenderRevision.objects.get()
    receipt = f"/tenders/{made.tender.reference}/receipts/1"
    signed(page, LEAD)
    answer = page.get(receipt)
    assert hashlib.sha256(answer.content).hexdigest() == made.digest
    assert answer["Content-Disposition"] == f'attachment; filename="{made.reference}.json"'
    assert receipt in page.get(invitation_of(address)).content.decode()
    assert page.get(f"{receipt[:-1]}2").status_code == 404
    signed(page, OTHER)
    assert page.get(receipt).status_code == 404
    closed_by_the_clock(address)
    sent(signed(page), address, "open_tenders")
    assert page.get(receipt).status_code == 404


def test_what_a_message_names_leads_its_supplier_to_its_own_invitation(page: Client) -> None:
    address = published(signed(page))
    reference = call_off_of(address).reference
    assert page.get(f"/invited/{reference}").status_code == 404
    signed(page, LEAD)
    here = invitation_of(address)
    assert page.get(f"/invited/{reference}")["Location"] == here
    assert page.get(f"/tenders/{tender_of(address, 'alders').reference}")["Location"] == here
    assert page.get(f"/tenders/{tender_of(address, 'dogwood').reference}").status_code == 404
    assert page.get("/invited/CO-2020-0001").status_code == 404


def test_where_nobody_is_awarded_a_tenderer_reads_its_own_scores_and_why(page: Client) -> None:
    address = evaluated(page)
    taken(page, address, "fail", reason="The need has gone.")
    signed(page, LEAD)
    mine = read(page.get(invitation_of(address)))
    assert "Nobody is awarded" in mine.texts("h3")
    assert "The need has gone." in mine.texts("p")
    letters = [one for one in mine.all("caption") if one.text.startswith("Your scores in letter")]
    assert rows(mine, letters[0].text)[1][1:] == ["Your score: 4 of 5", "method is worth 4."]
    assert "Your tender ranks 1." in mine.texts("p")
    assert not any(one.startswith("Successful:") for one in mine.texts("p"))

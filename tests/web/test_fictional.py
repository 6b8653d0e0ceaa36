"""Firms that are made up, marked alike on every page that lists some; one with a register's number is not."""

from __future__ import annotations

from django.test import Client

from procurement.models import Organisation
from tests.web.buying import ALDER, DOGWOOD, NEED, begin, keep, signed
from tests.web.calling_off import awarded, begun
from tests.web.competing import LEAD, evaluated, invitation_of, planned, published, tender_of
from tests.web.reading import Page, read, rows, summary

MARK = "Fictional firm"


def real(organisation: str) -> None:
    """A number of its own makes a firm no longer a made-up one."""
    Organisation.objects.filter(reference=organisation).update(scheme="", identifier="")


def of_results(found: Page) -> list[bool]:
    """Whether each result that is told in its own words is marked, in their order."""
    return [MARK in one for one in found.texts("p", class_="app-result__meta")]


def test_results_of_a_match_are_marked_kept_or_not(page: Client) -> None:
    real("alder")
    assert of_results(read(page.post("/match", NEED | {"must_specialism": []}))) == [False, True, True]
    kept = read(signed(page).get(keep(page, must_specialism=[])))
    assert of_results(kept) == [False, True, True]


def test_who_is_ruled_out_of_a_match_is_marked_too(page: Client) -> None:
    told = read(page.post("/match", NEED))
    [out] = [one for one in told.texts("li") if one.startswith("Alder Research")]
    assert out == "Alder Research Fictional firm: Public engagement in London"
    real("alder")
    told = read(page.post("/match", NEED))
    assert [one for one in told.texts("li") if one.startswith("Alder Research")] == [
        "Alder Research: Public engagement in London"
    ]


def test_entries_of_a_shortlist_are_marked_and_the_firm_that_is_put_on_one(page: Client) -> None:
    real("dogwood")
    address = begin(signed(page), ALDER, DOGWOOD)
    assert of_results(read(page.get(address))) == [True, False]
    for listing, marked in ((ALDER, [MARK]), (DOGWOOD, [])):
        adding = read(page.get(f"/shortlists/add?listing={listing}"))
        assert [one for one in adding.texts("strong") if one == MARK] == marked


def test_rate_lines_of_a_supplier_that_a_made_up_firm_leads_are_marked(page: Client) -> None:
    shown = rows(read(page.get("/rates?framework=rm1&lot=rm1~1")), "Rate lines, GBP a day without VAT")[1:]
    assert {row[1] for row in shown} == {
        "Supplier: Consortium Alder Fictional firm", "Supplier: Dogwood Digital Fictional firm",
    }  # fmt: skip


def test_an_offer_and_its_contract_are_marked_for_the_buyer(page: Client) -> None:
    _, offer, contract = awarded(signed(page))
    for supplier in ("Consortium Alder Fictional firm", "Consortium Alder"):
        for address in (offer, contract):
            assert summary(read(signed(page).get(address)))["Supplier"] == supplier
        real("alder")


def test_suppliers_of_a_direct_award_are_marked_by_the_firm_that_leads_them(page: Client) -> None:
    real("alder")
    shown = read(page.get(begun(signed(page))))
    assert [row[0] for row in rows(shown, "Suppliers with price and offer")[1:]] == [
        "1. Consortium Alder Wanted: Alder",
        "2. Dogwood Digital Fictional firm Wanted: Dogwood",
    ]


def test_whom_a_competition_asks_is_marked_before_and_after_it_is_published(page: Client) -> None:
    real("alder")
    shown = read(page.get(planned(signed(page))))
    assert {"Consortium Alder", "Dogwood Digital Fictional firm"} <= set(shown.texts("li"))
    shown = read(page.get(published(page)))
    assert {"Consortium Alder", "Dogwood Digital Fictional firm"} <= set(shown.texts("li"))


def test_tenders_and_their_ranking_are_marked_for_the_buyer(page: Client) -> None:
    real("dogwood")
    address = evaluated(page)
    shown = read(page.get(address))
    assert [row[0] for row in rows(shown, "Tenders")[1:]] == [
        "Consortium Alder Fictional firm", "Dogwood Digital",
    ]  # fmt: skip
    ranking = "Ranking, by quality points and the lowest price over the price, times its weight"
    assert {row[1] for row in rows(shown, ranking)[1:]} == {
        "Consortium Alder Fictional firm", "Dogwood Digital",
    }  # fmt: skip
    assert [row[0] for row in rows(shown, "The arithmetic")[1:]] == [
        "Consortium Alder Fictional firm", "Dogwood Digital",
    ]  # fmt: skip
    for supplier, marked in (("alders", [MARK]), ("dogwood", [])):
        tender = read(page.get(f"/tenders/{tender_of(address, supplier).reference}"))
        assert [one for one in tender.texts("strong") if one == MARK] == marked


def test_an_invitation_is_marked_for_its_supplier_in_the_list_and_by_itself(page: Client) -> None:
    invitation = invitation_of(published(page))
    for supplier, marked in (("Consortium Alder Fictional firm", [MARK]), ("Consortium Alder", [])):
        listed = rows(read(signed(page, LEAD).get("/invitations")), "Invitations to your firm, newest first")
        assert [row[3] for row in listed[1:]] == [f"Supplier: {supplier}"]
        shown = read(page.get(invitation))
        assert [one for one in shown.texts("strong") if one == MARK] == marked
        real("alder")

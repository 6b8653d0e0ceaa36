"""How a firm fares, each number counted by hand against what happened in the small market."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from procurement.actions.finds import Shown, add_finds
from procurement.actions.tenders import submit_tender, withdraw_tender, write_tender
from procurement.models import Contract, Offer, Partner, Shortlist, ShortlistEntry
from procurement.performance import Performance, performance
from procurement.permissions import Actor
from tests.web.buying import ALDER, BIRCH, DOGWOOD, begin, signed
from tests.web.calling_off import awarded, sent_to_alder, step
from tests.web.competing import LEAD, OTHER, acting, planned, published, taken, tender_of, tendered
from tests.web.reading import read, rows, summary

OLD = "rm0~alders~alder"


def figures(firm: str, ahead: int = 0) -> Performance:
    """The numbers of a firm as anybody of it reads them, on a day so many days from today."""
    partner = Partner.objects.get(reference=firm)
    reader = Actor(
        "usr_reader", {partner.organisation_id: "viewer"}, {partner.organisation_id: frozenset({"partner"})}
    )
    return performance(partner, reader, timezone.localdate() + timedelta(days=ahead))


def decide(page: Client, address: str, listing: str, decision: str) -> None:
    revision = Shortlist.objects.get(reference=address.rpartition("/")[2]).revision
    sent = {"do": "decide", "revision": revision, "listing": listing, "decision": decision, "reason": "So."}
    assert page.post(address, sent).status_code == 303


def test_a_shortlist_counts_once_however_many_listings_of_the_firm_stand_on_it(page: Client) -> None:
    both = begin(signed(page), ALDER, OLD, BIRCH)
    one = begin(page, ALDER)
    begin(page, DOGWOOD)
    assert ShortlistEntry.objects.filter(listing__endswith="~alder").count() == 3
    assert (figures("alder").shortlisted, figures("alder").kept_in) == (2, 0)
    for listing in (ALDER, OLD):
        decide(page, both, listing, "in")
    decide(page, one, ALDER, "out")
    told = {
        firm: (figures(firm).shortlisted, figures(firm).kept_in)
        for firm in ("alder", "birch", "dogwood", "cedar")
    }
    assert told == {"alder": (2, 1), "birch": (1, 0), "dogwood": (1, 0), "cedar": (0, 0)}
    shown = read(signed(page, "alder@example.org").get("/firms/alder"))
    assert summary(shown)["On shortlists"] == "2, kept in 1"


def test_a_tender_counts_that_was_submitted_and_not_left_again(page: Client) -> None:
    first = published(page)
    second = planned(signed(page))
    taken(page, second, "publish")
    tendered(first, LEAD, "alders", "600.00")
    tendered(first, OTHER, "dogwood", "500.00")
    tendered(second, LEAD, "alders", "600.00")
    assert (figures("alder").invited, figures("alder").tendered) == (2, 2)
    tender = tender_of(second, "alders")
    withdraw_tender(acting(LEAD), tender.reference, tender.revision, "The team is bound.")
    told = {firm: (figures(firm).invited, figures(firm).tendered) for firm in ("alder", "cedar", "dogwood")}
    # Cedar belongs to Alder's consortium, and was neither wanted nor let write.
    assert told == {"alder": (2, 1), "cedar": (0, 0), "dogwood": (2, 1)}
    cedar, stands = Partner.objects.get(reference="cedar"), tender_of(first, "alders")
    stands.invitation.asked.partners.add(cedar)
    assert (figures("cedar").invited, figures("cedar").tendered) == (1, 0)
    stands.drafters.add(cedar)
    assert (figures("cedar").invited, figures("cedar").tendered) == (1, 1)
    begun = tender_of(second, "dogwood")
    content = {"team": [{"grade": "G2", "days": "10", "rate": "500.00", "people": "Ann"}],
               "answers": {"method": "So.", "social-value": "So."}}  # fmt: skip
    written = write_tender(acting(OTHER), begun.reference, begun.revision, content)
    assert figures("dogwood").tendered == 1
    submit_tender(acting(OTHER), begun.reference, written.revision)
    assert figures("dogwood").tendered == 2
    shown = read(signed(page, LEAD).get("/firms/alder"))
    assert summary(shown)["Invited to tender"] == "2, tendered 1"


def test_offers_and_contracts_count_for_what_was_answered_and_signed_by_both(page: Client) -> None:
    _, _, contract = awarded(signed(page))
    _, offer = sent_to_alder(signed(page))
    signed(page, LEAD)
    assert step(page, offer, "decline", reason="Bound elsewhere.").status_code == 303
    _, waits = sent_to_alder(signed(page))
    told = figures("alder")
    assert (told.offered, told.accepted, told.contracts, told.minor) == (3, 1, 0, 0)
    assert (figures("dogwood").offered, figures("dogwood").accepted) == (0, 0)
    for email in (LEAD, "buyer@example.org"):
        assert figures("alder").contracts == 0
        assert step(signed(page, email), contract, "sign").status_code == 303
    told = figures("alder")
    # Ten days of G2 at £650.50 and at most £1,000 of expenses; options come when they are taken.
    assert (told.offered, told.accepted, told.contracts, told.minor) == (3, 1, 1, 750_500)
    # Cedar belongs to the same consortium, and the buyer wanted Alder.
    kept_out = figures("cedar")
    assert (kept_out.offered, kept_out.accepted, kept_out.contracts, kept_out.minor) == (0, 0, 0, 0)
    shown = read(signed(page, LEAD).get("/firms/alder"))
    assert summary(shown)["Offered a direct award"] == "3, accepted 1"
    assert summary(shown)["Contracts signed"] == "1, worth £7,505 without VAT"
    assert Offer.objects.get(reference=waits.rpartition("/")[2]).answered_at is None


@pytest.mark.parametrize("status", ["not_signed", "withdrawn"])
def test_an_offer_that_was_accepted_stays_accepted_whatever_becomes_of_it(page: Client, status: str) -> None:
    awarded(signed(page))
    Offer.objects.update(status=status)
    assert (figures("alder").offered, figures("alder").accepted) == (1, 1)
    Offer.objects.update(answered_at=None)
    assert (figures("alder").offered, figures("alder").accepted) == (1, 0)


def test_a_contract_is_of_the_year_of_its_second_signature(page: Client) -> None:
    _, _, contract = awarded(signed(page))
    for email in (LEAD, "buyer@example.org"):
        assert step(signed(page, email), contract, "sign").status_code == 303
    year = timedelta(days=365)
    now = timezone.now()
    for first, second, counted in (
        (now - 2 * year, now, 1),
        (now - 2 * year, now - year - timedelta(days=2), 0),
    ):
        for names in (("supplier_signed_at", "buyer_signed_at"), ("buyer_signed_at", "supplier_signed_at")):
            Contract.objects.update(**dict(zip(names, (first, second), strict=True)))
            assert figures("alder").contracts == counted
    assert figures("alder", ahead=400).shortlisted == 0


def test_finds_are_shown_by_month_with_the_place_among_all_firms_and_by_listing(page: Client) -> None:
    today = timezone.localdate()
    add_finds(today, {ALDER: Shown(3, 1), OLD: Shown(1, 0), DOGWOOD: Shown(9, 0), BIRCH: Shown(1, 1)})
    shown = read(signed(page, "alder@example.org").get("/firms/alder"))
    [row] = rows(shown, "By month")[1:]
    # Four and one of the two listings in searches, one in matches: five against Dogwood's nine and Birch's two.
    assert row[1:] == ["In searches: 4", "In matches: 1", "Place: 2 of 3 firms"]
    assert rows(shown, "By listing, in the last 30 days")[1:] == [
        ["RM1 Advice, Consortium Alder Lots: 1, 2a", "In searches: 3", "In matches: 1"],
        ["RM0 Old advice, Consortium Alder Lots: 1, 2a", "In searches: 1", "In matches: 0"],
    ]
    assert [one.text for one in shown.all("a", href=f"/listings/{ALDER}")] == ["RM1 Advice, Consortium Alder"]

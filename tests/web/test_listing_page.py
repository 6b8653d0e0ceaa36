"""The page of a listing and of frameworks: what it says, to whom it shows contacts, that search agrees."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import (
    Appointment,
    Organisation,
    Partner,
    ProfileVersion,
    RateCardVersion,
    SupplierMember,
)
from tests.guards import unguarded
from tests.web.market import PASSWORD
from tests.web.reading import read, rows, summary

ALDER = "/listings/rm1~alders~alder"


def test_a_listing_shows_profile_evidence_offerings_rates_and_members(page: Client) -> None:
    found = read(page.get(ALDER))
    assert found.one("h1").text == "Alder Research"
    assert found.texts("title") == ["Alder Research on RM1 – Calloff"]
    assert "Reached through Consortium Alder, which it leads: 3 firms, one rate card." in found.texts("p")
    assert found.texts("p", class_="govuk-body")[:2] == ["Evaluation of health services.", "Since 1990."]
    assert summary(found) == {
        "Ownership": "Employee-owned Wholly since 2009. Mutuals register number 42",
        "Size": "Medium (50 to 249 staff)",
        "Sectors": "Health",
        "Accreditations": "Living Wage employer",
        "Last confirmed": "5 January 2026, by the firm itself",
    }
    assert (
        found.one("section", id="study-vision").text
        == "Vision rehabilitation An evaluation that avoided £3.4m a year."
    )
    assert rows(found, "What Alder Research offers on lot 1") == [
        ["Specialism", "Regions", "Evidence"],
        ["Evaluation", "Regions: North East (England), London", "Evidence: Vision rehabilitation"],
    ]
    assert (
        "Which specialisms it offers on this lot is not stated. It works in: North East (England), London."
        in found.texts("p")
    )
    assert rows(found, "Rates of Consortium Alder by grade, GBP a day without VAT") == [
        ["Grade", "Rate a day"],
        ["G1 Junior", "£400"],
        ["G2 Senior", "£650.50"],
        ["G3 Principal", "£900"],
    ]
    members = [
        text for text in found.texts("li") if "Alder Research" in text or text.startswith(("Birch", "Cedar"))
    ]
    assert members[0] == "Alder Research (lead) (this listing)"
    assert members[-1] == "Cedar"


def test_case_studies_that_are_long_together_are_begun_and_read_on_pages_of_their_own(page: Client) -> None:
    def written(*lengths: int) -> list[str]:
        """The texts of these case studies, which the profile then has."""
        texts = [("word " * length)[:length].strip() for length in lengths]
        studies = [{"key": f"s{at}", "title": f"Study {at}", "text": one} for at, one in enumerate(texts)]
        version = Partner.objects.get(reference="alder").published
        assert version is not None
        with unguarded():
            ProfileVersion.objects.filter(pk=version.pk).update(case_studies=studies)
        return texts

    def ways_on() -> list[str]:
        return [
            one.attributes["href"] for one in read(page.get(ALDER)).all("a") if one.text.startswith("Read on")
        ]

    whole = written(20_000, 9_999)
    assert ways_on() == []
    assert read(page.get(ALDER)).one("section", id="study-s0").text == f"Study 0 {whole[0]}"
    texts = written(*[20_000] * 49, 300)
    response = page.get(ALDER)
    assert len(response.content) < 80_000
    assert ways_on() == [f"{ALDER}/case-studies/s{at}" for at in range(49)]
    assert read(response).one("section", id="study-s49").text == f"Study 49 {texts[49]}"
    begun = read(response).one("section", id="study-s7").text
    assert begun == f"Study 7 {texts[7][:599]}… Read on: Study 7"
    own = page.get(ways_on()[7])
    assert (read(own).one("h1").text, texts[7] in own.content.decode()) == ("Study 7", True)
    assert len(own.content) < 80_000


def test_a_firm_that_is_made_up_says_so_on_its_listing_and_among_results(page: Client) -> None:
    listing, results = read(page.get(ALDER)), read(page.get("/search?q=alder&framework=rm1"))
    assert "Fictional firm" in listing.texts("strong")
    assert "Fictional firm" in results.texts("strong")
    # One that somebody has added with a number of its own, or none, is not called so.
    Organisation.objects.filter(reference="alder").update(scheme="", identifier="")
    assert "Fictional firm" not in read(page.get(ALDER)).texts("strong")


def test_illustrative_rates_and_an_expired_framework_say_so(page: Client) -> None:
    found = read(page.get("/listings/rm0~alders~alder"))
    inset = found.texts("div", class_="govuk-inset-text")
    assert inset == [
        (
            "RM0 ended on 3 September 2021: no new call-off can be made under it. "
            "Its place and its rates are those of that day; the firm’s profile is as it is today."
        ),
        (
            "Illustrative These rates are made up to show how a shared rate card works. "
            "They are not Consortium Alder’s own."
        ),
    ]
    assert "Closed to call-offs" in found.texts("strong")
    assert rows(found, "Rates of Consortium Alder by grade, GBP a day without VAT, illustrative")[1] == [
        "G1 Junior",
        "£425",
    ]


def test_a_listing_whose_rate_card_has_ended_says_since_when_it_has_no_rates(page: Client) -> None:
    with unguarded():
        RateCardVersion.objects.filter(card__framework__reference="rm1").update(
            valid_from=date(2026, 1, 1), valid_to=date(2026, 3, 31)
        )
    told = "Not in force: the rate card ended on 31 March 2026."
    assert told in read(page.get(ALDER)).texts("p", class_="govuk-body")


def test_a_profile_that_the_firm_has_not_stood_by_says_so(page: Client) -> None:
    Partner.objects.filter(reference="alder").update(confirmed_on=None)
    assert summary(read(page.get(ALDER)))["Last confirmed"] == "Not yet confirmed by the firm"


def test_a_firm_alone_has_no_consortium(page: Client) -> None:
    found = read(page.get("/listings/rm1~dogwood~dogwood"))
    assert "Appointed as a supplier in its own right." in found.texts("p")
    assert found.all(id="members") == []


def test_rates_that_differ_by_lot_stand_in_columns(page: Client) -> None:
    from_lot = (
        Partner.objects.get(reference="alder")
        .supplier_memberships.get()
        .supplier.rate_cards.get(framework__reference="rm1")
    )
    with unguarded():
        from_lot.versions.get().lines.filter(lot__number="2a").update(price_minor=70000)
    found = read(page.get(ALDER))
    assert rows(found, "Rates of Consortium Alder by grade, GBP a day without VAT")[:2] == [
        ["Grade", "lot 1", "lot 2a"],
        ["G1 Junior", "£400", "£700"],
    ]


@pytest.mark.parametrize("email", ["buyer@example.org", "reader@example.org"])
def test_contacts_are_for_people_of_an_organisation(page: Client, email: str) -> None:
    for address in (ALDER, "/search?q=vision"):
        assert b"alder.example.org" not in page.get(address).content
    assert page.login(username=email, password=PASSWORD)
    found = read(page.get(ALDER))
    assert summary(found)["Email"] == "hello@alder.example.org"
    assert summary(found)["Telephone"] == "020 7946 0000"
    assert found.one("a", href="mailto:hello@alder.example.org").text == "hello@alder.example.org"
    assert "no-store" in page.get(ALDER)["Cache-Control"]


def test_an_account_without_an_organisation_sees_no_contacts(page: Client) -> None:
    assert page.login(username="nobody@example.org", password=PASSWORD)
    response = page.get(ALDER)
    assert b"alder.example.org" not in response.content
    assert "Your account belongs to no organisation, so contacts are not shown." in read(response).texts("p")


def test_only_the_firms_editor_is_led_to_the_edit(page: Client) -> None:
    for email, shown in (("buyer@example.org", 0), ("reader@example.org", 0), ("alder@example.org", 1)):
        assert page.login(username=email, password=PASSWORD)
        assert len(read(page.get(ALDER)).all("a", href="/profile/alder")) == shown


def test_what_search_would_not_show_is_not_found(page: Client) -> None:
    assert page.get("/listings/rm1~alders~cedar").status_code == 404
    assert page.get("/listings/rm1~dogwood~alder").status_code == 404
    Appointment.objects.filter(supplier__reference="dogwood").update(status="suspended")
    assert page.get("/listings/rm1~dogwood~dogwood").status_code == 404
    Partner.objects.filter(reference="birch").update(suspended=True)
    assert page.get("/listings/rm1~alders~birch").status_code == 404
    assert "Birch" not in read(page.get(ALDER)).one("main").text
    Partner.objects.filter(reference="birch").update(suspended=False)
    assert page.get("/listings/rm1~alders~birch").status_code == 200
    SupplierMember.objects.filter(partner__reference="birch").update(left_on=date(2026, 1, 1))
    assert page.get("/listings/rm1~alders~birch").status_code == 404


def test_the_number_of_queries_does_not_grow(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page.get(ALDER)
    with django_assert_num_queries(15):
        page.get(ALDER)
    with django_assert_num_queries(15):
        page.get("/listings/rm1~dogwood~dogwood")


def test_the_frameworks_and_one_of_them(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        found = read(page.get("/frameworks/"))
    assert found.texts("h2")[:2] == ["RM1 Advice", "RM0 Old advice"]
    assert found.texts("ul", class_="app-figures") == [
        "2 lots 3 specialisms 2 suppliers",
        "2 lots 3 specialisms 1 supplier",
    ]
    with django_assert_num_queries(5):
        found = read(page.get("/frameworks/rm1"))
    assert summary(found) == {
        "Owner": "Framework Owner",
        "Dates": "1 January 2020 to 31 December 2099",
        "Law": "Public Contracts Regulations 2015",
        "Management charge": "1.5 per cent of what is invoiced, paid by suppliers",
        "Who may buy": "Every UK public body",
        "Regions": "ITL 2025",
        "Grades": "G1 Junior G2 Senior G3 Principal",
    }
    assert found.texts("h3") == ["Lot 1: Health", "Lot 2a: Digital"]
    assert "See who is on lot 1 (2 suppliers)" in found.texts("p")
    assert (
        "Direct award up to £100,000 without VAT, or further competition. "
        "A call-off may last up to 48 months."
    ) in found.texts("p")
    assert found.one("a", href="/search?framework=rm1&lot=rm1~1").text == "See who is on lot 1"


def test_the_start_page_leads_in(page: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        found = read(page.get("/"))
    assert found.one("form").attributes == {
        "action": "/search",
        "method": "get",
        "role": "search",
        "class": "app-start-search",
    }
    assert found.texts("h3") == [
        "Find the way to buy",
        "Are you ready to join?",
        "Search partners",
        "See where partners work",
        "Match a need",
        "Explore rates",
        "Use the API",
    ]
    assert rows(found, "Frameworks and whether they are open to call-offs")[1:] == [
        ["RM1 Advice", "Open to call-offs", "Ends: 31 December 2099", "Lots: 2", "Suppliers: 2"],
        ["RM0 Old advice", "Closed to call-offs", "Ends: 3 September 2021", "Lots: 2", "Suppliers: 1"],
    ]
    assert found.one("span", class_="govuk-phase-banner__text").text == (
        "This demonstration comes with a fictional market: the firms marked as fictional are made up, and so are their "
        "rates and those marked as illustrative."
    )
    footer = found.one("footer").text
    for words in (
        "Contains public sector information licensed under the Open Government Licence v3.0",
        "Source: Office for National Statistics",
        "mySociety, CC BY 4.0",
    ):
        assert words in footer

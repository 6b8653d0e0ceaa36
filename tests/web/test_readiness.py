"""A firm's walk: what it lacks for a lot, held against what that lot asks, and whom it may apply to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import Framework, Lot, Partner
from tests.web import market
from tests.web.buying import signed
from tests.web.joining import FIRM, applicants
from tests.web.reading import Page, read, rows, summary, wrong
from tests.web.ready import READY
from web.walks import LACKS, OF_LOTS, READINESS

CONSORTIA = "Consortia on the lot that take members"
LOTS = "Lots, those first for which least is missing"


@pytest.fixture(autouse=True)
def open_framework(page: Client) -> None:
    """RM1 is an open framework under the Act of 2023, but where a test says otherwise."""
    Framework.objects.filter(reference="rm1").update(regime="pa2023")


def answered(page: Client, **said: Any) -> Page:
    answer = page.get(f"/ready/answer?{urlencode(READY | said, doseq=True)}")
    assert answer.status_code == 200, answer.content[:2000]
    return read(answer)


def asks(**fields: Any) -> None:
    """Lot 1 of RM1 asks for this, so far as it is said."""
    Lot.objects.filter(reference="rm1~1").update(**fields)


def test_every_question_is_held_against_something_or_decides_the_way_in() -> None:
    assert [one.name for one in READINESS.questions] == ["lot", *LACKS, *OF_LOTS, "alone"]


def test_the_lots_that_take_firms_are_asked_about_first_and_none_is_an_answer(page: Client) -> None:
    shown = read(page.get("/ready", follow=True))
    assert shown.one("h1").text == "Which framework and lot would the firm join?"
    assert [one.attributes["value"] for one in shown.all("input", name="lot")] == [
        "rm1~1",
        "rm1~2a",
        "unsure",
    ]
    chosen = read(page.get("/ready?lot=rm1~2a", follow=True))
    assert "checked" in chosen.one("input", name="lot", value="rm1~2a").attributes
    Lot.objects.filter(reference="rm1~2a").update(closes_on="2020-01-31")
    answer = page.get(f"/ready/answer?{urlencode(READY | {'lot': 'rm1~2a'}, doseq=True)}")
    assert (answer.status_code, wrong(read(answer))) == (
        400,
        [("“rm1~2a” is none of the answers: choose one", "#lot")],
    )


def test_many_lots_are_chosen_from_a_list(page: Client) -> None:
    framework = Lot.objects.get(reference="rm1~1").framework
    for number in range(3, 15):
        Lot.objects.create(
            reference=f"rm1~{number}", framework=framework, number=str(number), position=number, name="More"
        )
    shown = read(page.get("/ready/lot"))
    assert len(shown.all("option")) == 1 + 14 + 1
    assert shown.one("select", id="lot").attributes["name"] == "lot"


def test_what_the_lot_asks_is_held_against_what_the_firm_has(page: Client) -> None:
    asks(
        accreditations=["cyber-essentials", "iso-9001"],
        professional_indemnity_pence=200_000_000,
        public_liability_pence=100_000_000,
    )
    shown = answered(page, rate="900.01", liability="")
    assert shown.one("h1").text == "Something is missing"
    assert shown.texts("h3") == [
        "Accreditation: Cyber Essentials",
        "Professional indemnity insurance for £2,000,000",
        "Day rates of at most £900",
        "Public liability insurance for £1,000,000",
    ]
    assert shown.texts("h2")[:3] == ["Missing", "To find out", "What the lot asks"]
    assert summary(shown) | {
        "Accreditations": "Cyber Essentials, ISO 9001 Quality management, or an equivalent",
        "Professional indemnity": "At least £2,000,000",
        "Public liability": "At least £1,000,000",
        "Day rates": "The highest of a card is between £800 and £900, without VAT",
        "Specialisms": "2 specialisms",
    } == summary(shown)
    # One that is held with another is held.
    held = answered(page, accreditations=["cyber-essentials-plus", "iso-9001"], indemnity="2,000,000")
    assert held.one("h1").text == "You are ready to apply"


def test_what_a_lot_does_not_state_is_said_to_be_not_stated_and_lacks_nothing(page: Client) -> None:
    framework = Lot.objects.get(reference="rm1~1").framework
    Lot.objects.create(reference="rm1~3", framework=framework, number="3", position=3, name="New")
    shown = answered(page, lot="rm1~3", rate="5000", accreditations=[""], indemnity="", liability="")
    assert shown.one("h1").text == "Nothing that we know of is missing"
    assert "To look up" in shown.texts("h2")
    to_look_up = ["Accreditations", "Professional indemnity", "Public liability", "Day rates"]
    assert [one for one in shown.texts("li") if one in to_look_up] == to_look_up
    told = summary(shown)
    assert told["Accreditations"] == "Not stated here: see the framework’s own documents"
    assert told["Day rates"] == "No rate card for a day is published for it"
    assert told["Which accreditations does the firm hold?"] == "None of these"
    assert told["Where can the firm work?"] == "Anywhere in the United Kingdom"


@pytest.mark.parametrize(
    "left_out", ["accreditations", "professional_indemnity_pence", "public_liability_pence"]
)
def test_one_thing_that_was_not_compared_is_named_and_nobody_is_told_to_be_ready(
    page: Client, left_out: str
) -> None:
    stated: dict[str, Any] = {
        "accreditations": ["iso-9001"],
        "professional_indemnity_pence": 100_000_000,
        "public_liability_pence": 100_000_000,
    }
    asks(**stated)
    shown = answered(page)
    assert (shown.one("h1").text, "To look up" in shown.texts("h2")) == ("You are ready to apply", False)
    assert answered(page, rate="").texts("h3") == ["Day rates of at most £900"]
    asks(**{left_out: [] if left_out == "accreditations" else None})
    shown = answered(page)
    assert shown.one("h1").text == "Nothing that we know of is missing"
    assert [one for one in summary(shown).values() if one.startswith("Not stated here")] != []


def test_a_framework_of_the_regulations_of_2015_takes_no_firm_by_itself_after_its_award(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(regime="pcr2015")
    shown = answered(page, regions=["TLI"])
    assert shown.one("div", class_="govuk-inset-text").text == (
        "RM1 is under the Public Contracts Regulations 2015: its suppliers are those of its award, and it takes no "
        "firm by itself any more. A firm can join a consortium that holds a place on the lot, or wait for the "
        "framework that follows."
    )
    assert "Apply to the lot by yourself" not in shown.texts("h2")
    assert rows(shown, CONSORTIA)[1][0] == "Consortium Alder Fictional firm"
    # What a firm alone would have to serve is no lack of a member.
    assert shown.texts("h3") == []
    assert [row[1] for row in rows(answered(page, lot="unsure"), LOTS)[1:]] == [
        "Of what it states: Nothing is missing In a consortium alone"
    ] * 2


@pytest.mark.parametrize("why", ["suspended lead", "no place"])
def test_a_closed_framework_without_a_consortium_that_takes_members_takes_nobody(
    page: Client, why: str
) -> None:
    def of_lot(page: Client) -> list[str]:
        links = read(page.get("/frameworks/rm1")).all("a")
        return [one.attributes["href"] for one in links if one.attributes["href"].endswith("?lot=rm1~1")]

    applicants()
    Framework.objects.filter(reference="rm1").update(regime="pcr2015")
    assert of_lot(signed(page, FIRM)) == ["/joinings/new?lot=rm1~1", "/ready?lot=rm1~1"]
    if why == "suspended lead":
        Partner.objects.filter(reference="alder").update(suspended=True)
    else:
        Lot.objects.get(reference="rm1~1").appointments.update(status="suspended")
    offered = [one.attributes["value"] for one in read(page.get("/ready/lot")).all("input", name="lot")]
    assert of_lot(page) == []
    assert "rm1~1" not in offered
    assert page.get(f"/ready/answer?{urlencode(READY, doseq=True)}").status_code == 400


def test_what_every_lot_asks_is_missing_or_to_be_found_out(page: Client) -> None:
    shown = answered(page, identifier="no", evidence="unsure")
    assert shown.one("h1").text == "Something is missing"
    assert shown.texts("h2")[:2] == ["Missing", "To find out"]
    assert shown.texts("h3") == [LACKS["identifier"].what, LACKS["evidence"].what]
    assert answered(page, evidence="unsure").one("h1").text == "Find out what you do not know yet"


def test_a_firm_by_itself_serves_every_region_and_is_told_what_the_application_needs(page: Client) -> None:
    shown = answered(page, regions=["TLI"])
    assert shown.texts("h3") == ["Work in North East (England)"]
    assert answered(page, regions=["TLI"], alone="no").texts("h3") == []
    assert "Apply to the lot by yourself" in shown.texts("h2")
    assert any(one.startswith("Framework Owner checks and admits") for one in shown.texts("p"))
    assert [one.attributes["href"] for one in shown.all("a") if one.text == "Apply for this lot"] == [
        "/joinings/new?lot=rm1~1"
    ]


def test_consortia_on_the_lot_are_named_with_an_application_begun_for_each(page: Client) -> None:
    shown = answered(page, alone="no", rate="950")
    assert rows(shown, CONSORTIA) == [
        ["Consortium", "Lead", "Members", "Highest rate of its card", "Application"],
        [
            "Consortium Alder Fictional firm", "Lead: Alder Research", "Members: 3",
            "Highest rate: £900 Yours is £50 above it", "Apply to join Consortium Alder",
        ],
    ]  # fmt: skip
    [link] = [one for one in shown.all("a") if one.text == "Apply to join Consortium Alder"]
    assert link.attributes["href"] == "/joinings/new?lot=rm1~1&supplier=alders"
    applicants()
    form = read(signed(page, FIRM).get(link.attributes["href"]))
    assert form.one("option", value="rm1~1").attributes.keys() >= {"selected"}
    assert form.one("option", value="alders").attributes.keys() >= {"selected"}


def test_a_card_that_is_made_up_says_so_and_holds_nobody_to_its_rates(page: Client) -> None:
    framework = Framework.objects.get(reference="rm1")
    partners = [Partner.objects.get(reference=one) for one in ("dogwood", "cedar")]
    elms = market._supplier("elms", "Consortium Elm", "prime", partners)
    market._appointment(elms, framework, "1")
    market._card(elms, framework, "illustrative", {"G1": 10_000})
    shown = answered(page, alone="no")
    assert [row[3] for row in rows(shown, CONSORTIA)[1:]] == [
        "Highest rate: £900", "Highest rate: £100 Illustrative",
    ]  # fmt: skip
    assert summary(shown)["Day rates"] == "The highest of a card is between £800 and £900, without VAT"


def test_who_acts_for_no_firm_is_shown_the_consortia_without_an_application(page: Client) -> None:
    shown = read(
        signed(page, "nobody@example.org").get(
            f"/ready/answer?{urlencode(READY | {'alone': 'no'}, doseq=True)}"
        )
    )
    assert rows(shown, CONSORTIA)[0] == ["Consortium", "Lead", "Members", "Highest rate of its card"]
    assert [one for one in shown.all("a") if "/joinings/new" in one.attributes["href"]] == []


@pytest.mark.parametrize("why", ["suspended lead", "no place"])
def test_a_consortium_that_can_take_nobody_is_not_named(page: Client, why: str) -> None:
    if why == "suspended lead":
        Partner.objects.filter(reference="alder").update(suspended=True)
    else:
        Lot.objects.get(reference="rm1~1").appointments.update(status="suspended")
    shown = answered(page, alone="no")
    assert "No consortium on this lot takes members: only firms by themselves stand on it." in shown.texts(
        "p"
    )


def test_without_a_lot_every_lot_is_told_with_how_much_is_missing_under_an_address_of_its_own(
    page: Client,
) -> None:
    asks(accreditations=["cyber-essentials"], public_liability_pence=500_000_000)
    shown = answered(page, lot="unsure")
    assert shown.one("h1").text == "Nothing that we know of is missing"
    assert any(one.startswith("Day rates are compared once you choose a lot") for one in shown.texts("p"))
    assert rows(shown, LOTS)[1:] == [
        ["RM1 lot 2a: Digital", "Of what it states: Nothing is missing"],
        ["RM1 lot 1: Health", "Of what it states: 2 missing"],
    ]
    [address] = [one.attributes["href"] for one in shown.all("a") if one.text == "RM1 lot 1: Health"]
    assert parse_qs(urlsplit(address).query)["rate"] == ["900"]
    assert read(page.get(address)).texts("h3") == [
        "Accreditation: Cyber Essentials",
        "Public liability insurance for £5,000,000",
    ]
    Lot.objects.filter(reference="rm1~2a").update(accreditations=["b-corp"])
    assert answered(page, lot="unsure").one("h1").text == "Something is missing"


def test_the_end_takes_few_statements_however_many_stand_on_the_lot(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for said in ({"alone": "no"}, {"alone": "yes"}, {"lot": "unsure"}):
        with django_assert_max_num_queries(14):
            answered(page, **said)


@pytest.mark.parametrize(
    ("email", "addresses"),
    [
        ("", ("/", "/frameworks/rm1")),
        ("nobody@example.org", ("/", "/frameworks/rm1", "/account")),
        ("alder@example.org", ("/", "/frameworks/rm1", "/joinings", "/joinings/new")),
    ],
)
def test_everybody_but_a_buyer_finds_the_check_beside_what_it_is_for(
    page: Client, email: str, addresses: tuple[str, ...]
) -> None:
    if email:
        signed(page, email)
    for address in addresses:
        found = [link.text for link in read(page.get(address)).all("a", href="/ready")]
        assert found == ["Are you ready to join?"], address
    signed(page, "buyer@example.org")
    assert read(page.get("/")).all("a", href="/ready") == []


def test_who_acts_for_no_firm_is_told_what_to_do_instead_of_an_application(page: Client) -> None:
    def ways(found: Page) -> dict[str, str]:
        return {one.text: one.attributes["href"] for one in found.all("a")}

    shown = ways(answered(page))
    assert shown["make an account"] == "/register"
    sign_in = urlsplit(shown["Sign in as a firm"])
    back = parse_qs(sign_in.query)["next"][0]
    assert (sign_in.path, back.partition("?")[0]) == ("/sign-in", "/ready/answer")
    there = ways(read(signed(page, "nobody@example.org").get(back)))
    assert there["Ask to act for a firm"] == "/account/organisations"
    assert not [one for one in there.values() if "/joinings/new" in one]
    assert page.get(there["Ask to act for a firm"]).status_code == 200
    firms = ways(read(signed(page, "alder@example.org").get(back)))
    assert firms["Begin an application"] == "/joinings/new?lot=rm1~1"

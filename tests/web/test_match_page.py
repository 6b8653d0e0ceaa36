"""Matching on the pages: the form, what it refuses, the answer on the page, the kept one, a shortlist begun from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from procurement.models import Event, Match, Requirement, Shortlist
from tests.web.buying import ALDER, BIRCH, DOGWOOD, NEED, colleague, keep, signed
from tests.web.market import HOSTILE
from tests.web.reading import Page, chosen, read, summary, wrong

OPEN: dict[str, Any] = NEED | {"must_specialism": []}


def boxes(found: Page, name: str) -> list[str]:
    """The values that are ticked."""
    ticked = found.all("input", name=name)
    return [one.attributes["value"] for one in ticked if "checked" in one.attributes]


def test_a_need_is_answered_on_the_page_and_nothing_is_kept(page: Client) -> None:
    response = page.post("/match", OPEN)
    assert response.status_code == 200
    found = read(response)
    assert "3 listings answer this need" in found.texts("h2")
    assert found.texts("h3")[:2] == [
        "1. Alder Research on RM1 Advice",
        "2. Dogwood Digital on RM1 Advice",
    ]
    terms = [one.text for one in found.elements if one.tag in ("dt", "dd")]
    facts = dict(zip(terms[:10:2], terms[1:10:2], strict=True))
    assert facts == {
        "Covers": "1 of 1",
        "Team": "£8,755 without VAT, at or above 100 per cent of 2 published cards, above the budget",
        "Lots": "1 Health; 2a Digital",
        "Preferences": "Ownership as preferred",
        "Freshness": "Confirmed by the firm on 5 January 2026",
    }
    why = next(one.text for one in found.all("p", class_="app-result__why"))
    assert why.startswith("Words: rehabilitation (adds 0.")
    assert any(
        one.startswith("Summary: Evaluation of health services. (alike 0.") for one in found.texts("p")
    )
    assert Match.objects.count() == 0
    assert not found.all("input", name="listing")


def test_the_answer_says_what_a_buyer_should_know_of_it(page: Client) -> None:
    old = read(page.post("/match", {"text": "Evaluation", "framework": "rm0", "grade": "G2", "days": "1"}))
    assert old.texts("div", class_="govuk-inset-text") == [
        "RM0 ended on 3 September 2021: no call-off can be made under it any more."
    ]
    prices = [one for one in old.texts("dd") if one.startswith("£725 without VAT")]
    assert prices[0] == ("£725 without VAT, at or above 100 per cent of 1 illustrative card Illustrative")


@pytest.mark.parametrize("q", [HOSTILE, "\ud7ff\ufffd", "the", "---", "word " * 3000])
def test_any_text_comes_back_as_text(page: Client, q: str) -> None:
    response = page.post("/match", {"text": q})
    assert response.status_code == 200
    found = read(response)
    assert found.all("script") == found.all("b") == []
    assert found.one("textarea", id="text").text == " ".join(q.split())


def test_what_is_wrong_is_told_at_its_field_and_everything_stays(page: Client) -> None:
    sent = NEED | {
        "text": "",
        "specialism": [],
        "must_specialism": [],
        "region": ["TLI", "XX"],
        "must_region": ["TLI"],
        "grade": ["G2", "", "G9"],
        "days": ["ten", "3", "1"],
        "budget": "a lot",
        "starts_on": "soon",
        "months": "a few",
        "mode": "best",
        "weight": ["50", "101", "15", "21", "x"],
        "size": ["small", "huge"],
    }
    response = page.post("/match", sent)
    assert response.status_code == 422
    found = read(response)
    assert found.texts("title") == ["Error: Match a need – Calloff"]
    assert wrong(found) == [
        ("What you need: say in words what is needed, or choose a specialism", "#text"),
        ("First day of the work: it must be a day such as 2027-04-01", "#starts_on"),
        ("Length in months: it must be a whole number such as 6", "#months"),
        ("Grade in row 2 of the team: choose one", "#grade-1"),
        ("Days in row 1 of the team: they must be a number such as 10 or 12.5", "#days-0"),
        ("Budget: it must be an amount such as 50000 or 50000.50", "#budget"),
        ("Size: “huge” is not one of the known values: large, medium, micro, small", "#size"),
        ("Order: choose one of the orders", "#mode"),
        ("Weight of coverage: it must be a whole number from 0 to 100", "#weight-1"),
        ("Weight of preferences: it must be a whole number from 0 to 20", "#weight-3"),
        ("Weight of freshness: it must be a whole number from 0 to 20", "#weight-4"),
    ]
    ids = [one.attributes.get("id") for one in found.elements]
    assert all(address[1:] in ids for _, address in wrong(found))
    assert boxes(found, "region") == ["TLI", "XX"]
    assert boxes(found, "must_region") == ["TLI"]
    assert (chosen(found, "framework"), chosen(found, "lot"), chosen(found, "grade-2")) == (
        "rm1",
        "rm1~1",
        "G9",
    )
    assert found.one("input", id="days-1").attributes["value"] == "3"
    assert found.one("input", id="budget").attributes["value"] == "a lot"
    assert found.one("input", id="days-0").attributes["aria-describedby"] == "days-0-error"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"text": "x", "framework": "rm9"}, ("Framework: there is no framework rm9", "#framework")),
        (
            {"text": "x", "framework": "rm1", "lot": "rm0~1"},
            ("Lot: rm0~1 is no lot of rm1: a lot's reference begins with rm1~", "#lot"),
        ),
        ({"text": "x", "lot": "rm1~1"}, ("Lot: name the lot's framework, too", "#lot")),
        ({"text": "x", "framework": "rm1", "region": "UKC"}, ("Regions: UKC is no ITL2025 code", "#regions")),
        (
            {"text": "x", "grade": "G1", "days": "2"},
            (
                "Team: grades and roles are a framework's own: name the framework beside the team",
                "#framework",
            ),
        ),
        ({"text": "x\x01"}, ("What you need: the character U+0001 is not allowed here", "#text")),
    ],
)
def test_what_does_not_hold_together_is_refused(
    page: Client, sent: dict[str, Any], said: tuple[str, str]
) -> None:
    response = page.post("/match", sent)
    assert response.status_code == 422
    assert wrong(read(response)) == [said]


def test_a_framework_brings_its_lots_and_a_lot_its_specialisms(page: Client) -> None:
    blank = read(page.get("/match"))
    assert not blank.all("select", id="lot")
    assert not blank.all("select", id="grade-0")
    framework = read(page.post("/match", {"do": "choices", "text": "Words", "framework": "rm1"}))
    assert framework.one("textarea", id="text").text == "Words"
    assert "1 Health" in framework.texts("option")
    assert not framework.all("input", name="specialism")
    lot = read(page.post("/match", {"do": "choices", "framework": "rm1", "lot": "rm1~1"}))
    assert [one.attributes["value"] for one in lot.all("input", name="specialism")] == ["rm1~1~1", "rm1~1~2"]
    other = read(page.post("/match", NEED | {"do": "choices", "framework": "rm0"}))
    assert chosen(other, "framework") == "rm0"
    assert boxes(other, "specialism") == []
    assert chosen(other, "lot") == ""


def test_what_fits_is_offered_and_refills_the_form(page: Client) -> None:
    found = read(page.post("/match", {"text": "Evaluation of health", "region": "TLI", "must_region": "TLI"}))
    offers = {one.text: one.attributes["value"] for one in found.all("button", name="take")}
    assert offers["RM1 lot 1 Health"] == "rm1~1"
    hidden = [
        (one.attributes["name"], one.attributes["value"])
        for one in found.all("input", type="hidden")
        if one.attributes["name"] != "csrfmiddlewaretoken"
    ]
    assert ("text", "Evaluation of health") in hidden
    sent: dict[str, list[str]] = {}
    for name, value in hidden:
        sent.setdefault(name, []).append(value)
    taken = read(page.post("/match", {**sent, "take": "rm1~1~1"}))
    assert (chosen(taken, "framework"), chosen(taken, "lot")) == ("rm1", "rm1~1")
    assert boxes(taken, "specialism") == ["rm1~1~1"]
    assert boxes(taken, "must_region") == ["TLI"]
    assert taken.one("textarea", id="text").text == "Evaluation of health"


def test_a_buyers_match_is_kept_under_an_address_for_colleagues(page: Client) -> None:
    address = keep(signed(page))
    match = Match.objects.get()
    assert address == f"/matches/{match.reference}"
    assert match.organisation.reference == "council"
    colleague("reads@example.org", "council", "viewer")
    found = read(signed(page, "reads@example.org").get(address))
    assert found.texts("h1") == ["1 listing answers this need"]
    assert found.texts("h3") == ["1. Dogwood Digital on RM1 Advice"]
    assert "2 listings ruled out" in found.texts("h2")
    assert "Public engagement in London: 2 listings" in found.texts("li")
    assert "Alder Research Fictional firm: Public engagement in London" in found.texts("li")
    told = summary(found)
    assert told["Digest"] == match.digest
    assert told["Lot"] == "1 Health"
    assert told["Must have"] == "Public engagement"
    assert told["Team"] == "10 days of G2; 2.5 days of G3"
    assert told["Budget"] == "£8,000 without VAT"
    assert match.model_digest in told["Model of meaning"]
    assert not found.all("input", name="listing")


def test_a_kept_match_is_asked_again_as_it_was(page: Client) -> None:
    found = read(signed(page).get(keep(page)))
    sent: dict[str, list[str]] = {}
    for one in found.all("input", type="hidden"):
        sent.setdefault(one.attributes["name"], []).append(one.attributes["value"])
    form = read(page.post("/match", {**sent, "do": "choices"}))
    assert boxes(form, "specialism") == ["rm1~1~1", "rm1~1~2"]
    assert boxes(form, "must_specialism") == ["rm1~1~2"]
    assert form.one("input", id="days-1").attributes["value"] == "2.5"
    first, again = Match.objects.get(), page.post("/match", sent)
    assert again.status_code == 303
    assert Match.objects.order_by("-pk")[0].content == first.content


def test_weights_are_set_within_their_bounds_and_shown(page: Client) -> None:
    fresh = read(page.get("/match"))
    shown = [one.attributes["value"] for one in fresh.all("input", name="weight")]
    assert shown == ["50", "25", "15", "5", "5"]
    sent = NEED | {"weight": ["10", "0", "", "5", "5"], "starts_on": "2099-04-01", "months": "6"}
    address = keep(signed(page), **sent)
    match = Match.objects.get()
    weights = {"text": 10, "coverage": 0, "price": 15, "preferences": 5, "freshness": 5}
    assert match.answer["weights"] == weights
    assert (match.content["starts_on"], match.content["months"]) == ("2099-04-01", 6)
    found = read(page.get(address))
    assert (
        "Weights: text 10, coverage 0, price 15, preferences 5, freshness 5."
        in found.texts("p", class_="app-freshness")[-1]
    )
    told = summary(found)
    assert (told["First day"], told["Length"]) == ("1 April 2099", "6 months")
    hidden = found.all("input", type="hidden", name="weight")
    assert [one.attributes["value"] for one in hidden] == ["10", "0", "15", "5", "5"]
    before = Match.objects.count()
    refused = page.post("/match", NEED | {"weight": ["0", "0", "0", "0", "0"]})
    assert wrong(read(refused)) == [("Weight of text: at least one part must weigh something", "#weight-0")]
    assert Match.objects.count() == before


@pytest.mark.parametrize("email", ["alder@example.org", "nobody@example.org", "other@example.org"])
def test_nobody_else_sees_a_kept_match(page: Client, email: str) -> None:
    address = keep(signed(page))
    colleague("other@example.org", "district", "editor")
    signed(page, email)
    assert page.get(address).status_code == 404
    assert page.post(address, {"listing": DOGWOOD, "title": "Mine"}).status_code == 404
    assert Shortlist.objects.count() == 0
    assert page.get("/matches").status_code == (200 if email.startswith("other") else 404)


def test_without_signing_in_a_kept_match_leads_to_it(page: Client) -> None:
    address = keep(signed(page))
    page.logout()
    assert page.get(address)["Location"] == f"/sign-in?next={address}"
    assert page.get("/matches")["Location"] == "/sign-in?next=/matches"


@pytest.mark.parametrize(("email", "role"), [("alder@example.org", ""), ("reads@example.org", "viewer")])
def test_who_may_not_keep_is_answered_on_the_page(page: Client, email: str, role: str) -> None:
    if role:
        colleague(email, "council", role)
    assert signed(page, email).post("/match", OPEN).status_code == 200
    assert Match.objects.count() == 0


def test_who_acts_for_several_says_for_which(page: Client) -> None:
    colleague("buyer@example.org", "district", "editor")
    response = signed(page).post("/match", OPEN)
    assert response.status_code == 422
    assert wrong(read(response)) == [("Organisation: say for which organisation you ask", "#organisation")]
    assert Match.objects.count() == 0
    keep(page, organisation="district")
    assert Match.objects.get().organisation.reference == "district"


def test_a_shortlist_begins_from_those_that_are_ticked(page: Client) -> None:
    address = keep(signed(page), must_specialism=[])
    response = page.post(address, {"listing": [DOGWOOD, ALDER], "title": "Evaluators"})
    shortlist = Shortlist.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/shortlists/{shortlist.reference}?done=begun"
    assert shortlist.match == Match.objects.get()
    entries = shortlist.entries.order_by("position").values_list("listing", "rank", "source")
    assert list(entries) == [(ALDER, 1, "match"), (DOGWOOD, 2, "match")]
    shown = read(page.get(response["Location"]))
    assert "The shortlist is begun." in shown.texts("p")
    assert any(one.startswith("covers 1 of 1; team £8,755 without VAT; “") for one in shown.texts("p"))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"title": "Kept title"}, [("Choose at least one listing", "#listings")]),
        ({"title": "", "listing": [DOGWOOD]}, [("Title: This must not be empty.", "#title")]),
        ({"title": "T", "listing": [BIRCH]}, [("The match did not rank this listing.", "#listings")]),
    ],
)
def test_a_shortlist_that_cannot_begin_says_why(
    page: Client, sent: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    address = keep(signed(page))
    before = Event.objects.count()
    response = page.post(address, sent)
    assert response.status_code == 422
    found = read(response)
    assert wrong(found) == said
    assert found.one("input", id="title").attributes.get("value", "") == sent["title"]
    assert boxes(found, "listing") == [one for one in sent.get("listing", []) if one == DOGWOOD]
    assert (Shortlist.objects.count(), Event.objects.count()) == (0, before)


def test_what_was_matched_goes_on_to_a_call_off_and_is_kept_once(page: Client) -> None:
    address = keep(signed(page), must_specialism=[])
    answer = page.post(address, {"do": "buy"})
    requirement = Requirement.objects.get()
    assert requirement.current is not None
    assert requirement.current.content == Match.objects.get().content
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"/call-offs/new?requirement={requirement.reference}&title=Eval")
    form = read(page.get(answer["Location"]))
    assert chosen(form, "requirement") == requirement.reference
    assert (
        form.one("input", id="title").attributes["value"] == "Evaluation of a vision rehabilitation service."
    )
    begun = page.post(address, {"listing": [ALDER], "title": "Evaluators"})["Location"].partition("?")[0]
    page.post(begun, {"do": "decide", "revision": 1, "listing": ALDER, "decision": "in"})
    page.post(begun, {"do": "lock", "revision": 2})
    locked = read(page.get(begun))
    shortlist = locked.one("input", name="shortlist").attributes["value"]
    again = page.post(address, {"do": "buy", "shortlist": shortlist})
    assert f"requirement={requirement.reference}&shortlist={shortlist}" in again["Location"]
    assert chosen(read(page.get(again["Location"])), "shortlist") == shortlist
    assert Requirement.objects.count() == 1


def test_a_need_without_a_lot_is_not_bought_and_a_viewer_buys_nothing(page: Client) -> None:
    address = keep(signed(page), lot="", specialism=[], must_specialism=[])
    shown = read(page.get(address))
    assert "A call-off is on one lot: change the need and name its lot." in shown.texts("p")
    assert not shown.all("input", value="buy")
    colleague("viewer@example.org", "council", "viewer")
    assert signed(page, "viewer@example.org").post(address, {"do": "buy"}).status_code == 403
    signed(page, "alder@example.org")
    assert page.post(address, {"do": "buy"}).status_code == 404
    assert Requirement.objects.count() == 0


def test_a_match_needs_its_token(market: None, db: None) -> None:
    assert Client(enforce_csrf_checks=True).post("/match", OPEN).status_code == 403


def test_matching_is_down_with_the_index_but_kept_matches_are_not(page: Client, tmp_path: Path) -> None:
    address = keep(signed(page))
    with override_settings(INDEX_FOLDER=tmp_path / "none"):
        assert page.post("/match", OPEN).status_code == 503
        assert page.get("/match").status_code == 200
        assert page.get(address).status_code == 200
    assert Match.objects.count() == 1


def test_queries_do_not_grow(page: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, three = keep(signed(page)), keep(page, must_specialism=[])
    for address in (one, three):
        with django_assert_num_queries(9):
            page.get(address)
    for number in (2, 5):
        while Match.objects.count() < number:
            keep(page)
        with django_assert_num_queries(7):
            page.get("/matches")

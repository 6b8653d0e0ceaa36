"""The guided walks: one question a page, the answers in the address, an end with why and a next step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.models import (
    Appointment,
    CallOff,
    Event,
    Framework,
    Lot,
    Offering,
    Region,
    RegionTwin,
    Requirement,
)
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE
from tests.web.reading import Page, read, summary, wrong
from tests.web.ready import READY
from web.views.frameworks import rows
from web.walks import FINDER

SUPPLIERS = re.compile(r"\((\d+) suppliers?\)")
NEED: dict[str, Any] = {
    "need": "Evaluation of a health service",
    "whom": "local-government",
    "where": ["TLI"],
    "value": "£50,000",
    "starts": "2099-04-01",
    "months": "6",
    "pays": "days",
}


def answered(page: Client, walk: str = "find", **said: Any) -> Any:
    return page.get(f"/{walk}/answer?{urlencode(said, doseq=True)}")


def sections(found: Page) -> dict[str, list[str]]:
    """The list items below each heading of the second level."""
    told: dict[str, list[str]] = {}
    for one in found.elements:
        if one.tag == "h2":
            told[one.text] = []
        elif one.tag == "li" and told:
            told[list(told)[-1]].append(one.text)
    return told


def follow(page: Client, address: str, **typed: Any) -> Any:
    """Fills the form of a question in and sends it, as a browser does."""
    shown = read(page.get(address))
    form = shown.one("form", method="get")
    name = urlsplit(address).path.rpartition("/")[2]
    kept = [
        (one.attributes["name"], one.attributes.get("value", "")) for one in shown.all("input", type="hidden")
    ]
    pairs = [*kept, *((name, value) for value in typed[name])]
    return f"{form.attributes['action']}?{urlencode(pairs)}"


def test_a_buyer_is_asked_one_question_a_page_and_ends_at_a_lot_and_route(page: Client) -> None:
    address = page.get("/find", follow=True).redirect_chain[-1][0]
    asked = []
    said: dict[str, list[str]] = {
        "need": ["Evaluation of a health service"], "whom": ["local-government"], "where": ["TLI"],
        "value": ["50,000"], "starts": [""], "months": ["6"], "pays": ["days"],
    }  # fmt: skip
    while not address.startswith("/find/answer"):
        shown = read(page.get(address))
        asked.append(shown.one("h1").text)
        address = follow(page, address, **said)
    assert asked == [one.title for one in FINDER.questions]
    shown = read(page.get(address))
    assert shown.one("h1").text == "Direct award on lot 1: Health"
    assert summary(shown)["What may it come to?"] == "£50,000"
    assert summary(shown)["When does the work begin?"] == "Not said"
    assert sections(shown)["Why"] == [
        "It names Evaluation. Your words that stand there: Evaluation.",
        "It takes call-offs until 31 December 2099, and a body such as yours may buy under RM1.",
        "A call-off may last 48 months; you need 6.",
        (
            "The lot allows a direct award, up to £100,000 without VAT: on objective grounds, "
            "with the reason kept on file."
        ),
        "A further competition is open to you as well.",
    ]


def test_above_the_cap_it_ends_in_a_competition_and_says_why(page: Client) -> None:
    shown = read(answered(page, **NEED | {"value": "100000.01"}))
    assert shown.one("h1").text == "Further competition on lot 1: Health"
    assert sections(shown)["Why"][-1] == (
        "By further competition: £100,000.01 is above the lot's cap of £100,000 for direct awards."
    )


def test_without_a_value_a_capped_direct_award_is_not_promised(page: Client) -> None:
    shown = read(answered(page, **NEED | {"value": ""}))
    assert shown.one("h1").text == "Further competition on lot 1: Health"


def test_what_fits_and_is_not_open_is_named_with_the_reason(page: Client) -> None:
    shown = read(answered(page, **NEED))
    (told,) = sections(shown)["It would fit, but"]
    assert told.startswith("RM0 lot 1: Health. RM0 takes no call-offs on ")
    assert told.endswith(": it is expired.")


def test_a_framework_that_serves_others_is_not_offered(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(buyer_classes=["health"])
    shown = read(answered(page, **NEED))
    assert shown.one("h1").text == "No lot here is open to this purchase"
    assert (
        "RM1 lot 1: Health. A body of this class may not buy under RM1, which serves: NHS and health bodies."
        in (sections(shown)["It would fit, but"])
    )
    assert read(answered(page, **NEED | {"whom": "health"})).one("h1").text == "Direct award on lot 1: Health"


def test_words_that_no_lot_knows_are_told_to_be_what_is_wrong(page: Client) -> None:
    shown = read(answered(page, **NEED | {"need": "xyzzy"}))
    assert shown.one("h1").text == "No lot here fits these words"
    ways_on = [one.attributes["href"] for one in shown.all("a") if one.text == "Say the need in other words"]
    assert [urlsplit(one).path for one in ways_on] == ["/find/need"]
    assert read(page.get(ways_on[0])).one("textarea").text == "xyzzy"


GUESS = NEED | {"need": "A charity for vision rehabilitation in the north, and its evaluation"}


def test_a_lot_that_is_no_more_than_the_nearest_is_told_to_be_a_guess(page: Client) -> None:
    shown = read(answered(page, **GUESS))
    assert shown.one("h1").text == "No lot here clearly fits these words"
    assert "Direct award on lot 1: Health" in shown.texts("h2")
    assert sections(shown)["Why"][0] == "It names Evaluation. Your words that stand there: evaluation."


def test_a_lot_that_takes_no_call_offs_and_would_be_a_guess_is_not_said_to_fit(page: Client) -> None:
    assert "It would fit, but" not in sections(read(answered(page, **GUESS)))
    Framework.objects.filter(reference="rm1").update(buyer_classes=["health"])
    shown = read(answered(page, **GUESS))
    assert shown.one("h1").text == "No lot here fits these words"
    assert "It would fit, but" not in sections(shown)


def test_of_a_guess_a_requirement_is_kept_once_the_buyer_says_that_it_is_right(page: Client) -> None:
    address = f"/find/answer?{urlencode(GUESS, doseq=True)}"
    refused = signed(page).post(address)
    assert refused.status_code == 422
    assert wrong(read(refused)) == [("Whether the lot is right: say that it is for what you need", "#sure")]
    assert Requirement.objects.count() == 0
    assert page.post(address, {"sure": "yes"}).status_code == 303
    assert Requirement.objects.get().current.content["text"] == GUESS["need"]


def test_a_lot_without_suppliers_is_not_offered(page: Client) -> None:
    Lot.objects.get(reference="rm1~1").appointments.update(status="suspended")
    assert read(answered(page, **NEED)).one("h1").text != "Direct award on lot 1: Health"


def test_places_that_have_ended_count_for_nobody(page: Client) -> None:
    told = "What the framework says of this lot ({})"
    today = timezone.localdate()
    places = Lot.objects.get(reference="rm1~1").appointments
    places.filter(supplier__reference="dogwood").update(ends_on=today - timedelta(days=1))
    assert told.format("1 supplier") in read(answered(page, **NEED)).texts("p")
    places.update(ends_on=today - timedelta(days=1))
    assert read(answered(page, **NEED)).one("h1").text != "Direct award on lot 1: Health"
    places.update(ends_on=today)
    assert told.format("2 suppliers") in read(answered(page, **NEED)).texts("p")


def test_a_framework_counts_the_places_of_today_and_one_that_is_over_those_of_its_last_day(
    page: Client,
) -> None:
    def counted() -> list[int]:
        """The suppliers of RM1 and of RM0, which is over, and those of lot 1 of each."""
        of_frameworks = [row.suppliers for row in rows()]
        pages = [page.get(f"/frameworks/{one}").content.decode() for one in ("rm1", "rm0")]
        return [*of_frameworks, *(int(SUPPLIERS.findall(one)[0]) for one in pages)]

    assert counted() == [2, 1, 2, 1]
    yesterday = timezone.localdate() - timedelta(days=1)
    Appointment.objects.filter(reference="rm1~1~dogwood").update(ends_on=yesterday)
    last = Framework.objects.get(reference="rm0").ends_on
    Appointment.objects.filter(lot__framework__reference="rm0").update(ends_on=last)
    assert counted() == [1, 1, 1, 1]
    Appointment.objects.filter(reference="rm0~2a~alders").update(ends_on=last - timedelta(days=1))
    assert counted() == [1, 1, 1, 1]
    Appointment.objects.filter(reference="rm0~1~alders").update(ends_on=last - timedelta(days=1))
    assert [row.suppliers for row in rows()] == [1, 0]
    assert "No supplier on record." in page.get("/frameworks/rm0").content.decode()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("need", "", "Say what you need"),
        ("need", "x" * 501, "Say it in 500 characters: here are 501"),
        ("whom", "", "Choose the kind of body that buys"),
        ("whom", "nobody", "“nobody” is none of the answers: choose one"),
        ("where", ["TLI", "XX"], "“XX” is none of the answers: choose among them"),
        ("value", "much", "“much” is no amount such as 50000 or 50,000.50"),
        ("value", "£0", "“£0” is nothing: say more than £0"),
        ("value", "0.00", "“0.00” is nothing: say more than £0"),
        ("value", "9,99", "“9,99” is no amount such as 50000 or 50,000.50"),
        ("value", "-5", "“-5” is no amount such as 50000 or 50,000.50"),
        ("value", ["5", "6"], "“5” and “6”: give one answer"),
        ("value", "1.234", "“1.234” is no amount such as 50000 or 50,000.50"),
        ("starts", "soon", "“soon” is no day such as 2027-04-01"),
        ("starts", "2020-01-31", "31 January 2020 is past: say today or a later day"),
        ("need", "?!", "“?!” says nothing: use words"),
        ("months", "0", "“0” is no whole number from 1 to 120"),
        ("months", "٣", "“٣” is no whole number from 1 to 120"),
        (
            "pays",
            "barter" * 9,
            "“barterbarterbarterbarterbarterbarterbar…” is none of the answers: choose one",
        ),
    ],
)
def test_a_wrong_answer_is_asked_again_with_what_is_wrong(
    page: Client, name: str, value: str | list[str], told: str
) -> None:
    title = next(one.title for one in FINDER.questions if one.name == name)
    for path in ("answer", name):
        response = page.get(f"/find/{path}?{urlencode(NEED | {name: value}, doseq=True)}")
        shown = read(response)
        assert (response.status_code, shown.one("h1").text, wrong(shown)) == (
            400,
            title,
            [(told, f"#{name}")],
        )


@pytest.mark.parametrize(
    "address",
    [
        "/find?colour=blue",
        "/find/need?colour=blue",
        "/find/months?need=x&colour=blue",
        f"/find/answer?{urlencode(NEED, doseq=True)}&colour=blue",
        f"/find/answer?{urlencode(NEED, doseq=True)}&colour=blue&colour=red",
        "/ready/identifier?lot=rm1~1&colour=blue",
        f"/ready/answer?{urlencode(READY, doseq=True)}&colour=blue",
    ],
)
def test_a_name_that_is_no_question_is_told_and_the_form_goes_on_without_it(
    page: Client, address: str
) -> None:
    answer = page.get(address, follow=True)
    found = read(answer)
    assert answer.status_code == 400
    assert [one for one in found.texts("li") if "is no question here" in one] == [
        "“colour” is no question here: take it out of the address"
    ]
    assert found.all("input", name="colour") == []
    assert "colour" not in found.one("form", method="get").attributes["action"]


def test_many_names_that_are_no_question_are_told_in_part(page: Client) -> None:
    found = read(page.get(f"/find/need?{urlencode({f'x{number}': 1 for number in range(9)})}"))
    assert len([one for one in found.texts("li") if "is no question here" in one]) == 5


def test_a_region_that_nobody_on_the_lot_works_in_is_named(page: Client) -> None:
    for code, name in (("TLD", "North West (England)"), ("TLL", "Wales")):
        Region.objects.create(code=code, scheme="ITL2025", level=1, name=name)
    told = "Nobody on this lot says that they work in North West (England), Wales."
    shown = read(answered(page, **(NEED | {"where": ["TLI", "TLD", "TLL"]})))
    assert [one for one in shown.texts("div", class_="govuk-inset-text") if one.startswith(told)]
    for served in ({"where": ["TLI", "TLC"]}, {"where": [""]}):
        insets = read(answered(page, **(NEED | served))).texts("div", class_="govuk-inset-text")
        assert not [one for one in insets if one.startswith("Nobody on this lot")]


def test_a_hostile_answer_is_named_as_text(page: Client) -> None:
    response = answered(page, **NEED | {"pays": HOSTILE})
    assert response.status_code == 400
    assert wrong(read(response))[0][0].startswith("“<script>")
    assert "<script>" not in response.content.decode()


def test_today_is_a_day_to_begin_on(page: Client) -> None:
    assert answered(page, **NEED | {"starts": timezone.localdate().isoformat()}).status_code == 200


def test_a_question_that_was_left_out_comes_first_and_the_others_are_kept(page: Client) -> None:
    said = {name: value for name, value in NEED.items() if name != "value"}
    response = answered(page, **said)
    assert response.status_code == 303
    target = urlsplit(response["Location"])
    assert target.path == "/find/value"
    assert parse_qs(target.query)["need"] == [NEED["need"]]
    assert follow(page, response["Location"], value=["50000"]).startswith("/find/answer?")


def test_an_answer_is_changed_by_its_own_page_and_leads_back_to_the_end(page: Client) -> None:
    shown = read(answered(page, **NEED))
    change = next(
        one.attributes["href"] for one in shown.all("a") if one.text == "Change: For how many months?"
    )
    assert read(page.get(change)).one("input", id="months").attributes["value"] == "6"
    assert urlsplit(follow(page, change, months=["49"])).path == "/find/answer"
    assert read(answered(page, **NEED | {"months": "49"})).one("h1").text == (
        "No lot here is open to this purchase"
    )


def test_a_buyer_keeps_the_requirement_and_goes_on_to_the_call_off(page: Client) -> None:
    response = signed(page).post(f"/find/answer?{urlencode(NEED, doseq=True)}")
    assert response.status_code == 303
    kept = Requirement.objects.get()
    target = urlsplit(response["Location"])
    assert (target.path, parse_qs(target.query)) == (
        "/call-offs/new",
        {
            "requirement": [kept.reference],
            "route": ["direct_award"],
            "title": ["Evaluation of a health service"],
        },
    )
    assert kept.current is not None
    content = kept.current.content
    assert {
        name: content[name] for name in ("framework", "lot", "regions", "starts_on", "months", "budget")
    } == {
        "framework": "rm1",
        "lot": "rm1~1",
        "regions": ["TLI"],
        "starts_on": "2099-04-01",
        "months": 6,
        "budget": {"amount": "50000.00", "currency": "GBP"},
    }
    assert page.get(response["Location"]).status_code == 200


def test_the_regions_go_on_by_the_codes_that_the_framework_takes(page: Client) -> None:
    for number in "CI":
        itl = Region.objects.get(code=f"TL{number}")
        nuts = Region.objects.create(code=f"UK{number}", scheme="NUTS2013", level=1, name=itl.name)
        RegionTwin.objects.create(nuts=nuts, itl=itl, same=True)
    Offering.objects.filter(appointment__lot__framework__reference="rm1").delete()
    Framework.objects.filter(reference="rm1").update(region_scheme="NUTS2013")
    said = NEED | {"where": ["TLI", "TLC"]}
    shown = read(answered(page, **said))
    (match,) = (one.attributes["href"] for one in shown.all("a") if one.text == "See who fits, and why")
    assert parse_qs(urlsplit(match).query)["region"] == ["UKI", "UKC"]
    assert summary(shown)["Where is the work?"] == "London, North East (England)"
    response = signed(page).post(f"/find/answer?{urlencode(said, doseq=True)}")
    assert response.status_code == 303
    kept = Requirement.objects.get().current
    assert kept is not None
    assert kept.content["regions"] == ["UKI", "UKC"]


def test_nobody_keeps_anything_by_reading_or_without_a_buyer(page: Client) -> None:
    before = Event.objects.count()
    answered(page, **NEED)
    here = f"/find/answer?{urlencode(NEED, doseq=True)}"
    there = urlsplit(page.post(here)["Location"])
    assert (there.path, parse_qs(there.query)) == ("/sign-in", {"next": [here], "lost": ["yes"]})
    assert signed(page, "alder@example.org").post(here).status_code == 422
    assert (Event.objects.count(), Requirement.objects.count()) == (before, 0)


@pytest.mark.parametrize("email", ["alder@example.org", "nobody@example.org", "viewer@example.org"])
def test_who_may_not_keep_it_is_told_why_and_what_to_do(page: Client, email: str) -> None:
    if email == "viewer@example.org":
        colleague(email, "borough", "viewer")
    shown = read(answered(signed(page, email), **NEED))
    told = [
        one for one in shown.texts("p") if one.startswith("Your account may not keep this as a requirement")
    ]
    assert len(told) == 1
    assert shown.all("form", method="post", action=f"/find/answer?{urlencode(NEED, doseq=True)}") == []
    ways = [one.attributes["href"] for one in shown.all("a") if one.text == "ask to act for a body that buys"]
    assert [page.get(one).status_code for one in ways] == [200]
    own = read(answered(signed(page), **NEED)).texts("p")
    assert not [one for one in own if one.startswith("Your account may not keep")]


def test_that_outcomes_are_paid_for_goes_on_to_the_call_off_and_its_plan(page: Client) -> None:
    asked = f"/find/answer?{urlencode(NEED | {'pays': 'outcomes'}, doseq=True)}"
    address = signed(page).post(asked)["Location"]
    assert parse_qs(urlsplit(address).query)["pays"] == ["outcomes"]
    shown = read(page.get(address))
    assert shown.one("input", type="hidden", name="pays").attributes["value"] == "outcomes"
    sent = {"pays": "outcomes", "title": "Evaluation", "route": "direct_award"}
    refused = page.post("/call-offs/new", sent)
    assert refused.status_code == 422
    assert len(read(refused).all("input", type="hidden", name="pays")) == 1
    begun = page.post("/call-offs/new", sent | {"requirement": Requirement.objects.get().reference})
    held = CallOff.objects.get()
    assert (begun.status_code, begun["Location"]) == (303, f"/call-offs/{held.reference}/outcomes?done=begun")
    plan = page.get(begun["Location"])
    assert plan.status_code == 200
    assert "The call-off is begun." in plan.content.decode()
    days = page.get("/call-offs/new?pays=days")
    assert read(days).all("input", type="hidden", name="pays") == []


def test_outcomes_are_told_of_the_check_that_comes_first(page: Client) -> None:
    shown = read(answered(page, **NEED | {"pays": "outcomes"}))
    assert shown.one("div", class_="govuk-inset-text").text.startswith(
        "Paying for outcomes begins with a check"
    )
    assert read(answered(page, **NEED)).all("div", class_="govuk-inset-text") == []


def test_the_end_takes_few_statements(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        assert answered(page, **NEED).status_code == 200


def test_the_end_says_so_where_the_index_is_away(page: Client, tmp_path: Any) -> None:
    with override_settings(INDEX_FOLDER=tmp_path / "none"):
        assert answered(page, **NEED).status_code == 503
        assert page.get("/find/need").status_code == 200

"""The search page: words, reasons, rates, tags, chips, pages, refusals; and no query to the database."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.models import Framework, Grade, Lot, Specialism
from search.index import borrowed_writer
from search.rebuild import rebuild
from search.ties import seed_of
from tests.web.market import HOSTILE
from tests.web.reading import Element, Page, read


def facts(page: Page, place: int) -> dict[str, str]:
    """The facts of the result at that place."""
    result = page.all("dl", class_="app-result__facts")[place]
    start = page.elements.index(result)
    inside: list[Element] = []
    for element in page.elements[start + 1 :]:
        if element.tag not in ("dt", "dd", "strong", "span"):
            break
        inside.append(element)
    terms = [element.text for element in inside if element.tag == "dt"]
    return dict(zip(terms, (element.text for element in inside if element.tag == "dd"), strict=True))


def test_a_result_says_who_where_what_for_how_much_and_why(page: Client) -> None:
    found = read(page.get("/search?q=vision&framework=rm1"))
    assert found.texts("h2") == ["Filter", "1 listing", "Chosen filters", "About this service"]
    assert found.texts("h3") == ["Alder Research on RM1"]
    link = found.one("a", href="/listings/rm1~alders~alder")
    assert link.text == "Alder Research on RM1"
    assert found.texts("p", class_="app-result__meta") == ["RM1 Advice Open to call-offs Fictional firm"]
    assert facts(found, 0) == {
        "Reached through": "Consortium Alder, led by Alder Research",
        "Lots": "1 Health, 2a Digital",
        "Specialisms": "Evaluation; on some lots not stated",
        "Day rates": "£400 to £900 a day",
        "Ownership": "Employee-owned",
    }
    why = found.one("p", class_="app-result__why").text
    assert why.startswith("Why it matched: vision in case studies (")
    assert found.texts("mark") == ["Vision"]


def test_specialisms_that_hold_the_words_are_shown_as_matched(page: Client) -> None:
    found = read(page.get("/search?q=engagement&framework=rm1"))
    assert found.texts("h3") == ["Dogwood Digital on RM1"]
    assert facts(found, 0)["Matched specialisms"] == "Public engagement"
    assert "Reached through" not in facts(found, 0)


def test_the_rate_of_the_grade_asked_for_is_shown_and_sorted_by(page: Client) -> None:
    found = read(page.get("/search?framework=rm1&lot=1&grade=g2&max_rate=£650.50&sort=rate"))
    assert [facts(found, place)["Day rates"] for place in range(3)] == [
        "£550 a day (G2, lot 1)",
        "£650.50 a day (G2, lot 1)",
        "£650.50 a day (G2, lot 1)",
    ]
    assert found.one("option", value="rate").attributes.get("selected") == ""
    assert found.one("option", value="G2").text == "G2 Senior"


def test_a_grade_whose_code_has_small_letters_is_offered_and_stays_chosen(
    page: Client, tmp_path: Path
) -> None:
    Grade.objects.filter(lot__framework__reference="rm1", code="G2").update(code="Band-2")
    with override_settings(INDEX_FOLDER=tmp_path):
        with borrowed_writer() as writer:
            rebuild(writer)
        for code in ("Band-2", "BAND-2"):
            found = read(page.get(f"/search?framework=rm1&lot=1&grade={code}&max_rate=600"))
            assert facts(found, 0)["Day rates"] == "£550 a day (Band-2, lot 1)"
            options = [one for one in found.all("option") if one.text.lower().startswith("band-2")]
            assert [(one.text, one.attributes.get("selected")) for one in options] == [("Band-2 Senior", "")]
            assert "Remove Grade: Band-2" in found.texts("a", class_="app-chip")


def test_what_is_named_by_a_number_or_in_capitals_is_taken_back(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(number="G-Cloud 14")
    found = read(page.get("/search?q=vision&framework=G-Cloud+14&lot=1"))
    assert found.texts("h3") == ["Alder Research on RM1"]
    chips = {chip.text: chip.attributes["href"] for chip in found.all("a", class_="app-chip")}
    assert chips == {
        "Remove Framework: RM1 Advice": "/search?q=vision&lot=rm1~1",
        "Remove Lot: RM1 lot 1: Health": "/search?q=vision&framework=rm1",
    }
    mapped = read(page.get("/map?framework=G-Cloud+14")).all("a", class_="app-chip")
    assert [(chip.text, chip.attributes["href"]) for chip in mapped] == [
        ("Remove Framework: RM1 Advice", "/map")
    ]


def test_an_illustrative_rate_says_so_and_an_expired_framework_is_closed(page: Client) -> None:
    found = read(page.get("/search?q=vision&framework=rm0"))
    assert facts(found, 0)["Day rates"] == "£425 to £725 a day Illustrative"
    assert found.texts("p", class_="app-result__meta") == [
        "RM0 Old advice Closed to call-offs Fictional firm"
    ]


def test_facets_count_and_chips_take_back(page: Client) -> None:
    found = read(page.get("/search?framework=rm1&ownership=private-company&ownership=employee-owned&seed=3"))
    boxes = {
        element.attributes["value"]: "checked" in element.attributes
        for element in found.all("input", type="checkbox", name="ownership")
    }
    assert boxes == {"not-stated": False, "employee-owned": True, "private-company": True}
    labels = [label.text for label in found.all("label") if label.attributes["for"].startswith("ownership-")]
    assert sorted(labels) == ["Employee-owned (1)", "Not stated (1)", "Private company (1)"]
    chips = {chip.text: chip.attributes["href"] for chip in found.all("a", class_="app-chip")}
    assert chips == {
        "Remove Framework: RM1 Advice": "/search?ownership=private-company&ownership=employee-owned&seed=3",
        "Remove Ownership: Employee-owned": "/search?framework=rm1&ownership=private-company&seed=3",
        "Remove Ownership: Private company": "/search?framework=rm1&ownership=employee-owned&seed=3",
    }
    assert found.one("details", id="ownership").attributes.get("open") == ""
    assert "open" not in found.one("details", id="size").attributes


@pytest.mark.parametrize("path", ["/search", "/map"])
def test_chips_take_back_values_however_they_are_spelt(page: Client, path: str) -> None:
    found = read(
        page.get(f"{path}?framework=RM1&lot=1&lot=RM1~2A&region=tlc&q=vision&ownership=employee-owned")
    )
    chips = {chip.text: chip.attributes["href"] for chip in found.all("a", class_="app-chip")}
    lots, rest = "lot=rm1~1&lot=rm1~2a", "region=TLC&q=vision&ownership=employee-owned"
    assert chips == {
        "Remove Framework: RM1 Advice": f"{path}?{lots}&{rest}",
        "Remove Lot: RM1 lot 1: Health": f"{path}?framework=rm1&lot=rm1~2a&{rest}",
        "Remove Lot: RM1 lot 2a: Digital": f"{path}?framework=rm1&lot=rm1~1&{rest}",
        "Remove Region: North East (England)": f"{path}?framework=rm1&{lots}&q=vision&ownership=employee-owned",
        "Remove Ownership: Employee-owned": f"{path}?framework=rm1&{lots}&region=TLC&q=vision",
    }
    for address in chips.values():
        left = read(page.get(address))
        assert len(left.all("a", class_="app-chip")) < len(chips)


@pytest.mark.parametrize("path", ["/search", "/map"])
def test_a_framework_is_taken_back_with_the_grade_that_is_one_of_it(page: Client, path: str) -> None:
    asked = "framework=rm1&grade=G2&sort=rate&min_rate=100&max_rate=900&region=TLC"
    found = read(page.get(f"{path}?{asked}"))
    chips = {chip.text: chip.attributes["href"] for chip in found.all("a", class_="app-chip")}
    assert chips["Remove Framework: RM1 Advice"] == chips["Remove Grade: G2"].replace("framework=rm1&", "")
    assert chips["Remove Grade: G2"] == f"{path}?framework=rm1&region=TLC"
    for address in chips.values():
        assert page.get(address).status_code == 200


def test_a_misspelt_word_is_offered_corrected(page: Client) -> None:
    found = read(page.get("/search?q=vison+rehabiltation&framework=rm1"))
    link = next(element for element in found.all("a") if element.text == "vision rehabilitation")
    assert link.attributes["href"] == "/search?framework=rm1&q=vision+rehabilitation"
    assert "Did you mean vision rehabilitation?" in found.texts("p")


def test_pages_keep_the_order_that_was_drawn(page: Client) -> None:
    found = read(page.get("/search?page_size=2&seed=7"))
    assert found.one("a", rel="next").attributes["href"] == "/search?page_size=2&seed=7&page=2"
    assert found.texts("h3") != read(page.get("/search?page_size=2&seed=7&page=2")).texts("h3")
    assert "Showing 1 to 2 of 5." in found.all("p", class_="app-freshness")[0].text
    drawn = read(page.get("/search?page_size=2")).one("a", rel="next").attributes["href"]
    assert drawn == f"/search?page_size=2&seed={seed_of(timezone.localdate())}&page=2"


def test_pages_counted_by_hand_without_a_seed_show_every_listing_once(page: Client) -> None:
    pages = [read(page.get(f"/search?page_size=1&page={number}")).texts("h3") for number in range(1, 6)]
    assert sorted(name for shown in pages for name in shown) == sorted(read(page.get("/search")).texts("h3"))


def test_a_page_past_the_end_says_so_and_leads_back(page: Client) -> None:
    found = read(page.get("/search?page=9&seed=1"))
    assert "There is no page 9: the last is page 1." in found.texts("p")


def test_nothing_found_says_what_to_do(page: Client) -> None:
    found = read(page.get("/search?q=-vision+%22no+such+phrase%22"))
    assert found.texts("h3") == ["Nothing matches all of this"]
    assert found.texts("ol", class_="app-results") == []


def test_freshness_is_told(page: Client) -> None:
    last = read(page.get("/search")).all("p", class_="app-freshness")[-1].text
    assert last.startswith("The index held every change at ")


def test_search_asks_the_database_nothing(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page.get("/search")
    with django_assert_num_queries(0):
        page.get("/search?q=evaluation&framework=rm1&grade=G2&sort=rate")


def test_search_by_a_person_reads_the_session_and_what_waits_in_the_inbox_and_nothing_else(
    signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        signed_in.get("/search?q=evaluation")


def test_hostile_text_stays_text(page: Client) -> None:
    for address in ("/search?q=quoted", "/listings/rm1~alders~birch", "/search"):
        response = page.get(address)
        found = read(response)
        assert b"<script" not in response.content
        assert found.all("b") == []
        assert b"49" not in response.content.split(b"Birch")[1][:200]
    assert f"Birch {HOSTILE} on RM1" in found.texts("h3")


@pytest.mark.parametrize(
    "q",
    [
        HOSTILE,
        '"><img src=x onerror=alert(1)>',
        "' OR 1=1 --",
        "\ud7ff\ufffd",
        "a" * 2000,
        '"' * 99,
        "-",
        "*",
    ],
)
def test_a_hostile_question_comes_back_as_text(page: Client, q: str) -> None:
    response = page.get("/search", {"q": q})
    assert response.status_code == 200
    found = read(response)
    assert found.one("input", id="q").attributes["value"] == q.strip()
    assert found.all("script") == found.all("img") == []


def test_wrong_parameters_are_named_with_a_link_to_each(page: Client) -> None:
    response = page.get("/search?q=vision&lot=5&min_rate=cheap&sort=price&colour=red&sector=health")
    assert response.status_code == 400
    found = read(response)
    assert found.texts("title") == ["Error: Search partners – Calloff"]
    summary = [
        (element.text, element.attributes["href"])
        for element in found.all("a")
        if element.attributes["href"].startswith("#") and element.text != "Skip to main content"
    ]
    assert summary == [
        ("There is no filter called colour", "#chip-5"),
        ("Rate from must be an amount such as 650 or 650.50", "#min_rate"),
        ("Sort: 'price' is none of relevance, rate, name", "#chip-4"),
        ("Lot: the bare number '5' needs exactly one framework", "#chip-2"),
    ]
    assert found.one("input", id="min_rate").attributes["aria-describedby"] == "min_rate-error"
    assert found.one("input", id="q").attributes["value"] == "vision"
    kept = [
        (element.attributes["name"], element.attributes["value"])
        for element in found.all("input", type="hidden")
    ]
    assert kept == [("sector", "health")]
    assert found.one("a", id="chip-2").attributes["href"] == (
        "/search?q=vision&min_rate=cheap&sort=price&colour=red&sector=health"
    )


def test_a_value_that_no_listing_bears_is_named_and_only_that_one_is_dropped(page: Client) -> None:
    response = page.get("/search?framework=RM1&lot=2a&lot=99&supplier=nobody&sector=health")
    assert response.status_code == 400
    found = read(response)
    assert [
        (element.text, element.attributes["href"])
        for element in found.all("a")
        if element.attributes["href"].startswith("#") and element.text != "Skip to main content"
    ] == [
        ("Lot: 'rm1~99' has no listings; there are rm1~1, rm1~2a", "#chip-3"),
        ("Supplier: 'nobody' has no listings; there are alders, dogwood", "#chip-4"),
    ]
    assert found.one("a", id="chip-3").text == "Remove Lot: 99"
    kept = [
        (element.attributes["name"], element.attributes["value"])
        for element in found.all("input", type="hidden")
    ]
    assert kept == [("lot", "2a"), ("sector", "health")]


@pytest.mark.parametrize(
    ("q", "said"),
    [("the", "“the” is too common to search by."), ("---", "“---” holds no word to search by.")],
)
def test_a_question_that_can_find_nothing_is_told_why(page: Client, q: str, said: str) -> None:
    assert said in read(page.get("/search", {"q": q})).texts("p")


def test_a_question_that_is_read_as_a_need_is_told_that_its_signs_do_not_count(page: Client) -> None:
    words = "evaluation+health+services+adults+learning+disabilities+community+housing+schools+transport"
    said = "Quotes, -word and word* do not count here, since with more than 10 different words this is read as a need"
    assert said in page.get(f"/search?q={words}+autism+-school").content.decode()
    assert said not in page.get(f"/search?q={words}+autism").content.decode()


def test_a_lot_or_specialism_that_nobody_offers_is_an_empty_page_that_says_so(page: Client) -> None:
    framework = Framework.objects.get(reference="rm1")
    lot = Lot.objects.create(reference="rm1~3", framework=framework, number="3", position=3, name="Housing")
    Specialism.objects.create(reference="rm1~3~1", lot=lot, number="1", position=1, name="Rents")
    response = page.get("/search?framework=rm1&lot=3&specialism=rm1~3~1")
    assert response.status_code == 200
    found = read(response).texts("p")
    assert "Nobody is listed at present on rm1~3 (Housing)." in found
    assert "Nobody is listed at present for rm1~3~1 (Rents)." in found
    assert page.get("/map?lot=rm1~3").status_code == 200
    rates = page.get("/rates?lot=rm1~3")
    assert rates.status_code == 200
    assert "There are no rates at present on rm1~3 (Housing)." in read(rates).texts("p")


def test_a_grade_with_two_frameworks_keeps_both_and_the_grade_to_choose_from(page: Client) -> None:
    answer = page.get("/search?q=evaluation&framework=rm1&framework=rm0&grade=G2&max_rate=900&sector=health")
    found = read(answer)
    assert answer.status_code == 400
    assert found.one("option", value="G2").attributes.keys() >= {"selected"}
    chips = {one.text: one.attributes["href"] for one in found.all("a", class_="app-chip")}
    assert list(chips) == ["Remove Framework: rm1", "Remove Framework: rm0", "Remove Sector: health"]
    left = parse_qs(urlsplit(chips["Remove Framework: rm0"]).query)
    assert (left["framework"], left["grade"], left["max_rate"]) == (["rm1"], ["G2"], ["900"])
    assert page.get(chips["Remove Framework: rm0"]).status_code == 200
    assert [one.attributes["name"] for one in found.all("input", type="hidden")] == ["sector"]


def test_rates_are_asked_for_without_naming_a_day(page: Client) -> None:
    shown = read(page.get("/search?framework=rm1&grade=G2"))
    assert {"Rate from, in pounds", "Rate up to, in pounds"} <= set(shown.texts("label"))
    assert "Lowest rate of the grade" in shown.texts("option") + shown.texts("a")


def test_a_framework_without_listings_is_named_at_its_field(page: Client) -> None:
    response = page.get("/search?framework=nope")
    assert response.status_code == 400
    found = read(response)
    (link,) = (element for element in found.all("a") if element.attributes["href"] == "#framework")
    assert link.text == "Framework: 'nope' has no listings; there are rm0, rm1"
    assert found.one("select", id="framework").attributes["aria-describedby"] == "framework-error"


def test_a_rate_without_a_grade_leads_to_the_choice_of_one(page: Client) -> None:
    response = page.get("/search?framework=rm1&min_rate=400")
    assert response.status_code == 400
    found = read(response)
    assert found.texts("ul", class_="govuk-error-summary__list") == ["Grade: the lowest rate needs a grade"]
    assert found.texts("option")[-4:] == ["Any grade", "G1 Junior", "G2 Senior", "G3 Principal"]
    assert found.one("select", id="grade").attributes["aria-describedby"] == "grade-error"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "/search?page=501",
            "Page is further than these pages reach: narrow the search to see other results",
        ),
        ("/search?page=0", "Page: it must be from 1 to 10000"),
        (
            "/search?page=99999999999999999999999",
            "Page is further than these pages reach: narrow the search to see other results",
        ),
        ("/search?page=two", "Page: 'two' is not a whole number"),
        ("/search?after=abc", "There is no filter called after"),
        ("/rates?after=abc", "There is no filter called after"),
        ("/rates?page=201", "Page is further than these pages reach: narrow the search to see other results"),
        ("/search?q=a&q=b", "What you need: give it once"),
        ("/search?sector=astrology", "Sector: 'astrology' is none of central-government, local-government"),
    ],
)
def test_pages_and_choices_that_there_are_not(page: Client, address: str, said: str) -> None:
    response = page.get(address)
    assert response.status_code == 400
    (message,) = read(response).texts("ul", class_="govuk-error-summary__list")
    assert message.startswith(said)


def test_search_is_down_alone(page: Client, tmp_path: Path) -> None:
    with override_settings(INDEX_FOLDER=tmp_path / "none"):
        for address in ("/search?q=vision", "/rates"):
            response = page.get(address)
            assert response.status_code == 503
            assert int(response["Retry-After"]) > 0
            assert read(response).one("h1").text == "Search is not available at the moment"
        for address in ("/", "/frameworks/rm1", "/listings/rm1~alders~alder", "/sign-in"):
            assert page.get(address).status_code == 200


def test_only_reading_is_offered(page: Client) -> None:
    for address in (
        "/",
        "/search",
        "/rates",
        "/frameworks/",
        "/frameworks/rm1",
        "/listings/rm1~alders~alder",
    ):
        assert page.post(address).status_code == 405
        assert page.head(address).status_code == 200


def test_a_value_that_is_misshapen_is_told_by_an_example(page: Client) -> None:
    answer = page.get("/search?specialism=abc")
    told = "Specialism: &#39;abc&#39; is not written as it should be; an example is rm3745~5~16<"
    assert (answer.status_code, told in answer.content.decode()) == (400, True)


def test_a_page_of_more_than_a_page_shows_is_refused_in_words(page: Client) -> None:
    for address, told in (
        ("/search?page_size=21", "Listings on a page: at most 20 can be shown at once"),
        ("/rates?page_size=51", "Lines on a page: at most 50 can be shown at once"),
    ):
        answer = page.get(address)
        assert answer.status_code == 400
        assert told in answer.content.decode()
    assert page.get("/api/v1/listings/?page_size=100").status_code == 200

"""The page that compares: its table, what stands out, the links that carry the choice, refusals."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import Organisation
from tests.web.market import HOSTILE
from tests.web.reading import Page, read, wrong

ALDER, BIRCH, DOGWOOD, OLD = (
    "rm1~alders~alder", "rm1~alders~birch", "rm1~dogwood~dogwood", "rm0~alders~alder",
)  # fmt: skip


def compare(page: Client, *listings: str, more: str = "", status: int = 200) -> Page:
    answer = page.get(f"/compare?{'&'.join(f'listing={one}' for one in listings)}{more}")
    assert answer.status_code == status
    return read(answer)


def table(found: Page) -> dict[str, list[str]]:
    """The cells of each row by its heading; the first row's is ""."""
    lines: dict[str, list[str]] = {}
    line: list[str] = []
    for element in found.elements:
        if element.tag == "tr":
            line = []
        if element.attributes.get("scope") == "row":
            lines[element.text] = line
        elif element.tag in ("th", "td"):
            line.append(element.text)
    return lines


def test_no_reference_of_ours_stands_in_a_cell(page: Client) -> None:
    for listings, more in (
        ((ALDER, DOGWOOD, OLD), "&team=G2:10"), ((ALDER, DOGWOOD), ""), ((ALDER, DOGWOOD), "&team=G2:10&lot=rm1~2a"),
    ):  # fmt: skip
        cells = [one for row in table(compare(page, *listings, more=more)).values() for one in row]
        assert not [one for one in cells if "~" in one], more
    priced = table(compare(page, ALDER, DOGWOOD, more="&team=G2:10&lot=rm1~2a"))
    assert priced["Team without VAT: 10 × G2"][1] == "It is not on lot 2a of RM1."


@pytest.mark.parametrize("listings", [(), (ALDER,)])
def test_too_few_listings_link_to_where_they_are_chosen(page: Client, listings: tuple[str, ...]) -> None:
    found = compare(page, *listings, status=400)
    assert [anchor for _, anchor in wrong(found)] == ["#listing"]
    assert found.one("a", id="listing").text == "Choose listings to compare"


def test_listings_stand_side_by_side(page: Client) -> None:
    found = compare(page, ALDER, DOGWOOD, more="&team=G2:10,%20G3:2.5&lot=rm1~1")
    assert found.texts("h1") == ["Compare 2 listings"]
    assert found.texts("caption") == ["Listings side by side"]
    assert [one.text for one in found.all("th", scope="col")] == [
        "Alder Research on RM1 Fictional firm",
        "Dogwood Digital on RM1 Fictional firm",
    ]
    assert table(found) == {
        "Framework": ["RM1 Advice", "RM1 Advice"],
        "Lots": ["1 Health 2a Digital", "1 Health"],
        "Reached through": ["Consortium Alder", "Dogwood Digital"],
        "Specialisms": ["Evaluation Not stated on some lots", "Evaluation Public engagement"],
        "Regions": ["North East (England) London", "North East (England) London"],
        "Ownership": ["Employee-owned", "Private company"],
        "Size": ["Medium (50 to 249 staff)", "Not stated"],
        "Accreditations": ["Living Wage employer", "None stated"],
        "Last confirmed by the firm": ["5 January 2026", "5 January 2026"],
        "Rate card": [
            "GBP a day, without VAT, card of Consortium Alder on RM1, version 1",
            "GBP a day, without VAT, card of Dogwood Digital on RM1, version 1",
        ],
        "G1 Junior": ["£400 £100 above the median", "£300 The median"],
        "G2 Senior": ["£650.50 £100.50 above the median", "£550 The median"],
        "G3 Principal": ["£900 £100 above the median", "£800 The median"],
        "Team without VAT: 10 × G2, 2.5 × G3": ["£8,755 £1,255 above the median", "£7,500 The median"],
        "Change": ["Remove Alder Research on RM1", "Remove Dogwood Digital on RM1"],
    }
    assert found.one("input", id="team").attributes["value"] == "G2:10, G3:2.5"
    assert [one.text for one in found.all("option", selected="")] == ["1 Health", "Any"]


def test_an_illustrative_card_stands_out_and_stays_out_of_the_median(page: Client) -> None:
    found = compare(page, OLD, ALDER)
    assert "stays out of the medians" in found.one("div", class_="govuk-inset-text").text
    assert [one.text for one in found.all("th", scope="col")] == [
        "Alder Research on RM0 Fictional firm Illustrative",
        "Alder Research on RM1 Fictional firm",
    ]
    assert table(found)["G1 Junior"] == ["£425 (illustrative) £25 above the median", "£400 The median"]
    assert table(found)["Framework"][0] == "RM0 Old advice Not open to call-offs"
    both = compare(page, OLD, "rm0~alders~birch")
    told = both.one("div", class_="govuk-inset-text").text
    assert told.startswith("Illustrative Every rate card compared is made up")


def test_a_made_up_firm_is_marked_as_such(page: Client) -> None:
    Organisation.objects.filter(reference="dogwood").update(scheme="GB-COH", identifier="01234567")
    assert [one.text for one in compare(page, ALDER, DOGWOOD).all("th", scope="col")] == [
        "Alder Research on RM1 Fictional firm",
        "Dogwood Digital on RM1",
    ]


def test_hostile_text_is_shown_as_text(page: Client) -> None:
    found = compare(page, ALDER, BIRCH)
    assert found.all("th", scope="col")[1].text == f"Birch {HOSTILE} on RM1 Fictional firm"


def test_the_choice_is_carried_by_addresses_alone(page: Client) -> None:
    listing = read(page.get(f"/listings/{ALDER}"))
    [begin] = [one for one in listing.all("a") if one.text == "Compare with other listings"]
    search = read(page.get(begin.attributes["href"]))
    assert "1 listing chosen to compare. Choose another. Choose none to compare" in search.texts("p")
    assert [one.attributes["value"] for one in search.all("input", name="compare")] == [ALDER]
    [add] = [one for one in search.all("a") if one.text == "Add to comparison: Dogwood Digital on RM1"]
    assert [one for one in search.all("a") if one.text == "Remove from comparison: Alder Research on RM1"]
    search = read(page.get(add.attributes["href"]))
    [ready] = [one for one in search.all("a") if one.text == "Compare them side by side"]
    assert ready.attributes["href"] == f"/compare?listing={ALDER}&listing={DOGWOOD}"
    found = read(page.get(ready.attributes["href"]))
    hrefs = {one.text: one.attributes["href"] for one in found.all("a")}
    assert hrefs["Add another listing"] == f"/search?compare={ALDER}&compare={DOGWOOD}"
    assert hrefs["Remove Alder Research on RM1"] == f"/search?compare={DOGWOOD}"
    assert hrefs["CSV of this comparison"] == f"/api/v1/comparisons.csv?listing={ALDER}&listing={DOGWOOD}"
    three = compare(page, ALDER, BIRCH, DOGWOOD, more="&work_type=advice")
    remove = next(one for one in three.all("a") if one.text == "Remove Dogwood Digital on RM1")
    assert remove.attributes["href"] == f"/compare?listing={ALDER}&listing={BIRCH}&work_type=advice"


def test_ten_are_the_most_that_can_be_chosen(page: Client) -> None:
    chosen = "&".join(f"compare=rm1~alders~x{number}" for number in range(10))
    found = read(page.get(f"/search?framework=rm1&{chosen}"))
    assert not [one for one in found.all("a") if one.text.startswith("Add to comparison")]


def test_a_refused_search_keeps_the_choice(page: Client) -> None:
    answer = page.get(f"/search?min_rate=x&compare={ALDER}")
    assert answer.status_code == 400
    assert [one.attributes["value"] for one in read(answer).all("input", name="compare")] == [ALDER]


@pytest.mark.parametrize(
    ("listings", "more", "said"),
    [
        ((), "", ["Listings: compare 2 to 10 listings; these are 0"]),
        ((ALDER,), "", ["Listings: compare 2 to 10 listings; these are 1"]),
        ((ALDER, "rm1~x~y"), "", ["Listings: there is no listing rm1~x~y"]),
        ((ALDER, DOGWOOD), "&team=G1:0", ["Team: it must be above 0 and at most 100000"]),
        (
            (ALDER, DOGWOOD),
            "&team=abc",
            ["Team: 'abc' is no line of a team; write a grade, a colon and its days, such as G3:10"],
        ),
        ((ALDER, DOGWOOD), "&colour=red", ["There is no filter called colour"]),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_told(
    page: Client, listings: tuple[str, ...], more: str, said: list[str]
) -> None:
    found = compare(page, *listings, more=more, status=400)
    assert [one.text for one in found.all("li") if one.text in said] == said
    assert found.texts("title")[0] == "Error: Compare listings – Calloff"
    hrefs = [one.attributes["href"] for one in found.all("a") if one.text == "Choose listings to compare"]
    assert hrefs == [f"/search?{'&'.join(f'compare={one}' for one in listings)}".rstrip("?")]


def test_the_number_of_queries_does_not_grow(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for listings in ((ALDER, DOGWOOD), (ALDER, BIRCH, DOGWOOD, OLD)):
        with django_assert_num_queries(14):
            compare(page, *listings, more="&team=G1:1")

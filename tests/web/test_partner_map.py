"""The partner map: what a search finds, by region and ownership form, and the way back to the list."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from tests.web.reading import read, rows, wrong
from web.partner_map import _legend, _shade

TABLE = "Partners by region and ownership"


def counts(page: Client, address: str) -> list[list[str]]:
    return rows(read(page.get(address)), TABLE)


def test_partners_count_in_every_region_that_they_work_in(page: Client) -> None:
    assert counts(page, "/map?framework=rm1") == [
        ["Region", "All", "Employee-owned", "Not stated", "Private company", "Listings"],
        ["London", "3", "1", "1", "1", "3"],
        ["North East (England)", "3", "1", "1", "1", "3"],
        [
            "Anywhere",
            "3",
            "1 partner: Employee-owned, 1 listing",
            "1 partner: Not stated, 1 listing",
            "1 partner: Private company, 1 listing",
            "3",
        ],
    ]


def test_a_partner_on_two_frameworks_counts_once_and_its_listings_are_said_beside(page: Client) -> None:
    found = counts(page, "/map?supplier=alders")
    assert [(row[0], row[1], row[-1]) for row in found[1:]] == [
        ("London", "2", "4"), ("North East (England)", "2", "4"), ("Anywhere", "2", "4"),
    ]  # fmt: skip
    shown = read(page.get("/map?supplier=alders"))
    (told,) = (one for one in shown.texts("p") if "by region" in one)
    assert told == (
        "2 partners by region and ownership, with 4 listings among them: one for each framework that a partner stands "
        "on. A partner counts once in every region that it works in. See the listings"
    )
    tiles = [one.text for one in shown.all("a", class_="app-map__link")]
    assert tiles == ["London 2 partners, 4 listings", "North East (England) 2 partners, 4 listings"]


def test_it_takes_the_filters_and_words_of_a_search(page: Client) -> None:
    assert counts(page, "/map?framework=rm1&q=vision") == [
        ["Region", "All", "Employee-owned", "Listings"],
        ["London", "1", "1", "1"],
        ["North East (England)", "1", "1", "1"],
        ["Anywhere", "1", "1 partner: Employee-owned, 1 listing", "1"],
    ]
    assert counts(page, "/map?framework=rm1&ownership=private-company")[0] == [
        "Region",
        "All",
        "Private company",
        "Listings",
    ]


def test_a_tile_says_how_many_and_leads_to_them(page: Client) -> None:
    shown = read(page.get("/map?framework=rm1&q=vision&sector=health"))
    tiles = shown.all("a", class_="app-map__link")
    assert [one.text for one in tiles] == [
        "London 1 partner, 1 listing",
        "North East (England) 1 partner, 1 listing",
    ]
    target = urlsplit(tiles[0].attributes["href"])
    assert (target.path, parse_qs(target.query)) == (
        "/search",
        {"framework": ["rm1"], "q": ["vision"], "sector": ["health"], "region": ["TLI"]},
    )
    assert read(page.get(tiles[0].attributes["href"])).texts("h2")[1] == "1 listing"
    assert [
        one.attributes["class"].rpartition("-")[2] for one in shown.all("li", class_="app-map__tile")
    ] == ["1", "1"]
    assert shown.one("p", class_="app-map-legend").text == (
        "Partners by shade: 1 Every region that has any has as many."
    )


def test_regions_that_differ_a_little_differ_in_shade_and_the_shades_are_told() -> None:
    held = [64, 66, 70, 75, 79, 83, 83]
    assert [_shade(count, held) for count in (0, *held)] == [0, 1, 1, 2, 3, 4, 5, 5]
    assert [(one.shade, one.fewest, one.most) for one in _legend(held)] == [
        (1, 64, 66),
        (2, 70, 70),
        (3, 75, 75),
        (4, 79, 79),
        (5, 83, 83),
    ]
    assert _legend([]) == ()


def test_every_filter_of_a_search_stands_as_a_chip_and_stays_in_the_form(page: Client) -> None:
    address = "/map?framework=rm1&lot=1&accreditation=living-wage&grade=G2&max_rate=900"
    shown = read(page.get(address))
    hidden = {one.attributes["name"]: one.attributes["value"] for one in shown.all("input", type="hidden")}
    # The lot by its reference, as its chip calls it, which takes it away.
    sent = {
        "framework": "rm1",
        "lot": "rm1~1",
        "accreditation": "living-wage",
        "grade": "G2",
        "max_rate": "900",
    }
    assert hidden == sent
    chips = shown.all("a", class_="app-chip")
    assert [one.text for one in chips] == [
        "Remove Framework: RM1 Advice",
        "Remove Lot: RM1 lot 1: Health",
        "Remove Accreditation: Living Wage employer",
        "Remove Grade: G2",
        "Remove Up to £900",
    ]
    less = urlsplit(chips[2].attributes["href"])
    assert (less.path, parse_qs(less.query)) == (
        "/map",
        {name: [value] for name, value in sent.items() if name != "accreditation"},
    )
    (change,) = (one for one in shown.all("a") if one.text == "Change the filters")
    back = urlsplit(change.attributes["href"])
    assert (back.path, parse_qs(back.query)) == ("/search", {name: [value] for name, value in sent.items()})


def test_the_start_page_and_a_search_lead_to_the_map(page: Client) -> None:
    assert [one.text for one in read(page.get("/")).all("a", href="/map")] == ["See where partners work"]
    (there,) = (
        one.attributes["href"]
        for one in read(page.get("/search?framework=rm1")).all("a")
        if one.text == "See where they work"
    )
    assert there == "/map?framework=rm1"


def test_what_finds_nothing_says_so(page: Client) -> None:
    shown = read(page.get("/map?q=nothing-like-this"))
    assert shown.all("ul", class_="app-map") == []
    told = "Nothing was found in any region. Try other words or fewer filters, or see every partner."
    assert told in shown.texts("p")
    assert [one.attributes["href"] for one in shown.all("a") if one.text == "see every partner"] == ["/map"]


def test_a_word_that_is_misspelt_is_corrected_with_a_link(page: Client) -> None:
    shown = read(page.get("/map?framework=rm1&q=evalution"))
    assert "Did you mean evaluation?" in shown.texts("p")
    (link,) = (one for one in shown.all("a") if one.text == "evaluation")
    target = urlsplit(link.attributes["href"])
    assert (target.path, parse_qs(target.query)) == ("/map", {"framework": ["rm1"], "q": ["evaluation"]})
    assert "Did you mean" not in read(page.get("/map?q=evaluation")).one("main").text


@pytest.mark.parametrize("query", ["framework=NOPE", "region=London", "colour=red", "q=x&min_rate=5"])
def test_what_is_wrong_is_told_on_the_map_with_a_link_to_where(page: Client, query: str) -> None:
    answer = page.get(f"/map?{query}")
    shown = read(answer)
    assert (answer.status_code, shown.one("h1").text) == (400, "Partner map")
    assert [anchor for _, anchor in wrong(shown) if anchor and not shown.all(id=anchor[1:])] == []
    assert wrong(shown) != []
    assert shown.one("form", method="get", action="/map") is not None


def test_no_statement_is_sent_and_an_index_that_is_away_is_told(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries, tmp_path: Path
) -> None:
    with django_assert_num_queries(0):
        assert page.get("/map").status_code == 200
    with override_settings(INDEX_FOLDER=tmp_path / "none"):
        assert page.get("/map").status_code == 503

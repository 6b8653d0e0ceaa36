"""The partner map: what a search finds, by region and ownership form, and the way back to the list."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from tests.web.reading import read, rows
from web.partner_map import _legend, _shade

TABLE = "Listings by region and ownership"


def counts(page: Client, address: str) -> list[list[str]]:
    return rows(read(page.get(address)), TABLE)


def test_listings_count_in_every_region_that_they_work_in(page: Client) -> None:
    assert counts(page, "/map?framework=rm1") == [
        ["Region", "All", "Employee-owned", "Not stated", "Private company"],
        ["London", "3", "1", "1", "1"],
        ["North East (England)", "3", "1", "1", "1"],
        [
            "Anywhere",
            "3",
            "1 listing: Employee-owned",
            "1 listing: Not stated",
            "1 listing: Private company",
        ],
    ]


def test_it_takes_the_filters_and_words_of_a_search(page: Client) -> None:
    assert counts(page, "/map?framework=rm1&q=vision") == [
        ["Region", "All", "Employee-owned"],
        ["London", "1", "1"],
        ["North East (England)", "1", "1"],
        ["Anywhere", "1", "1 listing: Employee-owned"],
    ]
    assert counts(page, "/map?framework=rm1&ownership=private-company")[0] == [
        "Region",
        "All",
        "Private company",
    ]


def test_a_tile_says_how_many_and_leads_to_them(page: Client) -> None:
    shown = read(page.get("/map?framework=rm1&q=vision&sector=health"))
    tiles = shown.all("a", class_="app-map__link")
    assert [one.text for one in tiles] == ["London 1", "North East (England) 1"]
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
        "Listings by shade: 1 Every region that has any has as many."
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
    sent = {"framework": "rm1", "lot": "1", "accreditation": "living-wage", "grade": "G2", "max_rate": "900"}
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
    assert "Nothing was found in any region." in shown.texts("p")


@pytest.mark.parametrize("query", ["framework=NOPE", "region=London", "colour=red", "q=x&min_rate=5"])
def test_what_is_wrong_is_told_by_the_search_page(page: Client, query: str) -> None:
    answer = page.get(f"/map?{query}")
    assert (answer.status_code, urlsplit(answer["Location"]).path) == (303, "/search")
    assert page.get(answer["Location"]).status_code == 400


def test_no_statement_is_sent_and_an_index_that_is_away_is_told(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries, tmp_path: Path
) -> None:
    with django_assert_num_queries(0):
        assert page.get("/map").status_code == 200
    with override_settings(INDEX_FOLDER=tmp_path / "none"):
        assert page.get("/map").status_code == 503

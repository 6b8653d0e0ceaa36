"""Pages of results and the API's count what they show; not to firms, not to programs that gather pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import DayFinds, MonthFinds
from search.finds import finds
from tests.web.buying import ALDER, BIRCH, DOGWOOD, NEED, signed
from tests.web.reading import read, rows

UNSEEN = "No page of results has shown it since"
GATHERER = {"User-Agent": "Mozilla/5.0 (compatible; Examplebot/2.1)"}


@pytest.fixture
def counting() -> Iterator[None]:
    """This process counts as one of gunicorn's does; nothing is written but by the tests."""
    finds.begin(600)
    yield
    with finds._lock:
        finds._counts.clear()
    finds.end()


def counted() -> dict[str, tuple[int, int]]:
    """Writes what was counted and reads all of it."""
    finds.write()
    return {one.listing: (one.searches, one.matches) for one in DayFinds.objects.all()}


@pytest.mark.parametrize("address", ["/search", "/api/v1/listings/"])
def test_a_search_counts_the_listings_of_its_page(
    page: Client, counting: None, address: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert page.get(f"{address}?framework=rm1").status_code == 200
    found = counted()
    assert found == dict.fromkeys(found, (1, 0))
    assert {ALDER, BIRCH, DOGWOOD} == set(found)
    page.get(f"{address}?framework=rm1&q=evaluation")
    page.head(f"{address}?framework=rm1")
    page.get(f"{address}?framework=rm1", headers=GATHERER)
    page.get(f"{address}?framework=rm1&page=9")
    found = counted()
    assert found[ALDER] == (2, 0)
    assert found[DOGWOOD][0] in (1, 2)


@pytest.mark.parametrize("address", ["/search", "/api/v1/listings/"])
def test_a_firm_that_searches_is_not_counted_and_a_buyer_is(
    page: Client, counting: None, address: str
) -> None:
    signed(page, "alder@example.org").get(f"{address}?framework=rm1")
    assert counted() == {}
    signed(page).get(f"{address}?framework=rm1")
    assert counted()[ALDER] == (1, 0)


def test_a_match_counts_what_it_shows_and_once(page: Client, counting: None) -> None:
    signed(page).post("/match", NEED | {"must_specialism": []})
    shown = counted()
    assert shown
    assert set(shown.values()) == {(0, 1)}
    sent = {"need": {"text": "Evaluation of a service.", "framework": "rm1"}, "keep": False}
    assert Client().post("/api/v1/matches/", sent, "application/json").status_code == 200
    assert counted()[ALDER] == (0, 2)


def test_a_firm_reads_how_often_it_was_found(page: Client, counting: None) -> None:
    for _ in range(3):
        page.get("/search?framework=rm1&q=evaluation")
    page.get("/search?framework=rm0")
    finds.write()
    shown = read(signed(page, "alder@example.org").get("/firms/alder"))
    by_month, by_listing = (
        rows(shown, caption) for caption in ("By month", "By listing, in the last 30 days")
    )
    month = MonthFinds.objects.filter(partner="alder").get().month
    assert by_month[1:] == [[f"{month:%B %Y}", "In searches: 4", "In matches: 0", "Place: 1 of 3 firms"]]
    assert by_listing[1:] == [
        ["RM1 Advice, Consortium Alder Lots: 1, 2a", "In searches: 3", "In matches: 0"],
        ["RM0 Old advice, Consortium Alder Lots: 1, 2a", "In searches: 1", "In matches: 0"],
    ]
    found = read(signed(page, "reader@example.org").get("/firms/alder"))
    assert not any(one.startswith(UNSEEN) for one in found.texts("p"))


def test_a_firm_that_nobody_found_reads_that(signed_in: Client) -> None:
    assert any(one.startswith(UNSEEN) for one in read(signed_in.get("/firms/alder")).texts("p"))

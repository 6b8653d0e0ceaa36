"""A page's state in its address, and the pages that a pagination shows."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from web.address import Address
from web.faults import plain_amounts
from web.paging import pages

ASKED = Address.of("/search", QueryDict("q=+two+words+&lot=a&lot=b&lot=a&min_rate=&page=3"))


def test_blank_and_repeated_values_are_dropped() -> None:
    assert str(ASKED) == "/search?q=two+words&lot=a&lot=b&page=3"


def test_one_step_away() -> None:
    assert str(ASKED.less("lot", "a")) == "/search?q=two+words&lot=b&page=3"
    assert str(ASKED.plus("lot", "c")) == "/search?q=two+words&lot=a&lot=b&page=3&lot=c"
    assert str(ASKED.without("page", "lot")) == "/search?q=two+words"
    assert str(ASKED.put({"page": "4"})) == "/search?q=two+words&lot=a&lot=b&page=4"
    assert str(ASKED.put({"page": "", "q": "x"})) == "/search?lot=a&lot=b&q=x"
    assert str(ASKED.only(["q"])) == "/search?q=two+words"
    assert str(ASKED.at("/rates").only(["lot"])) == "/rates?lot=a&lot=b"
    assert str(Address("/search")) == "/search"


def test_values_are_called_as_they_stand() -> None:
    asked = Address.of("/search", QueryDict("q=x&lot=RM1~1&framework=RM1&region=TLC&lot=rm1~1&page=3"))
    stand = {"lot": ("rm1~1",), "framework": ("one", "two"), "region": ("TLC",), "supplier": ("elm",)}
    assert str(asked.named(stand)) == "/search?q=x&lot=rm1~1&framework=one&framework=two&region=TLC&page=3"
    assert ASKED.named({"lot": ("b", "a")}) == ASKED


def test_values_are_quoted_for_an_address() -> None:
    assert str(Address("/search").plus("q", "a&b=c d/é")) == "/search?q=a%26b%3Dc+d%2F%C3%A9"


def test_amounts_may_be_written_as_people_write_them() -> None:
    asked = Address("/rates", (("min_rate", "£1,250.50"), ("q", "£1,250")))
    assert plain_amounts(asked).pairs == (("min_rate", "1250.50"), ("q", "£1,250"))


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (1, [1, 2, 0, 10]),
        (3, [1, 2, 3, 4, 0, 10]),
        (4, [1, 2, 3, 4, 5, 0, 10]),
        (5, [1, 0, 4, 5, 6, 0, 10]),
        (10, [1, 0, 9, 10]),
    ],
)
def test_pagination_shows_the_ends_and_the_neighbours(page: int, shown: list[int]) -> None:
    found = pages(Address("/search"), 200, page, 20, 10_000)
    assert [item.number for item in found.items] == shown
    assert [item.number for item in found.items if item.current] == [page]
    assert (found.first_hit, found.last_hit) == (page * 20 - 19, page * 20)


def test_pagination_stops_at_the_deepest_hit() -> None:
    found = pages(Address("/search"), 20_000, 500, 20, 10_000)
    assert (found.last, found.next, found.beyond) == (500, "", True)
    assert found.previous == "/search?page=499"


def test_one_page_needs_no_pagination() -> None:
    found = pages(Address("/search"), 20, 1, 20, 10_000)
    assert (found.items, found.previous, found.next, found.beyond) == ((), "", "", False)


def test_the_first_page_has_no_number_in_its_address() -> None:
    found = pages(Address("/search", (("page", "2"),)), 60, 2, 20, 10_000)
    assert (found.previous, found.next) == ("/search", "/search?page=3")


def test_a_page_past_the_end_leads_to_the_last() -> None:
    found = pages(Address("/search"), 41, 9, 20, 10_000)
    assert (found.last, found.final, found.previous, found.next) == (3, "/search?page=3", "", "")

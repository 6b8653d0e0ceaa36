"""Regions of one scheme by the codes of the other."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from procurement.ground import codes_in
from tests.world import make_regions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("scheme", "asked", "found"),
    [
        ("NUTS2013", ["TLE", "TLC"], ("UKE", "UKC")),
        ("ITL2025", ["UKE"], ("TLE",)),
        # Two of one scheme share a twin, and one has several.
        ("NUTS2013", ["TLL3", "TLL4"], ("UKL1", "UKL2")),
        ("ITL2025", ["UKH1"], ("TLH4", "TLH5", "TLH6")),
        # Codes of the scheme itself, of the whole kingdom and of nowhere stay.
        ("NUTS2013", ["UKE", "UK", "XX", "TLE"], ("UKE", "UK", "XX")),
        ("ITL2025", ["TLE", "UKE"], ("TLE",)),
    ],
)
def test_a_region_is_named_by_the_codes_that_share_its_ground(
    scheme: str, asked: list[str], found: tuple[str, ...], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_regions()
    with django_assert_num_queries(1):
        assert codes_in(scheme, asked) == found


def test_what_names_the_whole_ground_comes_before_what_shares_some_of_it() -> None:
    make_regions()
    assert codes_in("NUTS2013", ["TLM2"]) == ("UKM6",)


def test_no_region_is_none_without_a_question(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert codes_in("NUTS2013", []) == ()

"""Totals are exact beyond the deepest page: nobody is told 10,000 for what is more."""

from __future__ import annotations

from datetime import date

import pytest

from search.engines.base import Engine
from search.query import DEEPEST_HIT, ListingQuery
from search.rate_query import RateQuery
from tests.search.engines import Indexing
from tests.search.listing_documents import fill, listing
from tests.search.rate_market import USD, build, card, line

FOUND = DEEPEST_HIT + 5
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def crowded(indexing: Indexing) -> Engine:
    """Five listings, and five lines, more than pages reach."""
    engine = indexing.empty()
    fill(engine, (listing(f"firm-{number}", summary="Evaluation") for number in range(FOUND)))
    build(engine, [card("c1", [line("c1", number) for number in range(FOUND)])])
    return engine


@pytest.mark.parametrize("q", ["", "evaluation"])
def test_totals_of_listings_are_exact_beyond_ten_thousand(crowded: Engine, q: str) -> None:
    result = crowded.search_listings(ListingQuery(q=q, on=TODAY, page_size=1))
    assert result.count == FOUND
    assert [(value.value, value.count) for value in result.facets[0].values] == [("rm3745", FOUND)]


@pytest.mark.parametrize("q", ["", "engineer"])
def test_totals_and_statistics_of_rates_are_exact_beyond_ten_thousand(crowded: Engine, q: str) -> None:
    result = crowded.search_rates(RateQuery(q=q, as_of=TODAY, **USD))
    assert result.count == FOUND
    assert result.statistics is not None
    assert result.statistics.count == FOUND

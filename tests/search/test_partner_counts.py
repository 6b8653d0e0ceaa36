"""Partners are counted, not listings: once each, anywhere and by region and ownership form, exactly on every engine."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any, Final

import orjson
import pytest

from search.engines.base import Engine
from search.index import engine
from search.query import ListingQuery, PartnerCount
from tests.search.engines import Indexing, index
from tests.search.listing_documents import listing, lots, offering, specialism

pytestmark = pytest.mark.django_db

TODAY: Final = date(2026, 11, 22)
REGIONS: Final = ("TLC", "TLI", "TLM", "TLL", "nowhere")
ASKED: Final[list[dict[str, Any]]] = [
    {},
    {"q": "evaluation"},
    {"q": "-health"},
    {"q": "evalution"},
    {"q": "zzzzqqq"},
    {"framework": ("rm3745",), "region": ("UKC",)},
    {"region": ("TLM",), "ownership": ("charity", "employee-owned")},
    {"q": "evaluation", "lot": ("cx-demo-01~2a",), "region": ("TLC", "TLI")},
    {"specialism": ("cx-demo-01~2a~4",), "sector": ("health",)},
    {"status": ("expired",), "size": ("small",)},
    {"framework": ("rm6309",), "grade": "G3", "max_rate": 90_000},
]


def question(asked: dict[str, Any]) -> ListingQuery:
    filters = {name: values for name, values in asked.items() if isinstance(values, tuple)}
    others = {name: value for name, value in asked.items() if name not in filters}
    return ListingQuery(filters=filters, on=TODAY, **others)


def distinct(found: Engine, query: ListingQuery) -> PartnerCount:
    """The partners of every listing that answers, gone through one by one."""
    forms: dict[str, set[str]] = defaultdict(set)
    for _, stored in found.answering(query):
        one = orjson.loads(stored)
        forms[one["ownership"]].add(one["partner"]["reference"])
    return PartnerCount(len(set().union(*forms.values())), {form: len(held) for form, held in forms.items()})


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_partners_are_counted_as_listings_tell_them(each_demonstration: str, asked: dict[str, Any]) -> None:
    found, query = engine(), question(asked)
    counted = found.count_partners(query, REGIONS)
    assert counted.anywhere == distinct(found, query)
    assert list(counted.by_region) == list(REGIONS)
    for region in REGIONS:
        within = replace(query, filters={**query.filters, "region": (region,)})
        assert counted.by_region[region] == distinct(found, within), region


def test_a_partner_on_several_frameworks_counts_once_and_by_the_offering_that_meets_the_question(
    indexing: Indexing,
) -> None:
    def one(partner: str, framework: str, *places: str, ownership: str = "charity") -> dict[str, Any]:
        lot = f"{framework}~1"
        return listing(
            partner,
            framework=framework,
            lots=lots(framework, "1"),
            specialisms=[specialism(lot, str(number), "Care") for number, _ in enumerate(places, 1)],
            offerings=[offering(lot, f"{lot}~{number}", place) for number, place in enumerate(places, 1)],
            ownership=ownership,
        )

    found = index(
        indexing,
        [
            one("ash", "rm1", "TLC", "TLI"),
            one("ash", "rm2", "TLC"),
            one("oak", "rm1", "TLI", "TLC", ownership="mutual"),
            one("elm", "rm2", "TLI"),
        ],
    )
    every = found.count_partners(ListingQuery(on=TODAY), ("TLC", "TLI"))
    assert every.anywhere == PartnerCount(3, {"charity": 2, "mutual": 1})
    assert every.by_region == {
        "TLC": PartnerCount(2, {"charity": 1, "mutual": 1}),
        "TLI": PartnerCount(3, {"charity": 2, "mutual": 1}),
    }
    asked = ListingQuery(filters={"specialism": ("rm1~1~1",), "region": ("TLI",)}, on=TODAY)
    met = found.count_partners(asked, ("TLC", "TLI"))
    assert met.anywhere == PartnerCount(1, {"mutual": 1})
    assert met.by_region == {
        "TLC": PartnerCount(1, {"charity": 1}),
        "TLI": PartnerCount(1, {"mutual": 1}),
    }

"""Each engine against a plain scan of the documents: totals, ids, facet counts, ranges, sorts and
pages, exactly.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from search.engines.base import Engine
from search.query import ListingQuery, ListingResult
from tests.examples import examples
from tests.search.engines import Indexing
from tests.search.listing_documents import fill, listing, lots, offering, rate, specialism
from tests.search.listing_scan import Scan, lowest_rate

# Every example builds an index: what fails is printed as it is, without the long way to a smaller one.
PHASES = (Phase.explicit, Phase.generate)
TODAY = date(2026, 11, 22)
WORDS = [
    "vision",
    "rehabilitation",
    "evaluation",
    "evaluate",
    "social",
    "care",
    "school",
    "data",
    "of",
    "the",
    "3i",
    "Café",
]
NAMES = ["Alder & Sons", "Beech Care", "Beech care", "Café Noir", "School of Data", "Vision 20", "The Elm"]
FRAMEWORKS = ("rm1", "rm2")
DAYS = [
    {"starts_on": first, "ends_on": last}
    for first in ("2025-01-01", "2026-11-22", "2026-11-23")
    for last in (None, "2026-11-21", "2026-11-22", "2027-11-22")
    if last is None or first <= last
]
REGIONS = ("UK", "TLC", "TLD", "UKC", "UKD")

texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for number in range(draw(st.integers(1, 9))):
        framework = draw(st.sampled_from(FRAMEWORKS))
        offers = draw(
            st.lists(
                st.tuples(
                    st.sampled_from(("1", "2")),
                    st.sampled_from((None, "1", "2")),
                    st.sets(st.sampled_from(REGIONS)),
                ),
                min_size=1,
                max_size=4,
            )
        )
        held = sorted({lot for lot, _, _ in offers})
        made.append(
            listing(
                f"p{number}",
                framework=framework,
                supplier=draw(st.sampled_from(("s1", "s2"))),
                name=draw(st.sampled_from(NAMES)),
                status=draw(st.sampled_from(("live", "expired", "coming"))),
                **draw(st.sampled_from(DAYS)),
                lots=lots(framework, *held),
                specialisms=[
                    specialism(f"{framework}~{lot}", which, draw(texts))
                    for lot, which in sorted({(lot, which) for lot, which, _ in offers if which})
                ],
                offerings=[
                    offering(
                        f"{framework}~{lot}",
                        f"{framework}~{lot}~{which}" if which else None,
                        *sorted(regions),
                    )
                    for lot, which, regions in offers
                ],
                summary=draw(texts),
                case_studies=[{"key": "c1", "title": draw(texts), "text": draw(texts)}],
                sectors=draw(st.lists(st.sampled_from(("health", "education")), unique=True)),
                ownership=draw(st.sampled_from(("charity", "not-stated"))),
                comparable=draw(st.sampled_from((True, True, False))),
                accreditations=draw(st.lists(st.sampled_from(("b-corp", "iso-9001")), unique=True)),
                rates=[
                    rate(grade, price, f"{framework}~{lot}" if lot else None)
                    for grade, price, lot in draw(
                        st.lists(
                            st.tuples(
                                st.sampled_from(("G1", "G2")),
                                st.sampled_from((500, 600, 700)),
                                st.sampled_from((None, "1", "2")),
                            ),
                            max_size=4,
                        )
                    )
                ],
            )
        )
    return made


QUESTIONS = [
    "",
    "vision",
    "evaluations",
    "social care",
    '"social care"',
    '"school of data"',
    "care -school",
    '-"social care"',
    "vis*",
    "beech care",
    "cafe noir",
    "the elm",
    "3i vision rehab",
    "scohol evalution",
    "visual impairment",
    "RM1",
    '"',
    "charity",
    "unheardof zzzz",
]


@st.composite
def questions(draw: st.DrawFn) -> ListingQuery:
    filters = {
        "framework": draw(st.sampled_from(((), ("rm1",), ("rm1", "rm2")))),
        "status": draw(st.sampled_from(((), ("live",), ("expired", "coming")))),
        "lot": draw(st.sampled_from(((), ("rm1~1",), ("rm1~1", "rm2~2")))),
        "specialism": draw(st.sampled_from(((), (), ("rm1~1~1",), ("rm1~1~2", "rm2~1~1")))),
        "region": draw(st.sampled_from(((), ("TLC",), ("UKC", "UKD"), ("nowhere",)))),
        "sector": draw(st.sampled_from(((), ("health",), ("health", "education")))),
        "ownership": draw(st.sampled_from(((), (), ("charity",)))),
        "supplier": draw(st.sampled_from(((), (), ("s1",)))),
        "accreditation": draw(st.sampled_from(((), (), ("b-corp",)))),
    }
    query = ListingQuery(
        q=draw(st.sampled_from(QUESTIONS) | texts),
        filters={name: values for name, values in filters.items() if values},
        sort=draw(st.sampled_from(("relevance", "name"))),
        seed=draw(st.integers(0, 15)),
        page_size=100,
        on=TODAY,
    )
    if filters["framework"] == ("rm1",) and draw(st.booleans()):
        least = draw(st.sampled_from((None, 55_000)))
        most = draw(st.sampled_from((None, 60_000)))
        query = replace(
            query,
            grade="G1",
            min_rate=least,
            max_rate=most,
            sort=draw(st.sampled_from(("relevance", "rate"))),
        )
    return query


def assert_agrees(scan: Scan, query: ListingQuery, result: ListingResult) -> None:
    found = scan.matches(query)
    assert result.count == len(found)
    scores = {hit.reference: hit.score for hit in result.hits}
    expected = {scan.listings[at]["key"]: score for at, score in found.items()}
    assert scores.keys() == expected.keys()
    for key, score in expected.items():
        assert abs(scores[key] - score) < 0.001
    assert [hit.reference for hit in result.hits] == scan.order(query, scores)
    by_key = {document["key"]: document for document in scan.listings}
    for hit in result.hits:
        price = lowest_rate(by_key[hit.reference], query) if query.grade else None
        assert (hit.rate.price_minor if hit.rate else None) == price
        assert abs(sum(reason.score for reason in hit.why) - hit.score) < 1e-9
    for facet in result.facets:
        if facet.name != "region":
            counted = {value.value: value.count for value in facet.values if value.count}
            assert counted == scan.facet(query, facet.name), facet.name


def region_counts(scan: Scan, query: ListingQuery) -> dict[str, int]:
    """What the region facet shows: one scheme's codes, and those asked for."""
    own = "UKC UKD UK" if len(query.filters.get("framework", ())) == 1 else "TLC TLD UK"
    shown = {*own.split(), *query.filters.get("region", ())}
    return {value: count for value, count in scan.facet(query, "region").items() if value in shown}


@pytest.fixture(scope="module")
def engine(indexing: Indexing) -> Engine:
    """One engine, whose index every example builds anew."""
    return indexing.empty()


@settings(max_examples=examples(25), phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.lists(questions(), min_size=8, max_size=8))
def test_engine_agrees_with_a_plain_scan(
    engine: Engine, corpus: list[dict[str, Any]], asked: list[ListingQuery]
) -> None:
    fill(engine, corpus)
    scan = Scan(corpus)
    for query in asked:
        result = engine.search_listings(query)
        assert_agrees(scan, query, result)
        regions = next(facet for facet in result.facets if facet.name == "region")
        framework = query.filters.get("framework", ())
        if len(framework) != 1 or any(document["framework"] == framework[0] for document in corpus):
            counted = {value.value: value.count for value in regions.values if value.count}
            assert counted == region_counts(scan, query)


@settings(max_examples=examples(6), phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), documents(), questions())
def test_engine_agrees_after_updates_and_removals(
    engine: Engine, before: list[dict[str, Any]], after: list[dict[str, Any]], query: ListingQuery
) -> None:
    """Counts and ids are exact whatever was replaced and removed; scores count what is removed until segments
    merge.
    """
    fill(engine, before)
    gone = before[0]["key"]
    with engine.writer() as writer:
        writer.apply("listings", [document | {"version": 2} for document in after], [(gone, 3)])
    standing = {document["key"]: document for document in (*before, *after) if document["key"] != gone}
    scan = Scan(list(standing.values()))
    for one in (query, replace(query, q=""), replace(query, q="vision")):
        result = engine.search_listings(one)
        assert {hit.reference for hit in result.hits} == {
            scan.listings[at]["key"] for at in scan.matches(one)
        }
        assert result.count == len(result.hits)
        for facet in result.facets:
            if facet.name != "region":
                counted = {value.value: value.count for value in facet.values if value.count}
                assert counted == scan.facet(one, facet.name), facet.name

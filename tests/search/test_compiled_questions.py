"""What Elasticsearch is asked: whole requests, kept readable in golden/, so that a change of one is seen in review.

After a change that is meant: `GOLDEN=write` in the environment of a run of this file writes them anew.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from search.engines.elasticsearch.indices import ANALYSIS
from search.engines.elasticsearch.listings_query import search_body
from search.engines.elasticsearch.listings_shape import SHAPE, sources_of
from search.engines.elasticsearch.listings_suggest import partners_body
from search.engines.record_maker import RecordMaker
from search.planner import plan
from search.query import Cursor, ListingQuery, SuggestionQuery
from tests.search.listing_documents import listing, offering, rate, specialism
from tests.search.listing_scan import Scan

GOLDEN = Path(__file__).with_name("golden")
DAY = date(2026, 11, 22)
DOCUMENTS = [
    listing(
        "opm-group",
        name="OPM Group",
        summary="Evaluation of vision rehabilitation in social care",
        specialisms=[specialism("rm3745~5", "4", "Social care")],
        offerings=[offering("rm3745~5", "rm3745~5~4", "UK", "TLC")],
        sectors=["health"],
        rates=[rate("G1", 500), rate("G1", 400, "rm3745~5")],
    )
]
QUESTIONS: dict[str, ListingQuery] = {
    "everything": ListingQuery(on=DAY),
    "words": ListingQuery(q="social care evalution", on=DAY, seed=3),
    "phrase_and_exclusions": ListingQuery(q='"vision of rehabilitation" -social opm*', on=DAY, facets=False),
    "offering": ListingQuery(
        filters={"lot": ("rm3745~5",), "region": ("TLC", "TLD"), "sector": ("health",)}, on=DAY
    ),
    "status_of_the_day": ListingQuery(filters={"status": ("live", "expired")}, on=DAY, facets=False),
    "by_rate": ListingQuery(
        filters={"framework": ("rm3745",), "lot": ("rm3745~5",)},
        grade="G1",
        min_rate=30_000,
        max_rate=50_000,
        sort="rate",
        after=Cursor("rate", 2, 40_000, "rm3745~ppl~opm-group"),
        seed=2,
        on=DAY,
    ),
    "by_name": ListingQuery(
        q="social",
        sort="name",
        after=Cursor("name", 0, "opm group", "rm3745~ppl~opm-group"),
        on=DAY,
        facets=False,
    ),
}


def compare(name: str, body: Any) -> None:
    file = GOLDEN / f"{name}.json"
    written = json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(written, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_compiled_as_it_stands_in_golden(name: str) -> None:
    query = QUESTIONS[name]
    compare(name, search_body(query, plan(query.q, Scan(DOCUMENTS)), query.facets))


def test_the_mapping_the_document_and_a_completion_are_as_they_stand_in_golden() -> None:
    compare("mapping", {"properties": SHAPE.properties, "analysis": ANALYSIS, "source": SHAPE.source})
    (source,) = sources_of(DOCUMENTS[:1], RecordMaker(None))
    compare("document", source | {"record": "…"})
    compare("completion", partners_body(SuggestionQuery("opm", frameworks=("rm3745",)), "opm"))

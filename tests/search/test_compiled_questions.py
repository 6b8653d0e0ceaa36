"""What Elasticsearch is asked: whole requests, kept readable in golden/, so that a change of one is seen in review.

After a change that is meant: `GOLDEN=write` in the environment of a run of this file writes them anew.
"""

from __future__ import annotations

import base64
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.engines.elasticsearch.indices import ANALYSIS
from search.engines.elasticsearch.listings_query import search_body
from search.engines.elasticsearch.listings_shape import (
    SHAPE,
    meaning_of,
    sources_of,
    without_vectors,
)
from search.engines.elasticsearch.listings_suggest import partners_body
from search.engines.elasticsearch.matching_query import (
    counting_bodies,
    lengths_body,
    meta_body,
    priced_body,
    rates_body,
    together_body,
    told_bodies,
)
from search.engines.record_maker import RecordMaker
from search.meaning import DIMENSIONS
from search.need import Need, NeedTerm, pairs_of
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
    lots = ("rm3745~5", "rm3745~6") if query.grade else ()
    compare(name, search_body(query, plan(query.q, Scan(DOCUMENTS)), query.facets, lots))


def test_the_mapping_the_document_and_a_completion_are_as_they_stand_in_golden() -> None:
    compare("mapping", {"properties": SHAPE.properties, "analysis": ANALYSIS, "source": SHAPE.source})
    (source,) = sources_of(DOCUMENTS[:1], RecordMaker(None))
    compare("document", source | {"record": "…"})
    compare("completion", partners_body(SuggestionQuery("opm", frameworks=("rm3745",)), "opm"))


def test_a_need_is_compiled_as_it_stands_in_golden() -> None:
    need = Need(
        on=DAY,
        framework="rm3745",
        lot="rm3745~5",
        pairs=pairs_of(("rm3745~5~4",), ("TLC", "UK")),
        must=frozenset({1}),
        terms=(NeedTerm("vision", "vision", 2.0, 3.3), NeedTerm("care", "care", 1.0, 0.5)),
        vector=np.arange(DIMENSIONS, dtype=np.int8),
        days={"G1": 1_000},
        preferences={"size": ("small", "micro")},
        seed=7,
    )
    compare("need", [counting_bodies(need), together_body(need, {3: ["2c9d"], 1: ["17b0"]})])
    openly = Need(DAY, order="name", pairs=pairs_of((), ("TLC",)))
    compare("need_open", [counting_bodies(openly), together_body(openly, {})])
    told = told_bodies(need, ["a", "b"])
    rates = [priced_body(need, {"2c9d"}, 3), rates_body(["17b0", "2c9d"])]
    compare("need_told", [meta_body(), *told, lengths_body(), *rates])


def test_vectors_are_sent_once_each_to_be_looked_for_and_all_to_be_reckoned_with() -> None:
    vectors = np.zeros((3, DIMENSIONS), dtype=np.int8)
    vectors[[0, 2], 0] = -1
    made = meaning_of(vectors)
    assert made["meanings"] == [{"vector": "ff" + "00" * (DIMENSIONS - 1)}]
    assert base64.b64decode(made["vectors"]) == vectors.tobytes()
    assert meaning_of(None) == {}
    assert without_vectors({"key": "a", **made}) == {"key": "a"}

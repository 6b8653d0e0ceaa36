"""A grade's code has whatever signs and capitals its framework writes: rates are found and teams priced by it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from procurement.requirements import TeamLine
from tests.search.engines import Indexing, index
from tests.search.firms import firm
from tests.search.listing_documents import listing, lots, rate
from tests.search.test_listings_search import ask, found
from tests.search.test_matching import asked as matched
from tests.search.test_matching import found as of_firm


def test_a_grade_is_found_in_whatever_capitals_its_code_is_written(indexing: Indexing) -> None:
    common: dict[str, Any] = {"framework": "f1", "lots": lots("f1", "1", "2")}
    coded = [
        listing(name, **common, rates=[rate(code, pounds, f"f1~{lot}")])
        for name, code, pounds, lot in (
            ("mixed", "Band5", 500, 1),
            ("capital", "BAND5", 600, 2),
            ("hyphen", "SFIA-5", 700, 1),
        )
    ]
    engine = index(indexing, coded)
    asked: dict[str, Any] = {"framework": ("f1",), "grade": "BAND5", "sort": "rate"}
    assert found(engine, **asked) == ["mixed", "capital", "hyphen"]
    assert found(engine, max_rate=50_000, **asked) == ["mixed"]
    assert found(engine, max_rate=60_000, lot=("f1~2",), **asked) == ["capital"]
    assert [hit.rate and hit.rate.price_minor for hit in ask(engine, **asked).hits] == [50_000, 60_000, None]
    assert found(engine, framework=("f1",), grade="SFIA-5", max_rate=70_000) == ["hyphen"]


def test_a_grade_whose_code_has_small_letters_is_priced(indexing: Indexing) -> None:
    engine = index(indexing, [firm("Fir", "Evaluation.", work_types={"Band-5": {"": 500}})])
    for code in ("Band-5", "BAND-5"):
        answer = matched(engine, "evaluation", team=(TeamLine(code, Decimal(2)),))
        assert of_firm(answer, "Fir")["price"]["total"] == "1000.00"

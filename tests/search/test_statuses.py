"""A framework's status is that of the day on which somebody searches."""

from __future__ import annotations

from datetime import date

from tests.search.engines import Indexing, index
from tests.search.listing_documents import listing
from tests.search.test_listings_search import ask, counts, found


def test_a_live_framework_is_coming_before_its_first_day(indexing: Indexing) -> None:
    engine = index(
        indexing,
        [
            listing("early", starts_on="2026-11-23", ends_on=None),
            listing("running", starts_on="2026-11-22"),
            listing("stored", status="coming"),
            listing("ended", ends_on="2026-11-21"),
        ],
    )
    assert found(engine, status=("live",)) == ["running"]
    assert sorted(found(engine, status=("coming",))) == ["early", "stored"]
    assert counts(ask(engine), "status") == {"coming": 2, "expired": 1, "live": 1}
    assert counts(ask(engine, status=("live",)), "status") == {"coming": 2, "expired": 1, "live": 1}
    assert {hit.reference: hit.status for hit in ask(engine).hits} == {
        "rm3745~ppl~early": "coming",
        "rm3745~ppl~running": "live",
        "rm3745~ppl~stored": "coming",
        "rm3745~ppl~ended": "expired",
    }
    assert sorted(found(engine, status=("live",), on=date(2026, 11, 23))) == ["early", "running"]

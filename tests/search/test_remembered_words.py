"""What a reader remembers of who holds a term: after any change it finds what a reader finds that was just opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engines.embedded import EmbeddedEngine
from search.engines.listings import ListingsReader
from search.query import Freshness, ListingQuery
from tests.examples import examples
from tests.search.engines import EmbeddedIndexing, index
from tests.search.listing_documents import listing

WORDS = ["apple", "pear", "plum", "quince"]
FIRMS = [f"firm-{number}" for number in range(6)]
QUESTIONS = [*WORDS, "apple pear", "apple -plum", '"pear plum"', "qui*", "aplle", "firm", "firm 3", "-apple"]

texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
changes = st.lists(
    st.one_of(st.tuples(st.sampled_from(FIRMS), texts), st.tuples(st.sampled_from(FIRMS), st.none())),
    max_size=4,
)


def found(engine: EmbeddedEngine) -> list[list[tuple[str, float]]]:
    answers = [engine.search_listings(ListingQuery(q=q, page_size=100)) for q in QUESTIONS]
    assert [answer.count for answer in answers] == [len(answer.hits) for answer in answers]
    return [[(hit.reference, hit.score) for hit in answer.hits] for answer in answers]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(6)
)
@given(
    st.lists(st.tuples(st.sampled_from(FIRMS), texts), max_size=6), st.lists(changes, min_size=1, max_size=4)
)
def test_a_reader_that_is_open_finds_what_a_new_one_finds(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[str, str]],
    steps: list[list[tuple[str, str | None]]],
) -> None:
    indexing = EmbeddedIndexing(tmp_path_factory.mktemp("remembered"))
    engine = index(indexing, [listing(firm, summary=text) for firm, text in dict(first).items()])
    found(engine)
    for version, step in enumerate(steps, 2):
        with engine.writer() as writer:
            last = dict(step)
            writer.apply(
                "listings",
                [
                    listing(firm, version=version, summary=text)
                    for firm, text in last.items()
                    if text is not None
                ],
                [(f"rm3745~ppl~{firm}", version) for firm, text in last.items() if text is None],
            )
        assert found(engine) == found(indexing.again())


def test_after_a_change_of_few_listings_no_term_need_be_asked_for_again(tmp_path: Path) -> None:
    indexing = EmbeddedIndexing(tmp_path)
    engine = index(indexing, [listing(firm, summary="apple pear") for firm in FIRMS])
    reader = ListingsReader(indexing.root / "listings")
    assert reader.search(ListingQuery(q="apple pear"), Freshness).count == 6
    assert len(reader.view().holders) == 2
    with engine.writer() as writer:
        writer.apply("listings", [listing("firm-1", version=2, summary="plum")])
    assert len(reader.view().holders) == 2
    assert reader.search(ListingQuery(q="apple pear"), Freshness).count == 5


def test_a_reader_that_was_idle_while_its_generation_was_removed_answers(tmp_path: Path) -> None:
    indexing = EmbeddedIndexing(tmp_path)
    engine = index(indexing, [listing(firm, summary="apple pear") for firm in FIRMS])
    assert len(found(engine)[0]) == 6
    for version in range(2, 9):
        with indexing.again().writer() as writer:
            writer.apply("listings", [listing("firm-1", version=version, summary=f"plum {version}")])
    assert found(engine) == found(indexing.again())

"""What is gathered for a need, and the answers made of it: on Elasticsearch what the embedded engine says, to the last
candidate, count and price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from procurement.requirements import Budget, MustHave, Preferences, RequirementContent
from procurement.team_lines import TeamLine
from search.engines.base import EngineUnavailable
from search.engines.elasticsearch import matching_query
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine
from search.engines.matching_base import Gathered, MatchingEngine
from search.matching import MatchOptions, match
from search.meaning import model
from search.need import Mode, Need, Pair, pairs_of, terms_of_need
from search.ranks import WEIGHTS
from tests.search.engines import ElasticsearchIndexing
from tests.search.listing_documents import fill, listing, lots, offering, rate, specialism
from tests.search.test_listings_exact import documents, texts
from tests.search.test_scenarios import SCENARIOS

pytestmark = [pytest.mark.elasticsearch, pytest.mark.django_db]

TODAY = date(2026, 11, 22)
PHASES = (Phase.explicit, Phase.generate)
MODES: tuple[Mode, ...] = ("balanced", "coverage", "price", "name", "shuffle")
WORDS = sorted({scenario["ask"]["q"] for scenario in SCENARIOS})
Both = tuple[EmbeddedEngine, ElasticsearchEngine]


@pytest.fixture(scope="module")
def demonstration_both(demonstration_service: dict[str, str], demonstration_index: Path) -> Iterator[Both]:
    service = Connection(
        hosts_of(demonstration_service["SEARCH_URL"]), prefix=demonstration_service["SEARCH_PREFIX"]
    )
    engines = EmbeddedEngine(demonstration_index), ElasticsearchEngine(service)
    yield engines
    engines[1].close()


@pytest.fixture(scope="module")
def both(over_node: ElasticsearchIndexing, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Two engines, whose indices every example builds anew."""
    return EmbeddedEngine(tmp_path_factory.mktemp("index")), over_node.empty()


def told(gathered: Gathered) -> dict[str, Any]:
    """All of it but the index's own state, to be compared."""
    those, near = gathered.candidates, gathered.candidates.likeness
    return {
        "eligible": gathered.eligible,
        "lots": gathered.lots,
        "keys": list(those.keys),
        "stored": [record.stored() for record in those.records],
        "texts": [record.text() for record in those.records],
        "likeness": None if near is None else (near.dots.tolist(), near.counts.tolist()),
        "columns": [column.tolist() for column in (those.covered, those.totals, those.preferred)],
        "cards": list(those.cards),
        "confirmed_on": those.confirmed_on.tolist(),
        "names": list(those.names),
        "ruled_out": [(one.key, one.record.stored(), one.missing) for one in gathered.ruled_out],
        "ruled_out_count": gathered.ruled_out_count,
        "without": dict(gathered.without),
        "lengths": gathered.lengths,
        "prices": {card: totals.tolist() for card, totals in gathered.prices.totals.items()},
    }


def gather(engine: MatchingEngine, need: Need, text: str) -> dict[str, Any]:
    """The need with the words and the vector of a text."""
    reading = engine.reading()
    at_hand = model()
    vector = at_hand.encode([text])[0] if at_hand and at_hand.digest == reading.meaning and text else None
    if vector is not None and not vector.any():
        vector = None
    return told(reading.gather(replace(need, terms=terms_of_need(text, reading.lexicon), vector=vector)))


def assert_same(both: Both, need: Need, text: str) -> None:
    ours, theirs = (gather(engine, need, text) for engine in both)
    for name in ours:
        assert theirs[name] == ours[name], (name, need, text)


@st.composite
def needs(draw: st.DrawFn) -> Need:
    framework = draw(st.sampled_from((None, "rm1", "rm2", "rm3")))
    lot = draw(st.sampled_from((None, "1", "2", "9"))) if framework else None
    pairs = pairs_of(
        tuple(
            draw(
                st.lists(
                    st.sampled_from(("rm1~1~1", "rm1~1~2", "rm1~2~1", "rm2~1~1", "rm9~1~1")),
                    max_size=3,
                    unique=True,
                )
            )
        ),
        tuple(draw(st.lists(st.sampled_from(("UK", "TLC", "UKD", "nowhere")), max_size=2, unique=True))),
    )
    return Need(
        on=TODAY,
        framework=framework,
        lot=lot and f"{framework}~{lot}",
        pairs=pairs,
        must=frozenset(draw(st.sets(st.sampled_from(range(len(pairs))), max_size=2)))
        if pairs
        else frozenset(),
        days=draw(st.sampled_from(({}, {"G1": 1050}, {"G1": 100, "G2": 333}))),
        work_type=draw(st.sampled_from(("", "advice"))),
        preferences=draw(st.sampled_from(({}, {"ownership": ("charity",), "sector": ("health", "defence")}))),
        order=draw(st.sampled_from(MODES)),
        weights=draw(st.sampled_from((WEIGHTS, {**WEIGHTS, "price": 90}, {**WEIGHTS, "text": 0}))),
        seed=draw(st.integers(0, 15)),
    )


@settings(max_examples=12, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.lists(st.tuples(needs(), texts), min_size=10, max_size=10), st.data())
def test_as_much_is_gathered_of_any_listings(
    both: Both, corpus: list[dict[str, Any]], asked: list[tuple[Need, str]], data: st.DataObject
) -> None:
    for document in corpus:
        document["confirmed_on"] = data.draw(st.sampled_from((None, "2026-01-31")))
        document["unit"] = data.draw(st.sampled_from(("day", "day", "day", "hour")))
        for line in document["rates"]:
            line["work_type"] = data.draw(st.sampled_from(("", "", "advice")))
    for engine in both:
        fill(engine, corpus)
    for need, text in asked:
        assert_same(both, need, text)


def many(count: int) -> list[dict[str, Any]]:
    """More listings than are gathered in any one way, most of them alike: every list ends among equals."""
    words = ("audit", "budget", "care", "data", "estates")
    return [
        listing(
            f"p{number:04d}",
            supplier=f"s{number % 90}",
            name=f"Firm {number % 300}",
            lots=lots("rm3745", "5"),
            specialisms=[specialism("rm3745~5", str(number % 3), words[number % 3])],
            offerings=[
                offering("rm3745~5", f"rm3745~5~{number % 3}", "UK", *(["TLC"] if number % 2 else []))
            ],
            summary=f"{words[number % 5]} and {words[number % 4]}",
            rates=[rate("G1", 500 + number % 90 // 20 * 50)],
        )
        for number in range(count)
    ]


def test_lists_that_end_among_equals_end_alike(both: Both) -> None:
    for engine in both:
        fill(engine, many(1_100))
    pairs = pairs_of(("rm3745~5~1", "rm3745~5~2"), ("UK", "TLC"))
    for order in MODES:
        for need in (
            Need(TODAY, "rm3745", "rm3745~5", order=order, weights=WEIGHTS, seed=3),
            Need(TODAY, "rm3745", None, pairs, days={"G1": 500}, order=order, weights=WEIGHTS, seed=4),
            Need(TODAY, None, None, pairs, frozenset({1}), order=order, weights=WEIGHTS, seed=5),
        ):
            for text in ("", "Audit of data for social care", "unheardof"):
                assert_same(both, need, text)


def test_more_pairs_than_fit_one_question_are_asked_in_several(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in both:
        fill(engine, many(500))
    monkeypatch.setattr(matching_query, "PAIRS_AT_ONCE", 2)
    pairs = (*pairs_of(("rm3745~5~0", "rm3745~5~1", "rm3745~5~2"), ("UK", "TLC")), Pair(None, "UKD"))
    for days in ({}, {"G1": 500}):
        need = Need(TODAY, "rm3745", None, pairs, frozenset({0, 1}), days=days, weights=WEIGHTS, seed=9)
        assert_same(both, need, "care")
        assert_same(both, replace(need, must=frozenset()), "")


def contents() -> list[RequirementContent]:
    team = (TeamLine("G1", Decimal("2.5")), TeamLine("G3", Decimal(10)))
    plain = [RequirementContent(text=text) for text in ("", *WORDS[::16])]
    framed = [
        RequirementContent(
            text=text,
            framework="rm3745",
            lot="rm3745~5",
            specialisms=("rm3745~5~4", "rm3745~5~7"),
            regions=regions,
            must_have=must,
            preferences=Preferences(ownership=("charity",), size=("small", "micro"), sector=("health",)),
            team=team,
            budget=Budget(1_500_000),
        )
        for text in ("", "Evaluation of vision rehabilitation services. Interviews, data and a report.")
        for regions in ((), ("TLC", "TLD"))
        for must in (MustHave(), MustHave(specialisms=("rm3745~5~4",)), MustHave(regions=regions[:1]))
    ]
    market = [
        RequirementContent(
            text=text,
            framework=framework,
            lot=lot,
            regions=("TLK",),
            must_have=MustHave(regions=must),
            team=team,
        )
        for text in ("", "Organisation design and change for a hospital trust")
        for framework, lot in (("rm6187", None), ("rm6187", "rm6187~4"), ("rm6309", "rm6309~7"))
        for must in ((), ("TLK",))
    ]
    return [*plain, *framed, *market]


@pytest.mark.parametrize("mode", MODES)
def test_every_answer_over_the_demonstration_is_the_same(demonstration_both: Both, mode: Mode) -> None:
    for number, content in enumerate(contents()):
        options = MatchOptions(TODAY, mode=mode, seed=number % 16, size=20)
        ours, theirs = (match(content, options, engine).answer for engine in demonstration_both)
        for answer in (ours, theirs):
            del answer["index"]
        assert theirs == ours, content
        assert ours["model"] is not None


def test_without_the_model_words_alone_gather(over_node: ElasticsearchIndexing, tmp_path: Path) -> None:
    with override_settings(MEANING=False):
        both = EmbeddedEngine(tmp_path), over_node.empty()
        for engine in both:
            fill(engine, many(5))
            assert engine.reading().meaning is None
            assert engine.state("listings").rebuild_because is None
        assert_same(both, Need(TODAY, "rm3745"), "care and data")
    again = over_node.again()
    assert again.state("listings").rebuild_because == "its vectors are not by the model of meaning at hand"
    with again.writer() as writer:
        writer.apply("listings", [listing("new", summary="care", version=2)])
    gathered = again.reading().gather(Need(TODAY, "rm3745", vector=np.ones(128, dtype=np.int8)))
    assert gathered.candidates.likeness is not None
    assert gathered.candidates.likeness.counts.tolist() == [0] * 6
    with again.writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        writer.apply("listings", [listing("newer", summary="care", version=3)])
        rebuild.commit()
    assert again.state("listings").rebuild_because is None
    only = again.reading().gather(Need(TODAY, "rm3745", vector=np.ones(128, dtype=np.int8))).candidates
    assert only.keys == ["rm3745~ppl~newer"]
    assert only.likeness is not None
    assert only.likeness.counts.tolist() == [1]
    with again.writer() as writer:
        writer.rollback("listings")
    assert again.state("listings").rebuild_because == "its vectors are not by the model of meaning at hand"


def test_a_match_is_three_requests_and_with_a_team_one_more(demonstration_both: Both) -> None:
    """Once the process has met the words, the names and the rates: the last hold for ever."""
    engine = demonstration_both[1]
    priced = next(content for content in contents() if content.framework and content.text)
    for content, requests in ((priced, 4), (replace(priced, team=()), 3)):
        for _ in range(2):
            before = engine.client.calls
            match(content, MatchOptions(TODAY), engine)
        assert engine.client.calls - before == requests


def test_an_index_that_moves_on_meanwhile_is_read_as_it_is_then(over_node: ElasticsearchIndexing) -> None:
    engine = over_node.empty()
    fill(engine, many(3))
    reading = engine.reading()
    with engine.writer() as writer:
        writer.apply("listings", [listing("p0003", summary="care", version=2)])
    gathered = reading.gather(Need(TODAY, "rm3745"))
    assert gathered.eligible == len(gathered.candidates) == 4
    assert gathered.index.generation == engine.freshness("listings").generation
    assert gathered.lengths.whole == (3 + 3 + 3 + 1) / 4


def test_a_match_without_an_index_or_a_service_says_that_there_is_none(
    over_node: ElasticsearchIndexing,
) -> None:
    with pytest.raises(EngineUnavailable, match="there is no listings index yet"):
        over_node.empty().reading()
    with pytest.raises(EngineUnavailable, match="nothing listens"):
        ElasticsearchEngine(Connection(("http://127.0.0.1:9",))).reading()
    engine = over_node.empty()
    fill(engine, many(2))
    reading = engine.reading()
    for name in over_node.indices():
        engine.client.call("DELETE", f"/{name}")
    with pytest.raises(EngineUnavailable, match="there is no listings index yet"):
        reading.gather(Need(TODAY, "rm3745"))

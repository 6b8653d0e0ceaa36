"""The rates of both engines against a plain scan: counts, statistics, histograms, order, pages, cursors."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise

import orjson
import pytest
from hypothesis import given, settings

from search.engines.base import Engine, Writer
from search.engines.rates_suggest import typed_words
from search.rate_query import OtherUnits, RateQuery, RoleQuery
from search.rate_roles import corrected
from search.ties import hashes_of, ties
from tests.examples import examples
from tests.search.engines import Indexing
from tests.search.rate_market import TITLES, USD, build, card, drawn_cards, drawn_line, keys, line, queries
from tests.search.rate_scan import Scan, figures


@pytest.fixture
def engine(indexing: Indexing) -> Engine:
    """An engine without an index."""
    return indexing.empty()


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    """The writer of that engine."""
    with engine.writer() as opened:
        yield opened


@pytest.fixture(scope="module")
def market(indexing: Indexing) -> tuple[Engine, Scan]:
    """An index that was built, then changed card by card, and the scan of what it should hold."""
    engine = indexing.empty()
    cards = {one["key"]: one for one in drawn_cards()}
    build(engine, cards.values())
    with engine.writer() as writer:
        rng = random.Random(21)
        for name in ("card-03", "card-07", "card-08"):
            changed = cards[name] | {"version": 2, "lines": [drawn_line(rng, name, i) for i in range(12)]}
            cards[name] = changed
            writer.apply("rates", [changed])
        writer.apply("rates", [], [("card-09", 2)])
        writer.apply("rates", [cards["card-09"]], [])
        del cards["card-09"]
    return engine, Scan(list(cards.values()))


@pytest.fixture(scope="module")
def fresh(indexing: Indexing) -> tuple[Engine, Scan]:
    """A newly built index: only then are scores the same on every engine (Elasticsearch counts what was replaced
    until it is merged away).
    """
    engine, cards = indexing.empty(), drawn_cards()
    build(engine, cards)
    return engine, Scan(cards)


def ordered(scan: Scan, query: RateQuery) -> list[str]:
    """The keys found in the order of a sort that is not relevance."""
    price = [(one["price_minor"], one["key"].encode(), one) for _, one in scan.find(query).lines]
    by = {
        "price": lambda row: (row[0], row[1]),
        "-price": lambda row: (-row[0], row[1]),
        "role": lambda row: (row[2]["text"].casefold(), row[2]["text"], row[0], row[1]),
        "experience": lambda row: (
            10**6 if row[2]["min_experience"] is None else row[2]["min_experience"], row[0], row[1],
        ),
    }[query.sort]  # fmt: skip
    return [one["key"] for _, _, one in sorted(price, key=by)]


@settings(max_examples=examples(150))
@given(query=queries)
def test_count_statistics_and_page_are_those_of_a_plain_scan(
    market: tuple[Engine, Scan], query: RateQuery
) -> None:
    engine, scan = market
    result, found = engine.search_rates(query), scan.find(query)
    prices = found.counted(query)
    expected = figures(prices, query.bins)

    assert result.count == len(found.lines)
    assert result.unknown_experience == found.unknown
    assert result.illustrative == len(found.lines) - len(prices)
    if expected is None:
        assert result.statistics is None
        assert result.place is None
    else:
        got = result.statistics
        assert got is not None
        assert (got.count, got.minimum, got.maximum) == (
            expected["count"], expected["minimum"], expected["maximum"],
        )  # fmt: skip
        assert got.mean == pytest.approx(expected["mean"], rel=1e-12)
        assert got.standard_deviation == pytest.approx(expected["standard_deviation"], rel=1e-9, abs=1e-6)
        assert got.percentiles == expected["percentiles"]
        assert [part.count for part in got.histogram] == expected["histogram"]
        if query.proposed is not None:
            assert result.place is not None
            assert result.place.below == sum(price < query.proposed for price in prices)
            assert result.place.equal == prices.count(query.proposed)
            assert result.place.above == sum(price > query.proposed for price in prices)
    start = (query.page - 1) * query.page_size
    page = keys(result)
    if query.sort == "relevance" and query.q.strip(", "):
        assert set(page) <= set(found.keys)
        assert len(page) == max(0, min(query.page_size, result.count - start))
    else:
        plain = replace(query, sort="price") if query.sort == "relevance" else query
        assert page == ordered(scan, plain)[start : start + query.page_size]


@settings(max_examples=examples(60))
@given(query=queries)
def test_relevance_orders_by_bm25_and_then_by_the_seed(market: tuple[Engine, Scan], query: RateQuery) -> None:
    engine, scan = market
    query = replace(query, sort="relevance", page=1, page_size=10_000)
    found = scan.find(query)
    page = keys(engine.search_rates(query))

    assert sorted(page) == sorted(found.keys)
    for earlier, later in pairwise(page):
        assert found.scores[earlier] >= found.scores[later] - 0.0002
        if found.scores[earlier] == found.scores[later] and query.q.strip(", "):
            drawn = [int(ties(hashes_of([key]), query.seed)[0]) for key in (earlier, later)]
            assert drawn[0] < drawn[1]


@pytest.mark.parametrize("sort", ["price", "-price", "role", "experience", "relevance"])
@pytest.mark.parametrize("q", ["", "manager, engineer"])
def test_cursors_walk_the_whole_result_once(market: tuple[Engine, Scan], sort: str, q: str) -> None:
    engine, _ = market
    query = RateQuery(q=q, sort=sort, include_expired=True, page_size=200, seed=3, **USD)
    whole = [*keys(engine.search_rates(query)), *keys(engine.search_rates(replace(query, page=2)))]
    whole += keys(engine.search_rates(replace(query, page=3)))

    walked: list[str] = []
    result = engine.search_rates(replace(query, page_size=7))
    while True:
        walked += keys(result)
        if result.after is None:
            break
        result = engine.search_rates(replace(query, page_size=7, after=result.after))

    assert walked == whole
    assert len(walked) == len(set(walked)) == result.count


def test_a_cursor_by_relevance_holds_its_place_while_scores_move(writer: Writer, engine: Engine) -> None:
    lines = [line("a", i, text=TITLES[i % 2]) for i in range(30)]
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", lines)])
    rebuild.commit(1)
    query = RateQuery(q="manager", sort="relevance", page_size=10, **USD)
    whole = keys(engine.search_rates(replace(query, page_size=200)))
    first = engine.search_rates(query)

    writer.apply(
        "rates", [card("b", [line("b", i, text="Something Else Entirely") for i in range(30)], version=2)]
    )

    assert keys(engine.search_rates(replace(query, after=first.after))) == whole[10:20]


@pytest.mark.parametrize("sort", ["price", "-price", "role", "experience"])
def test_a_cursor_holds_its_place_when_its_line_is_gone(writer: Writer, engine: Engine, sort: str) -> None:
    lines = [
        line("a", i, price_minor=9_000 + i // 3, text=TITLES[i % 2], min_experience=i % 4) for i in range(30)
    ]
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", lines)])
    rebuild.commit(1)
    query = RateQuery(sort=sort, page_size=10, **USD)
    whole = keys(engine.search_rates(replace(query, page_size=200)))
    first = engine.search_rates(query)

    last = keys(first)[-1]
    writer.apply("rates", [card("a", [one for one in lines if one["key"] != last], version=2)])

    assert keys(engine.search_rates(replace(query, after=first.after))) == whole[10:20]


def test_export_gives_every_line_in_order(market: tuple[Engine, Scan]) -> None:
    engine, scan = market
    query = RateQuery(sort="role", include_expired=True, page=3, page_size=2, **USD)

    exported = [orjson.loads(stored)["reference"] for stored in engine.rate_lines(query)]

    assert exported == ordered(scan, query)


def test_an_older_version_of_a_card_never_overwrites_a_newer(writer: Writer, engine: Engine) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", [line("a", 1, price_minor=1_111)], version=5)])
    rebuild.commit()

    writer.apply("rates", [card("a", [line("a", 1, price_minor=2_222)], version=4)])
    assert engine.search_rates(RateQuery(**USD)).statistics.minimum == 1_111  # type: ignore[union-attr]

    writer.apply("rates", [], [("a", 6)])
    writer.apply("rates", [card("a", [line("a", 1)], version=5)])
    assert engine.search_rates(RateQuery(**USD)).count == 0


def test_live_updates_during_a_rebuild_reach_both_indexes(writer: Writer, engine: Engine) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", [line("a", 1, price_minor=1_000)])])
    rebuild.commit(1)

    rebuild = writer.begin_rebuild("rates")
    writer.apply(
        "rates",
        [card("a", [line("a", 1, price_minor=3_000)], version=3), card("b", [line("b", 1)], version=3)],
    )
    rebuild.put([card("a", [line("a", 1, price_minor=2_000)], version=2)])
    assert engine.search_rates(RateQuery(**USD)).count == 2
    rebuild.commit(2)

    result = engine.search_rates(RateQuery(**USD))
    assert (result.count, result.statistics.minimum) == (2, 3_000)  # type: ignore[union-attr]


def test_a_rebuild_that_does_not_verify_leaves_the_old_index(writer: Writer, engine: Engine) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", [line("a", 1)])])
    rebuild.commit(1)

    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("b", [line("b", 1)])])
    with pytest.raises(ValueError, match="holds 1 rate cards, not 2"):
        rebuild.commit(2)
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("b", [line("b", 1)])])
    with pytest.raises(ValueError, match="does not hold b~1"):
        rebuild.commit(1, {"b~1": {"reference": "something else"}})

    assert keys(engine.search_rates(RateQuery(**USD))) == ["a~1"]


def test_rollback_swaps_the_earlier_index_back(writer: Writer, engine: Engine) -> None:
    for name in ("a", "b"):
        rebuild = writer.begin_rebuild("rates")
        rebuild.put([card(name, [line(name, 1)])])
        rebuild.commit(1)
    assert keys(engine.search_rates(RateQuery(**USD))) == ["b~1"]

    writer.rollback("rates")

    assert keys(engine.search_rates(RateQuery(**USD))) == ["a~1"]
    assert list(engine.rate_cards()) == [("a", 1, 1)]


def test_a_writer_that_comes_later_goes_on_where_the_last_one_ended(writer: Writer, engine: Engine) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", [line("a", i, text="Old Title") for i in range(3)])])
    rebuild.commit(1)
    writer.close()

    with engine.writer() as second:
        second.apply("rates", [card("b", [line("b", 1, text="New Title")], version=2)])

    result = engine.search_rates(RateQuery(q="title", sort="relevance", **USD))
    assert sorted(keys(result)) == ["a~0", "a~1", "a~2", "b~1"]


def test_a_typo_finds_and_says_what_was_used(market: tuple[Engine, Scan]) -> None:
    engine, _ = market
    right = engine.search_rates(RateQuery(q="analyst", sort="price", **USD))
    typo = engine.search_rates(RateQuery(q="anlyst", sort="price", **USD))

    assert right.count > 0
    assert (typo.count, typo.lines) == (right.count, right.lines)
    assert typo.corrections == (("anlyst", "analyst"),)
    assert engine.search_rates(RateQuery(q="zzzzqqqq", **USD)).count == 0


def test_a_slip_within_quotes_finds_nothing_and_is_told(market: tuple[Engine, Scan]) -> None:
    engine, _ = market
    slip = engine.search_rates(RateQuery(q='"anlyst"', **USD))
    assert (slip.count, slip.corrections) == (0, (("anlyst", "analyst"),))
    assert corrected('lead, "Anlyst" -junior', slip.corrections) == 'lead, "analyst" -junior'
    assert engine.search_rates(RateQuery(q='"analyst"', **USD)).corrections == ()
    assert engine.search_rates(RateQuery(q='lead -"anlyst"', **USD)).corrections == ()


def test_a_word_that_no_line_bears_any_more_is_a_slip_again(writer: Writer, engine: Engine) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", [line("a", 1, text="Project Mangaer"), line("a", 2, text="Clerk")])])
    rebuild.commit()
    mistyped = engine.search_rates(RateQuery(q="mangaer", **USD))
    assert (keys(mistyped), mistyped.corrections) == (["a~1"], ())

    writer.apply("rates", [card("a", [line("a", 1, text="Project Manager"), line("a", 2)], version=2)])
    for q, found in (("mangaer", ["a~1"]), ('"mangaer"', [])):
        mended = engine.search_rates(RateQuery(q=q, **USD))
        assert (keys(mended), mended.corrections) == (found, (("mangaer", "manager"),))


def test_singular_and_plural_find_the_same(market: tuple[Engine, Scan]) -> None:
    engine, _ = market
    one = engine.search_rates(RateQuery(q="engineer", **USD))
    many = engine.search_rates(RateQuery(q="engineers", **USD))

    assert one.count == many.count > 0


def test_another_unit_is_named_where_nothing_is_found_in_the_usual_one(
    market: tuple[Engine, Scan],
) -> None:
    engine, _ = market

    with pytest.raises(OtherUnits) as raised:
        engine.search_rates(RateQuery())

    assert sorted(raised.value.units) == [("GBP", "hour"), ("USD", "hour")]
    assert engine.search_rates(RateQuery(suppliers=("nobody",))).count == 0


def test_one_price_alone_has_no_deviation_and_one_bin(writer: Writer, engine: Engine) -> None:
    rebuild = writer.begin_rebuild("rates")
    rebuild.put([card("a", [line("a", i, price_minor=6_500) for i in range(3)])])
    rebuild.commit(1)

    result = engine.search_rates(RateQuery(proposed=6_500, bins=12, **USD))

    assert result.statistics is not None
    assert [(part.lower, part.upper, part.count) for part in result.statistics.histogram] == [
        (6_500, 6_500, 3)
    ]
    assert result.statistics.standard_deviation == 0
    assert result.place is not None
    assert (result.place.below, result.place.equal, result.place.deviations) == (0, 3, None)


@pytest.mark.parametrize("currency", ["USD", "GBP"])
def test_titles_are_completed_with_as_many_lines_as_the_search_finds_in_that_currency(
    market: tuple[Engine, Scan], currency: str
) -> None:
    engine, _ = market
    day = date(2026, 6, 1)
    question = RateQuery(currency=currency, unit="hour", stated_unit=True, as_of=day)
    found = [orjson.loads(one)["role_title"] for one in engine.rate_lines(question)]
    there = Counter(tuple(typed_words(title)) for title in found)
    for typed in ("man", "eng", "sen", "it"):
        told = engine.suggest_roles(RoleQuery(typed, (), currency, "hour", day, limit=50))
        counts = {tuple(typed_words(one.title)): one.count for one in told}
        assert counts == {
            words: count for words, count in there.items() if any(word.startswith(typed) for word in words)
        }
    assert engine.suggest_roles(RoleQuery("man", (), currency, "day", day)) == []

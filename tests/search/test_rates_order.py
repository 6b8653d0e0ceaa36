"""The plain scan of benchmarks/rates.py finds every page of either engine right, and one that is not wrong."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.rates_order import Order
from search.analysis import GAP, fold, normalise, term_of, words_of
from search.engines.base import Engine
from search.rate_query import SORTS, RateQuery
from search.rate_roles import Role, roles_of
from search.ties import seed_of
from tests.search.engines import Indexing
from tests.search.rate_market import USD, build, drawn_cards, keys
from tests.search.rate_scan import Scan

SIZE: Final = 7
Asked = tuple[Engine, Scan, Order, list[str]]


@pytest.fixture(scope="module")
def asked(indexing: Indexing) -> Asked:
    engine, cards = indexing.empty(), drawn_cards()
    build(engine, cards)
    scan = Scan(cards)
    lines = [line for _, line in scan.lines]
    titles = list(dict.fromkeys(line["text"] for line in lines))
    places = {title: number for number, title in enumerate(titles)}
    title = np.array([places[line["text"]] for line in lines])
    years = [-1 if line["min_experience"] is None else line["min_experience"] for line in lines]
    price = np.array([line["price_minor"] for line in lines])
    order = Order(titles, title, price, np.array(years), [line["key"] for line in lines], title)
    return engine, scan, order, titles


def spelt(role: Role, titles: list[str]) -> NDArray[np.bool_]:
    stops = {word for word in role.words if term_of(word) == GAP}
    return np.array([bool(stops & {fold(word) for word in words_of(normalise(title))}) for title in titles])


def wrong(asked: Asked, query: RateQuery, told: list[str]) -> str:
    _, scan, order, titles = asked
    found = set(scan.find(query).keys)
    mask = np.array([line["key"] in found for _, line in scan.lines])
    roles = [(role, spelt(role, titles)) for role in roles_of(query.q)]
    return order.wrong_with(told, mask, query.sort, roles, (query.page - 1) * SIZE, SIZE)


def question(q: str, sort: str, page: int) -> RateQuery:
    seed = seed_of(RateQuery().as_of)
    return RateQuery(q=q, sort=sort, page=page, page_size=SIZE, seed=seed, include_expired=True, **USD)


@pytest.mark.parametrize("q", ["", "manager", "senior engineer, analyst"])
@pytest.mark.parametrize("sort", SORTS)
def test_every_page_of_an_engine_holds(asked: Asked, sort: str, q: str) -> None:
    count = asked[0].search_rates(question(q, sort, 1)).count
    assert count > 3 * SIZE
    for page in range(1, count // SIZE + 3):
        query = question(q, sort, page)
        assert wrong(asked, query, keys(asked[0].search_rates(query))) == "", page


@pytest.mark.parametrize("q", ["", "manager", "senior engineer, analyst"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("page", [1, 3])
def test_a_page_that_is_not_right_is_told(asked: Asked, sort: str, q: str, page: int) -> None:
    query = question(q, sort, page)
    told = keys(asked[0].search_rates(query))
    after = keys(asked[0].search_rates(question(q, sort, page + 1)))
    for other in (
        [*told[1:], told[0]],
        told[::-1],
        told[:-1],
        [*told[:-1], told[0]],
        [*told[:-1], after[-1]],
        after,
    ):
        if other != told:
            assert wrong(asked, query, other), other


def test_lines_of_one_score_stand_by_the_seed_of_the_day(asked: Asked) -> None:
    engine, scan, _, _ = asked
    query = question("manager", "relevance", 1)
    scores = scan.find(query).scores
    told = keys(engine.search_rates(query))
    at = next(at for at in range(SIZE - 1) if scores[told[at]] == scores[told[at + 1]])
    told[at], told[at + 1] = told[at + 1], told[at]
    assert wrong(asked, query, told).endswith("are not in the order of their ties")

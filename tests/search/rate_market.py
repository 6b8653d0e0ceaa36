"""Rate cards and questions that are made up, for the tests of the rates engines."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date
from typing import Any

import orjson
from hypothesis import strategies as st

from search.engines.base import Engine
from search.rate_query import RateQuery, RateResult

TITLES = (
    "Project Manager", "Senior Project Manager", "Project Management Office Lead", "Engineer",
    "Engineers", "Software Engineer II", "Systems Engineer - Senior", "Director of Operations",
    "Operations Director", "Business Analyst", "Analyst", "IT", "IT Specialist", "Café Manager",
    "Consultant, Principal", "manager manager",
)  # fmt: skip
USD: dict[str, Any] = {"currency": "USD", "unit": "hour", "stated_unit": True}


def line(card: str, number: int, **fields: Any) -> dict[str, Any]:
    made = {
        "key": f"{card}~{number}", "text": "Engineer", "lots": [], "grade": "", "work_type": "",
        "min_experience": None, "max_experience": None, "qualification": "", "site": "", "size": "",
        "basis": "published",
        "price_minor": 10_000, "valid_from": None, "valid_to": None, "stands_from": None, "stands_to": None,
    } | fields  # fmt: skip
    return made | {
        "stored": {"reference": made["key"], "amount": made["price_minor"], "role_title": made["text"]}
    }


def card(key: str, lines: list[dict[str, Any]], version: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "key": key, "version": version, "framework": "calc", "supplier": f"of-{key}", "currency": "USD",
        "unit": "hour", "lines": lines,
    } | fields  # fmt: skip


def drawn_line(rng: random.Random, name: str, number: int) -> dict[str, Any]:
    return line(
        name,
        number,
        text=rng.choice(TITLES),
        lots=rng.choice([[], ["calc~1"], ["calc~1", "calc~2"], ["calc~3"]]),
        grade=rng.choice(["", "G1", "G2"]),
        work_type=rng.choice(["", "advice"]),
        min_experience=rng.choice([None, 0, 2, 5, 10]),
        qualification=rng.choice(["", "bachelors", "masters"]),
        site=rng.choice(["", "both", "customer"]),
        size=rng.choice(["small", "other"]),
        basis=rng.choice(["published", "published", "published", "illustrative"]),
        price_minor=rng.choice([5_000, 5_001, 7_550, rng.randrange(2_000, 30_000)]),
        valid_from=rng.choice([None, "2020-01-01", "2027-01-01"]),
        valid_to=rng.choice([None, "2024-12-31", "2030-01-01"]),
        stands_from=rng.choice([None, None, "2025-01-01"]),
        stands_to=rng.choice([None, None, "2026-12-31"]),
    )


def drawn_cards() -> list[dict[str, Any]]:
    rng = random.Random(20)
    cards = []
    for number in range(40):
        name = f"card-{number:02d}"
        cards.append(
            card(
                name,
                [drawn_line(rng, name, i) for i in range(rng.randrange(1, 30))],
                currency=rng.choice(["USD", "USD", "USD", "GBP"]),
                framework=rng.choice(["calc", "other"]),
                supplier=rng.choice(["acme", "bolt", "crane"]),
            )
        )
    return cards


def build(engine: Engine, cards: Iterable[dict[str, Any]]) -> None:
    """A new index of these cards."""
    made = list(cards)
    with engine.writer() as writer:
        rebuild = writer.begin_rebuild("rates")
        rebuild.put(made)
        rebuild.commit(len(made))


def subsets(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.one_of(
        st.just(()), st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True).map(tuple)
    )


words = st.sampled_from(
    [
        "manager",
        "engineer",
        "engineers",
        "senior",
        "analyst",
        "IT",
        "cafe",
        "principal",
        "of",
        "lead",
        "office",
    ]
)
pieces = st.one_of(
    words,
    st.sampled_from(
        [
            '"project manager"',
            '"director of operations"',
            "-senior",
            "proj*",
            "-proj*",
            "-man*",
            "e*",
            "-s*",
            '-"project manager"',
            '"nowhere"',
            "eng*",
        ]
    ),
)
questions = st.lists(st.lists(pieces, min_size=1, max_size=3).map(" ".join), max_size=3).map(", ".join)
queries = st.builds(
    RateQuery,
    q=questions,
    frameworks=subsets("calc", "other", "none"),
    lots=subsets("calc~1", "calc~2", "calc~9"),
    suppliers=subsets("acme", "bolt", "crane", "nobody"),
    grades=subsets("G1", "G2", "G9"),
    qualifications=subsets("bachelors", "masters", "phd"),
    sites=subsets("both", "customer"),
    sizes=subsets("small", "other"),
    work_types=subsets("advice"),
    bases=subsets("published", "illustrative"),
    currency=st.sampled_from(["USD", "USD", "GBP"]),
    unit=st.just("hour"),
    stated_unit=st.just(True),
    min_experience=st.none() | st.integers(0, 11),
    max_experience=st.none() | st.integers(0, 11),
    min_rate=st.none() | st.integers(1_000, 8_000),
    max_rate=st.none() | st.integers(5_000, 40_000),
    exclude=subsets("card-01~0", "card-02~0", "card-03~1", "no-such"),
    proposed=st.none() | st.integers(1_000, 40_000),
    bins=st.integers(1, 20),
    as_of=st.sampled_from([date(2024, 6, 1), date(2026, 6, 1), date(2028, 6, 1)]),
    include_expired=st.booleans(),
    sort=st.sampled_from(["relevance", "price", "-price", "role", "experience"]),
    seed=st.integers(0, 15),
    page=st.integers(1, 3),
    page_size=st.sampled_from([1, 7, 200]),
)


def keys(result: RateResult) -> list[str]:
    return [orjson.loads(stored)["reference"] for stored in result.lines]

"""The table of how an index grows says under which conditions it was made."""

from __future__ import annotations

import random
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.listing_questions import MIX, questions
from benchmarks.scale import KINDS, conditions, resident_of, table
from tests.search.listing_documents import listing, rate, specialism

GUIDE = Path(__file__).parents[2] / "docs/sizing.md"


def test_the_table_names_its_questions_and_its_heap() -> None:
    options = Namespace(questions=300, heap="4g", seed=3745)
    assert conditions(180, options) == (
        "--questions 300 --heap 4g --seed 3745: 180 distinct questions of real search, specialism, words and filters; "
        "a node with a heap of 4g"
    )


def test_a_row_tells_what_is_resident_and_of_a_node_how_much_of_that_is_used_heap() -> None:
    row = {
        "listings": 10_000, "built": 4.0, "processor_ours": 4.0, "processor_service": 0.0, "search": 1.0, "p50": 1.0,
        "p99": 6.0, "change": 100.0, "disk": 100.0,
    }  # fmt: skip
    told = table(
        [
            {"engine": "embedded", "memory": 400.4, "heap": 0.0} | row,
            {"engine": "Elasticsearch", "memory": 4850.2, "heap": 1204.6} | row,
        ]
    )
    assert [line.split(" | ")[-3] for line in told.splitlines()] == [
        "memory, MB", "---", "400", "4,850, 1,205 of it used heap",
    ]  # fmt: skip


def test_resident_memory_is_read_of_what_the_system_says_of_a_process() -> None:
    said = "Name:\tjava\nVmHWM:\t 5242880 kB\nVmRSS:\t 4966604 kB\nRssAnon:\t 4718592 kB\n"
    assert round(resident_of(said), 1) == 4850.2


def test_the_guide_states_as_many_questions_as_its_command_asks() -> None:
    counted = sum(MIX[kind] * 300 // 100 for kind in KINDS)
    assert counted == 180
    guide = GUIDE.read_text(encoding="utf-8")
    assert "--questions 300 --heap 4g` measures" in guide
    assert f"asks {counted} distinct questions" in guide


def test_a_kind_that_has_no_more_questions_leaves_the_rest_to_others_or_ends_in_a_sentence() -> None:
    names = [
        "Public health",
        "Adult care",
        "School places",
        "Net zero plans",
        "Digital change",
        "Housing repair",
    ]
    entries = [specialism("rm3745~5", str(number), name) for number, name in enumerate(names)]
    priced = listing("oak", specialisms=entries, sectors=["health"], rates=[rate("G1", 700), rate("G2", 900)])
    needs = [f"{number} needs of many letters " * 40 for number in range(5)]
    drawn = questions([priced], ["audit", "care"], needs, 300, random.Random(1))
    assert sum(map(len, drawn.values())) == 300
    assert len(drawn["real search"]) == 2
    assert len(drawn["need of 600 letters"]) > MIX["need of 600 letters"] * 3
    with pytest.raises(
        SystemExit, match=r"^there are [0-9,]+ questions fewer than are wanted: ask for fewer$"
    ):
        questions([priced], ["audit"], needs, 20_000, random.Random(1))

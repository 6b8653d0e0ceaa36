"""The table of how an index grows says under which conditions it was made."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmarks.listing_questions import MIX
from benchmarks.scale import KINDS, conditions

GUIDE = Path(__file__).parents[2] / "docs/sizing.md"


def test_the_table_names_its_questions_and_its_heap() -> None:
    options = Namespace(questions=300, heap="4g", seed=3745)
    assert conditions(180, options) == (
        "--questions 300 --heap 4g --seed 3745: 180 distinct questions of real search, specialism, words and filters; "
        "a node with a heap of 4g"
    )


def test_the_guide_states_as_many_questions_as_its_command_asks() -> None:
    counted = sum(MIX[kind] * 300 // 100 for kind in KINDS)
    assert counted == 180
    guide = GUIDE.read_text(encoding="utf-8")
    assert "--questions 300 --heap 4g` measures" in guide
    assert f"asks {counted} distinct questions" in guide

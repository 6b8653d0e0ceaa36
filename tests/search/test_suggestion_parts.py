"""The sorted list of beginnings that names are completed by."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from search.engines.columns import Strings
from search.engines.suggestions import Labels, beginnings, lot_beginnings, suggestion_parts


@given(st.text(alphabet="ab ", max_size=9))
def test_a_name_begins_at_each_of_its_words(folded: str) -> None:
    words = folded.split(" ")
    assert list(beginnings(folded)) == [(" ".join(words[at:]), at) for at in range(len(words))]


def test_those_of_one_beginning_stand_by_kind_and_name_and_by_how_many_words_come_before() -> None:
    """A lot may begin so in several ways: by its number, and by a word of its name."""
    facts = {"name": "Lot 5 lot 5", "number": "5", "framework": "f", "of": "F1"}
    parts: Any = suggestion_parts(
        Labels({"lot": {"f~5": facts}, "specialism": {}}),
        [("p1", "f"), ("p2", "f")],
        ["f~5"],
        [],
        [("Lot 5", "lot 5"), ("Five lot 5", "five lot 5")],
    )
    # p2 is before p1 by name, the lot after both.
    ways = [("five lot 5", 0, 0), ("lot 5", 0, 1), ("5", 0, 2), ("lot 5", 1, 0), ("5", 1, 1)]
    ways += [(begin, 2, at) for begin, at in lot_beginnings(facts)]
    expected = sorted(ways)
    assert list(Strings(parts["begin_data"], parts["begin_ends"])) == [begin for begin, _, _ in expected]
    assert parts["begin_rank"].tolist() == [rank if at == 0 else 3 + rank for _, rank, at in expected]

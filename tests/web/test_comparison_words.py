"""The table of a comparison as the page says it: what is ours is looked up, what is data is not."""

from __future__ import annotations

import ast
from pathlib import Path

from search import comparison_table
from search.comparison_table import Cell, Row
from web.comparison_words import HEADINGS, OF_CLOSED_LISTS, WORDS, row_said


def test_headings_and_words_are_those_of_the_table() -> None:
    tree = ast.parse(Path(comparison_table.__file__).read_text())
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    apart |= {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart
    }
    part_of_a_sentence = {"Illustrative, not its own rates; "}
    assert {text for text in texts if text[:1].isupper()} == HEADINGS | WORDS | part_of_a_sentence
    assert OF_CLOSED_LISTS < HEADINGS


def test_a_row_is_in_english_what_search_made() -> None:
    rows = [
        Row("Ownership", (Cell(("Charity",)), Cell(("Not stated",)))),
        Row("Specialisms", (Cell(("Evaluation", "Not stated on some lots")),)),
        Row("G3 Senior consultant", (Cell(("Not offered",)), Cell(amount=65000, currency="GBP")), money=True),
    ]
    assert [row_said(row) for row in rows] == rows

"""docs/defects.md is true: every row names tests, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    line.strip("| ").split(" | ")
    for line in (ROOT / "docs" / "defects.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and "`" in line
]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def functions_of(file: str) -> set[str]:
    """The test functions of a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {
        one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    }


def test_there_are_as_many_rows_as_defects_are_held() -> None:
    assert len(ROWS) == 29
    assert len({what for what, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("what", "held"), ROWS, ids=[what[:40] for what, _ in ROWS])
def test_every_test_that_a_row_names_exists(what: str, held: str) -> None:
    named = NAMED.findall(held)
    assert named
    assert ", ".join(f"`{file}::{name}`" for file, name in named) == held
    assert [f"{file}::{name}" for file, name in named if name not in functions_of(file)] == []

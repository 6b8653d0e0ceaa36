"""What a merge patch comes to, member by member."""

from __future__ import annotations

from typing import Any

import pytest

from procurement.merging import merged


@pytest.mark.parametrize(
    ("stands", "patch", "after"),
    [
        ({"a": 1, "b": 2}, {"a": 3}, {"a": 3}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": 1}, {"b": None}, {"b": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": None}}, {"a": {"c": 2}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None}}}, {"a": {"b": {"d": 2}}}),
        ({"a": {"b": 1}}, {"a": [1]}, {"a": [1]}),
        ({"a": [{"b": 1}, 2]}, {"a": [{"c": None}]}, {"a": [{"c": None}]}),
        ({"a": "text"}, {"a": {"b": {"c": None, "d": 1}}}, {"a": {"b": {"d": 1}}}),
        ({}, {"a": {"b": None}}, {"a": {}}),
    ],
)
def test_objects_are_merged_null_takes_away_and_all_else_replaces(
    stands: dict[str, Any], patch: dict[str, Any], after: dict[str, Any]
) -> None:
    before = repr(stands)
    assert merged(stands, patch) == after
    assert repr(stands) == before

"""Bodies are read strictly: what could mean two things, or nothing, is refused with a reason."""

from __future__ import annotations

import io

import pytest

from api.errors import Problem
from api.formats import DEEPEST, LARGEST, StrictJSONParser, strict_json


def test_plain_json_is_read() -> None:
    assert strict_json(b'{"a": [1, 2.5, "\xc3\xa9", null, true]}') == {"a": [1, 2.5, "é", None, True]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b"NaN", "not_json"),
        (b"[Infinity]", "not_json"),
        (b"[1e999]", "not_json"),
        (b"{'a': 1}", "not_json"),
        (b'"\\ud800"', "not_json"),
        (b'"\xff"', "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b'{"a": 1, "a": 2}', "ambiguous"),
        (b'{"x": {"a": 1, "\\u0061": 2}}', "ambiguous"),
        (b'{"a": "\\u0000"}', "nul"),
        (b'{"\\u0000": 1}', "nul"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "too_deep"),
        (b"[" * 100_000, "too_deep"),
    ],
)
def test_what_is_not_strict_json_is_a_400_with_its_reason(body: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        strict_json(body)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_brackets_in_a_text_do_not_count_as_nesting() -> None:
    text = "[" * 500 + '\\"' + "{" * 500
    assert strict_json(b'{"a": "' + text.encode() + b'"}') == {"a": text.replace('\\"', '"')}


def test_the_deepest_nesting_that_is_allowed_is_read() -> None:
    value = strict_json(b"[" * DEEPEST + b"]" * DEEPEST)
    for _ in range(DEEPEST - 1):
        assert len(value) == 1
        value = value[0]
    assert value == []


def test_a_body_that_is_too_large_is_a_413() -> None:
    with pytest.raises(Problem) as refused:
        StrictJSONParser().parse(io.BytesIO(b'"' + b"a" * LARGEST + b'"'))
    assert refused.value.status == 413

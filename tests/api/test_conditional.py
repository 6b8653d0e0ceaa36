"""Entity tags: the revision decides about writes, the digest about copies."""

from __future__ import annotations

import pytest
from rest_framework.test import APIRequestFactory

from api.conditional import revision_meant, tag, unchanged
from api.errors import Problem
from procurement.revisions import ANY


def request(**headers: str) -> object:
    return APIRequestFactory().get("/", **{f"HTTP_{name.upper()}": value for name, value in headers.items()})


def test_a_tag_holds_revision_and_digest() -> None:
    assert tag(b"body", 7).startswith('"7-')
    assert tag(b"body", 7) == tag(b"body", 7)
    assert tag(b"body", 7) != tag(b"other", 7)
    assert tag(b"body") != tag(b"other")


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ('"7-ab"', True),
        ('W/"7-ab"', True),
        ('"x", "7-ab"', True),
        ("*", True),
        ('"7-abc"', False),
        ("", False),
        ("7-ab", False),
    ],
)
def test_if_none_match_compares_weakly_over_a_list(header: str, same: bool) -> None:
    assert unchanged(request(if_none_match=header), '"7-ab"') is same


@pytest.mark.parametrize(
    ("header", "revision"), [('"7-ab"', 7), ('"3-x", "12-y"', 12), ('W/"99-a", "4-b"', 4), ("*", ANY)]
)
def test_if_match_states_the_revision_that_was_read(header: str, revision: int) -> None:
    assert revision_meant(request(if_match=header)) == revision


@pytest.mark.parametrize(
    ("header", "status"),
    [("", 428), ("  ", 428), ("7", 400), ('"7', 400), ('"a" "b"', 400), ('W/"7-ab"', 412), ('"abc"',
     412), ('"-1"', 412),
     ('"99999999999999999999-a"', 412)],
)  # fmt: skip
def test_if_match_that_states_none_is_a_problem(header: str, status: int) -> None:
    with pytest.raises(Problem) as refused:
        revision_meant(request(if_match=header))
    assert refused.value.status == status

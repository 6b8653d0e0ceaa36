"""The fewest partners, against trying every team; the greedy choice within its bound; what nobody covers."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Mapping
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procurement.covering import EXACT_CANDIDATES, Cover, Pair, cover, harmonic
from tests.examples import examples

PAIRS: list[Pair] = [(specialism, region) for specialism in "abcd" for region in ("TLC", "TLI")]
pairs = st.frozensets(st.sampled_from(PAIRS))
offers = st.dictionaries(st.sampled_from("pqrstuvw"), pairs, max_size=8)


def smallest(offers: Mapping[str, Collection[Pair]], asked: Collection[Pair], lead: str | None) -> list[str]:
    """By definition: every team, the smaller first, of one size by the lead's share and then by reference."""
    wanted = set(asked) & set().union(*offers.values())
    for size in range(len(offers) + 1):
        teams = [
            team
            for team in combinations(sorted(offers), size)
            if wanted <= set().union(*(offers[partner] for partner in team))
        ]
        if teams:
            share = {team: len(wanted & set(offers[lead])) if lead in team else 0 for team in teams}  # type: ignore[index]
            return list(min(teams, key=lambda team: (-share[team], team)))
    raise AssertionError("everybody together covers what anybody does")


def names(found: Cover) -> list[str]:
    return sorted(one.partner for one in found.team)


@given(offers, pairs, st.sampled_from(["p", "q", None]))
@settings(max_examples=examples(300))
def test_the_team_is_the_first_of_the_smallest(
    offers: dict[str, frozenset[Pair]], asked: frozenset[Pair], lead: str | None
) -> None:
    found = cover(offers, asked, lead)
    assert found.exact
    assert names(found) == smallest(offers, asked, lead)
    covered = set().union(*offers.values())
    assert list(found.missing) == sorted(asked - covered)
    brought = [set(one.brings) for one in found.team]
    assert set().union(*brought) == asked & covered
    for place, one in enumerate(found.team):
        assert set(one.brings) == asked & offers[one.partner]
        others = set().union(*(each for other, each in enumerate(brought) if other != place))
        assert set(one.alone) == brought[place] - others
        assert one.alone, "a member without whom all is covered is no member of a smallest team"


@given(offers, pairs)
def test_the_order_of_the_offers_changes_nothing(
    offers: dict[str, frozenset[Pair]], asked: frozenset[Pair]
) -> None:
    assert cover(dict(reversed(offers.items())), asked, "p") == cover(offers, asked, "p")


@given(st.integers(0, 10_000))
@settings(max_examples=examples(60))
def test_the_greedy_team_covers_all_within_its_bound(seed: int) -> None:
    chance = random.Random(seed)
    many = {
        f"p{number:02d}": frozenset(chance.sample(PAIRS, chance.randint(1, 4)))
        for number in range(EXACT_CANDIDATES + 2)
    }
    found = cover(many, PAIRS, "p03")
    covered = set().union(*many.values())
    assert set().union(*(one.brings for one in found.team)) == covered
    assert all(one.alone for one in found.team)
    fewest = len(smallest(many, PAIRS, None))
    if len(found.team) > 1:
        assert found.bound == harmonic(max(map(len, many.values())))
        assert len(found.team) <= found.bound * fewest
    assert names(found) == names(cover(dict(reversed(many.items())), PAIRS, "p03"))


def test_the_lead_goes_first_among_equals() -> None:
    equal = {"ash": [("a", "")], "oak": [("a", "")]}
    assert names(cover(equal, [("a", "")], "oak")) == ["oak"]
    assert names(cover(equal, [("a", "")], None)) == ["ash"]
    found = cover({"ash": [("a", "")], "oak": [("b", "")]}, [("a", ""), ("b", "")], "oak")
    assert [one.partner for one in found.team] == ["oak", "ash"]


def test_fewer_partners_go_before_the_lead() -> None:
    offered = {"ash": [("a", ""), ("b", "")], "oak": [("a", "")], "elm": [("b", "")]}
    assert names(cover(offered, [("a", ""), ("b", "")], "oak")) == ["ash"]


def test_nothing_asked_needs_nobody_and_nobody_covers_nothing() -> None:
    assert cover({"ash": [("a", "")]}, []) == Cover((), (), None)
    assert cover({}, [("a", "")]) == Cover((), (("a", ""),), None)


@pytest.mark.parametrize(("number", "sum_"), [(0, Fraction(0)), (1, Fraction(1)), (4, Fraction(25, 12))])
def test_the_bound_is_the_harmonic_number(number: int, sum_: Fraction) -> None:
    assert harmonic(number) == sum_


def test_fifteen_partners_that_share_little_are_still_decided_at_once() -> None:
    chance = random.Random(5)
    asked = [(f"s{number:03d}", "TLC") for number in range(600)]
    hard = {f"p{number:02d}": frozenset(chance.sample(asked, 150)) for number in range(EXACT_CANDIDATES)}
    began = time.process_time()
    assert cover(hard, asked).exact
    assert time.process_time() - began < 2

"""The fewest partners that together cover what is asked for: which members of a consortium a buyer needs.

Pure, on pairs of (specialism, region): which pairs a partner can cover is worked out by search/teams.py, where regions
are known. Up to EXACT_CANDIDATES partners the answer is exact; beyond, the greedy choice of whoever adds most, at most
H(d) = 1 + 1/2 + … + 1/d times the fewest, where d is the most pairs that one partner covers (V. Chvátal, A Greedy
Heuristic for the Set-Covering Problem, Mathematics of Operations Research 4(3), 1979).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

EXACT_CANDIDATES: Final = 15

Pair: TypeAlias = tuple[str, str]
"""A specialism and a region, "" for any region."""


@dataclass(frozen=True, slots=True)
class Bringer:
    """A partner of the team: every pair asked for that it covers, and those that nobody else of the team does."""

    partner: str
    brings: tuple[Pair, ...]
    alone: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """The team, the lead first, then by reference; `missing` are the pairs that no partner covers.

    `bound` is None where the team is as small as can be, else how many times the fewest it has at most.
    """

    team: tuple[Bringer, ...]
    missing: tuple[Pair, ...]
    bound: Fraction | None

    @property
    def exact(self) -> bool:
        return self.bound is None


def cover(offers: Mapping[str, Collection[Pair]], asked: Collection[Pair], lead: str | None = None) -> Cover:
    """The smallest team of those who offer (reference to pairs) for the pairs asked for.

    What nobody covers is missing, and the team covers the rest. Of teams of one size the one in which the lead covers
    most stands first, then the one whose sorted references do.
    """
    wanted = sorted(set(asked))
    able = {partner: set(pairs).intersection(wanted) for partner, pairs in sorted(offers.items())}
    partners = [partner for partner, pairs in able.items() if pairs]
    covered = set().union(*able.values()) if able else set()
    needed = [pair for pair in wanted if pair in covered]
    bound: Fraction | None = None
    team: Sequence[str]
    if len(partners) <= EXACT_CANDIDATES:
        team = _fewest(partners, able, needed, lead)
    else:
        team = _greedy(partners, able, needed, lead)
        # One partner is always the fewest.
        bound = harmonic(max(len(pairs) for pairs in able.values())) if len(team) > 1 else None
    return Cover(
        tuple(_bringers(sorted(team, key=lambda one: (one != lead, one)), able)),
        tuple(pair for pair in wanted if pair not in covered),
        bound,
    )


def harmonic(number: int) -> Fraction:
    """H(n): 1 + 1/2 + … + 1/n."""
    return sum((Fraction(1, each) for each in range(1, number + 1)), Fraction(0))


def _fewest(
    partners: Sequence[str], able: Mapping[str, set[Pair]], needed: Iterable[Pair], lead: str | None
) -> tuple[str, ...]:
    """Every smallest team, and of them the first by the tie-break.

    A pair is the set of partners who cover it, a bit each: the team must hold one of each such set. A set that
    contains another asks for nothing more, and is left out.
    """
    sets = {
        sum(1 << place for place, partner in enumerate(partners) if pair in able[partner]) for pair in needed
    }
    least = [one for one in sets if not any(other != one and other & one == other for other in sets)]
    size = 0
    found: list[int] = [0] if not least else []
    while not found:
        size += 1
        _hitting(sorted(least, key=int.bit_count), 0, 0, size, found)

    def rank(team: int) -> tuple[int, tuple[str, ...]]:
        names = tuple(partner for place, partner in enumerate(partners) if team >> place & 1)
        return (-len(able[lead]) if lead in names and lead is not None else 0, names)

    return min(map(rank, found))[1]


def _hitting(sets: Sequence[int], chosen: int, barred: int, left: int, found: list[int]) -> None:
    """Adds to `found` every choice of `left` more bits, none of them barred, that hits every set.

    Branches on the smallest set; a bit that was tried is barred from then on, so that no choice is met twice.
    """
    if not sets:
        found.append(chosen)
        return
    if left == 0 or _apart(sets, barred) > left:
        return
    smallest = min((one & ~barred for one in sets), key=int.bit_count)
    while smallest:
        bit = smallest & -smallest
        _hitting([one for one in sets if not one & bit], chosen | bit, barred, left - 1, found)
        barred |= bit
        smallest ^= bit


def _apart(sets: Sequence[int], barred: int) -> int:
    """How many of the sets share no bit with one counted before: each needs a bit of its own."""
    taken = count = 0
    for one in sets:
        if not one & ~barred & taken:
            taken |= one & ~barred
            count += 1
    return count


def _greedy(
    partners: Sequence[str], able: Mapping[str, set[Pair]], needed: Iterable[Pair], lead: str | None
) -> list[str]:
    """Whoever adds most, again and again; then without those whom the others have made needless."""
    open_pairs, team = set(needed), list[str]()
    while open_pairs:
        best = min(partners, key=lambda one: (-len(able[one] & open_pairs), one != lead, one))
        team.append(best)
        open_pairs -= able[best]
    for partner in sorted(team, key=lambda one: (one == lead, len(able[one]), one)):
        others = set().union(*(able[one] for one in team if one != partner))
        if able[partner] <= others:
            team.remove(partner)
    return team


def _bringers(team: Sequence[str], able: Mapping[str, set[Pair]]) -> Iterable[Bringer]:
    for partner in team:
        others = set().union(*(able[one] for one in team if one != partner))
        yield Bringer(partner, tuple(sorted(able[partner])), tuple(sorted(able[partner] - others)))

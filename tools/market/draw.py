"""Chance with a seed that gives the same draws on every machine: only `Random.random()` is used, whose
sequence is fixed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Draw:
    """A stream of draws. Each firm and each supplier has its own, so that adding one leaves the others
    alone.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def share(self) -> float:
        """A number from 0 to less than 1."""
        return self._random.random()

    def chance(self, probability: float) -> bool:
        return self.share() < probability

    def between(self, lowest: int, highest: int) -> int:
        """A whole number, both ends included."""
        return lowest + int(self.share() * (highest - lowest + 1))

    def one(self, items: Sequence[Item]) -> Item:
        return items[int(self.share() * len(items))]

    def weighted(self, items: Sequence[tuple[Item, int]]) -> Item:
        """One item by its weight."""
        left = self.share() * sum(weight for _, weight in items)
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """`count` different items, or all where there are fewer, in random order."""
        pool = list(items)
        return [pool.pop(int(self.share() * len(pool))) for _ in range(min(count, len(pool)))]

"""What a set-wise action did: the answer that imports and the demonstration's loader count and show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """References of what was made and what was changed, and how many were as they should be already."""

    created: Sequence[str] = ()
    changed: Sequence[str] = ()
    unchanged: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            [*self.created, *other.created], [*self.changed, *other.changed], self.unchanged + other.unchanged
        )

    @property
    def touched(self) -> int:
        """How many objects were made or changed."""
        return len(self.created) + len(self.changed)

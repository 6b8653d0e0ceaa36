"""The geometry of horizontal bars that the server draws, each with its label and its value written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
ROW: Final = 28
LABELS: Final = 210
"""So much is left for the labels, and as much as VALUES for what is written behind a bar."""
VALUES: Final = 120
LONGEST: Final = 26
"""Characters of a label that fit; the table has the whole."""


@dataclass(frozen=True, slots=True)
class Row:
    """A bar with its texts; `y` is the middle of its row."""

    label: str
    value: str
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """What the template draws."""

    rows: tuple[Row, ...]
    width: int = WIDTH
    left: int = LABELS

    @property
    def height(self) -> int:
        return len(self.rows) * ROW


def bars(found: Sequence[tuple[str, int, str]]) -> Bars:
    """Rows of (label, amount of 0 or more, how it is written); the longest bar takes all the room there is."""
    most = max((amount for _, amount, _ in found), default=0) or 1
    room = WIDTH - LABELS - VALUES
    return Bars(
        tuple(
            Row(_short(label), written, number * ROW + ROW // 2, round(amount / most * room, 1))
            for number, (label, amount, written) in enumerate(found)
        )
    )


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1].rstrip()}…"

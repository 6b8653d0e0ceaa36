"""How many examples a property is tried with, and which cells of a table: all of them beside services (tools/check.py),
else a share of them.
"""

from __future__ import annotations

import os
from typing import Final

WHOLE: Final = 100
"""Examples of a property that states no number itself, where EXAMPLES asks for all."""
SHARE: Final = int(os.environ.get("EXAMPLES", "40"))
"""So many of each hundred are tried."""


def examples(whole: int) -> int:
    """The share of so many that this run tries, one at least."""
    return max(1, whole * SHARE // 100)


def tried(row: int, column: int) -> bool:
    """Whether this run tries a cell of a table by its numbers: of each row and of each column the same share, and every
    cell where EXAMPLES asks for all.
    """
    return (row + column) * SHARE % 100 < SHARE

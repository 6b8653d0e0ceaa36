"""How current the index is: a small file beside it, written by the index worker, read by whoever answers a
search.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import orjson

from search.engines.columns import write_atomically
from search.query import Freshness


class Heartbeat:
    """The file `heartbeat.json` in the index's folder; read again only when it has changed."""

    def __init__(self, root: Path) -> None:
        self._path = root / "heartbeat.json"
        self._file = str(self._path)
        self._mark: tuple[int, int] | None = None
        self._facts: dict[str, int | str | None] = {}

    def write(self, position: int, caught_up: bool) -> None:
        """Events up to `position` are in the index; none is waiting if `caught_up`."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        before = self._read()
        facts = {
            "position": position,
            "applied_at": before.get("applied_at") if before.get("position") == position else now,
            "caught_up_at": now if caught_up else before.get("caught_up_at"),
        }
        write_atomically(self._path, orjson.dumps(facts))

    def freshness(self, generation: int) -> Freshness:
        """What the last heartbeat said, with the generation that answers."""
        facts = self._read()
        position, applied_at, caught_up_at = (
            facts.get(name) for name in ("position", "applied_at", "caught_up_at")
        )
        return Freshness(
            generation,
            position if isinstance(position, int) else None,
            applied_at if isinstance(applied_at, str) else None,
            caught_up_at if isinstance(caught_up_at, str) else None,
        )

    def _read(self) -> dict[str, int | str | None]:
        try:
            status = os.stat(self._file)  # noqa: PTH116 - before every answer: quicker than by the path
            mark = status.st_ino, status.st_mtime_ns
            if mark != self._mark:
                facts = orjson.loads(self._path.read_bytes())
                self._facts, self._mark = facts if isinstance(facts, dict) else {}, mark
        except (OSError, ValueError):
            # Freshness unknown is no reason not to answer.
            return {}
        return self._facts

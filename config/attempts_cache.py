"""Counts that end, in one file that all processes of a machine share: failed sign-ins where no Redis counts them.

Django's cache in files keeps 300 entries and then throws away a third at random, so that wrong passwords for other
addresses would free an address that is locked out. Here what has ended goes first, and of what has not the lowest
counts: whoever is locked out has the highest.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import Any, Final

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

BUSY: Final = 5.0
"""Seconds that a write waits for another."""
TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS counts "
    "(name TEXT PRIMARY KEY, count INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID"
)
BY_END: Final = "CREATE INDEX IF NOT EXISTS counts_by_end ON counts (until)"
SET: Final = (
    "INSERT INTO counts VALUES (:name, :count, :until) "
    "ON CONFLICT (name) DO UPDATE SET count = excluded.count, until = excluded.until"
)
ADD: Final = f"{SET} WHERE counts.until <= :now"


class AttemptsCache(BaseCache):
    """Whole numbers by name, each until its end (Unix seconds); no other value is kept. Each call opens the file, so
    that neither threads nor forks share a connection. Raises OSError where it cannot be read or written.

    MAX_ENTRIES of the options bounds it; one in CULL_FREQUENCY goes where it is full.
    """

    def __init__(self, file: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._file = Path(file)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Whether it was not there."""
        return self._put(ADD, key, value, timeout, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        """Whatever was there before."""
        self._put(SET, key, value, timeout, version)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """The count, `default` where there is none or it has ended."""
        found = self._said("SELECT count FROM counts WHERE name = :name AND until > :now", key, version)
        return found[0][0] if found else default

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        """The new count. Raises ValueError where there is none."""
        found = self._said(
            "UPDATE counts SET count = count + :delta WHERE name = :name AND until > :now RETURNING count",
            key,
            version,
            delta=delta,
        )
        if not found:
            raise ValueError("There is no such count.")
        return int(found[0][0])

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Moves the end; False where there is none."""
        moved = "UPDATE counts SET until = :until WHERE name = :name AND until > :now RETURNING 1"
        return bool(self._said(moved, key, version, until=self._end(timeout)))

    def delete(self, key: Any, version: Any = None) -> bool:
        """Whether it was there."""
        return bool(self._said("DELETE FROM counts WHERE name = :name RETURNING 1", key, version))

    def clear(self) -> None:
        """Forgets all."""
        with self._opened() as held:
            held.execute("DELETE FROM counts")

    def _put(self, statement: str, key: Any, value: Any, timeout: Any, version: Any) -> bool:
        with self._opened() as held:
            # One transaction: of two that add at once one has added.
            held.execute("BEGIN IMMEDIATE")
            now = time.time()
            self._make_room(held, now)
            done = held.execute(
                statement,
                {
                    "name": self.make_and_validate_key(key, version=version),
                    "count": int(value),
                    "until": self._end(timeout),
                    "now": now,
                },
            )
            held.execute("COMMIT")
            return done.rowcount > 0

    def _make_room(self, held: sqlite3.Connection, now: float) -> None:
        held.execute("DELETE FROM counts WHERE until <= ?", (now,))
        (kept,) = held.execute("SELECT count(*) FROM counts").fetchone()
        if kept >= self._max_entries:
            part = max(1, kept // max(1, self._cull_frequency))
            held.execute(
                "DELETE FROM counts WHERE name IN (SELECT name FROM counts ORDER BY count, until LIMIT ?)",
                (part,),
            )

    def _said(self, statement: str, key: Any, version: Any, **values: float) -> list[tuple[Any, ...]]:
        with self._opened() as held:
            name = self.make_and_validate_key(key, version=version)
            return held.execute(statement, {"name": name, "now": time.time(), **values}).fetchall()

    def _end(self, timeout: Any) -> float:
        until = self.get_backend_timeout(timeout)
        return inf if until is None else float(until)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._file.exists():
                self._file.parent.mkdir(parents=True, exist_ok=True)
                # The names are digests of addresses: for whoever runs the service alone.
                self._file.touch(mode=0o600)
            with closing(sqlite3.connect(self._file, timeout=BUSY, isolation_level=None)) as held:
                held.execute(TABLE)
                held.execute(BY_END)
                yield held
        except sqlite3.Error as error:
            raise OSError(f"The file of counts cannot be used: {error}") from error

"""Counts which listings answers show, in the process that shows them, and writes the counts down beside it.

A search reads no database and shall write none: it adds to a table in memory, some microseconds for a page. A thread
of its own writes that down each half minute, and once more when the process ends (config/gunicorn.py). What is lost
is what a process that is killed had not yet written, half a minute at most; counts that the database does not take
are kept for the next time. Only processes that began to count do: commands, workers and tests show nothing to
anybody.

Not counted are answers to programs that say they gather pages, and to firms, which look at themselves (the views ask
who is signed in). A person is not told from another, so somebody who turns a page back is counted twice.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Final, Literal

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from procurement.actions.finds import BATCH, Shown, add_finds

Kind = Literal["searches", "matches"]

SECONDS: Final = 30.0
MOST: Final = 50_000
"""Listings by day that are held at once; of others nothing is counted until these are written."""
GATHERERS: Final = re.compile(r"bot\b|crawl|spider|slurp|archiver|preview|monitor", re.IGNORECASE)

log = structlog.get_logger(__name__)


class Finds:
    """The counts of one process that are not yet written. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[date, str], Shown] = {}
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def counting(self) -> bool:
        """Whether this process counts."""
        return self._thread is not None

    def begin(self, seconds: float = SECONDS) -> None:
        """Counts from here on and writes each `seconds`. After a fork, in the process that answers."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._write_on, args=[seconds], name="finds", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Writes what is left and counts no more."""
        if self._thread is not None:
            self._ending.set()
            self._thread.join()
            self._thread = None

    def shown(self, listings: Iterable[str], kind: Kind, agent: str) -> None:
        """Counts an answer that shows these listings (references, each once) to whoever calls itself `agent`."""
        if self._thread is None or GATHERERS.search(agent):
            return
        self.add(timezone.localdate(), listings, kind)

    def add(self, day: date, listings: Iterable[str], kind: Kind) -> None:
        """Counts one answer of a day."""
        with self._lock:
            for listing in listings:
                held = self._counts.get((day, listing))
                if held is None:
                    if len(self._counts) >= MOST:
                        continue
                    held = self._counts[day, listing] = Shown()
                if kind == "searches":
                    held.searches += 1
                else:
                    held.matches += 1

    def write(self) -> int:
        """Writes what was counted so far; how many listings by day. What the database does not take is kept."""
        with self._lock:
            counted, self._counts = self._counts, {}
        done = 0
        try:
            for day in sorted({day for day, _ in counted}):
                rest = iter([(listing, one) for (at, listing), one in counted.items() if at == day])
                while batch := dict(islice(rest, BATCH)):
                    add_finds(day, batch)
                    done += len(batch)
                    for listing in batch:
                        del counted[day, listing]
        except DatabaseError as error:
            log.warning(
                "counts of finds are kept for later", error=type(error).__name__, listings=len(counted)
            )
            self._keep(counted)
        return done

    def _keep(self, counted: dict[tuple[date, str], Shown]) -> None:
        with self._lock:
            for key, one in counted.items():
                held = self._counts.get(key)
                if held is not None:
                    held.searches += one.searches
                    held.matches += one.matches
                elif len(self._counts) < MOST:
                    self._counts[key] = one

    def _write_on(self, seconds: float) -> None:
        while not self._ending.wait(seconds):
            self._written()
        self._written()

    def _written(self) -> None:
        try:
            self.write()
        finally:
            # A connection is this thread's own; nobody else closes it, and for half a minute nobody needs it.
            connection.close()


finds: Final = Finds()
"""This process's."""

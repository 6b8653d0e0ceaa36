"""How far a rebuild has come, for whoever waits for a command: a bar for each collection on a terminal, elsewhere a
line every ten seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

from tqdm import tqdm

from search.engines.base import Collection

LINE_EVERY: Final = 10.0
"""Seconds between two lines."""
_MINUTE: Final = 60

READ: Final[Mapping[Collection, str]] = {"listings": "partners", "rates": "rate cards"}
"""What is read for each collection, one after the other."""


class RebuildShown:
    """Shows a rebuild of collections with so much to read for each, in their order, until it is closed."""

    def __init__(
        self,
        totals: Mapping[Collection, int],
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._totals = totals
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._collection: Collection | None = None
        self._began = self._told = clock()
        self._bar: tqdm[Any] | None = None

    def show(self, done: int, _total: int) -> None:
        """So many have been read of all collections together."""
        before = 0
        for collection, total in self._totals.items():
            here = min(max(done - before, 0), total)
            if here < total or collection == self._collection:
                self._show(collection, here, total)
            if here < total:
                return
            before += total

    def say(self, text: str) -> None:
        """A line that disturbs no bar."""
        if self._terminal:
            tqdm.write(text, file=self._stream)
        else:
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, collection: Collection, done: int, total: int) -> None:
        if collection != self._collection:
            self.close()
            self._collection, self._began = collection, self._clock()
            if self._terminal:
                unit = f" {READ[collection]}"
                self._bar = tqdm(desc=collection, total=total, unit=unit, file=self._stream)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif not self._terminal and self._clock() - self._told >= LINE_EVERY:
            self._told = self._clock()
            self.say(f"{collection}: {done:,} of {total:,} {READ[collection]}{self._pace(done, total)}")

    def _pace(self, done: int, total: int) -> str:
        spent = self._clock() - self._began
        if not done or not spent:
            return ""
        return f", {done / spent:,.1f} a second, {_duration((total - done) * spent / done)} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"

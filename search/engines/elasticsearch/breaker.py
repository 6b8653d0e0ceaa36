"""A circuit breaker: after several failures in a row nothing is asked for a while, so that a service that is
down costs a searcher nothing and is not hammered while it recovers.

Whoever was allowed a call must say how it ended, whatever happened.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

FAILURES: Final = 5
SILENCE: Final = 3
"""For so many failures counts a call that was waited for in vain: it has held a thread for seconds, and several
threads may be held at once.
"""
REST_SECONDS: Final = 3.0


class Breaker:
    """Closed while things go well; open for `rest` seconds after `failures` in a row; then one call at a time
    may try.

    `clock` counts seconds.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        rest: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._open_until = 0.0
        self._tries: int | None = None
        """The thread of the one call that may try."""

    @property
    def trying(self) -> bool:
        """Whether the call of this thread is the one that tries, for which all others wait."""
        return self._tries == threading.get_ident()

    def allows(self) -> bool:
        """Whether a call may be made now; of several that ask after the rest, one."""
        with self._lock:
            if self._failed < self._most:
                return True
            # However long the one that tries has to wait: others that waited beside it would hold a thread each.
            if self._tries is not None or self._clock() < self._open_until:
                return False
            self._tries = threading.get_ident()
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failed = 0
            self._tries = None

    def failed(self, weight: int = 1) -> None:
        """A call was not answered."""
        with self._lock:
            self._failed += weight
            # A call from before may end while another tries: that one has not ended.
            if self.trying:
                self._tries = None
            if self._failed >= self._most:
                self._open_until = self._clock() + self._rest

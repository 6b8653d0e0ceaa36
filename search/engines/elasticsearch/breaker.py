"""A circuit breaker: after several failures in a row nothing is asked for a while, so that a service that is
down costs a searcher nothing and is not hammered while it recovers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

FAILURES: Final = 5
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
        self._probe_began: float | None = None

    def allows(self) -> bool:
        """Whether a call may be made now; of several that ask after the rest, one."""
        with self._lock:
            if self._failed < self._most:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            # A probe that never reports back must not close the way for ever.
            if self._probe_began is not None and now - self._probe_began < self._rest:
                return False
            self._probe_began = now
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failed = 0
            self._probe_began = None

    def failed(self) -> None:
        """A call was not answered."""
        with self._lock:
            self._failed += 1
            self._probe_began = None
            if self._failed >= self._most:
                self._open_until = self._clock() + self._rest

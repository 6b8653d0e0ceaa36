"""gunicorn's threaded worker, but a new connection goes to the process that has fewest.

A connection that is kept alive stays in the process that accepted it. Left to chance, one process often holds
most of them, and a core idles beside it.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from typing import Final

from gunicorn.workers.gthread import ThreadWorker

HESITATION: Final = 0.004
"""Seconds for which a process that has more connections than another leaves a new one to it. It takes it then: the
other may hang.
"""

_GONE: Final = -1
_PROCESSES: Final = 64
_connections = multiprocessing.RawArray("i", [_GONE] * _PROCESSES)
"""How many connections each process has. Made before any process is forked, and shared by all."""


class FewestFirst(ThreadWorker):
    """Tells the others how many connections it has, and hesitates before it accepts one more than they have."""

    @property
    def nr_conns(self) -> int:
        """How many connections this process has."""
        return int(_connections[self.age % _PROCESSES])

    @nr_conns.setter
    def nr_conns(self, count: int) -> None:
        _connections[self.age % _PROCESSES] = count

    def accept(self, listener: socket.socket) -> None:
        """See ThreadWorker; that somebody else was first is no error there."""
        if self.nr_conns > min(count for count in _connections if count != _GONE):
            time.sleep(HESITATION)
        super().accept(listener)

    def gone(self) -> None:
        """Called in the first process when this one has ended."""
        _connections[self.age % _PROCESSES] = _GONE

"""gunicorn's threaded worker, but a new connection goes to the process that has fewest.

A connection that is kept alive stays in the process that accepted it. Left to chance, one process often holds
most of them, and a core idles beside it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import time
from typing import Any, Final

from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from api.errors import Problem, plain

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

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """See Worker: what gunicorn itself refuses. An address that is too long is refused as the API refuses."""
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        detail = (
            f"The address is longer than {self.cfg.limit_request_line:,} characters. Ask for less at once."
        )
        problem = plain(Problem(414, detail))
        head = {"Content-Length": str(len(problem.content)), "Connection": "close", **problem.headers}
        lines = [
            f"HTTP/1.1 414 {problem.reason_phrase}",
            *(f"{name}: {value}" for name, value in head.items()),
        ]
        with contextlib.suppress(OSError):
            client.sendall("\r\n".join([*lines, "", ""]).encode() + problem.content)

    def gone(self) -> None:
        """Called in the first process when this one has ended."""
        _connections[self.age % _PROCESSES] = _GONE

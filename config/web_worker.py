"""gunicorn's threaded worker, but a new connection goes to the process that has fewest.

A connection that is kept alive stays in the process that accepted it. Left to chance, one process often holds
most of them, and a core idles beside it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import socket
import time
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.module_loading import import_string
from gunicorn.http import Request, RequestParser
from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from api.errors import Problem, plain

HESITATION: Final = 0.004
"""Seconds for which a process that has more connections than another leaves a new one to it. It takes it then: the
other may hang.
"""

PAGE: Final = "web.views.errors.address_too_long"
"""Named, not imported: it knows models, and this is read before Django is set up."""
BEGINNING: Final = 200
"""Bytes of a request that say whether it is for a page."""
_OF_PROGRAMS: Final = re.compile(rb"\S+ (/api/|/oauth/|(?!/))")
"""How a request of a program begins, or one for no path of ours."""

_GONE: Final = -1
_PROCESSES: Final = 64
_connections = multiprocessing.RawArray("i", [_GONE] * _PROCESSES)
"""How many connections each process has. Made before any process is forked, and shared by all."""


class TooLong(LimitRequestLine):
    """The same refusal, with how the request began."""

    def __init__(self, refused: LimitRequestLine, begun: bytes) -> None:
        super().__init__(refused.size, refused.max_size)
        self.begun = begun


class BeginningKept(Request):
    """A request whose refusal remembers how it began: gunicorn reads it, and says only how long it is."""

    def read_line(self, unreader: Any, buf: bytearray, limit: int = 0) -> Any:
        """See Request."""
        try:
            return super().read_line(unreader, buf, limit)
        except LimitRequestLine as long:
            raise TooLong(long, bytes(buf[:BEGINNING])) from long


class FewestFirst(ThreadWorker):
    """Tells the others how many connections it has, and hesitates before it accepts one more than they have."""

    def init_process(self) -> None:
        """See Worker."""
        RequestParser.mesg_class = BeginningKept
        super().init_process()

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
        """See Worker: what gunicorn itself refuses. An address that is too long is refused as the API
        refuses, or by a page where somebody asked for one.
        """
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        answer = _too_long(exc.begun if isinstance(exc, TooLong) else b"", self.cfg.limit_request_line)
        head = {"Content-Length": str(len(answer.content)), "Connection": "close", **answer.headers}
        lines = [
            f"HTTP/1.1 414 {answer.reason_phrase}",
            *(f"{name}: {value}" for name, value in head.items()),
        ]
        with contextlib.suppress(OSError):
            client.sendall("\r\n".join([*lines, "", ""]).encode() + answer.content)

    def gone(self) -> None:
        """Called in the first process when this one has ended."""
        _connections[self.age % _PROCESSES] = _GONE


def _too_long(begun: bytes, most: int) -> HttpResponse:
    """What a request that began so is told; as a program where it is not known how."""
    if not begun or _OF_PROGRAMS.match(begun):
        detail = f"The address is longer than {most:,} characters. Ask for less at once."
        return plain(Problem(414, detail))
    request = HttpRequest()
    request.GET = QueryDict()
    page: HttpResponse = import_string(PAGE)(request)
    return page

"""Something that speaks HTTP as a search service might on a bad day: each request is answered by the next of what it is
told to say.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from socketserver import StreamRequestHandler, TCPServer, ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

Answer = tuple[int, Any]
GONE: Answer = (0, None)
"""No answer: the service dies while it is asked."""
GENUINE = {"X-Elastic-Product": "Elasticsearch"}


class Serving:
    """A server on a free port of this machine, at `url` while it is entered."""

    def __init__(self, server: TCPServer) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class BadDay(Serving):
    """A service that gives these answers one after the other, the last for ever; `asked` are the bodies it got."""

    def __init__(self, answers: Sequence[Answer], headers: dict[str, str] | None = None) -> None:
        self.asked: list[bytes] = []
        day = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def answer(self) -> None:
                day.asked.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                status, body = answers[min(len(day.asked), len(answers)) - 1]
                if status == GONE[0]:
                    self.close_connection = True
                    return
                content = json.dumps(body).encode()
                self.send_response(status)
                for name, value in (GENUINE if headers is None else headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(HTTPServer(("127.0.0.1", 0), Handler))


class Silent(Serving):
    """A service that takes every request and answers none; `asked` are their methods."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._ended = threading.Event()
        node = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                node.asked.append(self.rfile.readline().partition(b" ")[0].decode())
                node._ended.wait()

        super().__init__(ThreadingTCPServer(("127.0.0.1", 0), Handler))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        super().__exit__(kind, error, trace)


class Slow(Serving):
    """A node that says at once that it is there, and finds nothing after so many seconds; `asked` are the bodies."""

    def __init__(self, seconds: float) -> None:
        self.asked: list[bytes] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(b"")

            def do_POST(self) -> None:
                node.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(seconds)
                self.answer(b'{"hits":{"hits":[]}}')

            def answer(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("X-Elastic-Product", GENUINE["X-Elastic-Product"])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                # Whoever asked may have gone.
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))

"""A real HTTP server on this machine that takes webhooks as a customer's would, and notes what came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request: headers by lower-case name, and the body."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The message, as the specification's own library reads it. Raises where the signature does not hold."""
        read: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return read


@dataclass
class Customer:
    """What came, and what is answered: a status for each request in turn, the last for all that follow.

    While `silent` is set nothing is answered until it is set off again.
    """

    url: str
    answers: list[int] = field(default_factory=lambda: [204])
    location: str = ""
    body: bytes = b""
    got: list[Received] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    silent: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def customer() -> Iterator[Customer]:
    """A customer who listens at a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
            told.arrived.set()
            while told.silent.is_set():
                threading.Event().wait(0.02)
            self.send_response(told.next_answer())
            if told.location:
                self.send_header("Location", told.location)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # Whoever asked was killed, or has hung up without reading.
                return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Customer(f"http://127.0.0.1:{server.server_port}/hook")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield told
        finally:
            told.silent.clear()
            server.shutdown()

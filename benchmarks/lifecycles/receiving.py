"""What is received in a run: webhooks by a real server, which checks each signature, and e-mails in their folder."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

BETWEEN: Final = re.compile(rb"^-{79}\n", re.MULTILINE)
"""What Django's file backend writes after each e-mail of a file."""


@dataclass
class Hooks:
    """Where an organisation has events sent: `port`/its reference. By organisation its secret, and by organisation and
    position how often an event came; `ids` counts each message's own.
    """

    port: int
    secrets: dict[str, str] = field(default_factory=dict)
    got: Counter[tuple[str, int]] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, organisation: str) -> str:
        return f"http://127.0.0.1:{self.port}/{organisation}"

    def take(self, organisation: str, body: bytes, headers: dict[str, str]) -> int:
        """Checks one message by the specification's own library, and notes it; the status that is answered."""
        try:
            message = Webhook(self.secrets[organisation]).verify(body, headers)
        except (KeyError, WebhookVerificationError) as error:
            with self.lock:
                self.wrong.append(f"{organisation}: {error}")
            return 400
        with self.lock:
            self.got[organisation, message["data"]["position"]] += 1
            self.ids[headers["webhook-id"]] += 1
        return 204


@contextmanager
def hooks() -> Iterator[Hooks]:
    """Listens at a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(told.take(self.path.strip("/"), body, headers))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Hooks(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield told
        finally:
            server.shutdown()


def mailed(folder: Path) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """What lies in the folder: how often by recipient and subject, and by Message-ID."""
    told: Counter[tuple[str, str]] = Counter()
    ids: Counter[str] = Counter()
    for path in folder.glob("*.log"):
        for part in BETWEEN.split(path.read_bytes()):
            if part.strip():
                one = message_from_bytes(part, policy=default)
                # A subject with other than ASCII letters is folded, by RFC 5322 with a blank before what goes on.
                told[str(one["To"]), str(make_header(decode_header(one["Subject"]))).strip()] += 1
                ids[str(one["Message-ID"])] += 1
    return told, ids

"""Whoever asks the API in a run, and what it cost: tokens and sessions that are fetched anew when they have expired,
connections that are kept, and for each kind of request how long it took and how many statements it needed.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.lifecycles.clock import Clock

TOKEN: Final = timedelta(minutes=50)
SESSION: Final = timedelta(hours=11)
"""Somewhat less than what the service gives (api/configuration.py, SESSION_COOKIE_AGE)."""
CSRF: Final = "f" * 32
AGAIN: Final = (503, 429)
EXPIRED: Final = 401
MOST_TRIES: Final = 20
NAMED: Final = re.compile(r"[^/]*[\d~][^/]*")
"""A step of a path that is a reference; every other is a word."""


class Unplanned(Exception):  # noqa: N818 - what happened
    """An answer that the plan of a call-off did not count on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and what of the headers is used."""

    status: int
    body: Any
    etag: str
    cookies: str


@dataclass
class Who:
    """An integration (`name` is its client id, `secret` that of the client) or, without `scopes`, a person who signs in
    with e-mail and password.
    """

    name: str
    secret: str
    scopes: str = ""
    known: str = ""
    until: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client:
    """Asks one server; each thread keeps one connection."""

    def __init__(self, port: int, clock: Clock) -> None:
        self.port = port
        self.clock = clock
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.statements: dict[str, int] = defaultdict(int)
        self.again: Counter[str] = Counter()
        self._mine = threading.local()
        self._lock = threading.Lock()

    def ask(
        self,
        who: Who | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        etag: str = "",
        wanted: tuple[int, ...] = (200, 201, 204),
    ) -> Answer:
        """Asks once; where the service is busy (503, 429), or the connection broke, the same again with the same key.

        Raises Unplanned for any status that is not wanted.
        """
        headers = {"Accept": "application/json"} | (self._known(who) if who else {})
        if etag:
            headers["If-Match"] = etag
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if isinstance(body, tuple):
            content, headers["Content-Type"] = body
        elif body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        else:
            content = b""
        kind = f"{method} {NAMED.sub('…', path.partition('?')[0]).removeprefix('/api/v1/')}"
        for _ in range(MOST_TRIES):
            answer = self._asked(kind, method, path, content, headers)
            if who and answer and answer.status == EXPIRED:
                # The clock was moved while the request was under way.
                who.until = None
                headers |= self._known(who)
                answer = self._asked(kind, method, path, content, headers)
            if answer is None or answer.status in AGAIN:
                with self._lock:
                    self.again[f"{kind} {answer.status if answer else 'connection lost'}"] += 1
                time.sleep(0.2)
                continue
            break
        else:
            raise Unplanned(f"{method} {path} was not answered")
        if answer.status not in wanted:
            raise Unplanned(f"{method} {path}: {answer.status} {json.dumps(answer.body)[:800]}")
        return answer

    def _asked(
        self, kind: str, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> Answer | None:
        """What was answered; None where no answer came."""
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=120
            )
        began = time.perf_counter()
        try:
            connection.request(method, path, body=content, headers=headers)
            got = connection.getresponse()
            text = got.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        took = time.perf_counter() - began
        with self._lock:
            self.taken[kind].append(took)
            self.statements[kind] = max(self.statements[kind], int(got.headers.get("X-Statements", "0")))
        told = "json" in (got.headers.get("Content-Type") or "")
        cookies = "; ".join(
            one.partition(";")[0] for one in got.headers.get_all("Set-Cookie", []) if one.strip()
        )
        return Answer(
            got.status, json.loads(text) if told and text else text.decode(errors="replace"),
            got.headers.get("ETag", ""), cookies,
        )  # fmt: skip

    def _known(self, who: Who) -> dict[str, str]:
        """The headers by which the service knows who asks."""
        with who.lock:
            now = self.clock.now()
            if who.until is None or now >= who.until:
                who.known = self._token(who) if who.scopes else self._session(who)
                who.until = now + (TOKEN if who.scopes else SESSION)
            if who.scopes:
                return {"Authorization": f"Bearer {who.known}"}
            return {"Cookie": f"{who.known}; csrftoken={CSRF}", "X-CSRFToken": CSRF}

    def _token(self, who: Who) -> str:
        said = {"grant_type": "client_credentials", "scope": who.scopes}
        said |= {"client_id": who.name, "client_secret": who.secret}
        answer = self.ask(None, "POST", "/oauth/token/", _form(said))
        return str(answer.body["access_token"])

    def _session(self, who: Who) -> str:
        said = {"username": who.name, "password": who.secret, "csrfmiddlewaretoken": CSRF}
        content, kind = _form(said)
        headers = {"Content-Type": kind, "Cookie": f"csrftoken={CSRF}"}
        answer = None
        for _ in range(MOST_TRIES):
            # A connection that was not used for a while is closed by the other side.
            answer = answer or self._asked("POST sign-in", "POST", "/sign-in", content, headers)
        found = re.search(r"sessionid=[^;]+", answer.cookies) if answer else None
        if found is None:
            raise Unplanned(f"{who.name} could not sign in: {answer}")
        return found[0]


def _form(said: dict[str, str]) -> tuple[bytes, str]:
    return urlencode(said).encode(), "application/x-www-form-urlencoded"


def uploaded(name: str, content: bytes, **fields: str) -> tuple[bytes, str]:
    """A form with a file and some fields, and its content type."""
    mark = "lifecycle"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += "Content-Type: text/plain\r\n\r\n"
    return (
        "".join(parts).encode() + head.encode() + content + f"\r\n--{mark}--\r\n".encode(),
        f"multipart/form-data; boundary={mark}",
    )

"""The way to the search service: the official client, made from settings in one place, its failures told in our
words.

Every call goes through `Client.call`. A service that cannot be reached, does not let us in or is too busy is
EngineUnavailable with a reason that names no secret; so is Refused, an answer that it will not do it.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson
from elastic_transport import ApiResponse, ConnectionTimeout, SecurityWarning, TlsError, TransportError
from elastic_transport import ConnectionError as Unreachable
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.serializer import OrjsonSerializer
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError

from search.engines.base import EngineUnavailable, RequestRefused
from search.engines.elasticsearch.breaker import SILENCE, Breaker
from search.engines.elasticsearch.connection import Connection, check_authority, may_be_sent
from search.engines.elasticsearch.nodes import Nodes

OLDEST: Final = (9, 2)
"""The oldest server that knows every setting of indices.py; the client of this major version speaks to none below 9."""
DISK_FULL: Final = "the search service's disk is full (above its flood stage): it refuses every change"
UNASSIGNED: Final = (
    "no node of the search service holds our index (its disks may be full, or a node is missing)"
)
_UNASSIGNED: Final = ("no_shard_available_action_exception", "unavailable_shards_exception")
SHARE: Final = 0.3
"""Of the time that a call may take: so long it waits for a connection, and for a node while there is another to ask."""
LOOK: Final = 0.4
"""Of that share: the time in which a node that gave no answer may show that it is there, and slow."""
SLOW_SECONDS: Final = 30.0
"""How long, once one node was found slow, calls give a node all their time: asked of another as well, they would burden
those that have too much to do with still more.
"""
_BUSY: Final = (429, 502, 503, 504)
_JSON: Final = {"accept": "application/json", "content-type": "application/json"}
_LINES: Final = {"accept": "application/json", "content-type": "application/x-ndjson"}

_HOST: Final = "the search service's host name is unknown (SEARCH_URL)"
_NAMED: Final = "the search service's certificate is for another host name than SEARCH_URL says"
_TRUST: Final = (
    "the search service's certificate is not signed by an authority we trust (SEARCH_CA_CERT names its file)"
)
_ELSE: Final = "what answers at SEARCH_URL does not speak as Elasticsearch does"
_IN_OUR_WORDS: Final = {
    "index_closed_exception": "our index is closed at the search service: POST /INDEX/_open opens it, with our key",
}
"""Refusals that say more in our words, by their kind."""
_REASONS: Final = (
    ("certificate has expired", "the search service's certificate has expired"),
    ("ostname mismatch", _NAMED),
    ("doesn't match", _NAMED),
    ("IP address mismatch", _NAMED),
    ("CERTIFICATE_VERIFY_FAILED", _TRUST),
    ("WRONG_VERSION_NUMBER", "the search service speaks no TLS at this address (SEARCH_URL)"),
    ("Name or service not known", _HOST),
    ("name resolution", _HOST),
    ("NameResolutionError", _HOST),
    ("nodename nor servname", _HOST),
    ("No address associated", _HOST),
    ("Connection refused", "nothing listens at the search service's address (SEARCH_URL)"),
    (
        "closed connection without response",
        "the search service closed the connection without an answer (if it speaks TLS, SEARCH_URL begins with https)",
    ),
)
"""What stands in an error's text, and what to say."""


class Refused(RequestRefused):
    """The service answered that it will not do it: `status` as in HTTP, `kind` and `reason` in its words, both empty
    where something else answers at its address: a proxy, another service.
    """

    def __init__(self, status: int, kind: str, reason: str) -> None:
        told = f"{kind}: {reason}" if reason else kind
        super().__init__(
            _IN_OUR_WORDS.get(kind)
            or (
                f"the search service refused what it was asked for ({told})"
                if told
                else f"{_ELSE} (HTTP {status})"
            )
        )
        self.status = status
        self.kind = kind
        self.reason = reason


class NotAllowed(EngineUnavailable):
    """We are known and may not do this."""


class Unassigned(EngineUnavailable):
    """The service is there, and no node of it holds the index."""


class NoAnswerInTime(EngineUnavailable):
    """It was waited for in vain: asking again would wait as long."""


class Client:
    """The official client with a circuit breaker before it. One serves a whole process and all its threads."""

    def __init__(self, connection: Connection, breaker: Breaker | None = None) -> None:
        self.connection = connection
        self.breaker = breaker or Breaker()
        self.calls = 0
        """How many requests have been made: one for each search is what we promise."""
        self._client: Elasticsearch | None = None
        self._waiting: dict[tuple[float, float, bool], Elasticsearch] = {}
        self._making = threading.Lock()
        self._slow_until = float("-inf")

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        lines: Iterable[bytes] | None = None,
        missing: bool = False,
        timeout: float | None = None,
        again: Callable[[], None] | None = None,
        **parameters: Any,
    ) -> Any:
        """Asks and returns the parsed answer. `lines` is a body of JSON lines; `missing` makes 404 answer
        None; `timeout` are the seconds that it may take in all. `again`, where given, is told before another node is
        asked because one gave no answer; where one breaks off, no other is asked then.

        Raises EngineUnavailable or Refused.
        """
        # Before the breaker is asked: a body that cannot be written says nothing of the service.
        content = (
            b"\n".join([*lines, b""]) if lines is not None else None if body is None else orjson.dumps(body)
        )
        if not self.breaker.allows():
            raise EngineUnavailable("the search service did not answer and is being left alone for a moment")
        self.calls += 1
        asked = {
            "method": method,
            "path": path,
            "params": {name: _written(value) for name, value in parameters.items()},
            "headers": _LINES
            if lines is not None
            else _JSON
            if body is not None
            else {"accept": _JSON["accept"]},
            "body": content,
        }
        try:
            answer = self._answer(asked, timeout or self.connection.timeout, again)
        except (TransportError, UnsupportedProductError) as error:
            if isinstance(error, ConnectionTimeout):
                self.breaker.failed(SILENCE)
                raise NoAnswerInTime(reason_of(error)) from error
            self.breaker.failed()
            raise EngineUnavailable(reason_of(error)) from error
        except ApiError as error:
            return self._refused(error, missing)
        except BaseException:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer.body

    def check(self) -> None:
        """Whether the service is there, lets us in and is one that we can speak to. Raises EngineUnavailable with
        one line that says what is wrong.
        """
        try:
            told = self.call("GET", "/")
        except NotAllowed:
            # A key for our indices alone may not ask who answers: then it must be let in to them.
            self.call("GET", f"/{self.connection.prefix}*/_alias", missing=True)
            return
        except Refused as refused:
            raise EngineUnavailable(
                f"the search service does not speak as version {OLDEST[0]} does"
            ) from refused
        number = str(told.get("version", {}).get("number", ""))
        parts = tuple(int(part) for part in number.split(".")[:2] if part.isdecimal())
        if parts < OLDEST:
            raise EngineUnavailable(
                f"the search service is version {number or 'unknown'}; "
                f"Calloff needs {OLDEST[0]}.{OLDEST[1]} or newer"
            )

    def close(self) -> None:
        """Closes the connections."""
        with self._making:
            if self._client is not None:
                self._client.close()
                self._client = None
                self._waiting.clear()

    def _answer(
        self, asked: Mapping[str, Any], timeout: float, again: Callable[[], None] | None
    ) -> ApiResponse[Any]:
        """Asks one node after another as long as they are silent: the first ones for a share of the time each, the last
        for all that is left. A single one has all the time, and so has the first while they are slow.
        """
        others = min(len(self.connection.hosts) - 1, self.connection.retries)
        if others and self.breaker.trying:
            # All other calls are refused until this one has ended.
            timeout = min(timeout, self.connection.timeout)
        share = timeout * SHARE if others else timeout
        # All else that we ask does the same when it is done twice: these two would be refused.
        repeatable = asked["method"] != "PUT" and asked["path"] != "/_aliases"
        look = share * LOOK
        first = share - look if repeatable else timeout
        left = timeout
        for _ in range(others if time.monotonic() >= self._slow_until else 0):
            try:
                return self._made(share, first, again is None).perform_request(**asked)
            except ConnectionTimeout as error:
                reached = not isinstance(error.__cause__, ConnectTimeoutError)
                if not repeatable and reached:
                    raise
                if again is not None:
                    again()
                if repeatable:
                    left -= share
                if reached and self._is_there(look):
                    self._slow_until = time.monotonic() + SLOW_SECONDS
                    break
        return self._made(share, left, again is None).perform_request(**asked)

    def _is_there(self, seconds: float) -> bool:
        """Whether the node that this thread asked last answers at all."""
        assert self._client is not None
        nodes = self._client.transport.node_pool
        return isinstance(nodes, Nodes) and nodes.last_is_there(seconds)

    def _made(self, connect: float, total: float, retried: bool) -> Elasticsearch:
        # Two threads that made one each would have two minds about which node is dead.
        with self._making:
            # Made on first use, so that no connection crosses a fork.
            if self._client is None:
                self._client = self._first()
            # Kept, since making one of them takes longer than some searches.
            waiting = self._waiting.get((connect, total, retried))
            if waiting is None:
                waits: Any = Timeout(connect=connect, total=total)
                waiting = (
                    self._client.options(request_timeout=waits)
                    if retried
                    else self._client.options(request_timeout=waits, max_retries=0)
                )
                self._waiting[connect, total, retried] = waiting
            return waiting

    def _first(self) -> Elasticsearch:
        if not may_be_sent(self.connection.api_key):
            # The library's own error would repeat it.
            raise EngineUnavailable(
                "SEARCH_API_KEY is no key: it holds a line's end, a blank or a letter that no key holds"
            )
        if self.connection.ca_cert:
            # The library looks for it at each connection, and says that the service cannot be reached.
            try:
                check_authority(self.connection.ca_cert)
            except ValueError as error:
                raise EngineUnavailable(str(error)) from error
        return make(self.connection)

    def _refused(self, error: ApiError, missing: bool) -> None:
        status = error.meta.status
        if says_disk_full(*_cause(error)):
            # It answered, and searches go on: nothing to leave it alone for.
            self.breaker.succeeded()
            raise EngineUnavailable(DISK_FULL) from error
        if status in _BUSY:
            self.breaker.failed()
            if _cause(error)[0] in _UNASSIGNED:
                raise Unassigned(UNASSIGNED) from error
            raise EngineUnavailable(f"the search service is too busy or not ready (HTTP {status})") from error
        self.breaker.succeeded()
        if status == 401:
            raise EngineUnavailable("the search service does not accept our key (SEARCH_API_KEY)") from error
        # A block on our index is no matter of rights; which one says the service itself.
        if status == 403 and _cause(error)[0] != "cluster_block_exception":
            raise NotAllowed(
                "our key may not do this at the search service (it must read, write and manage our indices)"
            ) from error
        if status == 404 and missing:
            return
        raise Refused(status, *_cause(error)) from error


def make(connection: Connection) -> Elasticsearch:
    """The official client for a connection."""
    options: dict[str, Any] = {}
    if any(host.startswith("https:") for host in connection.hosts):
        options["verify_certs"] = connection.verify
        if connection.ca_cert:
            options["ca_certs"] = connection.ca_cert
        if not connection.verify:
            # Whoever turned it off has been told at start-up; not again for each connection.
            options["ssl_show_warn"] = False
    if connection.api_key:
        options["api_key"] = connection.api_key
    if len(connection.hosts) > 1:
        options["node_pool_class"] = Nodes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return Elasticsearch(
            list(connection.hosts),
            request_timeout=connection.timeout,
            max_retries=connection.retries,
            retry_on_status=_BUSY,
            retry_on_timeout=False,
            retry_backoff_base=0.1,
            retry_backoff_cap=1.0,
            http_compress=connection.compress,
            connections_per_node=connection.connections,
            serializer=OrjsonSerializer(),
            meta_header=False,
            **options,
        )


def reason_of(error: Exception) -> str:
    """What went wrong on the way, in a sentence without addresses of people, keys or stacks."""
    if isinstance(error, UnsupportedProductError):
        return "what answers at SEARCH_URL is not Elasticsearch"
    text = " ".join(str(one) for one in (error, *error.args, *getattr(error, "errors", ())))
    for sign, reason in _REASONS:
        if sign in text:
            return reason
    if isinstance(error, ConnectionTimeout):
        return "the search service did not answer in time"
    if isinstance(error, TlsError):
        return "no secure connection to the search service could be made"
    if isinstance(error, Unreachable):
        return "the search service cannot be reached"
    return "the search service's answer cannot be read"


def says_disk_full(kind: str, reason: str) -> bool:
    """Whether an error of the service, in its words, is that there is no room to write; its status is that of one who
    is asked too much.
    """
    return kind == "cluster_block_exception" and "flood-stage" in reason


def _cause(error: ApiError) -> tuple[str, str]:
    body = error.body if isinstance(error.body, dict) else {}
    told = body.get("error", {})
    if not isinstance(told, dict):
        return str(told), ""
    cause = (told.get("root_cause") or [told])[0]
    deeper = told.get("caused_by") or {}
    return str(cause.get("type", "")), str(deeper.get("reason") or cause.get("reason", ""))


def _written(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value

"""The cache on a Redis that may be away or hang: asked briefly, and after a failure left alone for a moment, so that
requests do not each wait for it. The same in search/engines/elasticsearch for the search service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Any, Final

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import ConnectionError as Away
from redis import Redis
from redis import TimeoutError as Silent

RESTS: Final = 3.0
"""Seconds for which a cache that failed is not asked."""


class Rest:
    """Whether one service is left alone; all threads of a process share it, as each has a cache object of its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: float | None = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """A try. Raises redis' ConnectionError at once while the service rests; what fails within makes it rest."""
        with self._lock:
            if self._until is not None:
                if monotonic() < self._until:
                    raise Away("The cache failed a moment ago and is left alone.")
                # One finds out whether it is there again; the others do not wait with it.
                self._until = monotonic() + RESTS
        try:
            yield
        except (Away, Silent):
            with self._lock:
                self._until = monotonic() + RESTS
            raise
        with self._lock:
            self._until = None


_RESTS: Final[dict[tuple[str, ...], Rest]] = {}
"""By the addresses of a service."""


class RestedRedis(Redis):
    """Redis' client, each command of which is a try."""

    def __init__(self, rest: Rest, **options: Any) -> None:
        super().__init__(**options)
        self._rest = rest

    def execute_command(self, *words: Any, **options: Any) -> Any:
        """As Redis does; raises its ConnectionError at once while the service rests."""
        with self._rest.asking():
            return super().execute_command(*words, **options)  # type: ignore[no-untyped-call]


class RestedClient(RedisCacheClient):
    """Django's client of the cache, by way of ours."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._rest = _RESTS.setdefault(tuple(servers), Rest())

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        """What the next command is given to."""
        return RestedRedis(self._rest, connection_pool=super().get_client(key, write=write).connection_pool)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        """Sent as one, which no single command stands for."""
        with self._rest.asking():
            super().set_many(data, timeout)


class RestingCache(RedisCache):
    """The backend that CACHE_URL=redis://… means."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = RestedClient

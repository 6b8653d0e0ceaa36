"""What fills a new index, sent beside the making of what comes next: the service indexes while we analyse.

Journey: a rebuild (life.py) hands over batch after batch. Two are under way at most, so that memory is bounded and a
live update waits for little; two batches that name one key are never under way together, so that what is made of a
key may depend on what was written of it before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from search.engines.elasticsearch.bulk import Change

UNDER_WAY: Final = 2
"""Batches that are sent at once: the service takes them by several threads."""


class Sending:
    """Batches on their way, by threads of their own. For one caller's thread."""

    def __init__(self, write: Callable[[Sequence[Change]], None]) -> None:
        self._write = write
        self._threads = ThreadPoolExecutor(UNDER_WAY, thread_name_prefix="index-filling")
        self._under_way: dict[Future[None], Set[str]] = {}

    def put(self, keys: Set[str], changes: Sequence[Change]) -> None:
        """Begins to write a batch of these keys, once there is room. Raises what an earlier one failed with."""
        while len(self._under_way) >= UNDER_WAY:
            self._ended(wait(self._under_way, return_when=FIRST_COMPLETED).done)
        self._under_way[self._threads.submit(self._write, changes)] = keys

    def wait_for(self, keys: Set[str]) -> None:
        """Until no batch that names one of these keys is under way. Whether it failed, a later call says: it is not
        the fault of whoever waits.
        """
        wait([one for one, named in self._under_way.items() if not named.isdisjoint(keys)])

    def settle(self) -> None:
        """Until everything put is written. Raises what one of them failed with."""
        self._ended(wait(self._under_way).done)

    def finish(self) -> None:
        """As settle; nothing can be put afterwards."""
        self.settle()
        self._threads.shutdown()

    def close(self) -> None:
        """Until nothing is under way any more, whatever becomes of it. Nothing can be put afterwards."""
        self._threads.shutdown(cancel_futures=True)
        self._under_way.clear()

    def _ended(self, done: Set[Future[None]]) -> None:
        for one in done:
            del self._under_way[one]
        for one in done:
            one.result()

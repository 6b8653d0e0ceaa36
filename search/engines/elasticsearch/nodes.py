"""Which node of the search service is asked next, where there are several."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import structlog
from elastic_transport import BaseNode, NodeConfig, NodePool, TransportError

LOOK_SECONDS: Final = 1.0
"""How long a node that gave no answer may take to say that it is back."""

log = structlog.get_logger(__name__)


class Nodes(NodePool):
    """Gives the nodes in turn, without those that are dead: that gave no answer, or one that says that they cannot.

    A dead node rests, twice as long after each failure as after the one before. Then one caller looks whether it
    answers at all, and only if it does is it given work again: the library itself would give it the next request,
    and once more for every thread that had been waiting for it.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._lock = threading.Lock()
        self._given = threading.local()
        self._dead: dict[NodeConfig, tuple[float, int]] = {}
        """Until when each rests, and how often it has failed in a row; who failed first stands first."""

    def get(self) -> BaseNode:
        """The node to ask next; where all are dead, each in turn."""
        due = self._due()
        if due is not None and _answers(due, LOOK_SECONDS):
            self.mark_live(due)
        self._given.node = node = self._next()
        return node

    def last_is_there(self, seconds: float) -> bool:
        """Whether the node that this thread was given last, and that gave no answer in time, answers at all: then it is
        slow and not dead, and is live again.
        """
        node: BaseNode = self._given.node
        if not _answers(node, seconds):
            return False
        self.mark_live(node)
        return True

    def mark_dead(self, node: BaseNode, _now: float | None = None) -> None:
        """It failed. Several threads that waited for it together count once."""
        with self._lock:
            until, failures = self._dead.get(node.config, (0.0, 0))
            if until <= time.monotonic():
                self._rest(node)
        if not failures:
            # Searches go on without it: nothing else tells.
            log.warning("search_node_left_alone", node=_address(node))

    def mark_live(self, node: BaseNode) -> None:
        """It answered."""
        with self._lock:
            was_dead = self._dead.pop(node.config, None)
        if was_dead:
            log.info("search_node_answers_again", node=_address(node))

    def _next(self) -> BaseNode:
        with self._lock:
            alive = [node for node in self.all() if node.config not in self._dead]
            if not alive:
                first = next(iter(self._dead))
                self._dead[first] = self._dead.pop(first)
                return next(node for node in self.all() if node.config == first)
        return self.node_selector.select(alive)

    def _due(self) -> BaseNode | None:
        now = time.monotonic()
        with self._lock:
            due = [
                node for node in self.all() if node.config in self._dead and self._dead[node.config][0] <= now
            ]
            # Where all are dead, what is asked tells as well.
            if not due or len(self._dead) == len(self):
                return None
            # It rests again before it is looked at: whoever comes meanwhile leaves it alone.
            self._rest(due[0])
            return due[0]

    def _rest(self, node: BaseNode) -> None:
        _, failures = self._dead.pop(node.config, (0.0, 0))
        seconds = min(self.dead_node_backoff_factor * 2 ** min(failures, 10), self.max_dead_node_backoff)
        self._dead[node.config] = (time.monotonic() + seconds, failures + 1)


def _address(node: BaseNode) -> str:
    return f"{node.host}:{node.port}"


def _answers(node: BaseNode, seconds: float) -> bool:
    # Without our key, so that it may answer 401: it is there.
    try:
        return node.perform_request("HEAD", "/", request_timeout=seconds).meta.status < 500
    except TransportError:
        return False

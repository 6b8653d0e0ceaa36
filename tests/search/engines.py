"""The engines that the contract is asked of: each test of it runs on the embedded one, and on Elasticsearch where there
is a node.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import pytest

from search.engines.base import Engine
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine
from tests.search.listing_documents import fill

KINDS = ["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)]


class Indexing(Protocol):
    """Makes engines of one kind for a module of tests."""

    kind: str

    def empty(self) -> Engine:
        """An engine without an index."""

    def again(self) -> Engine:
        """The engine that this made last, as another process would open it."""

    def indices(self) -> list[str]:
        """The listings' indices that stand for the engine made last."""

    def where(self) -> list[str]:
        """How index_processes.py is told of the engine made last."""

    def settle(self) -> None:
        """Waits until what a killed writer had already handed over is written."""


class EmbeddedIndexing:
    kind = "embedded"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    @property
    def root(self) -> Path:
        return self._folder / str(self._made)

    def empty(self) -> EmbeddedEngine:
        self._made += 1
        return self.again()

    def again(self) -> EmbeddedEngine:
        return EmbeddedEngine(self.root)

    def indices(self) -> list[str]:
        return [path.name for path in (self.root / "listings").iterdir() if path.is_dir()]

    def where(self) -> list[str]:
        return ["embedded", str(self.root)]

    def settle(self) -> None:
        """What a process of ours writes ends with it."""


class ElasticsearchIndexing:
    kind = "elasticsearch"

    def __init__(self, address: str) -> None:
        self.address = address
        self._run = f"test-{secrets.token_hex(4)}-"
        self._made = 0
        self._engines: list[ElasticsearchEngine] = []

    @property
    def prefix(self) -> str:
        return f"{self._run}{self._made}-"

    def empty(self) -> ElasticsearchEngine:
        self._made += 1
        return self.again()

    def again(self) -> ElasticsearchEngine:
        self._engines.append(ElasticsearchEngine(Connection(hosts_of(self.address), prefix=self.prefix)))
        return self._engines[-1]

    def indices(self) -> list[str]:
        return sorted(
            self._engines[-1].client.call("GET", f"/{self.prefix}listings-*/_alias", missing=True) or ()
        )

    def where(self) -> list[str]:
        return ["elasticsearch", self.address, self.prefix]

    def settle(self) -> None:
        """Half a second in which the service writes nothing of ours: what it was sent it may not have begun yet."""
        quiet = 0
        while quiet < 5:
            told = self._engines[-1].client.call(
                "GET", "/_tasks", actions="indices:data/write/*", detailed=True
            )
            tasks = [
                task["description"] for node in told["nodes"].values() for task in node["tasks"].values()
            ]
            quiet = 0 if any(self.prefix in described for described in tasks) else quiet + 1
            time.sleep(0.1)

    def remove(self) -> None:
        """Removes every index that was made."""
        self.empty()
        client = self._engines[-1].client
        names = sorted(client.call("GET", f"/{self._run}*/_alias", missing=True) or ())
        for start in range(0, len(names), 20):
            client.call("DELETE", "/" + ",".join(names[start : start + 20]), missing=True, timeout=60.0)
        for engine in self._engines:
            engine.close()


def index(indexing: Indexing, documents: Iterable[dict[str, Any]]) -> Engine:
    """An engine over a new index of the documents."""
    engine = indexing.empty()
    fill(engine, documents)
    return engine

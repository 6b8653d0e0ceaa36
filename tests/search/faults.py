"""What the tests of a failing search service stand on: a market of 600 firms, its index at a node, and faults."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.test import Client, override_settings

from procurement.actions.partner_imports import import_partners
from procurement.actions.profiles import update_profile
from procurement.models import Partner
from procurement.permissions import SYSTEM
from search.drift import drift
from search.engines.base import Writer
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.index import connection, kept_writer, release_writer
from search.rebuild import rebuild
from tests.procurement.test_partner_imports import Nobody, row
from tests.world import make_world
from tools.search_node import Cluster, Node

FIRMS = 600
LISTINGS = FIRMS + 6
SEARCH = "/api/v1/listings/"
LOOK_EVERY = 0.01


def make_market(folder: Path) -> None:
    """The world and 600 firms more, all of whom wait in the outbox."""
    make_world()
    tell_all(folder, "before")


def tell_all(folder: Path, summary: str) -> None:
    """Gives each of the 600 firms a summary, by an import: none is in the index yet."""
    file = folder / "partners.jsonl"
    rows = (row(f"firm-{number:03d}", summary=f"{summary} {number}") for number in range(FIRMS))
    file.write_text("\n".join(map(json.dumps, rows)))
    assert import_partners(SYSTEM, file, Nobody()).loaded == FIRMS


@contextmanager
def indexed(cluster: Cluster, **others: Any) -> Iterator[Writer]:
    """The settings of a node, and a writer that has built an index there under a prefix of its own."""
    where = {"SEARCH_URL": ",".join(cluster.urls), "SEARCH_PREFIX": f"test-{secrets.token_hex(4)}-"}
    with override_settings(**{**where, **others}):
        try:
            writer = kept_writer()
            rebuild(writer)
            yield writer
        finally:
            release_writer()


def edit(text: str, reference: str = "yew") -> None:
    update_profile(SYSTEM, reference, Partner.objects.get(reference=reference).revision, {"summary": text})


def found(client: Client, word: str) -> list[str]:
    """The references that a search for a word answers with."""
    answer = client.get(SEARCH, {"q": word})
    assert answer.status_code == 200, answer.content
    return [hit["reference"] for hit in answer.json()["results"]]


def assert_agrees(listings: int = LISTINGS) -> None:
    """Index and database hold the same, to the last listing and card."""
    seen = drift()
    assert (seen.count, seen.compared, seen.compared_cards) == (0, listings, 1)


def assert_unavailable(client: Client) -> float:
    """A search is answered by the problem that says so and when to ask again; how long that took."""
    began = time.monotonic()
    answer = client.get(SEARCH, {"q": "research"})
    took = time.monotonic() - began
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("search_unavailable", "5")
    return took


def roles(cluster: Cluster, prefix: str, collection: str = "listings") -> list[list[str]]:
    """What each index of a collection is for, by its aliases."""
    path = f"/{prefix}{collection}-*/_alias"
    told = cluster.request("GET", path)[1]
    return sorted(sorted(name.removeprefix(prefix) for name in facts["aliases"]) for facts in told.values())


def written(node: Node, alias: str) -> int:
    """How many documents a node has been given for an alias; 0 where there is none, or not yet."""
    status, told = node.request("GET", f"/{alias}/_stats/indexing", seconds=5)
    return int(told["_all"]["primaries"].get("indexing", {}).get("index_total", 0)) if status == 200 else 0


class Killer:
    """Kills a node by SIGKILL as soon as it has been given more documents for an alias than before."""

    def __init__(self, node: Node, alias: str, more: int) -> None:
        self._node = node
        self._alias = alias
        self._most = written(node, alias) + more
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.given = 0

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            self.given = written(self._node, self._alias)
            if self.given >= self._most:
                self._node.kill()
                return

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def until(what: Callable[[], bool], seconds: float, message: str) -> float:
    """How long it took until that was so; an assertion error with `message` after `seconds`."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if what():
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(message)


def probe() -> ElasticsearchEngine:
    """An engine of its own by the settings of now, as another process would have."""
    place = connection()
    assert place is not None
    return ElasticsearchEngine(place)

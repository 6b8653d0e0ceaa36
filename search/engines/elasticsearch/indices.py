"""The indices of one collection: named by the hash of their mapping and a run, found by aliases, swapped in one
call.

Four aliases say all there is to know. `<prefix>listings` is what searches read and `…-write` what updates go
to, both the index in use; `…-building` is the one that a rebuild fills; `…-previous` is the one before, kept
for a way back. Writes name an alias and require it, so that nothing can make an index by accident.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from search.analysis import GAP
from search.engines.base import Collection, EngineUnavailable, IndexUnusable
from search.engines.elasticsearch import meta
from search.engines.elasticsearch.client import Client, Refused
from search.engines.elasticsearch.making import make_index

WRITE: Final = "-write"
BUILDING: Final = "-building"
PREVIOUS: Final = "-previous"
_ROLES: Final = ("", WRITE, BUILDING, PREVIOUS)


ANALYSIS: Final[Mapping[str, Any]] = {
    "analyzer": {"terms": {"type": "custom", "tokenizer": "whitespace", "filter": ["gaps"]}},
    "filter": {"gaps": {"type": "stop", "stopwords": [GAP]}},
}
"""Terms are made by search/analysis.py: they are split at blanks here, and a gap keeps its place."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an index of a collection is made like. `mapping` is the hash that names this shape; `properties` are
    Elasticsearch's, beside which every index has those of meta.py.
    """

    collection: Collection
    mapping: str
    properties: Mapping[str, Any]
    source: tuple[str, ...]
    """What of a document is kept as its source; all of it if empty."""

    @classmethod
    def of(
        cls, collection: Collection, layout: object, properties: Mapping[str, Any], source: tuple[str, ...]
    ) -> Shape:
        """The shape of a collection, named by all that it consists of; `layout` is raised when something else
        changes.
        """
        told = orjson.dumps([layout, properties, ANALYSIS, source], option=orjson.OPT_SORT_KEYS)
        return cls(collection, hashlib.blake2b(told, digest_size=5).hexdigest(), properties, source)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which index has which role, None where there is none."""

    current: str | None = None
    building: str | None = None
    previous: str | None = None


class Indices:
    """The indices of one collection."""

    def __init__(self, client: Client, shape: Shape) -> None:
        self.client = client
        self.shape = shape
        self.read = f"{client.connection.prefix}{shape.collection}"
        self.write = self.read + WRITE
        self.building = self.read + BUILDING
        self.previous = self.read + PREVIOUS

    def standing(self) -> Standing:
        """Which indices there are and what each is for (one call)."""
        aliases = self._aliases()
        roles = {role: index for index, held in aliases.items() for role in held}
        return Standing(roles.get(self.read), roles.get(self.building), roles.get(self.previous))

    def mapping_of(self, index: str) -> str:
        """The hash of the mapping that an index was made with, from its name."""
        return index.removeprefix(f"{self.read}-").partition("-")[0]

    def missing(self) -> IndexUnusable:
        """What to say where no index is in use."""
        return IndexUnusable(f"there is no {self.shape.collection} index yet")

    def other_mapping(self) -> IndexUnusable:
        """What to say where the index in use was made by another version of the program."""
        return IndexUnusable(f"the {self.shape.collection} index is of another mapping")

    def create(self) -> str:
        """Makes an empty index to be built (an unfinished earlier one is thrown away); returns its name."""
        name = f"{self.read}-{self.shape.mapping}-{time.time_ns():x}"
        unfinished = self.standing().building
        if unfinished is not None:
            self.discard(unfinished)
        source = {"includes": ["meta", *self.shape.source]} if self.shape.source else {}
        make_index(
            self.client,
            name,
            {
                "settings": {
                    "number_of_shards": 1,
                    "number_of_replicas": self.client.connection.replicas,
                    # A change is shown by the refresh that the writer asks for, as a whole, and by no other.
                    "refresh_interval": "-1",
                    # Removed keys are kept as documents; this covers those that Elasticsearch removes itself.
                    "gc_deletes": "1h",
                    "max_result_window": 10_000,
                    # Vectors are no part of what is kept as source; looking for some to leave out of what is sent
                    # would take every document apart, which makes reading it three times as dear.
                    "mapping.exclude_source_vectors": False,
                    "analysis": ANALYSIS,
                },
                "mappings": {
                    "dynamic": "strict",
                    "date_detection": False,
                    "numeric_detection": False,
                    **({"_source": source} if source else {}),
                    "properties": {**self.shape.properties, **meta.PROPERTIES},
                },
                "aliases": {self.building: {}},
            },
        )
        return name

    def swap(self, index: str) -> None:
        """Makes a built index the one in use and the one in use the previous one, in one call."""
        standing = self.standing()
        actions = [
            _remove(index, self.building),
            *_add(index, self.read, self.write),
            *self._retire(standing.current),
            *([_remove(standing.previous, self.previous)] if standing.previous else []),
        ]
        try:
            self._act(actions)
        except Refused:
            # A node that died before it answered may have done it: the other that was asked again finds it done.
            if self.standing().current != index:
                raise
        self.clean()

    def rollback(self) -> str:
        """Puts the previous index back in use and the one in use in its place; returns the index now in use.

        Raises ValueError if there is none, or one of another version of the program, which this one could not read.
        """
        standing = self.standing()
        if standing.previous is None:
            raise ValueError("there is no earlier index to go back to")
        if self.mapping_of(standing.previous) != self.shape.mapping:
            raise ValueError(
                "the earlier index is of another version of Calloff; with that one, go back to it"
            )
        self._act(
            [
                *self._retire(standing.current),
                _remove(standing.previous, self.previous),
                *_add(standing.previous, self.read, self.write),
            ]
        )
        return standing.previous

    def discard(self, index: str) -> None:
        """Removes an index."""
        self.client.call("DELETE", f"/{index}", missing=True, timeout=60.0)

    def clean(self) -> None:
        """Removes what has no role: indices replaced twice, and those whose maker died before naming them."""
        for index, held in self._aliases().items():
            if not held:
                self.discard(index)

    def abandon_unfinished(self) -> None:
        """Removes a building index that no living writer fills."""
        unfinished = self.standing().building
        if unfinished is not None:
            self.discard(unfinished)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **parameters: Any) -> Any:
        """A call on an alias of this collection; that there is none is EngineUnavailable."""
        try:
            return self.client.call(method, path, body, **parameters)
        except Refused as refused:
            if refused.status == 404:
                raise self.missing() from refused
            raise

    def searches(self, bodies: Sequence[Mapping[str, Any]], index: str | None = None) -> list[Any]:
        """The answers to several searches, in one call, of what is behind the alias or of one index."""
        header = orjson.dumps({"index": index or self.read, "allow_partial_search_results": False})
        lines = [line for body in bodies for line in (header, orjson.dumps(body))]
        answers = self.client.call("POST", "/_msearch", lines=lines)["responses"]
        for answer in answers:
            if answer["status"] == 404:
                raise self.missing()
            if answer["status"] != 200:
                raise EngineUnavailable("the search service could not answer")
        return list(answers)

    def _retire(self, index: str | None) -> list[dict[str, Any]]:
        if index is None:
            return []
        return [_remove(index, self.read), _remove(index, self.write), *_add(index, self.previous)]

    def _aliases(self) -> dict[str, set[str]]:
        # Only names that begin as this collection's do: another installation's prefix may begin like ours.
        told = self.client.call("GET", f"/{self.read}-*/_alias", missing=True) or {}
        return {
            index: {name for name in facts["aliases"] if name in {self.read + role for role in _ROLES}}
            for index, facts in told.items()
        }

    def _act(self, actions: list[dict[str, Any]]) -> None:
        self.client.call("POST", "/_aliases", {"actions": actions}, timeout=60.0)


def _add(index: str, *aliases: str) -> list[dict[str, Any]]:
    return [{"add": {"index": index, "alias": alias}} for alias in aliases]


def _remove(index: str, alias: str) -> dict[str, Any]:
    return {"remove": {"index": index, "alias": alias, "must_exist": True}}

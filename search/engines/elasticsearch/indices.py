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
from dataclasses import dataclass, field
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
_SEVERAL: Final = "has more than one ind"
"""In what the service says where a document is asked of an alias that stands on several indices."""


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
    """Which index has which role, None where there is none. `held` says of each alias on which indices it stands, by
    name: on more than one, or none of those that must be, only where somebody changed it by hand.
    """

    current: str | None = None
    building: str | None = None
    previous: str | None = None
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    def on(self, alias: str) -> tuple[str, ...]:
        """The indices on which an alias stands."""
        return self.held.get(alias, ())


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
        held: dict[str, tuple[str, ...]] = {}
        for index, aliases in sorted(self._aliases().items(), key=_made):
            for alias in aliases:
                held[alias] = (*held.get(alias, ()), index)
        read, write = held.get(self.read, ()), held.get(self.write, ())
        # Where one alias is gone, or stands on too many, the other tells; of several the newest is as good as any.
        used = next((some for some in (read, write) if len(some) == 1), read or write)
        current, building, previous = (
            some[-1] if some else None for some in (used, held.get(self.building), held.get(self.previous))
        )
        return Standing(current, building, previous, held)

    def mend(self) -> str | None:
        """Puts an alias of the two right where the other tells how: searches read one index, updates go to that one.
        Returns that index, None where there is nothing to be done or only a rebuild helps.

        An alias on several indices took no update: nothing has gone astray.
        """
        standing = self.standing()
        if self._fault(standing) is None:
            return None
        read, write = standing.on(self.read), standing.on(self.write)
        for sole, other, alias in ((read, write, self.write), (write, read, self.read)):
            if len(sole) == 1 and (not other or sole[0] in other):
                wrong = [_remove(index, alias) for index in other if index != sole[0]]
                self._act([*wrong, *_add(sole[0], alias)])
                return sole[0]
        return None

    def fault(self) -> IndexUnusable | None:
        """What is wrong with the aliases of an index that is there, None if searches and updates go to the same one."""
        return self._fault(self.standing())

    def _fault(self, standing: Standing) -> IndexUnusable | None:
        read, write = standing.on(self.read), standing.on(self.write)
        if not (read or write):
            return None
        for alias, indices in ((self.read, read), (self.write, write)):
            if not indices:
                return IndexUnusable(f"the alias {alias} stands on no index")
            if len(indices) > 1:
                return IndexUnusable(
                    f"the alias {alias} stands on {len(indices)} indices: {', '.join(indices)}"
                )
        if read != write:
            return IndexUnusable(f"the aliases {self.read} and {self.write} stand on different indices")
        return None

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
        self.abandon_unfinished()
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
        """Makes a built index the one in use and the one in use the previous one, in one call: both aliases are taken
        from whatever they stand on.
        """
        try:
            self._act(self._handover(index, self.standing()))
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
        self._act(self._handover(standing.previous, standing))
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
        """Removes a building index that no living writer fills; never one that is good for anything else."""
        standing = self.standing()
        kept = {*standing.on(self.read), *standing.on(self.write), *standing.on(self.previous)}
        for index in standing.on(self.building):
            if index in kept:
                self._act([_remove(index, self.building)])
            else:
                self.discard(index)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **parameters: Any) -> Any:
        """A call on an alias of this collection; that there is none, or more than one index behind it where one is
        asked, is EngineUnavailable.
        """
        try:
            return self.client.call(method, path, body, **parameters)
        except Refused as refused:
            if refused.status == 404:
                raise self.missing() from refused
            if _SEVERAL in refused.reason and (fault := self.fault()) is not None:
                raise fault from refused
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

    def _handover(self, index: str, standing: Standing) -> list[dict[str, Any]]:
        """What puts an index in use, and the one that was in its place. Only what stands there is taken away: what
        somebody removed by hand must not keep us from it.
        """
        before = None if standing.current == index else standing.current
        stays: dict[str, set[str | None]] = {
            self.read: {index},
            self.write: {index},
            self.building: set(),
            self.previous: {before},
        }
        if before is None:
            stays[self.previous] = {other for other in standing.on(self.previous) if other != index}
        return [
            *(
                _remove(other, alias)
                for alias, kept in stays.items()
                for other in standing.on(alias)
                if other not in kept
            ),
            *_add(index, self.read, self.write),
            *([] if before is None else _add(before, self.previous)),
        ]

    def _aliases(self) -> dict[str, set[str]]:
        # Only names that begin as this collection's do: another installation's prefix may begin like ours.
        told = self.client.call("GET", f"/{self.read}-*/_alias", missing=True) or {}
        return {
            index: {name for name in facts["aliases"] if name in {self.read + role for role in _ROLES}}
            for index, facts in told.items()
        }

    def _act(self, actions: list[dict[str, Any]]) -> None:
        self.client.call("POST", "/_aliases", {"actions": actions}, timeout=60.0)


def _made(named: tuple[str, object]) -> tuple[str, str]:
    """By when an index was made, which its name ends with."""
    return named[0].rpartition("-")[2].rjust(16, "0"), named[0]


def _add(index: str, *aliases: str) -> list[dict[str, Any]]:
    return [{"add": {"index": index, "alias": alias}} for alias in aliases]


def _remove(index: str, alias: str) -> dict[str, Any]:
    return {"remove": {"index": index, "alias": alias, "must_exist": True}}

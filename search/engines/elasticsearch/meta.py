"""What an index says of itself: its generation, its mapping and how current it is, in a document of the index.

A search reads it in its own request, of the same snapshot as the hits: the document is the only one with a
value in a completion field, so looking that up costs next to nothing (an aggregation over everything would
cost as much as a search).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from search.query import Freshness

META_ID: Final = "~meta"
"""No key begins so: a framework's reference stands before its first ~."""

SPECIAL: Final = "special"
"""True in documents that are no result: this one, other documents of the writer, tombstones."""

PROPERTIES: Final[Mapping[str, Any]] = {
    SPECIAL: {"type": "boolean", "doc_values": False},
    "meta": {"type": "object", "enabled": False},
    "meta_key": {
        "type": "completion",
        "analyzer": "keyword",
        "preserve_separators": True,
        "preserve_position_increments": True,
        "max_input_length": 10,
    },
}
"""In every index; `meta` is kept in every source."""

TOMBSTONE: Final[Mapping[str, Any]] = {SPECIAL: True}
NO_RESULTS: Final[Mapping[str, Any]] = {"term": {SPECIAL: True}}
"""Belongs in the must_not of every question that looks for more than words."""

SUGGEST: Final[Mapping[str, Any]] = {
    "meta": {"prefix": "meta", "completion": {"field": "meta_key", "size": 1, "skip_duplicates": False}}
}
"""Belongs in the `suggest` of every search; `meta_of` reads the answer."""


@dataclass(frozen=True, slots=True)
class Meta:
    """`generation` grows with each visible step. `labels` is that in which the labels last changed. `model` is the
    digest of the model that made the index's vectors, None without vectors.
    """

    generation: int = 0
    mapping: str = ""
    labels: int = 0
    model: str | None = None
    position: int | None = None
    applied_at: str | None = None
    caught_up_at: str | None = None
    index: str = ""
    """Where this was read; generations are compared within one index."""
    version: int = field(default=0, compare=False)
    """Of the document that this was read from, where it was read by its id; what is written next bears the next."""

    def beaten(self, position: int, caught_up: bool) -> Self:
        """With the heartbeat of now: events up to `position` are in the index, none waits if `caught_up`."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return replace(
            self,
            position=position,
            applied_at=self.applied_at if self.position == position else now,
            caught_up_at=now if caught_up else self.caught_up_at,
        )

    def freshness(self) -> Freshness:
        return Freshness(self.generation, self.position, self.applied_at, self.caught_up_at)

    def document(self) -> dict[str, Any]:
        """As it is kept in the index."""
        facts = {
            "generation": self.generation,
            "mapping": self.mapping,
            "labels": self.labels,
            "model": self.model,
            "position": self.position,
            "applied_at": self.applied_at,
            "caught_up_at": self.caught_up_at,
        }
        return {SPECIAL: True, "meta": facts, "meta_key": "meta"}


def meta_from(found: Mapping[str, Any]) -> Meta:
    """From the document as it was found."""
    return Meta(**found["_source"]["meta"], index=found["_index"], version=found.get("_version", 0))


def meta_of(answer: Mapping[str, Any]) -> Meta | None:
    """From the answer of a search that asked for SUGGEST; None if the index says nothing of itself."""
    options = answer["suggest"]["meta"][0]["options"]
    return meta_from(options[0]) if options else None

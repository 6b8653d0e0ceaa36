"""What the values of facets are called, kept in the index beside the listings: one document for each kind of value.

The writer learns the names from the documents that pass through it; a reader reads them again when the index says
that they changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from search.engines.base import Label
from search.engines.elasticsearch.bulk import Change
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.meta import SPECIAL
from search.engines.suggestions import Labels

KINDS: Final = ("framework", "lot", "specialism", "supplier", "region")


def labels_id(kind: str) -> str:
    """The id of the document that holds the names of a kind."""
    return f"~labels~{kind}"


class LabelNotes:
    """The writer's side (Notes of life.py)."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self._learned = False

    def learn(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """See Notes."""
        for document in documents:
            self._learned |= self.labels.learn(document)

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Notes."""
        self.labels.name(facet, labels)
        self._learned = True

    def pending(self) -> list[Change]:
        """See Notes."""
        if not self._learned:
            return []
        self._learned = False
        return [
            Change(labels_id(kind), None, {SPECIAL: True, "labels": {"kind": kind, "facts": facts}})
            for kind, facts in self.labels.facts.items()
        ]


def read_labels(indices: Indices, alias: str) -> Labels:
    """The names that an index holds."""
    answer = indices.call("POST", f"/{alias}/_mget", {"ids": [labels_id(kind) for kind in KINDS]})
    facts: dict[str, dict[str, dict[str, str]]] = {kind: {} for kind in KINDS}
    for found in answer["docs"]:
        if found.get("found"):
            facts[found["_source"]["labels"]["kind"]] = found["_source"]["labels"]["facts"]
    return Labels(facts)

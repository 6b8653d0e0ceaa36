"""How listings are written (the Maker of life.py)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from search.engines.elasticsearch.bulk import Change, Outcome
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.listings_labels import LabelNotes, read_labels
from search.engines.elasticsearch.listings_shape import sources_of, without_vectors
from search.engines.record_maker import RecordMaker
from search.engines.records import PackedRecord
from search.engines.suggestions import Labels
from search.meaning import Model, model

_AT_ONCE: Final = 100


class ListingsMaker:
    """Documents in, what Elasticsearch is sent out."""

    def __init__(self, indices: Indices) -> None:
        self._indices = indices
        self._maker: tuple[Model | None, RecordMaker] | None = None

    @property
    def model(self) -> str | None:
        """See Maker. Looked at when it is needed, so that whoever only searches loads no model."""
        at_hand = model()
        return None if at_hand is None else at_hand.digest

    def _by(self, at_hand: Model | None) -> RecordMaker:
        if self._maker is None or self._maker[0] is not at_hand:
            self._maker = at_hand, RecordMaker(at_hand)
        return self._maker[1]

    def changes(self, puts: Iterable[Mapping[str, Any]], deletes: Iterable[tuple[str, int]]) -> list[Change]:
        """See Maker."""
        documents = list(puts)
        sources = sources_of(documents, self._by(model())) if documents else ()
        written = [
            Change(document["key"], document["version"], source)
            for document, source in zip(documents, sources, strict=True)
        ]
        return [*written, *(Change(key, version) for key, version in deletes)]

    def fitted(self, changes: list[Change], model: str | None, /) -> list[Change]:
        """See Maker."""
        if self.model in (None, model):
            return changes
        return [
            change if change.source is None else replace(change, source=without_vectors(change.source))
            for change in changes
        ]

    def notes(self, alias: str | None) -> LabelNotes:
        """See Maker."""
        return LabelNotes(Labels() if alias is None else read_labels(self._indices, alias))

    def settle(self, _alias: str, _outcome: Outcome, _deletes: Iterable[tuple[str, int]], /) -> bool:
        """See Maker. A listing is one document: nothing else is to be done."""
        return False

    def about(self, identity: str, /) -> str:
        """See Maker."""
        return identity

    def count(self) -> Mapping[str, Any]:
        """See Maker."""
        return {"match_all": {}}

    def stored(self, alias: str, keys: Iterable[str]) -> Mapping[str, bytes]:
        """See Maker."""
        wanted, found = list(keys), {}
        for start in range(0, len(wanted), _AT_ONCE):
            body = {"ids": wanted[start : start + _AT_ONCE]}
            for document in self._indices.call("POST", f"/{alias}/_mget", body)["docs"]:
                if (record := record_of(document)) is not None:
                    found[document["_id"]] = record.stored()
        return found


def record_of(found: Mapping[str, Any]) -> PackedRecord | None:
    """The record in a document as Elasticsearch returns it, None if there is none or it is a tombstone."""
    packed = found.get("_source", {}).get("record")
    return None if packed is None else PackedRecord(memoryview(base64.b64decode(packed)))

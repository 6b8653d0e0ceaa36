"""Whether what the service holds is what would be written now, for the drift check: every field, those that only
searches look at among them.

Listings keep what was sent as their source, from which the service makes all that it searches in, also where somebody
changes a document by a query. Of rate lines but a part is kept as source: the rest is read back from the columns that
they are sorted and counted by, and their words from what is stored beside them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from search.engines.elasticsearch.bulk import Change
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.listings_maker import ListingsMaker
from search.engines.elasticsearch.listings_shape import meaning_of, without_vectors
from search.engines.elasticsearch.meta import Meta
from search.engines.elasticsearch.rates_mapping import PROPERTIES, card_of, card_source, line_id, line_sources
from search.engines.meanings import as_alike, vectors_from
from search.engines.rates_base import CardDocument

_LISTINGS_AT_ONCE: Final = 100
_LINES_AT_ONCE: Final = 1_000

_COUNTED: Final = ("words", "terms")
_STORED: Final = "terms"
_COLUMNS: Final = tuple(name for name in PROPERTIES if name not in ("version", "reach", "stored", _STORED))
"""What is read back of rate cards and lines as columns. Versions are compared by whoever counts the lines; how far a
card reaches is what versions before have left."""

Source = Mapping[str, Any]


def unlike_listings(
    indices: Indices, maker: ListingsMaker, meta: Meta, documents: Sequence[Mapping[str, Any]]
) -> set[str]:
    """The keys of those listings that an index, which says this of itself, does not hold as they are."""
    vectors = maker.model is not None and maker.model == meta.model
    found: set[str] = set()
    for start in range(0, len(documents), _LISTINGS_AT_ONCE):
        changes = maker.changes(documents[start : start + _LISTINGS_AT_ONCE], ())
        body = {"ids": [change.id for change in changes]}
        # As searches see them, not as they may already be written.
        told = indices.call("POST", f"/{indices.read}/_mget", body, realtime=False)["docs"]
        found |= {
            change.id
            for change, held in zip(changes, told, strict=True)
            if not _alike(change, held.get("_source"), vectors=vectors)
        }
    return found


def _alike(change: Change, held: Source | None, *, vectors: bool) -> bool:
    if held is None or change.source is None:
        return False
    expected = orjson.loads(orjson.dumps(change.source))
    if _arranged(expected) != _arranged(held):
        return False
    return not vectors or _vectors_alike(expected, held)


def _arranged(source: Source) -> Source:
    """All but the vectors. Counted words come in the order in which a process has first met them."""
    counted = {name: sorted(source[name], key=str) for name in _COUNTED if isinstance(source.get(name), list)}
    return {**without_vectors(source), **counted}


def _vectors_alike(expected: Source, held: Source) -> bool:
    """Vectors may have been made on another processor; those to be looked for are those that are reckoned with."""
    try:
        standing = vectors_from(base64.b64decode(held["vectors"], validate=True))
        return as_alike(vectors_from(base64.b64decode(expected["vectors"])), standing) and meaning_of(
            standing
        ) == {"vectors": held["vectors"], "meanings": held["meanings"]}
    except (KeyError, TypeError, ValueError):
        return False


def unlike_cards(indices: Indices, cards: Sequence[CardDocument]) -> set[str]:
    """The keys of those cards of which the index does not hold a line, or the card's own document, as it is. Whether it
    holds more lines is for whoever counts them.
    """
    found: set[str] = set()
    some: dict[str, Source] = {}
    for identity, source in _sources(cards):
        some[identity] = source
        if len(some) == _LINES_AT_ONCE:
            found |= _unlike(indices, some)
            some = {}
    return found | _unlike(indices, some) if some else found


def _sources(cards: Sequence[CardDocument]) -> Iterator[tuple[str, Source]]:
    for card in cards:
        lines = len(card["lines"])
        if lines:
            yield card["key"], card_source(card["key"], card["version"], lines, lines)
            for place, source in enumerate(line_sources(card)):
                yield line_id(card["key"], place), source


def _unlike(indices: Indices, sources: Mapping[str, Source]) -> set[str]:
    body = {
        "query": {"ids": {"values": list(sources)}},
        "size": len(sources),
        "_source": ["stored"],
        "docvalue_fields": list(_COLUMNS),
        "stored_fields": [_STORED],
        "track_total_hits": False,
    }
    told = indices.call("POST", f"/{indices.read}/_search", body, allow_partial_search_results=False)
    held = {hit["_id"]: hit for hit in told["hits"]["hits"]}
    return {
        card_of(identity)
        for identity, source in sources.items()
        if identity not in held or _read_back(held[identity]) != _as_read_back(source)
    }


def _read_back(hit: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**hit.get("fields", {}), "stored": hit.get("_source", {}).get("stored")}


def _as_read_back(source: Source) -> Mapping[str, Any]:
    """What is written as it comes back: columns hold each value once, in order, and nothing for no value."""
    told: dict[str, Any] = {"stored": source.get("stored")}
    for name, value in source.items():
        values = sorted(set(value)) if isinstance(value, list) else [value]
        if name in (*_COLUMNS, _STORED) and values:
            told[name] = values
    return told

"""A listing as Elasticsearch holds it: the mapping, computed from search/fields.py, and the document that is sent.

Texts arrive as terms that are already made (search/analysis.py), so the only analysis here is to split them at
spaces and to let GAP leave its place empty. What a page shows travels as one packed record, which Elasticsearch
keeps and never looks into.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from search.engines.elasticsearch.indices import Shape
from search.engines.listings_rows import day_number
from search.engines.record_maker import Record, RecordMaker
from search.fields import FILTERS, LAYOUT, TEXT_FIELDS
from search.meaning import DIMENSIONS, Vectors
from search.query import grade_name, lot_of_specialism
from search.ties import SEEDS, hashes_of, key_hash, ties

NAME_KEY: Final = "name_key"
"""The folded name: the whole name that a question may be, and what names are sorted by."""

LONGEST_KEYWORD: Final = 32_000
"""Bytes of a value that Lucene takes as one term (32,766); nothing real is as long."""

_KEYWORD: Final = {"type": "keyword"}
_FOUND_ONLY: Final = {"type": "keyword", "doc_values": False}
_COUNTED: Final = {"type": "keyword", "norms": False}
_COUNTED_ONLY: Final = {"type": "keyword", "index": False}
_ADDED_UP: Final = {"type": "integer", "index": False}
_LOWEST: Final = 1 << 63


def _properties() -> dict[str, Any]:
    words = {
        "type": "text",
        "analyzer": "terms",
        "similarity": "BM25",
        "index_options": "positions",
        "norms": True,
    }
    properties: dict[str, Any] = {field.name: dict(words) for field in TEXT_FIELDS}
    # A text field and a filter may bear one name (supplier): filters and facets have a prefix.
    properties |= {filter_name(field.name): dict(_KEYWORD) for field in FILTERS}
    properties |= {f"tie_{seed}": {"type": "long", "index": False} for seed in range(SEEDS)}
    return properties | {
        "key": dict(_KEYWORD),
        NAME_KEY: dict(_KEYWORD),
        "shown_name": {"type": "keyword", "index": False},
        "begins": dict(_FOUND_ONLY),
        "partner": dict(_KEYWORD),
        "starts_on": {"type": "integer"},
        "ends_on": {"type": "integer"},
        "words": dict(_COUNTED_ONLY),
        "terms": dict(_COUNTED),
        "name_words": dict(_COUNTED),
        "offers": {
            "type": "nested",
            "properties": {"lot": dict(_KEYWORD), "specialism": dict(_KEYWORD), "region": dict(_KEYWORD)},
        },
        "rates": {
            "type": "nested",
            "properties": {
                "grade": dict(_FOUND_ONLY),
                "lot": dict(_FOUND_ONLY),
                "offered": dict(_FOUND_ONLY),
                "price": {"type": "long"},
            },
        },
        # What matching asks. Every vector is looked at, so there is no graph that finds but some of the nearest.
        "meanings": {
            "type": "nested",
            "properties": {
                "vector": {
                    "type": "dense_vector",
                    "element_type": "byte",
                    "dims": DIMENSIONS,
                    "index": False,
                },
            },
        },
        "meant_terms": dict(_ADDED_UP),
        "meant_parts": dict(_ADDED_UP),
        "priced_by": dict(_KEYWORD),
        "record": {"type": "object", "enabled": False},
        "vectors": {"type": "object", "enabled": False},
        "facts": {"type": "object", "enabled": False},
        "labels": {"type": "object", "enabled": False},
    }


def filter_name(name: str) -> str:
    """The field that a filter of search/fields.py looks at."""
    return f"by_{name}"


PROPERTIES: Final[Mapping[str, Any]] = _properties()
# The source is kept as it was sent: a part of it would be cut out, and what was sent kept beside it until a merge
# takes every document apart. That costs more than the words that nobody reads again.
SHAPE: Final = Shape.of("listings", LAYOUT, PROPERTIES, ())


def sources_of(documents: Sequence[Mapping[str, Any]], maker: RecordMaker) -> Iterator[dict[str, Any]]:
    """What is sent for listing documents (search/engines/base.py), with vectors if `maker` makes some."""
    made = maker.make(documents)
    hashes = hashes_of([document["key"] for document in documents])
    # From 64 bits without a sign to Elasticsearch's long, in the same order.
    drawn = [(ties(hashes, seed) ^ np.uint64(_LOWEST)).view(np.int64).tolist() for seed in range(SEEDS)]
    for number, (document, record) in enumerate(zip(documents, made.records, strict=True)):
        own = {f"tie_{seed}": values[number] for seed, values in enumerate(drawn)}
        yield _source(document, record, *made.held.by(number)) | own


def _source(
    document: Mapping[str, Any], record: Record, words: list[str], terms: list[str]
) -> dict[str, Any]:
    key, framework = document["key"], document["framework"]
    offers = _offers(document)
    begins = record.whole_name.split(" ")
    filters: dict[str, Any] = {
        "framework": framework,
        "status": document["status"],
        "lot": sorted({lot for lot, _ in offers}),
        "specialism": sorted({specialism for _, specialism in offers if specialism is not None}),
        "region": sorted({region for regions in offers.values() for region in regions}),
        "sector": sorted(set(document["sectors"])),
        "ownership": document["ownership"],
        "size": document["size"],
        "supplier": document["supplier"],
        "accreditation": sorted(set(document["accreditations"])),
    }
    days = {name: day_number(document[name]) or None for name in ("starts_on", "ends_on")}
    rates = [
        (rate["grade"].upper(), rate["lot"] or "", rate["work_type"], int(rate["price_minor"]))
        for rate in document["rates"]
    ]
    comparable = bool(document.get("comparable", True))
    card = {kind: document.get(kind) or "" for kind in ("currency", "unit", "basis")}
    priced_by = _priced_by(framework, document["supplier"], card, rates)
    return {
        **record.lines,
        **{filter_name(name): value for name, value in filters.items()},
        "key": key,
        NAME_KEY: record.whole_name,
        "shown_name": document["name"],
        "begins": [" ".join(begins[at:]) for at in range(len(begins))],
        "partner": document["partner"],
        **days,
        "words": words,
        "terms": terms,
        "name_words": sorted(set(begins) - {""}),
        "offers": [
            {"lot": lot, "region": sorted(regions)}
            | ({} if specialism is None else {"specialism": specialism})
            for (lot, specialism), regions in offers.items()
        ],
        # What is filtered and sorted by: `facts` hold all rates, by which teams are priced.
        "rates": _rates(framework, rates if comparable else (), filters["specialism"]),
        **meaning_of(record.meaning),
        "meant_terms": record.meant_terms,
        "meant_parts": record.meant_parts,
        **({} if priced_by is None else {"priced_by": priced_by}),
        "record": base64.b64encode(record.packed).decode(),
        "facts": {
            "status": document["status"],
            **days,
            "framework": framework,
            "supplier": document["supplier"],
            "name": record.whole_name,
            "confirmed_on": day_number(document.get("confirmed_on")),
            "specialisms": filters["specialism"],
            "priced_by": priced_by,
            "rates": rates,
            "comparable": comparable,
            **card,
        },
    }


def without_vectors(source: Mapping[str, Any]) -> dict[str, Any]:
    """The same listing for an index whose vectors are by another model."""
    return {name: value for name, value in source.items() if name not in ("meanings", "vectors")}


def meaning_of(vectors: Vectors | None) -> dict[str, Any]:
    """The vectors of the texts: each different one to be looked for, but those of texts that mean nothing, which are
    near to no need; and all of them in the order of the texts, to be reckoned with.
    """
    if vectors is None:
        return {}
    told = dict.fromkeys(vector.tobytes().hex() for vector in vectors if vector.any())
    return {
        "meanings": [{"vector": vector} for vector in told],
        "vectors": base64.b64encode(vectors.tobytes()).decode(),
    }


def _priced_by(
    framework: str, supplier: str, card: Mapping[str, str], rates: Sequence[tuple[str, str, str, int]]
) -> str | None:
    """Names what a team costs here: listings that bear one name have the same rates. None without rates.

    A supplier's listings share its card, but each shows the rates of its own lots alone.
    """
    if not rates:
        return None
    told = orjson.dumps([framework, supplier, card, rates], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(told, digest_size=12).hexdigest()


def _rates(
    framework: str, rates: Sequence[tuple[str, str, str, int]], specialisms: Sequence[str]
) -> list[dict[str, Any]]:
    """The lowest rate of each grade in each lot, with what the listing offers there: beside the lot alone can it be
    asked whose rates count where specialisms of several lots are looked for.
    """
    lowest: dict[tuple[str, str], int] = {}
    for grade, lot, _, price in rates:
        lowest[grade, lot] = min(price, lowest.get((grade, lot), price))
    offered: dict[str, list[str]] = {}
    for one in specialisms:
        offered.setdefault(lot_of_specialism(one), []).append(place_of(one))
    return [
        {"grade": grade_name(framework, grade), "lot": lot, "price": price}
        | ({"offered": offered[lot]} if lot in offered else {})
        for (grade, lot), price in lowest.items()
    ]


def place_of(specialism: str) -> str:
    """What tells a specialism from the others of its lot: short, since it stands beside each rate of the lot."""
    return specialism.rpartition("~")[2]


def tie_of(key: str, seed: int) -> int:
    """What ties are broken by, as it stands in the index: whole numbers with a sign, in the same order."""
    return int(ties(np.full(1, key_hash(key), np.uint64), seed)[0]) - _LOWEST


def _offers(document: Mapping[str, Any]) -> dict[tuple[str, str | None], set[str]]:
    """The regions of each lot and specialism offered. A lot held but not offered stands there without regions."""
    offers: dict[tuple[str, str | None], set[str]] = {}
    for offering in document["offerings"]:
        # Two offerings of one specialism in one lot are met by either, so their regions may be put together.
        offers.setdefault((offering["lot"], offering["specialism"]), set()).update(offering["regions"])
    offered = {lot for lot, _ in offers}
    for lot in document["lots"]:
        if lot["reference"] not in offered:
            offers[lot["reference"], None] = set()
    return offers

"""What stands in the rates index: one table of fields, from which the mapping is computed, and rate cards as its
documents.

A document for each rate line and one for each card. Words are made here by search/analysis.py: the service splits
at blanks and analyses nothing. A card's document says which version of it the lines are and how many there are;
it stays when the card is gone, so that an older version does not come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from search.analysis import fold, normalise, terms_of, words_of
from search.engines.columns import Array
from search.engines.elasticsearch.indices import Shape
from search.engines.rates_base import FIRST_DAY, LAST_DAY, CardDocument, LineDocument, day_number
from search.ties import SEEDS, hashes_of, ties

LAYOUT: Final = "rates-8"
"""Raised whenever what is kept changes without a field changing."""

LAST_EXPERIENCE: Final = 10**6
"""Where lines that state no experience stand when lines are sorted by it: behind any that do."""

_FILTER: Final = {"type": "keyword"}
_SORT: Final = {"type": "keyword", "index": False}
_RANGE: Final = {"type": "integer"}
_LOWEST: Final = 1 << 63

PROPERTIES: Final[Mapping[str, Any]] = {
    "card": _FILTER,
    "version": {"type": "long"},
    "lines": {"type": "integer"},
    "reach": {"type": "integer", "index": False, "doc_values": False},
    "key": _FILTER,
    "unit": _FILTER,
    "framework": _FILTER,
    "supplier": _FILTER,
    "basis": _FILTER,
    "lots": _FILTER,
    "grade": _FILTER,
    "work_type": _FILTER,
    "qualification": _FILTER,
    "site": _FILTER,
    "size": _FILTER,
    # Kept, since the drift check could not read it back otherwise.
    "terms": {"type": "text", "analyzer": "terms", "store": True},
    "words": _FILTER,
    "title": _SORT,
    "folded": _FILTER,
    "price": {"type": "long"},
    "min_experience": {"type": "integer"},
    "valid_from": _RANGE,
    "valid_to": _RANGE,
    "stands_from": _RANGE,
    "stands_to": _RANGE,
    # Kept as text, so that it comes back byte for byte as it went in.
    "stored": {"type": "keyword", "index": False, "doc_values": False},
    **{f"tie_{seed}": {"type": "long", "index": False} for seed in range(SEEDS)},
}

SOURCE: Final = ("stored", "reach")

SHAPE: Final = Shape.of("rates", LAYOUT, PROPERTIES, SOURCE)

_TIES: Final = tuple(f"tie_{seed}" for seed in range(SEEDS))


def line_id(card: str, place: int) -> str:
    """The id of a card's line: by its place on the card, since two versions in force one after the other may
    bear the same line.
    """
    return f"{card}#{place}"


def card_of(identity: str) -> str:
    """The card that a document's id is about."""
    return identity.rpartition("#")[0] or identity


def card_source(card: str, version: int, lines: int, reach: int) -> dict[str, Any]:
    """The document of a card itself. Up to `reach` places there may be lines of one version or another."""
    return {"card": card, "version": version, "lines": lines, "reach": reach}


def line_sources(card: CardDocument) -> Iterator[dict[str, Any]]:
    """The documents of a card's lines, in their order."""
    shared = {
        "card": card["key"],
        "version": card["version"],
        "unit": unit_of(card["currency"], card["unit"]),
        "framework": card["framework"],
        "supplier": card["supplier"],
    }
    hashes = hashes_of([line["key"] for line in card["lines"]])
    drawn = np.array([signed(ties(hashes, seed)) for seed in range(SEEDS)]).T.tolist()
    for line, own in zip(card["lines"], drawn, strict=True):
        yield {**shared, **_line(line), **dict(zip(_TIES, own, strict=True))}


def tie_of(key: str, seed: int) -> int:
    """Where a line stands in a fair order, as it stands in the index."""
    return int(signed(ties(hashes_of([key]), seed))[0])


def signed(drawn: Array) -> Array:
    """Numbers from 0 to 2^64 - 1 as whole numbers with a sign, in the same order."""
    return (drawn ^ np.uint64(_LOWEST)).view(np.int64)


def unit_of(currency: str, unit: str) -> str:
    """Currency and unit as one value: a question is always about one pair."""
    return f"{currency} {unit}"


def written(words: Sequence[str]) -> str:
    """Terms as the index is given them, and asked for phrases of them."""
    return " ".join(words)


def _line(line: LineDocument) -> dict[str, Any]:
    text = line["text"]
    made: dict[str, Any] = {
        "key": line["key"],
        "lots": list(line["lots"]),
        "grade": line["grade"],
        "work_type": line["work_type"],
        "qualification": line["qualification"],
        "site": line["site"],
        "size": line["size"],
        "basis": line["basis"],
        "terms": written(terms_of(text)),
        "words": sorted({fold(word) for word in words_of(normalise(text))} - {""}),
        "title": text,
        "folded": text.casefold(),
        "price": line["price_minor"],
        "valid_from": day_number(line["valid_from"], FIRST_DAY),
        "valid_to": day_number(line["valid_to"], LAST_DAY),
        "stands_from": day_number(line["stands_from"], FIRST_DAY),
        "stands_to": day_number(line["stands_to"], LAST_DAY),
        "stored": orjson.dumps(line["stored"]).decode(),
    }
    if line["min_experience"] is not None:
        made["min_experience"] = line["min_experience"]
    return made

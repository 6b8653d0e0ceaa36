"""What Elasticsearch answers about rate lines as the answer of the protocol: pure.

Prices come as a distribution (each distinct price and how many lines bear it); spread out again they are what the
embedded engine hands to procurement/pricing.py, so the statistics are the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from procurement.pricing import Prices
from search.engines.elasticsearch.rates_mapping import LAST_EXPERIENCE
from search.engines.elasticsearch.rates_query import Asked
from search.rate_query import RateCursor

Answer = Mapping[str, Any]

_UNKNOWN: Final = -1


def stored(hits: Sequence[Answer]) -> tuple[bytes, ...]:
    """The stored lines of hits."""
    return tuple([hit["_source"]["stored"].encode() for hit in hits])


def found(answer: Answer) -> int:
    """How many lines were found."""
    return int(answer["hits"]["total"]["value"])


def unknown(answer: Answer) -> int:
    """How many lines meet all else but state no experience."""
    told = answer.get("aggregations", {}).get("unknown")
    return int(told["doc_count"]) if told else 0


def prices(answers: Sequence[Answer]) -> Prices:
    """The prices that statistics are made of, sorted; from several answers where one could not hold them all."""
    buckets = [bucket for answer in answers for bucket in _prices(answer)["buckets"]]
    values = np.fromiter((bucket["key"] for bucket in buckets), np.int64, len(buckets))
    counts = np.fromiter((bucket["doc_count"] for bucket in buckets), np.int64, len(buckets))
    return np.repeat(values, counts)


def rest_above(answer: Answer) -> int | None:
    """The last price told, if there are more behind it."""
    told = _prices(answer)
    return int(told["buckets"][-1]["key"]) if told["sum_other_doc_count"] else None


def _prices(answer: Answer) -> Answer:
    told: Answer = answer["aggregations"]["counted"]["prices"]
    return told


def cursor(asked: Asked, sort: Sequence[Any]) -> RateCursor:
    """Where a page ends whose last line has these values in `order_of`."""
    query, key = asked.query, str(sort[-1])
    values: tuple[int | str, ...]
    if asked.scored:
        values = (int(sort[0]),)
    elif query.sort == "role":
        values = (str(sort[1]), int(sort[2]))
    elif query.sort == "experience":
        values = (_UNKNOWN if sort[0] == LAST_EXPERIENCE else int(sort[0]), int(sort[1]))
    else:
        values = (int(sort[0]),)
    return RateCursor(query.sort, query.seed, values, key)

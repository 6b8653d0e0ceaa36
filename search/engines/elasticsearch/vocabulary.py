"""The words of the listings' index as the planner asks for them: a snapshot kept in the process, of one generation.

Read from three fields by aggregations when it is first needed, and again when a search says that the index has
moved on: at once while that costs little, else by a thread, and the less often the more it costs. A word that the
snapshot does not know is looked up by itself meanwhile, so that a new word is found at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import structlog

from search.analysis import each_folded, term_of, words_of
from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.meta import META_ID, NO_RESULTS, SUGGEST, Meta, meta_of
from search.engines.lexicon import Lexicon, sorted_counts
from search.fields import TEXT_FIELDS

AT_ONCE_SECONDS: Final = 0.15
SMALL: Final = 1_000
"""A snapshot that took less to read, or is of fewer listings, is read again at once."""
REST_SECONDS: Final = 2.0
REST_FACTOR: Final = 20.0
"""A dearer one is read again in the background, after so many times what it cost, two seconds at least."""

_MOST: Final = 50_000
"""Values in one answer; Elasticsearch gives no more than 65,535."""
_FIELDS: Final = ("words", "terms", "name_words")
_ATTEMPTS: Final = 3

log = structlog.get_logger(__name__)

Mark = tuple[str, int]
"""An index and its generation."""


def mark_of(meta: Meta) -> Mark:
    """What a snapshot is compared by."""
    return meta.index, meta.generation


@dataclass(slots=True)
class Snapshot:
    """The words of one generation, and what BM25 reckons with, filled as terms are asked for."""

    mark: Mark
    lexicon: Lexicon
    took: float
    read_at: float
    fields: dict[str, tuple[int, float]] = field(default_factory=dict)
    frequencies: dict[tuple[str, str], int] = field(default_factory=dict)

    def statistics(self, name: str, _terms: tuple[str, ...]) -> tuple[int, float]:
        """See Statistics in reasons.py."""
        return self.fields[name]

    def frequency(self, name: str, term: str) -> int:
        """See Statistics in reasons.py."""
        return self.frequencies[name, term]


class Vocabulary:
    """The process's snapshots of one index, the last one only."""

    def __init__(self, indices: Indices, clock: Callable[[], float] = time.monotonic) -> None:
        self._indices = indices
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._refreshing: threading.Thread | None = None

    def snapshot(self) -> Snapshot:
        """The snapshot at hand, read if there is none yet."""
        snapshot = self._snapshot
        if snapshot is not None:
            return snapshot
        with self._lock:
            if self._snapshot is None:
                # The words may take the service long; whether it is there at all must not take a searcher so long.
                self._indices.call("GET", f"/{self._indices.read}/_doc/{META_ID}")
                self._snapshot = self._read()
            return self._snapshot

    def moved_on(self, snapshot: Snapshot, mark: Mark, question: str) -> Snapshot:
        """Told that the index is at `mark`: the snapshot of now where it is cheap to read. Else the one at hand,
        with those words of the question that are new, while another is read in the background.
        """
        if self._snapshot is not None and self._snapshot.mark == mark:
            return self._snapshot
        if snapshot.took <= AT_ONCE_SECONDS or snapshot.lexicon.documents < SMALL:
            with self._lock:
                if self._snapshot is None or self._snapshot.mark != mark:
                    self._snapshot = self._read()
                return self._snapshot
        self._refresh_later(snapshot)
        self._look_up(question, snapshot)
        return snapshot

    def _look_up(self, question: str, snapshot: Snapshot) -> None:
        """Adds the words of a question that the snapshot does not know but the index meanwhile does (one call, if
        there are any).
        """
        folded = {word for word in each_folded(words_of(question)) if word}
        unknown = sorted(word for word in folded if not snapshot.lexicon.knows(word))
        if not unknown:
            return
        terms = sorted({term_of(word) for word in unknown})
        wanted = {"words": unknown, "terms": terms, "name_words": unknown}
        body = {
            "size": 0,
            "query": {"bool": {"filter": [{"terms": {"terms": terms}}], "must_not": [NO_RESULTS]}},
            "aggs": {
                name: {"terms": {"field": name, "include": values, "size": len(values)}}
                for name, values in wanted.items()
            },
        }
        answer = self._indices.call("POST", f"/{self._indices.read}/_search", body)
        found = {name: _buckets(answer["aggregations"][name]) for name in wanted}
        if any(found.values()):
            snapshot.lexicon = snapshot.lexicon.with_words(
                found["words"], found["terms"], found["name_words"]
            )

    def learn(self, snapshot: Snapshot, terms: set[str]) -> None:
        """Makes sure that the snapshot can tell how often these terms stand in each field (one call, for those
        that it was never asked for).
        """
        unknown = sorted(term for term in terms if (TEXT_FIELDS[0].name, term) not in snapshot.frequencies)
        if not unknown:
            return
        line = " ".join(unknown)
        body = {
            "doc": {text_field.name: line for text_field in TEXT_FIELDS},
            "fields": [text_field.name for text_field in TEXT_FIELDS],
            "term_statistics": True,
            "field_statistics": True,
            "positions": False,
            "offsets": False,
            "payloads": False,
        }
        answer = self._indices.call("POST", f"/{self._indices.read}/_termvectors", body)
        for text_field in TEXT_FIELDS:
            told = answer["term_vectors"].get(text_field.name, {})
            facts = told.get("field_statistics", {})
            documents = max(int(facts.get("doc_count", 0)), 1)
            snapshot.fields[text_field.name] = documents, max(facts.get("sum_ttf", 0), 1) / documents
            known = told.get("terms", {})
            for term in unknown:
                snapshot.frequencies[text_field.name, term] = int(known.get(term, {}).get("doc_freq", 0))

    def _refresh_later(self, snapshot: Snapshot) -> None:
        with self._lock:
            rested = self._clock() - snapshot.read_at >= max(REST_SECONDS, REST_FACTOR * snapshot.took)
            if rested and (self._refreshing is None or not self._refreshing.is_alive()):
                self._refreshing = threading.Thread(target=self._refresh, name="vocabulary", daemon=True)
                self._refreshing.start()

    def _refresh(self) -> None:
        try:
            self._snapshot = self._read()
        except EngineUnavailable as error:
            log.warning("vocabulary_not_read", why=str(error))

    def _read(self) -> Snapshot:
        began = self._clock()
        for attempt in range(_ATTEMPTS):
            answers = self._ask([_counting(name) for name in _FIELDS])
            metas = [self._meta(answer) for answer in answers]
            # Three searches of one request: a change may land between two of them.
            if metas[0].generation == metas[-1].generation or attempt == _ATTEMPTS - 1:
                break
        counts = {name: self._values(name, answer) for name, answer in zip(_FIELDS, answers, strict=True)}
        documents = int(answers[0]["hits"]["total"]["value"])
        lexicon = Lexicon(
            documents,
            *sorted_counts(counts["words"]),
            *sorted_counts(counts["terms"]),
            sorted(counts["name_words"]),
        )
        now = self._clock()
        return Snapshot(mark_of(metas[0]), lexicon, now - began, now)

    def _values(self, name: str, answer: Mapping[str, Any]) -> dict[str, int]:
        told = answer["aggregations"][name]
        counts = _buckets(told)
        if not told["sum_other_doc_count"]:
            return counts
        # More than fit one answer: asked for in as many parts as there may be.
        distinct = answer["aggregations"]["distinct"]["value"]
        parts = math.ceil(distinct / (_MOST * 0.7))
        counts = {}
        for part in range(parts):
            (one,) = self._ask([_counting(name, {"partition": part, "num_partitions": parts})])
            counts |= _buckets(one["aggregations"][name])
        return counts

    def _ask(self, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        header = orjson.dumps({"index": self._indices.read})
        lines = [line for body in bodies for line in (header, orjson.dumps(body))]
        answer = self._indices.client.call("POST", "/_msearch", lines=lines, timeout=60.0)
        for one in answer["responses"]:
            if one["status"] == 404:
                raise self._indices.missing()
            if one["status"] != 200:
                raise EngineUnavailable("the words of the index cannot be read")
        return list(answer["responses"])

    def _meta(self, answer: Mapping[str, Any]) -> Meta:
        meta = meta_of(answer)
        if meta is None:
            raise self._indices.missing()
        if meta.mapping != self._indices.shape.mapping:
            raise self._indices.other_mapping()
        return meta


def _counting(name: str, include: Mapping[str, int] | None = None) -> dict[str, Any]:
    terms: dict[str, Any] = {"field": name, "size": _MOST, "order": {"_key": "asc"}}
    if include is not None:
        terms["include"] = include
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"must_not": [NO_RESULTS]}},
        "aggs": {name: {"terms": terms}, "distinct": {"cardinality": {"field": name}}},
        "suggest": SUGGEST,
    }


def _buckets(told: Mapping[str, Any]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in told["buckets"]}

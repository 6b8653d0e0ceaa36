"""The listings' half of the engine over Elasticsearch, for reading: one request answers a search.

The same planner, the same records and the same explanations as the embedded engine; listings_query.py compiles,
listings_facets.py counts, this module asks and puts the answer together. A second request is made only when the
answer says that the index has changed under what this process remembers of it.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from search.analysis import GAP
from search.engines.base import EngineUnavailable, IndexState
from search.engines.elasticsearch.client import Client, Refused
from search.engines.elasticsearch.comparing import unlike_listings
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.life import state
from search.engines.elasticsearch.listings_facets import facets_of, lots_to_choose
from search.engines.elasticsearch.listings_labels import read_labels
from search.engines.elasticsearch.listings_maker import ListingsMaker, record_of
from search.engines.elasticsearch.listings_partners import partners_counted
from search.engines.elasticsearch.listings_query import (
    answering_query,
    by_rate,
    everything,
    partners_question,
    score_at,
    search_body,
)
from search.engines.elasticsearch.listings_shape import SHAPE
from search.engines.elasticsearch.listings_suggest import (
    Names,
    offered_body,
    offered_of,
    partners_body,
    partners_of,
)
from search.engines.elasticsearch.meta import META_ID, NO_RESULTS, Meta, meta_from, meta_of
from search.engines.elasticsearch.point_in_time import PointInTime
from search.engines.elasticsearch.vocabulary import Mark, Snapshot, Vocabulary, mark_of
from search.engines.lexicon import Lexicon
from search.engines.reasons import Explained, Explainer
from search.engines.records import PackedRecord, whole_name
from search.engines.suggestions import Labels
from search.planner import Plan, name_meant, plan
from search.query import (
    Cursor,
    Facet,
    Freshness,
    Hit,
    HitRate,
    ListingQuery,
    ListingResult,
    PartnerCounts,
    Suggestion,
    SuggestionQuery,
    Unknown,
)
from search.statuses import status_on

_ATTEMPTS: Final = 3
_KEYS_AT_ONCE: Final = 5_000
_RECORDS_AT_ONCE: Final = 500
_AMONG_AT_ONCE: Final = 1_000
_UNEXPLAINED: Final = Explained((), (), ())
_PARAMETERS: Final[dict[str, Any]] = {"allow_partial_search_results": False}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Named:
    """What the values of facets are called, since some generation of an index."""

    mark: Mark
    labels: Labels
    names: Names


@dataclass(frozen=True, slots=True)
class Moment:
    """The index as searches see it at a moment: what it says of itself, its words and its names."""

    meta: Meta
    lexicon: Lexicon
    labels: Labels


class ListingsReader:
    """The listings' half of the engine, for reading. One serves all threads of a process."""

    def __init__(self, client: Client) -> None:
        self.indices = Indices(client, SHAPE)
        self.maker = ListingsMaker(self.indices)
        self.vocabulary = Vocabulary(self.indices)
        self._named: _Named | None = None
        self._facets: tuple[Mark, dict[tuple[date, int], tuple[Facet, ...]]] | None = None
        self._lock = threading.Lock()

    def search(self, query: ListingQuery) -> ListingResult:
        """See Engine.search_listings."""
        snapshot = self.vocabulary.snapshot()
        asked = plan(query.q, snapshot.lexicon)
        for _ in range(_ATTEMPTS):
            answer, meta, facets = self._ask(query, asked)
            if not query.q or mark_of(meta) == snapshot.mark:
                break
            snapshot = self.vocabulary.moved_on(snapshot, mark_of(meta), query.q)
            again = plan(query.q, snapshot.lexicon)
            if again == asked:
                break
            asked = again
        found = answer["hits"]["hits"][: query.page_size]
        hits = self._hits(query, asked, snapshot, found)
        count = int(answer["hits"]["total"]["value"])
        return ListingResult(
            count=count,
            hits=hits,
            facets=facets,
            did_you_mean=asked.did_you_mean,
            seed=query.seed,
            after=_cursor(query, asked, found[-1]) if found and _more(query, answer, count) else None,
            index=meta.freshness(),
        )

    def _ask(self, query: ListingQuery, asked: Plan) -> tuple[Json, Meta, tuple[Facet, ...]]:
        kept = self._kept(query) if query.facets and everything(query, asked) else None
        lots = lots_to_choose(query, self._labels()) if query.facets else ()
        answer, meta = self._search(search_body(query, asked, query.facets and kept is None, lots))
        if not query.facets:
            return answer, meta, ()
        there = lots_to_choose(query, self.named(meta).labels)
        if there != lots:
            answer, meta = self._search(search_body(query, asked, True, there))
        if kept is not None and self._facets is not None and self._facets[0] == mark_of(meta):
            return answer, meta, kept
        if kept is not None:
            answer, meta = self._search(search_body(query, asked, facets=True))
        facets = facets_of(query, answer["aggregations"], self.named(meta).labels)
        if everything(query, asked):
            self._keep(query, mark_of(meta), facets)
        return answer, meta, facets

    def _search(self, body: Json) -> tuple[Json, Meta]:
        path = f"/{self.indices.read}/_search"
        try:
            answer = self.indices.call("POST", path, body, **_PARAMETERS)
        except Refused as refused:
            # An index of an older shape may not know a field; then that is what is wrong.
            if (because := self.state().rebuild_because) is not None:
                raise EngineUnavailable(because) from refused
            raise
        return answer, self._checked(meta_of(answer))

    def _checked(self, meta: Meta | None) -> Meta:
        if meta is None:
            raise self.indices.missing()
        if meta.mapping != SHAPE.mapping:
            raise self.indices.other_mapping()
        return meta

    def named(self, meta: Meta) -> _Named:
        """The names as they stand in the index, read again when it says that they changed."""
        mark = meta.index, meta.labels
        named = self._named
        if named is None or named.mark != mark:
            with self._lock:
                named = self._named
                if named is None or named.mark != mark:
                    labels = read_labels(self.indices, self.indices.read)
                    named = self._named = _Named(mark, labels, Names(labels))
        return named

    def _labels(self) -> Labels:
        """The names as this process remembers them, none before it first asked."""
        return Labels() if self._named is None else self._named.labels

    def _kept(self, query: ListingQuery) -> tuple[Facet, ...] | None:
        kept = self._facets
        return None if kept is None else kept[1].get((query.on, query.facet_size))

    def _keep(self, query: ListingQuery, mark: Mark, facets: tuple[Facet, ...]) -> None:
        kept = self._facets
        if kept is None or kept[0] != mark:
            kept = self._facets = mark, {}
        kept[1][query.on, query.facet_size] = facets

    def _hits(
        self, query: ListingQuery, asked: Plan, snapshot: Snapshot, found: list[Json]
    ) -> tuple[Hit, ...]:
        records = [PackedRecord(memoryview(base64.b64decode(hit["_source"]["record"]))) for hit in found]
        scores = [int(hit["sort"][score_at(query)]) / 10_000 if asked.asked else 0.0 for hit in found]
        explained = [_UNEXPLAINED] * len(found)
        if asked.asked and found:
            self.vocabulary.learn(snapshot, _terms(asked))
            explained = Explainer(asked, snapshot).explain(records, scores)
        wanted = query.filters.get("specialism", ())
        hits = []
        for hit, record, score, why in zip(found, records, scores, explained, strict=True):
            facts = hit["_source"]["facts"]
            offered = [one for one in facts["specialisms"] if one in wanted]
            hits.append(
                Hit(
                    reference=hit["_id"],
                    stored=record.stored(),
                    status=_status(facts, query.on),
                    score=score,
                    specialisms=tuple(dict.fromkeys((*offered, *why.specialisms))),
                    rate=_rate(facts, query),
                    highlights=why.highlights,
                    why=why.why,
                )
            )
        return tuple(hits)

    def listing(self, reference: str) -> bytes | None:
        """See Engine.listing."""
        path = f"/{self.indices.read}/_doc/{quote(reference, safe='')}"
        # As searches see it, not as it may already be written.
        found = self.indices.call("GET", path, missing=True, realtime=False)
        if found is None:
            self._checked(self._meta())
            return None
        record = record_of(found)
        return None if record is None else record.stored()

    def now(self) -> Moment:
        """The index as searches see it now, and its words as far as this process knows them: at once where they are
        few, else within seconds.
        """
        path = f"/{self.indices.read}/_doc/{META_ID}"
        meta = self._checked(meta_from(self.indices.call("GET", path, realtime=False)))
        snapshot = self.vocabulary.snapshot()
        if snapshot.mark != mark_of(meta):
            snapshot = self.vocabulary.moved_on(snapshot, mark_of(meta), "")
        return Moment(meta, snapshot.lexicon, self.named(meta).labels)

    def _meta(self) -> Meta:
        return meta_from(self.indices.call("GET", f"/{self.indices.read}/_doc/{META_ID}"))

    def keys(self) -> Iterator[tuple[str, int]]:
        """See Engine.listing_keys. All of one moment, however long the reading takes."""
        self._checked(self._meta())
        everyone = {"bool": {"must_not": [NO_RESULTS]}}
        for hit in self._walk(everyone, _KEYS_AT_ONCE, {"version": True, "_source": False}):
            yield hit["_id"], int(hit["_version"])

    def answering(
        self, query: ListingQuery, among: Sequence[str] | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """See Engine.answering. All of one moment, asked about some thousand references at a time."""
        meta, snapshot = self._checked(self._meta()), self.vocabulary.snapshot()
        if query.q and mark_of(meta) != snapshot.mark:
            snapshot = self.vocabulary.moved_on(snapshot, mark_of(meta), query.q)
        asked = plan(query.q, snapshot.lexicon)
        parts: list[Sequence[str] | None] = [None]
        if among is not None:
            parts = [among[at : at + _AMONG_AT_ONCE] for at in range(0, len(among), _AMONG_AT_ONCE)]
        for part in parts:
            body = answering_query(query, asked, part)
            for hit in self._walk(body, _RECORDS_AT_ONCE, {"_source": ["record"]}):
                yield (
                    hit["_id"],
                    PackedRecord(memoryview(base64.b64decode(hit["_source"]["record"]))).stored(),
                )

    def count_partners(self, query: ListingQuery, regions: Sequence[str]) -> PartnerCounts:
        """See Engine."""
        snapshot = self.vocabulary.snapshot()
        asked = plan(query.q, snapshot.lexicon)
        for _ in range(_ATTEMPTS):
            answer, meta = self._search(partners_question(query, asked, regions))
            if not query.q or mark_of(meta) == snapshot.mark:
                break
            snapshot = self.vocabulary.moved_on(snapshot, mark_of(meta), query.q)
            asked = plan(query.q, snapshot.lexicon)
        return partners_counted(answer["aggregations"], regions)

    def unlike(self, documents: Sequence[Json]) -> set[str]:
        """See Engine."""
        return unlike_listings(self.indices, self.maker, self._checked(self._meta()), documents)

    def _walk(self, query: Json, at_once: int, shown: Json) -> Iterator[Json]:
        """Every hit of a query in the order of keys, of the moment at which it begins."""
        body = {"query": query, "sort": [{"key": "asc"}], "size": at_once, **shown}
        return PointInTime(self.indices).every(body)

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        """See Engine.suggest."""
        found = self._suggest(query)
        if not found:
            meant = name_meant(query.q, self.vocabulary.snapshot().lexicon)
            if meant is not None:
                found = self._suggest(replace(query, q=meant))
        return found

    def _suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        typed = whole_name(query.q)
        if not typed:
            self._checked(self._meta())
            return []
        named, most = self._named, query.limit * 2
        while True:
            candidates = named.names.find(query, typed) if named else []
            first = candidates[:most]
            partners, offered = self.indices.searches([partners_body(query, typed), offered_body(first)])
            meta = self._checked(meta_of(partners))
            if named is None or named.mark != (meta.index, meta.labels):
                named = self.named(meta)
                continue
            still = offered_of(offered, first)
            if len(still) >= query.limit or len(first) == len(candidates):
                break
            most *= 4
        found = sorted((*partners_of(partners), *still), key=lambda one: one.place)
        return [one.suggestion for one in found[: query.limit]]

    def unknown_values(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """See Engine. What is known stays known, so that the index is asked only about a value that is not."""
        named = self._named
        if named is not None and not named.labels.unknown(asked):
            return ()
        return self.named(self._checked(self._meta())).labels.unknown(asked)

    def freshness(self) -> Freshness:
        """See Engine.freshness."""
        return self._checked(self._meta()).freshness()

    def state(self) -> IndexState:
        """See Engine.state."""
        return state(self.indices, self.maker)


def _terms(asked: Plan) -> set[str]:
    return {
        term
        for clause in asked.clauses
        for alternative in clause.alternatives
        for term in alternative.terms
        if term != GAP
    }


def _more(query: ListingQuery, answer: Json, count: int) -> bool:
    if query.after is not None:
        return len(answer["hits"]["hits"]) > query.page_size
    return count > query.page * query.page_size


def _cursor(query: ListingQuery, asked: Plan, last: Json) -> Cursor:
    """Where the page ended. Without words the score is -1, without a rate the rate is."""
    value: int | str = -1
    if query.sort == "name":
        value = last["sort"][0]
    elif query.sort == "rate":
        rate = _rate(last["_source"]["facts"], query) if by_rate(query) else None
        value = -1 if rate is None else rate.price_minor
    elif asked.asked:
        value = int(last["sort"][score_at(query)])
    return Cursor(query.sort, query.seed, value, last["_id"])


def _status(facts: Json, on: date) -> str:
    return status_on(str(facts["status"]), facts["starts_on"], facts["ends_on"], on.toordinal())


def _rate(facts: Json, query: ListingQuery) -> HitRate | None:
    """The lowest comparable rate of the grade; of equal ones the first by lot, then work type."""
    frameworks = query.filters.get("framework", ())
    if query.grade is None or frameworks != (facts["framework"],) or not facts["comparable"]:
        return None
    wanted = query.rate_lots_of(facts["specialisms"])
    found = [
        (price, lot, work_type)
        for grade, lot, work_type, price in facts["rates"]
        if grade == query.grade and (not wanted or not lot or lot in wanted)
    ]
    if not found:
        return None
    price, lot, work_type = min(found)
    return HitRate(
        query.grade, price, facts["currency"], facts["unit"], facts["basis"], lot or None, work_type
    )

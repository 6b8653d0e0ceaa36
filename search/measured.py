"""The engine with a clock: how long each question took and how it ended, as a metric and, where traces are
collected, as a span. A span says which engine was asked what kind of question, never the words.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Final, Protocol

from opentelemetry import trace
from prometheus_client import Histogram

from search.engines.base import Collection, Engine, EngineUnavailable, IndexState, Writer
from search.engines.matching_base import Gathered, MatchingEngine, Reading
from search.engines.rates_base import RatesEngine
from search.engines.suggestions import Labels
from search.need import Need
from search.planner import Lexicon
from search.query import (
    Freshness,
    ListingQuery,
    ListingResult,
    PartnerCounts,
    Suggestion,
    SuggestionQuery,
    Unknown,
)
from search.rate_query import RateQuery, RateResult, RoleQuery, RoleSuggestion

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the histogram's buckets."""

ENGINE_SECONDS: Final = Histogram(
    "calloff_engine_seconds",
    "Questions put to the search engine",
    ("engine", "call", "outcome"),
    buckets=SECONDS,
)
NOTHING: Final = nullcontext()
tracer: Final = trace.get_tracer("calloff.search")


class WholeEngine(Engine, RatesEngine, MatchingEngine, Protocol):
    """Both collections, and what matching asks."""


class Call:
    """One question, from `with` to its end."""

    __slots__ = ("began", "labels", "span")

    def __init__(self, engine: str, call: str, traced: bool) -> None:
        self.labels = engine, call
        self.span: AbstractContextManager[object] = NOTHING
        if traced:
            self.span = tracer.start_as_current_span(
                f"engine {call}",
                kind=trace.SpanKind.CLIENT,
                attributes={"db.system.name": engine, "db.operation.name": call},
            )

    def __enter__(self) -> None:
        self.span.__enter__()
        self.began = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traced: TracebackType | None
    ) -> None:
        took = time.perf_counter() - self.began
        outcome = "ok" if kind is None else "unavailable" if issubclass(kind, EngineUnavailable) else "error"
        ENGINE_SECONDS.labels(*self.labels, outcome).observe(took)
        self.span.__exit__(kind, error, traced)


class MeasuredEngine:
    """Answers as the engine within does, and measures what somebody waits for. Whole reads (the drift check's,
    an export's lines) take as long as their reader, so they are passed on unmeasured.
    """

    def __init__(self, within: WholeEngine, traced: bool = False) -> None:
        self.within = within
        self.name = type(within).__module__.removeprefix("search.engines.").partition(".")[0]
        self.traced = traced

    def search_listings(self, query: ListingQuery) -> ListingResult:
        with Call(self.name, "search_listings", self.traced):
            return self.within.search_listings(query)

    def count_partners(self, query: ListingQuery, regions: Sequence[str]) -> PartnerCounts:
        with Call(self.name, "count_partners", self.traced):
            return self.within.count_partners(query, regions)

    def listing(self, reference: str) -> bytes | None:
        with Call(self.name, "listing", self.traced):
            return self.within.listing(reference)

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        with Call(self.name, "suggest", self.traced):
            return self.within.suggest(query)

    def search_rates(self, query: RateQuery) -> RateResult:
        with Call(self.name, "search_rates", self.traced):
            return self.within.search_rates(query)

    def suggest_roles(self, query: RoleQuery) -> list[RoleSuggestion]:
        with Call(self.name, "suggest_roles", self.traced):
            return self.within.suggest_roles(query)

    def reading(self) -> Reading:
        return MeasuredReading(self)

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]:
        return self.within.rate_lines(query)

    def answering(
        self, query: ListingQuery, among: Sequence[str] | None = None
    ) -> Iterable[tuple[str, bytes]]:
        return self.within.answering(query, among)

    def listing_keys(self) -> Iterable[tuple[str, int]]:
        return self.within.listing_keys()

    def unlike(self, collection: Collection, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        return self.within.unlike(collection, documents)

    def rate_cards(self) -> Iterator[tuple[str, int, int]]:
        return self.within.rate_cards()

    def unknown_values(
        self, collection: Collection, asked: Mapping[str, Sequence[str]]
    ) -> tuple[Unknown, ...]:
        return self.within.unknown_values(collection, asked)

    def freshness(self, collection: Collection) -> Freshness:
        return self.within.freshness(collection)

    def state(self, collection: Collection) -> IndexState:
        return self.within.state(collection)

    def fault(self, collection: Collection, /) -> str | None:
        return self.within.fault(collection)

    def writer(self) -> Writer:
        return self.within.writer()


class MeasuredReading:
    """A reading whose gathering is measured as a question to the engine is."""

    def __init__(self, engine: MeasuredEngine) -> None:
        self._engine = engine
        self._within = engine.within.reading()

    @property
    def lexicon(self) -> Lexicon:
        return self._within.lexicon

    @property
    def labels(self) -> Labels:
        return self._within.labels

    @property
    def meaning(self) -> str | None:
        return self._within.meaning

    def gather(self, need: Need) -> Gathered:
        with Call(self._engine.name, "gather", self._engine.traced):
            return self._within.gather(need)

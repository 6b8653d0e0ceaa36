"""The embedded engine: tantivy for words, numpy columns for everything countable, in one folder of the
project's data.

Both collections under one roof; each half does its own work (listings.py, rates.py and their writers).
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from search.engines.base import Collection, EngineUnavailable, IndexState, Label, Rebuild, WriterBusy
from search.engines.gathering import gather
from search.engines.heartbeat import Heartbeat
from search.engines.listings import ListingsReader
from search.engines.listings_view import ListingsView
from search.engines.listings_writer import ListingsWriter
from search.engines.matching_base import Gathered
from search.engines.rates import RatesReader
from search.engines.rates_writer import RatesWriter
from search.need import Need
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


class EmbeddedEngine:
    """The engine over a folder. Opens nothing until it is asked; one object serves a whole process."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listings = ListingsReader(root / "listings")
        self._rates = RatesReader(root / "rates")
        self._heartbeat = Heartbeat(root)
        # Threads of one interpreter gain nothing by computing side by side; handing it to and fro costs.
        self._turn = threading.Lock()

    def search_listings(self, query: ListingQuery) -> ListingResult:
        """See Engine."""
        with self._turn:
            return self._listings.search(query, self._heartbeat.freshness)

    def answering(
        self, query: ListingQuery, among: Sequence[str] | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """See Engine."""
        with self._turn:
            return self._listings.answering(query, among)

    def count_partners(self, query: ListingQuery, regions: Sequence[str]) -> PartnerCounts:
        """See Engine."""
        with self._turn:
            return self._listings.count_partners(query, regions)

    def listing(self, reference: str) -> bytes | None:
        """See Engine."""
        return self._listings.listing(reference)

    def listing_keys(self) -> Iterator[tuple[str, int]]:
        """See Engine."""
        return self._listings.keys()

    def unlike(self, collection: Collection, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """See Engine."""
        half = self._listings if collection == "listings" else self._rates
        return half.unlike(documents)

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        """See Engine."""
        return self._listings.suggest(query)

    def search_rates(self, query: RateQuery) -> RateResult:
        """See RatesEngine."""
        with self._turn:
            return self._rates.search_rates(query)

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]:
        """See RatesEngine."""
        return self._rates.rate_lines(query)

    def suggest_roles(self, query: RoleQuery) -> list[RoleSuggestion]:
        """See RatesEngine."""
        return self._rates.suggest_roles(query)

    def rate_cards(self) -> Iterator[tuple[str, int, int]]:
        """See RatesEngine."""
        return self._rates.rate_cards()

    def unknown_values(
        self, collection: Collection, asked: Mapping[str, Sequence[str]]
    ) -> tuple[Unknown, ...]:
        """See Engine."""
        half = self._listings if collection == "listings" else self._rates
        return half.unknown_values(asked)

    def freshness(self, collection: Collection) -> Freshness:
        """See Engine."""
        # An index that ought to be rebuilt may still be read.
        if collection == "listings":
            return self._heartbeat.freshness(self._listings.view().generation)
        state = self.state(collection)
        if state.rebuild_because is not None:
            raise EngineUnavailable(state.rebuild_because)
        return self._heartbeat.freshness(state.generation)

    def reading(self) -> EmbeddedReading:
        """See MatchingEngine."""
        return EmbeddedReading(self._listings.view(), self._heartbeat, self._turn)

    def state(self, collection: Collection) -> IndexState:
        """See Engine."""
        return self._listings.state() if collection == "listings" else self._rates.state()

    def fault(self, _collection: Collection, /) -> str | None:
        """See Engine. What is wrong with a folder keeps searches from it too."""
        return None

    def writer(self) -> EmbeddedWriter:
        """See Engine."""
        return EmbeddedWriter(self._root)


class EmbeddedReading:
    """One generation of the listings, for a match: it stays as it is while the index moves on."""

    def __init__(self, view: ListingsView, heartbeat: Heartbeat, turn: threading.Lock) -> None:
        self._view, self._heartbeat, self._turn = view, heartbeat, turn
        self.lexicon, self.labels, self.meaning = view.lexicon, view.labels, view.meaning

    def gather(self, need: Need) -> Gathered:
        """See Reading."""
        with self._turn:
            return gather(self._view, need, self._heartbeat.freshness(self._view.generation))


class EmbeddedWriter:
    """The only writer of a folder: holds its lock, which the system frees when the process dies."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._lock = (root / "writer.lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise WriterBusy("another process writes to the index") from error
        self._heartbeat = Heartbeat(root)
        self._listings = ListingsWriter(root / "listings")
        self._rates = RatesWriter(root / "rates")

    def apply(
        self,
        collection: Collection,
        puts: Iterable[Mapping[str, Any]],
        deletes: Iterable[tuple[str, int]] = (),
    ) -> int:
        """See Writer."""
        return self._half(collection).apply(puts, deletes)

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Writer."""
        self._listings.label(facet, labels)

    def begin_rebuild(self, collection: Collection) -> Rebuild:
        """See Writer."""
        return self._half(collection).begin_rebuild()

    def mend(self) -> None:
        """See Writer. A folder has no aliases."""

    def rollback(self, collection: Collection) -> None:
        """See Writer."""
        self._half(collection).rollback()

    def heartbeat(self, position: int, caught_up: bool) -> None:
        """See Writer."""
        self._heartbeat.write(position, caught_up)

    def close(self) -> None:
        """See Writer."""
        self._listings.close()
        self._rates.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _half(self, collection: Collection) -> ListingsWriter | RatesWriter:
        return self._listings if collection == "listings" else self._rates

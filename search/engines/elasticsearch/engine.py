"""The engine over Elasticsearch, for where one machine is outgrown: the same answers as the embedded one.

Both collections under one roof; each half does its own work (listings.py, rates.py) on the same client, and lives the
same life (life.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import structlog

from search.engines.base import Collection, EngineUnavailable, IndexState, Label, Rebuild
from search.engines.elasticsearch.client import Client
from search.engines.elasticsearch.connection import Connection
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.lease import Lease
from search.engines.elasticsearch.life import CollectionWriter
from search.engines.elasticsearch.listings import ListingsReader
from search.engines.elasticsearch.making import keep_copies
from search.engines.elasticsearch.matching import MatchingReader, NodeReading
from search.engines.elasticsearch.rates import RatesReader
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

log: Final = structlog.get_logger(__name__)


class ElasticsearchEngine:
    """The engine over a service. Connects when it is first asked; one object serves a whole process."""

    def __init__(self, connection: Connection) -> None:
        self.client = Client(connection)
        self._listings = ListingsReader(self.client)
        self._rates = RatesReader(self.client)
        self._matching = MatchingReader(self._listings)

    def check(self) -> None:
        """Raises EngineUnavailable with one line that says why the service cannot be used."""
        self.client.check()

    def search_listings(self, query: ListingQuery) -> ListingResult:
        """See Engine."""
        return self._listings.search(query)

    def answering(
        self, query: ListingQuery, among: Sequence[str] | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """See Engine."""
        return self._listings.answering(query, among)

    def count_partners(self, query: ListingQuery, regions: Sequence[str]) -> PartnerCounts:
        """See Engine."""
        return self._listings.count_partners(query, regions)

    def listing(self, reference: str) -> bytes | None:
        """See Engine."""
        return self._listings.listing(reference)

    def listing_keys(self) -> Iterator[tuple[str, int]]:
        """See Engine."""
        return self._listings.keys()

    def unlike(self, collection: Collection, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """See Engine."""
        return self._half(collection).unlike(documents)

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        """See Engine."""
        return self._listings.suggest(query)

    def search_rates(self, query: RateQuery) -> RateResult:
        """See RatesEngine."""
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
        return self._half(collection).unknown_values(asked)

    def freshness(self, collection: Collection) -> Freshness:
        """See Engine."""
        return self._half(collection).freshness()

    def reading(self) -> NodeReading:
        """See MatchingEngine."""
        return self._matching.reading()

    def state(self, collection: Collection) -> IndexState:
        """See Engine."""
        return self._half(collection).state()

    def fault(self, collection: Collection, /) -> str | None:
        """See Engine."""
        fault = self._half(collection).indices.fault()
        return None if fault is None else str(fault)

    def writer(self) -> ElasticsearchWriter:
        """See Engine."""
        return ElasticsearchWriter(self.client, self._listings, self._rates)

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()

    def _half(self, collection: Collection) -> ListingsReader | RatesReader:
        return self._listings if collection == "listings" else self._rates


class ElasticsearchWriter:
    """The only writer of a prefix: holds its lease."""

    def __init__(self, client: Client, listings: ListingsReader, rates: RatesReader) -> None:
        self._lease = Lease(client)
        try:
            self._listings = CollectionWriter(listings.indices, listings.maker, self._lease)
            self._rates = CollectionWriter(rates.indices, rates.maker, self._lease)
            self._keep_copies(client, listings.indices, rates.indices)
        except BaseException:
            self._lease.close()
            raise

    def _keep_copies(self, client: Client, *collections: Indices) -> None:
        """Only now, since a single writer may: of what is there as many copies as SEARCH_REPLICAS says today. Writing
        does not wait for them, nor for a service that does not take them.
        """
        names = [name for one in collections for name in (one.read, one.write, one.previous)]
        try:
            keep_copies(client, [self._lease.index, *names])
        except EngineUnavailable as error:
            log.warning("index_copies_not_kept", why=str(error))

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
        """See Writer."""
        self._listings.mend()
        self._rates.mend()

    def rollback(self, collection: Collection) -> None:
        """See Writer."""
        self._half(collection).rollback()

    def heartbeat(self, position: int, caught_up: bool) -> None:
        """See Writer."""
        self._listings.heartbeat(position, caught_up)
        self._rates.heartbeat(position, caught_up)

    def close(self) -> None:
        """See Writer."""
        try:
            self._listings.close()
            self._rates.close()
        finally:
            self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _half(self, collection: Collection) -> CollectionWriter:
        return self._listings if collection == "listings" else self._rates

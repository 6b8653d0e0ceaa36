"""The rates' half of the engine over Elasticsearch: its place, to be filled."""

from __future__ import annotations

from collections.abc import Iterator

from search.engines.base import IndexState
from search.engines.elasticsearch.client import Client
from search.engines.elasticsearch.indices import Indices, Shape
from search.engines.elasticsearch.life import state
from search.engines.elasticsearch.listings_maker import ListingsMaker
from search.query import Freshness
from search.rate_query import RateQuery, RateResult, RoleQuery, RoleSuggestion


class RatesReader:
    def __init__(self, client: Client) -> None:
        self.indices = Indices(client, Shape("rates", "none", {}))
        self.maker = ListingsMaker(self.indices)

    def search_rates(self, query: RateQuery) -> RateResult:
        raise NotImplementedError

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]:
        raise NotImplementedError

    def suggest_roles(self, query: RoleQuery) -> list[RoleSuggestion]:
        raise NotImplementedError

    def rate_cards(self) -> Iterator[tuple[str, int, int]]:
        raise NotImplementedError

    def freshness(self) -> Freshness:
        raise NotImplementedError

    def state(self) -> IndexState:
        return state(self.indices, self.maker)

"""What the processes of test_listings_index.py do: one writes round after round, others read until they are
told to stop.
"""

from __future__ import annotations

import sys
from pathlib import Path

from search.engines.base import Engine
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine
from search.query import ListingQuery
from tests.search.listing_documents import listing

LISTINGS = 30


def write(engine: Engine, rounds: int) -> None:
    """Gives every listing the word and version of the next round, in one step, again and again."""
    with engine.writer() as writer:
        first = 1 + max(version for _, version in engine.listing_keys())
        for number in range(first, first + rounds):
            writer.apply(
                "listings",
                [
                    listing(f"p{at}", version=number, summary=f"round{number}", sectors=["health"])
                    for at in range(LISTINGS)
                ],
            )
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


def read(engine: Engine, stop: Path) -> None:
    """Asks for a round's word: all have it, or none. Prints searches, generations seen, wrong answers."""
    searches = wrong = 0
    seen = set()
    while not stop.exists():
        version = next(version for _, version in engine.listing_keys())
        result = engine.search_listings(ListingQuery(q=f"round{version}", page_size=100))
        seen.add(result.index.generation)
        sector = next(facet for facet in result.facets if facet.name == "sector")
        counted = sum(value.count for value in sector.values)
        versions = {hit.stored.rpartition(b":")[2] for hit in result.hits}
        # None of them if a newer round came in between.
        if (result.count, counted, len(versions)) not in ((LISTINGS, LISTINGS, 1), (0, 0, 0)):
            wrong += 1
        searches += 1
    sys.stdout.write(f"{searches} {len(seen)} {wrong}\n")


def engine_at(kind: str, place: str, prefix: str = "") -> Engine:
    """The engine that engines.py has told of."""
    if kind == "embedded":
        return EmbeddedEngine(Path(place))
    return ElasticsearchEngine(Connection(hosts_of(place), prefix=prefix))


if __name__ == "__main__":
    role, argument, *where = sys.argv[1:]
    if role == "write":
        write(engine_at(*where), int(argument))
    else:
        read(engine_at(*where), Path(argument))

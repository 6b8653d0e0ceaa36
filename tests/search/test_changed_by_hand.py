"""What somebody changed in the search service by hand, past us, is found and mended, at the first go."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from search.engines.base import Writer
from search.index import engine, release_writer
from tests.search.engines import ElasticsearchIndexing
from tests.search.indexed import keys

pytestmark = [pytest.mark.elasticsearch, pytest.mark.django_db]

THREE = ["wr0~oak~ash", "wr1~oak~elm", "wr1~yew~yew"]


@pytest.fixture
def service(at_node: ElasticsearchIndexing, writer: Writer) -> ElasticsearchIndexing:
    """The node with the world's index, as a person finds it whom nobody hinders."""
    release_writer()
    return at_node


def by_hand(service: ElasticsearchIndexing, path: str, query: object) -> None:
    client = service.again().client
    told = client.call("POST", f"/{service.prefix}{path}?refresh=true", {"query": query})
    assert told["failures"] == []


def repaired() -> list[str]:
    out = StringIO()
    call_command("check_index", repair=True, stdout=out)
    return out.getvalue().splitlines()


def test_listings_deleted_by_hand_are_back_after_one_repair(service: ElasticsearchIndexing) -> None:
    by_hand(service, "listings-write/_delete_by_query", {"ids": {"values": THREE}})
    assert len(keys()) == 3
    assert repaired() == [
        "6 listings and 1 rate cards compared.",
        "3 written again.",
        "The index agrees with the database.",
    ]
    assert len(keys()) == 6


def test_a_listing_deleted_by_hand_again_and_again_is_back_after_one_repair(
    service: ElasticsearchIndexing,
) -> None:
    client = service.again().client
    for _ in range(20):
        client.call("DELETE", f"/{service.prefix}listings-write/_doc/wr1~yew~yew", missing=True, refresh=True)
    assert repaired()[1:] == ["1 written again.", "The index agrees with the database."]


def test_a_price_deleted_by_hand_is_back_after_one_repair(service: ElasticsearchIndexing) -> None:
    by_hand(service, "rates-write/_delete_by_query", {"exists": {"field": "grade"}})
    assert repaired()[1:] == ["1 written again.", "The index agrees with the database."]
    assert [(card, lines) for card, _, lines in engine().rate_cards()] == [("wr1~oak", 3)]

"""What somebody changed in the search service by hand, past us, is found and mended, at the first go."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from procurement.models import Partner, RateCard
from search.documents import listings_of
from search.drift import drift
from search.engines.base import Writer
from search.engines.elasticsearch.rates_mapping import card_source, line_sources
from search.index import engine, release_writer
from search.models import IndexRun
from search.places import places
from search.rate_documents import rate_documents
from search.sync import stamp
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


def test_a_listing_that_another_process_has_written_is_no_drift(service: ElasticsearchIndexing) -> None:
    """It has met words in another order."""
    partner = Partner.objects.get(reference="yew")
    made = listings_of([partner.pk], stamp().pk, places(), timezone.localdate())
    with service.again().writer() as other:
        other.apply("listings", made.puts)
    assert drift().count == 0


SEARCHED_BY: dict[str, str] = {
    "regions and offers": "ctx._source.by_region = []; ctx._source.offers = []",
    "words and terms": "ctx._source.words.add('zebra'); ctx._source.terms.add('zebra')",
    "a text": "ctx._source.summary = 'zebra'",
    "the order of equals": "ctx._source.tie_0 = 1",
    "vectors that are looked for": "ctx._source.meanings.remove(0)",
    "vectors that are reckoned with": "ctx._source.vectors = 'AAAA'",
    "no vectors": "ctx._source.remove('vectors')",
    "what a match reads": "ctx._source.facts.rates = []",
}


@pytest.mark.parametrize("what", SEARCHED_BY)
def test_a_field_that_only_searches_look_at_changed_by_hand_is_found_and_mended(
    service: ElasticsearchIndexing, what: str
) -> None:
    client = service.again().client
    body = {"query": {"ids": {"values": ["wr1~oak~elm"]}}, "script": {"source": SEARCHED_BY[what]}}
    told = client.call("POST", f"/{service.prefix}listings-write/_update_by_query?refresh=true", body)
    assert (told["updated"], told["failures"]) == (1, [])
    assert drift().different == ["wr1~oak~elm"]
    assert repaired()[1:] == ["1 written again.", "The index agrees with the database."]


@pytest.mark.parametrize(
    "change",
    [{"price": 1}, {"terms": "zebra"}, {"valid_to": 5}, {"grade": "zebra"}, {"lots": []}, {"tie_1": 7}],
    ids=str,
)
def test_a_rate_line_put_by_hand_with_another_field_is_found_and_mended(
    service: ElasticsearchIndexing, change: dict[str, object]
) -> None:
    (card,) = rate_documents([RateCard.objects.get(reference="wr1~oak").pk], IndexRun.objects.latest("pk").pk)
    first, *_ = line_sources(card)
    alias = f"{service.prefix}rates-write"
    client = service.again().client
    held = client.call("GET", f"/{alias}/_doc/wr1~oak%230")
    client.call("PUT", f"/{alias}/_doc/wr1~oak%230", {**first, "version": held["_version"], **change})
    client.call("POST", f"/{alias}/_refresh")
    assert drift().cards == ["wr1~oak"]
    assert repaired()[1:] == ["1 written again.", "The index agrees with the database."]


def test_how_many_lines_a_card_says_it_has_changed_by_hand_is_found(service: ElasticsearchIndexing) -> None:
    alias = f"{service.prefix}rates-write"
    client = service.again().client
    held = client.call("GET", f"/{alias}/_doc/wr1~oak")
    client.call("PUT", f"/{alias}/_doc/wr1~oak", card_source("wr1~oak", held["_version"], 0, 3))
    client.call("POST", f"/{alias}/_refresh")
    assert drift().cards == ["wr1~oak"]
    assert repaired()[1:] == ["1 written again.", "The index agrees with the database."]

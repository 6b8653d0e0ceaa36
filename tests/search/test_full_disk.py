"""A search service whose disk is full says so in its answers; so do we, and the log says it once."""

from __future__ import annotations

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from search.engines.base import EngineUnavailable
from search.engines.elasticsearch import lease
from search.engines.elasticsearch.bulk import Change, write
from search.engines.elasticsearch.client import UNASSIGNED
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.listings_shape import SHAPE
from search.engines.elasticsearch.making import NO_ROOM
from search.tasks import index_sync
from tests.search.service import Answer, BadDay
from tests.search.test_search_service import client_of

FULL = "the search service's disk is full (above its flood stage): it refuses every change"
KEY = "the search service does not accept our key (SEARCH_API_KEY)"
BLOCKED = {
    "type": "cluster_block_exception",
    "reason": "index [writer] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has "
    "read-only-allow-delete block; for more information, see elsewhere];",
}
FLOOD: Answer = (429, {"error": {"root_cause": [BLOCKED], **BLOCKED}, "status": 429})
THERE: Answer = (200, {})
NOTHING: Answer = (404, {"found": False})
TAKEN: Answer = (200, {"result": "created"})


MADE: Answer = (200, {"acknowledged": True, "shards_acknowledged": False})
NOBODYS: Answer = (503, {"error": {"root_cause": [{"type": "no_shard_available_action_exception"}]}})
MISSING: Answer = (404, {})


def explained(decider: str) -> Answer:
    """Why a service's only node does not take an index."""
    against = {"decider": decider, "decision": "NO"}
    return 200, {
        "node_allocation_decisions": [{"deciders": [{"decider": "same_shard", "decision": "YES"}, against]}]
    }


def whys(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    said: list[Any] = [record.msg for record in caplog.records]
    return [one["why"] for one in said if isinstance(one, dict) and one["event"] == event]


def test_a_full_disk_is_named_and_the_service_is_not_left_alone_for_it() -> None:
    with BadDay([FLOOD]) as day, client_of(day.url) as client:
        for _ in range(8):
            with pytest.raises(EngineUnavailable) as unavailable:
                client.call("POST", "/_aliases", {})
            assert str(unavailable.value) == FULL
        assert len(day.asked) == 8


def test_documents_for_which_there_is_no_room_name_the_full_disk() -> None:
    refused = (200, {"items": [{"index": {"status": 429, "error": BLOCKED}}]})
    with (
        BadDay([refused]) as day,
        client_of(day.url) as client,
        pytest.raises(EngineUnavailable) as unavailable,
    ):
        write(client, ["write"], [Change("a", 1, {})], sleep=lambda _seconds: None)
    assert str(unavailable.value) == FULL


def test_rebuild_index_names_the_full_disk(db: None, settings: Any) -> None:
    with BadDay([THERE, NOTHING, FLOOD]) as day:
        settings.SEARCH_URL = day.url
        with pytest.raises(CommandError) as told:
            call_command("rebuild_index", stdout=StringIO())
    assert str(told.value) == f"The index was not rebuilt, any earlier one stays in use: {FULL}"


def test_a_lease_that_cannot_be_renewed_is_logged_once_until_the_reason_changes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.01)
    with BadDay([THERE, NOTHING, TAKEN, *[FLOOD] * 6, (401, {})]) as day, client_of(day.url) as client:
        held = lease.Lease(client)
        while len(day.asked) < 15:
            time.sleep(0.01)
        held.close()
    assert whys(caplog, "index_lease_not_renewed") == [FULL, KEY]


def test_the_worker_logs_a_full_disk_once_until_the_reason_changes(
    db: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for answer, reason in ((FLOOD, FULL), ((401, {}), KEY)):
        with BadDay([THERE, answer]) as day:
            settings.SEARCH_URL = day.url
            for _ in range(3):
                index_sync()
        assert whys(caplog, "index_unavailable")[-1] == reason
    assert whys(caplog, "index_unavailable") == [FULL, KEY]


@pytest.mark.parametrize(
    ("because", "reason"),
    [
        (explained("disk_threshold"), NO_ROOM),
        (explained("max_retry"), UNASSIGNED),
        ((403, {}), UNASSIGNED),
        ((400, {"error": {"type": "illegal_argument_exception"}}), UNASSIGNED),
    ],
)
@pytest.mark.parametrize("before", [[MISSING, MADE], [THERE, NOBODYS]])
def test_a_first_build_where_there_is_no_room_names_the_full_disk_as_far_as_it_may_ask(
    before: list[Answer], because: Answer, reason: str
) -> None:
    with BadDay([*before, because]) as day, client_of(day.url) as client:
        with pytest.raises(EngineUnavailable) as unavailable:
            lease.Lease(client)
        assert (str(unavailable.value), len(day.asked)) == (reason, 3)


def test_an_index_that_no_node_takes_is_not_filled(settings: Any) -> None:
    with BadDay([THERE, MADE, explained("disk_threshold")]) as day, client_of(day.url) as client:
        indices = Indices(client, SHAPE)
        with pytest.raises(EngineUnavailable) as unavailable:
            indices.create()
        assert (str(unavailable.value), len(day.asked)) == (NO_ROOM, 3)

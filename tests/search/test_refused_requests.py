"""What the search service, or whatever else answers at its address, refuses ends as where there is none: searches are a
503, readiness and metrics tell it, everything else is served.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from elastic_transport import ConnectionError as Unreachable

from config.exporter import Standing
from search.engines.base import EngineUnavailable, RequestRefused
from search.engines.elasticsearch.client import Client, reason_of
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.index import service_fault
from tests.search.service import Answer, BadDay

pytestmark = pytest.mark.django_db

CLOSED: Answer = (400, {"error": {"root_cause": [{"type": "index_closed_exception", "reason": "closed"}]}})
OLDER: Answer = (400, {"error": {"type": "media_type_header_exception", "reason": "Invalid media-type"}})
BLOCKED: Answer = (403, {"error": {"root_cause": [{"type": "cluster_block_exception", "reason": "read"}]}})
SEARCHES = (
    "/api/v1/listings/?q=evaluation",
    "/api/v1/listings/suggestions/?q=eva",
    "/api/v1/rates/",
    "/api/v1/rates/suggestions/?q=con",
    "/search?q=evaluation",
    "/rates",
)
ELSE = "what answers at SEARCH_URL does not speak as Elasticsearch does"


@contextmanager
def at(settings: Any, answer: Answer, headers: dict[str, str] | None = None) -> Iterator[None]:
    """The product with a service that always gives this answer."""
    with BadDay([answer], headers) as day:
        settings.SEARCH_URL, settings.SEARCH_RETRIES = day.url, 0
        yield


@pytest.mark.parametrize(
    ("answer", "headers", "said"),
    [
        (CLOSED, None, "our index is closed at the search service: POST /INDEX/_open opens it, with our key"),
        (
            OLDER,
            None,
            "the search service refused what it was asked for (media_type_header_exception: Invalid",
        ),
        (BLOCKED, None, "the search service refused what it was asked for (cluster_block_exception: read)"),
        ((301, {}), None, f"{ELSE} (HTTP 301)"),
        ((400, "Bad Request"), {}, f"{ELSE} (HTTP 400)"),
    ],
)
def test_a_refusal_is_a_503_on_searches_alone(
    client: Browser, settings: Any, answer: Answer, headers: dict[str, str] | None, said: str
) -> None:
    with at(settings, answer, headers):
        for path in SEARCHES:
            got = client.get(path)
            assert (got.status_code, "Retry-After" in got.headers) == (503, True), path
        ready = client.get("/api/v1/health/ready/")
        assert (ready.status_code, ready.json()["status"], ready.json()["index"]["status"]) == (
            200, "degraded", "down",
        )  # fmt: skip
        assert ready.json()["index"]["detail"].startswith(said)
        # Which of its failures the exporter takes for a part that is down.
        with pytest.raises(EngineUnavailable):
            list(Standing().index())
        for command in ("check_index", "rebuild_index"):
            with pytest.raises(CommandError):
                call_command(command)
        assert client.get("/api/v1/frameworks/").status_code == 200


def test_a_404_of_somebody_else_is_a_503_too(client: Browser, settings: Any) -> None:
    with at(settings, (404, "Not Found")):
        assert {client.get(path).status_code for path in SEARCHES} == {503}
        assert client.get("/api/v1/health/ready/").json()["status"] == "degraded"


@pytest.mark.parametrize(
    "key", ["aEs5N0hx\nc2Vjb25k", "aEs5 N0hx", "aEs5N0hx\u20ac", "\ufeffaEs5N0hx", "a\u00e4"]
)
def test_a_key_that_cannot_be_sent_is_named_and_not_repeated(
    client: Browser, settings: Any, key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with BadDay([(200, {})]) as day:
        settings.SEARCH_URL, settings.SEARCH_API_KEY = day.url, key
        assert client.get("/api/v1/listings/").status_code == 503
        told = client.get("/api/v1/health/ready/").json()["index"]["detail"]
        assert (
            told == "SEARCH_API_KEY is no key: it holds a line's end, a blank or a letter that no key holds"
        )
        assert service_fault() == told
        assert day.asked == []
    assert "aEs5" not in "".join(capfd.readouterr())


def test_what_the_service_refuses_of_what_is_written_is_no_absence() -> None:
    with BadDay([(413, {})]) as day:
        client = Client(Connection(hosts_of(day.url), retries=0))
        with pytest.raises(RequestRefused) as refused:
            client.call("POST", "/_bulk", lines=[b"{}"])
        client.close()
    assert isinstance(refused.value, EngineUnavailable)
    assert reason_of(Unreachable("x")) == "the search service cannot be reached"

"""What happens when the search service is away, busy, foreign or closed to us: told in our words, once, and quickly."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.core.exceptions import ImproperlyConfigured
from elastic_transport import ConnectionError as Unreachable
from elastic_transport import ConnectionTimeout, TlsError

from api.v1 import health
from config import exporter
from config.environment import search_service
from config.gunicorn import on_starting
from search.engines.base import DocumentsRefused, EngineUnavailable
from search.engines.elasticsearch.breaker import SILENCE, Breaker
from search.engines.elasticsearch.bulk import Change, write
from search.engines.elasticsearch.client import UNASSIGNED, Client, Refused, reason_of
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.index import engine, service_fault, service_warning
from search.query import ListingQuery
from tests.search.service import Answer, BadDay
from tools.prepare import build_index
from tools.search_node.certificates import make_authority, write_authority

TOLD: Answer = (200, {"version": {"number": "9.4.3"}})
IN_TIME = "the search service did not answer in time"
ALONE = "the search service did not answer and is being left alone for a moment"
BUSY: Answer = (503, {"error": {"type": "circuit_breaking_exception", "reason": "wait"}})
NOBODYS: Answer = (503, {"error": {"type": "unavailable_shards_exception", "reason": "wait"}})


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def client_of(url: str, **changes: Any) -> Iterator[Client]:
    client = Client(Connection(hosts_of(url), **{"retries": 0, "timeout": 2.0, **changes}))
    yield client
    client.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The circuit breaker.


def test_after_failures_in_a_row_nothing_is_asked_for_a_while() -> None:
    clock = Clock()
    breaker = Breaker(failures=3, rest=2.0, clock=clock)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    clock.now += 1.9
    assert not breaker.allows()


def test_one_call_at_a_time_tries_again_and_its_success_lets_all_in() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, rest=2.0, clock=clock)
    breaker.failed()
    clock.now += 2.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.allows()
    assert breaker.allows()


def test_a_try_that_fails_begins_the_rest_anew() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, rest=2.0, clock=clock)
    breaker.failed()
    clock.now += 2.0
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.now += 2.0
    assert breaker.allows()


def test_while_one_tries_no_other_waits_beside_it_however_long_that_takes() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, rest=2.0, clock=clock)
    breaker.failed()
    clock.now += 2.0
    assert breaker.allows()
    clock.now += 60.0
    assert not breaker.allows()


def test_a_call_from_before_that_ends_in_vain_lets_no_second_one_try() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, rest=2.0, clock=clock)
    breaker.failed()
    clock.now += 2.0
    assert breaker.allows()
    late = threading.Thread(target=breaker.failed)
    late.start()
    late.join()
    clock.now += 2.0
    assert not breaker.allows()
    breaker.succeeded()
    assert breaker.allows()


def test_a_body_that_cannot_be_written_is_no_failure_of_the_service_and_leaves_the_way_as_it_was() -> None:
    clock = Clock()
    with BadDay([TOLD]) as day, client_of(day.url) as client:
        client.breaker = Breaker(failures=1, rest=2.0, clock=clock)
        client.breaker.failed()
        clock.now += 2.0
        with pytest.raises(TypeError):
            client.call("POST", "/_search", {"query": "\ud800"})
        assert day.asked == []
        client.check()
        assert client.breaker.allows()


def test_two_calls_that_were_waited_for_in_vain_are_enough() -> None:
    breaker = Breaker(clock=Clock())
    breaker.failed(SILENCE)
    assert breaker.allows()
    breaker.failed(SILENCE)
    assert not breaker.allows()


def test_a_call_that_ends_in_any_other_way_counts_too() -> None:
    with BadDay([TOLD]) as day, client_of(day.url) as client:
        client.breaker = Breaker(failures=1)
        with pytest.raises(TypeError):
            client.call("GET", None)  # type: ignore[arg-type]
        assert not client.breaker.allows()


def test_a_success_between_failures_keeps_the_way_open() -> None:
    breaker = Breaker(failures=2)
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_a_service_that_is_down_is_asked_five_times_and_then_left_alone() -> None:
    with BadDay([BUSY]) as day, client_of(day.url) as client:
        for _ in range(8):
            with pytest.raises(EngineUnavailable):
                client.call("GET", "/")
        assert len(day.asked) == 5


# What is said.


def test_a_request_is_tried_again_when_the_service_is_busy() -> None:
    with BadDay([BUSY, BUSY, TOLD]) as day, client_of(day.url, retries=2) as client:
        client.check()
        assert len(day.asked) == 3


@pytest.mark.parametrize(
    ("answer", "headers", "said"),
    [
        (BUSY, None, "the search service is too busy or not ready (HTTP 503)"),
        (NOBODYS, None, UNASSIGNED),
        ((429, {}), None, "the search service is too busy or not ready (HTTP 429)"),
        ((401, {}), None, "the search service does not accept our key (SEARCH_API_KEY)"),
        (
            (403, {}),
            None,
            "our key may not do this at the search service (it must read, write and manage our indices)",
        ),
        (TOLD, {}, "what answers at SEARCH_URL is not Elasticsearch"),
        (
            (200, {"version": {"number": "8.19.2"}}),
            None,
            "the search service is version 8.19.2; Calloff needs 9.2 or newer",
        ),
        ((200, {}), None, "the search service is version unknown; Calloff needs 9.2 or newer"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(answer: Answer, headers: dict[str, str] | None, said: str) -> None:
    with BadDay([answer], headers) as day, client_of(day.url, api_key="c2VjcmV0OnNlY3JldA==") as client:
        with pytest.raises(EngineUnavailable) as unavailable:
            client.check()
        assert str(unavailable.value) == said


def test_a_key_for_our_indices_alone_is_enough_and_an_older_service_is_named() -> None:
    with BadDay([(403, {}), (200, {})]) as day, client_of(day.url) as client:
        client.check()
    older = {"error": {"type": "media_type_header_exception", "reason": "Invalid media-type"}}
    with (
        BadDay([(400, older)]) as day,
        client_of(day.url) as client,
        pytest.raises(EngineUnavailable, match="does not speak as version 9 does"),
    ):
        client.check()


def test_nobody_at_the_address_and_no_such_host() -> None:
    with (
        client_of(f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(
            EngineUnavailable, match=r"^nothing listens at the search service's address \(SEARCH_URL\)$"
        ),
    ):
        client.check()
    with (
        client_of("http://nobody.invalid:9200") as client,
        pytest.raises(EngineUnavailable, match=r"^the search service's host name is unknown \(SEARCH_URL\)$"),
    ):
        client.check()


def test_a_plain_service_asked_by_tls_is_no_secure_connection() -> None:
    with (
        BadDay([TOLD]) as day,
        client_of(day.url.replace("http:", "https:")) as client,
        pytest.raises(EngineUnavailable, match=r"TLS|secure|reached"),
    ):
        client.check()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TlsError("certificate verify failed: certificate has expired"), "has expired"),
        (TlsError("CERTIFICATE_VERIFY_FAILED self-signed certificate"), "SEARCH_CA_CERT"),
        (TlsError("Hostname mismatch, certificate is not valid for 'x'"), "another host name"),
        (TlsError("handshake failure"), "no secure connection"),
        (ConnectionTimeout("read timed out"), "did not answer in time"),
        (Unreachable("reset by peer at https://user:secret@host"), "cannot be reached"),
    ],
)
def test_reasons_say_what_to_look_at_and_give_no_secret_away(error: Exception, said: str) -> None:
    assert said in reason_of(error)
    assert "secret" not in reason_of(error)


def test_a_refusal_keeps_the_services_words() -> None:
    told = {"error": {"root_cause": [{"type": "parsing_exception", "reason": "no such query"}]}}
    with BadDay([(400, told)]) as day, client_of(day.url) as client:
        with pytest.raises(Refused, match="parsing_exception: no such query"):
            client.call("POST", "/_search", {})
        with pytest.raises(Refused) as refused:
            client.call("POST", "/_search", {})
        assert refused.value.status == 400


def test_addresses() -> None:
    assert hosts_of("") == ()
    assert hosts_of("http://a:9201/, https://b ,http://u:p@c") == (
        "http://a:9201",
        "https://b:443",
        "http://u:p@c:9200",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("elastic:9200", "SEARCH_URL must be http:// or https:// addresses, comma-separated."),
        ("http://ok:9200,http://[::1", "SEARCH_URL must be http:// or https:// addresses, comma-separated."),
        (
            "http://u:p4ss@a:92000",
            "SEARCH_URL names a port that is none: it must be a number from 1 to 65535.",
        ),
        (
            "http://u:p4ss@a:9200x",
            "SEARCH_URL names a port that is none: it must be a number from 1 to 65535.",
        ),
        ("http://a:0", "SEARCH_URL names a port that is none: it must be a number from 1 to 65535."),
    ],
)
def test_an_address_that_is_none_is_refused_by_its_variable_without_repeating_it(
    given: str, said: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        search_service(given, "")
    assert str(refused.value) == said


def test_an_authority_that_is_no_certificate_is_refused_by_its_variable(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(ImproperlyConfigured) as refused:
        search_service("https://elastic:9200", str(file))
    assert str(refused.value) == f"SEARCH_CA_CERT names a file that is not there: {file}."
    for content in (b"", b"a certificate, perhaps\n", b"\xff\x00"):
        file.write_bytes(content)
        with pytest.raises(ImproperlyConfigured) as refused:
            search_service("https://elastic:9200", str(file))
        assert str(refused.value) == f"SEARCH_CA_CERT names a file that holds no certificate: {file}."
    assert search_service("", str(file)) == ""
    write_authority(make_authority(), file)
    assert search_service("https://elastic:9200", str(file)) == "https://elastic:9200"


def test_an_authority_that_is_lost_while_we_run_is_named_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with BadDay([TOLD]) as day, client_of(day.url, ca_cert=str(file)) as client:
        with pytest.raises(EngineUnavailable, match=r"^SEARCH_CA_CERT names a file that is not there$"):
            client.check()
        assert day.asked == []
        write_authority(make_authority(), file)
        client.check()
        assert len(day.asked) == 1


# The start, and the rest of the house.


def test_the_start_names_the_fault_and_goes_on(settings: Any) -> None:
    assert service_fault() is None
    settings.SEARCH_URL = f"http://127.0.0.1:{free_port()}"
    assert service_fault() == "nothing listens at the search service's address (SEARCH_URL)"


def test_the_start_tells_whoever_turned_off_that_certificates_are_verified(
    settings: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    told = (
        "SEARCH_VERIFY=0: the search service's certificate is not verified. Whoever stands between it and us reads the "
        "key and may answer searches."
    )
    settings.SEARCH_URL = f"https://127.0.0.1:{free_port()}"
    assert service_warning() is None
    settings.SEARCH_VERIFY = False
    build_index()
    assert capsys.readouterr().err == (
        f"{told}\nSearches will answer 503: nothing listens at the search service's address (SEARCH_URL). Everything "
        "else is served.\n"
    )
    with caplog.at_level("WARNING"):
        on_starting(SimpleNamespace(log=logging.getLogger("start")))
    assert caplog.messages[0] == told
    settings.SEARCH_URL = ""
    assert service_warning() is None


def test_a_search_is_503_and_everything_else_is_served(client: Any, db: None, settings: Any) -> None:
    settings.SEARCH_URL = f"http://127.0.0.1:{free_port()}"
    answer = client.get("/api/v1/listings/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert client.get("/api/v1/frameworks/").status_code == 200
    assert client.get("/api/v1/health/live/").status_code == 200
    ready = client.get("/api/v1/health/ready/")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["index"] == {
        "status": "down",
        "detail": "nothing listens at the search service's address (SEARCH_URL)",
    }
    with pytest.raises(
        EngineUnavailable, match=r"^nothing listens at the search service's address \(SEARCH_URL\)$"
    ):
        engine().state("listings")
    with pytest.raises(EngineUnavailable):
        engine().search_listings(ListingQuery())


@contextmanager
def silent_service(settings: Any, *, seconds: float) -> Iterator[None]:
    """A search service that takes connections and never answers, for which a search waits so many seconds."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.SEARCH_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.SEARCH_TIMEOUT = seconds
        yield


def test_a_silent_service_is_told_by_health_in_time_and_by_searches_as_before(
    client: Any, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often health has asked in vain, a search still asks: only searches make searches be spared it."""
    monkeypatch.setattr(health, "INDEX_SECONDS", 0.2)
    with silent_service(settings, seconds=4.0):
        began = time.monotonic()
        told = [client.get("/api/v1/health/ready/") for _ in range(3)]
        assert time.monotonic() - began < 4
        assert [answer.status_code for answer in told] == [200, 200, 200]
        assert [answer.json()["index"]["detail"] for answer in told] == [IN_TIME, IN_TIME, ALONE]
        with pytest.raises(EngineUnavailable, match=f"^{IN_TIME}$"):
            engine().state("listings")


def test_a_silent_service_leaves_a_scrape_its_time(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus gives up after ten seconds, and with it everything else that is told, the alarm among it."""
    monkeypatch.setattr(exporter, "INDEX_SECONDS", 0.2)
    with silent_service(settings, seconds=30.0):
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match=f"^{IN_TIME}$"):
            list(exporter.Standing().index())
        assert time.monotonic() - began < 4


# Bulk writing.


def item(status: int, reason: str = "") -> dict[str, Any]:
    error = {"error": {"type": "document_parsing_exception", "reason": reason}} if reason else {}
    return {"index": {"status": status, **error}}


def items(*one: dict[str, Any]) -> Answer:
    return 200, {"items": list(one)}


CHANGES = [Change("a", 1, {"word": "first"}), Change("b", 2), Change("c", 3, {"word": "third"})]


def test_what_the_service_was_too_busy_for_is_sent_again_alone_after_a_pause() -> None:
    waited: list[float] = []
    answers = [items(item(201), item(429), item(503)), items(item(409), item(429)), items(item(201))]
    with BadDay(answers) as day, client_of(day.url) as client:
        outcome = write(client, ["write"], CHANGES, sleep=waited.append)
    assert outcome.written == {"write": ["a", "c"]}
    assert outcome.refused == {}
    assert waited == [0.1, 0.2]
    assert [body.count(b"\n") // 2 for body in day.asked] == [3, 2, 1]


def test_a_service_that_stays_busy_is_unavailable() -> None:
    waited: list[float] = []
    with BadDay([items(item(429))]) as day, client_of(day.url) as client, pytest.raises(EngineUnavailable):
        write(client, ["write"], CHANGES[:1], sleep=waited.append)
    assert waited == [0.1, 0.2, 0.5, 1.0, 2.0, 4.0]


def test_refused_documents_are_named_and_the_rest_is_written() -> None:
    with (
        BadDay([items(item(201), item(400, "no such field"), item(200))]) as day,
        client_of(day.url) as client,
    ):
        outcome = write(client, ["write"], [*CHANGES, Change("x" * 513, 1, {})])
    assert outcome.written == {"write": ["a", "c"]}
    assert outcome.refused == {
        "b": "document_parsing_exception: no such field",
        "x" * 513: "its key is longer than 512 bytes",
    }
    with pytest.raises(DocumentsRefused, match="2 documents were refused: b: document_parsing_exception"):
        outcome.complain()


def test_requests_are_bounded_by_bytes_and_keep_their_order() -> None:
    changes = [Change(str(number), 1, {"text": "x" * 100}) for number in range(10)]
    with BadDay([items(*[item(201)] * 2)]) as day, client_of(day.url) as client:
        write(client, ["one"], changes, most_bytes=500)
    assert len(day.asked) == 5
    keys = [
        orjson.loads(line)["index"]["_id"] for body in day.asked for line in body.split(b"\n")[::2] if line
    ]
    assert keys == [str(number) for number in range(10)]


def test_every_line_demands_an_alias_and_bears_its_version() -> None:
    with BadDay([items(*[item(201)] * 2)]) as day, client_of(day.url) as client:
        write(client, ["one", "two"], [Change("a", 7, {"word": "x"})])
    lines = [orjson.loads(line) for line in day.asked[0].split(b"\n") if line]
    action = {"_id": "a", "require_alias": True, "version": 7, "version_type": "external"}
    assert lines == [
        {"index": {"_index": "one", **action}},
        {"word": "x"},
        {"index": {"_index": "two", **action}},
        {"word": "x"},
    ]

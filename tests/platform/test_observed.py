"""A running deployment is scraped, traced and read: real processes, a real collector, what they really wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.collector import Collector, attributes, collecting
from tests.platform.deployed import Deployed, deployed
from tests.platform.supervised import until

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

SEARCH = "/api/v1/listings/?q=jane.roe%40example.org+hospice&sector=health"
PRIVATE = ("jane.roe", "hospice", "Johanna", "s3cr3t-t0ken", "jo.typed@example.org", "198.51.100.7")
ASKER = """
import django
django.setup()
from opentelemetry import trace
from search.models import IndexRequest
from config.celery import app
from search.tasks import nudge
IndexRequest.objects.create(kind="listing", reference="no~such~listing")
with trace.get_tracer("test").start_as_current_span("asker") as span:
    nudge()
    print(format(span.get_span_context().trace_id, "032x"))
app.send_task("search.tasks.index_sync", args=("jo.typed@example.org",))
trace.get_tracer_provider().shutdown()
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collected:
        yield collected


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Deployed]:
    folder: Path = tmp_path_factory.mktemp("deployed")
    with deployed(folder, collector.address) as running:
        yield running


@pytest.fixture(scope="module")
def trace_of_a_nudge(it: Deployed) -> str:
    """The trace of somebody who asked the index worker for a drain, and then for what fails."""
    return it.run("-c", ASKER).strip()


def test_searches_of_all_web_processes_are_added_up(it: Deployed) -> None:
    series = 'calloff_request_seconds_count{method="GET",route="api/v1/listings/",status="200"}'
    before = it.scrape().get(series, 0.0)
    for _ in range(12):
        assert it.ask(SEARCH)[0] == 200
    after = it.scrape()
    assert after[series] == before + 12
    assert after[
        'calloff_request_seconds_bucket{le="+Inf",method="GET",route="api/v1/listings/",status="200"}'
    ] == (before + 12)
    assert after['calloff_engine_seconds_count{call="search_listings",engine="embedded",outcome="ok"}'] >= 12


def test_what_leads_nowhere_makes_no_series_of_its_own(it: Deployed) -> None:
    before = it.scrape()
    assert it.ask("/hospice/jane.roe@example.org")[0] == 404
    assert it.ask("/hospice", method="HOSPICE")[0] == 404
    series = it.scrape()
    for method in ("GET", "other"):
        name = f'calloff_request_seconds_count{{method="{method}",route="",status="404"}}'
        assert series[name] == before.get(name, 0) + 1
    assert not [name for name in series if "hospice" in name.lower() or "jane" in name]


def test_the_exporter_tells_how_things_stand(it: Deployed, trace_of_a_nudge: str) -> None:
    failed = 'calloff_task_seconds_count{outcome="failure",task="search.tasks.index_sync"}'
    until(lambda: failed in it.scrape(), 60, "the worker did not count its task")
    series = it.scrape()
    assert {name: value for name, value in series.items() if name.startswith("calloff_up")} == {
        'calloff_up{part="database"}': 1,
        'calloff_up{part="index"}': 1,
        'calloff_up{part="queue"}': 1,
    }
    assert series['calloff_task_seconds_count{outcome="success",task="search.tasks.index_sync"}'] >= 1
    assert series['calloff_database_query_seconds_count{outcome="ok",statement="SELECT"}'] > 0
    assert series["calloff_outbox_oldest_seconds"] == 0
    assert series['calloff_deliveries{channel="webhook",state="dead"}'] == 0
    assert series['calloff_outbox_requests{state="waiting"}'] == 0
    assert series['calloff_queue_length{queue="index"}'] == 0
    assert series["calloff_event_position"] == series['calloff_index_position{collection="listings"}'] == 0


def test_the_metrics_are_not_where_the_public_asks(it: Deployed) -> None:
    assert it.ask("/metrics")[0] == 404


def test_a_search_is_a_request_with_a_call_of_the_engine_within(it: Deployed, collector: Collector) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    assert it.ask(SEARCH, traceparent=f"00-{trace_id}-b7ad6b7169203331-01")[0] == 200

    def arrived() -> list[object]:
        return [span for span in list(collector.spans) if span.trace_id.hex() == trace_id]

    until(lambda: len(arrived()) >= 2, 30, "the spans did not arrive")
    spans = {span.name: span for span in collector.spans if span.trace_id.hex() == trace_id}
    request, call = spans["GET api/v1/listings/"], spans["engine search_listings"]
    assert len(spans) == 2
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert call.parent_span_id == request.span_id
    assert attributes(request) == {
        "http.request.method": "GET",
        "http.route": "api/v1/listings/",
        "http.response.status_code": 200,
    }
    assert attributes(call) == {"db.system.name": "embedded", "db.operation.name": "search_listings"}
    assert collector.service == {"calloff"}


def test_a_task_continues_the_trace_of_whoever_published_it(
    it: Deployed, collector: Collector, trace_of_a_nudge: str
) -> None:
    def spans() -> dict[str, object]:
        return {span.name: span for span in list(collector.spans) if span.trace_id.hex() == trace_of_a_nudge}

    until(lambda: {"asker", "outbox drain"} <= spans().keys(), 60, "the spans did not arrive")
    until(lambda: "task search.tasks.index_sync" in spans(), 60, "the task's span did not arrive")
    found = spans()
    task, asker, drain = found["task search.tasks.index_sync"], found["asker"], found["outbox drain"]
    assert task.parent_span_id == asker.span_id
    assert drain.parent_span_id == task.span_id
    assert attributes(drain) == {"calloff.requests": 1}
    assert attributes(found["database SELECT"]) == {"db.system.name": "sqlite", "db.operation.name": "SELECT"}


def test_neither_logs_nor_spans_hold_what_somebody_typed(
    it: Deployed, collector: Collector, trace_of_a_nudge: str
) -> None:
    asked = [
        it.ask(SEARCH, X_Forwarded_For="198.51.100.7"),
        it.ask("/api/v1/operations/", Authorization="Bearer s3cr3t-t0ken"),
        it.ask("/api/v1/partners/jane.roe@example.org/"),
        it.ask("/sign-in", "POST", "username=jo.typed@example.org&password=hospice"),
        it.ask(
            "/oauth/token/",
            "POST",
            "client_id=Johanna&client_secret=s3cr3t-t0ken&grant_type=client_credentials",
            Content_Type="application/x-www-form-urlencoded",
        ),
        it.ask("/search?q=hospice", Host="jane.roe.example.org"),
    ]
    assert [status for status, _, _ in asked] == [200, 401, 404, 403, 401, 400]
    until(lambda: '"status":400' in it.log("web"), 10, "the last request is not in the log")
    until(lambda: "task_failed" in it.log("index"), 60, "the task has not failed")
    logs = it.log("web") + it.log("index") + it.log("metrics")
    assert [word for word in PRIVATE if word in logs] == []
    assert [word for word in PRIVATE if word.encode() in collector.raw] == []
    lines = [json.loads(line) for line in it.log("web").splitlines() if line.startswith("{")]
    search = next(line for line in lines if line.get("route") == "api/v1/listings/")
    assert search.keys() == {
        "event", "method", "route", "status", "ms", "request_id", "trace_id", "timestamp", "level", "logger"
    }  # fmt: skip
    failed = next(
        json.loads(line)
        for line in it.log("index").splitlines()
        if line.startswith("{") and "task_failed" in line
    )
    assert failed["failure"][0]["error"] == "builtins.TypeError"
    assert "error" not in failed


def test_only_a_proxy_says_that_a_request_came_by_https(it: Deployed) -> None:
    status, headers, _ = it.ask("/sign-in")
    assert status == 200
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "Secure" in headers["set-cookie"]
    status, headers, _ = it.ask("/sign-in", X_Forwarded_Proto="http")
    assert (status, headers["location"]) == (301, "https://calloff.example.org/sign-in")
    assert it.ask("/sign-in", X_Forwarded_Proto="http", X_Forwarded_Ssl="on")[0] == 301

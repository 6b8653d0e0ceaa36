"""Spans of requests, tasks and statements, sent by OTLP over HTTP; imported only where a collector is named.

OpenTelemetry's own instrumentations put addresses with their query strings, user agents and errors' words on
spans. Ours hold a route, a task's name, a kind of statement; and whatever a library adds (the Elasticsearch
client makes spans of its own) passes an exporter that lets only known attributes through. A caller's trace is
continued only behind a proxy of ours, which decides whose `traceparent` it lets in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.apps import AppConfig
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from config.counted import METHODS, statement_of

ALLOWED: Final = frozenset(
    {
        "calloff.requests",
        "db.operation.name",
        "db.system",
        "db.system.name",
        "error.type",
        "exception.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "messaging.destination.name",
        "messaging.operation.type",
        "messaging.system",
        "server.address",
        "server.port",
    }
)
"""The only attributes that leave this process."""

ENDS_WITHIN: Final = 2.0
"""Seconds for which a process that ends waits until its last spans are sent."""

tracer: Final = trace.get_tracer("calloff")


def kept(attributes: Any) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in ALLOWED}


class Discreet(SpanExporter):
    """Sends spans on without anything that is not in ALLOWED: no other attribute, no error's words."""

    def __init__(self, within: SpanExporter) -> None:
        self.within = within

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.within.export([self.discreet(span) for span in spans])

    def shutdown(self) -> None:
        self.within.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.within.force_flush(timeout_millis)

    @staticmethod
    def discreet(span: ReadableSpan) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=kept(span.attributes),
            events=[Event(event.name, kept(event.attributes), event.timestamp) for event in span.events],
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )


class Sending(BatchSpanProcessor):
    """Sends spans by a thread of its own, which nobody waits for but a process that ends, and that for ENDS_WITHIN.

    The library's waits half a minute: a collector that is away is tried for ten seconds with each five hundred spans.
    What has to end before others begin, as `tools.prepare` has, would hold up every start by that.
    """

    def shutdown(self) -> None:
        """Ends the thread; what it has not sent by then is lost with it."""
        # The library's own way to say how long, which its public method does not pass on.
        self._batch_processor.shutdown(timeout_millis=int(ENDS_WITHIN * 1000))


class TracedRequests:
    """A span around each request, named by its route when that is known. Its log lines carry the trace's number."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        method = request.method if request.method in METHODS else "other"
        caller = (
            extract({"traceparent": request.headers.get("traceparent", "")})
            if settings.BEHIND_PROXY
            else None
        )
        with tracer.start_as_current_span(str(method), context=caller, kind=SpanKind.SERVER) as span:
            number = format(span.get_span_context().trace_id, "032x")
            structlog.contextvars.bind_contextvars(trace_id=number)
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else ""
            span.update_name(f"{method} {route}".strip())
            span.set_attributes(
                {
                    "http.request.method": str(method),
                    "http.route": route,
                    "http.response.status_code": response.status_code,
                }
            )
            if response.status_code >= 500:
                span.set_status(StatusCode.ERROR)
            return response


def traced_query(execute: Callable[..., Any], sql: str, params: Any, many: bool, about: Any) -> Any:
    """Django's wrapper around each statement: its kind, never its text or values."""
    attributes = {"db.system.name": about["connection"].vendor, "db.operation.name": statement_of(sql)}
    with tracer.start_as_current_span(
        f"database {attributes['db.operation.name']}", kind=SpanKind.CLIENT, attributes=attributes
    ):
        return execute(sql, params, many, about)


def trace_queries(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Listens to connection_created."""
    if traced_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(traced_query)


def published(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Sends the current trace along with a task."""
    if headers is not None:
        inject(headers)


def begun(task: Any, **_: Any) -> None:
    """A task continues the trace of whoever published it."""
    request = task.request
    caller = extract({"traceparent": getattr(request, "traceparent", None) or ""})
    where = (request.delivery_info or {}).get("routing_key") or ""
    span = tracer.start_span(
        f"task {task.name}",
        context=caller,
        kind=SpanKind.CONSUMER,
        attributes={"messaging.operation.type": "process", "messaging.destination.name": where},
    )
    request.calloff_span = span, context.attach(trace.set_span_in_context(span, caller))


def ended(task: Any, state: str | None = None, **_: Any) -> None:
    begun_with: tuple[Span, Any] | None = getattr(task.request, "calloff_span", None)
    if begun_with is None:
        return
    span, token = begun_with
    if state == "FAILURE":
        span.set_status(StatusCode.ERROR)
    context.detach(token)
    span.end()


def begin() -> TracerProvider:
    """From here on spans are sent to OTEL_EXPORTER_OTLP_ENDPOINT, by a thread of each process; nothing is asked of it
    now, whether it is there or not.
    """
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: settings.OTEL_SERVICE_NAME}))
    provider.add_span_processor(Sending(Discreet(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    return provider


class Tracing(AppConfig):
    """In INSTALLED_APPS where spans are collected."""

    name = "config.tracing"
    label = "tracing"

    def ready(self) -> None:
        begin()
        connection_created.connect(trace_queries, dispatch_uid="config.tracing")
        before_task_publish.connect(published, dispatch_uid="config.tracing", weak=False)
        task_prerun.connect(begun, dispatch_uid="config.tracing", weak=False)
        task_postrun.connect(ended, dispatch_uid="config.tracing", weak=False)

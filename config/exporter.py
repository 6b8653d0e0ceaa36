"""Answers Prometheus: what every process on this machine has counted, and how things stand now.

`python -m config.exporter`; `make run` starts it where METRICS_PORT is set. It listens on METRICS_HOST, by default
loopback: nothing in it is secret, but nobody else has a use for it. What cannot be asked (the database is down) is
missing from the answer, and calloff_up says so. docs/operations.md lists every name.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseFailure
from django.db import connections
from django.db.models import Count, Min, Q
from django.utils import timezone
from kombu.exceptions import KombuError
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.celery import app  # noqa: E402 - models exist only now
from procurement.models import Chain, Delivery, Operation  # noqa: E402
from search.engines.base import EngineUnavailable  # noqa: E402
from search.index import COLLECTIONS, probing_engine  # noqa: E402
from search.models import IndexRequest  # noqa: E402

QUEUES: Final = ("default", "index")
DEAD_AFTER: Final = 5
"""A request that failed so often is one that somebody must look at; it is still tried every five minutes."""
INDEX_SECONDS: Final = 2.0
"""How long a scrape waits for a silent search service: the rest, and that it is silent, must be told in Prometheus's
ten seconds.
"""
UNFINISHED: Final = (Operation.Status.QUEUED, Operation.Status.RUNNING)


class Standing(Collector):
    """How database, index and queue stand at the moment of a scrape."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("calloff_up", "Whether a part answers", labels=["part"])
        parts: tuple[tuple[str, Callable[[], Iterator[Metric]], tuple[type[BaseException], ...]], ...] = (
            ("database", self.database, (DatabaseFailure,)),
            ("index", self.index, (EngineUnavailable,)),
            ("queue", self.queues, (OSError, KombuError, *connection_errors())),
        )
        for name, ask, failures in parts:
            try:
                yield from list(ask())
            except failures:
                up.add_metric([name], 0)
            else:
                up.add_metric([name], 1)
        # The server answers each scrape in a thread of its own.
        connections.close_all()
        yield up

    def database(self) -> Iterator[Metric]:
        """Outbox, event log, operations."""
        now = timezone.now()
        asked = IndexRequest.objects.aggregate(
            waiting=Count("pk", filter=Q(claim="", failures=0)),
            claimed=Count("pk", filter=~Q(claim="")),
            failing=Count("pk", filter=Q(claim="", failures__gt=0)),
            dead=Count("pk", filter=Q(failures__gte=DEAD_AFTER)),
            # What failed with its run makes the index late, as its heartbeat says. What is set aside has no place in
            # the log; it is counted as a dead letter.
            oldest=Min("created_at", filter=Q(failures=0) | Q(position__gt=0)),
        )
        outbox = GaugeMetricFamily(
            "calloff_outbox_requests", "Changes that are not yet in the index", labels=["state"]
        )
        for state in ("waiting", "claimed", "failing"):
            outbox.add_metric([state], asked[state])
        yield outbox
        age = (now - asked["oldest"]).total_seconds() if asked["oldest"] else 0.0
        yield gauge("calloff_outbox_oldest_seconds", "Age of the oldest that is not set aside", age)
        yield gauge("calloff_dead_letters", f"Changes that failed {DEAD_AFTER} times or more", asked["dead"])
        chain = Chain.objects.filter(pk=1).first()
        yield gauge("calloff_event_position", "The last event of the log", chain.position if chain else 0)

        owed = GaugeMetricFamily("calloff_deliveries", "What is to be delivered", labels=["channel", "state"])
        undelivered = Delivery.objects.filter(status__in=[Delivery.Status.PENDING, Delivery.Status.DEAD])
        found = {
            channel: (waiting, failing, dead)
            for channel, waiting, failing, dead in undelivered.order_by()
            .values("channel")
            .annotate(
                waiting=Count("pk", filter=Q(status=Delivery.Status.PENDING, attempts=0)),
                failing=Count("pk", filter=Q(status=Delivery.Status.PENDING, attempts__gt=0)),
                dead=Count("pk", filter=Q(status=Delivery.Status.DEAD)),
            )
            .values_list("channel", "waiting", "failing", "dead")
        }
        for channel in Delivery.Channel.values:
            numbers = found.get(channel, (0, 0, 0))
            for state, number in zip(("waiting", "failing", "dead"), numbers, strict=True):
                owed.add_metric([channel, state], number)
        yield owed

        counted = dict(Operation.objects.order_by().values_list("status").annotate(Count("pk")))
        operations = GaugeMetricFamily("calloff_operations", "Operations", labels=["status"])
        for status in Operation.Status.values:
            operations.add_metric([status], counted.get(status, 0))
        yield operations
        first = Operation.objects.filter(status__in=UNFINISHED).aggregate(first=Min("created_at"))["first"]
        age = (now - first).total_seconds() if first else 0.0
        yield gauge("calloff_operations_oldest_seconds", "Age of the oldest unfinished operation", age)

    def index(self) -> Iterator[Metric]:
        """How far the index has come, and what stands in it."""
        position = GaugeMetricFamily(
            "calloff_index_position", "The last event that is in the index", labels=["collection"]
        )
        documents = GaugeMetricFamily("calloff_index_documents", "Documents", labels=["collection"])
        asked = probing_engine(INDEX_SECONDS)
        for collection in COLLECTIONS:
            position.add_metric([collection], asked.freshness(collection).position or 0)
            documents.add_metric([collection], asked.state(collection).documents)
        yield position
        yield documents

    def queues(self) -> Iterator[Metric]:
        """Messages that wait for a worker."""
        length = GaugeMetricFamily("calloff_queue_length", "Messages that wait", labels=["queue"])
        with app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            for name in QUEUES:
                queue = app.amqp.queues[name]
                # Not passively: a queue that no worker has consumed yet is empty, not wrong.
                declared = channel.queue_declare(
                    queue=name,
                    durable=queue.durable,
                    auto_delete=queue.auto_delete,
                    arguments=channel.prepare_queue_arguments(queue.queue_arguments or {}),
                )
                length.add_metric([name], declared.message_count)
        yield length


def connection_errors() -> tuple[type[BaseException], ...]:
    """What the queue's own client raises when nobody answers."""
    return tuple(app.connection_for_read().connection_errors)


def gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def registry() -> CollectorRegistry:
    """Everything that a scrape is told."""
    made = CollectorRegistry()
    MultiProcessCollector(made, str(settings.METRICS_FOLDER))
    made.register(Standing())
    return made


def main() -> int:
    """Answers until it is told to stop."""
    if not settings.METRICS_PORT:
        print("METRICS_PORT is not set: nothing is counted, so there is nothing to export.", file=sys.stderr)
        return 1
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        server, _ = start_http_server(settings.METRICS_PORT, settings.METRICS_HOST, registry())
    except OSError as error:
        print(
            f"METRICS_PORT={settings.METRICS_PORT} on {settings.METRICS_HOST} cannot be used ({error.strerror}).",
            file=sys.stderr,
        )
        return 1
    stopped.wait()
    server.shutdown()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ImproperlyConfigured as refusal:
        sys.exit(f"{refusal}")

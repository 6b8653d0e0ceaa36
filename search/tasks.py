"""The index worker's tasks. It alone consumes the queue `index` and holds the writer for its life.

A task is only a nudge: what is to be done stands in the database, so a lost message costs at most the time to
the next sweep.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import structlog
from celery import shared_task
from celery.signals import worker_ready, worker_shutdown
from kombu.exceptions import OperationalError

from search.engines.base import EngineUnavailable, WriterBusy
from search.index import holds_writer, kept_writer, release_writer
from search.rebuild import serve_requests
from search.sync import drain, take_over

QUIET_SECONDS: Final = 5.0
"""After a nudge that could not be sent, none is tried for so long: a dead queue must not slow each request.
"""
BUSY_SECONDS: Final = 1

log = structlog.get_logger(__name__)
_quiet = threading.local()


def nudge() -> None:
    """Tells the index worker that something waits. A queue that is down is noted and left alone for some
    seconds.
    """
    if time.monotonic() < getattr(_quiet, "until", 0.0):
        return
    try:
        index_sync.apply_async(retry=False)
    except (OSError, OperationalError) as error:
        _quiet.until = time.monotonic() + QUIET_SECONDS
        log.warning("index_nudge_lost", error=type(error).__name__)


@shared_task(name="search.tasks.index_sync")
def index_sync() -> None:
    """Answers the outbox. Does nothing while a command writes to the index: the command answers it too. What finds
    the search service away waits for the next sweep.
    """
    fresh = not holds_writer()
    try:
        writer = kept_writer()
        if fresh:
            take_over()
        serve_requests(writer)
        drain(writer)
    except WriterBusy:
        index_sync.apply_async(countdown=BUSY_SECONDS, retry=False)
    except EngineUnavailable as error:
        log.warning("index_unavailable", why=str(error))


@shared_task(name="search.tasks.index_sweep")
def index_sweep() -> None:
    """Each minute: whatever a lost nudge, a killed worker or a changed mapping has left."""
    index_sync()


@worker_ready.connect
def begin(sender: Any = None, **_: Any) -> None:
    """The index worker starts with what waits, before any nudge: it may have been away for long."""
    if sender is not None and "index" in sender.app.amqp.queues.consume_from:
        nudge()


@worker_shutdown.connect
def end(**_: Any) -> None:
    """Waits for the engine's merges and frees the lock."""
    release_writer()

"""The index worker's tasks, and the sweep of saved searches, which any worker runs. The index worker alone consumes the
queue `index` and holds the writer for its life.

A task is only a nudge: what is to be done stands in the database, so a lost message costs at most the time to
the next sweep.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Final

import structlog
from celery import shared_task
from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from procurement.actions.saved_search_matches import tell_due
from search.alert_mail import send_due
from search.alerts import check_changes, compare_due
from search.engines.base import EngineUnavailable, WriterBusy
from search.index import holds_writer, kept_writer, release_writer
from search.rebuild import note_failure, request_after_restore, serve_requests
from search.sync import drain, take_over

QUIET_SECONDS: Final = 5.0
"""After a nudge that could not be sent, none is tried for so long: a dead queue must not slow each request.
"""
BUSY_SECONDS: Final = 1
"""Until it is looked again whether whoever holds the writer is done."""

log = structlog.get_logger(__name__)
_quiet = threading.local()
_away = threading.local()
_busy = threading.local()


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
    the search service away waits for the next sweep; why is logged once, until it changes.
    """
    try:
        fresh = not holds_writer()
        writer = kept_writer()
        if fresh:
            take_over()
            request_after_restore()
        rebuilt = serve_requests(writer)
        written = drain(writer)
        _away.why = ""
        if rebuilt or written.put or written.removed:
            _nudge_alerts()
    except WriterBusy:
        _look_again()
    except EngineUnavailable as error:
        note_failure(str(error))
        if str(error) != getattr(_away, "why", ""):
            _away.why = str(error)
            log.warning("index_unavailable", why=_away.why)
    except Exception as error:
        with suppress(DatabaseError):
            note_failure(f"{type(error).__name__}: {error}")
        raise


def _look_again() -> None:
    """Looks again in a second, by one message alone however many nudges find the writer held: each would start a chain
    of its own, and whoever is behind them all would wait. One that is lost leaves it to the sweep.
    """
    now = time.monotonic()
    if now < getattr(_busy, "until", 0.0):
        return
    try:
        index_sync.apply_async(countdown=BUSY_SECONDS, retry=False)
    except (OSError, OperationalError) as error:
        log.warning("index_nudge_lost", error=type(error).__name__)
        return
    # A little less, so that what has been sent never comes before it may send the next.
    _busy.until = now + BUSY_SECONDS * 0.9


def _nudge_alerts() -> None:
    """Tells the general worker that there are changes to look for; lost, the sweep finds them within a minute."""
    try:
        alerts_sweep.apply_async(retry=False)
    except (OSError, OperationalError) as error:
        log.warning("alerts_nudge_lost", error=type(error).__name__)


@shared_task(name="search.tasks.alerts_sweep")
def alerts_sweep() -> None:
    """After each run of the index, and each minute: what the index has taken in is looked for in the saved searches,
    what is due is told, what is written down is sent. Each step goes on from wherever another was killed.
    """
    try:
        check_changes()
        compare_due()
        tell_due(timezone.now())
        send_due()
    except EngineUnavailable as error:
        log.warning("alerts_wait_for_the_index", why=str(error))


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

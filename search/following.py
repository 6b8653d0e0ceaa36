"""For commands: bring the index up to date and show how far it is, by asking the index worker or, where none
runs, oneself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.utils import timezone

from search.engines.base import WorkerOutdated, WriterBusy
from search.index import borrowed_writer, rebuild_because
from search.models import IndexRequest, IndexRun
from search.rebuild import OPEN, rebuild, request_rebuild, serve_requests
from search.sync import drain, take_over
from search.tasks import nudge

Progress = Callable[[int, int], None]
Say = Callable[[str], None]
LOOK_EVERY: Final = 0.25
SAYS_AFTER: Final = 3.0
SAYS_AGAIN_AFTER: Final = 60.0
"""Seconds without a movement after which it is said what is waited for, and after which once more."""
PATIENCE: Final = timedelta(minutes=30)


class NobodyWorks(Exception):  # noqa: N818 - it names a state
    """Something else holds the index's lock and does not do what it was asked for."""


def follow_index(progress: Progress) -> bool:
    """Returns when everything that waits now is in the index, but for what failed and rests; True if this process wrote
    it itself.

    Raises NobodyWorks after half an hour.
    """
    last = IndexRequest.objects.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return False
    # What failed is tried again for as long as it takes somebody to mend it.
    waiting = IndexRequest.objects.filter(pk__lte=last, failures=0)
    total = waiting.count()
    until = timezone.now() + PATIENCE
    nudge()
    while True:
        try:
            with borrowed_writer() as writer:
                take_over()
                serve_requests(writer)
                drain(writer, lambda done: progress(min(done, total), total))
                progress(total, total)
                return True
        except WriterBusy:
            left = waiting.count()
            progress(total - left, total)
            if not left:
                return False
            if timezone.now() > until:
                raise NobodyWorks("The index worker does not answer the outbox.") from None
            time.sleep(LOOK_EVERY)


class _Wait:
    """Waiting for a rebuild that another process is to do: says after a few seconds, and each minute, for what."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._seen: tuple[str, int] | None = None
        self._since = self._silent_since = time.monotonic()
        self._pause = SAYS_AFTER

    def look(self, run: IndexRun) -> None:
        """Raises NobodyWorks if the process that was asked says why it failed, or after half an hour in which nothing
        moves.
        """
        if why := run.detail.get("why"):
            raise NobodyWorks(f"{why}. It stays asked for: the index worker tries again each minute.")
        now = time.monotonic()
        if self._seen != (run.status, run.done):
            self._seen = run.status, run.done
            self._since = self._silent_since = now
            self._pause = SAYS_AFTER
        if now - self._since > PATIENCE.total_seconds():
            raise NobodyWorks("The index worker does not begin or end the rebuild.")
        if now - self._silent_since >= self._pause:
            self._silent_since, self._pause = now, SAYS_AGAIN_AFTER
            self._say(_waits_for(run, round(now - self._since)))


def _waits_for(run: IndexRun, seconds: int) -> str:
    if run.status == IndexRun.Status.REQUESTED:
        return (
            "Another process holds the index, the index worker or a command. It has been asked for a rebuild and has "
            f"not begun for {seconds} s; the index worker looks each minute what it is asked for."
        )
    if run.total and run.done < run.total:
        return f"The index worker has told nothing for {seconds} s, at {run.done:,} of {run.total:,}."
    return (
        f"All is read; for {seconds} s the index worker has been verifying the new index and swapping it in."
    )


def follow_rebuild(progress: Progress, say: Say = lambda _text: None) -> IndexRun:
    """A rebuild of everything, done by the index worker if one runs, else here. Returns the ended run.

    Called twice at once, the second follows what the first does. What is waited for in vain for some seconds is told
    to `say`. Raises NobodyWorks, ValueError if it did not verify, WorkerOutdated if it is none that this version of
    the program can use.
    """
    asked: IndexRun | None = None
    wait = _Wait(say)
    while True:
        try:
            with borrowed_writer() as writer:
                if asked is not None and not _open(asked) and not rebuild_because():
                    return _ended(asked)
                take_over()
                run = rebuild(writer, progress=progress)
                while serve_requests(writer):
                    pass
                drain(writer)
                return run
        except WriterBusy:
            if asked is None:
                asked = request_rebuild()
                nudge()
            asked.refresh_from_db()
            if asked.total:
                progress(asked.done, asked.total)
            if not _open(asked):
                run = _ended(asked)
                # An upgrade asks the worker of the version before, which knows only its own shape.
                if because := rebuild_because():
                    raise WorkerOutdated("; ".join(because.values())) from None
                return run
            wait.look(asked)
            time.sleep(LOOK_EVERY)


def _open(run: IndexRun) -> bool:
    run.refresh_from_db()
    return run.status in OPEN


def _ended(run: IndexRun) -> IndexRun:
    if run.status == IndexRun.Status.FAILED:
        raise ValueError(run.detail.get("why") or run.detail.get("error") or "the rebuild failed")
    return run

"""What a log line leaves out: everything that a person may have typed, and what an error's words may repeat.

The text of an exception can hold a row of the database ("Key (email)=(…) already exists"), and some libraries log
the address that was asked. So a line tells an error by its class and by where it was raised, and what such
libraries say in words of ours.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

Line = MutableMapping[str, Any]
Processor = Callable[[Any, str, Line], Line]

ROOT: Final = str(Path(__file__).resolve().parent.parent)
FRAMES: Final = 12
SAYS: Final = (ImproperlyConfigured,)
"""Errors whose words are ours. Of an OSError the system's own words are told, not the file."""
REPEATED: Final = {
    "gunicorn.error": ("Invalid request", "Error handling request"),
    "celery.worker.consumer.consumer": (
        "Received unregistered task", "Received and deleted unknown message", "Received invalid task message",
        "Can't decode message body",
    ),
}  # fmt: skip
"""What these libraries say, by its beginning, that goes on with all that was sent."""
TYPED: Final = {
    "task_failed": ("error", "exception"),
    "task_retrying": ("reason",),
}
"""Fields of django_structlog's lines that repeat an error's words."""


def failures(error: BaseException | None) -> Iterator[dict[str, Any]]:
    """An error and those that led to it, each by class and place."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told: dict[str, Any] = {"error": f"{type(error).__module__}.{type(error).__qualname__}"}
        if isinstance(error, SAYS):
            told["says"] = str(error)
        elif isinstance(error, OSError) and error.strerror:
            told["says"] = error.strerror
        told["at"] = [
            f"{frame.filename.removeprefix(ROOT).lstrip('/')}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]
        ]
        yield told
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def error_of(given: Any) -> BaseException | None:
    """The exception that a logging call's `exc_info` means."""
    if given is True:
        return sys.exc_info()[1]
    if isinstance(given, tuple):
        given = given[1]
    return given if isinstance(given, BaseException) else None


def without_words(_logger: Any, _method: str, line: Line) -> Line:
    """Replaces an error by its class and place."""
    for name in TYPED.get(str(line.get("event")), ()):
        line.pop(name, None)
    for name, value in list(line.items()):
        if name != "exc_info" and isinstance(value, BaseException):
            line[name] = type(value).__qualname__
    if error := error_of(line.pop("exc_info", None)):
        line["failure"] = list(failures(error))
    return line


def without_addresses(_logger: Any, _method: str, line: Line) -> Line:
    """Says in our words what a library says with the address, the header or the host that was sent."""
    record: logging.LogRecord | None = line.get("_record")
    if record is None:
        return line
    if record.name == "django.request":
        line["event"] = "request failed"
        line["status"] = getattr(record, "status_code", None)
    elif record.name.startswith("django.security"):
        line["event"] = f"request refused: {record.name.rpartition('.')[2]}"
    for beginning in REPEATED.get(record.name, ()):
        if str(record.msg).startswith(beginning):
            line["event"] = beginning.lower()
    return line

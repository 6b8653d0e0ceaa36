"""The process's one engine, and who may write to it.

Readers call `engine()`. Only the index worker, or a command while no worker runs, holds the writer: its lock
lies in the index's folder and is freed by the system when the process dies, however it dies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from django.conf import settings

from search.engines.base import Collection, Engine, Writer
from search.engines.embedded import EmbeddedEngine
from search.engines.rates_base import RatesEngine

COLLECTIONS: Final[tuple[Collection, ...]] = ("listings", "rates")


class WholeEngine(Engine, RatesEngine, Protocol):
    """Both collections."""


_lock = threading.Lock()
_engines: dict[Path, WholeEngine] = {}
_writers: dict[Path, Writer] = {}


def engine() -> WholeEngine:
    """The engine over the configured folder; made once in each process, opened when it is first asked."""
    root = Path(settings.INDEX_FOLDER)
    with _lock:
        if root not in _engines:
            _engines[root] = EmbeddedEngine(root)
        return _engines[root]


def kept_writer() -> Writer:
    """The writer, kept until the process ends: what the index worker uses. Raises WriterBusy while another
    holds it.
    """
    root = Path(settings.INDEX_FOLDER)
    current = engine()
    with _lock:
        if root not in _writers:
            _writers[root] = current.writer()
        return _writers[root]


def holds_writer() -> bool:
    """Whether this process keeps the writer already."""
    with _lock:
        return Path(settings.INDEX_FOLDER) in _writers


def release_writer() -> None:
    """Closes the kept writer, if there is one, so that another process may write."""
    with _lock:
        writer = _writers.pop(Path(settings.INDEX_FOLDER), None)
    if writer is not None:
        writer.close()


@contextmanager
def borrowed_writer() -> Iterator[Writer]:
    """The writer for the length of a command. Raises WriterBusy while the index worker runs."""
    with engine().writer() as writer:
        yield writer


def rebuild_because() -> dict[Collection, str]:
    """Which collections must be built anew, and why: missing, damaged, or made for another mapping."""
    reasons = {collection: engine().state(collection).rebuild_because for collection in COLLECTIONS}
    return {collection: reason for collection, reason in reasons.items() if reason is not None}

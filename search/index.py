"""The process's one engine, and who may write to it.

SEARCH_URL chooses: with it the engine over Elasticsearch, without it the embedded one in the project's data.
Readers call `engine()`. Only the index worker, or a command while no worker runs, holds the writer: its lock lies in
the index's folder, or as a lease in the service, and is free soon after the process dies, however it dies.

The web's configuration asks here before Django is set up (config/gunicorn.py): nothing of this may load a model.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from django.conf import settings
from django.utils.module_loading import import_string

from search.engines.base import Collection, EngineUnavailable, Writer
from search.engines.elasticsearch.connection import Connection, hosts_of
from search.engines.embedded import EmbeddedEngine
from search.measured import MeasuredEngine, WholeEngine

ELASTICSEARCH: Final = "search.engines.elasticsearch.engine.ElasticsearchEngine"
"""Named, as Django names its backends: loading its client would cost every process without it half a second."""

COLLECTIONS: Final[tuple[Collection, ...]] = ("listings", "rates")


_lock = threading.Lock()
_engines: dict[Hashable, MeasuredEngine] = {}
_writers: dict[Hashable, Writer] = {}


def connection() -> Connection | None:
    """How the settings say that the search service is reached, None where the embedded engine serves.

    Raises ValueError if SEARCH_URL is no address.
    """
    hosts = hosts_of(settings.SEARCH_URL)
    if not hosts:
        return None
    return Connection(
        hosts=hosts,
        api_key=settings.SEARCH_API_KEY,
        ca_cert=settings.SEARCH_CA_CERT,
        verify=settings.SEARCH_VERIFY,
        timeout=settings.SEARCH_TIMEOUT,
        compress=settings.SEARCH_COMPRESS,
        prefix=settings.SEARCH_PREFIX,
        replicas=settings.SEARCH_REPLICAS,
    )


def service_fault() -> str | None:
    """Why the search service cannot be used, in a line, None if it can be or none is used. For the start: by a
    connection of its own, since what is opened before a fork must not be used after it.
    """
    place = connection()
    if place is None:
        return None
    probe = import_string(ELASTICSEARCH)(place)
    try:
        probe.check()
    except EngineUnavailable as error:
        return str(error)
    finally:
        probe.close()
    return None


def service_warning() -> str | None:
    """What whoever starts us must know of the way to the search service, in a line, None if there is nothing."""
    place = connection()
    if place is None or place.verify or not any(host.startswith("https:") for host in place.hosts):
        return None
    return (
        "SEARCH_VERIFY=0: the search service's certificate is not verified. Whoever stands between it and us reads the "
        "key and may answer searches."
    )


def _place() -> Path | Connection:
    """Where the index lies."""
    return connection() or Path(settings.INDEX_FOLDER)


def engine() -> MeasuredEngine:
    """The engine that the settings name; made once in each process, opened when it is first asked."""
    return _kept(_place())


def _kept(place: Path | Connection) -> MeasuredEngine:
    with _lock:
        if place not in _engines:
            made = EmbeddedEngine(place) if isinstance(place, Path) else _elasticsearch(place)
            _engines[place] = MeasuredEngine(made, settings.TRACES)
        return _engines[place]


def probing_engine(seconds: float) -> MeasuredEngine:
    """The same index for whoever only looks whether it answers and must know within so many seconds. A service is asked
    over connections of its own: that it is silent to us is no reason to answer the next search without asking it.
    """
    place = _place()
    if isinstance(place, Path):
        return engine()
    return _kept(replace(place, timeout=min(seconds, place.timeout), connections=1))


def _elasticsearch(place: Connection) -> WholeEngine:
    return cast(WholeEngine, import_string(ELASTICSEARCH)(place))


def kept_writer() -> Writer:
    """The writer, kept until the process ends: what the index worker uses. Raises WriterBusy while another
    holds it.
    """
    place, current = _place(), engine()
    with _lock:
        if place not in _writers:
            _writers[place] = current.writer()
        return _writers[place]


def holds_writer() -> bool:
    """Whether this process keeps the writer already."""
    with _lock:
        return _place() in _writers


def release_writer() -> None:
    """Closes the kept writer, if there is one, so that another process may write."""
    with _lock:
        writer = _writers.pop(_place(), None)
    if writer is not None:
        writer.close()


@contextmanager
def borrowed_writer() -> Iterator[Writer]:
    """The writer for the length of a command. Raises WriterBusy while the index worker runs."""
    with engine().writer() as writer:
        yield writer


def index_fault(asked: MeasuredEngine | None = None) -> str | None:
    """Why searches and updates do not go to the same index although there is one, None if they do. Raises
    EngineUnavailable where the search service does not say.
    """
    found = asked or engine()
    return next((fault for collection in COLLECTIONS if (fault := found.fault(collection))), None)


def rebuild_because() -> dict[Collection, str]:
    """Which collections must be built anew, and why: missing, damaged, or made for another mapping."""
    reasons = {collection: engine().state(collection).rebuild_because for collection in COLLECTIONS}
    return {collection: reason for collection, reason in reasons.items() if reason is not None}

"""Writing many documents: in requests bounded by bytes, ordered by external versions, patient when the service is
busy, and with nothing silently lost.

The greater version stands, in whatever order writes arrive and however often they are repeated. What is removed
stays as a tombstone that no question finds, so that an older write cannot bring it back, also after a restart
of the service (which forgets its own deletions).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import structlog

from search.engines.base import DocumentsRefused, EngineUnavailable
from search.engines.elasticsearch.client import DISK_FULL, Client, NoAnswerInTime, Refused, says_disk_full
from search.engines.elasticsearch.meta import TOMBSTONE

MOST_BYTES: Final = 4_000_000
"""Of one bulk request; a single larger document goes alone."""
SECONDS: Final = 60.0
"""That a bulk request may take."""
LONGEST_ID: Final = 512
PATIENCE: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds to wait before each further try at what the service was too busy for."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A document to be written under an id, or a removal (`source` None). The greater `version` stands.

    `version` None: no comparison, the last one stands (lines to be buried whose card says nothing of them).
    """

    id: str
    version: int | None
    source: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Outcome:
    """What became of the changes, by target: ids that were written; ids refused, each with the reason. The rest
    met a newer version.
    """

    written: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        """Takes what became of changes to other targets."""
        self.written |= other.written
        self.refused |= other.refused

    def complain(self) -> None:
        """Raises DocumentsRefused if any were refused."""
        if self.refused:
            raise DocumentsRefused(self.refused)


def write(
    client: Client,
    targets: Sequence[str],
    changes: Iterable[Change],
    *,
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Writes the changes to every target (an alias that must exist), in order; shows nothing yet.

    Raises EngineUnavailable if the service stays busy or a target does not exist.
    """
    outcome = Outcome({target: [] for target in targets})
    for chunk in _chunks(_lines(targets, changes, outcome), most_bytes):
        _send(client, chunk, outcome, seconds, sleep)
    if outcome.refused:
        log.error("index_documents_refused", refused=dict(sorted(outcome.refused.items())[:20]))
    return outcome


@dataclass(frozen=True, slots=True)
class _Line:
    target: str
    id: str
    version: int | None
    content: bytes


def _lines(targets: Sequence[str], changes: Iterable[Change], outcome: Outcome) -> Iterator[_Line]:
    for change in changes:
        if len(change.id.encode()) > LONGEST_ID:
            # Elasticsearch would refuse the whole request for it.
            outcome.refused[change.id] = f"its key is longer than {LONGEST_ID} bytes"
            continue
        source = orjson.dumps(TOMBSTONE if change.source is None else change.source)
        for target in targets:
            action: dict[str, Any] = {"_index": target, "_id": change.id, "require_alias": True}
            if change.version is not None:
                action |= {"version": change.version, "version_type": "external"}
            yield _Line(target, change.id, change.version, orjson.dumps({"index": action}) + b"\n" + source)


def _chunks(lines: Iterable[_Line], most_bytes: int) -> Iterator[list[_Line]]:
    chunk: list[_Line] = []
    size = 0
    for line in lines:
        if chunk and size + len(line.content) > most_bytes:
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line.content) + 1
    if chunk:
        yield chunk


def _send(
    client: Client, chunk: list[_Line], outcome: Outcome, seconds: float, sleep: Callable[[float], None]
) -> None:
    lost = 0
    full = False

    def again() -> None:
        nonlocal lost
        lost += 1

    for wait in (*PATIENCE, None):
        try:
            answer = client.call(
                "POST", "/_bulk", lines=(line.content for line in chunk), timeout=seconds, again=again
            )
        except (NoAnswerInTime, Refused):
            raise
        except EngineUnavailable:
            # Another node may answer; what the first did before its answer was lost, nobody knows.
            if lost >= client.connection.retries or wait is None:
                raise
            again()
            sleep(wait)
            continue
        busy: list[_Line] = []
        for line, item in zip(chunk, answer["items"], strict=True):
            result = item["index"]
            if result["status"] in (200, 201) or (lost and _met_itself(line, result)):
                outcome.written[line.target].append(line.id)
            elif result["status"] in (429, 503):
                busy.append(line)
                error = result.get("error", {})
                full = full or says_disk_full(error.get("type", ""), error.get("reason", ""))
            elif result["status"] == 404:
                raise EngineUnavailable("there is no index to write to")
            elif result["status"] != 409:
                outcome.refused[line.id] = _reason(result["error"])
        if not busy:
            return
        if wait is None:
            break
        chunk = busy
        sleep(wait)
    raise EngineUnavailable(DISK_FULL if full else "the search service is too busy to write")


def _met_itself(line: _Line, result: Mapping[str, Any]) -> bool:
    """Whether what was asked for again had been done the first time: a version is one writer's, of one step."""
    said = f"current version [{line.version}] is higher or equal to the one provided [{line.version}]"
    return result["status"] == 409 and said in result.get("error", {}).get("reason", "")


def _reason(error: Mapping[str, Any]) -> str:
    deeper = error.get("caused_by") or {}
    return f"{error.get('type')}: {deeper.get('reason') or error.get('reason')}"[:300]

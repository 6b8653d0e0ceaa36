"""Who may build indices: one writer at a time, by a document that expires.

Several writers may write documents at once (external versions put them in order), but only one may bump
generations, fill a new index and swap it. The service's own clock decides, so the clocks of our machines do
not matter. A writer whose process died on this machine is succeeded at once, elsewhere after LEASE_SECONDS.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from pathlib import Path
from typing import Any, Final

import structlog

from search.engines.base import EngineUnavailable, WriterBusy
from search.engines.elasticsearch.client import Client, Unassigned
from search.engines.elasticsearch.making import make_index, why_unassigned

LEASE_SECONDS: Final = 20
RENEW_SECONDS: Final = 5

_TAKE: Final = """
if (ctx._source.token == null || ctx._source.token == params.token || ctx._source.token == params.died
    || ctx._source.until < ctx._now) {
  ctx._source.token = params.token;
  ctx._source.who = params.who;
  ctx._source.until = ctx._now + params.millis;
} else { ctx.op = 'none' }
"""
_FREE: Final = "if (ctx._source.token == params.token) { ctx._source.token = null } else { ctx.op = 'none' }"

log = structlog.get_logger(__name__)


class Lease:
    """The right to write, taken when made and renewed by a thread until `close`. Raises WriterBusy."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.index = f"{client.connection.prefix}writer"
        """Where the lease stands."""
        self._token = secrets.token_hex(8)
        self._ended = threading.Event()
        self._lost = False
        if not self._taken_first():
            raise WriterBusy("another process writes to the index")
        self._thread = threading.Thread(target=self._renew, name="index-lease", daemon=True)
        self._thread.start()

    def hold(self) -> None:
        """Makes sure that the lease is still ours, taking it again if it lapsed while the service was away.

        Raises EngineUnavailable if somebody else has it.
        """
        if self._lost:
            if not self._take():
                raise EngineUnavailable("another process has taken over writing to the index")
            self._lost = False

    def close(self) -> None:
        """Gives the lease back."""
        self._ended.set()
        self._thread.join()
        try:
            self._update(_FREE, token=self._token)
        except EngineUnavailable as error:
            log.warning("index_lease_not_freed", why=str(error))

    def _taken_first(self) -> bool:
        self._prepare()
        try:
            return self._take()
        except Unassigned as error:
            # The first thing that is made where there is nothing yet, and so the first for which there is no room.
            raise EngineUnavailable(why_unassigned(self._client, self.index)) from error

    def _prepare(self) -> None:
        if self._client.call("GET", f"/{self.index}", missing=True, filter_path="*.aliases") is not None:
            return
        properties = {"token": {"type": "keyword"}, "who": {"type": "keyword"}, "until": {"type": "long"}}
        body = {
            "settings": {"number_of_shards": 1, "number_of_replicas": self._client.connection.replicas},
            "mappings": {"dynamic": "strict", "properties": properties},
        }
        make_index(self._client, self.index, body)

    def _take(self) -> bool:
        held = self._client.call("GET", f"/{self.index}/_doc/lease", missing=True)
        source = (held or {}).get("_source") or {}
        died = source.get("token") if _has_died(source.get("who")) else ""
        result = self._update(
            _TAKE, token=self._token, died=died or "", who=_identity(), millis=LEASE_SECONDS * 1_000
        )
        return result in ("created", "updated")

    def _update(self, script: str, **parameters: Any) -> str:
        body = {
            "scripted_upsert": True,
            "script": {"source": script, "params": parameters},
            "upsert": {},
        }
        answer = self._client.call("POST", f"/{self.index}/_update/lease", body, retry_on_conflict=3)
        return str(answer["result"])

    def _renew(self) -> None:
        told = ""
        while not self._ended.wait(RENEW_SECONDS):
            try:
                if not self._take():
                    self._lost = True
                told = ""
            except EngineUnavailable as error:
                # It may lapse meanwhile: `hold` finds out before the next write.
                self._lost = True
                # A service may be away, or full, for hours: the log need not say so every few seconds.
                if str(error) != told:
                    told = str(error)
                    log.warning("index_lease_not_renewed", why=told)


def _identity() -> str:
    """This process, told apart from an earlier one with the same number by when it began."""
    return f"{_machine()} {os.getpid()} {_began(os.getpid())}"


def _machine() -> str:
    """Where process numbers mean what they mean here: this start of this machine, and of this container."""
    facts = [socket.gethostname()]
    try:
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        facts.append("unknown")
    return "/".join(facts)


def _has_died(who: str | None) -> bool:
    """Whether a holder ran on this machine and runs no more."""
    machine, _, rest = (who or "").partition(" ")
    pid, _, began = rest.partition(" ")
    return machine == _machine() and pid.isdecimal() and began != "" and _began(int(pid)) != began


def _began(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "gone"

"""The run itself: the service's processes by the moved clock, and every call-off driven side by side until it has
ended.

All that have something to do at a moment go on at once, in as many threads as there are clients; when each waits for
the clock, what is owed is delivered, the clock is moved to the next moment that anybody waits for, and the tasks are
run that beat would start.
"""

from __future__ import annotations

import heapq
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.lifecycles.client import Client, Unplanned, Who
from benchmarks.lifecycles.clock import Clock
from benchmarks.lifecycles.purchase import Purchase, Steps
from procurement.models import Delivery
from procurement.tasks import sweep_dates, sweep_deadlines, sweep_deliveries
from tools.children import Child
from tools.run import Supervisor

RUN: Final = ("queue", "web", "worker")
"""Of the supervisor's children those that a call-off needs. Beat counts seconds, which are not moved."""
SETTINGS: Final = "benchmarks.lifecycles.settings"
DELIVERED_WITHIN: Final = 600.0
PAGE: Final = 500
POLLED: Final = 2.0
"""Seconds that a poller waits where nothing more has come."""
TICKS: Final = os.sysconf("SC_CLK_TCK")


class Processes(Supervisor):
    """What `make run` starts, with the settings of the run."""

    def _children(self) -> list[Child]:
        kept = [child for child in super()._children() if child.name in RUN]
        for child in kept:
            child.environment["DJANGO_SETTINGS_MODULE"] = SETTINGS
        return kept

    def seconds(self) -> dict[str, float]:
        """What each has used of the processor so far, with all that it started: they are in a session of its own."""
        used = {child.process.pid: 0 for child in self.children if child.process}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if (session := int(fields[3])) in used:
                own = int(stat.parent.name) == session
                used[session] += sum(int(one) for one in fields[11 : 15 if own else 13])
        return {child.name: used[child.process.pid] / TICKS for child in self.children if child.process}


@contextmanager
def served(data: Path) -> Iterator[tuple[int, Processes]]:
    """The processes from their start to their end, and the port at which they answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        listener.set_inheritable(True)
        (data / "logs").mkdir(exist_ok=True)
        (data / "broker").mkdir(exist_ok=True)
        processes = Processes(data, listener)
        try:
            if not processes.start():
                raise RuntimeError(f"The processes did not start: see {data / 'logs'}")
            yield int(listener.getsockname()[1]), processes
        finally:
            processes.stop()


class Poller(threading.Thread):
    """An operator's integration that follows the change feed from its beginning while everything happens."""

    def __init__(self, client: Client, who: Who) -> None:
        super().__init__(daemon=True)
        self.client, self.who = client, who
        self.read: list[int] = []
        self.ended = threading.Event()
        self.fault = ""

    def run(self) -> None:
        path = f"/api/v1/events/?after=0&page_size={PAGE}"
        try:
            while True:
                last = self.ended.is_set()
                answer = self.client.ask(self.who, "GET", path).body
                self.read += [one["position"] for one in answer["results"]]
                path = "/api/v1/" + answer["next"].partition("/api/v1/")[2]
                if not answer["more"]:
                    if last:
                        return
                    self.ended.wait(POLLED)
        except Exception:  # noqa: BLE001 - whatever it was is told, and fails the run
            self.fault = traceback.format_exc()


def drive(purchases: Sequence[tuple[datetime, Purchase]], clock: Clock, clients: int) -> int:
    """Drives every call-off from the moment at which it begins; answers how often the clock was moved."""
    order = count()
    waiting: list[tuple[datetime, int, Purchase, Steps]] = []
    for moment, it in purchases:
        heapq.heappush(waiting, (moment, next(order), it, it.ending.drive(it)))
    moves = 0
    with ThreadPoolExecutor(clients) as pool:
        while waiting:
            delivered()
            if waiting[0][0] > clock.now():
                clock.move(waiting[0][0])
                moves += 1
            # What beat starts each minute and each ten.
            sweep_deadlines()
            sweep_dates()
            now, due = clock.now(), []
            while waiting and waiting[0][0] <= now:
                due.append(heapq.heappop(waiting))
            for (_, _, it, steps), moment in zip(
                due, pool.map(lambda one: _on(one[2], one[3]), due), strict=True
            ):
                if moment is not None:
                    heapq.heappush(waiting, (moment, next(order), it, steps))
            print(
                f"{now:%a %d %B %Y %H:%M}: {len(due)} went on, {len(waiting)} are under way", file=sys.stderr
            )
    delivered()
    return moves


def _on(it: Purchase, steps: Steps) -> datetime | None:
    """Drives one until it waits: for which moment, None where it has ended. What was not planned ends it."""
    try:
        return next(steps, None)
    except Unplanned as fault:
        it.fault = str(fault)
    except Exception:  # noqa: BLE001 - whatever it was is told of this call-off, and fails the run
        it.fault = traceback.format_exc(limit=-4)
    return None


def delivered() -> None:
    """Waits until the worker has delivered what is due; it is told as beat would tell it, should a nudge be lost."""
    until = time.monotonic() + DELIVERED_WITHIN
    asked = 0.0
    while Delivery.objects.filter(status=Delivery.Status.PENDING).exists():
        if time.monotonic() > until:
            raise RuntimeError("What is owed is not delivered: see the worker's log.")
        if time.monotonic() - asked > 5:
            asked = time.monotonic()
            sweep_deliveries.apply_async(retry=False)
        time.sleep(0.05)

"""Starts the real supervisor on a data folder of its own and looks at every process that belongs to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = {
    "queue": "valkey-server",
    "web": "gunicorn",
    "worker": "general@",
    "index": "index@",
    "beat": "beat",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def variables(data: Path, port: int) -> dict[str, str]:
    """The environment of `make run` for a data folder, without what the test run itself set."""
    dropped = {"BROKER_URL", "DJANGO_SETTINGS_MODULE", "STATIC_HASHED", "LOG_LEVEL", "DATABASE_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "DEMO": "1", "CALLOFF_DATA": str(data), "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def processes_of(data: Path) -> dict[int, str]:
    """Every running process that was started for a data folder: its number and its command line."""
    found = {}
    mark = f"CALLOFF_DATA={data}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # The queue writes its title over its environment; the title names its socket in the folder.
                if mark in (entry / "environ").read_bytes().split(b"\0") or f"{data}/broker" in command:
                    found[int(entry.name)] = command
            except OSError:
                # It ended while we looked, or it is another user's.
                continue
    return {number: command for number, command in found.items() if command}


def until(what: Callable[[], Any], seconds: float, message: str) -> Any:
    """What `what` answers as soon as that is true; an assertion error with `message` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.1)
    raise AssertionError(message)


def processor_seconds(data: Path) -> float:
    """What the processes of a data folder, and the children they have waited for, have used of the cores."""
    ticks = 0
    for number in processes_of(data):
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


class Supervised:
    """One supervisor, its data folder, and the words that it printed."""

    def __init__(self, data: Path, port: int | None = None, **environment: str) -> None:
        self.data = data
        self.port = port or free_port()
        self.output = data.parent / f"{data.name}.out"
        self.began = time.monotonic()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tools.run"],
                cwd=ROOT,
                env={**variables(data, self.port), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def ready(self, seconds: float) -> float:
        """Waits for the banner; answers how many seconds after the start it came."""

        def settled() -> bool:
            assert self.process.poll() is None, self.said()
            return "Stop with Ctrl-C." in self.said()

        until(settled, seconds, f"not ready within {seconds} s:\n{self.said()}")
        return time.monotonic() - self.began

    def get(self, path: str) -> tuple[int, Any]:
        """Status and body, read as JSON, of a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def number(self, name: str) -> int:
        """The process number of a child by the supervisor's name for it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = processes_of(self.data)
        return next(int(child) for child in children if PROCESSES[name] in found.get(int(child), ""))

    def running(self, name: str) -> bool:
        try:
            return self.number(name) > 0
        except StopIteration:
            return False

    def came_back(self, name: str, killed: int) -> bool:
        """Whether a child runs under another number than the one that was killed; that one may be gone between two
        looks, so it is looked for once.
        """
        try:
            return self.number(name) != killed
        except StopIteration:
            return False

    def answers(self) -> bool:
        """Whether the web is ready; a connection to one that is being ended is no answer."""
        try:
            return self.get("/api/v1/health/ready/")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def end(self) -> None:
        """Leaves nothing behind, whatever the test found."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for left in processes_of(self.data):
            os.kill(left, signal.SIGKILL)

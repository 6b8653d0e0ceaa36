"""One process that the supervisor keeps: in its own group, never outliving it, restarted with back-off."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 30.0
"""Seconds after which a process counts as well, so that its next death is met with the first pause again."""
LOG_BYTES = 20_000_000
PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None] | None:
    """What a child runs before it becomes its program, so that Linux ends it when the supervisor is killed.

    Answers None where the system has no such call; a supervisor that is not killed takes all with it anyway.
    """
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


class Child:
    """A process by name, with its command, its log file and the count of its deaths."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        log: Path | None,
        environment: Mapping[str, str],
        inherit: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.command = list(command)
        self.folder = folder
        self.log = log
        self.environment = dict(environment)
        self.inherit = tuple(inherit)
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.deaths = 0
        self.due_at: float | None = None

    def start(self) -> None:
        """Starts it, its output appended to its log; without one it writes where we write."""
        with contextlib.ExitStack() as open_files:
            log = open_files.enter_context(self.log.open("ab")) if self.log else None
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.inherit,
                # Safe: the supervisor has one thread.
                preexec_fn=die_with_parent(),
            )
        self.started_at = time.monotonic()
        self.due_at = None

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def died(self) -> int | None:
        """Its exit code if it has just ended, what was left of its group being gone; None while it runs."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.kill()
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.deaths = 0
        self.deaths += 1
        self.due_at = time.monotonic() + min(FIRST_PAUSE * 2 ** (self.deaths - 1), LONGEST_PAUSE)
        return code

    def pause(self) -> float:
        """Seconds until it is started again."""
        return 0.0 if self.due_at is None else max(0.0, self.due_at - time.monotonic())

    def ask_to_stop(self) -> None:
        self.due_at = None
        if self.process:
            self.process.terminate()

    def kill(self) -> int | None:
        """Ends at once whatever of its group is left; answers the exit code of the process itself."""
        if self.process is None:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self.process = None
        return code

    def last_words(self, lines: int = 6) -> str:
        """The end of its log, for a person who asks why it ended."""
        if self.log is None:
            return ""
        return "\n".join(self.log.read_bytes()[-4000:].decode(errors="replace").splitlines()[-lines:])

    def trim_log(self) -> None:
        """Keeps a log that grew beyond LOG_BYTES as `.1` and empties it; the process goes on appending."""
        if self.log is not None and self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)

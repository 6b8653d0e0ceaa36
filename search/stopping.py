"""For commands that write in steps: a signal ends them between two steps, and one line tells what they leave."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Final

ASKS: Final = (signal.SIGINT, signal.SIGTERM)
STOPPED: Final = 130
"""The exit status of a command that a signal ended."""


class Stopped(Exception):  # noqa: N818 - it was asked for
    """A signal asked the command to end, and it is between two steps."""


class Stopping:
    """Holds a first signal back until `look` is called, so that a step that has begun is finished and counted; a second
    one interrupts at once, as ever. Outside the main thread, which gets no signals, it does nothing.
    """

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._ask) for one in ASKS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def look(self) -> None:
        """Between two steps. Raises Stopped where a signal has come."""
        if self._asked:
            raise Stopped

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True


def because(error: BaseException) -> str:
    """In a few words, why a command ended early."""
    if isinstance(error, Stopped | KeyboardInterrupt):
        return "Stopped"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500].rstrip(".")


def status_of(error: BaseException) -> int:
    """The exit status of a command that ended early."""
    return STOPPED if isinstance(error, Stopped | KeyboardInterrupt) else 1

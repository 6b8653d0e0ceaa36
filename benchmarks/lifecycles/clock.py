"""One clock for every process of a run: the machine's own, moved by as much as eight bytes of a shared file say.

Every process of a run reads settings.py, which installs it before any model is loaded. It takes the place of
django.utils.timezone.now, the one place where the service asks for the time; nothing of the service knows of it.
"""

from __future__ import annotations

import mmap
import os
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

import standardwebhooks.webhooks
from django.utils import timezone

VARIABLE: Final = "LIFECYCLE_CLOCK"
"""Names the file to the processes that are started."""
BYTES: Final = 8

_machine = timezone.now


class Clock:
    """The machine's clock and what it is moved by, in microseconds."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(BYTES))
        with path.open("r+b") as file:
            self._moved = mmap.mmap(file.fileno(), BYTES)

    def now(self) -> datetime:
        """Goes on while it is moved: two events are never at the same moment."""
        moved = int.from_bytes(self._moved[:BYTES], "little", signed=True)
        return _machine() + timedelta(microseconds=moved)

    def move(self, to: datetime) -> None:
        """It shows `to` from now on, in every process."""
        moved = (to - _machine()) // timedelta(microseconds=1)
        self._moved[:BYTES] = moved.to_bytes(BYTES, "little", signed=True)


def install() -> Clock:
    """Lets this process live by the clock whose file the environment names."""
    clock = Clock(Path(os.environ[VARIABLE]))
    timezone.now = clock.now

    class Moved(datetime):
        """What the customer's library compares a message's time with: the same clock."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return clock.now().astimezone(tz)

    standardwebhooks.webhooks.datetime = Moved
    return clock

"""Imported by a worker (celery --include) whose clock may be ahead, or by a process that answers a request, which is to
stand still at an event: it then waits to be killed.

STOPPING names a file of JSON with `now` (ISO 8601, null for the machine's clock), `type` (of the event), `at` (at which
of them, 0: at none), `committed` (after its transaction rather than within it) and `here` (the file that says it has
come so far).
"""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import transaction

from procurement.models import Event
from procurement.signals import events_recorded

told: dict[str, Any] = json.loads(Path(os.environ["STOPPING"]).read_text())
if told["now"]:
    now = datetime.fromisoformat(told["now"])
    patch("django.utils.timezone.now", lambda: now).start()
seen: list[Event] = []


def stop(events: list[Event], **_: Any) -> None:
    """Stands still at the event that it was told."""
    seen.extend(one for one in events if one.type == told["type"])
    if told["at"] and len(seen) == told["at"]:
        if told["committed"]:
            transaction.on_commit(rest)
        else:
            rest()


def rest() -> None:
    Path(told["here"]).touch()
    time.sleep(600)


events_recorded.connect(stop, weak=False)

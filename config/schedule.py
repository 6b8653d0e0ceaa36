"""What beat starts by the clock. A sweep finds in the database what is due: a lost message costs seconds."""

from __future__ import annotations

SCHEDULE: dict[str, dict[str, object]] = {}

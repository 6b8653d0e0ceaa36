"""An event as it is told outside: in the change feed and in webhooks, in one form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from procurement.event_types import known_type
from procurement.models import Event


def instant(at: datetime) -> str:
    """ISO 8601 in UTC to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def as_told(event: Event, whole: bool) -> dict[str, Any]:
    """The event as JSON: position, type, version, subject, references, changes, actor, at.

    Of a public event an operator (`whole`) reads all; everybody else not who did it, nor the changes that its type
    withholds. Whoever reads an event that is not public is concerned by it and reads it whole.
    """
    known = known_type(event.type)
    shown = whole or not known.public
    return {
        "position": event.position,
        "type": event.type,
        "version": event.version,
        "subject": {"type": event.subject_type, "reference": event.subject},
        "references": event.references,
        "changes": event.changes
        if shown
        else {name: value for name, value in event.changes.items() if name not in known.withheld},
        "actor": (event.actor or None) if shown else None,
        "at": instant(event.at),
    }

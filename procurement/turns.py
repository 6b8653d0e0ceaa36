"""Turns for work that reads much, decides, and then writes. SQLite has one writer at a time; PostgreSQL lets
writers run side by side, and two of these would decide on what the other is about to change.
"""

from __future__ import annotations

from procurement.models import Counter


def take_turn(what: str) -> None:
    """Within a transaction: waits until no other that named the same `what` (ten characters) is under way."""
    Counter.objects.get_or_create(kind=what, year=0)
    Counter.objects.select_for_update().get(kind=what, year=0)

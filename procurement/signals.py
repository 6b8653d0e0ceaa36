"""The hooks by which other layers hear of a change: sent inside the transaction that makes it."""

from django.dispatch import Signal

events_recorded = Signal()
"""Sent by actions/events.py with `events`, the list of Event rows just written, before commit."""

rows_moved = Signal()
"""Sent by moving.py with `using`, the alias of the database into which every row of another has come, before commit."""

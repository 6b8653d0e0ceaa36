"""What is wrong with what was sent, as a form shows it: a summary that links to fields, and a message at each
field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A message and the id of the element it concerns, "" where it concerns no single one."""

    anchor: str
    message: str


def by_anchor(faults: Iterable[FieldFault]) -> dict[str, str]:
    """The message to show at each field: the first of several."""
    messages: dict[str, str] = {}
    for fault in faults:
        messages.setdefault(fault.anchor, fault.message)
    return messages

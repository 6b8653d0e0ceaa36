"""What differs between two JSON values, told by JSON pointer (RFC 6901): for amendments that all are told of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from procurement.profiles import escaped


def differences(before: Any, after: Any, pointer: str = "") -> Iterator[dict[str, Any]]:
    """Each as {pointer, before, after}, in the order of the names; lists are told whole, what is absent is null."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), f"{pointer}/{escaped(name)}")
    elif before != after:
        yield {"pointer": pointer, "before": before, "after": after}

"""A merge patch (RFC 7396): what is sent is merged into what stands, object by object, and null takes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(stands: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Each member that `patch` names as it is afterwards; None for one that it takes away, which whoever reads the
    members tells from one that stands. A list is replaced whole.
    """
    return {name: _after(stands.get(name), value) for name, value in patch.items()}


def _after(stands: object, patch: object) -> object:
    if not isinstance(patch, Mapping):
        return patch
    held = stands if isinstance(stands, Mapping) else {}
    after = {name: value for name, value in held.items() if name not in patch}
    return after | {name: _after(held.get(name), value) for name, value in patch.items() if value is not None}

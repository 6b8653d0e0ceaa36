"""What a listing looks like in the index, for the tests of the synchronisation."""

from __future__ import annotations

from typing import Any

import orjson

from search.index import engine


def listing(reference: str) -> Any:
    """The stored object of a listing, None if it is not in the index."""
    stored = engine().listing(reference)
    return None if stored is None else orjson.loads(stored)


def keys() -> list[str]:
    """Every listing in the index."""
    return sorted(key for key, _ in engine().listing_keys())

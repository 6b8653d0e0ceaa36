"""What a snapshot notes of the index: by which engine, and in which state, listings are found now.

Journey: a shortlist is locked (api/v1/snapshots.py, web/shortlist_changes.py) -> here ->
procurement/actions/snapshots.py.
"""

from __future__ import annotations

from procurement.snapshots import Index
from search.engines.base import EngineUnavailable
from search.index import engine


def index_now() -> Index:
    """What a search would be answered from now; nothing, where none can be: a shortlist is locked all the same."""
    try:
        return Index(engine().name, engine().freshness("listings").generation)
    except EngineUnavailable:
        return Index(None, None)

"""Making an index, and saying why no node takes it: a service answers that it has made one that nobody can write to.
Keeping as many copies of those that are there as are asked for now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.client import UNASSIGNED, Client, Refused

NO_ROOM: Final = "the search service's disk is full (above its high watermark): it takes no new index"
_WITHIN: Final = 60.0
"""Seconds; the service itself waits for a node for 30."""


def make_index(client: Client, name: str, body: Mapping[str, Any]) -> None:
    """Makes an index; one of that name stays as it is. Raises EngineUnavailable where no node takes it."""
    try:
        told = client.call("PUT", f"/{name}", body, timeout=_WITHIN)
    except Refused as refused:
        # The name is nobody else's: asked again, another node finds what one made that died before it answered.
        if refused.kind != "resource_already_exists_exception":
            raise
        return
    if not told.get("shards_acknowledged", True):
        raise EngineUnavailable(why_unassigned(client, name))


def keep_copies(client: Client, names: Sequence[str]) -> None:
    """Gives the indices behind these names, of which some may be missing, the copies of the settings where they have
    others: they were made under those of their day. Raises EngineUnavailable.
    """
    wanted, asked = str(client.connection.replicas), "index.number_of_replicas"
    path = f"/{','.join(names)}/_settings/{asked}"
    told = client.call("GET", path, flat_settings=True, ignore_unavailable=True)
    differing = sorted(index for index, facts in told.items() if facts["settings"][asked] != wanted)
    if differing:
        client.call("PUT", f"/{','.join(differing)}/_settings", {asked: wanted})


def why_unassigned(client: Client, name: str) -> str:
    """Why no node holds an index, as far as we may ask: a key for our indices alone may not."""
    asked = {"index": name, "shard": 0, "primary": True}
    try:
        told = client.call("POST", "/_cluster/allocation/explain", asked)
    except EngineUnavailable:
        return UNASSIGNED
    against = {
        decider["decider"]
        for node in told.get("node_allocation_decisions", ())
        for decider in node.get("deciders", ())
        if decider["decision"] == "NO"
    }
    return NO_ROOM if "disk_threshold" in against else UNASSIGNED

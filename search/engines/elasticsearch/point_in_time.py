"""Reading on and on in the order of a sort that is unique, as of one moment: exports, and all that an index holds.

Step of the listings' and the rates' journeys. The service keeps a moment (its point in time) for so long after each
batch. Whoever reads more slowly loses it and goes on, behind the last that was read, in what the index holds by then:
nothing comes twice and nothing that stays is left out, but what has changed meanwhile is told as it has become.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog

from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.client import Refused
from search.engines.elasticsearch.indices import Indices

KEPT: Final = "2m"
"""How long a moment is kept after each batch."""

Hit = Mapping[str, Any]

log = structlog.get_logger(__name__)


class PointInTime:
    """The state of a collection's index at which it was made, until `close`. Raises EngineUnavailable."""

    def __init__(self, indices: Indices) -> None:
        self._indices = indices
        self._id = self._opened()

    def batch(self, body: Mapping[str, Any], last: Hit | None = None) -> list[Hit]:
        """The next hits of a search (its body, with a unique sort and a size) behind the last of those before."""
        # A moment adds a place of its own to what hits are sorted by; another moment would not know it.
        after = {} if last is None else {"search_after": last["sort"][: len(body["sort"])]}
        try:
            return self._asked({**body, **after})
        except Refused as refused:
            if refused.status != 404:
                raise
            log.info("point_in_time_lost")
            self._id = self._opened()
            return self._asked({**body, **after})

    def every(self, body: Mapping[str, Any], first: list[Hit] | None = None) -> Iterator[Hit]:
        """All hits, from the first batch where that is read already; the moment is let go at the end."""
        try:
            batch = self.batch(body) if first is None else first
            while batch:
                yield from batch
                batch = self.batch(body, batch[-1]) if len(batch) == body["size"] else []
        finally:
            self.close()

    def close(self) -> None:
        """Lets go of it; it would end by itself, so that this fails is no failure of whoever has read."""
        try:
            self._indices.client.call("DELETE", "/_pit", {"id": self._id}, missing=True)
        except EngineUnavailable as error:
            log.warning("point_in_time_not_closed", why=str(error))

    def _opened(self) -> str:
        return str(self._indices.call("POST", f"/{self._indices.read}/_pit", keep_alive=KEPT)["id"])

    def _asked(self, body: Mapping[str, Any]) -> list[Hit]:
        asked = {**body, "pit": {"id": self._id, "keep_alive": KEPT}, "track_total_hits": False}
        answer = self._indices.client.call("POST", "/_search", asked, allow_partial_search_results=False)
        self._id = answer.get("pit_id", self._id)
        hits: list[Hit] = answer["hits"]["hits"]
        return hits

"""What is worked out of all prices of a framework, kept at hand until another rate card is published.

With thousands of cards there are tens of thousands of prices to go through. What is published never changes, so an
answer holds for its day until another version is published: the key of the cache says which those are.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Final, TypeVar

from django.core.cache import cache
from django.db.models import Count, Max
from redis import RedisError

from procurement.querysets import RateCardVersionQuerySet

HELD: Final = 24 * 60 * 60
"""Seconds for which an answer is kept."""
Answer = TypeVar("Answer")


def until_published(
    name: str, versions: RateCardVersionQuerySet, day: date, work_out: Callable[[], Answer]
) -> Answer:
    """What `work_out` answers for the day of these versions, worked out anew once they change (one query). `name` tells
    it from other answers of the same versions.
    """
    state = versions.aggregate(newest=Max("pk"), made=Max("created_at"), number=Count("pk"))
    moment = f"{state['made']:%Y%m%d%H%M%S%f}" if state["made"] else ""
    key = f"{name}:{day:%Y%m%d}:{state['newest']}:{moment}:{state['number']}"
    kept: Answer | None = None
    # Where the cache is away, it is worked out each time.
    with suppress(RedisError):
        kept = cache.get(key)
    if kept is None:
        kept = work_out()
        with suppress(RedisError):
            cache.set(key, kept, HELD)
    return kept

"""How often: a count of requests for each principal, kind of request and minute, told in the RateLimit
headers.

Searching and exporting are counted apart. The counts stand in Django's cache; where that cannot be reached,
nobody is refused. Headers follow draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy:
"search";q=600;w=60` and `RateLimit: "search";r=599;t=42`.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from django.conf import settings
from django.core.cache import cache
from redis import RedisError

from api.errors import Problem

WINDOW: Final = 60
"""Seconds."""

log = logging.getLogger(__name__)


def _counted(key: str) -> int:
    """How many requests there are under a key with this one."""
    try:
        # Nearly every request finds the counter there.
        return cache.incr(key)
    except ValueError:
        # add() makes it once; a minute's worth of seconds more covers clocks that differ a little.
        return 1 if cache.add(key, 1, 2 * WINDOW) else cache.incr(key)


def spend(kind: str, principal: str) -> dict[str, str]:
    """Count one request of `kind` and return the headers that say what is left; raises Problem (429) when
    nothing is.
    """
    quota: int = settings.API_LIMITS[kind]
    now = time.time()
    window = int(now // WINDOW)
    key = f"limit:{kind}:{window}:{principal}"
    try:
        used = _counted(key)
    except (OSError, RedisError):
        log.warning("the cache that counts requests cannot be reached")
        used = 0
    seconds = WINDOW - int(now - window * WINDOW)
    headers = {
        "RateLimit-Policy": f'"{kind}";q={quota};w={WINDOW}',
        "RateLimit": f'"{kind}";r={max(0, quota - used)};t={seconds}',
    }
    if used > quota:
        raise Problem(
            429,
            f"That was more than {quota} requests in {WINDOW} seconds.",
            headers=headers | {"Retry-After": str(seconds)},
        )
    return headers

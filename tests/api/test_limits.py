"""Requests are counted for each principal, kind and minute; beyond the quota comes a 429 that says when to
return.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import override_settings

from api.errors import Problem
from api.limits import spend


@pytest.fixture(autouse=True)
def small_quotas(settings: object) -> None:
    settings.API_LIMITS = {"search": 2, "export": 1}  # type: ignore[attr-defined]
    cache.clear()


def test_headers_tell_what_is_left() -> None:
    headers = spend("search", "somebody")
    assert headers["RateLimit-Policy"] == '"search";q=2;w=60'
    assert re.fullmatch(r'"search";r=1;t=\d+', headers["RateLimit"])
    assert re.fullmatch(r'"search";r=0;t=\d+', spend("search", "somebody")["RateLimit"])


def test_beyond_the_quota_is_a_429_with_retry_after() -> None:
    spend("search", "somebody")
    spend("search", "somebody")
    with pytest.raises(Problem) as refused:
        spend("search", "somebody")
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert refused.value.headers["RateLimit"].startswith('"search";r=0;')


def test_kinds_and_principals_are_counted_apart() -> None:
    spend("export", "somebody")
    assert spend("search", "somebody")["RateLimit"].startswith('"search";r=1;')
    assert spend("export", "another")["RateLimit"].startswith('"export";r=0;')


def test_a_cache_that_cannot_be_reached_refuses_nobody(tmp_path: Path) -> None:
    gone = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"unix://{tmp_path}/nobody.sock",
    }
    with override_settings(CACHES={"default": gone}):
        headers = [spend("search", "somebody") for _ in range(3)]
    assert {header["RateLimit"][:13] for header in headers} == {'"search";r=2;'}

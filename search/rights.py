"""What our key for the search service lacks: the service tells everybody about their own key alone."""

from __future__ import annotations

from typing import Any, Final

from django.utils.module_loading import import_string

from search.engines.base import EngineUnavailable
from search.index import ELASTICSEARCH, connection

RIGHTS: Final = ("read", "write", "manage")
"""What tools/deployment/search_key.sh asks for."""


def rights_fault() -> str | None:
    """Which rights our key lacks for the indices of SEARCH_PREFIX, in a line that names both; None where it has all, no
    service is used, or this one does not say: it cannot be reached, does not take the key, or asks for none.
    """
    place = connection()
    if place is None:
        return None
    names = f"{place.prefix}*"
    asked = {"index": [{"names": [names], "privileges": list(RIGHTS)}]}
    probe = import_string(ELASTICSEARCH)(place)
    try:
        told: dict[str, Any] = probe.client.call(
            "POST", "/_security/user/_has_privileges", asked, missing=True
        )
    except EngineUnavailable:
        return None
    finally:
        probe.close()
    has = (told or {}).get("index", {}).get(names, {})
    lacking = [right for right in RIGHTS if has.get(right) is False]
    if not lacking:
        return None
    called = f"the right {lacking[0]}" if len(lacking) == 1 else f"the rights {_listed(lacking)}"
    return f"our key (SEARCH_API_KEY) lacks {called} for the indices {names} (SEARCH_PREFIX) of the search service"


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"

"""Saved searches meet the index: a query is checked and kept with what it finds already; what the index has taken in
since is looked for in each, once.

Journey: an event -> search/sync.py writes the listings and names them in ChangedListing -> the sweep of
search/tasks.py -> here: which of these does each saved search find now? -> procurement/actions/
saved_search_matches.py compares, tells and writes down the e-mail. Once a day, and after a rebuild, the whole of what
each finds is compared, for what changes by the clock alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any, Final

import orjson
import structlog
from django.db.models import Q
from django.utils import timezone

from procurement.actions.saved_search_matches import note_found, open_searches
from procurement.actions.saved_searches import SavedSearchDraft, change_saved_search, keep_saved_search
from procurement.canonical import digest
from procurement.models import SavedSearch
from procurement.permissions import Actor
from search.checked_query import checked_query
from search.engines.base import EngineUnavailable
from search.index import engine
from search.models import ChangedListing
from search.parameters import BadParameters
from search.query import DEEPEST_HIT, ListingQuery
from search.rebuild import rebuild_awaited
from search.saved_query import kept_query

REFUSED: Final = "The search cannot be kept as it is."
LISTINGS_AT_ONCE: Final = 1_000
ROUNDS: Final = 20
"""So many times as many listings are looked at in one sweep; the next goes on."""
COMPARED_AT_ONCE: Final = 50
"""Saved searches that one sweep compares as a whole."""
ATTEMPTS: Final = 5

FORM: Final = 2
"""Of the digests: raised with whatever changes FACTS or what a listing's stored object holds, so that no change of
ours is told as one of a firm's."""
FACTS: Final = (
    "partner", "supplier", "lead", "framework", "lots", "specialisms", "specialisms_stated", "regions", "summary",
    "ownership", "size", "sectors", "accreditations", "case_studies", "profile_version", "rates",
)  # fmt: skip
"""What of a listing's stored object is published and may change; that a firm stands by what it says is no change."""

log = structlog.get_logger(__name__)


def keep(actor: Actor, draft: SavedSearchDraft) -> SavedSearch:
    """Keeps a search whose `query` is as somebody sent it. Raises as keep_saved_search and `checked`."""
    return keep_saved_search(actor, *checked(draft))


def checked(draft: SavedSearchDraft) -> tuple[SavedSearchDraft, dict[str, str]]:
    """The search with its query in canonical form, and the digest of each listing that it finds now.

    Raises Invalid at /query for each wrong parameter and for what finds more than 10,000 listings; EngineUnavailable.
    """
    query = checked_query(draft.query, REFUSED)
    return replace(draft, query=query), _found_at_first(query)


def change(actor: Actor, reference: str, revision: int, changes: Mapping[str, Any]) -> SavedSearch:
    """Changes a kept search. Raises as change_saved_search and, where the query is among the changes, as keep."""
    if "query" not in changes:
        return change_saved_search(actor, reference, revision, changes)
    query = checked_query(changes["query"], REFUSED)
    return change_saved_search(
        actor, reference, revision, {**changes, "query": query}, _found_at_first(query)
    )


def _found_at_first(query: str) -> dict[str, str]:
    return found(kept_query(query, timezone.localdate()), None)


def found(query: ListingQuery, among: Collection[str] | None) -> dict[str, str]:
    """The digest of each listing, of `among` or of all, that answers the question now; of more than 10,000 one more
    than that.
    """
    answering = engine().answering(query, None if among is None else list(among))
    return {key: digest_of(stored) for key, stored in islice(answering, DEEPEST_HIT + 1)}


def digest_of(stored: bytes) -> str:
    """The digest of a listing's published facts, with its form before it."""
    facts = orjson.loads(stored)
    return f"{FORM}-{digest({name: facts.get(name) for name in FACTS})}"


def check_changes() -> int:
    """Looks for what the index has taken in, in each saved search; answers how many listings. Raises
    EngineUnavailable, with all that was not looked at still to be looked at.
    """
    seen = 0
    for _ in range(ROUNDS):
        rows = list(ChangedListing.objects.order_by("pk").values_list("pk", "listing")[:LISTINGS_AT_ONCE])
        if not rows:
            break
        keys = list(dict.fromkeys(listing for _, listing in rows))
        for search in list(open_searches()):
            _look(search, keys)
        # Only now: who is killed before has them looked at again, and nothing is told twice of the same.
        ChangedListing.objects.filter(pk__in=[key for key, _ in rows]).delete()
        seen += len(keys)
    return seen


def compare_due(on: date | None = None) -> int:
    """Compares the whole of what a search finds, for searches where that was not done yet on the day (today); answers
    how many. Waits for a rebuild that is asked for or under way, after which all are compared: the index may be of
    another state of the database, and what it lacks would be told as new once it is there. Raises EngineUnavailable.
    """
    today = on or timezone.localdate()
    due = open_searches().filter(Q(compared_on=None) | Q(compared_on__lt=today))
    searches = list(due.order_by("compared_on", "pk")[:COMPARED_AT_ONCE])
    if searches and rebuild_awaited():
        return 0
    for search in searches:
        _look(search, None)
    return len(searches)


def _look(search: SavedSearch, among: Collection[str] | None) -> None:
    """One look at the index for one search. What is wrong with one must not keep the others from being told."""
    try:
        if not _look_until_last(search, among):
            log.warning("saved_search_overtaken", saved_search=search.reference)
    except EngineUnavailable:
        raise
    except BadParameters as bad:
        log.warning("saved_search_outdated", saved_search=search.reference, why=str(bad))
        _put_off(search)
    except Exception:
        log.exception("saved_search_failed", saved_search=search.reference)
        _put_off(search)


def _look_until_last(search: SavedSearch, among: Collection[str] | None) -> bool:
    current: SavedSearch | None = search
    for _ in range(ATTEMPTS):
        if current is None:
            return True
        today = timezone.localdate()
        answer = found(kept_query(current.query, today), among)
        if len(answer) > DEEPEST_HIT:
            # It has grown beyond what is compared: single changes are looked for still.
            log.warning("saved_search_too_large", saved_search=current.reference)
            _put_off(current)
            return True
        if note_found(current, among, answer, timezone.now(), today if among is None else None):
            return True
        current = open_searches().filter(pk=search.pk).first()
    return False


def _put_off(search: SavedSearch) -> None:
    """Its next whole comparison is tomorrow's."""
    open_searches().filter(pk=search.pk).update(compared_on=timezone.localdate())

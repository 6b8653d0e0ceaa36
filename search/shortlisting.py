"""A shortlist begun from a search: the query is checked, asked, and what it finds is kept beside it, so that a snapshot
can show what the choice was made from.

Journey: POST /api/v1/shortlists/ or the search page -> here -> procurement/actions/shortlists.py -> event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from django.utils import timezone

from procurement.actions.shortlists import ReadIn, ShortlistDraft
from procurement.errors import Fault, Invalid
from procurement.models import ShortlistEntry
from search.checked_query import checked_query
from search.engines.base import EngineUnavailable
from search.index import engine
from search.parameters import BadParameters
from search.saved_query import canonical_query, kept_query

KEPT: Final = 100
"""Of what is found the first so many are kept, in their order; all are counted."""

REFUSED: Final = "The shortlist cannot be taken as it is."


def found_by(draft: ShortlistDraft) -> ShortlistDraft:
    """The draft with its query in canonical form and what that finds now: `count` listings in all, the first KEPT by
    reference with their scores, and by what they were found (engine, generation of the index, seed of ties, day).
    A draft without a query stays as it is, and no index is asked.

    Raises Invalid at /query for each wrong parameter and for what finds more than 10,000 listings, at /listings/n for
    what the query does not find; EngineUnavailable.
    """
    if not isinstance(draft.query, str) or not draft.query.removeprefix("?").strip():
        return draft
    on, finder = timezone.localdate(), engine()
    query = checked_query(draft.query, REFUSED)
    # Who sends a seed has read the answer in its order.
    seed = kept_query(draft.query.removeprefix("?"), on).seed
    asked = replace(kept_query(query, on), page_size=KEPT, facets=False, seed=seed)
    answer = finder.search_listings(asked)
    named = list(draft.listings)
    known = {key for key, _ in finder.answering(asked, named)} if named else set()
    if faults := list(_not_found(draft, known)):
        raise Invalid(REFUSED, tuple(faults))
    found: dict[str, Any] = {
        "on": on.isoformat(),
        "engine": finder.name,
        "generation": answer.index.generation,
        "seed": answer.seed,
        "count": answer.count,
        "results": [{"listing": hit.reference, "score": hit.score} for hit in answer.hits],
    }
    return replace(draft, query=query, found=found)


def read_in_search(query: str, listing: str) -> ReadIn:
    """That a listing was read in the search of a query string: with the query in canonical form and its words, where
    that search does find the listing today. An address is what a browser sends, so that it is asked and not believed;
    where it cannot be asked the listing comes from a search of which no more is known.
    """
    on, searched = timezone.localdate(), ShortlistEntry.Source.SEARCH
    try:
        canonical = canonical_query(query, on)
        asked = kept_query(canonical, on)
        if not list(engine().answering(asked, [listing])):
            return ReadIn(searched)
        return ReadIn(searched, canonical, asked.q)
    except (BadParameters, EngineUnavailable):
        return ReadIn(searched)


def _not_found(draft: ShortlistDraft, known: set[str]) -> Iterator[Fault]:
    for step, one in enumerate(draft.listings):
        if one not in known:
            yield Fault(f"/listings/{step}", "not_found_by_query", f"The query does not find {one[:250]}.")

"""A value that nothing in the index bears is a fault of the question, not an empty answer.

Between reading a question and answering it: the engine knows which frameworks, lots, specialisms, suppliers and
regions its listings and rate lines name (in memory), so that no database is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from search.engines.base import Collection, Engine
from search.parameters import BadParameters, ParameterFault
from search.query import ListingQuery, SuggestionQuery, Unknown
from search.rate_query import RateQuery, RoleQuery

OPEN_FILTERS: Final = ("framework", "lot", "specialism", "region", "supplier")
"""The filters of listings whose values data adds; those of the others are a closed list."""

MOST_NAMED: Final = 10
"""Up to so many values that there are instead are named."""

_WORDS: Final[Mapping[Collection, str]] = {"listings": "has no listings", "rates": "has no rates"}
_OWN_WORDS: Final = {"region": "is no region", "exclude": "is no rate line"}


def refuse_unknown_values(engine: Engine, query: ListingQuery) -> None:
    """Raises BadParameters naming each value that no listing bears; EngineUnavailable as a search does."""
    asked = {name: query.filters[name] for name in OPEN_FILTERS if name in query.filters}
    _refuse(engine, "listings", asked)


def refuse_unknown_rate_values(engine: Engine, query: RateQuery) -> None:
    """The same for rate lines."""
    asked = {
        "framework": query.frameworks,
        "lot": query.lots,
        "supplier": query.suppliers,
        "exclude": query.exclude,
    }
    _refuse(engine, "rates", {name: values for name, values in asked.items() if values})


def refuse_unknown_frameworks(engine: Engine, query: SuggestionQuery | RoleQuery) -> None:
    """The same for the frameworks within which a name or a role title is completed."""
    if query.frameworks:
        collection: Collection = "listings" if isinstance(query, SuggestionQuery) else "rates"
        _refuse(engine, collection, {"framework": query.frameworks})


def _refuse(engine: Engine, collection: Collection, asked: Mapping[str, Sequence[str]]) -> None:
    if asked and (unknown := engine.unknown_values(collection, asked)):
        raise BadParameters([_fault(collection, one) for one in unknown])


def _fault(collection: Collection, unknown: Unknown) -> ParameterFault:
    what = _OWN_WORDS.get(unknown.parameter, _WORDS[collection])
    message = f"{unknown.value[:80]!r} {what}"
    if 0 < len(unknown.instead) <= MOST_NAMED:
        message += f"; there {'is' if len(unknown.instead) == 1 else 'are'} {', '.join(unknown.instead)}"
    return ParameterFault(unknown.parameter, "choice", f"{message}.", unknown.value)

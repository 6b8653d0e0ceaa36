"""A query string that is to be kept, with a saved search or a shortlist: the index can be asked with it, and it finds
few enough to be kept.

Journey: what somebody sends -> saved_query.py, known.py, grades.py by way of here -> alerts.py or shortlisting.py.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from procurement.errors import Fault, Invalid
from search.grades import refuse_unknown_grade
from search.index import engine
from search.known import known_values
from search.parameters import BadParameters
from search.query import DEEPEST_HIT
from search.saved_query import canonical_query, kept_query


def checked_query(text: object, refused: str) -> str:
    """The canonical form of a query string, if the index can be asked with it.

    Raises Invalid (with the message `refused`) at /query for each wrong parameter, and for what finds more than 10,000
    listings; EngineUnavailable.
    """
    if not isinstance(text, str):
        raise Invalid(refused, (Fault("/query", "type", "This must be text."),))
    on = timezone.localdate()
    try:
        query = canonical_query(text, on)
        asked = replace(kept_query(query, on), page_size=1, facets=False, seed=0)
        asked, _ = known_values(engine(), asked)
        answer = engine().search_listings(asked)
        refuse_unknown_grade(asked, answer)
    except BadParameters as bad:
        faults = tuple(Fault("/query", one.code, f"{one.parameter}: {one.message}") for one in bad.faults)
        raise Invalid(refused, faults) from bad
    if answer.count > DEEPEST_HIT:
        told = f"It finds {answer.count:,} listings; a search to be kept finds at most {DEEPEST_HIT:,}."
        raise Invalid("The search finds too much.", (Fault("/query", "too_many", told),))
    return query

"""A question about rate lines as one Elasticsearch search: pure, from a RateQuery and the words of the index to a
request body.

Words are scored by BM25 over all lines, as the embedded engine scores them (rates_text.py); what a prefix or a near
word adds is constant. Scores become whole ten-thousandths, so that equal means equal and the fair order decides.
What is found is counted by distinct price, from which every statistic follows exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from search.analysis import GAP, term_of
from search.engines.elasticsearch.meta import SUGGEST
from search.engines.elasticsearch.rates_deep import Cut
from search.engines.elasticsearch.rates_mapping import LAST_EXPERIENCE, tie_of, unit_of, written
from search.engines.rates_text import K1
from search.engines.rates_titles import LOOSE_SCORE, SCORE_STEPS
from search.engines.rates_words import Words
from search.rate_query import Moment, RateCursor, RateQuery
from search.rate_roles import Role, roles_of

Body = dict[str, Any]

MOST_PRICES: Final = 60_000
"""Distinct prices in one answer; Elasticsearch gives 65,536 buckets at most."""

SCRIPT: Final = f"Math.max(1, Math.rint(_score * {SCORE_STEPS}))"
"""What matches has a score, however little a word that stands nearly everywhere is worth."""

AS_EMBEDDED: Final = 1 / (K1 + 1)
"""Elasticsearch multiplies what BM25 gives by k1 + 1, as Lucene once did; this takes it off again."""

ILLUSTRATIVE: Final[Body] = {"term": {"basis": "illustrative"}}
_BY_PRICE: Final = ({"price": "asc"}, {"key": "asc"})


class Vocabulary:
    """The words of one generation of the index, and the terms that they make."""

    def __init__(self, words: list[str], lines: Sequence[int]) -> None:
        self.words = Words(words, lines)
        self.terms = {term_of(word) for word in words} - {GAP}


@dataclass(slots=True)
class Asked:
    """A question taken apart. `matching` are the roles as a query (None without words), `filters` everything else
    but the experience, which stands in `experience` (None where it is not asked for).
    """

    query: RateQuery
    matching: Body | None
    filters: Sequence[Mapping[str, Any]]
    experience: Body | None
    corrections: dict[str, str] = field(default_factory=dict)

    @property
    def scored(self) -> bool:
        """Whether the lines are put in the order of their scores."""
        return self.matching is not None and self.query.sort == "relevance"

    @property
    def whole(self) -> bool:
        """Whether every line of a unit (and day) is asked for."""
        query = self.query
        bounded = query.min_rate is not None or query.max_rate is not None
        narrowed = bool(query.narrowed or query.exclude)
        return self.matching is None and self.experience is None and not bounded and not narrowed


def take_apart(query: RateQuery, vocabulary: Vocabulary | None) -> Asked:
    """What a question asks for. The words of the index are needed if it has any (`has_words`)."""
    corrections: dict[str, str] = {}
    roles = [_role(role, vocabulary, corrections) for role in roles_of(query.q)] if vocabulary else []
    matching = {"dis_max": {"queries": roles}} if len(roles) > 1 else roles[0] if roles else None
    experience = _between("min_experience", query.min_experience, query.max_experience)
    return Asked(query, matching, _filters(query), experience, corrections)


def has_words(query: RateQuery) -> bool:
    """Whether a question looks for words."""
    return bool(query.q) and bool(roles_of(query.q))


def page_body(
    asked: Asked, start: list[Any] | None, most_prices: int = MOST_PRICES, cut: Cut | None = None
) -> Body:
    """A page of lines and at most so many of the prices found, by which the statistics are made. `start` is
    where the page before ended (`standing`), None for a page by number; `cut` narrows a deep one.
    """
    query = asked.query
    if cut is not None:
        asked = Asked(query, asked.matching, [*asked.filters, cut.bounds], asked.experience)
    body: Body = {
        "query": _query(asked),
        "sort": order_of(asked),
        "size": query.page_size,
        "track_total_hits": True,
        "_source": ["stored", "meta"],
        "suggest": SUGGEST,
    }
    if start is None:
        body["from"] = (query.page - 1) * query.page_size if cut is None else cut.skipped
    else:
        # One more than the page, to know whether anything follows.
        body |= {"search_after": start, "size": query.page_size + 1}
    if asked.experience is not None:
        body["post_filter"] = asked.experience
    counts: Body = {} if asked.experience is None else {"unknown": _missing("min_experience")}
    if most_prices:
        counts["counted"] = {"filter": _counted(asked), "aggs": {"prices": _prices(most_prices)}}
    if counts:
        body["aggs"] = counts
    return body


def export_body(asked: Asked, size: int) -> Body:
    """The lines in order, `size` at a time."""
    return {
        "query": _query(asked),
        "sort": order_of(asked),
        "size": size,
        "track_total_hits": False,
        "_source": ["stored", "meta"],
        **({} if asked.experience is None else {"post_filter": asked.experience}),
    }


def units_body(asked: Asked) -> Body:
    """In which currencies and units the same question finds lines, whatever their price."""
    query = asked.query
    parts = [
        *_any_of(query),
        *on_moment(query.moment),
        *([] if asked.matching is None else [asked.matching]),
        *([] if asked.experience is None else [asked.experience]),
    ]
    return {
        "query": {"bool": {"filter": [*parts, {"exists": {"field": "unit"}}], "must_not": _excluded(query)}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"units": {"terms": {"field": "unit", "size": 100}}},
    }


def score_body(asked: Asked, key: str) -> Body:
    """The score that one line has now."""
    own = [{"term": {"key": key}}, *([] if asked.experience is None else [asked.experience])]
    at = Asked(asked.query, asked.matching, [*asked.filters, *own], None)
    return {"query": _query(at), "size": 1, "track_total_hits": False, "_source": False}


def prices_body(asked: Asked, above: int, most_prices: int = MOST_PRICES) -> Body:
    """The prices above one, where there were too many for one answer."""
    rest = Asked(
        asked.query, asked.matching, [*asked.filters, {"range": {"price": {"gt": above}}}], asked.experience
    )
    return {
        "query": _query(rest),
        "size": 0,
        "track_total_hits": False,
        "suggest": SUGGEST,
        "aggs": {"counted": {"filter": _counted(asked), "aggs": {"prices": _prices(most_prices)}}},
    }


def order_of(asked: Asked) -> list[Body]:
    """The order of a sort, ending in the price and the key; of scores, in the fair order and the key."""
    if asked.scored:
        return [{"_score": "desc"}, {f"tie_{asked.query.seed}": "asc"}, {"key": "asc"}]
    first: dict[str, list[Body]] = {
        "-price": [{"price": "desc"}, {"key": "asc"}],
        "role": [{"folded": "asc"}, {"title": "asc"}, *_BY_PRICE],
        "experience": [{"min_experience": {"order": "asc", "missing": LAST_EXPERIENCE}}, *_BY_PRICE],
    }
    return first.get(asked.query.sort, [*_BY_PRICE])


def standing(asked: Asked, left: RateCursor) -> list[Any]:
    """A cursor in the terms of `order_of`."""
    values = left.values
    if asked.scored:
        return [values[0], tie_of(left.key, left.seed), left.key]
    if left.sort == "role":
        title = str(values[0])
        return [title.casefold(), title, values[1], left.key]
    if left.sort == "experience":
        return [LAST_EXPERIENCE if int(values[0]) < 0 else values[0], values[1], left.key]
    return [values[0], left.key]


def on_moment(moment: Moment) -> list[Body]:
    """Lines to look at on a day."""
    first, last = moment.columns
    ordinal = moment.day.toordinal()
    return [{"range": {first: {"lte": ordinal}}}, {"range": {last: {"gte": ordinal}}}]


def _query(asked: Asked) -> Body:
    excluded = _excluded(asked.query)
    narrowed: Body = {"filter": asked.filters, **({"must_not": excluded} if excluded else {})}
    if asked.matching is None:
        return {"bool": narrowed}
    if not asked.scored:
        return {"bool": {**narrowed, "filter": [*asked.filters, asked.matching]}}
    return {
        "script_score": {
            "query": {"bool": {"must": [asked.matching], **narrowed}},
            "script": {"source": SCRIPT},
        }
    }


def _filters(query: RateQuery) -> list[Body]:
    price = _between("price", query.min_rate, query.max_rate)
    return [
        {"term": {"unit": unit_of(query.currency, query.unit)}},
        *on_moment(query.moment),
        *_any_of(query),
        *([] if price is None else [price]),
    ]


def _any_of(query: RateQuery) -> list[Body]:
    return [{"terms": {name: list(values)}} for name, values in query.narrowed.items()]


def _excluded(query: RateQuery) -> list[Body]:
    return [{"terms": {"key": list(query.exclude)}}] if query.exclude else []


def _between(name: str, least: int | None, most: int | None) -> Body | None:
    bounds = {"gte": least, "lte": most}
    stated = {bound: value for bound, value in bounds.items() if value is not None}
    return {"range": {name: stated}} if stated else None


def _missing(name: str) -> Body:
    return {"missing": {"field": name}}


def _counted(asked: Asked) -> Body:
    """The lines that statistics are made of: within the experience, and published unless a basis is asked for."""
    return {
        "bool": {
            "filter": [] if asked.experience is None else [asked.experience],
            "must_not": [] if asked.query.bases else [ILLUSTRATIVE],
        }
    }


def _prices(most: int) -> Body:
    return {"terms": {"field": "price", "size": most, "order": {"_key": "asc"}}}


def _role(role: Role, vocabulary: Vocabulary, corrections: dict[str, str]) -> Body:
    """One role: phrases must stand, any word or prefix may; without phrases one of them must."""
    loose = [_prefix(prefix) for prefix in role.prefixes]
    may = [part for word in role.words for part in _word(word, vocabulary, corrections)] + loose
    for word in role.quoted:
        # A slip within quotes is told; what it finds is what stands there.
        _word(word, vocabulary, corrections)
    needed = bool(role.words or role.prefixes) and not role.phrases
    parts: Mapping[str, Any] = {
        "must": [_phrase(phrase) for phrase in role.phrases],
        "should": may,
        "must_not": [
            *(_phrase(phrase) for phrase in role.excluded),
            *({"prefix": {"words": prefix}} for prefix in role.excluded_prefixes),
        ],
    }
    stated = {name: clauses for name, clauses in parts.items() if clauses}
    if needed and not may:
        return {"match_none": {}}
    if not stated.keys() - {"must_not"}:
        stated["filter"] = [{"match_all": {}}]
    return {"bool": {**stated, **({"minimum_should_match": int(needed)} if may else {})}}


def _word(word: str, vocabulary: Vocabulary, corrections: dict[str, str]) -> list[Body]:
    """What a word is looked for as: its term, or where that stands nowhere the nearest words."""
    term = term_of(word)
    if term in vocabulary.terms:
        return [_term(term)]
    words = vocabulary.words
    near = [words[place] for place in words.near(word)]
    if not near:
        return []
    if near[0] != word:
        corrections[word] = near[0]
    return [{"constant_score": {"filter": {"terms": {"words": near}}, "boost": LOOSE_SCORE}}]


def _prefix(prefix: str) -> Body:
    return {"constant_score": {"filter": {"prefix": {"words": prefix}}, "boost": LOOSE_SCORE}}


def _phrase(phrase: tuple[str, ...]) -> Body:
    if len(phrase) == 1:
        return _term(phrase[0])
    return {"match_phrase": {"terms": {"query": written(phrase), "boost": AS_EMBEDDED}}}


def _term(term: str) -> Body:
    return {"term": {"terms": {"value": term, "boost": AS_EMBEDDED}}}

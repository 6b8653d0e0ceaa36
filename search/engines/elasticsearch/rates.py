"""Answering questions about rate lines from Elasticsearch: the same answers as the embedded engine's (../rates.py).

Second step of the rates journey. One request answers a question, with the page, the count and the prices of all
that is found. It was written with the words of the index as this process last knew them; the answer says which
generation it is of, and only if that has moved on is the question written anew.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, cast

from procurement.pricing import Prices, RateStatistics, place, statistics
from search.engines.base import EngineUnavailable, IndexState
from search.engines.elasticsearch.client import Client, Refused
from search.engines.elasticsearch.comparing import unlike_cards
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.life import state
from search.engines.elasticsearch.meta import SUGGEST, Meta, meta_of
from search.engines.elasticsearch.point_in_time import PointInTime
from search.engines.elasticsearch.rates_answer import cursor, found, prices, rest_above, stored, unknown
from search.engines.elasticsearch.rates_deep import DEEP, FIRST, Cut, Spread
from search.engines.elasticsearch.rates_maker import RatesMaker
from search.engines.elasticsearch.rates_mapping import SHAPE
from search.engines.elasticsearch.rates_query import (
    MOST_PRICES,
    Asked,
    export_body,
    has_words,
    page_body,
    prices_body,
    score_body,
    standing,
    take_apart,
    units_body,
)
from search.engines.elasticsearch.rates_vocabulary import KnownTitles, KnownValues, KnownWords, counted
from search.engines.elasticsearch.vocabulary import Mark, mark_of
from search.engines.rates_base import CardDocument
from search.engines.rates_suggest import typed_words
from search.query import Freshness, Unknown
from search.rate_query import Moment, OtherUnits, RateCursor, RateQuery, RateResult, RoleQuery, RoleSuggestion

EXPORT_BATCH: Final = 2_000
CARDS_AT_ONCE: Final = 5_000
KEPT_BASES: Final = 12
"""Days and units for which the prices of all lines are remembered."""

TRIES: Final = 3
"""How often a question is asked anew because the index has moved on meanwhile."""

FRESH_SECONDS: Final = 1.0
"""So old may be what we know of the generation when somebody types a role title."""


_PARAMETERS: Final[dict[str, Any]] = {"allow_partial_search_results": False}

_Base = tuple[str, str, Moment]
_Known = tuple[Mark, Prices, int]
"""Of which index and generation, the prices that count, and how many lines were found."""


class RatesReader:
    """The rates' half of the engine, for reading. One serves all threads of a process."""

    def __init__(
        self,
        client: Client,
        clock: Callable[[], float] = time.monotonic,
        most_prices: int = MOST_PRICES,
        deep: int = DEEP,
    ) -> None:
        self.indices = Indices(client, SHAPE)
        self.maker = RatesMaker(self.indices)
        self._clock = clock
        self._most_prices = most_prices
        self._deep = deep
        self._words = KnownWords(self._ask)
        self._titles = KnownTitles(self._ask)
        self._values = KnownValues(self._ask)
        self._bases: OrderedDict[_Base, _Known] = OrderedDict()
        self._spreads: OrderedDict[tuple[_Base, str], tuple[Mark, Spread]] = OrderedDict()
        self._lock = threading.Lock()
        self._seen: tuple[float, Mark] | None = None

    def search_rates(self, query: RateQuery) -> RateResult:
        """See RatesEngine."""
        last: RateResult | None = None
        for _ in range(TRIES):
            last, settled = self._attempt(query)
            if settled:
                break
        assert last is not None
        if not last.count and not query.stated_unit:
            self._look_elsewhere(self._take_apart(query))
        return last

    def rate_lines(self, query: RateQuery) -> Iterator[bytes]:
        """See RatesEngine. Raises what search_rates raises, at once and not when the lines are read."""
        asked = self._take_apart(query)
        body = export_body(asked, EXPORT_BATCH)
        moment = PointInTime(self.indices)
        try:
            first = moment.batch(body)
            if not first and not query.stated_unit:
                self._look_elsewhere(asked)
        except BaseException:
            moment.close()
            raise
        return (hit["_source"]["stored"].encode() for hit in moment.every(body, first))

    def suggest_roles(self, query: RoleQuery) -> list[RoleSuggestion]:
        """See RatesEngine."""
        typed = typed_words(query.q)
        return self._titles.beginning(query, typed, self._mark()) if typed else []

    def rate_cards(self) -> Iterator[tuple[str, int, int]]:
        """See RatesEngine. A card of which only a part was replaced has lines of several versions: it is told with
        a number that it cannot rightly have, so that the drift check has it written again.
        """
        for card, found_versions in groupby(self._versions(), key=itemgetter(0)):
            *older, newest = found_versions
            # The card's own document is written before its lines, so it stands among those of the newest version.
            lines = newest[2] - 1 - sum(count for _, _, count in older)
            if lines or older:
                yield card, newest[1], lines

    def unlike(self, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """See Engine."""
        self._moment()
        return unlike_cards(self.indices, [cast(CardDocument, document) for document in documents])

    def unknown_values(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """See Engine."""
        return self._values.unknown(asked)

    def freshness(self) -> Freshness:
        """See Engine."""
        return self._moment().freshness()

    def state(self) -> IndexState:
        """See Engine."""
        return state(self.indices, self.maker)

    def _attempt(self, query: RateQuery) -> tuple[RateResult, bool]:
        """An answer, and whether it is of one generation throughout and was asked for in that one's words."""
        asked = self._take_apart(query)
        known = self._known_prices(asked)
        start = self._start(asked, query.after) if query.after else None
        cut = None if known is None else self._cut(asked, known[0])
        answer = self._ask(page_body(asked, start, self._most_prices if known is None else 0, cut))
        meta = _meta(answer)
        mark = mark_of(meta)
        settled = known is None or known[0] == mark
        if has_words(query) and self._words.known()[0] != mark:
            now = take_apart(query, self._words.read(mark)[1])
            settled &= (now.matching, now.corrections) == (asked.matching, asked.corrections)
        if known is None:
            answers = [answer]
            while (above := rest_above(answers[-1])) is not None:
                answers.append(self._ask(prices_body(asked, above, self._most_prices)))
                settled &= mark_of(_meta(answers[-1])) == mark
            known = mark, prices(answers), found(answer)
            if settled:
                self._remember(asked, known)
        return self._result(asked, answer, known, meta.generation), settled

    def _result(self, asked: Asked, answer: Mapping[str, Any], known: _Known, generation: int) -> RateResult:
        query, hits, (_, drawn, count) = asked.query, answer["hits"]["hits"], known
        follows = len(hits) > query.page_size if query.after else query.page * query.page_size < count
        page = hits[: query.page_size]
        figures: RateStatistics | None = statistics(drawn, query.bins)
        placed = None if query.proposed is None or figures is None else place(drawn, figures, query.proposed)
        return RateResult(
            query=query,
            count=count,
            lines=stored(page),
            statistics=figures,
            place=placed,
            illustrative=count - len(drawn),
            unknown_experience=unknown(answer),
            corrections=tuple(asked.corrections.items()),
            after=cursor(asked, page[-1]["sort"]) if page and follows else None,
            generation=generation,
        )

    def _take_apart(self, query: RateQuery) -> Asked:
        return take_apart(query, self._words.known()[1] if has_words(query) else None)

    def _start(self, asked: Asked, left: RateCursor) -> list[Any]:
        """Where a cursor stands now: scores move a little with every update, and the line with them."""
        if asked.scored:
            hits = self._ask(score_body(asked, left.key))["hits"]["hits"]
            if hits:
                left = replace(left, values=(int(hits[0]["_score"]),))
        return standing(asked, left)

    def _look_elsewhere(self, asked: Asked) -> None:
        """Raises OtherUnits if the same question finds lines in another currency or unit."""
        query = asked.query
        buckets = self._ask(units_body(asked))["aggregations"]["units"]["buckets"]
        pairs = {tuple(bucket["key"].split(" ", 1)) for bucket in buckets} - {(query.currency, query.unit)}
        if pairs:
            raise OtherUnits(tuple((currency, unit) for currency, unit in sorted(pairs)))

    def _known_prices(self, asked: Asked) -> _Known | None:
        """The prices of all lines of the unit and day, if that is asked for and known of the generation seen
        last.
        """
        known = self._bases.get(_base(asked.query)) if asked.whole else None
        return known if known is not None and self._seen is not None and known[0] == self._seen[1] else None

    def _remember(self, asked: Asked, known: _Known) -> None:
        if asked.whole:
            with self._lock:
                self._bases[_base(asked.query)] = known
                while len(self._bases) > KEPT_BASES:
                    self._bases.popitem(last=False)

    def _cut(self, asked: Asked, mark: Mark) -> Cut | None:
        """Where a deep page of everything lies, as counted in this generation."""
        query = asked.query
        start = (query.page - 1) * query.page_size
        if query.after or start < self._deep or query.sort not in FIRST:
            return None
        name = _base(query), query.sort
        spread = self._spreads.get(name)
        if spread is None or spread[0] != mark:
            read, counts = counted(self._ask, FIRST[query.sort], asked.filters)
            with self._lock:
                spread = self._spreads[name] = read, Spread(query.sort, counts)
                while len(self._spreads) > KEPT_BASES:
                    self._spreads.popitem(last=False)
        return spread[1].cut(start, query.page_size) if spread[0] == mark else None

    def _mark(self) -> Mark:
        """The index and generation of a moment ago."""
        seen = self._seen
        if seen is None or self._clock() - seen[0] > FRESH_SECONDS:
            return mark_of(self._moment())
        return seen[1]

    def _moment(self) -> Meta:
        """What the index says of itself now."""
        return _meta(self._ask({"size": 0, "track_total_hits": False, "suggest": SUGGEST}))

    def _ask(self, body: Mapping[str, Any]) -> Any:
        """One search. Raises EngineUnavailable, also where the index is of another mapping."""
        begun = self._clock()
        try:
            answer = self.indices.call("POST", f"/{self.indices.read}/_search", body, **_PARAMETERS)
        except Refused as refused:
            # An index of an older shape may not know a field; then that is what is wrong.
            if (because := self.state().rebuild_because) is not None:
                raise EngineUnavailable(because) from refused
            raise
        if "suggest" in body:
            meta = meta_of(answer)
            if meta is None:
                raise self.indices.missing()
            if meta.mapping != self.indices.shape.mapping:
                raise self.indices.other_mapping()
            self._seen = begun, mark_of(meta)
        return answer

    def _versions(self) -> Iterator[tuple[str, int, int]]:
        """Every (card, version, number of documents of that version), versions ascending within a card."""
        sources = [{name: {"terms": {"field": name}}} for name in ("card", "version")]
        after: Mapping[str, Any] = {}
        while True:
            composite = {"size": CARDS_AT_ONCE, "sources": sources, **after}
            body = {
                "size": 0,
                "track_total_hits": False,
                "suggest": SUGGEST,
                "aggs": {"cards": {"composite": composite}},
            }
            told = self._ask(body)["aggregations"]["cards"]
            for bucket in told["buckets"]:
                yield bucket["key"]["card"], bucket["key"]["version"], bucket["doc_count"]
            if len(told["buckets"]) < CARDS_AT_ONCE:
                return
            after = {"after": told["after_key"]}


def _meta(answer: Mapping[str, Any]) -> Meta:
    """What the index said of itself in an answer that `_ask` has looked at."""
    meta = meta_of(answer)
    assert meta is not None
    return meta


def _base(query: RateQuery) -> _Base:
    return query.currency, query.unit, query.moment

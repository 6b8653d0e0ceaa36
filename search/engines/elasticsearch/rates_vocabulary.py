"""What this process knows of the index's words and titles, by generation: read again when that has grown.

Words (some thousands) tell whether a word stands anywhere and what a mistyped one may mean. Titles (some tens of
thousands) complete what somebody types without asking the service at each stroke; docs/decisions/ has the figures.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from search.engines.columns import Array, Strings
from search.engines.elasticsearch.meta import SUGGEST, Meta, meta_of
from search.engines.elasticsearch.rates_mapping import unit_of
from search.engines.elasticsearch.rates_query import Vocabulary, on_moment
from search.engines.elasticsearch.vocabulary import Mark, mark_of
from search.engines.rates_suggest import Roles
from search.engines.rates_text import TitleTokens, title_parts
from search.engines.rates_titles import TitleSearch
from search.query import Unknown
from search.rate_query import RoleQuery, RoleSuggestion

AT_ONCE: Final = 10_000
KEPT_ROLES: Final = 16
"""Frameworks, units and days for which the counts of role titles are remembered."""

Ask = Callable[[Mapping[str, Any]], Any]


class KnownWords:
    """The vocabulary of the generation asked about last."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._known: tuple[Mark, Vocabulary] | None = None

    def known(self) -> tuple[Mark, Vocabulary]:
        """The generation last read and its vocabulary."""
        known = self._known
        return self.read(None) if known is None else known

    def read(self, mark: Mark | None) -> tuple[Mark, Vocabulary]:
        """The vocabulary of now, unless that at hand is of this index and generation."""
        with self._lock:
            if self._known is None or self._known[0] != mark:
                read, counts = counted(self._ask, "words", [])
                self._known = read, Vocabulary(list(counts), list(counts.values()))
            return self._known


class KnownTitles:
    """Role titles by the beginnings of their words, as the embedded engine completes them (rates_suggest.py)."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._roles: OrderedDict[RoleQuery, tuple[Mark, TitleSearch, Roles]] = OrderedDict()

    def beginning(self, query: RoleQuery, typed: Sequence[str], mark: Mark) -> list[RoleSuggestion]:
        """The titles of the lines asked about of which each word typed begins a word."""
        name = query.about
        with self._lock:
            known = self._roles.get(name)
            if known is None or known[0] != mark:
                known = self._roles[name] = self._read(query)
                while len(self._roles) > KEPT_ROLES:
                    self._roles.popitem(last=False)
        return known[2].beginning(known[1], typed, query.limit)

    def _read(self, query: RoleQuery) -> tuple[Mark, TitleSearch, Roles]:
        filters: list[dict[str, Any]] = [
            {"term": {"unit": unit_of(query.currency, query.unit)}},
            *on_moment(query.moment),
        ]
        if query.frameworks:
            filters.append({"terms": {"framework": list(query.frameworks)}})
        mark, counts = counted(self._ask, "title", filters)
        titles, lines = list(counts), np.array(list(counts.values()), np.int64)
        search = TitleSearch(_Memory(titles, lines), lines)
        return mark, search, Roles.of(search, lines)


class KnownValues:
    """Which frameworks, lots and suppliers lines bear, as far as somebody asked: what is known stays known. Lines
    themselves are too many to be remembered.
    """

    _COLUMNS: Final = {"framework": "framework", "lot": "lots", "supplier": "supplier", "exclude": "key"}
    _MOST: Final = 1_000

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: set[tuple[str, str]] = set()

    def unknown(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """See Engine.unknown_values. No call where all is known, one for what is new, one more for what is unknown."""
        new = [
            (name, value)
            for name, values in asked.items()
            for value in values
            if (name, value) not in self._known
        ]
        if not new:
            return ()
        borne = self._borne({name: [value for of, value in new if of == name] for name, _ in new})
        self._known |= {pair for pair in borne if pair[0] != "exclude"}
        unknown = [pair for pair in new if pair not in borne]
        listed = self._borne({name: None for name, _ in unknown if name != "exclude"}) if unknown else set()
        return tuple(
            Unknown(
                name,
                value,
                tuple(sorted(other for of, other in listed if of == name and _beside(name, value, other))),
            )
            for name, value in unknown
        )

    def _borne(self, wanted: Mapping[str, Sequence[str] | None]) -> set[tuple[str, str]]:
        """Of the values wanted (of all, if None) those that some line bears."""
        if not wanted:
            return set()
        body = {
            "query": {"bool": {"filter": [{"exists": {"field": "unit"}}]}},
            "size": 0,
            "track_total_hits": False,
            "suggest": SUGGEST,
            "aggs": {
                name: {
                    "terms": {
                        "field": self._COLUMNS[name],
                        "size": self._MOST,
                        **({} if values is None else {"include": list(values)}),
                    }
                }
                for name, values in wanted.items()
            },
        }
        told = self._ask(body)["aggregations"]
        return {(name, bucket["key"]) for name in wanted for bucket in told[name]["buckets"]}


def _beside(name: str, value: str, other: str) -> bool:
    """Whether another value is what there is instead: lots are those of the framework."""
    return name != "lot" or other.startswith(f"{value.partition('~')[0]}~")


class _Memory:
    """The arrays that rates_text.py makes of titles, kept in memory (columns.Parts)."""

    def __init__(self, titles: Sequence[str], lines: Array) -> None:
        tokens = TitleTokens()
        for title in titles:
            tokens.add(title)
        packed, ends = Strings.pack(titles)
        self._parts: Mapping[str, Array | bytes] = {
            "titles": packed,
            "title_ends": ends,
            **title_parts(titles, tokens, lines),
        }

    def array(self, name: str) -> Array:
        """See Parts."""
        part = self._parts[name]
        assert not isinstance(part, bytes)
        return part

    def data(self, name: str) -> bytes:
        """See Parts."""
        part = self._parts[name]
        assert isinstance(part, bytes)
        return part


def counted(ask: Ask, field: str, filters: Sequence[Mapping[str, Any]]) -> tuple[Mark, dict[Any, int]]:
    """The index and its generation, and on how many of these lines each value of a keyword field stands, in
    the order of the values' bytes, which is that of their letters.
    """
    counts: dict[Any, int] = {}
    mark: Mark | None = None
    after: Mapping[str, Any] | None = None
    while True:
        source: dict[str, Any] = {"size": AT_ONCE, "sources": [{"value": {"terms": {"field": field}}}]}
        if after is not None:
            source["after"] = after
        body = {
            "query": {"bool": {"filter": [{"exists": {"field": "unit"}}, *filters]}},
            "size": 0,
            "track_total_hits": False,
            "suggest": SUGGEST,
            "aggs": {"values": {"composite": source}},
        }
        answer = ask(body)
        # The first part's: what comes later is at least as new.
        mark = mark or mark_of(meta_of(answer) or Meta())
        told = answer["aggregations"]["values"]
        counts |= {bucket["key"]["value"]: bucket["doc_count"] for bucket in told["buckets"]}
        after = told.get("after_key")
        if after is None or len(told["buckets"]) < AT_ONCE:
            return mark, counts

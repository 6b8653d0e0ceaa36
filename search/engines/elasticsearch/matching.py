"""Gathering the candidates for a need in Elasticsearch: one request counts and finds (two where a team is priced:
what it costs is part of what they are found by), one reads what is told of them.

Between them the index may move on. The state in use is noted before the first and read again with the last, so
answers of two states are noticed and asked for anew.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from search.engines.elasticsearch.listings import ListingsReader, Moment
from search.engines.elasticsearch.matching_prices import (
    Cheapest,
    RatesByName,
    cheapest,
    prices_of,
    steps_of,
    totals_of,
)
from search.engines.elasticsearch.matching_query import (
    EVERYBODY,
    LIKED,
    MET,
    RULED_OUT,
    STATED,
    counting_bodies,
    lengths_body,
    meta_body,
    priced_body,
    rates_body,
    together_body,
    told_bodies,
)
from search.engines.elasticsearch.meta import Meta, meta_of
from search.engines.elasticsearch.vocabulary import Mark, mark_of
from search.engines.matching_base import (
    AT_LEAST,
    IN_ORDER,
    NO_TOTAL,
    Candidates,
    Covered,
    Gathered,
    Lengths,
    Likeness,
    Prices,
    RuledOut,
)
from search.engines.meanings import products
from search.engines.records import PackedRecord
from search.meaning import DIMENSIONS, Vectors
from search.need import Need

_ATTEMPTS: Final = 3
_NAMES_AT_ONCE: Final = 500
"""Of rates read in one request."""
TOGETHER, CHEAPEST, AT_THE_EDGE, LENGTHS = "together", "cheapest", "at the edge", "lengths"
"""What a body is for, beside those of matching_query.py."""

Json = dict[str, Any]


class MatchingReader:
    """What a process remembers for matching. One serves all its threads."""

    def __init__(self, listings: ListingsReader) -> None:
        self.listings = listings
        self.rates = RatesByName()
        self.lengths: tuple[Mark, Lengths] | None = None

    def reading(self) -> NodeReading:
        """See MatchingEngine."""
        return NodeReading(self, self.listings.now())


@dataclass(slots=True)
class _Listing:
    """What the last request tells of a listing."""

    source: Json
    named: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Team:
    """What the team costs at the eligible listings: totals and steps of the price's part (together.py) by the name of
    their rates, and where it is cheapest.
    """

    totals: Mapping[str, int] = field(default_factory=dict)
    prices: Prices = field(default_factory=lambda: Prices({}))
    steps: Mapping[int, Sequence[str]] = field(default_factory=dict)
    cheapest: Cheapest = field(default_factory=lambda: Cheapest(frozenset()))


class NodeReading:
    """One index, for a match: by its own name, so that one which replaces it meanwhile changes nothing."""

    def __init__(self, reader: MatchingReader, moment: Moment) -> None:
        self._reader = reader
        self._indices = reader.listings.indices
        self._meta = moment.meta
        self.lexicon, self.labels = moment.lexicon, moment.labels
        self.meaning = moment.meta.model

    def gather(self, need: Need) -> Gathered:
        """See Reading."""
        for _ in range(_ATTEMPTS):
            before = self._meta.generation
            gathered, self._meta = self._gather(need)
            if self._meta.generation == before:
                break
        return gathered

    def _gather(self, need: Need) -> tuple[Gathered, Meta]:
        team = _Team()
        bodies = counting_bodies(need)
        lengths = self._known_lengths()
        if lengths is None:
            bodies[LENGTHS] = lengths_body()
        priced = bool(need.days) and need.framework is not None
        found = self._named(bodies if priced else bodies | _finding(need, team))
        if priced:
            team = self._team(need, found[EVERYBODY])
            found |= self._named(_finding(need, team))
        if lengths is None:
            lengths = _lengths(found[LENGTHS])
            self._reader.lengths = mark_of(self._meta), lengths
        everybody, out = found[EVERYBODY], found.get(RULED_OUT)
        told, meta = self._tell(need, _chosen(need, found))
        return (
            Gathered(
                eligible=_total(everybody),
                lots=frozenset(_buckets(everybody, "lots")),
                candidates=_candidates(need, told, team.totals),
                ruled_out=() if out is None else tuple(_ruled_out(need, hit) for hit in _hits(out)),
                ruled_out_count=0 if out is None else _total(out),
                without={
                    at: int(out["aggregations"][str(at)]["doc_count"])
                    for at in sorted(need.must)
                    if out is not None
                },
                lengths=lengths,
                prices=team.prices,
                index=meta.freshness(),
            ),
            meta,
        )

    def _known_lengths(self) -> Lengths | None:
        known = self._reader.lengths
        return known[1] if known is not None and known[0] == mark_of(self._meta) else None

    def _named(self, bodies: Mapping[str, Json]) -> dict[str, Json]:
        """The answers, by what they are for."""
        return dict(zip(bodies, self._ask(list(bodies.values())), strict=True)) if bodies else {}

    def _team(self, need: Need, everybody: Json) -> _Team:
        """Asks only for rates that this process has never met."""
        listings = _buckets(everybody, "rates")
        rates = self._reader.rates.of(listings)
        unknown = [name for name in listings if name not in rates]
        for start in range(0, len(unknown), _NAMES_AT_ONCE):
            (answer,) = self._ask([rates_body(unknown[start : start + _NAMES_AT_ONCE])])
            rates |= self._reader.rates.learn(hit["_source"]["facts"] for hit in _hits(answer))
        totals = totals_of(rates, need)
        prices = prices_of(rates, totals)
        return _Team(totals, prices, steps_of(rates, totals, prices), cheapest(listings, totals))

    def _tell(self, need: Need, keys: Sequence[str]) -> tuple[dict[str, _Listing], Meta]:
        """The listings of the keys, and the state that the index is in by then."""
        bodies = [meta_body(), *(told_bodies(need, keys) if keys else ())]
        answers = self._ask(bodies)
        told: dict[str, _Listing] = {}
        for answer in answers[1:]:
            for hit in _hits(answer):
                key = hit["sort"][-1]
                if "_source" in hit:
                    told.setdefault(key, _Listing(hit["_source"]))
                if key in told:
                    told[key].named.update(hit.get("matched_queries", ()))
        meta = meta_of(answers[0])
        if meta is None:
            raise self._indices.missing()
        return told, meta

    def _ask(self, bodies: Sequence[Json]) -> list[Any]:
        return self._indices.searches(bodies, self._meta.index)


def _finding(need: Need, team: _Team) -> dict[str, Json]:
    """The bodies that find, by what they are for."""
    found = {}
    if (together := together_body(need, team.steps)) is not None:
        found[TOGETHER] = together
    if need.order == "price":
        for kind, names, size in (
            (CHEAPEST, team.cheapest.within, IN_ORDER),
            (AT_THE_EDGE, team.cheapest.edge, team.cheapest.rest),
        ):
            if names and size:
                found[kind] = priced_body(need, names, size)
    return found


def _chosen(need: Need, found: Mapping[str, Json]) -> list[str]:
    """Whom all that is asked for together or the order asked for brings up; where these are few, others in the fair
    order.
    """
    chosen = {
        key for kind in (TOGETHER, CHEAPEST, AT_THE_EDGE) if kind in found for key in _keys(found[kind])
    }
    ordered = _keys(found[EVERYBODY])
    if need.order in ("name", "shuffle"):
        chosen.update(ordered[:IN_ORDER])
    room = max(AT_LEAST - len(chosen), 0)
    chosen.update([key for key in ordered if key not in chosen][:room])
    return sorted(chosen)


def _candidates(need: Need, told: Mapping[str, _Listing], totals: Mapping[str, int]) -> Candidates:
    keys = sorted(told)
    sources, named = [told[key].source for key in keys], [told[key].named for key in keys]
    facts = [one["facts"] for one in sources]
    covered = [[_state(at, some) for at in range(len(need.pairs))] for some in named]
    preferred = [[f"{LIKED} {kind}" in some for kind in need.preferences] for some in named]
    return Candidates(
        keys=keys,
        records=[_record(one) for one in sources],
        likeness=None if need.vector is None else _likeness(need.vector, sources),
        covered=np.array(covered, dtype=np.int8).reshape(len(keys), len(need.pairs)),
        totals=np.array([totals.get(one["priced_by"], NO_TOTAL) for one in facts], dtype=np.int64),
        cards=[(one["currency"], one["unit"], one["basis"]) for one in facts],
        preferred=np.array(preferred, dtype=np.bool_).reshape(len(keys), len(need.preferences)),
        confirmed_on=np.array([one["confirmed_on"] for one in facts], dtype=np.int64),
        names=[one["name"] for one in facts] if need.order == "name" else (),
    )


def _likeness(vector: Vectors, sources: Sequence[Json]) -> Likeness:
    """The products of the need's vector with those of each listing; none for one without vectors."""
    held = [base64.b64decode(one.get("vectors", "")) for one in sources]
    rows: Vectors = np.frombuffer(b"".join(held), dtype=np.int8).reshape(-1, DIMENSIONS)
    counts = np.array([len(one) // DIMENSIONS for one in held], dtype=np.int64)
    return Likeness(products(vector, rows), counts)


def _state(at: int, named: set[str]) -> Covered:
    if f"{MET} {at}" in named:
        return Covered.MET
    return Covered.NOT_STATED if f"{STATED} {at}" in named else Covered.MISSING


def _ruled_out(need: Need, hit: Json) -> RuledOut:
    named = hit.get("matched_queries", ())
    missing = tuple(at for at in sorted(need.must) if f"{MET} {at}" not in named)
    return RuledOut(hit["sort"][-1], _record(hit["_source"]), missing)


def _record(source: Json) -> PackedRecord:
    return PackedRecord(memoryview(base64.b64decode(source["record"])))


def _lengths(answer: Json) -> Lengths:
    terms, parts = (answer["aggregations"][name]["value"] for name in ("meant_terms", "meant_parts"))
    return Lengths(terms / max(_total(answer), 1), terms / max(parts, 1))


def _hits(answer: Json) -> list[Any]:
    return list(answer["hits"]["hits"])


def _keys(answer: Json) -> list[str]:
    return [hit["sort"][-1] for hit in answer["hits"]["hits"]]


def _total(answer: Json) -> int:
    return int(answer["hits"]["total"]["value"])


def _buckets(answer: Json, name: str) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"][name]["buckets"]}

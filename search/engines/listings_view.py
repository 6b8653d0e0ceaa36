"""One generation of the listings, from a reader's side: its columns and the snapshot of words that belongs to
it.

What does not depend on a question is worked out once and kept: the orders of ties, the statuses of a day, the
rates of a grade.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from search.analysis import each_term, words_of
from search.engines.base import EngineUnavailable
from search.engines.bits import Bits, bearers
from search.engines.columns import Array, Codes, Columns, Manifest, Mask, Strings, load_manifest, starts_of
from search.engines.facet_table import APART, ARRANGED, FacetTable, facet_table
from search.engines.holders import Holders
from search.engines.lexicon import Lexicon
from search.engines.listings_store import RECORDS, WORDS
from search.engines.meanings import open_meanings
from search.engines.records import PackedRecord
from search.engines.suggestions import Labels, Suggestions
from search.engines.words import WordsReader, committed_stamp, open_words
from search.fields import FILTER, MAPPING
from search.query import Freshness
from search.statuses import COMING, EXPIRED, LIVE
from search.ties import ties

_ATTEMPTS: Final = 50
_CHANGED: Final = 300
"""With more changed listings than this nothing is taken over of who holds a term."""


def current_generation(directory: Path, generation: int) -> Manifest:
    """The generation that tantivy's last commit belongs to: the one named, or the next if its writer fell
    before saying so.
    """
    manifest = load_manifest(directory, generation)
    if (directory / f"manifest-{generation + 1}.json").exists():
        later = load_manifest(directory, generation + 1)
        if later.facts["after"] < committed_stamp(directory / WORDS):
            return later
    return manifest


@dataclass(frozen=True, slots=True)
class GradeRates:
    """The rates of one grade, sorted by slot: rows of equal length."""

    slots: Array
    lots: Array
    work_types: Array
    prices: Array


@dataclass(frozen=True, slots=True)
class OfferedLots:
    """Each listing (a slot) and lot (a code) of its offerings once, in their order; `of_row` is which of these each
    offering's row belongs to.
    """

    slots: Array
    lots: Array
    of_row: Array


def fresh(owners: Array, codes: Array) -> Mask:
    """Where a pair of owner and code is not the one before; equal pairs stand side by side."""
    first = np.ones(len(codes), dtype=np.bool_)
    first[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    return first


class ListingsView:
    """A generation that can be asked. `before` lends what has not changed. Raises EngineUnavailable."""

    def __init__(self, directory: Path, manifest: Manifest, before: ListingsView | None = None) -> None:
        if manifest.mapping != MAPPING:
            raise EngineUnavailable("the listings index is of another mapping")
        self.directory = directory
        columns = Columns(directory, manifest, before.columns if before else None)
        self.columns: Columns = columns
        self.generation = manifest.generation
        same = before if before is not None and before.directory == directory else None
        self._index: Any = same._index if same else open_words(directory / WORDS)
        self.words = self._snapshot(manifest)
        self.alive: Mask = columns.array("alive")
        # Opened now, for the view after this one compares: by then the file may be gone.
        self._versions = columns.array("version")
        self.size = len(self.alive)
        self.everything = np.flatnonzero(self.alive)
        self.keys = Strings(columns.array("key_data"), columns.array("key_ends"))
        self.sort_names = Strings(columns.array("sort_name_data"), columns.array("sort_name_ends"))
        self.codes: dict[str, Codes]
        if same is not None and same.columns.file("codes") == columns.file("codes"):
            self.codes = same.codes
        else:
            self.codes = {kind: Codes(values) for kind, values in orjson.loads(columns.data("codes")).items()}
            # A day can make a listing coming or expired that was never stored so: filters must know the codes
            # beforehand.
            for status in (COMING, EXPIRED):
                self.codes["status"].add(status)
        self.labels: Labels
        if same is not None and same.columns.file("labels") == columns.file("labels"):
            self.labels = same.labels
        else:
            self.labels = Labels.load(columns.data("labels"))
        self.region_bits = _region_bits(orjson.loads(columns.data("region_sets")), len(self.codes["region"]))
        self._records = self._map_records(int(manifest.facts["records"]))
        self.meaning: str | None = manifest.facts["model"]
        """The digest of the model that made the vectors, None if there are none."""
        self.meanings = open_meanings(directory, int(manifest.facts["meanings"]))
        self.holders = Holders(self.words, self.alive)
        if same is not None:
            self._take_over(same)
        self.lexicon = Lexicon.load(columns, len(self.everything))
        self.suggestions = Suggestions(columns)
        same_keys = same is not None and same.columns.file("key_data") == columns.file("key_data")
        # Filled as seeds are asked for; a dict that two generations of the same keys share.
        self._ties: dict[int, tuple[NDArray[np.uint64], NDArray[np.int64]]]
        self._ties = same._ties if same is not None and same_keys else {}
        self._statuses: tuple[date, Array] | None = None
        self._grades: dict[int, GradeRates] = {}
        self._comparable: dict[int, GradeRates] = {}
        self._lowest_in_lots: dict[int, tuple[Array, Array]] = {}
        self._bearers: dict[str, Bits] = {}
        self._offers: dict[str, tuple[Array, Array]] = {}
        self._name_ranks: Array | None = None
        self.team_rates: dict[tuple[str | None, str, str], Array] = {}
        """Rates by slot that engines/team_totals.py worked out, by lot, work type and grade."""
        self.kept: dict[str, object] = {}
        """Answers to what every question has in common, kept by the modules that work them out."""

    def _snapshot(self, manifest: Manifest) -> WordsReader:
        # The snapshot must be of the commit that made this generation: another may land while we look.
        for _ in range(_ATTEMPTS):
            stamp = committed_stamp(self.directory / WORDS)
            self._index.reload()
            reader = WordsReader(self._index)
            if committed_stamp(self.directory / WORDS) == stamp:
                break
        if current_generation(self.directory, manifest.generation).generation != manifest.generation:
            raise StaleManifest
        return reader

    def _map_records(self, size: int) -> memoryview:
        if not size:
            return memoryview(b"")
        try:
            with (self.directory / RECORDS).open("rb") as file:
                return memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"the records cannot be read ({error})") from error

    def _take_over(self, before: ListingsView) -> None:
        """Keeps what is remembered of who holds a term, where little has changed."""
        versions, known = self._versions, before._versions
        changed = np.append(np.flatnonzero(versions[: len(known)] != known), np.arange(len(known), self.size))
        if len(changed) <= _CHANGED:
            self.holders.take_over(
                before.holders,
                {
                    slot: frozenset(each_term(words_of(self.record(slot).text())))
                    if self.alive[slot]
                    else frozenset()
                    for slot in changed.tolist()
                },
            )

    def record(self, slot: int) -> PackedRecord:
        """A listing's record."""
        return self.records(np.array([slot]))[0]

    def records(self, slots: Array) -> list[PackedRecord]:
        """Those of several listings."""
        starts = self.columns.array("record_at")[slots]
        ends = starts + self.columns.array("record_length")[slots]
        return [
            PackedRecord(self._records[start:end])
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]

    def slot_of(self, key: str) -> int | None:
        """The slot of a listing that can be found, None if there is none."""
        order = self.columns.array("key_order")
        at = bisect_left(order, key, key=lambda slot: self.keys[slot])
        if at < len(order) and self.keys[int(order[at])] == key and self.alive[order[at]]:
            return int(order[at])
        return None

    def statuses(self, on: date) -> Array:
        """The status code of every slot on a day, by the rule of search/statuses.py."""
        if self._statuses is None or self._statuses[0] != on:
            stored, codes, day = self.columns.array("status"), self.codes["status"], on.toordinal()
            starts_on, ends_on = self.columns.array("starts_on"), self.columns.array("ends_on")
            live = stored == codes.get(LIVE)
            over, ahead = live & (ends_on > 0) & (ends_on < day), live & (starts_on > day)
            told = np.where(ahead, codes.find([COMING]), stored)
            self._statuses = on, np.where(over, codes.find([EXPIRED]), told)
        return self._statuses[1]

    def tie_rank(self, seed: int) -> NDArray[np.int64]:
        """The place of every slot in the order of a seed."""
        return self._tie(seed)[1]

    def tie_values(self, seed: int) -> NDArray[np.uint64]:
        """The tie numbers of a seed, in ascending order."""
        return self._tie(seed)[0]

    def _tie(self, seed: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        if seed not in self._ties:
            by_key = self.columns.array("key_order")
            values = ties(self.columns.array("key_hash"), seed)
            order = by_key[np.argsort(values[by_key], kind="stable")]
            ranks = np.empty(len(order), dtype=np.int64)
            ranks[order] = np.arange(len(order))
            self._ties[seed] = values[order], ranks
        return self._ties[seed]

    def name_rank(self) -> Array:
        """The place of every slot in the order of names, then keys."""
        if self._name_ranks is None:
            order = self.columns.array("name_order")
            self._name_ranks = np.empty(len(order), dtype=np.int64)
            self._name_ranks[order] = np.arange(len(order))
        return self._name_ranks

    def grade_rates(self, grade: int) -> GradeRates:
        """The rates of a grade (a code) of all listings."""
        if grade not in self._grades:
            rows = np.flatnonzero(self.columns.array("rate_grade") == grade)
            self._grades[grade] = GradeRates(
                *(self.columns.array(f"rate_{name}")[rows] for name in ("owner", "lot", "work_type", "price"))
            )
        return self._grades[grade]

    def comparable_rates(self, grade: int) -> GradeRates:
        """Those of them that filters and sorts go by: of cards in the framework's own unit and in pounds."""
        if grade not in self._comparable:
            every = self.grade_rates(grade)
            kept = self.columns.array("comparable")[every.slots]
            self._comparable[grade] = (
                every
                if kept.all()
                else GradeRates(
                    every.slots[kept], every.lots[kept], every.work_types[kept], every.prices[kept]
                )
            )
        return self._comparable[grade]

    def lowest_in_lots(self, grade: int) -> tuple[Array, Array]:
        """The lowest comparable rate of a grade (a code) that each slot has in each lot: the pairs as `pair_of` numbers
        them, ascending, and the prices.
        """
        if grade not in self._lowest_in_lots:
            rates = self.comparable_rates(grade)
            pairs = self.pair_of(rates.slots, rates.lots)
            order = np.argsort(pairs, kind="stable")
            pairs, prices = pairs[order], rates.prices[order]
            begins = np.flatnonzero(np.diff(pairs, prepend=-1))
            lowest = np.minimum.reduceat(prices, begins) if len(begins) else prices
            self._lowest_in_lots[grade] = pairs[begins], lowest
        return self._lowest_in_lots[grade]

    @cached_property
    def offered_lots(self) -> OfferedLots:
        """Each listing and each lot in which it offers something: the offerings' rows are sorted so."""
        owners, lots = self.columns.array("offer_owner"), self.columns.array("offer_lot")
        first = fresh(owners, lots)
        return OfferedLots(owners[first], lots[first], (first.cumsum() - 1).astype(np.int32))

    @property
    def pairs(self) -> int:
        """How many numbers `pair_of` gives."""
        return self.size * (len(self.codes["lot"]) + 1)

    def pair_of(self, slots: Array, lots: Array) -> Array:
        """A number for each slot and the lot (a code, UNSTATED for every lot) beside it."""
        pairs: Array = slots.astype(np.int64) * (len(self.codes["lot"]) + 1) + lots + 1
        return pairs

    def bearers(self, kind: str) -> Bits:
        """Which listings bear each value of a filter."""
        if kind not in self._bearers:
            self._bearers[kind] = bearers(*self._borne(kind), self.size, len(self.codes[kind]))
        return self._bearers[kind]

    def _borne(self, kind: str) -> tuple[Array, Array]:
        """The values of a filter that listings bear, as slots and codes side by side."""
        if not FILTER[kind].several:
            return self.everything, self.columns.array(kind)[self.everything]
        if not FILTER[kind].by_offering:
            return self.columns.array(f"{kind}_owner"), self.columns.array(f"{kind}_code")
        owners, codes = self.columns.array("offer_owner"), self.columns.array(f"offer_{kind}")
        return owners[codes >= 0], codes[codes >= 0]

    @cached_property
    def facets(self) -> FacetTable:
        """The values of every facet, numbered through."""
        return facet_table(self.codes, self.labels)

    @cached_property
    def all_bearers(self) -> Bits:
        """Which listings bear each value of the facets but those of APART, by its number there."""
        return np.concatenate([self.bearers(field.name) for field in ARRANGED if field.name not in APART])

    @cached_property
    def all_borne(self) -> tuple[Array, Array]:
        """The same by listing: where the values of each slot begin (one number more than there are slots), and the
        numbers of those values. Who counts few listings need not look at the bits of all.
        """
        size = self.facets.size
        pairs = [
            slots.astype(np.int64) * size + codes + self.facets.stretches[field.name][0]
            for field in ARRANGED
            if field.name not in APART
            for slots, codes in [self._borne(field.name)]
        ]
        owners, numbers = np.divmod(np.unique(np.concatenate(pairs)), size)
        return starts_of(owners, self.size), numbers

    @cached_property
    def region_weights(self) -> NDArray[np.float64]:
        """region_bits as numbers: multiplied as such they are quicker, and exact up to 2^53."""
        return self.region_bits.astype(np.float64)

    def offers_of(self, kind: str, codes: Sequence[int]) -> Array:
        """The offerings of some lots, or of some specialisms: their rows, ascending."""
        if kind not in self._offers:
            column = self.columns.array(f"offer_{kind}")
            self._offers[kind] = np.argsort(column, kind="stable"), np.sort(column)
        order, ordered = self._offers[kind]
        firsts, lasts = np.searchsorted(ordered, codes), np.searchsorted(ordered, codes, side="right")
        found = [order[first:last] for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)]
        return found[0] if len(found) == 1 else np.sort(np.concatenate([order[:0], *found]))

    def freshness(self) -> Freshness:
        """The generation alone; the heartbeat is added by the engine."""
        return Freshness(self.generation)

    def verify(self, sample: Mapping[str, Mapping[str, Any]]) -> int:
        """Reads every part, counts the listings in columns and in words, compares what is stored under the
        sample's keys.

        Returns the number of listings. Raises EngineUnavailable if a part is damaged, ValueError if something
        differs.
        """
        for name, file in self.columns.manifest.files.items():
            if file.endswith(".npy"):
                self.columns.array(name)
            else:
                self.columns.data(name)
        found = len(self.everything)
        if self.words.searcher.num_docs != found:
            raise ValueError(
                f"the new index has {found} listings in columns, {self.words.searcher.num_docs} in words"
            )
        for key, expected in sample.items():
            slot = self.slot_of(key)
            if slot is None or self.record(slot).stored() != orjson.dumps(expected):
                raise ValueError(f"the new index does not hold {key} as it is")
        return found


class StaleManifest(Exception):  # noqa: N818 - it says: look again
    """A newer generation was committed while this one was being opened."""


def _region_bits(sets: list[list[int]], regions: int) -> NDArray[np.bool_]:
    """For every set of regions, whether each region is in it: sets by regions."""
    bits = np.zeros((len(sets), regions), dtype=np.bool_)
    for number, members in enumerate(sets):
        bits[number, members] = True
    return bits

"""One generation of rate lines, mapped into memory: which rows a question finds, before sorting and paging.

Rows stand in order of unit, price and key (rates_rows.py), so what is found is sorted by price without
sorting.
"""

from __future__ import annotations

import mmap
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from procurement.pricing import RateStatistics, position
from search.engines.base import EngineUnavailable
from search.engines.columns import Array, Codes, Columns, Current, Mask, load_manifest
from search.engines.rates_rows import CODED, MAPPING, NARROW, UNKNOWN
from search.engines.rates_titles import TitleSearch, lines_of_titles
from search.query import Unknown
from search.rate_query import Moment, RateQuery, RoleQuery
from search.rate_roles import roles_of
from search.ties import hashes_of

KEPT_BASES: Final = 12
"""Days and units for which the lines in force are remembered."""

FEW: Final = 16
"""Under a sixteenth of the lines, rows are fetched by title and sorted; over it, all lines are looked
through.
"""

EXACT_CODES: Final = 3
"""Up to so many codes are compared one by one, more by a table."""


@dataclass(slots=True)
class Base:
    """The lines of one currency and unit that are in force on a day (or all of them), by price: what
    questions narrow.

    `mask` (stop - start,) is None where all are. `orders` and `figures` are filled as they are asked for.
    """

    start: int
    stop: int
    mask: Mask | None
    rows: Array
    prices: Array
    illustrative: bool
    orders: dict[str, Array] = field(default_factory=dict)
    figures: dict[int, RateStatistics | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hits:
    """What a question finds: `rows` by price, their `prices`, their `scores` (whole ten-thousandths) if it
    has words.

    `whole` says that they are all of `base`. `unknown` lines were left out for stating no experience.
    """

    base: Base
    rows: Array
    prices: Array
    scores: NDArray[np.int32] | None
    whole: bool
    unknown: int = 0
    corrections: tuple[tuple[str, str], ...] = ()


class RatesView:
    """What a reader holds of one generation. Safe for many threads: what it remembers is only added to."""

    def __init__(self, folder: Path, current: Current, before: RatesView | None = None) -> None:
        directory = folder / current.directory
        manifest = load_manifest(directory, current.generation)
        if manifest.mapping != MAPPING:
            raise EngineUnavailable("rates: the index is of another mapping and must be rebuilt")
        self.generation = current.generation
        self.cards: int = manifest.facts["cards"]
        self.data: Columns = Columns(directory, manifest, before.data if before else None)
        self.columns = {name: self.data.array(name) for name in NARROW}
        self.keys = self.data.array("keys")
        self.codes = {name: Codes.load(self.data.data(f"{name}_values")) for name in CODED}
        self.lots: dict[str, list[int]] = {}
        for code, lots in enumerate(self.codes["lots"].values):
            for lot in orjson.loads(lots):
                self.lots.setdefault(lot, []).append(code)
        self.units = {
            (unit["currency"], unit["unit"]): (unit["start"], unit["stop"])
            for unit in manifest.facts["units"]
        }
        self.title_starts, self.title_lines = self.data.array("title_starts"), self.data.array("title_lines")
        self.title_counts = np.diff(self.title_starts)
        self.titles = TitleSearch(self.data, self.title_counts)
        self._blob = _mapped(directory / "lines.blob", manifest.facts["blob"])
        self._bases: OrderedDict[tuple[str, str, Moment], Base] = OrderedDict()

    def lines(self, rows: Array) -> tuple[bytes, ...]:
        """The stored JSON of rows, in their order."""
        blob = self._blob
        starts = self.columns["at"][rows]
        ends = starts + self.columns["length"][rows]
        return tuple([blob[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])

    def key(self, row: int) -> str:
        """A line's reference."""
        return bytes(self.keys[row]).decode()

    def rows_of_keys(self, keys: Iterable[str], hashes: Array) -> list[int]:
        """The rows of the lines named, of those that there are; `hashes` (uint64) are the keys' own."""
        ordered, order = self.data.array("hash_sorted"), self.data.array("hash_order")
        rows = []
        for key, start, stop in zip(
            keys,
            np.searchsorted(ordered, hashes).tolist(),
            np.searchsorted(ordered, hashes, "right").tolist(),
            strict=True,
        ):
            wanted = key.encode()
            rows += [row for row in order[start:stop].tolist() if bytes(self.keys[row]) == wanted]
        return rows

    def base(self, currency: str, unit: str, moment: Moment) -> Base:
        """The lines of a unit to look at on a day; remembered."""
        name = currency, unit, moment
        base = self._bases.get(name)
        if base is None:
            base = self._bases[name] = self._base(*self.units.get((currency, unit), (0, 0)), moment)
            while len(self._bases) > KEPT_BASES:
                self._bases.popitem(last=False)
        return base

    def lines_of_titles(self, query: RoleQuery) -> Array:
        """How many of the lines that are asked about bear each title."""
        start, stop = self.units.get((query.currency, query.unit), (0, 0))
        mask = self._on(query.moment, start, stop)
        if query.frameworks:
            codes = self.codes["framework"].find(query.frameworks)
            mask &= np.isin(self.columns["framework"][start:stop], codes)
        return np.bincount(self.columns["title"][start:stop][mask], minlength=len(self.title_counts))

    def _on(self, moment: Moment, start: int = 0, stop: int | None = None) -> Mask:
        """Which of a stretch of lines are to be looked at on a day."""
        first, last = (self.columns[name][start:stop] for name in moment.columns)
        day = moment.day.toordinal()
        on: Mask = (first <= day) & (last >= day)
        return on

    def _base(self, start: int, stop: int, moment: Moment) -> Base:
        rows = np.arange(start, stop)
        found = self._on(moment, start, stop)
        mask: Mask | None = None if found.all() else found
        if mask is not None:
            rows = rows[mask]
        illustrative = self.codes["basis"].get("illustrative")
        return Base(
            start=start,
            stop=stop,
            mask=mask,
            rows=rows,
            prices=np.ascontiguousarray(self.columns["price"][rows]),
            illustrative=illustrative is not None
            and bool((self.columns["basis"][rows] == illustrative).any()),
        )

    def find(self, query: RateQuery) -> Hits:
        """The lines that meet the question."""
        base = self.base(query.currency, query.unit, query.moment)
        low, high = 0, len(base.rows)
        if query.min_rate is not None:
            low = position(base.prices, query.min_rate)
        if query.max_rate is not None:
            high = max(low, position(base.prices, query.max_rate, "right"))
        narrowing = self._narrowing(query)
        roles = roles_of(query.q)
        experience = query.min_experience is not None or query.max_experience is not None
        if not roles and not narrowing and not experience and not query.exclude:
            rows, prices = base.rows[low:high], base.prices[low:high]
            return Hits(base, rows, prices, None, len(rows) == len(base.rows))
        found = self.titles.find(roles) if roles else None
        corrections = found.corrections if found else ()
        if low == high:
            return Hits(base, base.rows[:0], base.prices[:0], None, False, 0, corrections)
        # The stretch of rows to look through, or the few rows that bear a title found.
        first, last = int(base.rows[low]), int(base.rows[high - 1]) + 1
        look: slice | Array = slice(first, last)
        if found is not None:
            matched = np.flatnonzero(found.scores)
            if int(self.title_counts[matched].sum()) * FEW < last - first:
                look = np.sort(lines_of_titles(self.title_starts, self.title_lines, matched))
                look = look[(look >= first) & (look < last)]
        scores = None if found is None else found.scores.take(self.columns["title"][look], mode="clip")
        masks = [] if scores is None or not isinstance(look, slice) else [scores > 0]
        if base.mask is not None:
            masks.append(
                base.mask[first - base.start : last - base.start]
                if isinstance(look, slice)
                else base.mask[look - base.start]
            )
        masks += [_any_of(self.columns[name][look], codes) for name, codes in narrowing]
        if query.exclude:
            masks.append(self._not_excluded(query.exclude, look, first, last))
        unknown = 0
        if experience:
            least = self.columns["min_experience"][look]
            others = _all(masks)
            stated = least >= max(query.min_experience or 0, 0)
            unsaid = least == UNKNOWN
            unknown = int(np.count_nonzero(unsaid if others is None else unsaid & others))
            if query.max_experience is not None:
                stated &= least <= query.max_experience
            masks.append(stated)
        mask = _all(masks)
        if isinstance(look, slice):
            picked = np.flatnonzero(mask) if mask is not None else np.arange(last - first)
            rows = picked + first
        else:
            picked = np.flatnonzero(mask) if mask is not None else np.arange(len(look))
            rows = look[picked]
        return Hits(
            base,
            rows,
            self.columns["price"][rows],
            None if scores is None else scores[picked],
            False,
            unknown,
            corrections,
        )

    def unknown_values(self, asked: Mapping[str, Sequence[str]]) -> tuple[Unknown, ...]:
        """See Engine."""
        return tuple(
            Unknown(name, value, self._instead(name, value))
            for name, values in asked.items()
            for value in values
            if not self._knows(name, value)
        )

    def _knows(self, name: str, value: str) -> bool:
        if name == "exclude":
            return bool(self.rows_of_keys([value], hashes_of([value])))
        return value in self.lots if name == "lot" else self.codes[name].get(value) is not None

    def _instead(self, name: str, value: str) -> tuple[str, ...]:
        if name == "exclude":
            return ()
        if name == "lot":
            within = f"{value.partition('~')[0]}~"
            return tuple(sorted(lot for lot in self.lots if lot.startswith(within)))
        return tuple(sorted(self.codes[name].values))

    def _narrowing(self, query: RateQuery) -> list[tuple[str, list[int]]]:
        """The filters asked for as (column, codes that meet it): no codes if no line ever had the value."""
        return [
            (
                name,
                sorted({code for lot in values for code in self.lots.get(lot, [])})
                if name == "lots"
                else self.codes[name].find(values),
            )
            for name, values in query.narrowed.items()
        ]

    def _not_excluded(self, keys: Sequence[str], look: slice | Array, first: int, last: int) -> Mask:
        excluded = self.rows_of_keys(keys, hashes_of(keys))
        if isinstance(look, slice):
            mask = np.ones(last - first, bool)
            mask[[row - first for row in excluded if first <= row < last]] = False
            return mask
        return ~np.isin(look, excluded)


def _any_of(column: Array, codes: Sequence[int]) -> Mask:
    if len(codes) > EXACT_CODES:
        table = np.zeros(max(int(column.max(initial=0)), max(codes)) + 1, bool)
        table[list(codes)] = True
        return table.take(column, mode="clip")
    mask = np.zeros(len(column), bool)
    for code in codes:
        mask |= column == code
    return mask


def _all(masks: Sequence[Mask]) -> Mask | None:
    """Where all masks hold, None without masks."""
    if not masks:
        return None
    whole = masks[0]
    for mask in masks[1:]:
        whole = whole & mask
    return whole


def _mapped(path: Path, size: int) -> bytes | mmap.mmap:
    if not size:
        return b""
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise EngineUnavailable(f"{path.name} cannot be read ({error})") from error

"""Rate lines as rows of columns: the writer's picture of one index directory, from which generations are
saved.

Rows stand in the order of currency and unit, price, key. So a question in one currency and unit looks at one
stretch of rows, a bound on the price is a narrower stretch, and what is found is already sorted by price:
percentiles and histograms are look-ups. Text is indexed by distinct title, of which there are far fewer than
lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from search.engines.columns import (
    AppendOnly,
    Array,
    Codes,
    ColumnFiles,
    Columns,
    Manifest,
    Strings,
    starts_of,
)
from search.engines.rates_base import FIRST_DAY, LAST_DAY, CardDocument, LineDocument, day_number
from search.engines.rates_text import TitleTokens, title_parts
from search.ties import key_hash

MAPPING: Final = "rates-9"
"""Raised whenever what is stored changes: an index of another mapping is built anew."""

UNKNOWN: Final = -1

CODED: Final = (
    "framework", "lots", "supplier", "grade", "work_type", "qualification", "site", "size", "basis",
)  # fmt: skip
"""Columns of codes, each with its vocabulary. `lots` codes whole sets of lots, as JSON arrays."""

NARROW: Final[dict[str, Any]] = {
    "unit": np.int8, "price": np.int64, "title": np.int64, "card": np.int32, "framework": np.int16,
    "lots": np.int16, "supplier": np.int32, "grade": np.int16, "work_type": np.int8,
    "qualification": np.int8, "site": np.int8, "size": np.int8, "basis": np.int8,
    "min_experience": np.int16, "valid_from": np.int32, "valid_to": np.int32, "stands_from": np.int32,
    "stands_to": np.int32, "hash": np.uint64,
    "at": np.int64, "length": np.int32,
}  # fmt: skip

Staged = tuple[dict[str, Array], list[bytes]]
"""The columns of a card's lines, and their keys."""


class RateRows:
    """Everything in one index directory, to which cards are put before a generation is saved. One writer
    only.
    """

    def __init__(self, directory: Path) -> None:
        self.files = ColumnFiles(directory)
        self.columns: dict[str, Array] = {name: np.zeros(0, kind) for name, kind in NARROW.items()}
        self.keys: Array = np.zeros(0, "S1")
        self.codes: dict[str, Codes] = {name: Codes() for name in CODED}
        self.units = Codes()
        self.cards = Codes()
        self.versions: list[int] = []
        self.titles = Codes()
        self.tokens = TitleTokens()
        self.blob = AppendOnly(directory / "lines.blob", 0)
        self.refused: dict[str, str] = {}
        self._staged: dict[int, Staged] = {}

    @classmethod
    def load(cls, columns: Columns) -> RateRows:
        """The rows of a saved generation, to go on from."""
        rows = cls.__new__(cls)
        facts = columns.manifest.facts
        rows.files = ColumnFiles(columns.directory)
        rows.columns = {name: columns.array(name) for name in NARROW}
        rows.keys = columns.array("keys")
        rows.codes = {name: Codes.load(columns.data(f"{name}_values")) for name in CODED}
        rows.units = Codes(f"{unit['currency']} {unit['unit']}" for unit in facts["units"])
        rows.cards = Codes.load(columns.data("cards"))
        rows.versions = columns.array("versions").tolist()
        rows.titles = Codes(Strings(columns.array("titles"), columns.array("title_ends")))
        rows.tokens = TitleTokens.load(columns)
        rows.blob = AppendOnly(columns.directory / "lines.blob", facts["blob"])
        rows.refused = {}
        rows._staged = {}
        return rows

    def put(self, card: CardDocument) -> None:
        """Replaces a card's lines, unless a newer version of it is there already. One of which a value does not fit its
        column is noted in `refused`, with why, and has no lines: an older version would be told as if it held.
        """
        code = self._admit(card["key"], card["version"])
        if code is None:
            return
        try:
            # Made to columns here and not with all the others later: what does not fit is then this card's alone.
            self._staged[code] = self._columns(card, code)
        except (OverflowError, TypeError, ValueError) as error:
            self._staged[code] = {}, []
            self.refused[card["key"]] = f"{type(error).__name__}: {error}"
        else:
            self.refused.pop(card["key"], None)

    def delete(self, card: str, version: int) -> None:
        """Removes a card's lines; an older put does not bring them back."""
        code = self._admit(card, version)
        if code is not None:
            self._staged[code] = {}, []
            self.refused.pop(card, None)

    def _columns(self, card: CardDocument, code: int) -> Staged:
        shared = (
            self.units.add(f"{card['currency']} {card['unit']}"),
            code,
            self.codes["framework"].add(card["framework"]),
            self.codes["supplier"].add(card["supplier"]),
        )
        rows = [(*shared, *self._row(line)) for line in card["lines"]]
        columns = zip(_ROW_ORDER, zip(*rows, strict=True), strict=True) if rows else ()
        made = {name: np.array(values, NARROW[name]) for name, values in columns}
        return made, [line["key"].encode() for line in card["lines"]]

    def _admit(self, card: str, version: int) -> int | None:
        code = self.cards.add(card)
        if code == len(self.versions):
            self.versions.append(version)
        elif version < self.versions[code]:
            return None
        self.versions[code] = version
        return code

    def _row(self, line: LineDocument) -> tuple[int, ...]:
        codes, stored = self.codes, orjson.dumps(line["stored"])
        text = line["text"]
        title = self.titles.add(text)
        if title == len(self.tokens):
            self.tokens.add(text)
        least = line["min_experience"]
        return (
            line["price_minor"],
            title,
            codes["lots"].add(orjson.dumps(sorted(line["lots"])).decode()),
            codes["grade"].add(line["grade"]),
            codes["work_type"].add(line["work_type"]),
            codes["qualification"].add(line["qualification"]),
            codes["site"].add(line["site"]),
            codes["size"].add(line["size"]),
            codes["basis"].add(line["basis"]),
            UNKNOWN if least is None else least,
            day_number(line["valid_from"], FIRST_DAY),
            day_number(line["valid_to"], LAST_DAY),
            day_number(line["stands_from"], FIRST_DAY),
            day_number(line["stands_to"], LAST_DAY),
            key_hash(line["key"]),
            self.blob.append(stored),
            len(stored),
        )

    def lines_of_cards(self) -> Iterator[tuple[str, int, int]]:
        """(card reference, version, number of lines) of every card that has lines."""
        counts = np.bincount(self.columns["card"], minlength=len(self.cards)).tolist()
        for card, version, count in zip(self.cards.values, self.versions, counts, strict=True):
            if count:
                yield card, version, count

    def save(self, generation: int) -> Manifest:
        """Merges what was put and deleted, and writes a generation; it is visible once CURRENT names it."""
        self._merge()
        parts: dict[str, Array | bytes] = dict(self.columns)
        parts |= {f"{name}_values": codes.dump() for name, codes in self.codes.items()}
        titles, title_ends = Strings.pack(self.titles.values)
        counts = np.bincount(self.columns["title"], minlength=len(self.titles))
        title_arrays = title_parts(self.titles.values, self.tokens, counts)
        parts |= {
            "keys": self.keys,
            "cards": self.cards.dump(),
            "versions": np.array(self.versions, np.int64),
            "titles": titles,
            "title_ends": title_ends,
            **title_arrays,
            **self._orders(np.asarray(title_arrays["title_rank"])),
            "title_lines": np.argsort(self.columns["title"], kind="stable"),
            "title_starts": starts_of(self.columns["title"], len(self.titles)),
            "hash_order": np.argsort(self.columns["hash"], kind="stable"),
            "hash_sorted": np.sort(self.columns["hash"]),
        }
        self.blob.flush()
        facts = {
            "units": self._unit_facts(),
            "blob": self.blob.size,
            "cards": len(np.unique(self.columns["card"])),
            "lines": len(self.keys),
        }
        return self.files.save(generation, MAPPING, parts, facts)

    def _merge(self) -> None:
        if not self._staged:
            return
        fresh = [columns for columns, _ in self._staged.values() if columns]
        named = list(chain.from_iterable(keys for _, keys in self._staged.values()))
        new_keys = np.array(named or [b""])[: len(named)]
        kept = ~np.isin(self.columns["card"], np.fromiter(self._staged, np.int32))
        merged = {
            name: np.concatenate([self.columns[name][kept], *(columns[name] for columns in fresh)])
            for name in NARROW
        }
        keys = np.concatenate([self.keys[kept], new_keys])
        # Keys first: nearly sorted already, and integers are quick to sort after.
        by_key = np.argsort(keys, kind="stable")
        order = by_key[np.lexsort((merged["price"][by_key], merged["unit"][by_key]))]
        self.columns = {name: column[order] for name, column in merged.items()}
        self.keys = keys[order]
        self._staged = {}

    def _unit_facts(self) -> list[Mapping[str, Any]]:
        """Each currency and unit with its stretch of rows."""
        units = self.columns["unit"]
        facts: list[Mapping[str, Any]] = []
        for code, value in enumerate(self.units.values):
            currency, _, unit = value.partition(" ")
            start, stop = np.searchsorted(units, [code, code + 1]).tolist()
            facts.append({"currency": currency, "unit": unit, "start": start, "stop": stop})
        return facts

    def _orders(self, title_rank: Array) -> Mapping[str, Array]:
        """The other sorts: which row stands where, and where each row stands. Rows already stand by price and
        key.
        """
        price = self.columns["price"]
        experience = self.columns["min_experience"].astype(np.int64)
        experience[experience == UNKNOWN] = np.iinfo(np.int16).max
        parts: dict[str, Array] = {}
        for name, values in {
            "price_down": (self.columns["unit"], -price),
            "role": (self.columns["unit"], title_rank[self.columns["title"]]),
            "experience": (self.columns["unit"], experience),
        }.items():
            order = np.lexsort(values[::-1])
            rank = np.empty(len(order), np.int32)
            rank[order] = np.arange(len(order), dtype=np.int32)
            parts |= {f"{name}_order": order, f"{name}_rank": rank}
        return parts


_ROW_ORDER: Final = (
    "unit", "card", "framework", "supplier", "price", "title", "lots", "grade", "work_type",
    "qualification", "site", "size", "basis", "min_experience", "valid_from", "valid_to",
    "stands_from", "stands_to", "hash", "at", "length",
)  # fmt: skip

"""One directory of the listings' index, from the writer's side: documents go in, `commit` makes the next
generation.

A listing keeps one slot (its row number) for as long as the directory lives; a removed one keeps it as a
tombstone, so that an older version cannot bring it back. The order of a commit: records, columns and manifest
to disk, then tantivy's commit, then (in listings_writer.py) CURRENT. A crash before tantivy's commit leaves
the generation before; after it, the new one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from search.analysis import words_of
from search.engines.base import Label
from search.engines.columns import (
    AppendOnly,
    Array,
    ColumnFiles,
    Columns,
    Manifest,
    Numbers,
    Strings,
    load_manifest,
    replace_rows,
    starts_of,
)
from search.engines.lexicon import WordCounts
from search.engines.listings_rows import CODED, ROWS, SCALARS, Regions, Row, make_row, removed_row
from search.engines.meanings import MeaningsWriter
from search.engines.record_maker import Record, RecordMaker
from search.engines.records import PackedRecord, distinct_words
from search.engines.suggestions import Labels, suggestion_parts
from search.engines.words import WordsWriter, committed_stamp
from search.fields import MAPPING
from search.meaning import Model, model
from search.ties import hashes_of

RECORDS: Final = "records"
WORDS: Final = "words"
_SCALARS: Final = itemgetter(*SCALARS)


def digest_of(understanding: Model | None) -> str | None:
    """What is noted of the model that makes an index's vectors."""
    return None if understanding is None else understanding.digest


class ListingsStore:
    """Everything that the next generation is made of, in memory."""

    def __init__(self, directory: Path, generation: int, create: bool = False) -> None:
        self.directory = directory
        self.generation = generation
        self._files = ColumnFiles(directory)
        self._pending: dict[int, Row] = {}
        self._filling = create
        self._stale_names = create
        self._parts: dict[str, Array | bytes] = {}
        if create:
            self._begin_empty()
            facts: Mapping[str, Any] = {"records": 0, "meanings": 0, "model": digest_of(model())}
        else:
            facts = self._load(load_manifest(directory, generation))
        self._model: str | None = facts["model"]
        self._maker = RecordMaker(self._understanding())
        self._records = AppendOnly(directory / RECORDS, facts["records"])
        self._meanings = MeaningsWriter(directory, facts["meanings"])
        self._words = WordsWriter(directory / WORDS, create)
        self._slot_of = {key: slot for slot, key in enumerate(self._keys)}

    def _begin_empty(self) -> None:
        self._keys: list[str] = []
        self._names: list[str] = []
        self._whole_names: list[str] = []
        self._versions: list[int] = []
        self._places: list[tuple[int, int]] = []
        self._codes = {kind: Numbers() for kind in CODED}
        self._regions = Regions()
        self._labels = Labels()
        self._counts = WordCounts()
        self._scalars = {name: np.zeros(0, dtype=kind) for name, kind in SCALARS.items()}
        self._rows = {
            kind: (
                np.zeros(0, dtype=np.int32),
                {name: np.zeros(0, dtype=stored) for name, stored in columns.items()},
            )
            for kind, columns in ROWS.items()
        }

    def _understanding(self) -> Model | None:
        """The model whose vectors this index holds; None where that is not the one at hand, until a rebuild."""
        at_hand = model()
        return at_hand if at_hand is not None and at_hand.digest == self._model else None

    def _load(self, manifest: Manifest) -> Mapping[str, Any]:
        columns = Columns(self.directory, manifest)
        self._keys = list(Strings(columns.array("key_data"), columns.array("key_ends")))
        self._names = list(Strings(columns.array("name_data"), columns.array("name_ends")))
        self._whole_names = list(Strings(columns.array("sort_name_data"), columns.array("sort_name_ends")))
        self._scalars = {name: columns.array(name).copy() for name in SCALARS}
        self._versions = self._scalars["version"].tolist()
        self._places = list(
            zip(self._scalars["record_at"].tolist(), self._scalars["record_length"].tolist(), strict=True)
        )
        self._codes = {kind: Numbers(values) for kind, values in orjson.loads(columns.data("codes")).items()}
        self._regions = Regions([frozenset(members) for members in orjson.loads(columns.data("region_sets"))])
        self._labels = Labels.load(columns.data("labels"))
        self._counts = WordCounts.load(columns)
        self._rows = {
            kind: (
                columns.array(f"{kind}_owner").copy(),
                {name: columns.array(f"{kind}_{name}").copy() for name in ROWS[kind]},
            )
            for kind in ROWS
        }
        self._parts = {
            name: columns.data(name) if file.endswith(".bin") else columns.array(name)
            for name, file in manifest.files.items()
        }
        return manifest.facts

    @property
    def documents(self) -> int:
        """How many listings the last commit made visible."""
        return int(np.count_nonzero(self._scalars["alive"]))

    def put(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Adds or replaces listings; of each key the newest version stands."""
        fresh = self._fresh(documents)
        if not fresh:
            return
        # Whatever is wrong with a document is raised here, before anything has changed.
        rows = [make_row(document, self._codes, self._regions) for document in fresh]
        made = self._maker.make(fresh)
        self._counts.add(made.words, made.terms, [record.whole_name.split() for record in made.records])
        at = self._records.append(*(record.packed for record in made.records))
        meanings = iter(()) if made.meaning is None else iter(self._meanings.rows_of(made.meaning))
        for document, row, record in zip(fresh, rows, made.records, strict=True):
            row.scalars["record_at"], row.scalars["record_length"] = at, len(record.packed)
            row.scalars["meant_terms"], row.scalars["meant_parts"] = record.meant_terms, record.meant_parts
            row.rows["meaning"] = array("q", islice(meanings, record.meant_parts))
            self._put(document, row, record)
            at += len(record.packed)

    def _fresh(self, documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those of a newer version than what stands."""
        fresh: list[Mapping[str, Any]] = []
        versions: dict[str, int] = {}
        for document in documents:
            key, version = document["key"], document["version"]
            slot = self._slot_of.get(key)
            known = versions.get(key, -1 if slot is None else self._versions[slot])
            if version > known:
                versions[key] = version
                fresh.append(document)
        return fresh

    def _put(self, document: Mapping[str, Any], row: Row, record: Record) -> None:
        slot = self._slot_of.get(row.key)
        replaces = slot is not None and self._places[slot][1] > 0
        if slot is None:
            slot = self._new_slot(row.key)
        elif replaces:
            self._forget_words(slot)
        self._stale_names |= self._labels.learn(document) or self._names[slot] != row.name or not replaces
        self._words.put(slot, record.lines, record.whole_name, replaces)
        self._remember(slot, row, record.whole_name)

    def delete(self, key: str, version: int) -> bool:
        """Removes a listing; False if a newer version stands. Of one never seen, the version is kept all the
        same.
        """
        slot = self._slot_of.get(key)
        if slot is not None and self._versions[slot] >= version:
            return False
        if slot is None:
            slot = self._new_slot(key)
        elif self._places[slot][1] > 0:
            self._forget_words(slot)
            self._words.remove(slot)
        self._stale_names = True
        self._remember(slot, removed_row(key, version), "")
        return True

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """Names for the values of a facet, visible from the next commit on."""
        self._labels.name(facet, labels)

    def _new_slot(self, key: str) -> int:
        slot = self._slot_of[key] = len(self._keys)
        self._keys.append(key)
        self._names.append("")
        self._whole_names.append("")
        self._versions.append(-1)
        self._places.append((0, 0))
        return slot

    def _remember(self, slot: int, row: Row, whole_name: str) -> None:
        self._names[slot], self._whole_names[slot] = row.name, whole_name
        self._versions[slot] = row.scalars["version"]
        self._places[slot] = row.scalars["record_at"], row.scalars["record_length"]
        self._pending[slot] = row

    def _forget_words(self, slot: int) -> None:
        record = PackedRecord(memoryview(self._records.read(*self._places[slot])))
        self._counts.remove(distinct_words(words_of(record.text())), self._whole_names[slot].split())

    def commit(self) -> bool:
        """Makes the next generation of what was put and deleted; False, and makes none, if nothing was."""
        if not self._pending and self._parts:
            return False
        # This generation is in tantivy once its last commit is later than this one.
        after = committed_stamp(self.directory / WORDS)
        if self._filling:
            # No reader knows this directory yet, so the order does not matter and tantivy may work beside.
            with ThreadPoolExecutor(1) as beside:
                told = beside.submit(self._words.commit)
                self._save(after)
                told.result()
        else:
            self._save(after)
            self._words.commit()
        return True

    def filled(self) -> None:
        """From now on readers may open the directory, and every commit keeps to its order."""
        self._filling = False
        # Updates come one by one: what a rebuild remembered of its texts is no longer worth the memory.
        self._maker = RecordMaker(self._understanding())

    def _save(self, after: int) -> None:
        self._merge()
        self._records.flush()
        self._meanings.flush()
        self._parts.update(self._changed_parts())
        self.generation += 1
        self._files.save(
            self.generation,
            MAPPING,
            self._parts,
            {
                "documents": self.documents,
                "records": self._records.size,
                "meanings": self._meanings.count,
                "model": self._model,
                "after": after,
            },
        )

    def _merge(self) -> None:
        slots = sorted(self._pending)
        rows = [self._pending[slot] for slot in slots]
        self._pending = {}
        scalars = np.array([_SCALARS(row.scalars) for row in rows], dtype=np.int64).reshape(-1, len(SCALARS))
        for at, (name, kind) in enumerate(SCALARS.items()):
            column = np.zeros(len(self._keys), dtype=kind)
            column[: len(self._scalars[name])] = self._scalars[name]
            column[slots] = scalars[:, at]
            self._scalars[name] = column
        for kind, columns in ROWS.items():
            flat = [row.rows[kind] for row in rows]
            new_owners = np.repeat(
                np.array(slots, dtype=np.int32), [len(one) // len(columns) for one in flat]
            )
            table = np.frombuffer(b"".join(flat), dtype=np.int64).reshape(-1, len(columns))
            added = {name: table[:, at] for at, name in enumerate(columns)}
            self._rows[kind] = replace_rows(*self._rows[kind], slots, new_owners, added)

    def _changed_parts(self) -> dict[str, Array | bytes]:
        parts: dict[str, Array | bytes] = dict(self._scalars)
        for kind, (owners, columns) in self._rows.items():
            parts[f"{kind}_owner"] = owners
            parts.update({f"{kind}_{name}": column for name, column in columns.items()})
        # Offerings and vectors alone are looked up by listing.
        for kind in ("offer", "meaning"):
            parts[f"{kind}_starts"] = starts_of(self._rows[kind][0], len(self._keys))
        parts["codes"] = orjson.dumps({kind: codes.listed for kind, codes in self._codes.items()})
        parts["region_sets"] = orjson.dumps([sorted(members) for members in self._regions.sets])
        parts["labels"] = self._labels.dump()
        parts.update(self._counts.parts())
        if self._stale_names:
            parts.update(self._name_parts())
            self._stale_names = False
        return parts

    def _name_parts(self) -> dict[str, Array | bytes]:
        """What depends on keys and names alone, and so rarely changes."""
        count = len(self._keys)
        parts: dict[str, Array | bytes] = {}
        parts["key_data"], parts["key_ends"] = Strings.pack(self._keys)
        parts["name_data"], parts["name_ends"] = Strings.pack(self._names)
        by_key = sorted(range(count), key=self._keys.__getitem__)
        parts["key_order"] = np.array(by_key, dtype=np.int32)
        parts["key_hash"] = hashes_of(self._keys)
        by_name = sorted(by_key, key=self._whole_names.__getitem__)
        parts["name_order"] = np.array(by_name, dtype=np.int32)
        parts["sort_name_data"], parts["sort_name_ends"] = Strings.pack(self._whole_names)
        alive = np.flatnonzero(self._scalars["alive"]).tolist()
        parts.update(
            suggestion_parts(
                self._labels,
                self._pairs("partner", alive),
                self._offered("lot"),
                self._offered("specialism"),
                [(self._names[slot], self._whole_names[slot]) for slot in alive],
            )
        )
        return parts

    def _pairs(self, kind: str, slots: Sequence[int]) -> list[tuple[str, str]]:
        """The (value, framework) of each slot."""
        values, frameworks = self._codes[kind].listed, self._codes["framework"].listed
        value_codes, framework_codes = self._scalars[kind].tolist(), self._scalars["framework"].tolist()
        return [(values[value_codes[slot]], frameworks[framework_codes[slot]]) for slot in slots]

    def _offered(self, kind: str) -> list[str]:
        """The references of every lot, or specialism, that stands in an offering."""
        found = np.unique(self._rows["offer"][1][kind])
        return [self._codes[kind].listed[code] for code in found.tolist() if code >= 0]

    def clean(self) -> None:
        """Removes files that no reader can need."""
        self._files.clean(self.generation)

    def close(self) -> None:
        """Waits for tantivy's merges and frees its lock."""
        self._words.close()
        self._records.close()
        self._meanings.close()
